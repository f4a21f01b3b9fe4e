"""Telegram: reads updates, sends answers, by long polling or by webhook. Library: python-telegram-bot's `Bot`.

Only private chats are answered. Nothing that is not text is fetched.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: times as timedelta, as they will be

import telegram
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.messages import say
from bot.rendering import Button
from channels.buttons import TYPED
from channels.gateway import DEFAULT_LANGUAGE, Inbound, Outbound
from channels.intake import Intake, Misconfigured, Refused, SendError, TryLater, Unreachable
from channels.limits import LIMITS, TELEGRAM_ALL, TELEGRAM_CHAT
from channels.pacing import Pacing
from channels.splitting import split, utf16_units
from knowledge.entry import LANGUAGES

CHANNEL = "telegram"
WANTED = ["message", "edited_message", "callback_query"]
TEXT_UNITS = int(LIMITS["telegram_text"].value)
# Updates asked for at once (the most there is), and how long Telegram waits for one (seconds).
BATCH, POLL_SECONDS = 100, 25
# So many unconfirmed updates, and the oldest no longer hold the others back: a chat may have to wait for long.
WINDOW = 80
# Between two looks while answers are under way, and after an error (seconds).
LOOK_SECONDS, ERROR_SECONDS = 0.05, 3.0
# A person who is gone; anything else that Telegram calls a bad request is a mistake of ours.
GONE = ("chat not found", "user is deactivated", "peer_id_invalid", "bot was kicked", "have no rights")


@dataclass(frozen=True)
class Received:
    """An update that is to be answered: the message, and the callback query to acknowledge."""

    inbound: Inbound
    query: str | None = None


@dataclass(frozen=True)
class Pointer:
    """An update from a group in which the bot was spoken to: one line, and no more."""

    chat: int
    language: str


def make_bot(api: str, token: str) -> telegram.Bot:
    """The library's bot, without proxies from the environment. `api` is like https://api.telegram.org."""
    # Without a read timeout of its own a hanging connection would hold a person's answer for a minute.
    options: dict[str, Any] = {"httpx_kwargs": {"trust_env": False}, "connect_timeout": 5.0, "pool_timeout": 10.0}
    request = HTTPXRequest(connection_pool_size=64, read_timeout=10.0, **options)
    return telegram.Bot(token, base_url=f"{api}/bot", request=request)


def read(update: telegram.Update, name: str) -> Received | Pointer | None:
    """What an update asks of us; None for what nobody answers. `name` is the bot's own, without @."""
    if query := update.callback_query:
        message = query.message
        if message is None or message.chat.type != "private":
            return None
        return Received(_inbound(message.chat.id, query.data or "", query.from_user), query.id)
    message = update.message or update.edited_message
    if message is None:
        return None
    text = message.text or message.caption or ""
    if message.chat.type != "private":
        spoken_to = text.startswith("/") or f"@{name}".lower() in text.lower()
        return Pointer(message.chat.id, _language(message.from_user) or DEFAULT_LANGUAGE) if spoken_to else None
    if not text and message.effective_attachment is None:
        return None  # a pinned message and the like
    return Received(_inbound(message.chat.id, command(text), message.from_user, media=not text))


def command(text: str) -> str:
    """`/help@some_bot now` is `/help`; any other text is itself."""
    first = text.split(maxsplit=1)[0].split("@", maxsplit=1)[0].lower() if text.startswith("/") else ""
    return first if first in TYPED else text


def _inbound(chat: int, text: str, user: telegram.User | None, media: bool = False) -> Inbound:
    return Inbound(CHANNEL, str(chat), text, media=media, hint=_language(user), patient=True)


def _language(user: telegram.User | None) -> str | None:
    code = (user.language_code or "").split("-")[0] if user else ""
    return code if code in LANGUAGES else None


# A text, and the buttons under it.
Message = tuple[str, tuple[Button, ...]]


def render(outbound: Outbound) -> list[Message]:
    """The messages of an answer: texts that fit, the buttons under the last of each reply."""
    messages: list[Message] = []
    for reply in outbound.replies:
        *first, last = split(reply.text, TEXT_UNITS, utf16_units)
        messages += [(text, ()) for text in first]
        messages.append((last, reply.buttons))
    return messages


def keyboard(buttons: Sequence[Button]) -> telegram.InlineKeyboardMarkup | None:
    """Buttons one below the other, as long titles need it."""
    rows = [[telegram.InlineKeyboardButton(button.title, callback_data=button.value)] for button in buttons]
    return telegram.InlineKeyboardMarkup(rows) if rows else None


@dataclass
class TelegramDoor:
    """Sends to Telegram within its limits."""

    bot: telegram.Bot = field(repr=False)  # it shows its token
    pacing: Pacing = field(default_factory=lambda: Pacing(TELEGRAM_ALL, TELEGRAM_CHAT))
    channel: str = CHANNEL

    def render(self, outbound: Outbound) -> list[Message]:
        """The messages of an answer."""
        return render(outbound)

    async def send(self, user: str, message: Message) -> None:
        """Sends one message: plain text, no previews, not to be forwarded. Raises SendError."""
        text, buttons = message
        await self.pacing.wait(user)
        try:
            await self.bot.send_message(
                int(user),
                text,
                reply_markup=keyboard(buttons),
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                protect_content=True,
            )
        except TelegramError as error:
            raise told(error) from None

    async def acknowledge(self, query: str) -> None:
        """Stops the waiting sign on a button."""
        with suppress(TelegramError):
            await self.bot.answer_callback_query(query)


def told(error: TelegramError) -> SendError:
    """What an error of the platform means for an answer."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return TryLater(wait if isinstance(wait, int) else wait.total_seconds())
    if isinstance(error, InvalidToken):
        return Misconfigured()
    if isinstance(error, Forbidden | ChatMigrated):
        return Unreachable()
    if isinstance(error, BadRequest):
        return Unreachable() if any(words in str(error).lower() for words in GONE) else Refused()
    return TryLater()


@dataclass
class TelegramChannel:
    """Takes updates from either side, and answers them."""

    intake: Intake
    door: TelegramDoor
    name: str = ""

    async def take(self, update: telegram.Update) -> bool:
        """Whether Telegram may forget the update."""
        received = read(update, self.name)
        if isinstance(received, Pointer):
            await self._point(received)
        if not isinstance(received, Received):
            return True
        if received.query:
            await self.door.acknowledge(received.query)
        return await self.intake.take(received.inbound, str(update.update_id))

    async def _point(self, pointer: Pointer) -> None:
        with suppress(SendError):
            await self.door.send(str(pointer.chat), (say(pointer.language, "group_pointer"), ()))

    async def begin(self, receive: Callable[[], Awaitable[Any]]) -> None:
        """Asks Telegram who we are, says how to `receive` updates, and introduces itself. Tries until all is taken."""
        while True:
            try:
                await self.door.bot.initialize()
                self.name = self.door.bot.username
                await receive()
                return await self._introduce()
            except TelegramError:
                self.intake.alarm("start")
                await asyncio.sleep(ERROR_SECONDS)

    async def _introduce(self) -> None:
        """Tells Telegram the commands and descriptions in five languages, English for everybody else."""
        for language in (None, *LANGUAGES):
            spoken = language or DEFAULT_LANGUAGE
            commands = [telegram.BotCommand(c.removeprefix("/"), say(spoken, f"command_{c[1:]}")) for c in TYPED]
            await self.door.bot.set_my_commands(commands, language_code=language)
            await self.door.bot.set_my_description(say(spoken, "bot_description"), language_code=language)
            await self.door.bot.set_my_short_description(say(spoken, "bot_short_description"), language_code=language)


class Poller:
    """Long polling: an update is confirmed only after it was answered."""

    def __init__(self, channel: TelegramChannel) -> None:
        self._channel, self._bot = channel, channel.door.bot
        # By update id: None while it is being answered, then whether it was.
        self._updates: dict[int, bool | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._offset: int | None = None

    async def run(self) -> None:
        """Polls until cancelled; whatever goes wrong is counted and tried again."""
        try:
            await self._channel.begin(self._bot.delete_webhook)
            while True:
                try:
                    await self._poll()
                except TelegramError as error:
                    self._channel.intake.alarm("conflict" if isinstance(error, Conflict) else "poll")
                    await asyncio.sleep(ERROR_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _poll(self) -> None:
        updates = await self._fetch()
        new = [update for update in updates if self._updates.get(update["update_id"], False) is False]
        for update in new:
            self._updates[update["update_id"]] = None
            task = asyncio.create_task(self._answer(update["update_id"], telegram.Update.de_json(update, self._bot)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not new and self._tasks:
            await asyncio.wait(self._tasks, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self._advance()

    async def _fetch(self) -> list[dict[str, Any]]:
        """The updates as they come: those under way come again each time, and must not be taken apart each time."""
        asked = {"limit": BATCH, "timeout": POLL_SECONDS, "allowed_updates": json.dumps(WANTED)}
        asked |= {} if self._offset is None else {"offset": self._offset}
        url = f"{self._bot.base_url}/getUpdates?{urlencode(asked)}"
        found: Any = await self._bot.request.post(url, read_timeout=POLL_SECONDS + 10.0)
        return found if isinstance(found, list) else []

    async def _answer(self, number: int, update: telegram.Update) -> None:
        done = await self._channel.take(update)
        if not done:
            await asyncio.sleep(ERROR_SECONDS)  # Telegram brings it again at once
        if number in self._updates:
            self._updates[number] = done

    def _advance(self) -> None:
        """Confirms what was answered: everything below the first that is not."""
        ids = sorted(self._updates)
        open_ids = [number for number in ids if not self._updates[number]]
        # Beyond the window the oldest are on their own: a long wait of one chat must not stop all others.
        open_ids = open_ids[len(ids) - WINDOW :] if len(ids) > WINDOW else open_ids
        if ids:
            self._offset = open_ids[0] if open_ids else ids[-1] + 1
        for number in ids:
            if self._offset is not None and number < self._offset:
                del self._updates[number]


def update_of(body: bytes, bot: telegram.Bot) -> telegram.Update | None:
    """The update in a webhook's body, or None when there is none."""
    try:
        data = json.loads(body)
        return telegram.Update.de_json(data, bot) if isinstance(data, dict) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


async def set_webhook(channel: TelegramChannel, url: str, secret: str) -> None:
    """Tells Telegram where to bring updates."""
    await channel.begin(partial(channel.door.bot.set_webhook, url, secret_token=secret, allowed_updates=WANTED))
