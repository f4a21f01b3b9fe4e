"""Both desks around a whole running Kompas, in a real Chromium: from an editor's form to what people are answered."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect, sync_playwright

from knowledge.entry import LANGUAGES, Entry
from knowledge.library import read_entry
from tests.conftest import REAL_KNOWLEDGE, Running, start_kompas, stop_kompas
from tests.whole.at_desk import PASSWORD, into_git, make_account, own_knowledge, save, sign_in
from tests.whole.connected import elsewhere
from tests.whole.test_page import CHROMIUM, DESKTOP, QUIET

pytestmark = [pytest.mark.rasa, pytest.mark.browser]

PEOPLE = {"anna": "editor", "berta": "editor", "rob": "reviewer"}
# Nothing points to this entry, so that a knowledge base without it is whole.
NEW = REAL_KNOWLEDGE / "entries" / "zorg" / "zorg-verslaving.yml"


@dataclass
class Desks:
    """A Kompas with a knowledge base of its own in git, and pages signed in by name."""

    kompas: Running
    knowledge: Path
    pages: dict[str, Page]

    def url(self, path: str) -> str:
        return self.kompas.settings.web_url + path

    def open(self, name: str, path: str) -> Page:
        self.pages[name].goto(self.url(path))
        return self.pages[name]

    def served(self, entry: str, language: str) -> str | None:
        """The text of an entry as the chat gives it to who taps its button; None when it does not."""
        session = f"{entry}{language}"
        self.kompas.ask(f"lang:{language}", session)
        replies = self.kompas.ask(f"entry:{entry}", session)["messages"]
        return next((reply["text"] for reply in replies if reply["entry"] == entry), None)

    def commits(self, entry: str) -> list[str]:
        told = subprocess.run(
            ["git", "-C", str(self.knowledge), "log", "--format=%an: %s%n%b", "--", f"*{entry}.yml"],
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.splitlines()


@pytest.fixture(scope="module")
def desks(settings_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    home = tmp_path_factory.mktemp("desks")
    knowledge = own_knowledge(home)
    (knowledge / "entries" / "zorg" / NEW.name).unlink()
    into_git(knowledge)
    text = re.sub(r'^knowledge = ".*"$', f'knowledge = "{knowledge}"', elsewhere(settings_file), flags=re.M)
    path = home / "settings.toml"
    path.write_text(f'{text}[gateway]\nsecrets = "{home}/secrets"\nstate = "{home}/state"\n')
    secrets = {name: make_account(path, name, role) for name, role in PEOPLE.items()}
    kompas = start_kompas(path, home / "output.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        url = kompas.settings.web_url
        yield Desks(
            kompas, knowledge, {name: sign_in(browser, url, name, secret, DESKTOP) for name, secret in secrets.items()}
        )
        browser.close()
    stop_kompas(kompas)


def fill(page: Page, entry: Entry) -> None:
    """Types a whole entry into its page, with the first of its claims."""
    for language in LANGUAGES:
        text = entry.text(language)
        page.locator(f'[name="{language}.question"]').fill(text.question)
        page.locator(f'[name="{language}.answer"]').fill(text.answer)
        page.locator(f'[name="{language}.phrasings"]').fill("\n".join(text.phrasings))
    page.locator('[name="risk"]').fill(entry.risk or "")
    claim = entry.claims[0]
    page.locator('[name="claims.0.text"]').fill(claim.text)
    page.locator('[name="claims.0.evidence.0.source"]').fill(claim.evidence[0].source)
    page.locator('[name="claims.0.evidence.0.at"]').fill(claim.evidence[0].at)


def test_a_new_answer_in_five_languages_is_approved_and_given(desks: Desks) -> None:
    """Written by one person, approved by a second, and the very next question in each language gets it."""
    entry = read_entry(NEW)
    anna = desks.open("anna", "/desk/new")
    anna.get_by_label("Topic").select_option("zorg")
    anna.get_by_label("Id", exact=True).fill(entry.id)
    anna.get_by_role("button", name="Start writing").click()
    fill(anna, entry)
    save(anna)
    expect(anna.get_by_text("Saved.")).to_be_visible()
    expect(anna.locator("#count")).to_have_text("There is nothing left to mend.")
    expect(anna.get_by_role("button", name="Approve")).to_have_count(0)
    assert desks.served(entry.id, "en") is None

    rob = desks.open("rob", f"/desk/entry/{entry.id}")
    rob.get_by_role("button", name="Approve").click()
    expect(rob.get_by_text("Approved.")).to_be_visible()
    for language in LANGUAGES:
        replies = desks.kompas.ask(entry.text(language).question, f"new{language}")["messages"]
        assert [reply["entry"] for reply in replies if reply["decision"] == "answer"] == [entry.id], language
        assert entry.text(language).answer in replies[0]["text"]
    told = desks.commits(entry.id)
    assert "Reviewed-by: rob" in "\n".join(told) and any(line.startswith("anna: ") for line in told)


def test_a_withdrawn_answer_is_nowhere_any_more(desks: Desks) -> None:
    """Not in the chat, also not behind an old button; not at the outreach desk, nor in what phones fetch from it."""
    name, language = "opting-geld", "en"
    question = read_entry(REAL_KNOWLEDGE / "entries" / "opting_in" / f"{name}.yml").en.question
    assert desks.served(name, language)
    everywhere = [desks.url(path) for path in ("/find/data.json", "/find/all.html?lang=en")]
    assert all(question in httpx.get(url, trust_env=False, timeout=60).text for url in everywhere)
    rob = desks.open("rob", f"/desk/entry/{name}")
    for one in LANGUAGES:
        rob.locator(f'[name="take"][value="{one}"]').set_checked(one == language)
    rob.locator("summary", has_text="Withdraw").click()
    rob.get_by_label("Reason").fill("a figure in it is wrong")
    rob.get_by_role("button", name="Withdraw").click()
    expect(rob.get_by_text("Withdrawn.")).to_be_visible()
    assert desks.served(name, language) is None and desks.served(name, "nl")
    assert not any(question in httpx.get(url, trust_env=False, timeout=60).text for url in everywhere)
    found = httpx.post(desks.url("/find"), data={"q": question, "a": "en", "b": "nl"}, trust_env=False, timeout=20)
    assert found.status_code == 200 and f">{question}<" not in found.text
    assert "Reason: a figure in it is wrong" in "\n".join(desks.commits(name))


def test_two_editors_at_one_answer_lose_nothing(desks: Desks) -> None:
    """What only one of them changed is merged; where both did, the second one sees both and chooses."""
    name = "kvk-adres"
    anna, berta = desks.open("anna", f"/desk/entry/{name}"), desks.open("berta", f"/desk/entry/{name}")
    first = anna.locator('[name="en.question"]').input_value()
    anna.locator('[name="en.question"]').fill(f"{first[:40]} (anna)?")
    anna.locator('[name="nl.phrasings"]').fill(
        anna.locator('[name="nl.phrasings"]').input_value() + "\nvan anna de eerste zin"
    )
    save(anna)
    expect(anna.get_by_text("Saved.")).to_be_visible()
    berta.locator('[name="en.question"]').fill(f"{first[:40]} (berta)?")
    berta.locator('[name="nl.phrasings"]').fill(
        berta.locator('[name="nl.phrasings"]').input_value() + "\nvan berta een andere"
    )
    save(berta)
    expect(berta.get_by_role("heading", level=1)).to_have_text("Two people changed the same thing")
    expect(berta.locator("body")).to_contain_text("(anna)")
    expect(berta.locator("body")).to_contain_text("(berta)")
    save(berta)
    again = desks.open("anna", f"/desk/entry/{name}")
    assert again.locator('[name="en.question"]').input_value().endswith("(berta)?")
    ways = again.locator('[name="nl.phrasings"]').input_value().splitlines()
    assert {"van anna de eerste zin", "van berta een andere"} <= set(ways)


def test_a_spreadsheet_goes_out_and_comes_back(desks: Desks, tmp_path: Path) -> None:
    """A changed cell is shown before it is taken, becomes a proposal, and is given once it is approved."""
    berta = desks.open("berta", "/desk/sheets")
    with berta.expect_download() as download:
        berta.get_by_role("button", name=re.compile("Download")).click()
    path = tmp_path / "kompas.xlsx"
    download.value.save_as(path)
    book = load_workbook(path)
    heads = [cell.value for cell in book["texts"][1]]
    row = next(r for r in book["texts"].iter_rows(min_row=2) if (r[0].value, r[1].value) == ("bot-gratis", "ro"))
    cell = row[heads.index("phrasings")]
    cell.value = f"{cell.value}\nkompas costa ceva pe luna"
    book.save(path)
    berta.get_by_label(re.compile("^Spreadsheet")).set_input_files(path)
    berta.locator('form[action="/desk/sheets"] button').click()
    expect(berta.locator("ins")).to_contain_text("costa ceva pe luna")
    berta.get_by_role("button", name=re.compile("^Take")).click()
    rob = desks.open("rob", "/desk/entry/bot-gratis")
    rob.get_by_role("button", name="Approve").click()
    expect(rob.get_by_text("Approved.")).to_be_visible()
    assert "kompas costa ceva pe luna" in read_entry(desks.knowledge / "entries" / "bot" / "bot-gratis.yml").ro.phrasings
    desks.kompas.ask("lang:ro", "sheet")
    replies = desks.kompas.ask("kompas costa ceva pe luna", "sheet")["messages"]
    assert replies[0]["entry"] == "bot-gratis"


def test_what_would_kompas_answer_shows_before_and_after(desks: Desks) -> None:
    """A phrasing that is not saved yet moves its question in the trial, and nothing that is served."""
    anna = desks.open("anna", "/desk/entry/bot-simpel")
    ways = anna.locator('[name="nl.phrasings"]')
    ways.fill(f"{ways.input_value()}\nflapdrol van een tekst zeg")
    anna.get_by_label("A question as people type it").fill("flapdrol van een tekst zeg")
    anna.locator("#trial-language").select_option("nl")
    anna.get_by_role("button", name="What would Kompas answer?").click()
    after = anna.locator("#trial section").nth(1)
    expect(after.locator("li").first).to_contain_text("bot-simpel", timeout=20_000)
    expect(after).to_contain_text("gives the first answer")
    expect(anna.locator("#trial section").first).not_to_contain_text("gives the first answer")
    anna.get_by_role("button", name="Whose questions would this take?").click()
    expect(anna.locator("#stolen")).not_to_be_empty(timeout=20_000)


def test_a_question_somebody_gives_reaches_the_editors_without_its_number(desks: Desks) -> None:
    """Two taps after "I have no checked answer"; the number in it stays behind, and an editor can delete it."""
    asked = "hoe bak ik een appeltaart met rozijnen, bel me op 0612345678"
    (unknown,) = desks.kompas.ask(asked, "gift")["messages"]
    assert unknown["decision"] == "unknown"
    (shown,) = desks.kompas.ask(unknown["buttons"][-1]["value"], "gift")["messages"]
    assert "appeltaart met rozijnen" in shown["text"] and "0612345678" not in shown["text"]
    anna = desks.open("anna", "/desk/gaps")
    expect(anna.locator("body")).not_to_contain_text("appeltaart")
    desks.kompas.ask(shown["buttons"][0]["value"], "gift")
    anna = desks.open("anna", "/desk/gaps")
    expect(anna.locator("body")).to_contain_text("appeltaart met rozijnen")
    expect(anna.locator("body")).not_to_contain_text("0612345678")
    anna.get_by_role("button", name="Delete").click()
    expect(anna.locator("body")).not_to_contain_text("appeltaart")


def test_the_card_is_two_small_sheets_and_says_nothing_outside(desks: Desks, tmp_path: Path) -> None:
    """A5, one sheet outside and one inside, and no word of the subject on the outside."""
    page = desks.pages["anna"].context.new_page()
    page.goto(desks.url("/find?a=nl&b=pl"))
    page.get_by_role("searchbox").fill("mag de politie mijn huis in")
    page.locator("#results a").first.click()
    page.goto(page.url.replace("?", "/card?"))
    data = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 2
    outside = page.locator("section, .sheet").first.inner_text().lower()
    assert "kompas" in outside and not re.search("sek|seks|politi|polic|werk|prac", outside)
    page.close()


def test_what_was_searched_tried_or_given_is_in_no_log_and_no_file(desks: Desks) -> None:
    """Nor a password: looked for in every log, and in what is kept beside the ledger."""
    asked = {"q": "zwaluwnest aan de gracht", "a": "nl", "b": "ro"}
    assert httpx.post(desks.url("/find"), data=asked, trust_env=False, timeout=20).status_code == 200
    settings = desks.kompas.settings
    files = [p for folder in (settings.cache / "logs", settings.state) for p in folder.rglob("*") if p.is_file()]
    assert {"web.log", "actions.log", "desk.sqlite", "donations.sqlite"} <= {path.name for path in files}
    for path in (*files, desks.kompas.output):
        content = path.read_bytes()
        for word in ("zwaluwnest", "flapdrol", "appeltaart", PASSWORD):
            assert word.encode() not in content, (path, word)
