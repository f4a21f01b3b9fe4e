"""The outreach desk in a real Chromium: searching, showing, printing, without a connection, and nothing left behind."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.messages import say, texts
from channels.find.pages import Pair, card_size
from channels.find.shown import TEXTS, Shown, code_of, selection
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.shelf import Shelf
from tests.channels.test_find import desk
from tests.conftest import REAL_KNOWLEDGE, TODAY, make_entry, write_entry
from tests.peers.serving import serving

pytestmark = pytest.mark.browser

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
DUTCH = texts(TEXTS, "nl")
LOST, COPY = code_of("keys-lost"), code_of("keys-copy")
KEPT = "async () => (await caches.match('/find/data.json')) !== undefined"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@dataclass(frozen=True)
class Served:
    """A running desk over the tiny folder."""

    url: str
    shelf: Shelf


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    app, shelf = desk(folder)
    with serving(app) as url:
        yield Served(url, shelf)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=request.param, locale="nl-NL")
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Page:
    opened = context.new_page()
    opened.goto(f"{served.url}/find?a=nl&b=es")
    return opened


def no_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_results_come_while_typing(page: Page) -> None:
    """Both titles with their languages; the address and the history stay as they were; a screen reader hears the count."""
    page.locator("#q").press_sequentially("copied ke", delay=20)
    expect(page.locator(".found li").first).to_contain_text("copied keys nl question?")
    expect(page.locator(".found li").first.locator("span[lang=es]")).to_have_text("copied keys es question?")
    expect(page.locator("#status")).to_have_text(DUTCH["count"].format(count=page.locator(".found li").count()))
    assert page.url.endswith("/find?a=nl&b=es") and page.evaluate("history.length") <= 2
    assert no_sideways(page)
    page.locator("#q").fill("")
    expect(page.locator(".found")).to_have_count(0)


def test_a_crisis_is_above_the_results(page: Page) -> None:
    """The Dutch numbers appear in both languages while somebody types."""
    page.locator("#q").fill("hij staat voor mijn deur met een mes")
    expect(page.locator("#results > .crisis:first-child p[lang=nl]")).to_have_text(say("nl", "crisis_violence_now"))
    expect(page.locator(".crisis p[lang=es]")).to_have_text(say("es", "crisis_violence_now"))


def test_topics_and_letters_need_one_tap(page: Page) -> None:
    """A tap on a topic or a letter lists its entries in place."""
    page.get_by_role("button", name="boats").click()
    expect(page.locator(".found li")).to_have_count(1)
    page.get_by_role("button", name=DUTCH["letter_cak"]).click()
    expect(page.locator(".found li")).to_contain_text("lost keys nl question?")


def test_other_languages_keep_what_was_typed(page: Page) -> None:
    """The page turns Romanian, the results too, and the field keeps its text."""
    page.locator("#q").fill("lost keys")
    expect(page.locator(".found li").first).to_be_visible()
    page.locator("#a").select_option("ro")
    expect(page.locator("html")).to_have_attribute("lang", "ro")
    expect(page.locator("label[for=q]")).to_have_text(texts(TEXTS, "ro")["question"])
    expect(page.locator(".found span[lang=ro]").first).to_be_visible()
    expect(page.locator("#q")).to_have_value("lost keys")
    assert page.url.endswith("?a=ro&b=es")
    page.locator("#q").fill("mooring boat")
    expect(page.locator(".found li").first).to_contain_text("mooring a boat ro question?")


def test_an_answer_stands_side_by_side(page: Page) -> None:
    """Beside each other where there is room, below each other on a phone; the title says nothing."""
    page.locator("#q").fill("lost keys")
    page.locator(".found a").first.click()
    expect(page.locator("article[lang=es]")).to_contain_text("The answer about lost keys")
    left, right = (page.locator(f"article[lang={language}]").bounding_box() for language in ("nl", "es"))
    assert left and right
    assert (left["y"] == right["y"]) if page.viewport_size == DESKTOP else (left["y"] + left["height"] <= right["y"])
    assert page.title() == "Kompas" and page.url.endswith(f"/find/k/{LOST}?a=nl&b=es")
    assert no_sideways(page)
    page.locator("#b").select_option("pl")
    expect(page.locator("article[lang=pl]")).to_contain_text("lost keys pl question?")


def test_the_client_sees_only_her_language(page: Page, served: Served) -> None:
    """One language, larger, over the whole screen, with nothing to press but close; closing brings the page back."""
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=pl")
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    before = page.locator("main article.client .answer").first.evaluate(size)
    page.locator("#client").click()
    shown = page.locator("#show")
    expect(shown.locator("article")).to_have_attribute("lang", "pl")
    box = shown.bounding_box()
    assert box and box["x"] == box["y"] == 0 and [box["width"], box["height"]] == page.evaluate("[innerWidth, innerHeight]")
    assert shown.locator(".answer").evaluate(size) > before
    assert shown.locator("button:visible").all_inner_texts() == [f"✕ {DUTCH['close']}"]
    page.locator("#close").click()
    expect(shown).to_be_hidden()
    expect(page.locator("main article:visible")).to_have_count(2)


def test_reading_aloud_needs_a_voice_of_the_device(context: BrowserContext, served: Served) -> None:
    """A button only for the language with a local voice; it reads sentence by sentence with that voice, and stops."""
    page = context.new_page()
    page.add_init_script("""
      const said = window.said = [];
      const voices = [{lang: "pl-PL", localService: true}, {lang: "nl-NL", localService: false}];
      window.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
      Object.defineProperty(window, "speechSynthesis", {value: Object.assign(new EventTarget(), {
        getVoices: () => voices, cancel: () => { said.length = 0; }, speak: (one) => said.push([one.text, one.lang]) })});
    """)
    page.goto(f"{served.url}/find/k/{COPY}?a=nl&b=pl")
    expect(page.locator("article[lang=pl] .aloud")).to_be_visible()
    expect(page.locator("article[lang=nl] .aloud")).to_be_hidden()
    page.locator("article[lang=pl] .aloud").click()
    told = page.evaluate("said")
    assert told[0] == ["copied keys pl question?", "pl-PL"] and len(told) > 5
    page.locator("article[lang=pl] .stop").click()
    assert page.evaluate("said") == []
    expect(page.locator("article[lang=pl] .stop")).to_be_hidden()


def test_the_link_can_be_copied_read_and_scanned(context: BrowserContext, served: Served) -> None:
    """The clipboard holds the address beside it, and the picture of it is drawn."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=es")
    page.locator("#copy").click()
    expect(page.locator("#copied")).to_have_text(DUTCH["copied"])
    assert page.evaluate("navigator.clipboard.readText()") == f"{served.url}/find/k/{LOST}?a=es&b=nl"
    assert page.locator("#address").inner_text() == f"{served.url}/find/k/{LOST}?a=es&b=nl"
    assert page.evaluate("document.querySelector('.share img').naturalWidth") > 100


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


# Millimetres between the end of each column's text and the end of the sheet.
ROOM = """() => [...document.querySelectorAll('article')].map((article) => {
  const text = document.createRange();
  text.selectNodeContents(article);
  return (article.getBoundingClientRect().bottom - text.getBoundingClientRect().bottom) * 25.4 / 96;
})"""


def longest_side(shown: Shown, pair: Pair) -> int:
    sides = [shown.sides[language] for language in pair.both]
    return max(len(side.question + side.answer + side.sources + side.status) for side in sides)


def test_the_longest_cards_are_two_sheets(browser: Browser) -> None:
    """For every pair of languages, the longest texts of each size stay inside their sheet, and there are just two."""
    shown = list(selection(load(REAL_KNOWLEDGE), TODAY).by_code.values())
    app, _ = desk(REAL_KNOWLEDGE)
    page = browser.new_page()
    page.emulate_media(media="print")
    with serving(app) as url:
        for pair in (Pair(a, b) for a, b in itertools.combinations(LANGUAGES, 2)):
            sized = sorted(shown, key=partial(longest_side, pair=pair), reverse=True)
            longest = {card_size(one, pair): one for one in reversed(sized)}.values()
            for one in longest:
                page.goto(f"{url}/find/k/{one.code}/card?a={pair.a}&b={pair.b}")
                assert min(page.evaluate(ROOM)) > 3, (one.entry, pair)
                assert pages_of(page.pdf(prefer_css_page_size=True)) == 2, (one.entry, pair)
    page.close()


def test_the_outside_of_a_card_gives_nothing_away(page: Page, served: Served) -> None:
    """Only the name, a neutral word in both languages and the code; inside both texts, the source and who helps."""
    page.goto(f"{served.url}/find/k/{LOST}/card?a=nl&b=es")
    outside = page.locator(".outside").inner_text().split()
    assert outside == ["Kompas", "Informatie", "/", "Información"]
    assert page.evaluate("document.querySelector('.outside img').naturalWidth") > 100
    inside = page.locator(".inside").inner_text()
    for language in ("nl", "es"):
        assert f"lost keys {language} question?" in inside and say(language, "contacts") in inside
    assert "A law, art. 1" in inside and "2026-11-01" in inside
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 2


def wait_for(page: Page, what: str) -> None:
    """Until an asynchronous function in the page gives true."""
    until = time.monotonic() + 10
    while not page.evaluate(what):
        assert time.monotonic() < until, what
        page.wait_for_timeout(50)


def test_it_works_without_a_connection_after_the_first_visit(page: Page, context: BrowserContext, served: Served) -> None:
    """Searching goes on in the open page; addresses open, also after a reload; both texts are there word for word."""
    wait_for(page, KEPT)
    context.set_offline(True)
    page.locator("#q").fill("copied kéys")
    expect(page.locator(".found li").first).to_contain_text("copied keys es question?")
    expect(page.locator("#results .note")).to_contain_text("112")
    page.goto(f"{served.url}/find?a=ro&b=pl")
    expect(page.locator("html")).to_have_attribute("lang", "ro")
    page.locator("#q").fill("lost keys")
    expect(page.locator(".found li").first.locator("span[lang=pl]")).to_have_text("lost keys pl question?")
    page.locator(".found a").first.click()
    expect(page.locator("article.client[lang=pl] .answer")).to_have_text(served.shelf.library.entries["keys-lost"].pl.answer)
    expect(page.locator("article[lang=ro] .sources a")).to_have_attribute("href", "https://law.example/x")
    expect(page.locator("article[lang=ro] .status")).to_contain_text("2026-11-01")
    page.get_by_role("button", name="boats").click()
    expect(page.locator(".found li")).to_have_count(1)
    assert no_sideways(page)


def test_when_the_server_is_gone_the_phone_answers(context: BrowserContext, folder: Path) -> None:
    """Not only without a connection: also when nobody answers at that address any more."""
    app, _ = desk(folder)
    page = context.new_page()
    with serving(app) as url:
        page.goto(f"{url}/find?a=nl&b=es")
        wait_for(page, KEPT)
    page.locator("#q").fill("lost keys")
    expect(page.locator(".found li").first).to_contain_text("lost keys nl question?")
    page.goto(f"{url}/find/k/{LOST}?a=nl&b=es")
    expect(page.locator("article[lang=es]")).to_contain_text("The answer about lost keys")


def test_what_was_withdrawn_disappears_with_the_connection(
    page: Page, context: BrowserContext, served: Served, folder: Path
) -> None:
    """It is there as long as nobody can say otherwise; online its address is empty at once, and the phone forgets it."""
    wait_for(page, KEPT)
    withdrawn = make_entry("keys-lost", "keys", "lost keys")
    for language in LANGUAGES:
        withdrawn[language]["status"] = "draft"
    write_entry(folder, withdrawn)
    served.shelf.reload()
    context.set_offline(True)
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=es")
    expect(page.locator("article[lang=nl]")).to_be_visible()
    context.set_offline(False)
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=es")
    expect(page.locator("main")).to_contain_text(DUTCH["gone"])
    wait_for(
        page, f"async () => !(await (await caches.match('/find/data.json'))?.text() ?? '{LOST}').includes('\"{LOST}\"')"
    )
    wait_for(page, "async () => (await caches.keys()).length === 1")
    context.set_offline(True)
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=es")
    expect(page.locator("main")).to_contain_text(DUTCH["gone"])
    assert page.locator("article").count() == 0


def test_the_texts_can_be_taken_off_the_phone(page: Page) -> None:
    """The page says that they are kept; one press and neither cache nor worker is left."""
    expect(page.locator("#kept")).to_contain_text(DUTCH["kept"])
    wait_for(page, KEPT)
    page.locator("#forget").click()
    expect(page.locator("#kept")).to_have_text(DUTCH["forgotten"])
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0


def test_the_phone_finds_what_the_server_finds_by_words(page: Page, served: Served, folder: Path) -> None:
    """The two word searches give the same entries in the same order with the same scores."""
    words = selection(load(folder), TODAY).words
    lines = [(owner, line) for owner, _, line in load(folder).phrasings()]
    asked = [
        "lost keys",
        "kéys",
        "mooring phrasing two",
        "copie",
        "boat keys lost nl",
        "łódź x",
        "",
        "question question one",
    ]
    found = page.evaluate(
        """async ([lines, asked]) => {
          const { WordIndex } = await import('/find/static/words.js');
          const index = new WordIndex(lines);
          return asked.map((text) => index.search(text));
        }""",
        [lines, asked],
    )
    for text, theirs in zip(asked, found, strict=True):
        ours = words.search(text)
        assert [entry for entry, _ in ours] == [entry for entry, _ in theirs], text
        assert all(abs(score - other[1]) < 1e-9 for (_, score), other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("path", ["", f"/k/{LOST}", f"/k/{LOST}/card"])
def test_esc_twice_blanks_it(page: Page, served: Served, path: str) -> None:
    """Once is nothing; twice leaves an empty page with an empty title; so does the button."""
    page.goto(f"{served.url}/find{path}?a=nl&b=es")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1100)
    assert page.title() == "Kompas"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    assert page.title() == "" and page.inner_text("body") == ""
    page.goto(f"{served.url}/find{path}?a=nl&b=es")
    page.locator("#hide").click()
    page.wait_for_url("about:blank")


def test_esc_twice_blanks_it_while_the_client_looks(page: Page, served: Served) -> None:
    """Also over the whole screen."""
    page.goto(f"{served.url}/find/k/{LOST}?a=nl&b=es")
    page.locator("#client").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    """From the skip link to the first result and its answer, every stop with a name and a visible focus."""
    page.locator("body").press("Tab")
    names = []
    for _ in range(9):
        names.append(page.evaluate("(document.activeElement.labels?.[0] || document.activeElement).textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Tab")
    for wanted in ("skip", "hide", "mine", "theirs", "question", "search"):
        assert DUTCH[wanted] in names
    page.locator("#q").focus()
    page.keyboard.type("lost keys")
    page.keyboard.press("Enter")
    expect(page.locator(".found li").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("article[lang=es]")).to_be_visible()
    expect(page.locator("#client")).to_be_visible()
    page.locator("#client").press("Enter")
    expect(page.locator("#close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#show")).to_be_hidden()


def test_without_script_it_is_a_form(browser: Browser, served: Served) -> None:
    """Typed, sent, listed, opened, other languages: all without a line of script, and no button that needs one."""
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{served.url}/find?a=nl&b=es")
    assert page.locator("#hide").is_hidden() and page.locator("#kept").is_hidden()
    page.locator("#q").fill("lost keys")
    page.get_by_role("button", name=DUTCH["search"]).click()
    page.locator(".found a").first.click()
    assert page.locator("article[lang=es]").is_visible() and page.locator("#client").is_hidden()
    page.locator("#b").select_option("pl")
    page.get_by_role("button", name=DUTCH["change"]).click()
    assert page.locator("article[lang=pl]").is_visible()
    context.close()


def test_nobody_else_is_asked_and_nothing_complains(browser: Browser, served: Served) -> None:
    """On every page: no request to another host, no cookie, no storage but the texts, no complaint of the policy."""
    context = browser.new_context(viewport=PHONE)
    requests: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.url}/find?a=nl&b=es")
    page.locator("#q").fill("secretword lost keys")
    expect(page.locator(".found li").first).to_be_visible()
    page.locator("#a").select_option("pl")
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    page.get_by_role("button", name="boats").click()
    page.locator(".found a").first.click()
    page.locator("#client").click()
    page.locator("#close").click()
    page.goto(f"{served.url}/find/k/{LOST}/card?a=nl&b=es")
    wait_for(page, KEPT)
    assert requests and all(url.startswith(served.url) for url in requests)
    assert not [url for url in requests if "secretword" in url]
    assert context.cookies() == [] and page.evaluate("localStorage.length + sessionStorage.length") == 0
    kept = page.evaluate(
        "async () => { const told = []; for (const name of await caches.keys()) for (const one of await (await caches.open(name)).keys()) told.push(one.url); return told; }"
    )
    assert not [url for url in kept if "/k/" in url or "secretword" in url]
    assert complaints == []
    context.close()


CONTRAST = """selector => {
  const channel = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = rgb => { const [r, g, b] = rgb.match(/[0-9.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  return Math.min(...[...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).map(element => {
    let behind = element;
    while (behind !== document.documentElement && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    const paper = getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)' ? 'rgb(255, 255, 255)' : getComputedStyle(behind).backgroundColor;
    const [a, b] = [light(getComputedStyle(element).color), light(paper)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""


def test_colours_have_enough_contrast(page: Page, served: Served) -> None:
    """Every visible piece of text differs from its ground by at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    page.locator("#q").fill("hij staat voor mijn deur met een mes keys")
    expect(page.locator(".crisis")).to_be_visible()
    for address in ("", f"/find/k/{LOST}?a=nl&b=es", f"/find/k/{LOST}/card?a=nl&b=es"):
        if address:
            page.goto(served.url + address)
        assert page.evaluate(CONTRAST, "p, span, a, h1, h2, button, label, select, input:not([type=hidden]), code") >= 4.5


@pytest.mark.parametrize("lang", ["pl", "all"])
def test_the_file_searches_itself(context: BrowserContext, served: Served, tmp_path: Path, lang: str) -> None:
    """Opened from disk without any connection: words and beginnings lead to the answers, and Esc twice blanks it."""
    page = context.new_page()
    page.goto(f"{served.url}/find")
    content = page.evaluate(f"fetch('/find/all.html?lang={lang}').then((response) => response.text())")
    (tmp_path / "kompas.html").write_text(content, encoding="utf-8")
    context.set_offline(True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.goto((tmp_path / "kompas.html").as_uri())
    page.locator("#q").fill("mooríng bo pl")
    expect(page.locator("details:visible")).to_have_count(1)
    expect(page.locator("details:visible")).to_contain_text("mooring a boat pl question?")
    page.locator("summary:visible").click()
    expect(page.locator(".answer:visible")).to_contain_text("The answer about mooring a boat")
    assert no_sideways(page) and complaints == [] and page.title() == "Kompas"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
