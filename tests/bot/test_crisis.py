"""Crisis rules: what they must see, what they must leave alone, and that no text can stop them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.crisis.detector import EXAMPLES, INDIRECT, WINDOW, CrisisDetector, read_examples, windows
from bot.crisis.rules import KINDS, by_rules, fold, rules
from bot.messages import say
from knowledge.entry import LANGUAGES
from knowledge.library import load
from kompas.settings import ROOT, read_settings
from kompas.wiring import build_detector, ordinary_messages

SEEN = {
    "violence_now": ["hij staat voor mijn deur met een mes", "he is beating me right now", "me está pegando ahora", "on mnie teraz bije", "mă bate acum"],
    "captivity": ["ik ben opgesloten en mag niet naar buiten", "they locked me in and took my passport", "me tienen encerrada y no me dejan salir",
                  "zamknęli mnie i nie mogę wyjść", "m-au încuiat și nu mă lasă să plec"],
    "sexual_violence_now": ["ik ben net verkracht", "i was raped an hour ago", "me acaban de violar", "właśnie mnie zgwałcił", "tocmai m-a violat"],
    "suicide": ["ik wil dood", "i want to kill myself", "quiero morirme", "chcę umrzeć", "vreau să mor"],
}  # fmt: skip
LEFT_ALONE = [
    "was ik in gevaar? nee hoor", "nobody hit me", "nadie me pegó", "nikt mnie nie bije", "nimeni nu mă bate",
    "vorig jaar heeft een klant mij geslagen, kan ik nog aangifte doen", "last year a client hit me, can I still report it",
    "el año pasado un cliente me pegó, ¿puedo denunciar?", "w zeszłym roku klient mnie uderzył, czy mogę to zgłosić",
    "anul trecut m-a lovit un client, pot face plângere?",
    "politie staat voor de deur, moet ik opendoen", "i am dying of curiosity", "mi teléfono está muerto",
]  # fmt: skip


@pytest.fixture(scope="module")
def detector() -> CrisisDetector:
    """The detector as the gateway builds it."""
    settings = read_settings(ROOT / "settings.toml")
    return build_detector(settings, load(settings.knowledge))


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SEEN.items() for text in texts])
def test_a_crisis_is_seen(detector: CrisisDetector, kind: str, text: str) -> None:
    """Each kind in each language, with or without accents, capitals and stretched letters."""
    for variant in (text, text.upper(), fold(text), f"  {text}!!! "):
        assert detector.detect(variant) == kind, variant


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_crisis_is_left_alone(detector: CrisisDetector, text: str) -> None:
    """Negation, what is long past, police at the door for a check, and figures of speech."""
    assert detector.detect(text) is None


@pytest.mark.parametrize("hidden", ["ik w\u200bil d\u00adood", "ik wil dóód", "IK  WIL\nDOOD", "\u202eik wil dood\u202c"])
def test_a_crisis_cannot_be_hidden_by_characters(detector: CrisisDetector, hidden: str) -> None:
    """Zero width characters, accents and breaks do not matter."""
    assert detector.detect(hidden) == by_rules(hidden) == "suicide"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=400))
def test_no_text_raises(detector: CrisisDetector, text: str) -> None:
    """Any text gets a kind or None."""
    assert detector.detect(text) in (None, *KINDS)
    assert by_rules(text) in (None, *KINDS)


@pytest.mark.parametrize(
    "repeated", ["a", "he hit me ", "ik mag niet ", "no me dejan ", "nie moge ", "ma ", " ", "1 ", "hij heeft me "]
)
def test_no_text_takes_long(detector: CrisisDetector, repeated: str) -> None:
    """Two thousand characters of anything are looked at in far less than a second: no pattern runs away."""
    text = (repeated * 2000)[:2000]
    began = time.process_time()
    detector.detect(text)
    assert time.process_time() - began < 2.0  # a runaway pattern takes minutes; speed itself is in benchmarks/


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_rules_and_words_for_every_kind(language: str) -> None:
    """No kind is left without patterns, and every kind has its reply with the emergency number."""
    found = rules(language)
    for kind in KINDS:
        assert found.patterns[kind].pattern != "(?!)" or found.sure[kind].pattern != "(?!)"
        assert "112" in say(language, f"crisis_{kind}")
    assert "113" in say(language, "crisis_suicide")
    assert "0800-0188" in say(language, "crisis_sexual_violence_now")
    assert "033-448 11 86" in say(language, "crisis_captivity")


def test_one_sentence_in_a_long_message_is_seen(detector: CrisisDetector) -> None:
    """Windows keep a long message from drowning it, wherever it stands."""
    ordinary = "ik heb een vraag over de belasting en de gemeente en mijn huisbaas en de bank en het contract "
    for text in (
        f"{ordinary * 6} ik wil dood",
        f"ik wil dood {ordinary * 6}",
        f"{ordinary * 3} ik wil dood {ordinary * 3}",
    ):
        assert detector.detect(text) == "suicide"


@given(st.lists(st.sampled_from(["a", "bb", "ccc"]), max_size=200))
def test_windows_hold_every_word(words: list[str]) -> None:
    """No word of a message goes unread."""
    found = [window.split() for window in windows(" ".join(words))]
    assert all(len(window) <= WINDOW for window in found)
    assert len(words) <= sum(map(len, found))
    assert not words or found[-1][-1] == words[-1]


def test_an_example_with_an_unknown_kind_is_named(tmp_path: Path) -> None:
    """File and line, and what is allowed."""
    for language in LANGUAGES:
        (tmp_path / f"{language}.tsv").write_text("suicide\tik wil dood\nbad\tx\n")
    with pytest.raises(ValueError, match=r"nl.tsv:2"):
        read_examples(tmp_path)


@pytest.mark.parametrize(("folder", "recall", "alarms"), [(EXAMPLES, 0.93, 0.05), (INDIRECT, 0.65, 0.05)])
def test_held_out_examples_are_recognised(folder: Path, recall: float, alarms: float) -> None:
    """Fitted to all but a fifth of one kind of examples, the detector sees most of the fifth it never saw, and little else."""
    held = read_examples(folder)[::5]
    left_out = set(held)
    learned = [example for example in read_examples() if example not in left_out]
    settings = read_settings(ROOT / "settings.toml")
    detector = CrisisDetector(learned, ordinary_messages(settings, load(settings.knowledge)))
    seen = [detector.detect(example.text) is not None for example in held]
    crises = [hit for hit, example in zip(seen, held, strict=True) if example.kind != "none"]
    others = [hit for hit, example in zip(seen, held, strict=True) if example.kind == "none"]
    assert sum(crises) / len(crises) >= recall
    assert sum(others) / len(others) <= alarms


def blind() -> list[tuple[str, str, str]]:
    """`tests/data/crisis.tsv`: language, kind (or `lookalike`) and text, written by somebody who had not seen the detector."""
    lines = (ROOT / "tests" / "data" / "crisis.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t")) for line in lines]  # type: ignore[misc]


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_nobody_tuned_to_are_seen(detector: CrisisDetector, language: str) -> None:
    """64 emergencies, many of them indirect, and 64 messages that only sound like one. Figures: docs/decisions/0004-crisis.md."""
    told = [(kind, detector.detect(text) is not None) for spoken, kind, text in blind() if spoken == language]
    crises = [seen for kind, seen in told if kind != "lookalike"]
    others = [seen for kind, seen in told if kind == "lookalike"]
    assert len(crises) == len(others) == 64
    assert sum(crises) / len(crises) >= 0.87
    assert sum(others) / len(others) <= 0.05


def test_no_blind_message_is_an_example() -> None:
    """What the detector is judged by, it never learned."""
    learned = {fold(example.text) for example in read_examples()}
    assert not learned & {fold(text) for _, _, text in blind()}


@pytest.mark.parametrize("text", [
    "nu stiu", "nu știu", "nie wiem", "no sé", "weet ik niet", "i don't know", "nu stiu inca", "he says i have to leave", "my landlord wants me out",
    "mi casero me dice que me vaya del piso", "moet eruit van de verhuurder", "yes", "nie", "3 november", "den haag",
])  # fmt: skip
def test_an_answer_to_a_forms_question_is_no_crisis(detector: CrisisDetector, text: str) -> None:
    """A crisis ends the form, so a short answer must never look like one."""
    assert detector.detect(text) is None
