"""The pages for people who work at the desks tell what the desks really have: buttons, commands, numbers, pictures."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from bot.messages import catalogue, texts
from channels.desk.accounts import PASSWORD_MINIMUM, ROLES
from channels.desk.pages import TEXTS
from channels.desk.sheets import KEPT_SECONDS, MOST_BYTES
from channels.desk.signing import IDLE_SECONDS, TRIES, WHOLE_SECONDS
from channels.desk.wiring import TEXTS_PAGES
from channels.donations import KEEP_DAYS, MOST
from channels.find.shown import TEXTS as FIND_TEXTS
from knowledge.entry import ANSWER_LIMITS, PHRASINGS_MINIMUM, QUESTION_LIMIT
from kompas.cli import parser
from kompas.settings import ROOT

EDITORS, OUTREACH, OPERATORS = (ROOT / "docs" / f"{name}.md" for name in ("editors", "outreach", "operators"))
SECURITY, DPIA = ROOT / "SECURITY.md", ROOT / "docs" / "dpia.md"
COMMAND = re.compile(r"(?:^|`)\.venv/bin/kompas ([^`\n]+)", flags=re.M)
LINK = re.compile(r"\]\(([^)#]+)(?:#[\w-]+)?\)")
# What the documents say in numbers, as the program has it.
NUMBERS = (
    (EDITORS, f"**Question** ({QUESTION_LIMIT} characters at most)"),
    (EDITORS, "**Answer** ({} to {})".format(*ANSWER_LIMITS)),
    (EDITORS, f"**Other ways to ask (one a line)** ({PHRASINGS_MINIMUM} or more"),
    (EDITORS, f"password of {PASSWORD_MINIMUM} characters or more"),
    (EDITORS, f"after {IDLE_SECONDS // 60} minutes without"),
    (EDITORS, f"after {WHOLE_SECONDS // 3600} hours"),
    (EDITORS, f"After {KEEP_DAYS} days it deletes itself"),
    (EDITORS, f".xlsx, {MOST_BYTES // 1024 // 1024} MB at most"),
    (SECURITY, f"{TRIES['account'].most} wrong tries for an account, or {TRIES['address'].most} from an address"),
    (SECURITY, f"within {TRIES['account'].seconds // 60} minutes"),
    (SECURITY, f"{IDLE_SECONDS // 60} idle minutes, {WHOLE_SECONDS // 3600} hours at most"),
    (DPIA, f"{KEEP_DAYS} days, {MOST:,} questions at most"),
    (DPIA, f"spreadsheet that waits for a yes: {KEPT_SECONDS // 60:.0f} minutes"),
)


@cache
def words(path: Path) -> str:
    """A document, its line breaks as spaces."""
    return " ".join(path.read_text(encoding="utf-8").split())


def in_bold(path: Path) -> list[str]:
    return re.findall(r"\*\*(.+?)\*\*", words(path))


@pytest.mark.parametrize(
    "path, folders",
    [(EDITORS, (TEXTS, TEXTS_PAGES)), (OUTREACH, (FIND_TEXTS,))],
    ids=["editors", "outreach"],
)
def test_what_is_in_bold_stands_on_the_english_page(path: Path, folders: tuple[Path, ...]) -> None:
    """Whoever looks for a button or field by its name finds it, letter for letter."""
    told = {text for folder in folders for text in texts(folder, "en").values()}
    named = in_bold(path)
    assert len(named) > 5
    assert [name for name in named if name not in told] == []


def test_what_people_tap_to_give_a_question_is_called_that() -> None:
    """The two taps in the chat bear the names that editors read about."""
    for key in ("donate", "donate_yes"):
        assert f"*{catalogue('en')[key]}*" in words(EDITORS)


@pytest.mark.parametrize("path", [EDITORS, OPERATORS], ids=["editors", "operators"])
def test_every_command_exists(path: Path) -> None:
    """What stands there to be typed is understood by the command line; nothing of it is run."""
    commands = COMMAND.findall(path.read_text(encoding="utf-8"))
    assert any(command.startswith("desk add ") for command in commands)
    for command in commands:
        assert callable(parser().parse_args(shlex.split(command, comments=True)).run), command


def test_every_role_is_told() -> None:
    """The table of roles has each of them and no other."""
    table = re.findall(r"^\| `(\w+)` \|", EDITORS.read_text(encoding="utf-8"), flags=re.M)
    assert table == list(ROLES)


@pytest.mark.parametrize("path, sentence", NUMBERS)
def test_numbers_are_the_ones_of_the_program(path: Path, sentence: str) -> None:
    """A limit that changes in the code changes in the document too."""
    assert sentence in words(path)


@pytest.mark.parametrize(
    "path", [EDITORS, OUTREACH, OPERATORS, SECURITY, DPIA, ROOT / "README.md"], ids=lambda path: path.stem
)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    """Every link to a file of this repository has that file behind it, and every picture is small enough to load."""
    targets = [path.parent / link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [str(target) for target in targets if not target.exists()] == []
    assert [target.name for target in targets if target.suffix == ".png" and target.stat().st_size > 150 * 1024] == []
