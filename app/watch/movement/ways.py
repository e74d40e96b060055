"""The ways from her door: the streets that she takes when she leaves home and comes back, and on which days she did.

A receiver indoors that drifts off goes anywhere; who walks goes along streets, and mostly along those that she always
takes. Cells of the habit map are too large to tell: around a home most of them hold a street of hers. These are three
times as fine, and only near her home.
"""

import math
import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

import h3.api.basic_int as h3
import msgspec
from msgspec import Struct

_cell_at: Callable[[float, float, int], int] = h3.latlng_to_cell

RESOLUTION: Final = 11
"""Cells 50 m apart: a street, and the errors of a receiver in it."""
NEAR_M: Final = 300.0
"""As far from home as this is kept: who is farther has left in any case."""
CELLS_MAX: Final = 120
"""What is kept of each cell is 6 bytes."""
KNOWN_DAYS: Final = 14
"""After so many days with a walk from her door, what is not among her ways is strange."""

ANY: Final = 0xFFFF
"""Stands for all cells, and is none, since no digit of one is 7: the days on which she was seen to walk from her door
or back.
"""
_DIGITS_LEFT_OUT: Final = 3 * (15 - RESOLUTION)


class Ways(Struct, gc=False):
    """Short numbers of cells, in order, and the days on which she walked there (bit 0 is the newest one)."""

    cells: "array[int]" = msgspec.field(default_factory=lambda: array("H"))
    masks: "array[int]" = msgspec.field(default_factory=lambda: array("I"))


def cell_of(lat_deg: float, lon_deg: float) -> int:
    """The short number of the cell of a place: its last five digits, which no other cell within kilometres has."""
    return _cell_at(lat_deg, lon_deg, RESOLUTION) >> _DIGITS_LEFT_OUT & 0xFFFF


def days_on(ways: Ways, cell: int) -> int:
    """On how many days she walked in a cell."""
    place = bisect_left(ways.cells, cell)
    return ways.masks[place].bit_count() if place < len(ways.cells) and ways.cells[place] == cell else 0


def days_at(ways: Ways, lat_deg: float, lon_deg: float) -> int:
    """On how many days she walked at a place."""
    return days_on(ways, cell_of(lat_deg, lon_deg))


def are_known(ways: Ways) -> bool:
    """Whether she was seen to leave home often enough to say what is none of her ways."""
    return days_on(ways, ANY) >= KNOWN_DAYS


def add(ways: Ways, cells: Iterable[int], bit: int) -> None:
    """Takes in the cells of a day."""
    found = dict(zip(ways.cells, ways.masks, strict=True))
    new = {*cells, ANY}
    if len(new) == 1:
        return
    for cell in new:
        found[cell] = found.get(cell, 0) | 1 << bit
    kept = sorted(found, key=lambda cell: (cell == ANY, worth(found[cell]), cell), reverse=True)
    _put(ways, {cell: found[cell] for cell in kept[:CELLS_MAX]})


def worth(mask: int) -> float:
    """What a cell is worth to whoever has more of them than fit: each day on which she was there, half as much for each
    week that it is ago. Where she was today is worth more than two days three weeks ago, or a new place would never be
    learnt once all is full.
    """
    return sum(math.pow(0.5, age / 7) for age in range(mask.bit_length()) if mask >> age & 1)


def move_on(ways: Ways, known: int) -> None:
    """One day more; those not in the mask `known` are forgotten."""
    _put(ways, {cell: mask << 1 & known for cell, mask in zip(ways.cells, ways.masks, strict=True)})


def forget(ways: Ways, known: int) -> None:
    """Forgets the days that are not in the mask `known`."""
    _put(ways, {cell: mask & known for cell, mask in zip(ways.cells, ways.masks, strict=True)})


def _put(ways: Ways, found: dict[int, int]) -> None:
    kept = sorted((cell, mask) for cell, mask in found.items() if mask)
    ways.cells, ways.masks = array("H", [cell for cell, _ in kept]), array("I", [mask for _, mask in kept])


_HEAD: Final = struct.Struct("<IH")


def packed(ways: Ways, newest: int) -> bytes:
    """The ways as they are kept, with the newest day (`date.toordinal`); nothing where none are known."""
    if not len(ways.cells):
        return b""
    return _HEAD.pack(newest, len(ways.cells)) + ways.cells.tobytes() + ways.masks.tobytes()


def unpacked(kept: bytes, newest: int) -> Ways:
    """The ways that `packed` gave. None where they are of another day or cut off: then something took in a day, or
    forgot some, that knows nothing of ways.
    """
    count, rest = divmod(len(kept) - _HEAD.size, 6)
    if count <= 0 or rest or (newest, count) != _HEAD.unpack_from(kept):
        return Ways()
    middle = _HEAD.size + 2 * count
    found = Ways()
    found.cells.frombytes(kept[_HEAD.size : middle])
    found.masks.frombytes(kept[middle:])
    return found
