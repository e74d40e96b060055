"""Sheets of stickers as data: one TOML file each in `sheets/`, all lengths in mm from the upper left. Pure.

A sheet is a grid of labels that are alike: the QR with its quiet zone, and lines of text. What a camera could not
read, or a printer would put on the neighbour, is refused when the file is read.
"""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from app.stickers.model import Material

PACKAGED = Path(str(files("app.stickers").joinpath("sheets")))

MODULES: Final = 33
"""Of a QR of version 4 on each side."""
QUIET_MODULES: Final = 4
"""Empty ones that belong around it (ISO/IEC 18004, 6.3.8)."""
MODULE_MM_MIN: Final = 0.35
"""What a camera of a cheap phone reads at the distance of a hand, on cloth."""
PAGE_EDGE_MM: Final = 4.0
"""Where most printers print nothing."""

Length = Annotated[float, Meta(gt=0, le=500)]
Place = Annotated[float, Meta(ge=0, le=500)]
Size = Annotated[float, Meta(ge=4, le=40)]


class Faulty(Exception):
    """A file that describes no sheet that could be printed."""


class What(StrEnum):
    """What a line says."""

    NAME = "name"
    HINT = "hint"
    NUMBER = "number"
    PHONE = "phone"


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of text in the middle of a box: its place in the label, its width and height, the size of its letters."""

    what: What
    x: Place
    y: Place
    width: Length
    height: Length
    size_pt: Size


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sheet. `mirrored`: it is ironed on face down; `outlined`: thin lines show where to cut."""

    id: Annotated[str, Meta(min_length=1, max_length=30)]
    title: str
    material: Material
    page: tuple[Length, Length]
    columns: Annotated[int, Meta(ge=1, le=20)]
    rows: Annotated[int, Meta(ge=1, le=30)]
    left: Place
    top: Place
    pitch: tuple[Length, Length]
    label: tuple[Length, Length]
    qr: Length
    """A side of the QR with its quiet zone."""
    qr_at: tuple[Place, Place]
    lines: list[Line]
    mirrored: bool = False
    outlined: bool = False

    @property
    def count(self) -> int:
        """Stickers on a sheet."""
        return self.columns * self.rows

    @property
    def module_mm(self) -> float:
        """A side of a module of the QR."""
        return self.qr / (MODULES + 2 * QUIET_MODULES)

    def corner(self, place: int) -> tuple[float, float]:
        """The upper left of the label at a place of the sheet, from 0, row by row."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.pitch[0], self.top + row * self.pitch[1]


def read(text: str, name: str) -> Layout:
    """The sheet that a file describes; `Faulty` for one that could not be printed or read."""
    try:
        raw: Any = tomllib.loads(text)
        layout = msgspec.convert(raw, Layout)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Faulty(f"{name}: {error}") from None
    faults = list(_faults(layout, name))
    if faults:
        raise Faulty(f"{name}: {'; '.join(faults)}")
    return layout


@cache
def packaged() -> dict[str, Layout]:
    """The sheets that come with the programme, by their ids."""
    found = [read(path.read_text(encoding="utf-8"), path.stem) for path in sorted(PACKAGED.glob("*.toml"))]
    return {one.id: one for one in found}


def _faults(one: Layout, name: str) -> Iterator[str]:
    if one.id != name:
        yield f"the file of {one.id} is called {one.id}.toml"
    if one.module_mm < MODULE_MM_MIN:
        yield f"a module of the QR is {one.module_mm:.2f} mm, and no smaller than {MODULE_MM_MIN} is read"
    if any(pitch < size for pitch, size in zip(one.pitch, one.label, strict=True)):
        yield "labels lie on each other"
    right, bottom = (place + size for place, size in zip(one.corner(one.count - 1), one.label, strict=True))
    if (
        min(one.left, one.top) < PAGE_EDGE_MM
        or right > one.page[0] - PAGE_EDGE_MM
        or bottom > one.page[1] - PAGE_EDGE_MM
    ):
        yield f"labels lie within {PAGE_EDGE_MM} mm of the edge of the page"
    boxes = [(one.qr_at[0], one.qr_at[1], one.qr, one.qr)]
    boxes += [(line.x, line.y, line.width, line.height) for line in one.lines]
    if any(x + width > one.label[0] or y + height > one.label[1] for x, y, width, height in boxes):
        yield "something sticks out of its label"
    if any(_meet(boxes[first], boxes[second]) for first in range(len(boxes)) for second in range(first)):
        yield "the QR and the lines lie on each other"
    if sorted(line.what for line in one.lines) != sorted(What):
        yield "each of name, hint, number and phone is wanted once"


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2] for axis in (0, 1))
