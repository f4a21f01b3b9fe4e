"""The outreach desk: what it shows, what it never shows, what its addresses give away, and what can be taken along."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import logging
import re
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.crisis.rules import by_rules
from bot.messages import check_texts, say, texts
from bot.rendering import answer
from channels.find.booklet import FONTS, booklet
from channels.find.kept import Kept
from channels.find.pages import Pair, card_size
from channels.find.router import FILES, HEADERS, router
from channels.find.shown import TEXTS, CodeClash, Showcase, code_of, codes_of, selection
from channels.find.words import WordIndex
from channels.finding import FindingDown, Found, Ranked
from channels.limits import BODY_BYTES
from knowledge.entry import LANGUAGES, Letter
from knowledge.library import load
from knowledge.shelf import Shelf
from tests.conftest import REAL_KNOWLEDGE, TODAY, make_entry, write_entry

HIDDEN = ("hush", "stale")


@dataclass
class ByWords:
    """A finder that is real code: the words of the tiny library. Remembers in which language it was asked."""

    showcase: Showcase
    decision: str = "answer"
    asked: list[str] = field(default_factory=list)

    async def search(self, text: str, language: str) -> Ranked:
        self.asked.append(language)
        found = self.showcase.now().words.search(text)
        return Ranked(self.decision, 0.9, tuple(Found(entry, "keys", "", score) for entry, score in found))


class Down:
    """A finder whose action server does not answer."""

    async def search(self, text: str, language: str) -> Ranked:
        raise FindingDown("the action server gives no answer")


@dataclass(frozen=True)
class Guessed:
    """A guess that says what its first word says."""

    language: str
    belief: float
    words: int = 3


def first_word(text: str) -> Guessed:
    word = text.split(maxsplit=1)[0] if text.split() else ""
    return Guessed(word, 0.9) if word in LANGUAGES else Guessed("nl", 0.3)


def desk(folder: Path, finder: Any = None, **options: Any) -> tuple[FastAPI, Shelf]:
    """An application with only the outreach desk over a folder."""
    shelf = Shelf(folder)
    showcase = Showcase(shelf, lambda: TODAY)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(shelf, finder or ByWords(showcase), first_word, by_rules, today=lambda: TODAY, **options))
    return app, shelf


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kompas")


@pytest.fixture
def mixed(folder: Path) -> Path:
    """The tiny folder with a draft, an entry past its date, and one that is a draft in Polish only."""
    hidden = make_entry("keys-draft", "keys", "hush")
    for language in LANGUAGES:
        hidden[language]["status"] = "draft"
    write_entry(folder, hidden)
    write_entry(folder, make_entry("boats-old", "boats", "stale", letters=["cak"], valid_until="2026-11-20"))
    partly = make_entry("boats-partly", "boats", "partly here")
    partly["pl"] = {**partly["pl"], "status": "draft", "answer": "unfinished " * 50}
    write_entry(folder, partly)
    return folder


@pytest.fixture
async def client(mixed: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(desk(mixed)[0]) as opened:
        yield opened


async def search(client: httpx.AsyncClient, fragment: bool = True, **fields: str) -> str:
    headers = {"HX-Request": "true", "HX-Target": "results"} if fragment else {}
    response = await client.post("/find", data={"a": "nl", "b": "es", **fields}, headers=headers)
    assert response.status_code == 200
    return response.text


def test_the_texts_are_whole_in_five_languages() -> None:
    """The same keys and placeholders everywhere, and a name for every topic and every kind of letter."""
    check_texts(TEXTS)
    topics = load(REAL_KNOWLEDGE).topics
    for language in LANGUAGES:
        said = texts(TEXTS, language)
        assert {f"topic_{topic}" for topic in topics} <= said.keys()
        assert {f"letter_{letter}" for letter in get_args(Letter)} <= said.keys()


def test_no_two_entries_have_the_same_address() -> None:
    """In the real knowledge base eight hex digits are enough; two ids that meet are refused by name."""
    assert len(set(codes_of(load(REAL_KNOWLEDGE).entries).values())) == len(load(REAL_KNOWLEDGE).entries)
    seen: dict[str, str] = {}
    number = 0
    while (first := seen.setdefault(code_of(f"e{number}"), f"e{number}")) == f"e{number}":
        number += 1
    with pytest.raises(CodeClash, match=f"e{number}.*{first}"):
        codes_of([first, f"e{number}"])


async def test_a_search_shows_the_question_in_both_languages(client: httpx.AsyncClient) -> None:
    """Found from Spanish words by a Dutch worker: both titles, each with its language, and an address without words."""
    told = await search(client, q="mooring a boat phrasing two es")
    assert '<span class="title" lang="nl">mooring a boat nl question?</span>' in told
    assert '<span class="title" lang="es">mooring a boat es question?</span>' in told
    assert f'href="/find/k/{code_of("boats-mooring")}?a=nl&amp;b=es"' in told
    assert told.index("mooring") < told.index("lost keys") if "lost keys" in told else True
    assert "<html" not in told


async def test_without_script_the_form_gives_the_whole_page(client: httpx.AsyncClient) -> None:
    """The same results inside a page in the worker's language, with the text still in the field."""
    told = await search(client, fragment=False, q="lost keys")
    assert '<html lang="nl">' in told and "lost keys es question?" in told
    assert 'value="lost keys"' in told
    assert "<title>Kompas</title>" in told


async def test_a_text_is_escaped_and_never_in_an_address(client: httpx.AsyncClient) -> None:
    """Markup stays letters, the form sends by POST, and GET does not read a text."""
    told = await search(client, fragment=False, q='"><script>alert(1)</script> keys')
    assert "<script>alert" not in told
    page = (await client.get("/find", params={"q": "lost keys", "a": "nl"})).text
    assert "lost keys" not in page
    assert 'id="search" method="post"' in page and "hx-push-url" not in page


@pytest.mark.parametrize(("text", "language"), [("es llaves", "es"), ("something", "pl")])
async def test_the_language_of_a_question_is_guessed(folder: Path, text: str, language: str) -> None:
    """A sure guess is used, and otherwise the worker's language."""
    finder = ByWords(Showcase(Shelf(folder), lambda: TODAY))
    async with client_of(desk(folder, finder)[0]) as client:
        await search(client, q=text, a="pl")
    assert finder.asked == [language]


async def test_when_the_index_is_down_words_are_compared(folder: Path) -> None:
    """The right entry is still first, and the page says how it was found."""
    async with client_of(desk(folder, Down())[0]) as client:
        told = await search(client, q="copied keys")
    assert texts(TEXTS, "nl")["words_only"] in told
    assert told.index("copied keys") < told.index("lost keys")


async def test_an_unsure_search_says_so(folder: Path) -> None:
    """When the assistant would not know, the nearest entries come with that line."""
    finder = ByWords(Showcase(Shelf(folder), lambda: TODAY), decision="unknown")
    async with client_of(desk(folder, finder)[0]) as client:
        told = await search(client, q="lost keys")
    assert texts(TEXTS, "nl")["unsure"] in told and "lost keys nl question?" in told


async def test_nothing_found_is_said(client: httpx.AsyncClient) -> None:
    """A search without any hit ends in a line that says what to do."""
    assert texts(TEXTS, "nl")["nothing"] in await search(client, q="zzzzzz")


async def test_a_crisis_comes_first_in_both_languages(client: httpx.AsyncClient) -> None:
    """The numbers stand above the results, in the worker's language and the client's."""
    told = await search(client, q="hij staat voor mijn deur met een mes keys")
    dutch, spanish = (told.find(say(language, "crisis_violence_now")[:10]) for language in ("nl", "es"))
    assert 0 < dutch < spanish < told.index('class="found"')


async def test_topics_and_letters_can_be_browsed(client: httpx.AsyncClient) -> None:
    """A topic gives its entries, a letter those that explain it, and the page offers only what has some."""
    assert re.findall(r">([^<]*) nl question", await search(client, topic="keys")) == [
        "copied keys",
        "lost keys",
    ]
    assert re.findall(r">([^<]*) nl question", await search(client, letter="cak")) == ["lost keys"]
    page = (await client.get("/find?a=en")).text
    assert 'name="topic" value="boats"' in page and texts(TEXTS, "en")["letter_cak"] in page
    assert await search(client, topic="no such") == (await search(client))


async def everywhere(client: httpx.AsyncClient) -> list[str]:
    """All that the desk can give, as text."""
    told = [await search(client, q=f"{word} {language}") for word in HIDDEN for language in LANGUAGES]
    told += [await search(client, topic=topic) for topic in ("keys", "boats")] + [await search(client, letter="cak")]
    for path in (
        "/find",
        "/find/data.json",
        "/find/all.html?lang=all",
        *(f"/find/all.html?lang={one}" for one in LANGUAGES),
    ):
        told.append((await client.get(path)).text)
    for entry in ("keys-lost", "keys-copy", "boats-mooring", "boats-partly"):
        told.append((await client.get(f"/find/k/{code_of(entry)}?a=nl&b=pl")).text)
    return told


async def test_drafts_and_old_entries_are_nowhere(client: httpx.AsyncClient) -> None:
    """Neither in a search, a list, the data, a file, nor as a neighbour; and their addresses are not there."""
    told = await everywhere(client)
    assert all("lost keys" in page for page in told[-8:-6])
    for page in told:
        assert not [word for word in (*HIDDEN, "unfinished") if f"{word} " in page.replace('value="', "")], page[:200]
    for entry in ("keys-draft", "boats-old"):
        for part in ("", "/card", "/qr.svg"):
            assert (await client.get(f"/find/k/{code_of(entry)}{part}?a=nl&b=es")).status_code == 404


async def test_drafts_and_old_entries_are_not_in_the_pdf(mixed: Path) -> None:
    """The outline of the PDF names every question that is in it, and none of those."""
    pdf = booklet(selection(load(mixed), TODAY), "pl").decode("latin-1")
    titles = [bytes.fromhex(found).decode("utf-16") for found in re.findall(r"/Title <([0-9a-fA-F]+)>", pdf)]
    titles += re.findall(r"/Title \(([^)]*)\)", pdf)
    assert "lost keys pl question?" in " ".join(titles).replace("\x00", "")
    assert not [title for title in titles if any(word in title for word in (*HIDDEN, "partly"))]


async def test_a_language_that_is_not_there_is_said(client: httpx.AsyncClient) -> None:
    """The other language is shown, and a line in place of the draft."""
    told = (await client.get(f"/find/k/{code_of('boats-partly')}?a=nl&b=pl")).text
    assert "The answer about partly here" in told
    assert texts(TEXTS, "pl")["not_here"] in told


async def test_an_answer_stands_in_both_languages_as_it_is_sent(client: httpx.AsyncClient, folder: Path) -> None:
    """Answer, source with its link, date and scope: the words that people get in chat."""
    told = (await client.get(f"/find/k/{code_of('keys-lost')}?a=ro&b=pl")).text
    library = load(folder)
    for language in ("ro", "pl"):
        body, footer = answer(library.entries["keys-lost"], language, library).text.rsplit("\n\n", 1)
        assert body in told and footer.split("\n")[1] in told
        assert f'<article class="side{" client" if language == "pl" else ""}" lang="{language}">' in told
    assert '<a href="https://law.example/x" rel="noreferrer noopener">A law, art. 1</a>' in told
    assert "copied keys ro question?" in told


async def test_nothing_around_an_answer_says_what_it_is_about(client: httpx.AsyncClient) -> None:
    """The title is Kompas on every page, and the addresses in it carry digits in place of names."""
    for path in ("", "/card"):
        told = (await client.get(f"/find/k/{code_of('keys-lost')}{path}?a=nl&b=es")).text
        assert re.findall("<title>(.*?)</title>", told) == ["Kompas"]
        addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"|<code[^>]*>(http://kompas[^<]*)', told)
        assert addresses and not [one for one in addresses if "keys" in "".join(one)]


@pytest.mark.parametrize("code", ["zzzzzzzz", "0000000", "000000000", "00000000", "..%2f..%2f", "KEYS-LOS"])
async def test_an_unknown_address_is_not_there(client: httpx.AsyncClient, code: str) -> None:
    """404, with a line in the worker's language and the search, or nothing at all."""
    assert (await client.get(f"/find/k/{code}?a=nl")).status_code == 404


async def test_a_shared_link_opens_in_the_clients_language(mixed: Path) -> None:
    """The address has the client's language first; it begins with the public address where there is one."""
    code = code_of("keys-lost")
    for url, base in (("", "http://kompas"), ("https://k.example/", "https://k.example")):
        async with client_of(desk(mixed, public_url=url)[0]) as client:
            told = (await client.get(f"/find/k/{code}?a=nl&b=es")).text
            assert f"{base}/find/k/{code}?a=es&amp;b=nl</code>" in told
            drawn = await client.get(f"/find/k/{code}/qr.svg?a=nl&b=es")
            other = await client.get(f"/find/k/{code}/qr.svg?a=nl&b=pl")
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert drawn.content != other.content
        assert b"<title" not in drawn.content and b"style" not in drawn.content and b"<path" in drawn.content


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/k/00000000",
        "/sw.js",
        "/data.json",
        "/version.json",
        "/static/find.css",
        "/static/no",
        "/all.html?lang=xx",
        "/all.pdf?lang=xx",
    ],
)
async def test_every_response_has_the_headers(client: httpx.AsyncClient, path: str) -> None:
    """The policy, no referrer, no sniffing, nothing stored by the browser; also where there is nothing."""
    response = await client.get(f"/find{path}")
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "set-cookie" not in response.headers


async def test_the_files_of_the_page_are_a_table(client: httpx.AsyncClient) -> None:
    """Every file in it is served as what it is, and nothing else is."""
    for name, (_, kind) in FILES.items():
        response = await client.get(f"/find/static/{name}")
        assert response.status_code == 200 and response.headers["content-type"].startswith(kind)
    for name in ("router.py", "..%2frouter.py", "sw.js", "DejaVuSansCondensed.ttf"):
        assert (await client.get(f"/find/static/{name}")).status_code == 404


async def test_pages_ask_nobody_else_and_have_no_inline_code(client: httpx.AsyncClient) -> None:
    """No address of another host but the sources' links, no inline script, style or handler."""
    for path in ("/find", f"/find/k/{code_of('keys-lost')}", f"/find/k/{code_of('keys-lost')}/card"):
        told = (await client.get(path)).text
        assert set(re.findall(r'(?:src|action)="(https?:[^"]*)"', told)) == set()
        assert not re.search(r"<style|style=|<script>|\son\w+=|hx-on|javascript:", told)


async def test_the_data_for_the_phone_holds_every_word(client: httpx.AsyncClient, mixed: Path) -> None:
    """Five languages, the texts as they are, the ways to ask, the last day; zipped only for who can read that."""
    plain = await client.get("/find/data.json", headers={"Accept-Encoding": "identity"})
    zipped = await client.get("/find/data.json")
    assert "content-encoding" not in plain.headers and zipped.headers["content-encoding"] == "gzip"
    assert plain.json() == zipped.json()
    entries = {entry["code"]: entry for entry in plain.json()["entries"]}
    lost, library = entries[code_of("keys-lost")], load(mixed)
    assert set(lost["texts"]) == set(LANGUAGES) and lost["until"] == "2027-11-01" and "cak" in lost["letters"]
    assert lost["texts"]["ro"]["answer"] == library.entries["keys-lost"].ro.answer
    assert lost["texts"]["ro"]["phrasings"] == list(library.entries["keys-lost"].ro.phrasings)
    assert set(entries[code_of("boats-partly")]["texts"]) == set(LANGUAGES) - {"pl"}


async def test_an_edit_is_there_at_once(mixed: Path) -> None:
    """When the shelf has read the files again, pages, data and version follow; a withdrawn entry is gone."""
    app, shelf = desk(mixed)
    async with client_of(app) as client:
        before = (await client.get("/find/version.json")).json()
        await client.get("/find/data.json")
        withdrawn = make_entry("keys-lost", "keys", "lost keys")
        for language in LANGUAGES:
            withdrawn[language]["status"] = "draft"
        write_entry(mixed, withdrawn)
        shelf.reload()
        assert (await client.get("/find/version.json")).json() != before
        assert (await client.get(f"/find/k/{code_of('keys-lost')}")).status_code == 404
        assert "lost keys" not in (await client.get("/find/data.json")).text
        assert "lost keys" not in (await client.get("/find/all.html?lang=en")).text


async def test_the_day_alone_takes_an_entry_away(folder: Path) -> None:
    """Past its date an entry is not shown although no file changed."""
    day = TODAY
    shelf = Shelf(folder)
    app = FastAPI()
    app.include_router(router(shelf, Down(), first_word, by_rules, today=lambda: day))
    async with client_of(app) as client:
        assert (await client.get(f"/find/k/{code_of('keys-lost')}")).status_code == 200
        day = dt.date(2027, 11, 2)
        assert (await client.get(f"/find/k/{code_of('keys-lost')}")).status_code == 404
        assert (await client.get("/find/data.json")).json()["entries"] == []
        assert (await client.get("/find/all.pdf?lang=nl")).content.startswith(b"%PDF")


@pytest.mark.parametrize("lang", [*LANGUAGES, "all"])
async def test_one_file_needs_nothing_else(client: httpx.AsyncClient, lang: str) -> None:
    """A neutral name and title, all answers in it, and no address that a browser would fetch."""
    response = await client.get(f"/find/all.html?lang={lang}")
    assert response.headers["content-disposition"] == f'attachment; filename="kompas-{lang}.html"'
    told = response.text
    assert "<title>Kompas</title>" in told and "default-src 'none'" in told
    assert not re.search(r'(?:src|href)="(?!data:,"|#)', told)
    for language in LANGUAGES if lang == "all" else (lang,):
        assert f"mooring a boat {language} question?" in told
    assert ("mooring a boat pl question?" in told) == (lang in ("all", "pl"))


async def test_the_pdf_is_small_neutral_and_has_every_letter(mixed: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A5, the title Kompas and no more about it, a page for the cover and the contents, and letters of all five languages."""
    special = make_entry("boats-letters", "boats", "łódź ńęą ț ș ă î ñ é ü")
    write_entry(mixed, special)
    async with client_of(desk(mixed)[0]) as client:
        response = await client.get("/find/all.pdf?lang=pl")
    assert response.headers["content-disposition"] == 'attachment; filename="kompas-pl.pdf"'
    pdf = response.content
    assert pdf.startswith(b"%PDF") and b"/Title (Kompas)" in pdf and b"/Author" not in pdf and b"/Subject" not in pdf
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 4
    assert re.search(rb"/MediaBox \[0 0 419\.\d+ 595\.\d+\]", pdf)
    streams = [_inflated(found) for found in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)]
    maps = b"".join(stream for stream in streams if b"beginbfchar" in stream or b"beginbfrange" in stream).upper()
    for letter in "łńęąțșăîñéü":
        assert f"<{ord(letter):04X}>".encode() in maps, letter
    assert [
        record for record in caplog.records if record.name.startswith("fpdf") and record.levelno >= logging.WARNING
    ] == []


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_the_fonts_have_every_letter_of_the_real_texts() -> None:
    """No answer has a letter that the PDF could not show."""
    shown = selection(load(REAL_KNOWLEDGE), TODAY)
    used = {
        letter
        for one in shown.by_code.values()
        for side in one.sides.values()
        for letter in side.question + side.answer + side.sources + side.status
    } - {"\n"}
    for path in FONTS.values():
        missing = used - set(map(chr, TTFont(path).getBestCmap()))
        assert not missing


async def test_what_is_costly_is_made_once() -> None:
    """Ten who ask at once get the same bytes of one making; another state makes them anew."""
    made: list[str] = []

    def make(word: str) -> Callable[[], bytes]:
        return lambda: (made.append(word), word.encode())[1]

    kept = Kept()
    got = await asyncio.gather(*(kept.get("v1", "x", make("one")) for _ in range(10)))
    assert got == [b"one"] * 10 and made == ["one"]
    assert await kept.get("v2", "x", make("two")) == b"two" and made == ["one", "two"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"q": "x"}'), ("multipart/form-data; boundary=x", b"--x--"), ("", b"q=x"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(20))),
        ("application/x-www-form-urlencoded", b"q=" + b"a" * BODY_BYTES),
    ],
)  # fmt: skip
async def test_what_is_no_small_form_is_refused(client: httpx.AsyncClient, kind: str, body: bytes) -> None:
    """400, and nothing of it is told back."""
    response = await client.post("/find", content=body, headers={"Content-Type": kind})
    assert (response.status_code, response.content) == (400, b"")


async def test_any_bytes_in_a_form_are_survived(client: httpx.AsyncClient) -> None:
    """Broken encodings and odd fields are text like any other."""
    for body in (
        b"q=%ff%fe%00&a=%00",
        b"q=\xff\xfe",
        b"q[]=1&topic=%2e%2e",
        b"letter=%00",
        b"=&&==",
        b"q=" + b"%F0%9F%98%80" * 500,
    ):
        response = await client.post("/find", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert response.status_code == 200


async def test_a_search_is_in_no_log(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """Also at DEBUG, the text of a search is in no record."""
    with caplog.at_level(logging.DEBUG):
        await search(client, q="secretword keys")
    assert "secretword" not in caplog.text


@pytest.mark.parametrize("text", ["kéys", "KEYS", "copie", "COPIED key", "skopiowane copied"])
def test_words_are_found_without_accents_case_and_endings(text: str) -> None:
    """What people type on a phone finds the line it means."""
    index = WordIndex([("lost", "I lost the keys"), ("copied", "keys that were copied"), ("boat", "mooring a boat")])
    assert index.search(text)[0][0] in ("copied", "lost") and "boat" not in dict(index.search(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_searched_by_words(text: str) -> None:
    """Scores are between 0 and 1, best first, the same each time."""
    index = WordIndex([("lost", "I lost the keys"), ("copied", "keys that were copied"), ("lost", "a key")])
    found = index.search(text)
    assert found == index.search(text) == sorted(found, key=lambda one: -one[1])
    assert all(0 < score <= 1.0001 for _, score in found)


def test_words_find_most_real_questions() -> None:
    """With one way to ask left out of the index, the words of the others lead to the entry among the first five, mostly."""
    shown = [one for one in selection(load(REAL_KNOWLEDGE), TODAY).by_code.values() if "es" in one.sides]
    lines = [(one.entry, line) for one in shown for line in (one.sides["es"].question, *one.sides["es"].phrasings[1:])]
    index = WordIndex(lines)
    right = sum(one.entry in dict(index.search(one.sides["es"].phrasings[0], 5)) for one in shown)
    assert right / len(shown) > 0.8


def test_a_longer_text_is_set_smaller_on_the_card(folder: Path) -> None:
    """The size follows the longer of the two columns."""
    shown = selection(load(folder), TODAY).by_code[code_of("keys-lost")]
    assert card_size(shown, Pair("nl", "es")) == "large"
    long = json.loads(json.dumps(make_entry("keys-lost", "keys", "lost keys")))
    long["es"]["answer"] = "word " * 170
    write_entry(folder, long)
    shown = selection(load(folder), TODAY).by_code[code_of("keys-lost")]
    assert card_size(shown, Pair("nl", "es")) == "medium" and card_size(shown, Pair("nl", "pl")) == "large"


def test_the_data_of_the_real_base_is_small_enough_for_a_phone() -> None:
    """All texts in five languages are less than a photo: under one and a half megabytes."""
    from channels.find.downloads import data

    zipped = data(selection(load(REAL_KNOWLEDGE), TODAY))
    assert len(zipped) < 1_500_000 and len(json.loads(gzip.decompress(zipped))["entries"]) > 200
