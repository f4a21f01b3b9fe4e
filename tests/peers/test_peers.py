"""The doubles are right: limits, offsets, windows, misbehaviours and webhooks as the real services have them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import telegram
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from telegram.request import HTTPXRequest

from kompas.settings import ROOT
from tests.conftest import free_port
from tests.peers import graph_api, telegram_api
from tests.peers.graph_api import PHONE_NUMBER_ID, GraphApi, bsuid_of
from tests.peers.serving import serving
from tests.peers.telegram_api import TelegramApi

ANA, USER, ONLY_ID = 42, "31612345678", "NL.13491208655302741918"
SECRET = "app-secret"


class Told:
    """A Telegram server or a Graph server with a client that speaks to it."""

    def __init__(self, api: Any, url: str, client: httpx.Client) -> None:
        self.api, self.url, self.client = api, url, client

    def call(self, method: str, **params: Any) -> httpx.Response:
        url, json_body = f"{self.url}/bot{telegram_api.TOKEN}/{method}", {"Content-Type": "application/json"}
        return self.client.post(url, content=json.dumps(params), headers=json_body)

    def post(self, token: str = graph_api.TOKEN, **params: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.post(f"{self.url}/v25.0/{PHONE_NUMBER_ID}/messages", json=params, headers=headers)

    def write(self, to: str | None = USER, **params: Any) -> httpx.Response:
        default = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "hola"}}
        return self.post(**{**default, **params})

    def code(self, **params: Any) -> int:
        found: int = self.write(**params).json()["error"]["code"]
        return found


def told(api: Any) -> Iterator[Told]:
    with serving(api) as url, httpx.Client(trust_env=False, timeout=5.0) as client:
        yield Told(api, url, client)


@pytest.fixture
def bot() -> Iterator[Told]:
    """A Telegram server to which Ana has written, with her message confirmed."""
    api = TelegramApi()
    api.know(ANA)
    yield from told(api)


@pytest.fixture
def graph() -> Iterator[Told]:
    """A Graph server to which one user has just written."""
    api = GraphApi()
    api.say(USER, "hola")
    yield from told(api)


@pytest.fixture(scope="module")
def strict_bot() -> Iterator[Told]:
    """One Telegram server for all that only refuses."""
    api = TelegramApi()
    api.know(ANA)
    yield from told(api)


@pytest.fixture(scope="module")
def strict_graph() -> Iterator[Told]:
    """One Graph server for all that only refuses."""
    api = GraphApi()
    api.say(USER, "hola")
    yield from told(api)


class Webhook:
    """Our side of a webhook: keeps what comes, and answers with the statuses it is given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.got = list(statuses), []  # type: list[int], list[tuple[bytes, dict[str, str]]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
            return
        request = Request(scope, receive)
        self.got.append((await request.body(), dict(request.headers)))
        answered = Response(request.query_params.get("hub.challenge", ""), self.statuses.pop(0) if self.statuses else 200)
        await answered(scope, receive, send)


def markup(text: str = "yes", **button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, **(button or {"callback_data": "y"})}]]}


@pytest.mark.parametrize(
    ("method", "params", "status", "words"),
    [
        ("sendMessage", {"chat_id": ANA, "text": " "}, 400, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": ANA, "text": "😀" * 2048 + "."}, 400, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": ANA, "text": "\ud800"}, 400, "Bad Request: strings must be encoded in UTF-8"),
        ("sendMessage", {"chat_id": 7, "text": "x"}, 400, "Bad Request: chat not found"),
        ("sendMessage", {"text": "x"}, 400, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_markup": markup(callback_data="á" * 33)}, 400, "Bad Request: BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_markup": markup(callback_data="")}, 400, "Bad Request: BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": ANA, "text": "x", "reply_markup": markup("")}, 400, "Bad Request: inline keyboard button text must be non-empty"),
        ("sendChatAction", {"chat_id": ANA, "action": "dancing"}, 400, "Bad Request: wrong parameter action in request"),
        ("setMyDescription", {"description": "d" * 513}, 400, "Bad Request: description is too long"),
        ("setMyShortDescription", {"short_description": "d" * 121}, 400, "Bad Request: short description is too long"),
        ("setMyName", {"name": "n" * 65}, 400, "Bad Request: name is too long"),
        ("setMyName", {"name": "n", "language_code": "spa"}, 400, "Bad Request: LANG_CODE_INVALID"),
        ("setMyCommands", {"commands": [{"command": "Stop", "description": "d"}]}, 400, "Bad Request: BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "stop", "description": ""}]}, 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": [{"command": "c", "description": "d"}] * 101}, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH"),
        ("setWebhook", {"url": "http://kompas.example/"}, 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"),
        ("setWebhook", {"url": "https://kompas.example/", "secret_token": "a b"}, 400, "Bad Request: secret token contains unallowed characters"),
        ("answerCallbackQuery", {"callback_query_id": "9"}, 400, telegram_api.STALE_QUERY),
        ("editMessageReplyMarkup", {"chat_id": ANA, "message_id": 9}, 400, "Bad Request: message to edit not found"),
        ("leaveChat", {"chat_id": ANA}, 400, "Bad Request: chat member status can't be changed in private chats"),
        ("sendSomething", {}, 404, "Not Found: method not found"),
    ],
)  # fmt: skip
def test_telegram_refuses_in_its_own_words(
    strict_bot: Told, method: str, params: dict[str, Any], status: int, words: str
) -> None:
    """Every limit has its status and description, and the call is among the refused."""
    bot = strict_bot
    bot.api.clear()
    response = bot.call(method, **params)
    assert (response.status_code, response.json()) == (status, {"ok": False, "error_code": status, "description": words})
    assert [(refusal.method, refusal.error) for refusal in bot.api.refused] == [(method, words)] and not bot.api.sent


def test_telegram_accepts_the_longest_of_everything(bot: Told) -> None:
    """What is exactly as long as allowed is accepted, in JSON, in a form and in the query."""
    longest = {"chat_id": ANA, "text": "😀" * 2048, "reply_markup": markup(callback_data="á" * 32)}
    assert bot.call("sendmessage", **longest).json()["result"]["reply_markup"] == longest["reply_markup"]
    form = {"commands": json.dumps([{"command": "c" * 32, "description": "d" * 256}] * 100), "language_code": "nl"}
    url = f"{bot.url}/bot{telegram_api.TOKEN}"
    assert bot.client.post(f"{url}/setMyCommands", data=form).json()["result"] is True
    assert bot.client.get(f"{url}/setMyDescription", params={"description": "d" * 512}).json()["result"] is True
    files = {"certificate": ("c.pem", b"x")}
    hook = bot.client.post(f"{url}/setWebhook", data={"url": "https://kompas.example/"}, files=files)
    assert hook.json()["result"] is True and bot.api.webhook["url"] == "https://kompas.example/"
    assert [call.method for call in bot.api.sent] == ["sendMessage", "setMyCommands", "setMyDescription", "setWebhook"]


def test_who_blocked_the_bot_or_threw_it_out_hears_nothing(bot: Told) -> None:
    """403 in a blocked chat and in a group the bot has left, and a wrong token is 401."""
    bot.api.block(ANA)
    bot.api.join(-5)
    assert bot.call("leaveChat", chat_id=-5).json()["result"] is True
    for chat, words in (
        (ANA, "Forbidden: bot was blocked by the user"),
        (-5, "Forbidden: bot is not a member of the group chat"),
    ):
        response = bot.call("sendMessage", chat_id=chat, text="x")
        assert (response.status_code, response.json()["description"]) == (403, words)
    assert bot.client.post(f"{bot.url}/bot1:x/getMe").json()["description"] == "Unauthorized"
    assert [next(key for key in update if key != "update_id") for update in bot.api.updates] == ["my_chat_member"] * 2


def test_an_offset_confirms_all_lower_updates(bot: Told) -> None:
    """Updates come again until an offset above them, a negative one keeps the last, and never more than 100 at once."""
    first = [bot.api.say(ANA, f"{number}")["update_id"] for number in range(120)]

    def got(**params: Any) -> list[int]:
        return [update["update_id"] for update in bot.call("getUpdates", **params).json()["result"]]

    assert got() == got(limit=500) == first[:100] and got(limit=2) == first[:2]
    assert got(offset=first[100]) == first[100:] and got() == first[100:]
    assert got(offset=-3) == first[-3:] and got(offset=first[-1] + 1) == got() == []


def test_a_long_poll_waits_until_its_timeout(bot: Told) -> None:
    """The answer is empty when nobody writes."""
    began = time.monotonic()
    assert bot.call("getUpdates", timeout=1).json()["result"] == [] and 0.9 < time.monotonic() - began < 3


async def test_only_one_poll_at_a_time(bot: Told) -> None:
    """A second poll gets 409 (or, as told, ends the first), a message is answered at once, and a webhook ends polling."""
    url = f"{bot.url}/bot{telegram_api.TOKEN}"
    async with httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
        waiting = asyncio.create_task(client.post(f"{url}/getUpdates", json={"timeout": 5}))
        await until_polling(bot.api)
        assert (await client.post(f"{url}/getUpdates")).status_code == 409
        bot.api.newest_wins = True
        newer = asyncio.create_task(client.post(f"{url}/getUpdates", json={"timeout": 5}))
        assert (await waiting).json()["description"] == telegram_api.OTHER_POLL
        began = time.monotonic()
        update = bot.api.say(ANA, "/start")
        assert (await newer).json()["result"] == [update] and time.monotonic() - began < 1
        waiting = asyncio.create_task(
            client.post(f"{url}/getUpdates", json={"timeout": 5, "offset": update["update_id"] + 1})
        )
        await until_polling(bot.api)
        await client.post(f"{url}/setWebhook", json={"url": "https://kompas.example/hook"})
        assert (await waiting).status_code == (await client.post(f"{url}/getUpdates")).status_code == 409
        await client.post(f"{url}/deleteWebhook")
        assert (await client.post(f"{url}/getUpdates", json={"offset": update["update_id"] + 1})).json()["result"] == []


async def until_polling(api: TelegramApi) -> None:
    while api._poll is None:
        await asyncio.sleep(0.01)


async def test_a_poll_whose_client_went_away_is_over(bot: Told) -> None:
    """Who polls again after giving up gets no 409."""
    url = f"{bot.url}/bot{telegram_api.TOKEN}/getUpdates"
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(url, json={"timeout": 20}, timeout=0.3)
        while bot.api._poll:
            await asyncio.sleep(0.01)
        assert (await client.post(url)).status_code == 200


def test_telegram_limits_the_rate_on_request(bot: Told) -> None:
    """One message a second in a chat and thirty overall, refused with the seconds to wait."""
    bot.api.limit()
    for chat in range(100, 140):
        bot.api.know(chat)
    assert bot.call("sendMessage", chat_id=ANA, text="x").status_code == 200
    refused = bot.call("sendMessage", chat_id=ANA, text="x").json()
    assert refused["parameters"] == {"retry_after": 1} and refused["description"] == "Too Many Requests: retry after 1"
    time.sleep(1.0)
    assert bot.call("sendMessage", chat_id=ANA, text="x").status_code == 200
    bot.api.limit(per_second=10)
    assert [bot.call("sendMessage", chat_id=chat, text="x").status_code for chat in range(100, 111)] == [200] * 10 + [429]


@pytest.mark.parametrize(
    ("kind", "seen", "done"),
    [
        ("429", 429, 0), ("500", 500, 0), ("502", 502, 0), ("timeout", httpx.ReadTimeout, 0), ("late", httpx.ReadTimeout, 1),
        ("truncated", httpx.RemoteProtocolError, 1), ("reset", httpx.RemoteProtocolError, 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("which", ["bot", "graph"])
def test_a_misbehaviour_is_seen_by_the_client(
    request: pytest.FixtureRequest, which: str, kind: str, seen: Any, done: int
) -> None:
    """Each kind looks to a client as it does in life, was processed or not, and is over after its times."""
    peer: Told = request.getfixturevalue(which)
    peer.client.timeout = httpx.Timeout(0.5 if seen is httpx.ReadTimeout else 5.0)
    peer.api.misbehave(kind)

    def send() -> httpx.Response:
        return peer.call("sendMessage", chat_id=ANA, text="x") if which == "bot" else peer.write()

    if isinstance(seen, int):
        response = send()
        assert response.status_code == seen and (kind == "502") == response.text.startswith("<html>")
    else:
        with pytest.raises(seen):
            send()
    peer.client.timeout = httpx.Timeout(5.0)
    assert len(peer.api.texts()) == done and [refusal.error for refusal in peer.api.refused] == [kind] * (1 - done)
    assert send().status_code == 200 and len(peer.api.texts()) == done + 1


def test_updates_come_twice_or_the_wrong_way_round(bot: Told) -> None:
    """Both kinds touch one answer, the next one is right again."""
    first, second = bot.api.say(ANA, "one"), bot.api.say(ANA, "two")
    bot.api.misbehave("duplicate updates")
    assert bot.call("getUpdates").json()["result"] == [first, first, second, second]
    bot.api.misbehave("reordered updates")
    assert bot.call("getUpdates").json()["result"] == [second, first]
    assert bot.call("getUpdates").json()["result"] == [first, second]


async def test_python_telegram_bot_can_speak_to_the_server(bot: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own requests are understood, and what comes back is what it expects."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # otherwise every RetryAfter warns
    direct = HTTPXRequest(httpx_kwargs={"trust_env": False}), HTTPXRequest(httpx_kwargs={"trust_env": False})
    async with telegram.Bot(
        telegram_api.TOKEN, f"{bot.url}/bot", request=direct[0], get_updates_request=direct[1]
    ) as client:
        assert (await client.get_me()).username == "kompas_test_bot"
        keys = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("sí", callback_data="menu:x")]])
        message = await client.send_message(ANA, "¿sí?", reply_markup=keys)
        assert message.reply_markup == keys and message.chat.id == ANA
        bot.api.say(ANA, "/start")
        bot.api.edit(ANA, "/stop")
        for kind in telegram_api.MEDIA:
            bot.api.send(kind, ANA)
        bot.api.tap(ANA, "menu:x")
        bot.api.tap(ANA, "menu:gone", stale=True)
        bot.api.block(ANA)
        bot.api.unblock(ANA)
        updates = await client.get_updates(allowed_updates=telegram.Update.ALL_TYPES)
        assert len(updates) == 6 + len(telegram_api.MEDIA)
        assert updates[0].message and updates[0].message.entities[0].type == "bot_command"
        query, stale = updates[-4].callback_query, updates[-3].callback_query
        assert query and stale and query.message == message
        assert await query.answer() and await query.edit_message_reply_markup(None)
        with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
            await stale.answer()
        with pytest.raises(telegram.error.BadRequest, match="Message is not modified"):
            await query.edit_message_reply_markup(None)
        assert await client.set_my_commands([("stop", "d")], telegram.BotCommandScopeAllPrivateChats(), "nl")
        assert bot.api.commands == {("all_private_chats", "nl"): [{"command": "stop", "description": "d"}]}
        assert await client.set_webhook("https://kompas.example/", secret_token="s-1", allowed_updates=["message"])
        assert (await client.get_webhook_info()).url == "https://kompas.example/"
        bot.api.misbehave("429", retry_after=3)
        with pytest.raises(telegram.error.RetryAfter):
            await client.send_message(ANA, "x")
        assert await client.delete_webhook(drop_pending_updates=True) and not bot.api.updates


def test_telegram_delivers_to_a_webhook_until_it_is_accepted() -> None:
    """The secret goes along, a refused update comes again, and each chat keeps its order."""
    api, hook = TelegramApi(), Webhook(500, 503)
    with serving(hook) as url:
        assert api.deliver(api.say(ANA, "first"), url, "s-1") == 500 and len(api.updates) == 1
        assert hook.got[0][1]["x-telegram-bot-api-secret-token"] == "s-1"
        for text in ("second", "third"):
            for chat in range(1, 50):
                api.say(chat, text)
        assert set(api.deliver_all(url=url, delays=(0.01, 0.02))) == {200} and api.updates == []
    texts = [json.loads(body)["message"] for body, _ in hook.got]
    assert all([m["text"] for m in texts if m["chat"]["id"] == chat][-2:] == ["second", "third"] for chat in range(1, 50))


@pytest.mark.parametrize("name", ["telegram_api", "graph_api"])
def test_a_peer_runs_as_a_process_with_its_controls_over_http(name: str) -> None:
    """What a test says in Python, a benchmark says in JSON; nothing is printed."""
    port = free_port()
    command = [sys.executable, "-m", f"tests.peers.{name}", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=12)) as client:
            peer = Told(None, url, client)
            who: dict[str, Any] = {"chat_id": ANA} if name == "telegram_api" else {"user": USER}
            said = client.post(f"{url}/_control/say", json={**who, "text": "hola"}).json()
            assert "hola" in json.dumps(said)
            sent = peer.call("sendMessage", chat_id=ANA, text="x") if name == "telegram_api" else peer.write()
            assert sent.status_code == 200
            assert client.post(f"{url}/_control/wait_for", json={"count": 1}).json() is True
            assert len(client.post(f"{url}/_control/sent").json()) == 1
            assert client.post(f"{url}/_control/sent", json={"after": 1}).json() == []
            assert client.post(f"{url}/_control/misbehave", json={"kind": "nothing"}).status_code == 400
            assert client.post(f"{url}/_control/answer").status_code == 404
    finally:
        process.terminate()
        printed = process.communicate(timeout=20)[0]
    assert printed == b""


def buttons(*pairs: tuple[str, str], body: str = "b") -> dict[str, Any]:
    listed = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in pairs]
    return {"type": "interactive", "interactive": {"type": "button", "body": {"text": body}, "action": {"buttons": listed}}}


def listed(*rows: dict[str, str], button: str = "b", sections: int = 1, **section: str) -> dict[str, Any]:
    made = [{"rows": list(rows) if place == 0 else [], **section} for place in range(sections)]
    action = {"button": button, "sections": made}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": "b"}, "action": action}}


def row(key: str = "1", title: str = "t", **more: str) -> dict[str, str]:
    return {"id": key, "title": title, **more}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"messaging_product": "sms"}, 100), ({"to": None}, 131008), ({"to": ONLY_ID}, 131009), ({"to": None, "recipient": USER}, 131009),
        ({"text": {}}, 131008), ({"text": {"body": ""}}, 100), ({"text": {"body": "x" * 4097}}, 100), ({"colour": "red"}, 100),
        ({"type": "image", "image": {"id": "1"}}, 131051), ({"to": "31687654321"}, 131047), ({"recipient_type": "group"}, 100),
        (buttons(), 131009), (buttons(("1", "")), 131009), (buttons(("1", "t" * 21)), 131009), (buttons(("k" * 257, "t")), 131009),
        (buttons(("1", "a"), ("1", "b")), 131009), (buttons(("1", "a"), ("2", "a")), 131009), (buttons(("1", "a"), body="x" * 1025), 131009),
        (buttons(*[(str(n), str(n)) for n in range(4)]), 131009), (listed(), 131009), (listed(row(), sections=2), 131008),
        (listed(*[row(str(n)) for n in range(11)]), 131009), (listed(row(), row()), 131009), (listed(row(title="t" * 25)), 131009),
        (listed(row("k" * 201)), 131009), (listed(row(description="d" * 73)), 131009), (listed(row(), button="b" * 21), 131009),
        (listed(row(), title="t" * 25), 131009), (listed(row(), sections=11, title="t"), 131009), ({"type": "interactive"}, 131009),
        ({"status": "read", "message_id": "wamid.unknown"}, 100),
    ],
)  # fmt: skip
def test_the_graph_api_refuses_with_its_codes(strict_graph: Told, params: dict[str, Any], code: int) -> None:
    """Every limit has its code in Graph's error JSON, and the call is among the refused."""
    graph = strict_graph
    graph.api.clear()
    response = graph.write(**params)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["type"]) == (400, code, "OAuthException")
    assert len(graph.api.refused) == 1 and not graph.api.sent


def test_the_graph_api_accepts_the_longest_of_everything(graph: Told) -> None:
    """What is exactly as long as allowed is accepted, to a phone number or to a business-scoped id."""
    graph.api.say(ONLY_ID, "hola")
    rows = [row("k" * 199 + str(n), "t" * 24, description="d" * 72) for n in range(10)]
    three = [(f"{n}" * 256, f"{n}" * 20) for n in range(3)]
    plain = {"text": {"body": "x" * 4096}}
    for message in (plain, buttons(*three, body="x" * 1024), listed(*rows, button="b" * 20, title="t" * 24)):
        answer = graph.write(**message).json()
        assert answer["contacts"] == [{"input": USER, "wa_id": USER}] and answer["messages"][0]["id"].startswith("wamid.")
        answer = graph.write(**message, to=None, recipient=ONLY_ID).json()
        assert answer["contacts"] == [{"input": ONLY_ID, "user_id": ONLY_ID}]
    assert len(graph.api.texts(USER)) == len(graph.api.texts(ONLY_ID)) == 3


def test_the_window_closes_a_day_after_the_last_message(graph: Told) -> None:
    """131047 after 24 hours of silence, until the user writes again; one user's window is the same by both names."""
    graph.api.pass_hours(USER, 23.9)
    assert graph.write().status_code == graph.write(to=None, recipient=bsuid_of(USER)).status_code == 200
    graph.api.pass_hours(USER, 0.2)
    assert graph.code() == 131047
    graph.api.say(USER, "hola", hide_phone=True)
    assert graph.write().status_code == 200


def test_the_graph_api_limits_pairs_and_throughput(graph: Told) -> None:
    """131056 after a burst to one user, 130429 over all users, 131026 when there is no way to deliver."""
    graph.api.limit(pair_burst=3, pair_seconds=0.8)
    assert [graph.write().status_code for _ in range(4)] == [200, 200, 200, 400] and graph.code() == 131056
    time.sleep(0.85)
    assert graph.write().status_code == 200
    graph.api.limit(per_second=1)
    assert graph.write().status_code == 200 and graph.write().status_code == 429 and graph.code() == 130429
    graph.api.undeliverable(USER)
    assert graph.code() == 131026


def test_the_graph_api_wants_its_token_and_tells_its_health(graph: Told) -> None:
    """190 with 401 for a wrong token at both addresses, and the number's name for the right one."""
    assert graph.post("wrong").status_code == 401 and graph.post("wrong").json()["error"]["code"] == 190
    url = f"{graph.url}/v25.0/{PHONE_NUMBER_ID}"
    assert graph.client.get(url).status_code == 401
    found = graph.client.get(url, headers={"Authorization": f"Bearer {graph_api.TOKEN}"}).json()
    assert found["id"] == PHONE_NUMBER_ID and found["verified_name"] and found["display_phone_number"]


@pytest.mark.parametrize("code", [1, 2, 4, 190, 368, 80007, 130429, 131000, 131026, 131031, 131051, 131056, 133010])
def test_every_code_comes_on_request(strict_graph: Told, code: int) -> None:
    """Once, with its own HTTP status or the one asked for; calls that are no message are left alone."""
    graph = strict_graph
    graph.api.misbehave(str(code))
    graph.api.misbehave(str(code), status=418)
    read = {"status": "read", "message_id": next(iter(graph.api.incoming)), "typing_indicator": {"type": "text"}}
    assert graph.post(messaging_product="whatsapp", **read).json() == {"success": True}
    first, second = graph.write(), graph.write()
    assert [first.status_code, second.status_code] == [graph_api.ERRORS[code][0], 418]
    assert first.json()["error"]["code"] == second.json()["error"]["code"] == code and graph.write().status_code == 200


def test_a_webhook_body_is_as_meta_writes_it() -> None:
    """With a phone number or without, for words, taps, media and statuses, alone or several in one."""
    api = GraphApi()

    def value(body: bytes) -> dict[str, Any]:
        whole = json.loads(body)
        assert whole["object"] == "whatsapp_business_account" and whole["entry"][0]["changes"][0]["field"] == "messages"
        found: dict[str, Any] = whole["entry"][0]["changes"][0]["value"]
        return found

    said = value(api.say(USER, "¿sí?"))
    assert said["metadata"]["phone_number_id"] == PHONE_NUMBER_ID
    assert said["contacts"] == [{"profile": {"name": "Ana"}, "wa_id": USER, "user_id": bsuid_of(USER)}]
    message = said["messages"][0]
    assert (message["from"], message["from_user_id"], message["text"]) == (USER, bsuid_of(USER), {"body": "¿sí?"})
    hidden = value(api.say(ONLY_ID, "hola"))
    assert "from" not in hidden["messages"][0] and "wa_id" not in hidden["contacts"][0]
    assert hidden["messages"][0]["from_user_id"] == hidden["contacts"][0]["user_id"] == ONLY_ID
    tapped = value(api.tap_list(USER, "menu:x", "t", "d"))["messages"][0]["interactive"]
    assert tapped == {"type": "list_reply", "list_reply": {"id": "menu:x", "title": "t", "description": "d"}}
    assert value(api.voice(USER))["messages"][0]["audio"]["voice"] is True
    failed = value(api.status(USER, "failed", code=131026))
    assert failed["statuses"][0]["errors"][0]["code"] == 131026 and "contacts" not in failed
    both = [api.say(USER, "one"), api.tap_button(ONLY_ID, "more:x", "t")]
    assert len(json.loads(api.batch(both))["entry"][0]["changes"]) == 2
    assert len(value(api.batch(both, flat=True))["messages"]) == 2


def test_meta_delivers_signed_bytes_until_200() -> None:
    """The signature is of the raw body, anything but 200 is tried again, and the challenge comes back."""
    api, hook = GraphApi(), Webhook(500, 202)
    body = api.say(USER, "¿sí?")
    with serving(hook) as url:
        assert api.deliver(body, url, SECRET, delays=(0.01, 0.01, 0.01)) == 200 and len(hook.got) == 3
        assert api.verify(url, "v") == (200, True)
        assert api.deliver(body, url.replace("127.0.0.1", "127.0.0.2"), SECRET, delays=()) == 0
    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert all(raw == body and headers["x-hub-signature-256"] == expected for raw, headers in hook.got[:3])
