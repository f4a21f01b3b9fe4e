"""The chat page in a real Chromium: asking, tapping, the keyboard, the hide key, and nothing asked of anybody else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.messages import catalogue
from knowledge.entry import LANGUAGES
from tests.conftest import Running

pytestmark = [pytest.mark.rasa, pytest.mark.browser]

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(browser: Browser, kompas: Running, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param, locale="es-ES")
    opened = context.new_page()
    opened.goto(kompas.settings.web_url)
    yield opened
    context.close()


def ask(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def test_a_question_is_answered_on_the_page(page: Page) -> None:
    """Typed and sent with Enter, answered in Spanish with its source, and nothing sticks out sideways."""
    expect(page.locator("html")).to_have_attribute("lang", "es")
    ask(page, "la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?")
    answer = page.locator("#messages li.kompas:not(.waiting)").nth(1)
    expect(answer).to_contain_text("Tu vivienda está protegida", timeout=15_000)
    expect(answer.locator(".source")).to_contain_text("Fuente:")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_tap_on_a_button_asks_it(page: Page) -> None:
    """A related question is answered at once."""
    ask(page, "la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?")
    button = page.locator("#messages .choices button").first
    expect(button).to_be_visible(timeout=15_000)
    title = button.inner_text()
    button.click()
    expect(page.locator("#messages li.you").last).to_have_text(title)
    expect(page.locator("#messages li.kompas:not(.waiting)").nth(2)).to_be_visible(timeout=15_000)


def test_the_language_is_chosen_by_its_own_name(page: Page) -> None:
    """All five are there; a tap changes the page and the assistant."""
    for language in LANGUAGES:
        expect(page.get_by_role("button", name=catalogue(language)["language_name"], exact=True)).to_be_visible()
    page.get_by_role("button", name="Română", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ro")
    expect(page.locator("#send")).to_have_text(catalogue("ro")["page_send"])
    told = page.locator("#messages li.kompas:not(.waiting)")
    expect(told.filter(has_text=catalogue("ro")["language_changed"])).to_be_visible(timeout=15_000)
    expect(told.last).to_have_text(catalogue("ro")["greet"])


def test_the_page_works_with_the_keyboard_alone(page: Page) -> None:
    """Tab reaches every control, each shows its focus and has a name."""
    names = []
    page.locator("body").press("Tab")
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(document.activeElement.labels?.[0] || document.activeElement).textContent.trim() || document.activeElement.ariaLabel"
            )
        )
        assert (
            page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            or names[-1] is None
            or page.evaluate("document.activeElement === document.body")
        )
    for wanted in ("Română", catalogue("es")["page_send"], catalogue("es")["page_hide"]):
        assert wanted in names


def test_esc_twice_blanks_the_page(page: Page) -> None:
    """Once is nothing; twice leaves an empty page with an empty title, and going back does not bring it up again."""
    ask(page, "hola")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox")).to_be_visible()
    page.wait_for_timeout(1100)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    assert page.title() == "" and page.inner_text("body") == ""


def test_a_screen_reader_hears_new_messages(page: Page) -> None:
    """The list of messages is a polite live log with a name, and each message says its language."""
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_have_attribute("aria-label", catalogue("es")["page_conversation"])
    ask(page, "hola")
    expect(page.locator("#messages li.kompas[lang=es]")).to_be_visible(timeout=15_000)


def test_what_is_typed_is_shown_as_text(page: Page) -> None:
    """Markup stays letters."""
    ask(page, "<img src=x onerror=alert(1)> hola")
    expect(page.locator("#messages li.you")).to_have_text("<img src=x onerror=alert(1)> hola")
    assert page.locator("#messages img").count() == 0


def test_nobody_else_is_asked_and_nothing_is_stored(browser: Browser, kompas: Running) -> None:
    """No request to another host, no cookie, no storage, no complaint of the policy."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(kompas.settings.web_url)
    ask(page, "can the police come into my home?")
    expect(page.locator("#messages .source")).to_be_visible(timeout=15_000)
    assert requests and all(url.startswith(kompas.settings.web_url) for url in requests)
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert complaints == []
    context.close()


def test_colours_have_enough_contrast(page: Page) -> None:
    """Text and its background differ by at least 4.5 to 1 (WCAG 2.2, 1.4.3) on the page's main parts."""
    ratio = """selector => {
      const channel = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
      const light = rgb => { const [r, g, b] = rgb.match(/[0-9.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
      const element = document.querySelector(selector);
      let behind = element;
      while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
      const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    }"""
    ask(page, "la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?")
    expect(page.locator("#messages .source")).to_be_visible(timeout=15_000)
    for selector in (
        "#intro",
        "#hide",
        "#send",
        "#languages button[aria-pressed=true]",
        "#languages button[aria-pressed=false]",
        "#messages .you p",
        "#messages .source",
        "#messages .choices button",
    ):
        assert page.evaluate(ratio, selector) >= 4.5, selector


def test_without_rasa_the_page_says_what_to_do(browser: Browser, kompas: Running, tmp_path: Path) -> None:
    """When no answer comes at all, the page itself names the emergency number."""
    page = browser.new_page()
    page.goto(f"{kompas.settings.web_url}/?lang=en")
    page.route("**/api/chat", lambda route: route.abort())
    ask(page, "hello")
    expect(page.locator("#messages li.kompas").last).to_have_text(catalogue("en")["page_failed"])
    page.close()
