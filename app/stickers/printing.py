"""Sheets of stickers as a PDF, to be printed at their size, or as a table. Pure but for the file of the font."""

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from app.paper import FONT, must_have
from app.stickers.layouts import MODULES, QUIET_MODULES, Layout, What

if TYPE_CHECKING:
    from fpdf import FPDF

NAME: Final = "見守りシール"
HINT: Final = "QRを読み取ってください"
GREY: Final = 190
MARK_PT: Final = 6


class TooWide(Exception):
    """A line does not fit into its box: what is printed would lie on the QR, or on the neighbour."""


class Printed(Struct, frozen=True, kw_only=True):
    """A sticker while it is printed; after that nobody knows its URL."""

    number: str
    url: str


def sheets_pdf(layout: Layout, stickers: Sequence[Printed], phone: str, font: Path, now: datetime) -> bytes:
    """The sheets, in order. Raises `NoGlyph` and `TooWide`, and `OSError` for a font that cannot be read."""
    pdf = _paper(layout, font, now)
    with closing(pdf.fonts[FONT].ttfont):  # type: ignore[union-attr]
        must_have(pdf, [NAME, HINT, phone, layout.title, "電話0123456789ABCDEFGHJKLMNPQRSTUVWXYZ-／"])
        for first in range(0, len(stickers), layout.count):
            _sheet(pdf, layout, stickers[first : first + layout.count], phone)
        return bytes(pdf.output())


def table(stickers: Sequence[Printed]) -> bytes:
    """For whoever prints labels with a programme of their own. Neither a number nor a URL can hold a comma or begin
    like a formula.

    >>> table([Printed(number="AA0000", url="HTTPS://EXAMPLE.JP/S/00000000000011")])
    b'number,url\\r\\nAA0000,HTTPS://EXAMPLE.JP/S/00000000000011\\r\\n'
    """
    lines = ["number,url", *(f"{one.number},{one.url}" for one in stickers)]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def check(layout: Layout, phone: str, font: Path, now: datetime) -> None:
    """Raises what printing such a sheet would raise, before there is a code that only that sheet would have held."""
    sheets_pdf(layout, [Printed(number="WW8888", url="HTTPS://EXAMPLE.JP/S/00000000000011")], phone, font, now)


def modules_of(url: str) -> list[bytearray]:
    """The QR of a URL: version 4, level H, with no quiet zone. Raises `ValueError` when it does not fit."""
    import segno

    code = segno.make(url, version=4, error="H", mode="alphanumeric", micro=False, boost_error=False)
    return [bytearray(row) for row in code.matrix]


def boxes_of(modules: Sequence[bytearray]) -> Iterator[tuple[int, int, int, int]]:
    """The dark modules as few boxes that do not overlap: left, top, width and height in modules."""
    left = [bytearray(row) for row in modules]
    for top, row in enumerate(left):
        start = row.find(1)
        while start >= 0:
            end = row.find(0, start)
            width = (len(row) if end < 0 else end) - start
            run, empty, height = b"\x01" * width, bytes(width), 1
            while top + height < len(left) and left[top + height][start : start + width] == run:
                left[top + height][start : start + width] = empty
                height += 1
            yield start, top, width, height
            start = row.find(1, start + width)


def _paper(layout: Layout, font: Path, now: datetime) -> "FPDF":
    from fpdf import FPDF
    from fpdf.prefs import ViewerPreferences

    pdf = FPDF(unit="mm", format=layout.page)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_creation_date(now)
    pdf.set_lang("ja")
    pdf.set_title(f"{NAME} {layout.title}")
    pdf.viewer_preferences = ViewerPreferences(print_scaling="None")  # At 100 %: the labels are cut where they are.
    pdf.add_font(FONT, fname=font)
    return pdf


def _sheet(pdf: "FPDF", layout: Layout, stickers: Sequence[Printed], phone: str) -> None:
    pdf.add_page()
    pdf.set_font(FONT, size=MARK_PT)
    pdf.set_xy(layout.left, 1)
    pdf.cell(0, 2.5, f"{layout.title} {stickers[0].number}-{stickers[-1].number}")
    middle = (layout.page[0] / 2, 0)
    with pdf.mirror(middle, "NORTH") if layout.mirrored else nullcontext():
        for place, one in enumerate(stickers):
            _label(pdf, layout, layout.corner(place), one, phone)


def _label(pdf: "FPDF", layout: Layout, corner: tuple[float, float], one: Printed, phone: str) -> None:
    if layout.outlined:
        pdf.set_draw_color(GREY)
        pdf.set_line_width(0.1)
        pdf.rect(*corner, *layout.label)
    _qr(pdf, layout, corner, one.url)
    texts = {What.NAME: NAME, What.HINT: HINT, What.NUMBER: one.number, What.PHONE: f"電話 {phone}"}
    for line in layout.lines:
        pdf.set_font(FONT, size=line.size_pt)
        if pdf.get_string_width(texts[line.what]) > line.width:
            raise TooWide(texts[line.what])
        pdf.set_xy(corner[0] + line.x, corner[1] + line.y)
        pdf.cell(line.width, line.height, texts[line.what], align="C")


def _qr(pdf: "FPDF", layout: Layout, corner: tuple[float, float], url: str) -> None:
    modules = modules_of(url)
    assert len(modules) == MODULES
    side = layout.module_mm
    left = corner[0] + layout.qr_at[0] + QUIET_MODULES * side
    top = corner[1] + layout.qr_at[1] + QUIET_MODULES * side
    pdf.set_fill_color(0)
    for x, y, width, height in boxes_of(modules):
        pdf.rect(left + x * side, top + y * side, width * side, height * side, style="F")
