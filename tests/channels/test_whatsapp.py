"""WhatsApp, against a real HTTP server that enforces the Cloud API's limits and misbehaves on request."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import say
from bot.rendering import Button, Reply
from channels.gateway import Outbound
from channels.limits import WEBHOOK_BYTES
from channels.whatsapp import is_signed, read, render
from knowledge.entry import LANGUAGES
from tests.channels.doors import APP_SECRET, OLD_SECRETS, VERIFY, Standing, whatsapp_door
from tests.peers.graph_api import PHONE_NUMBER_ID, GraphApi
from tests.peers.serving import serving

ANA, BEA = "31611111111", "NL.13491208655302741918"


@pytest.fixture
def api() -> GraphApi:
    return GraphApi()


@pytest.fixture
def door(api: GraphApi, tmp_path: Path) -> Iterator[Standing]:
    with serving(api) as url, whatsapp_door(url, tmp_path) as standing:
        yield standing


def deliver(api: GraphApi, door: Standing, body: bytes, **options: Any) -> int:
    return api.deliver(body, f"{door.url}/whatsapp", APP_SECRET, **options)


@pytest.mark.parametrize("user", [ANA, BEA])
def test_a_question_is_answered_to_the_id_that_meta_gives(api: GraphApi, door: Standing, user: str) -> None:
    """By the business-scoped id, also where the number is known; 200 comes after the answer, and ticks and typing go out."""
    assert deliver(api, door, api.say(user, "vraag over de bank")) == 200
    sent = [call.params for call in api.sent if call.method == "message"]
    assert [params["text"]["body"] for params in sent] == ["vraag over de bank"]
    assert sent[0]["recipient"].startswith("NL.") and "to" not in sent[0] and not sent[0]["text"]["preview_url"]
    assert api.wait_for(1, "read") and api.refused == []


def test_without_such_an_id_the_number_is_used(api: GraphApi, door: Standing) -> None:
    """As Meta had it before April 2026."""
    body = json.loads(api.say(ANA, "vraag"))
    value = body["entry"][0]["changes"][0]["value"]
    del value["contacts"][0]["user_id"], value["messages"][0]["from_user_id"]
    assert deliver(api, door, json.dumps(body).encode()) == 200
    assert api.texts(ANA) == ["vraag"]


def test_buttons_and_lists_by_the_number_of_choices(api: GraphApi, door: Standing) -> None:
    """Three short ones are buttons, more or longer ones a list; a tap on either is heard."""
    door.parrot.buttons = tuple(Button(title, f"more:{title}") for title in ("een", "twee", "drie"))
    assert deliver(api, door, api.say(ANA, "vraag")) == 200
    assert deliver(api, door, api.tap_button(ANA, "more:een", "een")) == 200
    door.parrot.buttons = tuple(Button(f"een lange vraag met nummer {n}, over de bank?", f"entry:e-{n}") for n in range(5))
    assert deliver(api, door, api.say(ANA, "nog een vraag")) == 200
    assert deliver(api, door, api.tap_list(ANA, "entry:e-2", "een lange vraag met…")) == 200
    kinds = [call.params["interactive"]["type"] for call in api.sent if call.method == "message"]
    assert kinds == ["button", "button", "list", "list"] and api.refused == []
    assert door.parrot.heard[1::2] == ['/more{"entry": "een"}', '/choose_entry{"entry": "e-2"}']


def test_pictures_and_voice_are_declined_unseen(api: GraphApi, door: Standing) -> None:
    """Nothing is fetched."""
    for kind in ("voice", "image", "document", "sticker", "location"):
        assert deliver(api, door, api.send(kind, ANA)) == 200
    assert api.texts(ANA) == [say("en", "no_media")] * 5
    assert {call.method for call in api.sent} <= {"message", "read"}


def test_what_asks_for_nothing_gets_nothing(api: GraphApi, door: Standing) -> None:
    """Statuses, Meta's notices, another number of the same account."""
    assert deliver(api, door, api.say(ANA, "vraag")) == 200
    other = api.say(ANA, "vraag").replace(PHONE_NUMBER_ID.encode(), b"999999999999999")
    for body in (api.status(ANA, "delivered"), api.status(ANA, "failed", code=131047), api.unsupported(ANA), other):
        assert deliver(api, door, body) == 200
    assert api.texts() == ["vraag"]


def test_many_messages_in_one_body_are_all_answered(api: GraphApi, door: Standing) -> None:
    """In order for each person."""
    bodies = [api.say(user, f"vraag {n}") for n in range(5) for user in (ANA, BEA)]
    assert deliver(api, door, api.batch(bodies)) == 200 and deliver(api, door, api.batch(bodies, flat=True)) == 200
    assert api.texts(ANA) == api.texts(BEA) == [f"vraag {n}" for n in range(5)]


def test_a_late_answer_waits_for_the_next_message(api: GraphApi, door: Standing) -> None:
    """After 24 hours Meta refuses it; it comes before the answer to whatever is written next."""
    body = api.say(ANA, "eerste")
    api.pass_hours(ANA, 25)
    assert deliver(api, door, body) == 200 and api.texts(ANA) == []
    assert deliver(api, door, api.say(ANA, "tweede")) == 200
    assert api.texts(ANA) == ["eerste", "tweede"]


@pytest.mark.parametrize("code", [1, 2, 131000, 4, 80007, 130429, 131056])
def test_what_passes_is_tried_again(api: GraphApi, door: Standing, code: int) -> None:
    """Meta's own troubles, and too much too fast."""
    api.misbehave(str(code))
    assert deliver(api, door, api.say(ANA, "vraag"), seconds=30) == 200
    assert api.texts(ANA) == ["vraag"] and door.alarms()["send_again"] == 1


@pytest.mark.parametrize(("code", "alarm"), {131026: "unreachable", 131051: "refused", 100: "refused"}.items())
def test_what_can_never_arrive_is_dropped(api: GraphApi, door: Standing, code: int, alarm: str) -> None:
    """And counted."""
    api.misbehave(str(code))
    assert deliver(api, door, api.say(ANA, "vraag")) == 200
    assert api.texts(ANA) == [] and door.alarms()[alarm] == 1


@pytest.mark.parametrize("code", [190, 368, 131031, 133010])
def test_with_our_account_in_trouble_nothing_is_lost(api: GraphApi, door: Standing, code: int) -> None:
    """No 200: Meta brings the message again, and when all is well it is answered."""
    api.misbehave(str(code))
    body = api.say(ANA, "vraag")
    assert deliver(api, door, body, delays=()) == 503 and door.alarms()["misconfigured"] == 1
    assert deliver(api, door, body) == 200 and api.texts(ANA) == ["vraag"]


@pytest.mark.parametrize("kind", ["500", "502", "429", "truncated", "reset"])
def test_whatever_the_api_does_the_question_is_answered(api: GraphApi, door: Standing, kind: str) -> None:
    """A broken answer may mean that it arrived: then it may come twice, and nothing else does."""
    api.misbehave(kind)
    assert deliver(api, door, api.say(ANA, "vraag"), seconds=30) == 200
    assert api.texts(ANA) in (["vraag"], ["vraag", "vraag"] if kind == "truncated" else ["vraag"])


# Verification.


def test_meta_is_told_that_the_webhook_is_ours(api: GraphApi, door: Standing) -> None:
    """With the right token only, and only what Meta may send is sent back."""
    assert api.verify(f"{door.url}/whatsapp", VERIFY) == (200, True)
    assert api.verify(f"{door.url}/whatsapp", VERIFY + "x") == (403, False)
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "<script>"}
    assert httpx.get(f"{door.url}/whatsapp", params=asked, trust_env=False).status_code == 403


def signature(body: bytes, secret: str = APP_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def negatives(body: bytes) -> dict[str, dict[str, str]]:
    good = signature(body)
    sha1 = "sha1=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha1).hexdigest()
    signatures = {
        "empty": "", "no scheme": good[7:], "scheme alone": "sha256=", "sha1": sha1, "another secret": signature(body, "x" * 32),
        "another body": signature(body + b" "), "shorter": good[:-1], "longer": good + "0", "upper case": good.upper(),
        "one digit": good[:-1] + ("0" if good[-1] != "0" else "1"), "verify token": f"sha256={VERIFY}", "not ascii": "sha256=é",
    }  # fmt: skip
    return {
        "no header": {}, "the old header": {"X-Hub-Signature": sha1},
        **{name: {"X-Hub-Signature-256": value} for name, value in signatures.items()},
    }  # fmt: skip


def test_what_meta_did_not_sign_is_refused_alike(api: GraphApi, door: Standing) -> None:
    """Fourteen ways to be wrong: the same bytes each time, and nothing is read."""
    body = api.say(ANA, "vraag")
    answers = []
    for headers in negatives(body).values():
        raw = {name: value.encode("utf-8") for name, value in headers.items()}
        found = httpx.post(f"{door.url}/whatsapp", content=body, headers=raw, trust_env=False)
        answers.append((found.status_code, found.content, dict(found.headers, date="")))
    assert len(answers) == 14 and answers == [answers[0]] * 14 and answers[0][0] == 403
    assert door.parrot.heard == [] and door.alarms() == {"forged": 14}


def test_ten_thousand_changed_bodies_are_refused(api: GraphApi) -> None:
    """One byte other, more or less, or two swapped, under the signature of the body as it was."""
    body = api.say(ANA, "vraag over de bank")
    signed, dice = signature(body), random.Random(6)
    assert is_signed(body, signed, [APP_SECRET])
    for _ in range(10_000):
        at = dice.randrange(len(body))
        byte = bytes([dice.randrange(256)])
        changed = dice.choice(
            (
                body[:at] + byte + body[at + 1 :],
                body[:at] + body[at + 1 :],
                body[:at] + byte + body[at:],
                body[at:] + body[:at],
            )
        )
        assert changed == body or not is_signed(changed, signed, [APP_SECRET])


def test_changed_bodies_reach_no_parser_over_http(api: GraphApi, door: Standing) -> None:
    """A hundred of them through the real door."""
    body, dice = api.say(ANA, "vraag"), random.Random(7)
    with httpx.Client(trust_env=False, headers={"X-Hub-Signature-256": signature(body)}) as client:
        for _ in range(100):
            at = dice.randrange(len(body))
            changed = body[:at] + bytes([body[at] ^ (1 << dice.randrange(8))]) + body[at + 1 :]
            assert client.post(f"{door.url}/whatsapp", content=changed).status_code == 403
    assert door.parrot.heard == [] and api.texts() == []


def test_both_secrets_are_believed_while_one_is_changed(api: GraphApi, door: Standing) -> None:
    """The one before signs what Meta had queued."""
    assert api.deliver(api.say(ANA, "vraag"), f"{door.url}/whatsapp", OLD_SECRETS[1]) == 200


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"{", b'{"entry": 5}', b'{"entry": [{"changes": [5]}]}', b"[" * 5000]
)
def test_a_signed_body_that_says_nothing_is_let_go(api: GraphApi, door: Standing, body: bytes) -> None:
    """Meta need not bring it again."""
    assert deliver(api, door, body) == 200 and door.parrot.heard == []


def test_a_body_that_is_too_large_is_refused_unread(door: Standing) -> None:
    """Whoever signed it."""
    body = b"x" * (WEBHOOK_BYTES + 1)
    found = httpx.post(
        f"{door.url}/whatsapp", content=body, headers={"X-Hub-Signature-256": signature(body)}, trust_env=False
    )
    assert found.status_code == 403


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["entry", "changes", "value", "field", "messages", "contacts", "metadata", "from", "id", "type", "text", "body", "phone_number_id"]),
    inner, max_size=4,
))  # fmt: skip


@given(JSON)
def test_any_json_is_read_without_an_error(data: Any) -> None:
    """A signed body may still be of a kind that Meta invents tomorrow."""
    read(json.dumps(data).encode(), PHONE_NUMBER_ID)


@given(
    st.text(min_size=1, max_size=9000).filter(str.strip),
    st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=90).filter(str.strip), max_size=12
    ),
    st.sampled_from(LANGUAGES),
)
def test_every_answer_fits(text: str, titles: list[str], language: str) -> None:
    """Texts, bodies, buttons, rows: within the limits of the Cloud API, whatever the reply."""
    buttons = tuple(Button(title, f"entry:e-{number}") for number, title in enumerate(titles))
    messages = render(Outbound(language, (Reply(text, "answer", buttons=buttons),)))
    for message in messages:
        if message["type"] == "text":
            assert 1 <= len(message["text"]["body"]) <= 4096
            continue
        inner = message["interactive"]
        assert 1 <= len(inner["body"]["text"]) <= 1024
        if inner["type"] == "button":
            assert (
                all(1 <= len(button["reply"]["title"]) <= 20 for button in inner["action"]["buttons"]) and len(titles) <= 3
            )
        else:
            rows = inner["action"]["sections"][0]["rows"]
            assert 1 <= len(rows) <= 10 and len(inner["action"]["button"]) <= 20
            assert all(1 <= len(row["title"]) <= 24 and len(row.get("description", "")) <= 72 for row in rows)
    assert sum(message["type"] == "interactive" for message in messages) == bool(titles)
