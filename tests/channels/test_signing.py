"""Signing in to the editors' desk: who comes in, for how long, from where, and to which pages."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from bot.messages import check_texts, texts
from channels.desk import pages
from channels.desk.accounts import ROLES, STEP_SECONDS
from channels.desk.pages import HEADERS, STATIC, TEXTS, DeskFrame, frame_of, install, need
from channels.desk.signing import (
    IDLE_SECONDS,
    TRIES,
    WHOLE_SECONDS,
    Person,
    Signing,
    Wait,
    address_of,
    open_signing,
)
from channels.webchat import create_app
from knowledge.entry import LANGUAGES
from tests.channels.test_accounts import PASSWORD, QUICK, Clock, code_of
from tests.channels.test_gateway import Echo, make
from tests.channels.test_webchat import health

BASE = "http://kompas.test"
# A route of the desk, a form it takes, and the act it needs; None: nobody has to be signed in.
ROUTES: list[tuple[str, str, str | None]] = [
    ("GET", "/desk/static/{name}", None),
    ("GET", "/desk/signin", None),
    ("POST", "/desk/signin", None),
    ("POST", "/desk/signout", "read"),
    ("POST", "/desk/language", "read"),
    ("GET", "/desk/account", "read"),
    ("POST", "/desk/account/signout", "read"),
    ("GET", "/desk/accounts", "accounts"),
    ("POST", "/desk/accounts/{name}/signout", "accounts"),
]
GUARDED = [(method, path.format(name="ada"), act) for method, path, act in ROUTES if act]


def sample_pages() -> APIRouter:
    """Pages as another module of the desk would add them."""
    made = APIRouter(prefix="/desk")

    @made.get("")
    def home(request: Request, person: Annotated[Person, Depends(need("read"))]) -> Response:
        return frame_of(request).page(request, person, "account.html", sessions=[], own=b"")

    @made.post("/approve")
    def approve(person: Annotated[Person, Depends(need("approve"))]) -> dict[str, str]:
        return {"by": person.name}

    @made.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret")

    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signing(tmp_path: Path, clock: Clock) -> Iterator[Signing]:
    made = open_signing(tmp_path / "state", clock, QUICK)
    yield made
    made.close()


@pytest.fixture
def secrets_of(signing: Signing) -> dict[str, str]:
    """The second factor of one account for each role: ada edits, rosa reviews, ines is admin."""
    people = {"ada": "editor", "rosa": "reviewer", "ines": "admin"}
    return {name: signing.accounts.add(name, PASSWORD, role) for name, role in people.items()}


@pytest.fixture
def app(signing: Signing) -> FastAPI:
    made = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install(made, DeskFrame(signing), sample_pages())
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as opened:
        yield opened


def client_of(app: Any, base: str = BASE, address: str = "198.51.100.7", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(
        transport=transport, base_url=base, headers={"origin": base, "accept-language": "en", **headers}
    )


async def sign_in(client: httpx.AsyncClient, secret: str, clock: Clock, name: str = "ada") -> httpx.Response:
    """With a fresh code; the clock goes on to the next one."""
    clock.now += STEP_SECONDS
    form = {"name": name, "password": PASSWORD, "code": code_of(secret, clock.now)}
    return await client.post("/desk/signin", data=form)


async def csrf_in(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="csrf" content="([0-9a-f]{64})"', (await client.get("/desk/account")).text)
    assert found
    return found[1]


async def test_whoever_proves_it_is_signed_in_until_signing_out(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Sent to sign in, signed in, sees the account, signs out; the old cookie is worth nothing afterwards."""
    sent = await client.get("/desk/account")
    assert (sent.status_code, sent.headers["location"]) == (303, "/desk/signin")
    done = await sign_in(client, secrets_of["ada"], clock)
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    assert "<dd>ada</dd>" in (await client.get("/desk/account")).text
    assert (await client.get("/desk/signin")).headers["location"] == "/desk"
    token = client.cookies["kompas_desk"]
    out = await client.post("/desk/signout", data={"csrf": await csrf_in(client)})
    assert out.headers["location"] == "/desk/signin" and "kompas_desk" not in client.cookies
    client.cookies.set("kompas_desk", token, domain="kompas.test", path="/desk")
    assert (await client.get("/desk/account")).status_code == 303


async def test_every_refusal_is_the_same_to_the_byte(
    client: httpx.AsyncClient, signing: Signing, secrets_of: dict[str, str], clock: Clock
) -> None:
    """An unknown name, a wrong password, a wrong code, a used code, a closed account, nothing at all: one answer."""
    assert (await sign_in(client, secrets_of["ada"], clock)).status_code == 303
    client.cookies.clear()
    used = code_of(secrets_of["ada"], clock.now)
    closed = signing.accounts.add("bob", PASSWORD, "editor")
    signing.accounts.close_account("bob")
    right = code_of(secrets_of["rosa"], clock.now)
    forms: list[dict[str, str]] = [
        {"name": "nobody", "password": PASSWORD, "code": right},
        {"name": "rosa", "password": "a wrong password", "code": right},
        {"name": "rosa", "password": PASSWORD, "code": f"{(int(right) + 1) % 10**6:06}"},
        {"name": "rosa", "password": PASSWORD, "code": "not digits"},
        {"name": "ada", "password": PASSWORD, "code": used},
        {"name": "bob", "password": PASSWORD, "code": code_of(closed, clock.now)},
        {"name": "", "password": "", "code": ""},
        {},
    ]
    answers = [await client.post("/desk/signin", data=form) for form in forms]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert texts(TEXTS, "en")["signin_refused"] in answers[0].text


async def test_after_five_failures_an_account_waits(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Right or wrong, known or unknown, it is told how long; after fifteen minutes the right words count again."""
    limit = TRIES["account"]
    for name in ("ada", "nobody"):
        tries = [{"name": name, "password": "wrong", "code": "000000"}] * limit.most
        assert {(await client.post("/desk/signin", data=form)).status_code for form in tries} == {403}
    right = {"password": PASSWORD, "code": code_of(secrets_of["ada"], clock.now)}
    waits = [await client.post("/desk/signin", data={"name": name, **right}) for name in ("ada", " ADA ", "nobody")]
    assert {one.status_code for one in waits} == {429}
    assert len({one.content for one in waits}) == 1
    assert texts(TEXTS, "en")["signin_wait"].format(minutes=15) in waits[0].text
    assert waits[0].headers["retry-after"] == "900"
    assert (await sign_in(client, secrets_of["rosa"], clock, "rosa")).status_code == 303
    clock.now += limit.seconds
    assert (await sign_in(client, secrets_of["ada"], clock)).status_code == 303


async def test_after_twenty_failures_an_address_waits_and_others_do_not(
    app: FastAPI, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Names that change do not help; the same names from elsewhere are looked at."""
    limit = TRIES["address"]
    async with client_of(app) as bad, client_of(app, address="198.51.100.8") as good:
        for number in range(limit.most):
            form = {"name": f"guess-{number}", "password": "wrong", "code": "000000"}
            assert (await bad.post("/desk/signin", data=form)).status_code == 403
        assert (await sign_in(bad, secrets_of["ada"], clock)).status_code == 429
        assert (await sign_in(good, secrets_of["ada"], clock)).status_code == 303


def test_a_good_sign_in_forgives_the_account_and_not_the_address(
    signing: Signing, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Otherwise whoever has one account could try others for ever."""
    for _ in range(TRIES["address"].most // 4):
        for number in range(3):
            assert signing.sign_in(f"guess-{number}", "wrong", "0", "a") is None
        assert signing.sign_in("ada", "a slip", "0", "a") is None
        clock.now += STEP_SECONDS
        found = signing.sign_in("ada", PASSWORD, code_of(secrets_of["ada"], clock.now), "a")
        if isinstance(found, Wait):
            break
    assert isinstance(signing.sign_in("rosa", "wrong", "0", "a"), Wait)
    assert signing.sign_in("ada", "wrong", "0", "b") is None


def test_what_is_kept_of_tries_names_nobody(signing: Signing, tmp_path: Path) -> None:
    """No address, no name that was typed, which may be a password typed into the wrong field."""
    signing.sign_in("my secret in the wrong field", "hunter2hunter2", "123456", "198.51.100.7")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert len(signing.accounts.file.read("select * from tries")) == 2
    for word in (b"my secret", b"hunter2", b"198.51.100.7"):
        assert word not in kept


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.5", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "10.0.0.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", None, "198.51.100.7"),
    ],
)
def test_an_address_is_the_one_that_a_proxy_of_ours_saw(peer: str, forwarded: str | None, address: str) -> None:
    """Only a proxy on this machine is believed, only its own entry, and an IPv6 network counts as one."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of(Request({"type": "http", "headers": headers, "client": (peer, 1)})) == address


@pytest.mark.parametrize(
    ("pauses", "lasts"),
    [
        ([IDLE_SECONDS - 1], True),
        ([IDLE_SECONDS], False),
        ([IDLE_SECONDS - 60] * 24, True),
        ([IDLE_SECONDS - 60] * 25, False),
        ([WHOLE_SECONDS], False),
    ],
)
def test_a_session_ends_after_thirty_idle_minutes_and_after_twelve_hours(
    signing: Signing, secrets_of: dict[str, str], clock: Clock, pauses: list[int], lasts: bool
) -> None:
    """Use lengthens the one and not the other."""
    token = signing.sign_in("ada", PASSWORD, code_of(secrets_of["ada"], clock.now), "a")
    assert isinstance(token, str)
    person = None
    for pause in pauses:
        clock.now += pause
        person = signing.sessions.find(token)
    assert (person is not None) is lasts
    assert person is None or person.left == WHOLE_SECONDS - sum(pauses)
    assert [one.used for one in signing.sessions.of("ada")] == ([clock.now] if lasts else [])


async def test_a_session_that_somebody_brings_is_not_the_one_that_is_opened(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock
) -> None:
    """The token changes at every sign-in, and the one brought along ends."""
    client.cookies.set("kompas_desk", "chosen-by-somebody-else", domain="kompas.test", path="/desk")
    await sign_in(client, secrets_of["ada"], clock)
    first = client.cookies["kompas_desk"]
    assert first != "chosen-by-somebody-else" and len(first) == 43
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    assert client.cookies["kompas_desk"] != first
    for token, status in ((first, 303), ("chosen-by-somebody-else", 303), (client.cookies["kompas_desk"], 200)):
        client.cookies.clear()
        client.cookies.set("kompas_desk", token, domain="kompas.test", path="/desk")
        assert (await client.get("/desk/account")).status_code == status


PLAIN = "kompas_desk=*; HttpOnly; Path=/desk; SameSite=strict"
BOUND = "__Host-kompas_desk=*; HttpOnly; Path=/; SameSite=strict; Secure"
FROM_PROXY = {"x-forwarded-proto": "https", "origin": "https://kompas.test"}


@pytest.mark.parametrize(
    ("arrival", "cookie"),
    [
        (("http://kompas.test", "198.51.100.7", {}), PLAIN),
        (("https://kompas.test", "198.51.100.7", {}), BOUND),
        (("http://kompas.test", "127.0.0.1", FROM_PROXY), BOUND),
        (("http://kompas.test", "198.51.100.7", {"x-forwarded-proto": "https"}), PLAIN),
    ],
)
async def test_the_cookie_is_for_our_own_pages_and_no_script(
    app: FastAPI, secrets_of: dict[str, str], clock: Clock, arrival: tuple[str, str, dict[str, str]], cookie: str
) -> None:
    """HttpOnly and SameSite=Strict; over https, also behind a proxy of this machine, with the prefix that binds it to the host."""
    base, address, headers = arrival
    async with client_of(app, base, address, **headers) as client:
        done = await sign_in(client, secrets_of["ada"], clock)
    assert re.sub(r"=[\w-]{43};", "=*;", done.headers["set-cookie"]) == cookie


async def test_a_form_without_the_sessions_word_changes_nothing(
    client: httpx.AsyncClient, signing: Signing, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Missing, empty, wrong, or of another session: 403. In the form or in the header: done."""
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    other = signing.sign_in("ada", PASSWORD, code_of(secrets_of["ada"], clock.now), "a")
    assert isinstance(other, str)
    adas = signing.sessions.find(other)
    word = await csrf_in(client)
    assert adas and adas.csrf != word
    for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": adas.csrf}):
        refused = await client.post("/desk/approve", data=form)
        assert refused.status_code == 403 and texts(TEXTS, "en")["refused_stale"] in refused.text
    file = await client.post("/desk/approve", files={"csrf": ("csrf", word.encode())})
    assert file.status_code == 403
    assert (await client.post("/desk/approve", data={"csrf": word}, headers={"x-csrf": "no"})).status_code == 403
    assert (await client.post("/desk/approve", data={"csrf": word})).json() == {"by": "rosa"}
    assert (await client.post("/desk/approve", headers={"x-csrf": word})).json() == {"by": "rosa"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ((BASE, "same-origin"), 200), ((BASE, None), 200), ((None, "same-origin"), 200),
        ((None, None), 403), (("null", None), 403), (("null", "same-origin"), 403), ((BASE, "cross-site"), 403),
        ((BASE, "same-site"), 403), ((BASE, "none"), 403), (("https://kompas.test", "same-origin"), 403),
        (("http://kompas.test.evil.example", None), 403), (("http://kompas.test:8080", None), 403), (("", None), 403),
    ],
)  # fmt: skip
async def test_a_form_from_elsewhere_changes_nothing(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock, said: tuple[str | None, str | None], status: int
) -> None:
    """The browser must say in Origin or Sec-Fetch-Site that our own page sent it, and must not say otherwise in the other."""
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    word = await csrf_in(client)
    del client.headers["origin"]
    headers = {name: value for name, value in zip(("origin", "sec-fetch-site"), said, strict=True) if value is not None}
    assert (await client.post("/desk/approve", data={"csrf": word}, headers=headers)).status_code == status
    if status == 403:
        assert (await client.post("/desk/signin", data={}, headers=headers)).status_code == 403
        assert (await client.get("/desk/account", headers=headers)).status_code == 200


async def test_a_body_that_is_too_long_is_not_read(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock
) -> None:
    """A little for anybody, more for somebody signed in, and none of unknown length."""
    large = b"a" * (pages.BODY_BYTES + 1)
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post("/desk/signin", content=large, headers=form)).status_code == 413
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    word = {"x-csrf": await csrf_in(client), **form}
    assert (await client.post("/desk/approve", content=large, headers=word)).status_code == 200
    assert (await client.post("/desk/approve", content=b"a" * (pages.DESK_BYTES + 1), headers=word)).status_code == 413

    async def unknown() -> AsyncIterator[bytes]:
        yield b"a=b"

    assert (await client.post("/desk/approve", content=unknown(), headers=word)).status_code == 411


async def assert_guarded(client: httpx.AsyncClient, role: str | None, csrf: str, route: tuple[str, str, str]) -> None:
    """Nobody signed in: to the sign-in page, or told so to HTMX. A role without the act: 403. With it: something else."""
    method, path, act = route
    response = await client.request(method, path, headers={"x-csrf": csrf})
    if role is None:
        assert (response.status_code, response.headers["location"]) == (303, "/desk/signin")
        live = await client.request(method, path, headers={"hx-request": "true"})
        assert (live.status_code, live.headers["hx-redirect"], live.content) == (401, "/desk/signin", b"")
    elif act in ROLES[role]:
        assert response.status_code in (200, 303, 422)
    else:
        assert response.status_code == 403 and texts(TEXTS, "en")["refused_role"] in response.text


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: " ".join(route[:2]))
@pytest.mark.parametrize("who", [("", None), ("ada", "editor"), ("rosa", "reviewer"), ("ines", "admin")])
async def test_each_role_reaches_its_own_routes(
    client: httpx.AsyncClient,
    secrets_of: dict[str, str],
    clock: Clock,
    route: tuple[str, str, str],
    who: tuple[str, str | None],
) -> None:
    """All routes of the frame, for all roles and for nobody."""
    name, role = who
    csrf = ""
    if name:
        await sign_in(client, secrets_of[name], clock, name)
        csrf = await csrf_in(client)
    await assert_guarded(client, role, csrf, route)


def test_the_table_of_routes_is_complete(signing: Signing) -> None:
    """Every route of the frame stands in ROUTES, so that none is forgotten by the test above."""
    found = {(method, route.path) for route in pages.router(DeskFrame(signing)).routes for method in route.methods}  # type: ignore[attr-defined]
    assert found == {(method, path) for method, path, _ in ROUTES}


def test_an_act_of_no_role_is_refused_when_the_route_is_made() -> None:
    """A slip of the pen would else lock everybody out, or nobody."""
    with pytest.raises(ValueError, match="aprove"):
        need("aprove")


async def test_somebody_whose_role_changes_signs_in_again(
    client: httpx.AsyncClient, signing: Signing, secrets_of: dict[str, str], clock: Clock
) -> None:
    """The session under the old role ends with the change."""
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    word = await csrf_in(client)
    signing.accounts.set_role("rosa", "editor")
    assert (await client.post("/desk/approve", data={"csrf": word})).status_code == 303
    await sign_in(client, secrets_of["rosa"], clock, "rosa")
    assert (await client.post("/desk/approve", data={"csrf": await csrf_in(client)})).status_code == 403


async def test_sessions_are_revoked_by_their_owner_and_by_an_admin(
    app: FastAPI, secrets_of: dict[str, str], clock: Clock
) -> None:
    """The owner ends all others, the admin all; nobody else's end."""
    async with client_of(app) as here, client_of(app) as there, client_of(app) as admin:
        for one, name in ((here, "ada"), (there, "ada"), (admin, "ines")):
            await sign_in(one, secrets_of[name], clock, name)
        shown = (await here.get("/desk/account")).text
        assert shown.count("Signed in ") == 2 and shown.count("Here:") == 1
        assert (await here.post("/desk/account/signout", data={"csrf": await csrf_in(here)})).status_code == 303
        assert [(await one.get("/desk/account")).status_code for one in (here, there, admin)] == [200, 303, 200]
        assert "sessions: 1" in (await admin.get("/desk/accounts")).text
        word = await csrf_in(admin)
        assert (await admin.post("/desk/accounts/ada/signout", data={"csrf": word})).status_code == 303
        assert (await admin.post("/desk/accounts/nobody/signout", data={"csrf": word})).status_code == 404
        assert [(await one.get("/desk/account")).status_code for one in (here, admin)] == [303, 200]


async def test_the_pages_keep_the_language_that_somebody_chose(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock
) -> None:
    """The sign-in page's at first, then the chosen one, wherever it is; a wrong one or a way out of the desk is not taken."""
    assert '<html lang="ro">' in (await client.get("/desk/signin", headers={"accept-language": "ro-RO,en"})).text
    clock.now += STEP_SECONDS
    form = {"name": "ada", "password": PASSWORD, "code": code_of(secrets_of["ada"], clock.now)}
    await client.post("/desk/signin?lang=pl", data=form)
    assert '<html lang="pl">' in (await client.get("/desk/account")).text
    word = await csrf_in(client)
    back = await client.post("/desk/language", data={"csrf": word, "language": "es", "back": "/desk/account"})
    assert back.headers["location"] == "/desk/account"
    assert '<html lang="es">' in (await client.get("/desk/account")).text
    for away in ("https://evil.example", "//evil.example", "/desk//evil.example", "/desk/../x", "/deskevil", "/desk\n"):
        sent = await client.post("/desk/language", data={"csrf": word, "language": "es", "back": away})
        assert sent.headers["location"] == "/desk"
    assert (await client.post("/desk/language", data={"csrf": word, "language": "de"})).status_code == 422


async def test_every_response_of_the_desk_has_its_headers(
    signing: Signing, secrets_of: dict[str, str], clock: Clock
) -> None:
    """Pages, files, refusals, redirects, what is not there, and what broke; the chat page keeps its own."""
    gateway, _ = make(Echo([]))
    app = create_app(gateway, health)
    install(app, DeskFrame(signing), sample_pages())
    async with client_of(app) as client:
        await sign_in(client, secrets_of["ada"], clock)
        for path in (
            "/desk",
            "/desk/account",
            "/desk/accounts",
            "/desk/static/desk.js",
            "/desk/nothing",
            "/desk/broken",
            "/desk/signin",
        ):
            response = await client.get(path)
            assert {name: response.headers.get_list(name) for name in HEADERS} == {
                name: [value] for name, value in HEADERS.items()
            }
        assert (await client.get("/desk/broken")).status_code == 500
        assert "form-action 'none'" in (await client.get("/")).headers["content-security-policy"]


async def test_what_broke_is_told_to_nobody_but_in_one_sentence(client: httpx.AsyncClient) -> None:
    """No word of the error is in the page."""
    response = await client.get("/desk/broken")
    assert response.status_code == 500 and "a secret" not in response.text
    assert texts(TEXTS, "en")["refused_broken"] in response.text


@pytest.mark.parametrize("name", [*STATIC, "frame.html", "..%2fpages.py", "accounts.py"])
async def test_only_files_of_the_table_are_given(client: httpx.AsyncClient, name: str) -> None:
    """Style, scripts and icon; nothing else, whatever the name."""
    response = await client.get(f"/desk/static/{name}")
    assert response.status_code == (200 if name in STATIC else 404)
    assert name not in STATIC or response.headers["content-type"].startswith(STATIC[name][1])


def test_the_texts_are_there_in_five_languages() -> None:
    """The same keys and placeholders, and every text is somebody's own words."""
    check_texts(TEXTS)
    shown = {code: texts(TEXTS, code)["signin_refused"] for code in LANGUAGES}
    assert len(set(shown.values())) == 5


def test_a_later_folder_of_texts_wins(signing: Signing, tmp_path: Path) -> None:
    """Pages bring their own texts, which stand beside the frame's."""
    for code in LANGUAGES:
        (tmp_path / f"{code}.yml").write_text(f"refused_title: Other {code}\nextra: More\n")
    frame = DeskFrame(signing, (TEXTS, tmp_path))
    request = Request({"type": "http", "method": "GET", "path": "/desk", "headers": [], "query_string": b"lang=nl"})
    page = bytes(frame.page(request, None, "refused.html", reason="extra").body).decode()
    assert "<h1>Other nl</h1>" in page and "More" in page


async def test_nothing_of_a_password_or_a_code_is_logged(
    client: httpx.AsyncClient, secrets_of: dict[str, str], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, of anybody's logger: refused, let in, throttled, broken."""
    caplog.set_level(logging.DEBUG)
    code = code_of(secrets_of["ada"], clock.now + STEP_SECONDS)
    for name in ("ada", "rosa"):
        await client.post("/desk/signin", data={"name": name, "password": "typed by mistake", "code": code})
    assert (await sign_in(client, secrets_of["ada"], clock)).status_code == 303
    for word in (
        PASSWORD,
        PASSWORD.replace(" ", "+"),
        "typed",
        code,
        client.cookies["kompas_desk"],
        await csrf_in(client),
        *secrets_of.values(),
    ):
        assert word not in caplog.text
    assert "csrf=" not in repr(Person("ada", "editor", "nl", "c", b"s", 1))
