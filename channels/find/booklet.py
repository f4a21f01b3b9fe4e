"""All answers of one language as a PDF to print or to keep: A5, contents by topic, sources under every answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fpdf import FPDF
from fpdf.outline import OutlineSection

from bot.messages import say, texts
from channels.find.downloads import shown_here
from channels.find.shown import TEXTS, Selection, Side, topic_label

VENDOR = Path(__file__).parents[1] / "vendor"
FONT = "DejaVuCondensed"
FONTS = {"": VENDOR / "DejaVuSansCondensed.ttf", "B": VENDOR / "DejaVuSansCondensed-Bold.ttf"}

# Millimetres, and points for letters.
A5 = (148.0, 210.0)
MARGIN, FOOT = 14.0, 14.0
TOPIC, QUESTION, ANSWER, SMALL = 16.0, 11.0, 9.5, 7.0
LEADING = 1.35
MM_PER_POINT = 25.4 / 72
CONTENTS_LINE = 4.6
GAP = 5.0
INK, SOFT, ACCENT = (27, 31, 36), (69, 76, 84), (20, 80, 107)


class _Pages(FPDF):
    """A5 with a page number at the foot of every page but the first."""

    def __init__(self) -> None:
        super().__init__(format=A5)
        for style, path in FONTS.items():
            self.add_font(FONT, style, path)
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, MARGIN + FOOT / 2)
        self.set_title("Kompas")
        self._widths: dict[tuple[str, float, str], float] = {}

    def footer(self) -> None:
        """The number of the page."""
        if self.page_no() == 1:
            return
        self.set_y(-MARGIN)
        self.letters(SMALL, colour=SOFT)
        self.cell(0, 4, f"Kompas · {self.page_no()}", align="C")

    def letters(self, size: float, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        """What comes next is written like this."""
        self.set_font(FONT, style, size)
        self.set_text_color(*colour)

    def paragraph(self, text: str, size: float, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        """A text over the whole width."""
        for line in self.wrapped(text, size, style):
            self.letters(size, style, colour)
            self.cell(0, height(size), line, new_x="LMARGIN", new_y="NEXT")

    def high(self, text: str, size: float, style: str = "") -> float:
        """How high a text will be, in millimetres."""
        return len(self.wrapped(text, size, style)) * height(size)

    def wrapped(self, text: str, size: float, style: str) -> list[str]:
        """The lines of a text. Ours, because fpdf2's own measures a line again for each of its letters (20 times slower)."""
        self.letters(size, style)
        space = self._wide(" ", size, style)
        lines: list[str] = []
        for part in text.split("\n"):
            words: list[str] = []
            used = 0.0
            for word in part.split():
                wide = self._wide(word, size, style)
                if words and used + wide > self.epw - 2 * self.c_margin:
                    lines.append(" ".join(words))
                    words, used = [], 0.0
                words.append(word)
                used += wide + space
            lines.append(" ".join(words))
        return lines

    def _wide(self, word: str, size: float, style: str) -> float:
        key = (word, size, style)
        if key not in self._widths:
            self._widths[key] = self.get_string_width(word)
        return self._widths[key]

    @property
    def rows(self) -> int:
        """How many lines of the contents fit on a page."""
        return int((self.eph - 8) // CONTENTS_LINE)


def height(size: float) -> float:
    """The height of a line, in millimetres, for letters in points."""
    return size * MM_PER_POINT * LEADING


def booklet(selection: Selection, language: str) -> bytes:
    """The PDF. Title and metadata say "Kompas" and nothing of what is in it."""
    topics = [
        (topic, [shown.sides[language] for shown in shown_here(selection, topic, language)]) for topic in selection.topics
    ]
    topics = [(topic, sides) for topic, sides in topics if sides]
    pdf = _Pages()
    pdf.set_lang(language)
    _cover(pdf, selection, language)
    rows = sum(1 + len(sides) for _, sides in topics)
    if rows:
        pdf.add_page()
        pdf.insert_toc_placeholder(partial(_contents, language), pages=-(-rows // pdf.rows))
    for number, (topic, sides) in enumerate(topics):
        if number:
            pdf.add_page()
        pdf.start_section(topic_label(topic, language))
        pdf.paragraph(topic_label(topic, language), TOPIC, "B", ACCENT)
        for side in sides:
            _entry(pdf, side)
    return bytes(pdf.output())


def _cover(pdf: _Pages, selection: Selection, language: str) -> None:
    said = texts(TEXTS, language)
    pdf.add_page()
    pdf.set_y(70)
    pdf.paragraph("Kompas", 32, "B", ACCENT)
    pdf.ln(GAP)
    pdf.paragraph(said["version"].format(date=selection.day.isoformat(), version=selection.version), ANSWER)
    pdf.ln(GAP)
    pdf.paragraph(say(language, "contacts"), ANSWER)


def _contents(language: str, pdf: FPDF, outline: list[OutlineSection]) -> None:
    assert isinstance(pdf, _Pages)  # noqa: S101 - fpdf2 hands back the document it was called on
    for number, section in enumerate(outline):
        if number % pdf.rows == 0:
            if number:
                pdf.add_page()
            pdf.set_x(MARGIN)
            pdf.paragraph(texts(TEXTS, language)["contents"], QUESTION, "B", ACCENT)
        pdf.letters(8, "" if section.level else "B")
        link = pdf.add_link(page=section.page_number)
        indent = 4.0 * section.level
        pdf.set_x(MARGIN + indent)
        pdf.cell(pdf.epw - indent - 8, CONTENTS_LINE, section.name, link=link)
        pdf.cell(8, CONTENTS_LINE, str(section.page_number), align="R", link=link, new_x="LMARGIN", new_y="NEXT")


def _entry(pdf: _Pages, side: Side) -> None:
    parts = ((side.question, QUESTION, "B"), (side.answer, ANSWER, ""), (f"{side.sources}\n{side.status}", SMALL, ""))
    needed = sum(pdf.high(*part) for part in parts) + 2 * GAP
    # An answer stands on one page where one is enough for it.
    if pdf.will_page_break(needed) and needed < pdf.eph:
        pdf.add_page()
    pdf.ln(GAP)
    pdf.start_section(side.question, level=1)
    pdf.paragraph(*parts[0])
    pdf.ln(1)
    pdf.paragraph(*parts[1])
    pdf.ln(1)
    pdf.paragraph(*parts[2], colour=SOFT)
