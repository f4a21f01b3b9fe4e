"""A Telegram Bot API server on this machine: its methods, limits and errors, and the people who write to the bot.

In a test: `api = TelegramApi()`, then `with serving(api) as url:`; the bot's base URL is `f"{url}/bot"`.
As a process: `python -m tests.peers.telegram_api --port 8081`; every control is then a POST to /_control/<name>.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, partialmethod
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from tests.peers.serving import (
    Mood,
    Pace,
    Peer,
    Refused,
    Window,
    form_or_json,
    gone,
    http_client,
    insist,
    main,
)

TOKEN = "123456789:AAE-a-token-for-tests-0123456789abcd"  # no real one
BOT = {"id": 123456789, "is_bot": True, "first_name": "Kompas", "username": "kompas_test_bot"}
ME = {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
Params = dict[str, Any]

MESSAGE_UNITS, QUERY_ANSWER, BUTTON_BYTES, BUTTONS, BUTTONS_IN_ROW = 4096, 200, 64, 100, 8
COMMANDS_MOST, UPDATES_MOST, POLL_SECONDS_MOST, PARALLEL_MOST = 100, 100, 50, 40
COMMAND, COMMAND_DESCRIPTION = re.compile(r"[a-z0-9_]{1,32}"), range(1, 257)
SECRET, LANGUAGE = re.compile(r"[A-Za-z0-9_-]{1,256}"), re.compile(r"([a-z]{2})?")
WEBHOOK_PORTS = (None, 80, 88, 443, 8443)
ACTIONS = (
    "typing", "upload_photo", "upload_video", "record_video", "upload_voice", "record_voice", "upload_document",
    "choose_sticker", "find_location", "upload_video_note", "record_video_note",
)  # fmt: skip
# What is kept of the bot itself: method, the parameter it takes, and how long that may be.
PROFILE = {"Name": ("name", 64), "Description": ("description", 512), "ShortDescription": ("short_description", 120)}

BAD = "Bad Request: "
STATES = {  # of a chat in which the bot may not speak
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "left": (403, "Forbidden: bot is not a member of the group chat"),
}
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
SAME_MARKUP = BAD + (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
STALE_QUERY = BAD + "query is too old and response timeout expired or query ID is invalid"

NUMBERS = ("chat_id", "message_id", "offset", "limit", "timeout", "max_connections")
NESTED = ("reply_markup", "commands", "scope", "allowed_updates", "entities", "link_preview_options", "reply_parameters")
FILE = {"file_id": "AwACAgQAAxkBAAIB", "file_unique_id": "AgADsAADx", "file_size": 4096}
MEDIA: dict[str, Any] = {
    "voice": {**FILE, "duration": 3, "mime_type": "audio/ogg"},
    "audio": {**FILE, "duration": 60, "mime_type": "audio/mpeg"},
    "video": {**FILE, "width": 640, "height": 360, "duration": 5},
    "photo": [{**FILE, "width": 90, "height": 67}, {**FILE, "width": 800, "height": 600}],
    "document": {**FILE, "file_name": "letter.pdf", "mime_type": "application/pdf"},
    "sticker": {**FILE, "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
    "location": {"latitude": 52.37, "longitude": 4.89},
    "contact": {"phone_number": "31600000000", "first_name": "Ana"},
}


def telegram_error(status: int, description: str, **parameters: int) -> Refused:
    """An error in Telegram's own words."""
    body: Params = {"ok": False, "error_code": status, "description": description}
    return Refused(status, body | ({"parameters": parameters} if parameters else {}), description)


def require(holds: object, description: str) -> None:
    """Raises a 400 with the description, unless it holds."""
    if not holds:
        raise telegram_error(400, BAD + description)


def too_many(wait: float) -> Refused:
    seconds = max(1, math.ceil(wait))
    return telegram_error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def number(params: Params, name: str, low: int, high: int, default: int) -> int:
    """A whole number among the parameters, brought within its bounds as Telegram does."""
    value = params.get(name)
    return min(max(value, low), high) if isinstance(value, int) else default


def units(text: str) -> int:
    """The length as Telegram counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


async def read_params(request: Request) -> Params:
    """The parameters of a call with their types: python-telegram-bot sends them as a form, nested ones as JSON in it."""
    try:
        params = await form_or_json(request)
        params |= {name: json.loads(params[name]) for name in NESTED if isinstance(params.get(name), str)}
        json.dumps(params, ensure_ascii=False).encode()
    except UnicodeError:
        raise telegram_error(400, BAD + "strings must be encoded in UTF-8") from None
    except ValueError:
        raise telegram_error(400, BAD + "can't parse the parameters as JSON") from None
    whole = {name: str(params[name]) for name in NUMBERS if name in params}
    return params | {name: int(value) for name, value in whole.items() if re.fullmatch(r"-?\d+", value)}


@dataclass
class Chat:
    """A chat the bot has seen: private, group or supergroup, and whether the bot may still speak there."""

    id: int
    type: str
    state: str = ""

    def shown(self) -> Params:
        return {"id": self.id, "type": self.type, **({"first_name": "Ana"} if self.id > 0 else {"title": "A group"})}


class Poll:
    """A getUpdates that waits; woken from any thread."""

    def __init__(self) -> None:
        self.loop, self.event = asyncio.get_running_loop(), asyncio.Event()
        self.ended, self.low = False, 0

    def wake(self) -> None:
        self.loop.call_soon_threadsafe(self.event.set)


class TelegramApi(Peer):
    """The server. `newest_wins` ends the earlier of two polls, as Telegram does; otherwise the later one is refused."""

    METHOD = "sendMessage"
    OWN_KINDS = ("duplicate updates", "reordered updates")
    CONTROLS = (
        *Peer.CONTROLS, "say", "tap", "edit", "send", "block", "unblock", "join", "know", "limit", "polls", "updates",
        "deliver", "deliver_all",
    )  # fmt: skip

    def __init__(self, token: str = TOKEN, *, https_only: bool = True, newest_wins: bool = False) -> None:
        super().__init__()
        self.token, self.https_only, self.newest_wins = token, https_only, newest_wins
        self.chats: dict[int, Chat] = {}
        self.messages: dict[tuple[int, int], Params] = {}
        self.queries: set[str] = set()
        self.updates: list[Params] = []
        self.polls: list[Params] = []
        self.allowed: list[str] = []
        self.profile: dict[tuple[str, str], str] = {}
        self.commands: dict[tuple[str, str], list[Params]] = {}
        self.webhook: Params = {"url": ""}
        self.logged_out = False
        self.paces: list[Pace | Window] = []
        self._numbers = itertools.count(1)
        self._next_update = 700_000_001
        self._poll: Poll | None = None

    # What people do. Each queues an update and gives it back.

    def say(
        self, chat_id: int, text: str, *, update_id: int | None = None, chat_type: str = "private",
        language_code: str | None = "es", **extra: Any,
    ) -> Params:  # fmt: skip
        """Somebody writes; `extra` is added to the message."""
        message = self._incoming(chat_id, chat_type, language_code) | {"text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self._queue("message", message | extra, update_id)

    def edit(self, chat_id: int, text: str, *, message_id: int | None = None, update_id: int | None = None) -> Params:
        """Somebody changes what they wrote."""
        message = self._incoming(chat_id) | {"text": text, "edit_date": int(time.time())}
        return self._queue("edited_message", message | ({"message_id": message_id} if message_id else {}), update_id)

    def send(self, kind: str, chat_id: int, *, update_id: int | None = None, **extra: Any) -> Params:
        """Somebody sends one of MEDIA."""
        return self._queue("message", self._incoming(chat_id) | {kind: MEDIA[kind]} | extra, update_id)

    send_voice, send_photo = partialmethod(send, "voice"), partialmethod(send, "photo")
    send_document, send_sticker = partialmethod(send, "document"), partialmethod(send, "sticker")

    def tap(
        self, chat_id: int, data: str, *, message_id: int | None = None, update_id: int | None = None,
        language_code: str | None = "es", stale: bool = False,
    ) -> Params:  # fmt: skip
        """Somebody presses a button under the message with that id, else under the newest one that has it; a stale
        press can no longer be answered."""
        person, query_id = self._incoming(chat_id, language_code=language_code)["from"], str(next(self._numbers))
        with self.lock:
            mine = [message for (chat, _), message in self.messages.items() if chat == chat_id]
            wanted = [m for m in mine if message_id == m["message_id"] or (message_id is None and data in buttons_of(m))]
            unseen = {"chat": self.chats[chat_id].shown(), "message_id": message_id or 1, "date": 0}
            self.queries |= set() if stale else {query_id}
        query = {"id": query_id, "from": person, "message": (wanted or [unseen])[-1], "chat_instance": "1", "data": data}
        return self._queue("callback_query", query, update_id)

    def block(self, chat_id: int) -> Params:
        """The person blocks the bot, or the group throws it out."""
        return self._membership(chat_id, "blocked" if chat_id > 0 else "left", "member", "kicked")

    def unblock(self, chat_id: int) -> Params:
        return self._membership(chat_id, "", "kicked", "member")

    def join(self, chat_id: int, chat_type: str = "group") -> Params:
        """The bot is added to a group (its id is negative)."""
        self.know(chat_id, chat_type)
        return self._membership(chat_id, "", "left", "member")

    def know(self, chat_id: int, chat_type: str = "private") -> None:
        """A chat in which somebody has written before."""
        with self.lock:
            self.chats.setdefault(chat_id, Chat(chat_id, chat_type))

    def limit(self, per_second: int = 30, chat_seconds: float = 0.95, burst: int = 1) -> None:
        """From now on sendMessage is limited: over all chats, and in one chat to `burst` and then one each chat_seconds."""
        self.paces = [Window(0.95, per_second), Pace(chat_seconds, burst)]

    def texts(self, chat: Any = None) -> list[str]:
        with self.lock:
            sent = [call.params for call in self.sent if call.method == "sendMessage"]
        return [params["text"] for params in sent if chat in (None, params["chat_id"])]

    def deliver(self, update: Params, url: str, secret: str | None = None, *, seconds: float = 10.0) -> int:
        """Posts an update to a webhook, once; gives the status (0: no answer). An accepted one leaves the queue."""
        with http_client(seconds) as client:
            return self._deliver(client, update, url, secret)

    def deliver_all(
        self, updates: Sequence[Params] | None = None, url: str = "", secret: str | None = None, *,
        parallel: int = PARALLEL_MOST, delays: Sequence[float] = (0.1, 0.2, 0.4, 0.8), seconds: float = 10.0,
    ) -> list[int]:  # fmt: skip
        """Posts updates (else all that wait): chats in parallel, each chat in order, again until 2xx; gives the statuses."""
        waiting = list(self.updates if updates is None else updates)
        chats: dict[Any, list[int]] = {}
        for place, update in enumerate(waiting):
            chats.setdefault(chat_of(update), []).append(place)
        statuses = [0] * len(waiting)

        def one_chat(places: list[int]) -> None:
            for place in places:
                attempt = partial(self._deliver, client, waiting[place], url, secret)
                statuses[place] = insist(attempt, lambda status: 200 <= status < 300, delays)

        with http_client(seconds) as client, ThreadPoolExecutor(min(parallel, PARALLEL_MOST)) as pool:
            list(pool.map(one_chat, chats.values()))
        return statuses

    # What lies behind.

    def _deliver(self, client: Any, update: Params, url: str, secret: str | None) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
        status = self._post(client, url, json.dumps(update).encode(), headers)
        if 200 <= status < 300:
            with self.lock:
                self.updates = [kept for kept in self.updates if kept["update_id"] != update["update_id"]]
        return status

    def _incoming(self, chat_id: int, chat_type: str = "private", language_code: str | None = "es") -> Params:
        self.know(chat_id, chat_type)
        person: Params = {"id": abs(chat_id), "is_bot": False, "first_name": "Ana"}
        person |= {"language_code": language_code} if language_code else {}
        about = {"chat": self.chats[chat_id].shown(), "date": int(time.time())}
        return {"message_id": next(self._numbers), "from": person, **about}

    def _membership(self, chat_id: int, state: str, before: str, after: str) -> Params:
        told = self._incoming(chat_id)
        self.chats[chat_id].state = state
        until = {"until_date": 0}
        old, new = ({"user": BOT, "status": name} | (until if name == "kicked" else {}) for name in (before, after))
        change = {"chat": told["chat"], "from": told["from"], "date": told["date"]}
        return self._queue("my_chat_member", change | {"old_chat_member": old, "new_chat_member": new})

    def _queue(self, kind: str, content: Params, update_id: int | None = None) -> Params:
        with self.lock:
            number = self._next_update if update_id is None else update_id
            self._next_update = max(self._next_update, number + 1)
            update = {"update_id": number, kind: content}
            if not self.allowed or kind in self.allowed:
                self.updates.append(update)
            self._wake()
        return update

    def _wake(self) -> None:
        if self._poll:
            self._poll.wake()

    def error(self, mood: Mood) -> Response:
        if mood.kind == "429":
            return too_many(mood.options.get("retry_after", 1)).response()
        return telegram_error(500, "Internal Server Error").response()

    async def answer(self, request: Request) -> ASGIApp:
        found = re.fullmatch(r"/bot([^/]*)/(\w+)", request.url.path)
        token, asked = found.groups() if found else ("", "")
        method, params = NAMES.get(asked.lower(), asked), {}
        try:
            if token != self.token:
                raise telegram_error(401, "Unauthorized") if found else telegram_error(404, "Not Found")
            params = await read_params(request)
            return await self._moody(method, params.get("chat_id"), params, lambda: self._perform(method, params, request))
        except Refused as refused:
            self._refuse(method, params, refused.words)
            return refused.response()

    async def _perform(self, method: str, params: Params, request: Request) -> Response:
        if self.logged_out:
            raise telegram_error(400, "Logged out")
        if method == "getUpdates":
            return JSONResponse({"ok": True, "result": await self._get_updates(params, request)})
        if method not in METHODS:
            raise telegram_error(404, "Not Found: method not found")
        with self.lock:
            result = METHODS[method](self, params)
            self._accept(method, params)
        return JSONResponse({"ok": True, "result": result})

    async def _get_updates(self, params: Params, request: Request) -> list[Params]:
        poll, left = Poll(), asyncio.ensure_future(gone(request.receive))
        until = poll.loop.time() + number(params, "timeout", 0, POLL_SECONDS_MOST, 0)
        try:
            with self.lock:
                self.polls.append(params)
                self._begin(poll, params)
            while True:
                with self.lock:
                    poll.event.clear()
                    found = self._found(poll, params)
                if found or left.done() or poll.loop.time() >= until:
                    return found
                woken = asyncio.ensure_future(poll.event.wait())
                await asyncio.wait((woken, left), timeout=until - poll.loop.time(), return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
        finally:
            left.cancel()
            with self.lock:
                self._poll = None if self._poll is poll else self._poll

    def _begin(self, poll: Poll, params: Params) -> None:
        """The poll takes its place, and its offset confirms all lower updates (a negative one: all but the last few)."""
        if self.webhook["url"]:
            raise telegram_error(409, WEBHOOK_ACTIVE)
        if self._poll and not self.newest_wins:
            raise telegram_error(409, OTHER_POLL)
        if self._poll:
            self._poll.ended = True
            self._poll.wake()
        self._poll = poll
        self.allowed = params.get("allowed_updates", self.allowed)
        offset = number(params, "offset", -(2**31), 2**31, 0)
        poll.low = offset if offset >= 0 else min((update["update_id"] for update in self.updates[offset:]), default=0)
        self.updates = [update for update in self.updates if update["update_id"] >= poll.low]

    def _found(self, poll: Poll, params: Params) -> list[Params]:
        if poll.ended or self.webhook["url"]:
            raise telegram_error(409, OTHER_POLL if poll.ended else "Conflict: terminated by setWebhook request")
        found = [update for update in self.updates if update["update_id"] >= poll.low]
        found = found[: number(params, "limit", 1, UPDATES_MOST, UPDATES_MOST)]
        if found and self._mood("getUpdates", None, ("duplicate updates",)):
            found = [update for update in found for _ in range(2)]
        if len(found) > 1 and self._mood("getUpdates", None, ("reordered updates",)):
            found = found[::-1]
        return found


def chat_of(update: Params) -> Any:
    """What Telegram keeps in order at a webhook: the updates of one chat."""
    content = next(value for key, value in update.items() if key != "update_id")
    return content.get("message", content).get("chat", {}).get("id")


def buttons_of(message: Params) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


# The methods, each a function of the server and the parameters that gives the result or raises Refused.


def reachable(api: TelegramApi, params: Params) -> Chat:
    """The chat of a call. Raises Refused when there is none, or when the bot may not speak there."""
    require(params.get("chat_id") not in (None, ""), "chat_id is empty")
    chat = api.chats.get(params["chat_id"])
    if chat is None:
        raise telegram_error(400, BAD + "chat not found")
    if chat.state:
        raise telegram_error(*STATES[chat.state])
    return chat


def check_markup(markup: Any) -> Params:
    """An inline keyboard as it is kept on a message; of other keyboards nothing is kept."""
    require(isinstance(markup, dict), "object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    arrays = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    require(arrays, "inline keyboard must be an array of arrays")
    buttons = [button for row in rows for button in row]
    require(len(buttons) <= BUTTONS and all(len(row) <= BUTTONS_IN_ROW for row in rows), "REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        require(isinstance(button, dict), "can't parse inline keyboard button: expected an object")
        require(str(button.get("text", "")).strip(), "inline keyboard button text must be non-empty")
        require(set(button) - {"text", "style"}, "text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data", "-")
        require(isinstance(data, str) and 1 <= len(data.encode()) <= BUTTON_BYTES, "BUTTON_DATA_INVALID")
    return {"reply_markup": {"inline_keyboard": rows}} if buttons else {}


def send_message(api: TelegramApi, params: Params) -> Params:
    chat, text, now = reachable(api, params), str(params.get("text", "")).strip(), time.monotonic()
    require(text, "message text is empty")
    require(units(text) <= MESSAGE_UNITS, "message is too long")
    markup = check_markup(params["reply_markup"]) if "reply_markup" in params else {}
    wait = max((pace.wait(chat.id, now) for pace in api.paces), default=0.0)
    if wait:
        raise too_many(wait)
    for pace in api.paces:
        pace.take(chat.id, now)
    number = next(api._numbers)
    about = {"message_id": number, "from": BOT, "chat": chat.shown(), "date": int(time.time())}
    api.messages[chat.id, number] = {**about, "text": text, **markup}
    return api.messages[chat.id, number]


def send_chat_action(api: TelegramApi, params: Params) -> bool:
    reachable(api, params)
    require(params.get("action") in ACTIONS, "wrong parameter action in request")
    return True


def edit_markup(api: TelegramApi, params: Params) -> Params:
    chat = reachable(api, params)
    message = api.messages.get((chat.id, params.get("message_id", 0)))
    if message is None:
        raise telegram_error(400, BAD + "message to edit not found")
    markup = check_markup(params.get("reply_markup", {}))
    if markup.get("reply_markup") == message.get("reply_markup"):
        raise telegram_error(400, SAME_MARKUP)
    message.pop("reply_markup", None)
    message.update(markup, edit_date=int(time.time()))
    return message


def answer_query(api: TelegramApi, params: Params) -> bool:
    if params.get("callback_query_id") not in api.queries:
        raise telegram_error(400, STALE_QUERY)
    require(len(str(params.get("text", ""))) <= QUERY_ANSWER, "MESSAGE_TOO_LONG")
    return True


def language(params: Params) -> str:
    code = str(params.get("language_code", ""))
    require(LANGUAGE.fullmatch(code), "LANG_CODE_INVALID")
    return code


def set_commands(api: TelegramApi, params: Params) -> bool:
    commands = params.get("commands")
    require(isinstance(commands, list) and all(isinstance(c, dict) for c in commands), "can't parse commands JSON array")
    require(len(commands or []) <= COMMANDS_MOST, "BOT_COMMANDS_TOO_MUCH")
    for command in commands or []:
        require(COMMAND.fullmatch(str(command.get("command", ""))), "BOT_COMMAND_INVALID")
        require(len(str(command.get("description", ""))) in COMMAND_DESCRIPTION, "BOT_COMMAND_DESCRIPTION_INVALID")
    api.commands[params.get("scope", {}).get("type", "default"), language(params)] = commands or []
    return True


def set_profile(kind: str, api: TelegramApi, params: Params) -> bool:
    name, most = PROFILE[kind]
    text = str(params.get(name, ""))
    require(len(text) <= most, f"{name.replace('_', ' ')} is too long")
    api.profile[name, language(params)] = text
    return True


def set_webhook(api: TelegramApi, params: Params) -> bool:
    url = urlsplit(str(params.get("url", "")))
    if url.geturl():
        require(url.scheme == "https" or not api.https_only, "bad webhook: An HTTPS URL must be provided for webhook")
        right = url.port in WEBHOOK_PORTS or not api.https_only
        require(right, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = params.get("secret_token")
    require(secret is None or SECRET.fullmatch(str(secret)), "secret token contains unallowed characters")
    kept = {
        "secret_token": secret,
        "max_connections": number(params, "max_connections", 1, 100, PARALLEL_MOST),
        "url": url.geturl(),
    }
    return replace_webhook(api, kept if url.geturl() else {"url": ""}, params)


def delete_webhook(api: TelegramApi, params: Params) -> bool:
    return replace_webhook(api, {"url": ""}, params)


def replace_webhook(api: TelegramApi, webhook: Params, params: Params) -> bool:
    api.webhook, api.allowed = webhook, params.get("allowed_updates", api.allowed)
    if str(params.get("drop_pending_updates", "")).lower() == "true":
        api.updates = []
    api._wake()
    return True


def webhook_info(api: TelegramApi, params: Params) -> Params:
    shown = {"url": api.webhook["url"], "has_custom_certificate": False, "pending_update_count": len(api.updates)}
    return shown | ({"max_connections": api.webhook["max_connections"]} if api.webhook["url"] else {})


def leave_chat(api: TelegramApi, params: Params) -> bool:
    chat = reachable(api, params)
    require(chat.type != "private", "chat member status can't be changed in private chats")
    chat.state = "left"
    return True


def log_out(api: TelegramApi, params: Params) -> bool:
    api.logged_out = True
    return True


METHODS: dict[str, Callable[[TelegramApi, Params], Any]] = {
    "getMe": lambda api, params: ME,
    "sendMessage": send_message,
    "sendChatAction": send_chat_action,
    "editMessageReplyMarkup": edit_markup,
    "answerCallbackQuery": answer_query,
    "setMyCommands": set_commands,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": webhook_info,
    "leaveChat": leave_chat,
    "logOut": log_out,
    **{f"setMy{kind}": partial(set_profile, kind) for kind in PROFILE},
}
# Telegram does not mind how the name of a method is written.
NAMES = {name.lower(): name for name in (*METHODS, "getUpdates")}

if __name__ == "__main__":
    main(TelegramApi, TOKEN)
