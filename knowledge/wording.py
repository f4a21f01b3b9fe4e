"""Rules about what an entry says: words, length of sentences, numbers, terms, links and the risk."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from knowledge import reading
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import Library
from knowledge.problem import Problem, line_of
from knowledge.text import fold

# Words that carry stigma. Never in our own text; always understood in the user's (so phrasings may hold them).
# `prostitutiegoedgeregeld.nl` is the name of a site and stays.
STIGMA = re.compile(
    r"\bprostitu(?!tiegoedgeregeld)\w*|\bprostytut\w*|\bhooker\w*|\bwhore\w*|\bhoer(en|tje)?\b|\bputas?\b|\bkurw\w*|\bcurv[ae]\b"
)

# What nobody can promise, in any language, folded to lower case without accents.
PROMISES = re.compile(
    r"\b(100 ?%|gegarandeerd|garandeer\w*|garanderen"
    r"|(?<!no )(?<!not a )(?<!cannot )guarantee\w*|garantiz\w+|gwarant\w+|garant(at|am|eaz\w*)"
    r"|never be deported|nooit uitgezet|nunca te deportar\w*|nigdy cie nie deportuj\w*|niciodata deportat\w*)\b"
)

# Numbers Kompas may name. A new one is added here together with its source.
PHONE_NUMBERS = {
    "112", "113", "116 111", "0900-8844", "0800-0113", "0800-0188", "0800-2000", "0800-8020", "033-448 11 86",
    "0900-0101", "0800-7000", "0800-0543", "0800-33 55 555",
}  # fmt: skip
_PHONE = re.compile(r"\b0\d{2,3}[- ]\d[\d ]{2,}\d\b")

# A number as it is written in any of the five languages: 1,910 or 1.910 or 1 910; 0800-8020.
_NUMBER = re.compile(r"\d(?:[.,: \u00a0-]?\d)*")
_LINK = re.compile(r"(?<![\w@.])(?:https?://)?((?:[a-z0-9-]+\.)+(?:nl|nu|info|com|org|eu))(/[^\s()]*)?(?![\w@])")
_MAIL = re.compile(r"[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,})")

# How an answer opens the sentence that names a risk, folded.
RISK_NAMED = {
    "nl": r"let op|let wel|weet (vooraf|dit|ook|dat|wel)|risico|pas op|wees voorzichtig|houd er rekening|bedenk",
    "en": r"\bnote|know (this|first|before|that)|risk|careful|beware|keep in mind|be aware|watch out",
    "es": r"\bojo|ten en cuenta|riesgo|cuidado|debes saber|antes debes|saber antes|sabe (antes|que)|atencion|toma nota",
    "pl": r"uwaga|uwazaj|pamietaj|ryzyk|wiedz|miej na uwadze|ostroz|zanim",
    "ro": r"atentie|ai grija|risc|retine|afla inainte|sa stii|stii dinainte|ia aminte|tine cont|fii atent",
}
# What of it to suggest.
RISK_OPENS = {"nl": "Let op", "en": "Know this first", "es": "Ten en cuenta", "pl": "Uwaga", "ro": "Atenție"}
_DATE_OR_TERM = re.compile(
    r"\b(dat|term|wek|wee|day|dag|deadline|fech|plaz|seman|dia|tydz|tygod|dni|dzie|zi\b|zil|saptam|kiedy)"
)


def words(library: Library, today: dt.date) -> Iterator[Problem]:
    """No stigma, no promise nobody can keep, no exclamation mark, no unknown phone number in what we say."""
    for entry in library.checked():
        for language in LANGUAGES:
            text = entry.text(language)
            for key, said in (("question", text.question), ("answer", text.answer)):
                yield from _words(library, entry, (language, key), said)


def _words(library: Library, entry: Entry, keys: tuple[Any, ...], said: str) -> Iterator[Problem]:
    folded = fold(said)
    if match := STIGMA.search(folded):
        yield library.problem(entry, keys, f"stigmatising word {match[0]!r}", "write sex worker in that language")
    if match := PROMISES.search(folded):
        yield library.problem(
            entry, keys, f"promise nobody can keep: {match[0]!r}", "say what usually happens and who decides"
        )
    if "!" in said or "¡" in said:
        yield library.problem(entry, keys, "exclamation mark", "end the sentence with a full stop")
    for match in _PHONE.finditer(said):
        if match[0] not in PHONE_NUMBERS:
            yield library.problem(entry, keys, f"phone number {match[0]!r} is not on the list",
                      "use a number from PHONE_NUMBERS in knowledge/wording.py")  # fmt: skip


def deadline_in_letters(library: Library, today: dt.date) -> Iterator[Problem]:
    """An entry that explains a letter speaks of a date, term or week in every language."""
    for entry in library.checked():
        for language in LANGUAGES if entry.letters else ():
            if not _DATE_OR_TERM.search(fold(entry.text(language).answer)):
                yield library.problem(entry, (language, "answer"), "explains a letter but names no date or term",
                          "say first where the date stands and how long one has")  # fmt: skip


def reading_level(library: Library, today: dt.date) -> Iterator[Problem]:
    """Sentences are short and words plain, measured alike in every language (knowledge/reading.py)."""
    for entry, language, answer in _answers(library):
        keys = (language, "answer")
        hard = reading.lix(answer)
        if hard > reading.LIX_LIMITS[language]:
            limit = f"at most {reading.LIX_LIMITS[language]:.0f}: use shorter words and sentences"
            yield library.problem(entry, keys, f"is hard to read, LIX {hard:.0f}", limit)
        if reading.average_words(answer) > reading.AVERAGE_WORDS:
            yield library.problem(entry, keys, f"has {reading.average_words(answer):.1f} words a sentence",
                                  f"at most {reading.AVERAGE_WORDS:.0f}: cut sentences in two")  # fmt: skip
        longest = reading.longest(answer)
        if len(longest) > reading.LONGEST_WORDS:
            yield library.problem(entry, keys, f"has a sentence of {len(longest)} words: {' '.join(longest[:5])!r} ...",
                                  f"at most {reading.LONGEST_WORDS}: cut it in two")  # fmt: skip


def links(library: Library, today: dt.date) -> Iterator[Problem]:
    """An address in an answer lies at a source that is listed, so somebody has looked at it."""
    hosts = {_host(source.url) for source in library.sources.values() if source.url}
    for entry, language, answer in _answers(library):
        for match in (*_LINK.finditer(answer.lower()), *_MAIL.finditer(answer.lower())):
            if match[1].removeprefix("www.") not in hosts:
                yield library.problem(entry, (language, "answer"), f"{match[0]!r} belongs to no source",
                                      "add the source to sources.yml, or leave the address out")  # fmt: skip


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def numbers_agree(library: Library, today: dt.date) -> Iterator[Problem]:
    """The five answers name the same numbers: a wrong deadline in one language is a wrong deadline."""
    for entry in library.checked():
        dutch = _numbers(entry.nl.answer)
        for language in LANGUAGES[1:]:
            found = _numbers(entry.text(language).answer)
            if found != dutch:
                yield library.problem(entry, (language, "answer"), f"names the numbers {found}, the Dutch answer {dutch}",
                                      "name the same numbers in every language")  # fmt: skip


def _numbers(answer: str) -> list[str]:
    return sorted(re.sub(r"\D", "", match) for match in _NUMBER.findall(answer))


def terms_agree(library: Library, today: dt.date) -> Iterator[Problem]:
    """A fixed term of the glossary that the Dutch answer uses is named in every language, in its words or in Dutch."""
    glossary = library.glossary
    for entry in library.checked():
        dutch = [term for term in dict.fromkeys(glossary.notions(entry.nl.answer, "nl")) if glossary.terms[term].fixed]
        for language in LANGUAGES[1:] if dutch else ():
            answer = entry.text(language).answer
            said = {*glossary.notions(answer, language), *glossary.notions(answer, "nl")}
            for term in dutch:
                if term not in said:
                    words = glossary.terms[term].forms(language)
                    yield library.problem(entry, (language, "answer"), f"does not name {term!r} as the Dutch answer does",
                                          f"write {words[0]!r}, or add the form to glossary.yml")  # fmt: skip


def meanings(library: Library, today: dt.date) -> Iterator[Problem]:
    """An explanation belongs to a notion, keeps to the rules for words, and names the same numbers in every language."""
    path = library.folder / "meanings.yml"
    for name, meaning in library.glossary.meanings.items():
        if name not in library.glossary.terms:
            yield Problem(str(path), line_of(path, (name,)), f"{name!r} is no notion", "use an id of glossary.yml")
        for language in LANGUAGES:
            said = meaning.text(language)
            bad = STIGMA.search(fold(said)) or PROMISES.search(fold(said)) or re.search("[!¡]", said)
            if bad or _numbers(said) != _numbers(meaning.nl):
                what = f"{bad[0]!r} may not be said" if bad else "names other numbers than the Dutch text"
                yield Problem(str(path), line_of(path, (name, language)), what, "write it as in an answer")


def risk_named(library: Library, today: dt.date) -> Iterator[Problem]:
    """Where `risk:` says that a step carries a risk, the answer says so in every language."""
    for entry, language, answer in _answers(library):
        if entry.risk and not re.search(RISK_NAMED[language], fold(answer)):
            mend = f"name it before the step, in a sentence that begins with: {RISK_OPENS[language]}"
            yield library.problem(entry, (language, "answer"), "does not name the risk that `risk:` speaks of", mend)


def _answers(library: Library) -> Iterator[tuple[Entry, str, str]]:
    for entry in library.checked():
        for language in LANGUAGES:
            yield entry, language, entry.text(language).answer
