"""The pipeline: its order, what each step lets through, and that it always answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.crisis.rules import by_rules
from bot.messages import say
from bot.rendering import Reply
from channels.buttons import Press, for_rasa, pressed
from channels.gateway import Gateway, Inbound, Outbound, clean
from channels.limits import IDLE_SECONDS, PER_SESSION, TEXT_CHARACTERS
from channels.rasa import RasaDown
from channels.sessions import Pseudonyms, Sessions
from knowledge.entry import LANGUAGES


@dataclass(frozen=True)
class Guess:
    language: str = "nl"
    belief: float = 0.9
    words: int = 4


@dataclass
class Echo:
    """A dialogue that notes what reached it and answers with one reply."""

    reply: Reply = field(default_factory=lambda: Reply("fine", "dialogue"))
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    down: bool = False

    async def send(self, sender: str, text: str, language: str) -> list[Reply]:
        self.heard.append((sender, text, language))
        if self.down:
            raise RasaDown
        return [self.reply]


def make(dialogue: Echo | None = None, guess: Guess | None = None) -> tuple[Gateway, Echo]:
    dialogue = dialogue or Echo()
    return Gateway(dialogue, lambda _: guess or Guess(), by_rules), dialogue


async def say_to(gateway: Gateway, text: str, user: str = "u") -> Outbound:
    return await gateway.handle(Inbound("web", user, text))


async def test_a_question_goes_to_rasa_under_a_pseudonym() -> None:
    """Rasa sees the text and a pseudonym, never the user id."""
    gateway, echo = make()
    assert (await say_to(gateway, "hallo daar", "user-1234")).replies[0].text == "fine"
    ((sender, text, language),) = echo.heard
    assert (text, language) == ("hallo daar", "nl")
    assert "user-1234" not in sender and len(sender) >= 32


async def test_a_crisis_is_answered_before_everything_else() -> None:
    """With Rasa down, over the rate limit and in a message that is far too long, the numbers still come."""
    gateway, echo = make(Echo(down=True))
    for _ in range(PER_SESSION.burst + 5):
        assert (await say_to(gateway, "ik wil dood")).replies[0].decision == "crisis"
    long = "bla " * TEXT_CHARACTERS + ". ik wil dood"
    assert (await say_to(gateway, long)).replies[0].decision == "crisis"
    assert echo.heard == []


async def test_when_rasa_is_down_people_get_one_moment_and_contacts() -> None:
    """A failure of ours never looks like silence."""
    gateway, _ = make(Echo(down=True))
    reply = (await say_to(gateway, "hallo daar")).replies[0]
    assert (reply.decision, reply.text) == ("unavailable", say("nl", "unavailable"))


@pytest.mark.parametrize(
    ("text", "key"),
    [("", "nothing_typed"), ("\x00\u200b", "nothing_typed"), ("🙂", "nothing_typed"), ("a" * 100_000, "too_long")],
)
async def test_what_cannot_be_read_gets_a_kind_line(text: str, key: str) -> None:
    """Nothing typed, or far too much, is said to be so and goes no further."""
    gateway, echo = make()
    assert (await say_to(gateway, text)).replies[0].text == say("nl", key)
    assert echo.heard == []


async def test_a_flood_is_slowed_down_and_others_are_not() -> None:
    """The limit is per person."""
    gateway, _ = make()
    gateway.sessions = Sessions(lambda: 0.0)  # nobody's patience comes back while the test runs
    decisions = [(await say_to(gateway, "hallo daar")).replies[0].text for _ in range(PER_SESSION.burst + 1)]
    assert decisions[-1] == say("nl", "too_fast")
    assert (await say_to(gateway, "hallo daar", "another")).replies[0].text == "fine"


async def test_a_settled_language_is_not_flipped_by_loan_words() -> None:
    """However sure the guess is: one Dutch word is no sentence."""
    gateway, echo = make(guess=Guess("es", 0.9))
    await say_to(gateway, "tengo una carta")
    gateway.guess = lambda _: Guess("nl", 0.99, words=1)
    await say_to(gateway, "schijnzelfstandigheid")
    assert [language for _, _, language in echo.heard] == ["es", "es"]


async def test_who_says_too_little_is_asked_for_the_language_and_then_answered() -> None:
    """Asked in all five languages; after the tap the message itself is answered, and nothing of it is kept."""
    gateway, echo = make(guess=Guess("pl", 0.3))
    asked = (await say_to(gateway, "dwangsom?")).replies[0]
    assert asked.text.splitlines() == [say(language, "which_language") for language in LANGUAGES]
    assert [button.value for button in asked.buttons] == [f"lang:{language}" for language in LANGUAGES]
    assert echo.heard == []
    outbound = await say_to(gateway, "lang:ro")
    assert [reply.text for reply in outbound.replies] == [say("ro", "language_changed"), "fine"]
    assert echo.heard[-1][1:] == ("dwangsom?", "ro")
    assert gateway.sessions.get(gateway.pseudonyms.of("web", "u")).waiting is None


async def test_the_language_is_asked_once() -> None:
    """Who goes on typing is answered in the likeliest language, and what waited is dropped."""
    gateway, echo = make(guess=Guess("pl", 0.3))
    await say_to(gateway, "hm")
    assert (await say_to(gateway, "hmm")).language == "pl"
    await say_to(gateway, "lang:ro")
    assert [text for _, text, _ in echo.heard] == ["hmm", "/show_again"]


async def test_the_numbers_come_again_in_the_language_that_is_chosen() -> None:
    """A crisis in a language that was guessed wrongly."""
    gateway, echo = make(guess=Guess("en", 0.9))
    await say_to(gateway, "ik wil dood")
    outbound = await say_to(gateway, "lang:nl")
    assert [reply.decision for reply in outbound.replies] == ["dialogue", "crisis"]
    assert outbound.replies[1].text == say("nl", "crisis_suicide") and echo.heard == []
    await say_to(gateway, "dank je")
    assert (await say_to(gateway, "lang:en")).replies[-1].decision == "dialogue"


async def test_a_clear_sentence_in_another_language_is_followed() -> None:
    """Who goes on in another language is answered in it."""
    gateway, echo = make(guess=Guess("es", 0.9))
    await say_to(gateway, "tengo una carta")
    gateway.guess = lambda _: Guess("en", 0.999)
    await say_to(gateway, "sorry I prefer to write English now")
    assert echo.heard[-1][2] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_language_button_settles_the_language_and_rasa_shows_the_last_answer_again(language: str) -> None:
    """One tap changes the language, and what stood there last comes again in it."""
    gateway, echo = make(Echo(Reply("the answer", "answer", "keys-lost")))
    await say_to(gateway, "hallo daar")
    outbound = await say_to(gateway, f"lang:{language}")
    assert outbound.language == language
    assert [reply.text for reply in outbound.replies] == [say(language, "language_changed"), "the answer"]
    assert echo.heard[-1][1:] == ("/show_again", language)


async def test_asking_in_words_for_another_language_changes_it_for_good() -> None:
    """The dialogue says which language was asked for, and the gateway keeps to it."""
    gateway, echo = make(Echo(Reply("Bine", "dialogue", language="ro")))
    assert (await say_to(gateway, "spreek je roemeens")).language == "ro"
    echo.reply = Reply("fine", "dialogue")
    assert (await say_to(gateway, "ok")).language == "ro"


async def test_forget_me_leaves_nothing() -> None:
    """The session is gone, and Rasa knows the person under another name from then on."""
    gateway, echo = make(Echo(Reply("gone", "dialogue", forget=True)))
    await say_to(gateway, "vergeet mij")
    assert len(gateway.sessions) == 0
    await say_to(gateway, "hallo daar")
    assert echo.heard[0][0] != echo.heard[1][0]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=3000), st.text(max_size=50))
def test_any_message_of_anybody_is_answered(text: str, user: str) -> None:
    """No text and no user id raises or goes without a reply, and what Rasa hears is clean and no command."""
    gateway, echo = make()
    outbound = asyncio.run(say_to(gateway, text, user))
    assert outbound.replies and outbound.language in LANGUAGES
    for _, heard, _ in echo.heard:
        assert heard.startswith("/") == (pressed(clean(text)) is not None)
        assert "\x00" not in heard and len(heard) <= TEXT_CHARACTERS


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Control and invisible characters go, and nothing else is lost the second time."""
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    ["/restart", " /restart", "//restart", '/choose_entry{"entry": "x"}', "@bot /restart", "\\/restart", "/ /restart"],
)
def test_a_typed_command_is_only_text(text: str) -> None:
    """Only buttons become commands of Rasa."""
    assert not for_rasa(text, pressed(text)).startswith("/")


@pytest.mark.parametrize("text", ["lang:xx", "lang:", "entry:", "entry:A B", "entry:../x", "none", "entry:x y", "drop:x"])
def test_what_looks_like_a_button_and_is_none_is_text(text: str) -> None:
    """Only values that Kompas itself makes are presses."""
    assert pressed(text) is None


def test_a_press_is_read_back() -> None:
    """The three kinds of button."""
    assert pressed("entry:keys-lost") == Press("entry", "keys-lost")
    assert pressed("lang:ro") == Press("lang", "ro")
    assert pressed("none:") == Press("none", "")


def test_a_silent_session_is_forgotten_after_half_an_hour() -> None:
    """Not a second later than the limit, and using it keeps it alive."""
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    sessions.get("a").language = "pl"
    now[0] = IDLE_SECONDS - 1
    assert sessions.get("a").language == "pl"
    now[0] += IDLE_SECONDS - 1
    assert len(sessions) == 1
    now[0] += 2
    assert len(sessions) == 0
    assert sessions.get("a").language is None


def test_pseudonyms_differ_by_person_channel_and_key() -> None:
    """The same person is the same while the key lives, and nobody else."""
    names = Pseudonyms(b"k" * 32)
    assert names.of("web", "a") == names.of("web", "a")
    different = {
        names.of("web", "a"),
        names.of("web", "b"),
        names.of("telegram", "a"),
        Pseudonyms().of("web", "a"),
        names.of("web", "\ud800"),
    }
    assert len(different) == 5


async def test_a_tap_is_answered_in_the_language_of_the_question() -> None:
    """Also when the question said too little to settle the language."""
    gateway, echo = make(guess=Guess("pl", 0.3))
    for text in ("hm", "hmm", "entry:bank-klacht"):
        await say_to(gateway, text)
    assert [language for _, _, language in echo.heard] == ["pl", "pl"]


async def test_a_crisis_ends_an_open_form() -> None:
    """Rasa knows the person under a new name afterwards: what the form asked is not asked again."""
    gateway, echo = make()
    await say_to(gateway, "ik heb een brief gekregen")
    await say_to(gateway, "ik wil dood")
    await say_to(gateway, "3 november")
    (before, after) = (sender for sender, _, _ in echo.heard)
    assert before[:32] == after[:32] and before != after


async def test_another_language_is_asked_for_by_a_tap_and_named_in_a_strange_one() -> None:
    """The five languages as buttons, each in its own name; Rasa hears nothing of it."""
    gateway, echo = make()
    for text in ("lang:other", "je voudrais savoir si la police peut entrer chez moi"):
        reply = (await say_to(gateway, text)).replies[0]
        assert [button.value for button in reply.buttons] == [f"lang:{language}" for language in LANGUAGES]
    assert "néerlandais" in reply.text and "Dutch" in reply.text and echo.heard == []


async def test_who_is_silent_is_forgotten_without_another_message() -> None:
    """The web application sweeps; nobody has to write for it."""
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    sessions.get("somebody")
    now[0] = IDLE_SECONDS + 1.0
    sessions.drop_idle()
    assert sessions._sessions == {}


@pytest.mark.parametrize(
    ("value", "command"),
    [
        ("more:bank-klacht", '/more{"entry": "bank-klacht"}'),
        ("bad:", "/not_helpful"),
        ("why:unclear", '/why{"reason": "unclear"}'),
        ("from:cak", '/choose_sender{"sender": "cak"}'),
        ("date:none", "/no_date{}"),
        ("town:skip", "/skip_town"),
    ],
)
def test_each_button_becomes_its_command(value: str, command: str) -> None:
    """The table in channels/buttons.py, seen from the other side."""
    assert for_rasa(value, pressed(value)) == command.removesuffix("{}")
