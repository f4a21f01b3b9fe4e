"""Takes the pictures of the two desks from a real Kompas on a copy of the knowledge base. Use: `make docs`."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect, sync_playwright  # noqa: E402

from channels.desk.signing import open_signing  # noqa: E402
from knowledge.workshop import Workshop  # noqa: E402
from kompas.settings import read_settings  # noqa: E402
from tests.conftest import free_port, start_kompas, stop_kompas  # noqa: E402
from tests.whole.at_desk import PASSWORD, into_git, own_knowledge, save, sign_in  # noqa: E402

TARGET = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
# What links and QR codes in the pictures lead to: nowhere.
PUBLIC = "https://kompas.example"
PEOPLE = ("mila", "sam")
DESKTOP, WIDE = ViewportSize(width=1280, height=900), ViewportSize(width=1680, height=1000)
TALL = ViewportSize(width=1280, height=1300)
NARROW, PHONE = ViewportSize(width=360, height=780), ViewportSize(width=390, height=844)
# A topic, whose Dutch in it changed, what somebody is working on, and what two people change at once.
TOPIC, BEHIND, DRAFTED, SHARED = "bankrekening", "bank-brief", "bank-contant-vragen", "kvk-adres"
QUESTION, WORKER, CLIENT = "policja chce wejść do mojego mieszkania", "nl", "pl"
# A way to ask that is added in the fields and not saved: only "With this text" knows it.
ASKED = "the lady at the counter stared at my envelope"
COLOURS = 256


def main() -> int:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = installation(Path(folder))
        accounts = open_signing(read_settings(settings).state).accounts
        secrets = {name: accounts.add(name, PASSWORD, "editor") for name in PEOPLE}
        kompas = start_kompas(settings, Path(folder) / "output.txt")
        try:
            with chromium() as browser:
                desk_pictures(browser, kompas.settings.web_url, secrets)
                find_pictures(browser, kompas.settings.web_url)
        finally:
            stop_kompas(kompas)
    return 0


def installation(home: Path) -> Path:
    """Settings with free ports, a state folder and a knowledge base of their own, in which somebody is at work."""
    knowledge = own_knowledge(home)
    into_git(knowledge)
    edit(Workshop(knowledge))
    text = re.sub(r"^port = \d+", lambda _: f"port = {free_port()}", (ROOT / "settings.toml").read_text(), flags=re.M)
    told = {"knowledge": knowledge, "secrets": home / "secrets", "state": home / "state", "public_url": PUBLIC}
    for key, value in told.items():
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "{value}"', text, flags=re.M)
    path = home / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def edit(workshop: Workshop) -> None:
    """One entry whose Dutch was taken over without its translations, and a draft that breaks rules."""
    found = workshop.open(BEHIND)
    told = found.content["nl"]
    content = found.content | {"nl": told | {"answer": told["answer"].rstrip("\n") + "\nBewaar de brief van de bank.\n"}}
    saved = workshop.save(BEHIND, content, found.version, "sam")
    workshop.take_over(BEHIND, ["nl"], "checked", "sam", saved.version)
    found = workshop.open(DRAFTED)
    told = {code: dict(found.content[code]) for code in ("nl", "en")}
    told["nl"]["answer"] = told["nl"]["answer"].replace("bank", "bank (of pinautomaat)", 1)
    told["en"]["question"] = "The bank asks about my cash. Is a good end guaranteed?"
    workshop.save(DRAFTED, found.content | told, found.version, "mila")


@contextmanager
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def desk_pictures(browser: Browser, url: str, secrets: dict[str, str]) -> None:
    pages = {name: sign_in(browser, url, name, secret, DESKTOP) for name, secret in secrets.items()}
    mila, sam = pages["mila"], pages["sam"]
    mila.goto(f"{url}/desk?topic={TOPIC}")
    mila.locator("details.matrix summary").click()
    mila.set_viewport_size(TALL)
    mila.evaluate("scrollTo(0, 0)")
    keep(mila, "desk-list.png")
    mila.set_viewport_size(WIDE)
    mila.goto(f"{url}/desk/entry/{DRAFTED}")
    keep(mila, "desk-entry.png")
    ways = mila.locator('[name="en.phrasings"]')
    ways.fill(f"{ways.input_value()}\n{ASKED}")
    mila.get_by_label("A question as people type it").fill(ASKED)
    mila.locator("#trial-language").select_option("en")
    mila.get_by_role("button", name="What would Kompas answer?").click()
    expect(mila.locator("#trial li").first).to_be_visible(timeout=30_000)
    keep(mila, "desk-trial.png", clip=around([mila.locator("section.box").filter(has=mila.locator("#trial"))]))
    save(mila)
    mila.set_viewport_size(NARROW)
    mila.goto(f"{url}/desk/entry/{DRAFTED}")
    mila.locator('label[for="tab-en"]').click()
    mila.locator(".tabs").evaluate("tabs => tabs.scrollIntoView({behavior: 'instant'})")
    keep(mila, "desk-entry-phone.png")
    for page in (mila, sam):
        page.set_viewport_size(DESKTOP)
        page.goto(f"{url}/desk/entry/{SHARED}")
    for page, change in ((mila, ("KvK", "KvK (Chamber of Commerce)")), (sam, ("address", "home address"))):
        question = page.locator('[name="en.question"]')
        question.fill(question.input_value().replace(*change))
        save(page)
    expect(sam.get_by_role("heading", level=1)).to_have_text("Two people changed the same thing")
    keep(sam, "desk-collision.png")


def find_pictures(browser: Browser, url: str) -> None:
    page = browser.new_context(locale="nl-NL", viewport=DESKTOP).new_page()
    page.goto(f"{url}/find?a={WORKER}&b={CLIENT}")
    page.get_by_role("searchbox").fill(QUESTION)
    expect(page.locator("#results a").first).to_be_visible(timeout=20_000)
    keep(page, "find-search.png")
    page.locator("#results a").first.click()
    expect(page.locator(".side")).to_have_count(2)
    keep(page, "find-answer.png")
    answer = page.url
    page.set_viewport_size(PHONE)
    page.locator("#client").click()
    expect(page.locator("#show .answer")).to_be_visible()
    keep(page, "find-client-phone.png")
    page.set_viewport_size(DESKTOP)
    page.goto(answer.replace("?", "/card?"))
    keep(page, "find-card.png", clip=around(page.locator(".sheet").all()))


def around(parts: list[Locator]) -> FloatRect:
    """The smallest frame around all of them on the whole page, with a margin."""
    parts[0].page.evaluate("scrollTo(0, 0)")
    boxes = [box for part in parts if (box := part.bounding_box())]
    left, top = min(box["x"] for box in boxes) - 8, min(box["y"] for box in boxes) - 8
    right, bottom = max(box["x"] + box["width"] for box in boxes) + 8, max(box["y"] + box["height"] for box in boxes) + 8
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def keep(page: Page, name: str, clip: FloatRect | None = None) -> None:
    """A picture under docs/images of what is seen, or of a part of the whole page; a palette makes it a third as large."""
    path = TARGET / name
    page.screenshot(path=path, animations="disabled", clip=clip, full_page=bool(clip))
    with Image.open(path) as taken:
        small = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    sys.exit(main())
