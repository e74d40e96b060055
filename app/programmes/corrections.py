"""What is given back and billed anew when it is found out later that something was otherwise."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from app.programmes.model import Line
from app.programmes.phrases import both


def corrected(before: Iterable[Line], after: Iterable[Line], why: dict[str, str] | None = None) -> list[Line]:
    """The lines that lead from what was billed to what is right: what no longer holds with its amount below zero, and
    what holds now. What is the same in both (but for the words of why) is not named. Together with `before` they add
    up to `after`, for each payer.
    """
    left = list(after)
    taken_back = []
    for line in before:
        same = next((one for one in left if _same(one, line)), None)
        if same is None:
            taken_back.append(reversed_line(line, why))
        else:
            left.remove(same)
    return [*taken_back, *left]


def reversed_line(line: Line, why: dict[str, str] | None = None) -> Line:
    """The line with its amounts given back."""
    return replace(
        line, unit_yen=-line.unit_yen, amount_yen=-line.amount_yen,
        because=both("line.reversed", why=why or line.because),
    )  # fmt: skip


def billed_before(lines: Iterable[Line], known_on: date) -> list[Line]:
    """Those of the months that were over when something was found out on `known_on`."""
    return [line for line in lines if (line.on.year, line.on.month) < (known_on.year, known_on.month)]


def _same(one: Line, other: Line) -> bool:
    return replace(one, because={}) == replace(other, because={})
