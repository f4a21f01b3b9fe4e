"""The desk's frame in a real Chromium: signing in, the keyboard, HTMX, and nothing asked of anybody else."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.messages import texts
from channels.desk.pages import TEXTS, DeskFrame, install
from channels.desk.signing import IDLE_SECONDS, WHOLE_SECONDS, open_signing
from tests.channels.test_accounts import PASSWORD, QUICK, code_of
from tests.channels.test_signing import sample_pages
from tests.peers.serving import serving

pytestmark = pytest.mark.browser

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip


class Desk:
    """The small application, and how to sign in to it in a browser."""

    def __init__(self, state: Path, stack: ExitStack) -> None:
        self.signing = open_signing(state, hasher=QUICK)
        self.secret = self.signing.accounts.add("ines", PASSWORD, "admin")
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        install(app, DeskFrame(self.signing), sample_pages())
        self.sent: list[dict[str, str]] = []
        app.add_middleware(Listening, sent=self.sent)
        self.url = stack.enter_context(serving(app))
        stack.callback(self.signing.close)

    def sign_in(self, page: Page) -> None:
        page.goto(f"{self.url}/desk/account")
        page.locator("#name").fill("ines")
        page.locator("#password").fill(PASSWORD)
        page.locator("#code").fill(code_of(self.secret, time.time()))
        page.locator("main button").click()
        expect(page.locator("dd").first).to_have_text("ines")
        page.wait_for_load_state()


class Listening:
    """Writes down what a browser says of itself."""

    def __init__(self, app: Any, sent: list[dict[str, str]]) -> None:
        self.app, self.sent = app, sent

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            self.sent.append(dict(Request(scope).headers))
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path / "state", stack)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(browser: Browser, desk: Desk, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that complains to nobody and asks nothing of anybody else, whatever the test does."""
    context = browser.new_context(viewport=request.param, locale="pl-PL")
    opened = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    # Chromium writes every 401 to its console; that one is meant.
    opened.on("console", lambda message: "status of 401" in message.text or said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda one: asked.append(one.url))
    yield opened
    assert said == []
    assert [url for url in asked if not url.startswith((desk.url, "about:"))] == []
    context.close()


def test_signing_in_and_out_in_a_browser(page: Page, desk: Desk) -> None:
    """In Polish, at 360 px and on a desktop: nothing sticks out, targets are large, text is readable, the form says where it is from."""
    page.goto(f"{desk.url}/desk")
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    small = "[...document.querySelectorAll('a:not(.skip), button, input:not([type=hidden])')].filter(e => e.offsetHeight && (e.offsetHeight < 44 || e.offsetWidth < 44)).length"
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    letters = "Math.min(...[...document.querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    for sign_in_first in (True, False):
        assert page.evaluate(fits) and page.evaluate(small) == 0 and page.evaluate(letters) >= 16
        if sign_in_first:
            desk.sign_in(page)
    page.get_by_role("button", name="Română", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ro")
    page.goto(f"{desk.url}/desk/accounts")
    expect(page.locator("nav a[aria-current=page]")).to_have_text(texts(TEXTS, "ro")["nav_accounts"])
    assert page.evaluate(fits) and page.evaluate(small) == 0
    page.get_by_role("button", name=texts(TEXTS, "ro")["sign_out"], exact=True).click()
    expect(page.locator("#password")).to_be_visible()
    assert page.context.cookies() == []
    assert [(one["origin"], one["sec-fetch-site"]) for one in desk.sent] == [(desk.url, "same-origin")] * 3


def test_the_keyboard_finds_its_way(page: Page, desk: Desk) -> None:
    """The first Tab is the way to the content, and shows where it is; Enter in the form signs in; Esc twice leaves nothing behind."""
    page.goto(f"{desk.url}/desk/signin")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    assert "3px" in skip.evaluate("e => getComputedStyle(e).outline")
    page.locator("#name").fill("ines")
    page.locator("#password").fill(PASSWORD)
    page.locator("#code").fill(code_of(desk.secret, time.time()))
    page.locator("#code").press("Enter")
    expect(page.locator("dd").first).to_have_text("ines")
    while page.url != "about:blank":  # on a busy machine two presses may come too far apart
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_timeout(200)


def test_htmx_brings_the_sessions_word_and_goes_to_sign_in_when_it_ended(page: Page, desk: Desk) -> None:
    """A live form works through X-CSRF; after the session has ended HTMX leaves for the sign-in page. Nothing is evaluated."""
    desk.sign_in(page)
    assert page.evaluate("[htmx.config.allowEval, htmx.config.includeIndicatorStyles, htmx.config.selfRequestsOnly, htmx.config.historyCacheSize]") == [False, False, True, 0]  # fmt: skip
    page.evaluate("htmx.ajax('POST', '/desk/approve', {target: 'main', swap: 'textContent'})")
    expect(page.locator("main")).to_have_text('{"by":"ines"}')
    assert re.fullmatch(r"[0-9a-f]{64}", desk.sent[-1]["x-csrf"])
    desk.signing.accounts.end_sessions("ines")
    page.evaluate("htmx.ajax('GET', '/desk/account', 'main').catch(() => {})")
    page.wait_for_url(f"{desk.url}/desk/signin")


def test_a_warning_comes_two_minutes_before_the_session_ends(page: Page, desk: Desk) -> None:
    """Hidden until then; staying puts it off; when twelve hours are nearly over nothing is offered that would not help."""
    page.clock.install()
    desk.sign_in(page)
    ending = page.locator("#ending")
    page.clock.fast_forward((IDLE_SECONDS - 130) * 1000)
    expect(ending).to_be_hidden()
    page.clock.fast_forward(11_000)
    expect(ending).to_be_visible()
    stay = ending.get_by_role("button")
    stay.click()
    expect(ending).to_be_hidden()
    with desk.signing.accounts.file.change() as db:
        db.execute("update sessions set made = made - ?", (WHOLE_SECONDS - 600,))
    page.reload()
    page.clock.fast_forward((600 - 130) * 1000)
    expect(ending).to_be_hidden()
    page.clock.fast_forward(15_000)
    expect(ending).to_be_visible()
    expect(stay).to_be_hidden()
