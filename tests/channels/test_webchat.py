"""The web door: its contract, its headers, and hostile requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import catalogue
from bot.rendering import Button, Reply
from channels.limits import BODY_BYTES, SESSION_CHARACTERS
from channels.rasa import RasaClient
from channels.webchat import BadRequest, create_app, parse
from knowledge.entry import LANGUAGES
from tests.channels.test_gateway import Echo, make


async def health() -> dict[str, Any]:
    return {"status": "ok"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    gateway, _ = make(Echo(Reply("the answer", "answer", "keys-lost", (Button("more", "entry:keys-copy"),))))
    transport = httpx.ASGITransport(app=create_app(gateway, health))
    async with httpx.AsyncClient(transport=transport, base_url="http://kompas") as opened:
        yield opened


async def test_a_chat_request_gets_what_the_contract_says(client: httpx.AsyncClient) -> None:
    """Language, and messages with text, decision, entry and buttons."""
    response = await client.post("/api/chat", json={"session": "s", "text": "hallo daar"})
    assert response.json() == {
        "language": "nl",
        "messages": [
            {
                "text": "the answer",
                "decision": "answer",
                "entry": "keys-lost",
                "buttons": [{"title": "more", "value": "entry:keys-copy"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"not json", 400), (b"[]", 400), (b'"text"', 400), (b"\xff\xfe", 400), (b"[" * 50_000, 400),
        (b'{"session": "s"}', 422), (b'{"text": "x"}', 422), (b'{"session": 5, "text": "x"}', 422), (b'{"session": "", "text": "x"}', 422),
        (b'{"session": "s", "text": ["secret"]}', 422), (b'{"session": "s", "text": null}', 422),
        (json.dumps({"session": "s" * (SESSION_CHARACTERS + 1), "text": "x"}).encode(), 422),
        (b'{"session": "s", "text": "' + b"a" * BODY_BYTES + b'"}', 413),
    ],
)  # fmt: skip
async def test_a_bad_request_gets_one_clear_sentence_that_quotes_nothing(
    client: httpx.AsyncClient, body: bytes, status: int
) -> None:
    """4xx with what is wrong, and nothing of what was sent."""
    response = await client.post("/api/chat", content=body)
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\u0000",
        "🙂🙂🙂",
        "\u202eabc",
        "<script>alert(1)</script>",
        "\ud800",
        "a" * 30_000,
        "'; drop table",
        "{{7*7}}",
        "${x}",
        "%00",
    ],
)
async def test_hostile_text_gets_a_kind_reply(client: httpx.AsyncClient, text: str) -> None:
    """Nothing a person can type is an error of ours."""
    response = await client.post("/api/chat", content=json.dumps({"session": "s", "text": text}))
    assert response.status_code == 200
    assert response.json()["messages"]


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """Bytes are a request or a BadRequest, and nothing else."""
    try:
        session, text = parse(body)
    except BadRequest as error:
        assert error.status in (400, 422)
    else:
        assert isinstance(session, str) and isinstance(text, str)


async def test_every_response_keeps_others_out(client: httpx.AsyncClient) -> None:
    """A strict policy, no referrer, nothing cached, no cookie, also on errors."""
    for response in (
        await client.get("/"),
        await client.get("/page/chat.js"),
        await client.get("/nothing"),
        await client.post("/api/chat", content=b"x"),
    ):
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_speaks_the_browsers_language(client: httpx.AsyncClient, language: str) -> None:
    """By ?lang= and by Accept-Language, with all five names to choose from."""
    for page in (
        await client.get("/", params={"lang": language}),
        await client.get("/", headers={"accept-language": f"{language}-XX,de;q=0.5"}),
    ):
        assert f'<html lang="{language}">' in page.text
        assert all(catalogue(other)["language_name"] in page.text for other in LANGUAGES)
    assert '<html lang="en">' in (await client.get("/", headers={"accept-language": "fr,de"})).text


async def test_the_page_asks_nobody_else_for_anything(client: httpx.AsyncClient) -> None:
    """No address of another host, no inline script or style."""
    page = (await client.get("/")).text
    assert "http" not in page.replace("http-equiv", "")
    assert "<style" not in page and "style=" not in page and "onclick" not in page
    assert page.count("<script") == 1 and '<script src="/page/chat.js"' in page


@pytest.mark.parametrize("name", ["chat.html", "..%2Fwebchat.py", "%2e%2e/limits.py", "chat.css.bak"])
async def test_only_the_pages_files_are_served(client: httpx.AsyncClient, name: str) -> None:
    """No template, no source, no path upwards."""
    assert (await client.get(f"/page/{name}")).status_code == 404


async def test_a_rasa_that_is_not_there_is_noticed_quickly() -> None:
    """No process behind the port is an answer too."""
    from channels.rasa import RasaDown
    from tests.conftest import free_port

    client = RasaClient(f"http://127.0.0.1:{free_port()}")
    assert not await client.is_up()
    with pytest.raises(RasaDown) as caught:
        await client.send("sender", "a secret text", "nl")
    assert caught.value.__cause__ is None and "secret" not in repr(caught.value)
    await client.close()
