"""Telegram, against a real HTTP server that enforces the Bot API's limits and misbehaves on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import telegram

from bot.messages import say
from bot.rendering import Button
from channels.buttons import TYPED
from channels.limits import WEBHOOK_BYTES, Rate
from channels.metrics import Metrics
from channels.telegram import TelegramDoor, command, make_bot, read, update_of
from channels.webhooks import WhatsAppSecrets
from channels.whatsapp import WhatsAppDoor
from knowledge.entry import LANGUAGES
from tests.channels.doors import OLD_SECRETS, SECRET, Standing, telegram_door
from tests.peers.serving import serving
from tests.peers.telegram_api import TOKEN, TelegramApi

FAST = Rate(burst=1000, per_second=1000.0)


@pytest.fixture
def api() -> TelegramApi:
    return TelegramApi()


@pytest.fixture
def polling(api: TelegramApi, tmp_path: Path) -> Iterator[Standing]:
    with serving(api) as url, telegram_door(url, tmp_path, pace=FAST) as standing:
        yield standing


def test_a_question_is_answered_plainly(api: TelegramApi, polling: Standing) -> None:
    """No markup, no link preview, not to be forwarded; and only then is the update confirmed."""
    api.say(7, "ik heb een *brief* <b>gekregen</b>")
    assert api.wait_for(1)
    (sent,) = [call.params for call in api.sent if call.method == "sendMessage"]
    assert sent["text"] == "ik heb een *brief* <b>gekregen</b>" and sent["chat_id"] == 7
    assert "parse_mode" not in sent and sent["link_preview_options"]["is_disabled"] and sent["protect_content"]


def test_a_tap_is_acknowledged_and_answered(api: TelegramApi, polling: Standing) -> None:
    """Buttons stand one below the other; the value of the one pressed is what Rasa hears."""
    polling.parrot.buttons = (Button("Meer hierover", "more:bank-klacht"), Button("Niet geholpen", "bad:"))
    api.say(7, "vraag over de bank")
    assert api.wait_for(1)
    rows = next(call.params for call in api.sent if call.method == "sendMessage")["reply_markup"]["inline_keyboard"]
    assert [[button["callback_data"] for button in row] for row in rows] == [["more:bank-klacht"], ["bad:"]]
    api.tap(7, "more:bank-klacht")
    assert api.wait_for(2) and api.wait_for(1, "answerCallbackQuery")
    assert polling.parrot.heard[-1] == '/more{"entry": "bank-klacht"}'


def test_a_long_answer_comes_in_pieces(api: TelegramApi, polling: Standing) -> None:
    """Each within 4,096 UTF-16 units, the buttons under the last."""
    polling.parrot.buttons = (Button("Meer", "more:x"),)
    polling.gateway.sessions._clock = lambda: 0.0
    api.say(7, "x")  # the parrot is asked for a long text below
    assert api.wait_for(1)
    polling.parrot.send = long_answer  # type: ignore[method-assign]
    api.say(7, "nog een vraag")
    assert api.wait_for(4)
    sent = [call.params for call in api.sent if call.method == "sendMessage"][1:]
    assert api.refused == [] and len(sent) == 3
    assert ["reply_markup" in params for params in sent] == [False, False, True]


async def long_answer(sender: str, text: str, language: str) -> list[object]:
    from bot.rendering import Reply

    return [Reply("Een zin met een 😀 erin. " * 480, "answer", buttons=(Button("Meer", "more:x"),))]


@pytest.mark.parametrize("typed", [*TYPED, "/help@kompas_test_bot", "/HELP", "/start payload"])
def test_commands_do_what_they_say(api: TelegramApi, polling: Standing, typed: str) -> None:
    """In any case, with the bot's name behind, and with what a link adds to /start."""
    api.say(7, typed, language_code="pl")
    assert api.wait_for(1)
    if typed == "/language":
        assert api.texts(7) == [say("pl", "which_language")]
    else:
        assert polling.parrot.heard[-1].startswith("/")


def test_telegram_is_told_the_commands_in_five_languages(api: TelegramApi, polling: Standing) -> None:
    """And a description that gives nothing away; English for everybody else."""
    api.say(7, "vraag")
    assert api.wait_for(1)
    for language in ("", *LANGUAGES):
        commands = next(found for (_, code), found in api.commands.items() if code == language)
        assert [c["command"] for c in commands] == [name[1:] for name in TYPED]
        assert api.profile[("description", language)] == say(language or "en", "bot_description")


def test_pictures_and_voice_are_declined_unseen(api: TelegramApi, polling: Standing) -> None:
    """Nothing is fetched; what is written under a picture is answered."""
    for kind in ("voice", "photo", "document", "sticker"):
        api.send(kind, 7)
    api.send("photo", 8, caption="wat staat hier in mijn brief")
    assert api.wait_for(5)
    assert [method for _, method, _ in api.sent if method == "getFile"] == []
    assert set(api.texts(7)) == {say("es", "no_media")} and api.texts(8) == ["wat staat hier in mijn brief"]


def test_an_edited_message_is_answered_as_it_is_now(api: TelegramApi, polling: Standing) -> None:
    """As another message."""
    api.say(7, "vraag over de banq")
    api.edit(7, "vraag over de bank")
    assert api.wait_for(2)
    assert api.texts(7) == ["vraag over de banq", "vraag over de bank"]


def test_in_a_group_there_is_one_line_and_only_when_spoken_to(api: TelegramApi, polling: Standing) -> None:
    """What people say to each other is none of our business."""
    api.say(-5, "heb jij ook een brief gehad?", chat_type="group")
    api.say(-5, "/help@kompas_test_bot", chat_type="group", language_code="ro")
    api.say(7, "vraag")
    assert api.wait_for(2)
    assert api.texts(-5) == [say("ro", "group_pointer")] and polling.parrot.heard == ["vraag"]


def test_who_blocked_us_is_left_alone_and_holds_nobody_up(api: TelegramApi, polling: Standing) -> None:
    """Their update is confirmed, and the next person is answered."""
    api.say(7, "vraag")
    api.chats[7].state = "blocked"
    api.say(8, "vraag")
    assert api.wait_for(1)
    assert api.texts(8) == ["vraag"] and settled(api)
    assert polling.alarms()["unreachable"] == 1


def test_a_chat_that_must_wait_delays_no_other(api: TelegramApi, polling: Standing) -> None:
    """429 with retry-after in one chat: the others are answered meanwhile, and then that one."""
    api.misbehave("429", chat=7, retry_after=2)
    api.say(7, "vraag")
    for chat in range(100, 130):
        api.say(chat, "vraag")
    assert api.wait_for(30, seconds=1.9)
    assert api.texts(7) == []
    assert api.wait_for(31) and api.texts(7) == ["vraag"]


@pytest.mark.parametrize("kind", ["500", "502", "truncated", "reset", "duplicate updates", "reordered updates"])
def test_whatever_the_api_does_each_question_is_answered(api: TelegramApi, polling: Standing, kind: str) -> None:
    """Errors, broken answers, updates twice and out of order; sending and polling."""
    api.misbehave(kind, times=3, method=None if "updates" in kind else "sendMessage")
    if "updates" not in kind:
        api.misbehave(kind, times=1, method="getUpdates")
    for chat in range(10, 15):
        api.say(chat, "vraag")
    assert api.wait_for(5, seconds=15)
    assert all("vraag" in api.texts(chat) for chat in range(10, 15))
    # A body that broke off had been sent: that answer alone may come twice.
    assert sum(len(api.texts(chat)) for chat in range(10, 15)) <= 5 + (3 if kind == "truncated" else 0)


def test_an_update_is_confirmed_only_after_it_was_answered(api: TelegramApi, tmp_path: Path) -> None:
    """A gateway that stops in the middle leaves it to the next one, which answers it once."""
    api.misbehave("429", times=1000, retry_after=1)
    with serving(api) as url:
        with telegram_door(url, tmp_path, pace=FAST):
            update = api.say(7, "vraag")
            while not api.refused:
                pass
        assert update in api.updates and api.texts(7) == []
        api.clear()
        with telegram_door(url, tmp_path, pace=FAST):
            assert api.wait_for(1)
    assert api.texts(7) == ["vraag"]


def settled(api: TelegramApi) -> bool:
    """Whether every update gets confirmed."""
    import time

    until = time.monotonic() + 5
    while api.updates and time.monotonic() < until:
        time.sleep(0.02)
    return not api.updates


def test_our_own_pace_keeps_to_the_limits(api: TelegramApi, tmp_path: Path) -> None:
    """With Telegram's real limits enforced, two answers to one person and many to others: no 429 ever."""
    api.limit()
    with serving(api) as url, telegram_door(url, tmp_path):
        for chat in (7, 7, *range(100, 150)):
            api.say(chat, "vraag")
        assert api.wait_for(52, seconds=15)
    assert api.refused == []


# The webhook.

NEGATIVES: dict[str, dict[str, str]] = {
    "no header": {},
    "empty": {"X-Telegram-Bot-Api-Secret-Token": ""},
    "wrong": {"X-Telegram-Bot-Api-Secret-Token": "x" * len(SECRET)},
    "one letter less": {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]},
    "one letter more": {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"},
    "one letter other": {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1] + "x"},
    "upper case": {"X-Telegram-Bot-Api-Secret-Token": SECRET.upper()},
    "space before": {"X-Telegram-Bot-Api-Secret-Token": f"x {SECRET}"},
    "two in one": {"X-Telegram-Bot-Api-Secret-Token": f"{SECRET},{SECRET}"},
    "another header": {"Authorization": SECRET},
    "a bearer": {"Authorization": f"Bearer {SECRET}"},
    "a cookie": {"Cookie": f"secret={SECRET}"},
    "not ascii": {"X-Telegram-Bot-Api-Secret-Token": "é" * 16},
    "Meta's": {"X-Hub-Signature-256": f"sha256={SECRET}"},
}


@pytest.fixture
def webhook(api: TelegramApi, tmp_path: Path) -> Iterator[Standing]:
    with serving(api) as url, telegram_door(url, tmp_path, polling=False, pace=FAST) as standing:
        yield standing


def test_what_telegram_did_not_sign_is_refused_alike(api: TelegramApi, webhook: Standing) -> None:
    """Fourteen ways to be wrong: the same bytes each time, and nothing is read."""
    body = json.dumps(api.say(7, "vraag"))
    answers = []
    for headers in NEGATIVES.values():
        raw = {name: value.encode("utf-8") for name, value in headers.items()}
        found = httpx.post(f"{webhook.url}/telegram", content=body, headers=raw, trust_env=False)
        answers.append((found.status_code, found.content, dict(found.headers, date="")))
    assert answers == [answers[0]] * len(NEGATIVES) and answers[0][0] == 403
    assert webhook.parrot.heard == [] and webhook.alarms() == {"forged": len(NEGATIVES)}


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRETS[0]])
def test_both_secrets_are_believed_while_one_is_changed(api: TelegramApi, webhook: Standing, secret: str) -> None:
    """200 comes after the answer went out."""
    assert api.deliver(api.say(7, "vraag"), f"{webhook.url}/telegram", secret) == 200
    assert api.texts(7) == ["vraag"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'"x"', b"{", b'{"update_id": 1, "message": 5}', b"[" * 5000, b"\xff\xfe", b"null"]
)
def test_a_signed_body_that_is_no_update_is_let_go(webhook: Standing, body: bytes) -> None:
    """Telegram need not bring it again; nothing breaks."""
    found = httpx.post(
        f"{webhook.url}/telegram", content=body, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}, trust_env=False
    )
    assert found.status_code == 200 and webhook.parrot.heard == []


def test_a_body_that_is_too_large_is_refused_unread(webhook: Standing) -> None:
    """Also with the right secret."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    found = httpx.post(f"{webhook.url}/telegram", content=b"x" * (WEBHOOK_BYTES + 1), headers=headers, trust_env=False)
    assert found.status_code == 403


# Reading alone.


@pytest.mark.parametrize(
    ("text", "read_as"), {"/help": "/help", "/help@x hi": "/help", "/nothing": "/nothing", "help": "help", "/": "/"}.items()
)
def test_only_known_commands_are_commands(text: str, read_as: str) -> None:
    """The rest is text."""
    assert command(text) == read_as


def test_an_update_without_anything_to_answer_is_none(api: TelegramApi) -> None:
    """A pinned message, somebody who joins, a poll."""
    bot = telegram.Bot("1:x")
    for content in ({}, {"message": {**api.say(7, "x")["message"], "text": None}}, {"my_chat_member": None}, {"poll": None}):
        update = update_of(json.dumps({"update_id": 1, **content}).encode(), bot)
        assert update is None or read(update, "kompas_test_bot") is None


def test_no_secret_stands_in_what_python_shows() -> None:
    """A repr may end up in a log: the library's bot shows its token, what holds it does not."""
    door = TelegramDoor(make_bot("http://127.0.0.1:1", TOKEN))
    assert TOKEN in repr(door.bot) and TOKEN not in repr(door)
    whatsapp = WhatsAppDoor("http://127.0.0.1:1", "v25.0", "1", TOKEN, Metrics())
    assert TOKEN not in repr(whatsapp) and TOKEN not in repr(WhatsAppSecrets((TOKEN,), TOKEN))
