"""The layout of an administrative paper (Nghị định 30/2020/NĐ-CP, Phụ lục I): A4, its margins, the heading in two
halves, the type of paper with its abstract, tables, the recipients and who signs. What a paper says is its caller's.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import black
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

TOP, BOTTOM, LEFT, RIGHT = 20 * mm, 20 * mm, 30 * mm, 15 * mm
WIDTH = A4[0] - LEFT - RIGHT
OWN_HALF = 62 * mm  # of the heading; the other half has the State's name, the place and the day
ROOM_TO_SIGN = 25 * mm
ROOM_FOR_NUMBER = "\u00a0" * 9
STATE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"

FONTS = Path(__file__).parent / "fonts"
for _face in ("Regular", "Bold", "Italic", "BoldItalic"):
    pdfmetrics.registerFont(TTFont(f"Tinos-{_face}", FONTS / f"Tinos-{_face}.ttf"))


def _style(size: float, face: str = "Regular", **more) -> ParagraphStyle:
    return ParagraphStyle(f"{face} {size}", fontName=f"Tinos-{face}", fontSize=size, leading=size * 1.2, **more)


CENTRED = {"alignment": TA_CENTER}
ABOVE, BODY_NAME = _style(12, **CENTRED), _style(12, "Bold", **CENTRED)
STATE_NAME, STATE_MOTTO = _style(12, "Bold", **CENTRED), _style(13, "Bold", **CENTRED)
NUMBER, PLACE_AND_DAY = _style(13, **CENTRED), _style(13, "Italic", **CENTRED)
KIND, ABSTRACT = _style(14, "Bold", **CENTRED), _style(14, "Bold", **CENTRED)
TEXT = _style(13, alignment=TA_JUSTIFY, firstLineIndent=10 * mm, spaceBefore=6)
SECTION = _style(13, "Bold", firstLineIndent=10 * mm, spaceBefore=8)
HEAD, CELL, FIGURE = _style(10.5, "Bold", **CENTRED), _style(11), _style(11, alignment=TA_RIGHT)
RECIPIENTS, RECIPIENT = _style(12, "BoldItalic"), _style(11)
SIGNER = _style(13, "Bold", **CENTRED)
GRID = TableStyle([
    ("GRID", (0, 0), (-1, -1), 0.5, black), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3),
])  # fmt: skip
BARE = TableStyle([
    ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
])  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """Who issues the paper, under which sign, where and when; and what it is about."""

    above: Sequence[str]  # the body above the one that issues it, line by line; empty where none is named
    body: Sequence[str]  # the body that issues it, line by line
    sign: str  # behind the number, which is given when it is issued: "BC-VP"
    place: str
    day: date
    kind: str
    abstract: Sequence[str]


class Rule(Flowable):
    """The line below a name: as long as a part of it, in the middle."""

    def __init__(self, text: str, style: ParagraphStyle, part: float):
        super().__init__()
        self._length = pdfmetrics.stringWidth(text, style.fontName, style.fontSize) * part
        self.height = 5

    def wrap(self, available_width, available_height):
        self.width = available_width
        return available_width, self.height

    def draw(self):
        begin = (self.width - self._length) / 2
        self.canv.setLineWidth(0.6)
        self.canv.line(begin, 2, begin + self._length, 2)


def heading(paper: Heading) -> list[Flowable]:
    own = [_plain(line, ABOVE) for line in paper.above]
    own += [_plain(line, BODY_NAME) for line in paper.body] + [Rule(paper.body[-1], BODY_NAME, 0.4)]
    state = [_plain(STATE, STATE_NAME), _plain(MOTTO, STATE_MOTTO), Rule(MOTTO, STATE_MOTTO, 1)]
    day = f"{paper.place}, ngày {paper.day.day:02} tháng {_month(paper.day.month)} năm {paper.day.year}"
    halves = Table(
        [[own, state], [_plain(f"Số:{ROOM_FOR_NUMBER}/{paper.sign}", NUMBER), _plain(day, PLACE_AND_DAY)]],
        colWidths=[OWN_HALF, WIDTH - OWN_HALF], style=BARE,
    )  # fmt: skip
    halves.setStyle(TableStyle([("TOPPADDING", (0, 1), (-1, 1), 6)]))
    about = [_plain(paper.kind, KIND), *(_plain(line, ABSTRACT) for line in paper.abstract)]
    return [halves, Spacer(0, 8 * mm), *about, Rule(paper.abstract[-1], ABSTRACT, 0.4), Spacer(0, 3 * mm)]


def _month(month: int) -> str:
    """January and February are written with a zero, so that nobody makes November of them."""
    return f"{month:02}" if month < 3 else str(month)


def day_of(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def figure(count: int) -> str:
    """Thousands apart by a point; below ten with a zero before it, as in the State's papers."""
    return f"{count:02}" if 0 < count < 10 else f"{count:,}".replace(",", ".")


def text(words: str) -> Flowable:
    return _plain(words, TEXT)


def section(words: str) -> Flowable:
    return _plain(words, SECTION)


def table(heads: Sequence[str], rows: Iterable[Sequence[str | int]], widths_mm: Sequence[float]) -> Flowable:
    """Its heads come again on each page. Figures stand to the right."""
    given = [[_plain(head, HEAD) for head in heads]]
    given += [
        [_plain(str(cell), FIGURE if isinstance(cell, int) else CELL) for cell in row] for row in rows
    ]  # fmt: skip
    return LongTable(given, colWidths=[width * mm for width in widths_mm], style=GRID, repeatRows=1, spaceBefore=6)


def ending(recipients: Sequence[str], signer: Sequence[str]) -> Flowable:
    """To whom it goes, and who signs: in whose name, and as what. The name is written when he has signed."""
    left = [_plain("Nơi nhận:", RECIPIENTS), *(_plain(f"- {each}", RECIPIENT) for each in recipients)]
    right = [*(_plain(line, SIGNER) for line in signer), Spacer(0, ROOM_TO_SIGN)]
    half = WIDTH / 2
    return KeepTogether([Spacer(0, 8 * mm), Table([[left, right]], colWidths=[half, half], style=BARE)])


def _plain(words: str, style: ParagraphStyle) -> Paragraph:
    """Words are words: what looks like markup in them is none."""
    return Paragraph(escape(words), style)


def written(story: list[Flowable], title: str) -> bytes:
    file = io.BytesIO()
    paper = BaseDocTemplate(
        file, pagesize=A4, topMargin=TOP, bottomMargin=BOTTOM, leftMargin=LEFT, rightMargin=RIGHT, title=title,
        lang="vi", author="Công Vụ",
    )  # fmt: skip
    frame = Frame(
        LEFT, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )
    paper.addPageTemplates(PageTemplate(frames=[frame], onPage=_number))
    paper.build(story)
    return file.getvalue()


def _number(canvas, paper) -> None:
    """In the middle of the upper margin, from the second page on."""
    if paper.page > 1:
        canvas.setFont("Tinos-Regular", 13)
        canvas.drawCentredString(A4[0] / 2, A4[1] - 13 * mm, str(paper.page))
