"""A new entry to fill in: valid enough to be read, a draft so that it is never served."""

from __future__ import annotations

import datetime as dt

from knowledge.entry import ANSWER_LIMITS, LANGUAGES, PHRASINGS_MINIMUM, Claim, Entry, Evidence, Text

# What is left to write carries this word; `kompas knowledge check` finds it.
TO_WRITE = "TO-WRITE"
_HOW = (
    f"{TO_WRITE}. First the answer in one or two sentences. Then what to do, today if a deadline runs. "
    "Then the risk to know before the step, and who helps for free. "
    f"{ANSWER_LIMITS[0]} to {ANSWER_LIMITS[1]} characters, short sentences, plain words. "
    "Keep the Dutch term in brackets where the reader meets it on paper. "
    "Write it fresh in this language; the numbers, deadlines and may or must are the same in all five."
)


def skeleton(entry_id: str, topic: str, today: dt.date) -> Entry:
    """A draft with every field. Raises pydantic.ValidationError when the id has other signs than a-z, 0-9 and hyphens."""
    phrasings = tuple(f"{TO_WRITE}: a way people type this, {number}" for number in range(1, PHRASINGS_MINIMUM + 1))
    text = Text(
        status="draft", question=f"{TO_WRITE}: the question, 72 characters at most", answer=_HOW, phrasings=phrasings
    )
    return Entry(
        id=entry_id,
        topic=topic,
        scope="national",
        audience="everyone",
        letters=(),
        see_also=(),
        risk=f"{TO_WRITE}: the risk that the answer names before the step, or null",
        checked_on=today,
        valid_until=today + dt.timedelta(days=365),
        claims=(
            Claim(
                text=f"{TO_WRITE}: one fact of the answer, in English",
                evidence=(Evidence(source=TO_WRITE, at=f"{TO_WRITE}: article, page or lines"),),
            ),
        ),
        **dict.fromkeys(LANGUAGES, text),
    )
