"""What is taken out of a message before Rasa sees it, and what is left as it was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban
from stdnum.es import dni, nie
from stdnum.pl import pesel
from stdnum.ro import cnp

from bot.messages import catalogue
from channels.redaction import IBAN, ID, MARKERS, MAY_SAY_A_NAME, PHONE, SAYS_A_NAME, redact
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.text import fold
from kompas.cli import QUESTIONS
from retrieval.analysis import WORD
from retrieval.evaluation import read_questions
from tests.conftest import REAL_KNOWLEDGE

PHONES = [
    *("06 12 34 56 78", "06-12345678", "0612345678", "06.12.34.56.78", "(06) 12345678", "06 - 12 34 56 78", "31612345678"),
    *("+31 6 12345678", "+31 (0)6 12 34 56 78", "0031612345678", "020-1234567", "070 123 45 67"),
    *("612 345 678", "612 34 56 78", "+34 612345678", "600 700 801", "+48 600 700 801", "22 123 45 67"),
    *("0721 234 567", "+40721234567", "07123 456789", "0470 12 34 56", "0151 23456789", "+33 6 12 34 56 78"),
]


@pytest.mark.parametrize("number", PHONES)
@pytest.mark.parametrize("sentence", ["bel me op {} graag", "{}", "op 3-11-2026 om 10:30, {}, voor 150 euro", "tel:{}."])
def test_a_phone_number_of_any_of_the_countries_goes(number: str, sentence: str) -> None:
    """However it is written, and whatever stands around it, only the marker is left."""
    assert redact(sentence.format(number)) == sentence.format(PHONE)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("kom om 10 06 12 34 56 78", "kom om 10 [phn]"),
        ("612 345 678 50 euro", "[phn] 50 euro"),
        ("06 1234 5678 / 612 345 678", "[phn] / [phn]"),
        ("612 345 678 of 0900-8844 of 0612345678", "[phn] of 0900-8844 of [phn]"),
        ("app0612345678", "app[phn]"),
    ],
)
def test_a_phone_number_is_found_beside_other_numbers(text: str, left: str) -> None:
    """An hour, a price, a help line or another phone number before or behind it hides it not."""
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "bel 112, 113, 0800-0113, 0900 0101, 0800-33 55 555, 14 020 of 14 0318",
        "CoMensha 033-448 11 86, de KvK op 088 585 1585 en klachtenbalie@sekswerk.info",
        "1.500 euro, 2500, € 10.000,50, 250 300 350 euro, 1.250.000 euro",
        "ik vraag 100 150 200, of 1 uur 150 en 2 uur 250",
        "op 3-11-2026, 03/11/26, 2026-11-03, 3.11.2026, 03 11 2026 of 03112026",
        "3-11-2026 10000 euro, 12.500 2020, van 09:00-17:30, in 2023 2024 2025",
        "art. 126nba, artikel 5:31d Awb, art 273f lid 1 sub 1, Verordening 2016/679, BC5257, ECLI:NL:RVS:2021:1234",
        "kenmerk 4839201, zaak 123456, brief 20-1234567, mijn bsn of burgerservicenummer",
        "postcode 1234AB, 12-uurs dienst, 1-mei-26, 12-MEI-26, opt-in, EU-burger, 24-7",
    ],
)
def test_what_is_no_identifier_stays(text: str) -> None:
    """Help lines, amounts, dates, years, articles of law and short references stay as they are typed."""
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mail anna@voorbeeld.nl, of a.b+c@x-y.co.uk.", "mail [eml], of [eml]."),
        ("rekening NL91 ABNA 0417 1643 00 en dan", "rekening [ibn] en dan"),
        ("iban:nl91abna0417164300.", "iban:[ibn]."),
        ("op18 mei staat NL91-ABNA-0417-1643-00 erin", "op18 mei staat [ibn] erin"),
        ("mijn bsn is 111222333", "mijn bsn is [idn]"),
        ("bsn 1112.22.333 of 111 222 333", "bsn [idn] of [idn]"),
        ("btw NL123456782B01", "btw [idn]"),
        ("PESEL 44051401359, CNP 1800101221144", "PESEL [idn], CNP [idn]"),
        ("dni 12345678Z, 12345678-z, 12.345.678-Z y NIE X-1234567-L", "dni [idn], [idn], [idn] y NIE [idn]"),
        ("kenteken AB-12-CD, 12-ABC-3, G-001-BB of 06-12-AB", "kenteken [plt], [plt], [plt] of [plt]"),
        ("hij reed in gr-123-b of GR123B", "hij reed in [plt] of [plt]"),
    ],
)
def test_an_identifier_becomes_its_marker(text: str, left: str) -> None:
    """E-mail addresses, accounts, citizens' numbers and licence plates go; the words around them stay."""
    assert redact(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("zie https://kvk.nl/inschrijven.", "zie https://kvk.nl/inschrijven."),
        ("prostitutiegoedgeregeld.nl/beleid", "prostitutiegoedgeregeld.nl/beleid"),
        ("sekswerk.info/klachtenbalie", "sekswerk.info/klachtenbalie"),
        ("https://x.nl/u/839201?t=abc", "x.nl [lnk]"),
        ("(zie http://x.nl:8080/abcdefghijkl)", "(zie x.nl [lnk])"),
        ("wa.me/31612345678, app mij", "wa.me [lnk], app mij"),
        ("x.nl?id=123", "x.nl [lnk]"),
    ],
)
def test_of_a_web_address_that_may_name_somebody_the_domain_is_left(text: str, left: str) -> None:
    """A path or query with a number of three digits or a token of twelve characters goes."""
    assert redact(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ik heet Anna de Vries en ik werk", "Ik heet [nme] en ik werk"),
        ("mijn naam is anna van den berg, uit utrecht", "mijn naam is [nme], uit utrecht"),
        ("Mijn naam is Anna kapotte deur", "Mijn naam is [nme] kapotte deur"),
        ("ik heet Anna Ik heb een brief", "ik heet [nme] Ik heb een brief"),
        ("mijn naam is: A.B. Jansen.", "mijn naam is: [nme]."),
        ("IK HEET ANNA EN IK WERK", "IK HEET [nme] EN IK WERK"),
        ("my name is “Sarah O'Neil” and", "my name is “[nme]” and"),
        ("im called sara but i", "im called [nme] but i"),
        ("me llamo ana gomez y tengo una carta", "me llamo [nme] y tengo una carta"),
        ("mi nombre es Ana Lucía de la Cruz, hola", "mi nombre es [nme], hola"),
        ("nazywam sie Anna Kowalska-Nowak i pracuje", "nazywam sie [nme] i pracuje"),
        ("mam na imię Kasia", "mam na imię [nme]"),
        ("ma numesc ana popescu si lucrez", "ma numesc [nme] si lucrez"),
        ("mă cheamă dan", "mă cheamă [nme]"),
        ("numele meu este Ana Maria Popescu Ionescu", "numele meu este [nme] Ionescu"),
        ("ik heet ana ik heet bea", "ik heet [nme] ik heet [nme]"),
        ("ma\u0306 numesc Jose\u0301 Ruiz", "ma\u0306 numesc [nme]"),
        ("Ik ben Anna-Maria, I am Maria from, soy Ana", "Ik ben [nme], I am [nme] from, soy [nme]"),
        ("I'm Eva. Jestem Ola i, eu sunt Ioana Pop", "I'm [nme]. Jestem [nme] i, eu sunt [nme]"),
    ],
)
def test_a_name_goes_where_the_message_says_that_it_is_one(text: str, left: str) -> None:
    """One to three words behind the phrases of all five languages, with particles, up to punctuation or a common word."""
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "mijn naam is niet bekend, ik heet anders",
        "my name is on the letter, I'm called a whore",
        "el cliente me llamo puta sucia, me llamo la policia",
        "ma cheama politia, numele meu e public pe net",
        "ik ben bang. Anna zegt dat, ik ben anna",
        "Ik ben Nederlandse. I am Romanian. Soy Colombiana. Jestem Polką. Sunt Româncă.",
        "Ik ben Sekswerker, ik ben ZZP'er, ik ben Kompas, I am EU citizen, IK BEN BANG",
        "how I'm called, ik heet, me llamo 5",
    ],
)
def test_where_no_name_is_said_nothing_goes(text: str) -> None:
    """A phrase before a common word, a people, a capitalised abbreviation or nothing at all is left alone."""
    assert redact(text) == text


def test_no_question_is_changed() -> None:
    """None of the public questions and of the phrasings on file holds an identifier, so all stay whole."""
    texts = [question.text for question in read_questions(QUESTIONS)]
    texts += [text for _, _, text in load(REAL_KNOWLEDGE).phrasings()]
    assert len(texts) > 10_000
    assert [(text, redact(text)) for text in texts if redact(text) != text] == []


def test_what_kompas_itself_prints_is_nobodys_secret() -> None:
    """Who copies an answer or a message of Kompas into a question loses no number, address or link of it."""
    entries = load(REAL_KNOWLEDGE).entries.values()
    texts = [entry.text(language).answer for entry in entries for language in LANGUAGES]
    texts += [text for language in LANGUAGES for text in catalogue(language).values()]
    assert [(text, redact(text)) for text in texts if redact(text) != text] == []


def test_no_marker_is_a_word() -> None:
    """A marker has no digit, and no phrasing on file could be found by one."""
    words = {word for _, _, text in load(REAL_KNOWLEDGE).phrasings() for word in WORD.findall(fold(text))}
    for marker in MARKERS:
        assert marker[1:-1].isalpha() and marker[1:-1] not in words and redact(marker) == marker


DIGITS = "0123456789"
DAYS = st.dates(dt.date(1940, 1, 1), dt.date(2009, 12, 31))


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=count, max_size=count)


def letters(count: int) -> st.SearchStrategy[str]:
    return st.text("ABCDEFGHJKLMNPRSTUVWXYZ", min_size=count, max_size=count)


def strung(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def with_check(calc: Callable[[str], str]) -> Callable[[str], str]:
    return lambda number: number + calc(number)


def bsn_check(number: str) -> str | None:
    check = sum((9 - place) * int(digit) for place, digit in enumerate(number)) % 11
    return None if check == 10 or int(number) == 0 else number + str(check)


BBANS = {
    "NL": strung(letters(4), digits(10)),
    "BE": digits(12),
    "DE": digits(18),
    "ES": digits(20),
    "GB": strung(letters(4), digits(14)),
    "PL": digits(24),
    "RO": strung(letters(4), digits(16)),
}
IBANS = st.one_of(
    [
        bban.map(lambda bban, land=land: land + iban.calc_check_digits(f"{land}00{bban}") + bban)
        for land, bban in BBANS.items()
    ]
)
NUMBERS = st.one_of(
    digits(8).map(bsn_check).filter(bool),
    st.tuples(DAYS, digits(4))
    .map(lambda d: f"{d[0]:%y}{d[0].month + (20 if d[0].year >= 2000 else 0):02}{d[0]:%d}{d[1]}")
    .map(with_check(pesel.calc_check_digit)),
    st.tuples(DAYS, st.integers(1, 2), st.integers(1, 46), st.integers(1, 999))
    .map(lambda d: f"{d[1] + (4 if d[0].year >= 2000 else 0)}{d[0]:%y%m%d}{d[2]:02}{d[3]:03}")
    .map(with_check(cnp.calc_check_digit)),
    digits(8).map(with_check(dni.calc_check_digit)),
    strung(st.sampled_from("XYZ"), digits(7)).map(with_check(nie.calc_check_digit)),
)
SENTENCES = st.sampled_from(["het is {} en dan bel ik", "({})", "numer {}, proszę", "{}", "3-11-2026: {}. y qué"])


@given(NUMBERS, SENTENCES)
def test_a_number_with_the_right_checksum_always_goes(number: str, sentence: str) -> None:
    """Every BSN, PESEL, CNP, DNI and NIE, wherever it stands."""
    assert redact(sentence.format(number)) == sentence.format(ID)


@given(IBANS, st.booleans(), st.booleans(), SENTENCES)
def test_an_account_with_the_right_checksum_always_goes(account: str, spaced: bool, lower: bool, sentence: str) -> None:
    """In one piece or by fours, in capitals or not, and with words right behind it."""
    written = iban.format(account) if spaced else account
    assert redact(sentence.format(written.lower() if lower else written)) == sentence.format(IBAN)


# What the rules are about, so that the texts made of it come near them.
PIECES = st.sampled_from(
    [
        *PHONES, *MARKERS, *SAYS_A_NAME, *MAY_SAY_A_NAME, "Anna", "de", "Vries", "en", "111222333", "NL91ABNA0417164300",
        "NL91 ABNA 0417 1643 00", "44051401359", "12345678Z", "AB-12-CD", "GR123B", "https://x.nl/u/839201", "a@b.nl", "x.nl/", "0900-8844",
        "3-11-2026", "€ 50", "150 euro", "100 150 200", "1", "06", "+31", "@", "[", "]", "(", "/", ":", ".", "-", "\u0301", "ă",
    ]
)  # fmt: skip
NEAR = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " ", "-", "\n"])), max_size=12).map(
    lambda pairs: "".join(map("".join, pairs))
)
SOUP = st.text("0123456789 +-./()@:€ABXYZabnl٣３", max_size=200)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=300), NEAR, SOUP))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """No text raises, and nothing more is found in what was redacted."""
    once = redact(text)
    assert redact(once) == once


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@/?#"), max_size=300))
def test_words_alone_stay(text: str) -> None:
    """Text without a digit, an @, a web address and a phrase that says a name is not touched."""
    assert any(fold(phrase) in fold(text) for phrase in (*SAYS_A_NAME, *MAY_SAY_A_NAME)) or redact(text) == text
