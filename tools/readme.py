"""Makes the README's transcript and screenshots by asking a real Kompas, so that they are true. Use: `make docs`."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from bot.letters import written  # noqa: E402
from bot.messages import catalogue  # noqa: E402
from tests.conftest import free_port, start_kompas, stop_kompas  # noqa: E402

TURNS = [
    "la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?",
    "lang:ro",
    "tengo carta de la gemeente, dwangsom??",
    "hij staat voor mijn deur met een mes",
]
SHOWN = {"lang:ro": "[tap: Română]"}
# docs/conversations.md: a letter with its deadline and who helps, a municipality, "did you mean", another language, a crisis in a form.
TOUR = {
    "nl": ["ik heb een brief gekregen", "from:gemeente", "LETTER", "kind:dwangsom", "mag ik thuis werken?", "roterdam", "aangifte",
           "entry:belasting-aangifte", "lang:en", "lang:nl", "ik kreeg een brief", "hij staat voor mijn deur met een mes"],
    "en": ["i got a letter", "from:cjib", "LETTER", "kind:traffic", "may i work from home?", "the hague", "insurance",
           "entry:verz-aov", "lang:ro", "lang:en", "i got a letter", "he is at my door with a knife"],
    "es": ["me llegó una carta", "from:belastingdienst", "LETTER", "kind:assessment", "¿puedo trabajar en casa?", "la haya", "una multa",
           "entry:corona-boete", "lang:pl", "lang:es", "me llegó una carta", "está en mi puerta con un cuchillo"],
    "pl": ["dostałam pismo z CAK", "LETTER", "kind:fine", "czy mogę pracować w domu?", "roterdam", "kontrola", "entry:controles-werkplek",
           "lang:nl", "lang:pl", "dostałam list", "stoi pod moimi drzwiami z nożem"],
    "ro": ["am primit o scrisoare", "from:verhuurder", "date:none", "kind:leave", "pot lucra acasă?", "haga", "autorizație",
           "entry:vergunning-nodig", "lang:es", "lang:ro", "am primit o scrisoare", "e la ușa mea cu un cuțit"],
}  # fmt: skip
LETTER_DAYS = 18
SHOTS = {"chat-phone.png": {"width": 390, "height": 844}, "chat-desktop.png": {"width": 1100, "height": 760}}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.toml"
        text = (ROOT / "settings.toml").read_text()
        settings.write_text(re.sub(r"^port = \d+", lambda _: f"port = {free_port()}", text, flags=re.M))
        kompas = start_kompas(settings, Path(folder) / "output.txt")
        try:
            replace_block("transcript", transcript(kompas.ask, TURNS, "readme"))
            (ROOT / "docs" / "conversations.md").write_text(tour(kompas.ask), encoding="utf-8")
            screenshots(kompas.settings.web_url)
        finally:
            stop_kompas(kompas)
    return 0


def tour(ask: object) -> str:
    """One conversation in each language, as `docs/conversations.md` shows them."""
    letter = dt.date.today() - dt.timedelta(days=LETTER_DAYS)
    parts = [
        "# A conversation in each language\n\nMade by `make docs` with a real Kompas. A tap on a button is shown by its value.\n"
    ]
    for language, turns in TOUR.items():
        typed = [written(letter, language) if turn == "LETTER" else turn for turn in turns]
        parts.append(f"## {catalogue(language)['language_name']}\n\n{transcript(ask, typed, f'tour-{language}')}\n")
    return "\n".join(parts)


def transcript(ask: object, turns: list[str], session: str) -> str:
    lines = ["```text"]
    for turn in turns:
        answer = ask(turn, session)  # type: ignore[operator]
        lines.append(f"> {SHOWN.get(turn, turn)}")
        for message in answer["messages"]:
            lines += [
                f"[{answer['language']}] {line}" if i == 0 else f"     {line}"
                for i, line in enumerate(filter(None, message["text"].splitlines()))
            ]
            lines += [f"     ({button['title']})" for button in message["buttons"]]
        lines.append("")
    return "\n".join([*lines[:-1], "```"])


def replace_block(name: str, content: str) -> None:
    path = ROOT / "README.md"
    begin, end = f"<!-- {name}: made by `make docs` -->", f"<!-- end of {name} -->"
    head, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    path.write_text(f"{head}{begin}\n{content}\n{end}{tail}", encoding="utf-8")


def screenshots(url: str) -> None:
    target = ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, viewport in SHOTS.items():
            page = browser.new_page(viewport=viewport, locale="es-ES")
            page.goto(url)
            page.get_by_role("textbox").fill(TURNS[0])
            page.get_by_role("textbox").press("Enter")
            page.locator("#messages .source").wait_for(timeout=20_000)
            page.screenshot(path=str(target / name))
            page.close()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
