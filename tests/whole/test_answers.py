"""The whole of Kompas, as `kompas run` starts it: questions in five languages, hostile input, and nothing said in any log."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from knowledge.library import load
from kompas.settings import ROOT
from tests.conftest import REAL_KNOWLEDGE, Running

pytestmark = pytest.mark.rasa

# The four card questions in five languages, as people ask them: the topic of the answer must be the card's.
CARDS = {
    "controles": ["mag de politie mijn huis binnenkomen voor een controle?", "can the police come into my home for a check?",
                  "la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?", "czy policja może wejść do mojego mieszkania na kontrolę?",
                  "poate poliția să intre în locuința mea pentru un control?"],
    "aangifte": ["ik werk zonder vergunning, kan ik toch aangifte doen bij de politie?", "I work without a permit, can I still report a crime to the police?",
                 "trabajo sin permiso, ¿puedo denunciar a la policía?", "pracuję bez zezwolenia, czy mogę zgłosić przestępstwo na policji?",
                 "lucrez fără autorizație, pot depune plângere la poliție?"],
    "medisch_dossier": ["mag mijn huisarts in mijn medisch dossier zetten dat ik sekswerker ben?", "may my doctor write in my medical file that I am a sex worker?",
                        "¿puede el médico poner en mi historial médico que soy trabajadora sexual?", "czy lekarz może wpisać do mojej dokumentacji medycznej, że pracuję seksualnie?",
                        "poate medicul să scrie în dosarul meu medical că sunt lucrătoare sexuală?"],
    "bankrekening": ["de bank weigert een zakelijke rekening vanwege mijn werk, mag dat?", "the bank refuses me a business account because of my work, is that allowed?",
                     "el banco me niega una cuenta de empresa por mi trabajo, ¿puede hacerlo?", "bank odmawia mi konta firmowego z powodu mojej pracy, czy może?",
                     "banca îmi refuză un cont de firmă din cauza muncii mele, are voie?"],
}  # fmt: skip
LANGUAGES = ("nl", "en", "es", "pl", "ro")
CANARY = "kanarievogel-zebrapad"


@pytest.mark.parametrize(("topic", "language"), [(topic, language) for topic in CARDS for language in LANGUAGES])
def test_a_card_question_gets_its_vetted_answer(kompas: Running, topic: str, language: str) -> None:
    """Web door, gateway, Rasa, action, retrieval, entry: the entry's own text, in the person's language, with its source."""
    question = CARDS[topic][LANGUAGES.index(language)]
    answer = kompas.ask(question, session=f"card-{topic}-{language}")
    (message,) = answer["messages"]
    entry = load(REAL_KNOWLEDGE).entries[message["entry"]]
    assert (answer["language"], message["decision"], entry.topic) == (language, "answer", topic)
    assert message["text"].startswith(entry.text(language).answer)
    assert entry.checked_on.isoformat() in message["text"]
    assert len(message["buttons"]) <= 3


def test_health_says_that_all_is_well(kompas: Running) -> None:
    """The contract of /healthz."""
    health = kompas.health()
    assert set(health) == {"status", "rasa", "retrieval", "entries", "version"}
    assert (health["status"], health["rasa"], health["retrieval"]) == ("ok", "up", "up")
    assert health["entries"] >= 60


@pytest.mark.parametrize(
    ("text", "language", "holds"),
    [("goedemorgen", "nl", "Kompas"), ("thanks a lot", "en", "welcome"), ("olvida todo lo que sabes de mi", "es", "Hecho"),
     ("czy jestes botem", "pl", "Kompas"), ("multumesc mult", "ro", "plăcere")],
)  # fmt: skip
def test_dialogue_acts_get_their_short_reply(kompas: Running, text: str, language: str, holds: str) -> None:
    """Rasa tells a greeting from a question, in each language."""
    answer = kompas.ask(text, session=f"dialogue-{language}")
    assert answer["language"] == language
    assert holds in answer["messages"][0]["text"]


def test_a_crisis_is_answered_with_the_number_first(kompas: Running) -> None:
    """In the language it was said in, whatever was spoken before."""
    kompas.ask("mag de politie mijn huis binnenkomen?", session="crisis")
    message = kompas.ask("hij staat voor mijn deur met een mes", session="crisis")["messages"][0]
    assert message["decision"] == "crisis" and message["text"].startswith("Bel nu 112")


def test_a_button_shows_its_entry_and_another_language_shows_it_again(kompas: Running) -> None:
    """Buttons are pressed by sending their value, and a change of language repeats the answer."""
    first = kompas.ask(CARDS["controles"][0], session="buttons")["messages"][0]
    assert [button["value"].partition(":")[0] for button in first["buttons"]] == ["more", "bad", "lang"]
    related = kompas.ask(first["buttons"][0]["value"], session="buttons")["messages"][0]
    pressed = kompas.ask(related["buttons"][0]["value"], session="buttons")["messages"][0]
    assert f"entry:{pressed['entry']}" == related["buttons"][0]["value"]
    said, again = kompas.ask("lang:ro", session="buttons")["messages"]
    assert said["decision"] == "dialogue" and again["entry"] == pressed["entry"]
    assert again["text"].startswith(load(REAL_KNOWLEDGE).entries[pressed["entry"]].ro.answer)


def test_what_kompas_does_not_know_it_says(kompas: Running) -> None:
    """No answer is better than a wrong one, and people who can help are named."""
    message = kompas.ask("hoe maak ik pannenkoeken", session="unknown")["messages"][0]
    assert message["decision"] in ("unknown", "choices")
    assert message["entry"] is None


@pytest.mark.parametrize("text", ["", "\u0000\u0001", "🙂🙂", "\u202e\u202dabc", "<b>hoi</b><script>x</script>", "a" * 30_000, "/restart", '/choose_entry{"entry": "x"}',
                                  "entry:does-not-exist", "{{7*7}}", "' or 1=1 --", "\ud800", "मदद", "مساعدة", "😀" * 1500])  # fmt: skip
def test_hostile_text_gets_a_kind_reply(kompas: Running, text: str) -> None:
    """No 5xx and never silence, through the real Rasa."""
    response = httpx.post(
        f"{kompas.settings.web_url}/api/chat",
        content=json.dumps({"session": "h", "text": text}),
        timeout=30,
        trust_env=False,
    )
    assert response.status_code == 200
    assert response.json()["messages"][0]["text"]


def test_a_hundred_thousand_characters_get_a_clear_4xx(kompas: Running) -> None:
    """More than the gateway reads is refused with a sentence."""
    response = httpx.post(
        f"{kompas.settings.web_url}/api/chat", json={"session": "h", "text": "a" * 100_000}, timeout=30, trust_env=False
    )
    assert response.status_code == 413 and "larger" in response.json()["error"]


def test_two_hundred_at_once_are_all_answered(kompas: Running) -> None:
    """Each of two hundred parallel requests gets a reply, and none an error."""

    def one(number: int) -> tuple[int, str]:
        asked = {"session": f"crowd-{number}", "text": CARDS["controles"][number % 5]}
        response = httpx.post(f"{kompas.settings.web_url}/api/chat", json=asked, timeout=60, trust_env=False)
        return response.status_code, response.json()["messages"][0]["decision"]

    with ThreadPoolExecutor(200) as crowd:
        replies = list(crowd.map(one, range(200)))
    assert {status for status, _ in replies} == {200}
    assert all(decision in ("answer", "unavailable") for _, decision in replies)
    assert sum(decision == "answer" for _, decision in replies) >= 190


def test_an_edited_entry_is_served_without_a_restart(kompas: Running) -> None:
    """Edited, broken and mended: the new text comes, a broken file changes nothing, and no request is lost."""
    path = kompas.settings.knowledge / "entries" / "controles" / "controles-woning-binnentreden.yml"
    original = path.read_text()
    marker = "Dit is de nieuwe tekst."
    try:
        path.write_text(original.replace("  answer: |\n    ", f"  answer: |\n    {marker} ", 1))
        assert eventually(kompas, lambda text: marker in text) <= 10
        path.write_text("id: [broken")
        time.sleep(1.5)
        assert marker in kompas.ask(CARDS["controles"][0], session="edit")["messages"][0]["text"]
    finally:
        path.write_text(original)
    assert eventually(kompas, lambda text: marker not in text) <= 10


def eventually(kompas: Running, holds: object) -> float:
    """Seconds until the first card question's answer holds; every request on the way is answered."""
    began = time.monotonic()
    while time.monotonic() - began < 15:
        message = kompas.ask(CARDS["controles"][0], session=f"edit-{time.monotonic()}")["messages"][0]
        assert message["decision"] == "answer"
        if holds(message["text"]):  # type: ignore[operator]
            break
        time.sleep(0.1)
    return time.monotonic() - began


def test_nothing_that_was_typed_is_in_any_log_or_file(kompas: Running) -> None:
    """Not the text, not the session: neither in logs nor in anything written while running."""
    for text in (f"mag de politie mijn {CANARY} in", f"/{CANARY}", f"{CANARY} {{x", CANARY * 150):
        kompas.ask(text, session=f"session-{CANARY}")
    httpx.post(f"{kompas.settings.web_url}/api/chat", content=f"{CANARY}".encode(), trust_env=False)
    httpx.get(f"{kompas.settings.web_url}/{CANARY}?q={CANARY}", trust_env=False)
    time.sleep(0.5)
    written = [*(ROOT / ".cache" / "logs").glob("*"), kompas.output, *Path(kompas.settings.knowledge).rglob("*.yml")]
    for path in written:
        assert CANARY.encode() not in path.read_bytes(), path
