"""Long texts in pieces, and short titles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.splitting import shorten, split, utf16_units

WORDS = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=30), max_size=40
)


@given(WORDS, st.sampled_from([" ", "\n", "\n\n", ". "]), st.integers(4, 60))
def test_no_word_is_lost_and_no_piece_is_too_long(words: list[str], glue: str, limit: int) -> None:
    """Whatever the text: pieces in order, none empty, each within the limit in UTF-16 units."""
    text = glue.join(words)
    pieces = split(text, limit, utf16_units)
    assert all(piece.strip() and utf16_units(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_cut_where_a_person_would_pause() -> None:
    """After a paragraph rather than a sentence, after a sentence rather than a word, in a word only when there is no other way."""
    assert split("One. Two.\n\nThree. Four.", 16) == ["One. Two.", "Three. Four."]
    assert split("One two. Three four.", 12) == ["One two.", "Three four."]
    assert split("one two three", 8) == ["one two", "three"]
    assert split("😀" * 5, 4, utf16_units) == ["😀😀", "😀😀", "😀"]


@given(st.text(max_size=100), st.integers(2, 80))
def test_a_shortened_title_fits(text: str, limit: int) -> None:
    """And a title that fits is left alone."""
    short = shorten(text, limit)
    assert len(short) <= limit
    assert (short == text) == (len(text) <= limit) or short.endswith("…")
