"""The editors' pages: list, entry, vetting, gaps, spreadsheets; over the real workshop in a real git repository."""

from __future__ import annotations

import datetime as dt
import html
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, expect, sync_playwright

from bot.messages import check_texts, texts
from channels.desk import words
from channels.desk.accounts import ROLES
from channels.desk.forms import as_typed, claim_rows, field_names, read_content, value_at
from channels.desk.pages import TEXTS, DeskFrame, install
from channels.desk.sheets import MOST_BYTES, Uploads, read_workbook
from channels.desk.signing import IDLE_SECONDS, Signing, open_signing
from channels.desk.wiring import TEXTS_PAGES, Desk, router
from channels.donations import Donations, Question
from channels.finding import FindingDown, Found, Ranked, Stolen
from channels.metrics import Metrics
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.sheets import SheetError
from knowledge.shelf import Shelf
from knowledge.text import fold
from knowledge.workshop import Workshop
from kompas.settings import ROOT
from tests.channels.test_accounts import PASSWORD, QUICK, Clock, code_of
from tests.channels.test_signing import ROUTES as FRAME
from tests.channels.test_signing import assert_guarded, client_of, csrf_in, sign_in
from tests.conftest import TODAY, write_entry
from tests.peers.serving import serving

PEOPLE = {"ada": "editor", "eva": "editor", "rosa": "reviewer", "ines": "admin"}
ENTRY = "/desk/entry/keys-lost"
# Every route of the pages, and the act it needs. A form of `kept` routes comes back to whoever is signed out.
ROUTES: list[tuple[str, str, str]] = [
    ("GET", "/desk", "read"),
    ("GET", "/desk/new", "write"),
    ("POST", "/desk/new", "write"),
    ("GET", "/desk/entry/{name}", "read"),
    ("GET", "/desk/entry/{name}/history", "read"),
    ("GET", "/desk/entry/{name}/history/{commit}", "read"),
    ("POST", "/desk/entry/{name}/undo", "undo"),
    ("GET", "/desk/gaps", "read"),
    ("POST", "/desk/gaps/{name}/delete", "write"),
    ("GET", "/desk/sheets", "read"),
    ("GET", "/desk/sheets/download", "read"),
    ("POST", "/desk/sheets", "write"),
    ("POST", "/desk/sheets/confirm", "write"),
]
KEPT: list[tuple[str, str, str]] = [
    ("POST", f"/desk/entry/{{name}}/{last}", act)
    for last, act in (
        ("check", "read"), ("trial", "read"), ("stolen", "read"), ("save", "write"), ("resolve", "write"), ("checked", "write"),
        ("approved", "approve"), ("withdraw", "write"), ("still", "write"), ("discard", "write"),
    )
]  # fmt: skip


@dataclass
class WordFinder:
    """A search by shared words, over what is on the shelf: small, and no more wrong than it must be."""

    shelf: Shelf
    down: bool = False
    heard: list[str] = field(default_factory=list)

    def rank(self, text: str, language: str, content: dict[str, Any] | None = None) -> Ranked:
        asked = set(fold(text).split())
        titles = {name: entry.text(language).question for name, entry in self.shelf.library.entries.items()}
        titles |= {content["id"]: value_at(content, f"{language}.question") or ""} if content else {}
        scores = {name: len(asked & set(fold(title).split())) / len(asked) for name, title in titles.items()}
        best = sorted(scores, key=lambda name: -scores[name])
        return Ranked("answer", scores[best[0]], tuple(Found(n, "keys", titles[n], scores[n]) for n in best))

    async def search(self, text: str, language: str) -> Ranked:
        return self.rank(text, language)

    async def trial(self, question: str, language: str, content: dict[str, Any]) -> tuple[Ranked, Ranked]:
        if self.down:
            raise FindingDown("down")
        return self.rank(question, language), self.rank(question, language, content)

    async def stolen(self, content: dict[str, Any]) -> list[Stolen]:
        if self.down:
            raise FindingDown("down")
        taken = [n for n, e in self.shelf.library.entries.items() if e.nl.question == value_at(content, "nl.question")]
        return [
            Stolen("nl", value_at(content, "nl.question"), name, content["id"]) for name in taken if name != content["id"]
        ]


@dataclass
class Standing:
    """A desk with its parts, and how often it published."""

    app: FastAPI
    desk: Desk
    finder: WordFinder
    signing: Signing
    clock: Clock
    secrets: dict[str, str]
    published: list[str]

    def text(self, language: str = "nl") -> Any:
        return self.desk.shelf.library.entries["keys-lost"].text(language)


def git(folder: Path, *args: str) -> str:
    who = ("-c", "user.name=founder", "-c", "user.email=founder@desk.invalid")
    return subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def standing(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "The beginning")
    state, clock = tmp_path_factory.mktemp("state"), Clock()
    signing = open_signing(state, clock, QUICK)
    secrets = {name: signing.accounts.add(name, PASSWORD, role) for name, role in PEOPLE.items()}
    shelf = Shelf(folder)
    finder, published = WordFinder(shelf), list[str]()

    async def publish() -> None:
        shelf.reload()
        published.append(shelf.library.version)

    async def feedback() -> list[dict[str, Any]]:
        if finder.down:
            raise FindingDown("down")
        return [
            {"topic": "keys", "language": "nl", "reason": "unclear", "count": 23},
            {"topic": "boats", "language": "pl", "reason": "topic", "count": 9},
        ]

    frame = DeskFrame(signing, (TEXTS, TEXTS_PAGES))
    workshop = Workshop(folder, lambda: TODAY)
    donations = Donations(state / "donations.sqlite", lambda: TODAY)
    weak = {("keys-lost", "es"): ["una pregunta perdida"]}
    desk = Desk(frame, workshop, shelf, finder, donations, publish, feedback, Metrics(), weak, lambda: TODAY)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install(app, frame, router(desk))
    yield Standing(app, desk, finder, signing, clock, secrets, published)
    signing.close()
    donations.close()


class Browser(httpx.AsyncClient):
    """A person at the desk: keeps the session's word and sends forms as the page has them."""

    word = ""

    async def form(self, path: str = ENTRY) -> dict[str, Any]:
        """What the page's form holds, as a browser would send it."""
        return fields_of((await self.get(path)).text)

    async def submit(self, path: str, form: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.post(path, data={"csrf": self.word, **form}, headers=headers)


def fields_of(page: str) -> dict[str, Any]:
    """The fields of the form `edit`; what is ticked as a list."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, list[str]] = {}
            self.area: str | None = None
            self.select: str | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            told = dict(attrs)
            name = told.get("name")
            if tag == "textarea" and name:
                self.area = name
                self.found.setdefault(name, []).append("")
            if tag == "select":
                self.select = name
            if tag == "option" and self.select and "selected" in told:
                self.found[self.select] = [told.get("value") or ""]
            if tag == "input" and name and (told.get("type") not in ("checkbox", "radio") or "checked" in told):
                self.found.setdefault(name, []).append(told.get("value") or "")

        def handle_endtag(self, tag: str) -> None:
            self.area = None if tag == "textarea" else self.area
            self.select = None if tag == "select" else self.select

        def handle_data(self, data: str) -> None:
            if self.area:
                self.found[self.area][-1] += data

    reader = Fields()
    reader.feed(page[page.index('id="edit"') :] if 'id="edit"' in page else page)
    # A browser drops the first line break in a textarea, and sends others as two characters.
    return {
        name: [value.removeprefix("\n").replace("\n", "\r\n") for value in values] if len(values) > 1 else values[0].removeprefix("\n").replace("\n", "\r\n")
        for name, values in reader.found.items()
    }  # fmt: skip


@asynccontextmanager
async def sitting(standing: Standing, name: str) -> AsyncIterator[Browser]:
    """Somebody signed in."""
    plain = client_of(standing.app)
    async with Browser(transport=plain._transport, base_url=plain.base_url, headers=plain.headers) as opened:
        await sign_in(opened, standing.secrets[name], standing.clock, name)
        opened.word = await csrf_in(opened)
        yield opened


@pytest.fixture
async def ada(standing: Standing) -> AsyncIterator[Browser]:
    async with sitting(standing, "ada") as opened:
        yield opened


@pytest.fixture
async def eva(standing: Standing) -> AsyncIterator[Browser]:
    async with sitting(standing, "eva") as opened:
        yield opened


@pytest.fixture
async def rosa(standing: Standing) -> AsyncIterator[Browser]:
    async with sitting(standing, "rosa") as opened:
        yield opened


def said(key: str, **values: Any) -> str:
    return html.escape(texts(TEXTS_PAGES, "en")[key].format(**values), quote=True)


def changed(form: dict[str, Any], language: str = "nl", add: str = " Bel eerst.") -> dict[str, Any]:
    return form | {f"{language}.answer": form[f"{language}.answer"] + add}


@pytest.mark.parametrize("route", [*ROUTES, *KEPT], ids=lambda route: " ".join(route[:2]))
@pytest.mark.parametrize("who", [None, "ada", "rosa", "ines"])
async def test_each_role_reaches_its_own_routes(standing: Standing, route: tuple[str, str, str], who: str | None) -> None:
    """All pages, for all roles and for nobody; nobody gets a form back and learns nothing from it."""
    method, path, act = route
    path = path.format(name="keys-lost", commit="0" * 40)
    if who is None and route in KEPT:
        async with client_of(standing.app) as client:
            back = await client.post(path, data={"nl.answer": "typed before"})
            assert back.status_code == 403 and "typed before" in back.text and "lost keys" not in back.text
        return
    async with sitting(standing, who) if who else client_of(standing.app) as client:
        word = client.word if isinstance(client, Browser) else ""
        if who and act in ROLES[PEOPLE[who]]:
            # Something else than a refusal of the role; 404, 410 and 422 are about what is asked.
            assert (await client.request(method, path, headers={"x-csrf": word})).status_code in (
                200,
                303,
                404,
                409,
                410,
                422,
            )
            return
        await assert_guarded(client, PEOPLE[who] if who else None, word, (method, path, act))


def test_the_tables_of_routes_are_complete(standing: Standing) -> None:
    """Every route of the desk stands in one of the tables: a new one without a row fails here."""
    found = {(method.upper(), path) for path, told in standing.app.openapi()["paths"].items() for method in told}
    assert found == {(method, path) for method, path, _ in (*FRAME, *ROUTES, *KEPT)}


def test_the_texts_are_there_in_five_languages() -> None:
    """The same keys and placeholders; no text of the frame is hidden by one of the pages."""
    check_texts(TEXTS_PAGES)
    assert not texts(TEXTS_PAGES, "en").keys() & texts(TEXTS, "en").keys()
    assert len({texts(TEXTS_PAGES, code)["kept_signed_out"] for code in LANGUAGES}) == len(LANGUAGES)


def names_in(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/desk/entry/([a-z-]+)"', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["keys-copy", "keys-lost", "boats-mooring"]),
        ("q=lost+pl", ["keys-lost"]),
        ("q=MOORING+boat", ["boats-mooring"]),
        ("q=nothing+of+this", []),
        ("topic=boats", ["boats-mooring"]),
        ("status=draft", ["boats-mooring"]),
        ("status=draft&language=nl", []),
        ("status=draft&language=ro", ["boats-mooring"]),
        ("soon=1", ["keys-copy"]),
        ("old=1", ["keys-copy"]),
        ("behind=1", ["boats-mooring"]),
        ("behind=1&language=nl", []),
        ("weak=es", ["keys-lost"]),
        ("weak=pl", []),
        ("proposal=1", ["keys-lost"]),
        ("language=xx&status=yy", ["keys-copy", "keys-lost", "boats-mooring"]),
    ],
)
async def test_the_list_finds_what_is_asked(
    standing: Standing, ada: Browser, folder: Path, query: str, found: list[str]
) -> None:
    """Words in any language, and each filter by itself."""
    await ada.submit(f"{ENTRY}/save", changed(await ada.form()))
    entries = load(folder).entries
    old = entries["keys-copy"].model_dump(mode="json") | {"checked_on": "2025-12-01", "valid_until": "2026-12-31"}
    write_entry(folder, old)
    boat = entries["boats-mooring"].model_dump(mode="json")
    boat["ro"]["status"], boat["pl"]["behind"] = "draft", "2026-10-01"
    write_entry(folder, boat)
    standing.desk.shelf.reload()
    assert names_in((await ada.get(f"/desk?{query}")).text) == found


async def test_the_list_says_in_words_how_much_is_served(ada: Browser) -> None:
    """Topic by language, never by colour alone."""
    page = (await ada.get("/desk")).text
    assert page.count(f"2/2 <span>{said('level_all')}") == 5
    assert f"nl {said('state_checked')}" in page


async def test_a_saved_text_is_a_proposal_and_nobody_gets_it(standing: Standing, ada: Browser) -> None:
    """The page shows it, the list says so, and what is served stays."""
    before = standing.text().answer
    done = await ada.submit(f"{ENTRY}/save", changed(await ada.form()))
    assert (done.status_code, done.headers["location"]) == (303, f"{ENTRY}?said=saved")
    page = (await ada.get(done.headers["location"])).text
    assert "Bel eerst." in page and said("said_saved") in page and said("changed_by", names="ada") in page
    assert names_in((await ada.get("/desk?proposal=1")).text) == ["keys-lost"]
    standing.desk.shelf.reload()
    assert standing.text().answer == before and standing.published == []


async def test_saving_without_a_change_changes_nothing(standing: Standing, ada: Browser, folder: Path) -> None:
    """A page sent as it came is the same content to the letter."""
    head = git(folder, "rev-parse", "HEAD")
    await ada.submit(f"{ENTRY}/save", await ada.form())
    assert git(folder, "rev-parse", "HEAD") == head and standing.desk.workshop.proposals() == {}


async def test_a_checked_language_is_served_on_the_next_page(standing: Standing, ada: Browser) -> None:
    """Published before the page comes back; the other languages are behind, and the list says so."""
    done = await ada.submit(f"{ENTRY}/checked", changed(await ada.form()) | {"take": "nl"})
    assert done.headers["location"] == f"{ENTRY}?said=checked"
    assert standing.text().answer.endswith("Bel eerst.") and len(standing.published) == 1
    assert standing.text("pl").behind == dt.date(2026, 11, 1) and standing.text().behind is None
    page = (await ada.get(ENTRY)).text
    assert page.count(said("behind_since", date="2026-11-01")) == 4
    assert names_in((await ada.get("/desk?behind=1&language=pl")).text) == ["keys-lost"]


async def test_who_wrote_a_text_may_not_approve_it_and_somebody_else_may(
    standing: Standing, rosa: Browser, ada: Browser
) -> None:
    """The author reads why not; an editor has no such button; a second reviewer signs."""
    form = changed(await rosa.form())
    await rosa.submit(f"{ENTRY}/save", form)
    page = (await rosa.get(ENTRY)).text
    assert page.count(said("why_not_author")) == 1
    refused = await rosa.submit(f"{ENTRY}/approved", await rosa.form() | {"take": "nl"})
    assert refused.status_code == 422 and "Bel eerst." in refused.text and standing.text().status == "checked"
    assert f'formaction="{ENTRY}/approved"' not in (await ada.get(ENTRY)).text
    async with sitting(standing, "ines") as ines:
        done = await ines.submit(f"{ENTRY}/approved", await ines.form() | {"take": "nl"})
    assert done.headers["location"] == f"{ENTRY}?said=approved"
    assert standing.text().status == "approved" and standing.text().answer.endswith("Bel eerst.")


async def test_an_approval_signs_what_is_there_and_not_what_is_typed(standing: Standing, rosa: Browser) -> None:
    """With something typed nothing is approved, and the typed text stays on the page."""
    refused = await rosa.submit(f"{ENTRY}/approved", changed(await rosa.form()) | {"take": "nl"})
    assert refused.status_code == 409 and said("trouble_unsaved") in refused.text and "Bel eerst." in refused.text
    assert standing.text().status == "checked" and standing.desk.workshop.proposals() == {}


async def test_two_people_who_change_different_fields_both_keep_theirs(
    standing: Standing, ada: Browser, eva: Browser
) -> None:
    """Nobody is asked anything; but who wanted to sign reads the whole first."""
    one, other = await ada.form(), await eva.form()
    await ada.submit(f"{ENTRY}/save", changed(one, "nl"))
    done = await eva.submit(f"{ENTRY}/save", changed(other, "en", " Call first."))
    assert done.status_code == 303
    content = standing.desk.workshop.open("keys-lost").content
    assert content["nl"]["answer"].endswith("Bel eerst.") and content["en"]["answer"].endswith("Call first.")
    looked = await ada.submit(f"{ENTRY}/checked", changed(one, "es", " Llama.") | {"take": ["es"]})
    assert looked.headers["location"] == f"{ENTRY}?said=merged" and standing.published == []


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("mine", "Van eva."), ("theirs", "Van ada."), ("own", "Van ons beiden.")],
)
async def test_two_people_who_change_the_same_choose(
    standing: Standing, ada: Browser, eva: Browser, choice: str, kept: str
) -> None:
    """Both texts on one page, word by word; what is chosen is kept, and so is all else that was typed."""
    one, other = await ada.form(), await eva.form()
    await ada.submit(f"{ENTRY}/save", changed(one, "nl", " Van ada."))
    both = changed(changed(other, "nl", " Van eva."), "ro", " Sună întâi.")
    page = await eva.submit(f"{ENTRY}/save", both)
    assert page.status_code == 409 and "<ins>" in page.text and "ada." in page.text and "eva." in page.text
    form = fields_of(page.text) | {"choose:nl.answer": choice}
    if choice == "own":
        form["own:nl.answer"] = other["nl.answer"] + " Van ons beiden."
    done = await eva.submit(f"{ENTRY}/resolve", form)
    assert done.headers["location"] == f"{ENTRY}?said=saved"
    content = standing.desk.workshop.open("keys-lost").content
    assert content["nl"]["answer"].endswith(kept) and content["ro"]["answer"].endswith("Sună întâi.")


@pytest.mark.parametrize("broken", ["", "[]", "{", "null"])
async def test_a_page_of_choices_that_was_tampered_with_saves_nothing(standing: Standing, ada: Browser, broken: str) -> None:
    """A plain refusal."""
    refused = await ada.submit(f"{ENTRY}/resolve", {"seen": "x", "content": broken})
    assert refused.status_code == 422 and standing.desk.workshop.proposals() == {}


async def test_what_was_typed_survives_the_end_of_the_session(standing: Standing, ada: Browser) -> None:
    """The text comes back with a way to sign in; after that it is sent again and saved."""
    form = changed(await ada.form())
    standing.clock.now += IDLE_SECONDS + 1
    live = await ada.submit(f"{ENTRY}/check", form, **{"hx-request": "true"})
    assert live.status_code == 200 and said("signed_out_live") in live.text
    back = await ada.submit(f"{ENTRY}/save", form)
    assert back.status_code == 403 and said("kept_signed_out") in back.text and 'href="/desk/signin"' in back.text
    await sign_in(ada, standing.secrets["ada"], standing.clock)
    again = await ada.post(f"{ENTRY}/save", data=fields_of(back.text))
    assert again.status_code == 403 and said("kept_again") in again.text
    assert (await ada.post(f"{ENTRY}/save", data=fields_of(again.text))).status_code == 303
    assert standing.desk.workshop.open("keys-lost").content["nl"]["answer"].endswith("Bel eerst.")


async def test_a_text_that_breaks_rules_is_saved_and_not_served(standing: Standing, ada: Browser) -> None:
    """Saved as it is, the findings beside the fields; taking it over is refused with the reasons and the text."""
    form = await ada.form() | {"nl.answer": "Te kort", "nl.question": "x" * 90}
    assert (await ada.submit(f"{ENTRY}/save", form)).status_code == 303
    page = (await ada.get(ENTRY)).text
    beside = page[page.index('id="find-nl-answer"') :]
    assert "<li>" in beside[: beside.index("</ul>")] and said("size_most", length=90, most=72) in page
    refused = await ada.submit(f"{ENTRY}/checked", await ada.form() | {"take": "nl"})
    assert refused.status_code == 422 and "Te kort" in refused.text and standing.published == []
    assert (
        await ada.submit(f"{ENTRY}/checked", changed(await ada.form(), "en", " Call first.") | {"take": "en"})
    ).status_code == 303
    assert standing.text("en").answer.endswith("Call first.") and standing.text().answer != "Te kort"


async def test_a_withdrawn_text_is_not_served_and_says_why(standing: Standing, ada: Browser, folder: Path) -> None:
    """Not without a reason; at once, for the ticked languages only."""
    refused = await ada.submit(f"{ENTRY}/withdraw", changed(await ada.form()) | {"take": "nl", "reason": " "})
    assert refused.status_code == 422 and said("trouble_no_reason") in refused.text and "Bel eerst." in refused.text
    done = await ada.submit(f"{ENTRY}/withdraw", await ada.form() | {"take": ["nl", "en"], "reason": "De wet is veranderd"})
    assert done.headers["location"] == f"{ENTRY}?said=withdrawn"
    assert [standing.text(code).status for code in LANGUAGES] == ["draft", "draft", "checked", "checked", "checked"]
    assert "De wet is veranderd" in git(folder, "log", "-1", "--format=%B")


async def test_still_correct_is_one_press_for_all_languages(standing: Standing, ada: Browser) -> None:
    """Checked today and valid for a year."""
    done = await ada.submit(f"{ENTRY}/still", await ada.form())
    assert done.headers["location"] == f"{ENTRY}?said=still"
    entry = standing.desk.shelf.library.entries["keys-lost"]
    assert (entry.checked_on, entry.valid_until) == (TODAY, TODAY + dt.timedelta(days=365))


async def test_a_proposal_is_thrown_away_only_when_somebody_is_sure(standing: Standing, ada: Browser) -> None:
    """One tick more than a slip."""
    await ada.submit(f"{ENTRY}/save", changed(await ada.form()))
    assert (await ada.submit(f"{ENTRY}/discard", await ada.form())).status_code == 422
    assert list(standing.desk.workshop.proposals()) == ["keys-lost"]
    assert (await ada.submit(f"{ENTRY}/discard", await ada.form() | {"sure": "1"})).status_code == 303
    assert standing.desk.workshop.proposals() == {}


async def test_the_history_shows_each_change_and_a_reviewer_undoes_it(
    standing: Standing, ada: Browser, rosa: Browser
) -> None:
    """Words put in are marked; undone, the text from before is served again."""
    before = standing.text().answer
    await ada.submit(f"{ENTRY}/checked", changed(await ada.form()) | {"take": "nl"})
    page = (await rosa.get(f"{ENTRY}/history")).text
    commits = list(dict.fromkeys(re.findall(rf'href="{ENTRY}/history/([0-9a-f]+)"', page)))
    diffs = [(await rosa.get(f"{ENTRY}/history/{commit}")).text for commit in commits]
    marked = [
        commit for commit, shown in zip(commits, diffs, strict=True) if re.search(r"<ins>[^<]*Bel eerst\.</ins>", shown)
    ]
    assert marked and "ada" in page
    (served,) = re.findall(r'name="commit" value="([0-9a-f]+)"', page)[:1]
    assert served in marked and (await rosa.submit(f"{ENTRY}/undo", {"commit": served})).status_code == 303
    assert standing.text().answer == before
    again = await rosa.submit(f"{ENTRY}/undo", {"commit": served})
    assert again.status_code == 422 and said("trouble_undo_nothing") in again.text
    assert (await ada.submit(f"{ENTRY}/undo", {"commit": served})).status_code == 403
    assert (await rosa.submit(f"{ENTRY}/undo", {"commit": "--all"})).status_code == 404
    assert (await rosa.get(f"{ENTRY}/history/HEAD")).status_code == 404


async def test_live_checks_answer_beside_the_fields(standing: Standing, ada: Browser) -> None:
    """Findings, sizes and previews of what is typed, nothing saved, nothing else touched."""
    form = await ada.form() | {"pl.answer": "Za krótko!", "nl.question": "q" * 72}
    page = (await ada.submit(f"{ENTRY}/check", form, **{"hx-request": "true"})).text
    assert "<html" not in page
    beside = page[page.index('id="find-pl-answer"') :]
    assert 'hx-swap-oob="true"' in beside and "<li>" in beside[: beside.index("</ul>")]
    assert said("size_most", length=72, most=72) in page and said("size_between", length=10, least=350, most=900) in page
    assert standing.desk.workshop.proposals() == {}


async def test_the_preview_is_what_people_get(standing: Standing, ada: Browser) -> None:
    """The real reply with its source line, cut in pieces where WhatsApp would, and the real buttons."""
    form = await ada.form()
    long = form | {"nl.answer": "Dit is een zin van het antwoord. " * 40}
    page = html.unescape((await ada.submit(f"{ENTRY}/check", long, **{"hx-request": "true"})).text)
    preview = page[page.index('id="preview-nl"') : page.index('id="preview-en"')]
    telegram, whatsapp = preview.split('aria-label="WhatsApp"')
    assert "Bron: A law, art. 1" in telegram and telegram.count('class="bubble"') == 1
    assert whatsapp.count('class="bubble"') > 1 and "<li>Andere taal</li>" in whatsapp


async def test_a_question_is_tried_before_and_after(standing: Standing, ada: Browser) -> None:
    """Side by side, with and without script; with the index down a plain line."""
    form = await ada.form() | {"nl.question": "zebra question?", "trial.question": "zebra question?", "trial.language": "nl"}
    part = (await ada.submit(f"{ENTRY}/trial", form, **{"hx-request": "true"})).text
    assert "<html" not in part and part.index(said("trial_before")) < part.index(said("trial_after"))
    assert "(100 %)" in part[part.index(said("trial_after")) :]
    page = (await ada.submit(f"{ENTRY}/trial", form)).text
    assert "<html" in page and "zebra question?" in page and "(100 %)" in page
    standing.finder.down = True
    assert said("index_down") in (await ada.submit(f"{ENTRY}/trial", form)).text


async def test_the_questions_a_text_would_take_are_named(standing: Standing, ada: Browser) -> None:
    """From which entry to which; none is said to be none; down is said to be down."""
    form = await ada.form()
    assert said("stolen_none") in (await ada.submit(f"{ENTRY}/stolen", form)).text
    taken = form | {"nl.question": "copied keys nl question?"}
    part = (await ada.submit(f"{ENTRY}/stolen", taken, **{"hx-request": "true"})).text
    assert said("stolen_line", before="keys-copy", after="keys-lost") in part
    standing.finder.down = True
    assert said("index_down") in (await ada.submit(f"{ENTRY}/stolen", form)).text


async def test_a_question_somebody_gave_becomes_a_new_entry(standing: Standing, ada: Browser) -> None:
    """From the gaps page, with the question beside the form; the new one is on the list and has nothing to serve."""
    standing.desk.donations.add(Question("pl", "keys", "gdzie jest <b>klucz</b>"))
    (donation,) = standing.desk.donations.list()
    gaps = (await ada.get("/desk/gaps")).text
    assert "gdzie jest &lt;b&gt;klucz" in gaps and f"/desk/new?donation={donation.id}" in gaps
    assert "gdzie jest &lt;b&gt;klucz" in (await ada.get(f"/desk/new?donation={donation.id}")).text
    form = {"topic": "keys", "id": "keys-found", "donation": donation.id}
    done = await ada.submit("/desk/new", form)
    assert done.headers["location"] == "/desk/entry/keys-found"
    assert (await ada.get("/desk/entry/keys-found")).status_code == 200
    assert "keys-found" in names_in((await ada.get("/desk?topic=keys")).text)
    assert "keys-found" not in standing.desk.shelf.library.entries
    assert (await ada.submit(f"/desk/gaps/{donation.id}/delete", {})).status_code == 303
    assert standing.desk.donations.list() == []
    assert (await ada.submit(f"/desk/gaps/{donation.id}/delete", {})).status_code == 404


@pytest.mark.parametrize(
    ("topic", "name"), [("keys", "keys-lost"), ("keys", "Bad Id"), ("nothing", "keys-new"), ("keys", ""), ("keys", "../x")]
)
async def test_a_new_entry_needs_a_free_name_and_a_topic(standing: Standing, ada: Browser, topic: str, name: str) -> None:
    """Said on the page, with what was typed."""
    refused = await ada.submit("/desk/new", {"topic": topic, "id": name})
    assert refused.status_code == 422 and 'role="alert"' in refused.text and html.escape(name) in refused.text
    assert standing.desk.workshop.proposals() == {}


async def test_a_new_entry_is_written_and_served(standing: Standing, ada: Browser) -> None:
    """All five languages valid, then one is taken over; the rest is draft."""
    await ada.submit("/desk/new", {"topic": "boats", "id": "boats-found"})
    form = await ada.form("/desk/entry/boats-found")
    for number, code in enumerate(LANGUAGES):
        form[f"{code}.question"] = f"found boat {code} question?"
        form[f"{code}.answer"] = (
            f"Some words about {code} and finding. " + f"Then look under the {code} bridge near home. " * 9
        )
        form[f"{code}.phrasings"] = "\r\n".join(f"found boat way {number} {line} {code}" for line in range(12))
    form |= {"claims.0.text": "A boat is found.", "claims.0.evidence.0.source": "law", "claims.0.evidence.0.at": "art. 3"}
    assert (await ada.submit("/desk/entry/boats-found/save", form)).status_code == 303
    done = await ada.submit("/desk/entry/boats-found/checked", await ada.form("/desk/entry/boats-found") | {"take": "nl"})
    assert done.status_code == 303, re.findall(r'role="alert">(.*?)</div>', done.text, re.S)
    entry = standing.desk.shelf.library.entries["boats-found"]
    assert [entry.text(code).status for code in LANGUAGES] == ["checked", "draft", "draft", "draft", "draft"]
    assert entry.claims[0].evidence[0].at == "art. 3"


async def test_gaps_are_counts_in_tens_and_small_ones_are_not_there(standing: Standing, ada: Browser) -> None:
    """Over all channels together; nine is nobody's business."""
    for channel, topic, language, times in (("web", "", "nl", 12), ("telegram", "", "nl", 9), ("web", "keys", "pl", 9)):
        standing.desk.metrics.turns.labels(channel, topic, language, "unknown").inc(times)
    standing.desk.metrics.turns.labels("web", "keys", "ro", "answer").inc(500)
    page = (await ada.get("/desk/gaps")).text
    assert page.count(said("gaps_least", count=20)) == 2, "twenty unknown in Dutch, and twenty not helpful"
    assert "Polski" not in page.split("<main")[1] and "500" not in page
    standing.finder.down = True
    assert said("index_down") in (await ada.get("/desk/gaps")).text


def workbook(body: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(body))


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def upload(client: Browser, body: bytes) -> httpx.Response:
    return await client.post("/desk/sheets", data={"csrf": client.word}, files={"file": ("kompas.xlsx", body)})


async def edited(client: Browser, language: str = "nl") -> bytes:
    """The workbook of one language with one answer changed."""
    book = workbook((await client.get(f"/desk/sheets/download?topic=keys&language={language}")).content)
    row = next(row for row in book["texts"].iter_rows(min_row=2) if row[0].value == "keys-lost")
    row[4].value = f"{row[4].value} Uit het blad."
    return saved(book)


async def test_a_spreadsheet_goes_out_and_comes_back_as_proposals(standing: Standing, ada: Browser) -> None:
    """Only what was chosen; word by word what would change; nothing before the yes; drafts after it."""
    book = workbook((await ada.get("/desk/sheets/download?topic=keys&language=nl&language=pl")).content)
    assert {(row[0], row[1]) for row in book["texts"].iter_rows(min_row=2, values_only=True)} == {
        (name, code) for name in ("keys-lost", "keys-copy") for code in ("nl", "pl")
    }
    page = (await upload(ada, await edited(ada))).text
    assert re.search(r"<ins>[^<]*Uit het blad\.</ins>", page) and standing.desk.workshop.proposals() == {}
    key = fields_of(page)["key"]
    done = await ada.submit("/desk/sheets/confirm", {"key": key})
    assert done.headers["location"] == "/desk?proposal=1"
    assert standing.desk.workshop.open("keys-lost").content["nl"]["answer"].endswith("Uit het blad.")
    assert standing.published == [] and not standing.text().answer.endswith("Uit het blad.")
    assert (await ada.submit("/desk/sheets/confirm", {"key": key})).status_code == 410


async def test_an_unchanged_spreadsheet_changes_nothing(ada: Browser) -> None:
    """And says so."""
    whole = (await ada.get("/desk/sheets/download")).content
    assert said("sheets_nothing") in (await upload(ada, whole)).text


async def test_an_upload_belongs_to_who_brought_it(standing: Standing, ada: Browser, eva: Browser) -> None:
    """Somebody else's key opens nothing, and does not use it up."""
    key = fields_of((await upload(ada, await edited(ada))).text)["key"]
    assert (await eva.submit("/desk/sheets/confirm", {"key": key})).status_code == 410
    assert (await ada.submit("/desk/sheets/confirm", {"key": key})).status_code == 303


async def test_a_text_that_changed_since_the_preview_is_not_overwritten(standing: Standing, ada: Browser) -> None:
    """Refused by row."""
    key = fields_of((await upload(ada, await edited(ada))).text)["key"]
    await ada.submit(f"{ENTRY}/checked", changed(await ada.form()) | {"take": "nl"})
    refused = await ada.submit("/desk/sheets/confirm", {"key": key})
    assert refused.status_code == 422 and "texts row" in refused.text and "column was" in refused.text


def test_an_upload_is_forgotten_after_ten_minutes() -> None:
    """And the oldest when there are too many."""
    now = [0.0]
    uploads = Uploads(lambda: now[0])
    first = uploads.keep("ada", {})
    now[0] = 599.0
    second = uploads.keep("ada", {})
    now[0] = 601.0
    assert uploads.take("ada", first) is None and uploads.take("ada", second) == {}
    keys = [uploads.keep("ada", {}) for _ in range(21)]
    assert uploads.take("ada", keys[0]) is None and uploads.take("ada", keys[1]) == {}


async def test_a_mistake_in_a_spreadsheet_is_named_by_table_row_and_column(ada: Browser) -> None:
    """Nothing is taken over."""
    book = workbook(await edited(ada))
    book["texts"]["B2"] = "xx"
    page = (await upload(ada, saved(book))).text
    assert "texts row 2, column language" in html.unescape(page) and said("sheets_problems") in page


def packed(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "no file"),
        (b"PK\x03\x04 not really", "no XLSX"),
        (b"a" * (MOST_BYTES + 1), "larger than 5 MB"),
        (packed("xl/worksheets/sheet1.xml", b" " * (61 * 1024 * 1024)), "too large once unpacked"),
        (packed("xl/worksheets/sheet1.xml", b'<c r="A1048576">'), "too large once unpacked"),
        (packed("xl/worksheets/sheet1.xml", b'<c r="XFD1">'), "too large once unpacked"),
        (packed("nothing.xml", b"<x/>"), "no XLSX"),
    ],
)
def test_a_file_that_is_no_spreadsheet_or_a_bomb_is_refused(body: bytes, what: str) -> None:
    """Before it is unpacked."""
    with pytest.raises(SheetError, match=what):
        read_workbook(body)


@pytest.mark.parametrize(
    "path", ["/desk/entry/nothing", "/desk/entry/nothing/history", "/desk/entry/..%2fx", "/desk/gaps/x"]
)
async def test_what_is_not_there_is_said_to_be_not_there(ada: Browser, path: str) -> None:
    """404 and no traceback."""
    assert (await ada.get(path)).status_code in (404, 405)


async def test_whatever_is_typed_is_shown_as_text(standing: Standing, ada: Browser, eva: Browser) -> None:
    """On the entry, the list, in history, differences, collisions and what comes back: markup is never markup."""
    bad = "<script>alert(1)</script>"
    first, second = await ada.form(), await eva.form()
    await ada.submit(f"{ENTRY}/save", first | {"nl.question": bad, "risk": f"{bad}'\"", "claims.0.text": bad})
    pages = [await eva.submit(f"{ENTRY}/save", second | {"nl.question": f"{bad} more"})]
    pages += [await ada.get(path) for path in (ENTRY, "/desk", f"/desk?q={bad}", f"{ENTRY}/history", f"{ENTRY}?said={bad}")]
    commit = re.findall(r"/history/([0-9a-f]+)", pages[4].text)[0]
    pages += [await ada.get(f"{ENTRY}/history/{commit}"), await ada.submit("/desk/new", {"topic": bad, "id": bad})]
    async with client_of(standing.app) as nobody:
        pages.append(await nobody.post(f"{ENTRY}/save", data={"nl.answer": f"</textarea>{bad}", bad: bad}))
    assert all(bad not in page.text for page in pages)
    assert any("&lt;script&gt;" in page.text for page in pages)


def form_fields(content: dict[str, Any]) -> dict[str, str]:
    form = {name: as_typed(name.rpartition(".")[2], value_at(content, name)) for name in field_names() if name != "claims"}
    for i, row in enumerate(claim_rows(content)):
        form[f"claims.{i}.text"] = row.text
        for j, (source, at) in enumerate(row.evidence):
            form |= {f"claims.{i}.evidence.{j}.source": source, f"claims.{i}.evidence.{j}.at": at}
    return {name: text.replace("\n", "\r\n") for name, text in form.items()}


def test_every_real_entry_goes_through_the_form_unchanged() -> None:
    """All fields, fingerprints included."""
    for entry in load(ROOT / "knowledge").entries.values():
        content = entry.model_dump(mode="json")
        assert read_content(form_fields(content), content) == content, entry.id


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "evidence", "source", "question", "answer"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*LANGUAGES, "claims", "scope", "letters", "risk", "id"]), anything))
def test_a_hand_broken_content_is_shown_and_never_raises(content: dict[str, Any]) -> None:
    """Whatever a proposal's file holds; what was read once is read the same again."""
    once = read_content(form_fields(content), content)
    assert read_content(form_fields(once), once) == once


@given(st.text(), st.text())
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    """Nothing is lost in either."""
    pieces = words.compare(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == after


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def browsing(standing: Standing) -> Iterator[tuple[Page, str, list[str]]]:
    """A page at 360 px, signed in as ada, and what the console or another host was told."""
    if CHROMIUM is None:
        pytest.fail("no Chromium: install one, or name it in CHROMIUM")
    wrong: list[str] = []
    with ExitStack() as stack:
        url = stack.enter_context(serving(standing.app))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 360, "height": 740}, locale="en-GB")
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(url) else wrong.append(request.url))
        standing.clock.now += 60
        page.goto(f"{url}/desk/signin")
        for name, value in (
            ("name", "ada"),
            ("password", PASSWORD),
            ("code", code_of(standing.secrets["ada"], standing.clock.now)),
        ):
            page.fill(f"#{name}", value)
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk")
        yield page, url, wrong


def assert_no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def press_until(page: Page, key: str, selector: str, most: int = 400) -> None:
    """Presses a key until something has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached with {key}")


@pytest.mark.browser
def test_an_entry_is_edited_and_checked_with_the_keyboard_alone(
    standing: Standing, browsing: tuple[Page, str, list[str]]
) -> None:
    """On a telephone's width: search, open, type, read the live finding, change the language, save, check. No error, no other host."""
    page, url, wrong = browsing
    shots = Path(os.environ["KOMPAS_SHOTS"]) if os.environ.get("KOMPAS_SHOTS") else None
    press_until(page, "Tab", "#q")
    page.keyboard.type("lost")
    expect(page.locator("#found li")).to_have_count(1)
    press_until(page, "Tab", '#found a[href$="keys-lost"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}{ENTRY}")
    assert_no_sideways(page)
    press_until(page, "Tab", ".tab:checked")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#en-answer")).to_be_visible()
    expect(page.locator("#nl-answer")).not_to_be_visible()
    press_until(page, "Tab", "#en-answer")
    page.keyboard.press("Control+a")
    page.keyboard.type("Too short!")
    expect(page.locator("#find-en-answer li").first).to_be_visible()
    expect(page.locator("#size-en-answer")).to_contain_text("10")
    if shots:
        page.screenshot(path=shots / "desk-entry-360.png", full_page=True)
    page.keyboard.press("Control+a")
    page.keyboard.type("The answer about lost keys, in plain words. " + "Do this with lost keys by that date. " * 12)
    expect(page.locator("#find-en-answer li")).to_have_count(0)
    press_until(page, "Tab", "#trial-question")
    page.keyboard.type("lost keys")
    page.keyboard.press("Enter")
    expect(page.locator("#trial ol")).to_have_count(2)
    press_until(page, "Tab", 'input[name="take"][value="en"]')
    page.keyboard.press("Space")
    press_until(page, "Tab", f'[formaction="{ENTRY}/checked"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**said=checked")
    expect(page.get_by_role("status").first).to_have_text(texts(TEXTS_PAGES, "en")["said_checked"])
    assert "by that date" in standing.text("en").answer and standing.text("en").answer.startswith("The answer about lost")
    for path in ("/desk", "/desk/new", ENTRY, f"{ENTRY}/history", "/desk/gaps", "/desk/sheets"):
        page.goto(url + path)
        assert_no_sideways(page)
    assert wrong == []


@pytest.mark.browser
def test_typed_text_is_not_left_without_a_word_and_esc_twice_still_leaves(browsing: tuple[Page, str, list[str]]) -> None:
    """Going elsewhere asks first; the way out in a hurry does not."""
    page, url, wrong = browsing
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.goto(url + ENTRY)
    page.fill("#nl-question", "Iets anders?")
    page.click('nav a[href="/desk/gaps"]')
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"] and page.url.endswith(ENTRY)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url("about:blank")
    assert asked == ["beforeunload"] and wrong == []
