"""Sheets as they come out of a printer at 300 dpi, read by a camera's library: one page of each layout."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import cycle, product

import pytest
import zxingcpp
from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from pypdfium2 import PdfDocument

from app.paper import NoGlyph, font_file
from app.stickers import codes, layouts, printing
from app.stickers.layouts import QUIET_MODULES, Faulty, Layout, Line
from app.stickers.printing import Printed, TooWide
from tests.build import NOW

DPI = 300
PIXELS_PER_MM = DPI / 25.4
PHONE = "079-427-9174"
URL = "https://mimamori.town1.example.jp"
"""As long as one may be: all 50 characters are taken."""
EVERY = sorted(layouts.packaged())
LOST_SHARE = 0.3
"""Of each side: a patch of nine hundredths of the symbol."""
ON_AN_EYE = {(0, 0), (0, 3), (3, 0)}
"""Who covers a whole eye of a QR hides it from every reader; for that there is the number beside it."""
PATCHES = sorted(set(product(range(4), repeat=2)) - ON_AN_EYE)


class Page(Struct, frozen=True):
    """A printed page, as it is once it lies on cloth or paper."""

    stickers: list[Printed]
    image: Image.Image
    text: str


@cache
def page(name: str) -> Page:
    layout = layouts.packaged()[name]
    seeded = random.Random(8)
    bits = [seeded.getrandbits(codes.BITS) for _ in range(2 * layout.count)]
    made = filter(None, map(codes.new_code, bits))
    stickers = [Printed(number=f"AA{place:04}", url=codes.url_of(URL, next(made))) for place in range(layout.count)]
    document = PdfDocument(printing.sheets_pdf(layout, stickers, PHONE, font_file(None), NOW))
    image = document[0].render(scale=DPI / 72).to_pil().convert("L")
    text = document[0].get_textpage().get_text_range()
    return Page(stickers, ImageOps.mirror(image) if layout.mirrored else image, text)


def labels(name: str) -> Iterator[tuple[Printed, Image.Image]]:
    """Each sticker, cut out."""
    layout, printed = layouts.packaged()[name], page(name)
    for place, one in enumerate(printed.stickers):
        x, y = layout.corner(place)
        box = (x, y, x + layout.label[0], y + layout.label[1])
        yield one, printed.image.crop([round(edge * PIXELS_PER_MM) for edge in box])


def seen(image: Image.Image) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("name", EVERY)
def test_every_qr_of_a_page_is_read_as_the_url_of_its_sticker(name: str) -> None:
    printed = page(name)

    assert sorted(one.url for one in printed.stickers) == sorted(seen(printed.image))
    assert [[one.url] for one in printed.stickers] == [seen(image) for _, image in labels(name)]


@pytest.mark.parametrize("name", EVERY)
def test_number_telephone_and_what_to_do_stand_on_every_sticker(name: str) -> None:
    printed = page(name)

    for one in printed.stickers:
        assert one.number in printed.text
        assert one.url not in printed.text
    for words in (printing.NAME, printing.HINT, PHONE):
        assert len(printed.stickers) == printed.text.count(words)


@pytest.mark.parametrize("name", [one for one in EVERY if layouts.packaged()[one].mirrored])
def test_what_is_ironed_on_is_printed_as_in_a_mirror(name: str) -> None:
    sticker, image = next(labels(name))

    assert [sticker.url] == seen(image)
    left, right = image.crop((0, 0, image.width // 2, image.height)), image.crop((image.width // 2, 0, *image.size))
    assert left.histogram()[0] > right.histogram()[0]  # Unfolded, the QR is on the left as on other labels.


@pytest.mark.parametrize("name", EVERY)
def test_nine_hundredths_may_be_gone_anywhere_but_on_an_eye(name: str) -> None:
    layout = layouts.packaged()[name]
    side = (layout.qr - 2 * QUIET_MODULES * layout.module_mm) * PIXELS_PER_MM
    lost = LOST_SHARE * side
    left, top = ((place + QUIET_MODULES * layout.module_mm) * PIXELS_PER_MM for place in layout.qr_at)
    stickers = cycle(labels(name))
    for (column, row), grey in product(PATCHES, (0, 128, 255)):
        sticker, image = next(stickers)
        x, y = left + column * (side - lost) / 3, top + row * (side - lost) / 3
        image = image.copy()
        ImageDraw.Draw(image).rectangle((x, y, x + lost, y + lost), fill=grey)

        assert [sticker.url] == seen(image), (column, row, grey)


@pytest.mark.parametrize("name", EVERY)
def test_a_blurred_one_is_read(name: str) -> None:
    for sticker, image in labels(name):
        assert [sticker.url] == seen(image.filter(ImageFilter.GaussianBlur(3)))


@pytest.mark.parametrize("degrees", [17, 90, 180])
@pytest.mark.parametrize("name", EVERY)
def test_a_turned_one_is_read(name: str, degrees: int) -> None:
    for sticker, image in labels(name):
        assert [sticker.url] == seen(image.rotate(degrees, expand=True, fillcolor=255))


def test_a_qr_is_of_version_4_and_its_boxes_are_its_modules() -> None:
    modules = printing.modules_of(codes.url_of("https://" + "a" * 25, "0" * codes.LENGTH))
    drawn = [bytearray(len(modules)) for _ in modules]
    for x, y, width, height in printing.boxes_of(modules):
        for row in drawn[y : y + height]:
            assert not any(row[x : x + width])
            row[x : x + width] = b"\x01" * width

    assert layouts.MODULES == len(modules)
    assert drawn == modules
    with pytest.raises(ValueError):
        printing.modules_of(codes.url_of("https://" + "a" * 26, "0" * codes.LENGTH))


def test_a_character_that_the_font_lacks_stops_the_printer() -> None:
    layout = layouts.packaged()["a4-20"]

    with pytest.raises(NoGlyph) as caught:
        printing.check(layout, "😀-1", font_file(None), NOW)
    assert "U+1F600" == caught.value.codes


def test_a_line_that_does_not_fit_its_box_stops_the_printer() -> None:
    with pytest.raises(TooWide):
        printing.check(layouts.packaged()["iron-30"], "0" * 30, font_file(None), NOW)


def written(**changes: object) -> str:
    """A file of a sheet, with some fields changed."""
    layout = layouts.packaged()["glow-10"]
    fields: dict[str, object] = {name: getattr(layout, name) for name in Layout.__struct_fields__}
    fields |= changes
    lines = [
        "{" + ", ".join(f"{name} = {shown(getattr(line, name))}" for name in Line.__struct_fields__) + "}"
        for line in layout.lines
    ]
    del fields["lines"]
    return "\n".join([*(f"{name} = {shown(value)}" for name, value in fields.items()), f"lines = [{', '.join(lines)}]"])


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(list(value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"qr": 14}, "a module of the QR is 0.34 mm"),
        ({"pitch": (49, 34)}, "labels lie on each other"),
        ({"left": 45}, "within 4.0 mm of the edge"),
        ({"qr_at": (0.5, 2)}, "sticks out of its label"),
        ({"qr": 23.9, "qr_at": (0.5, 0)}, "lie on each other"),
        ({"id": "other"}, "the file of other is called other.toml"),
        ({"rows": 0}, "rows"),
        ({"colour": "red"}, "colour"),
    ],
    ids=["module", "pitch", "edge", "out", "meet", "name", "none", "unknown"],
)
def test_a_sheet_that_could_not_be_printed_or_read_is_refused(changes: dict[str, object], fault: str) -> None:
    assert layouts.packaged()["glow-10"] == layouts.read(written(), "glow-10")
    with pytest.raises(Faulty, match=fault):
        layouts.read(written(**changes), "glow-10")
