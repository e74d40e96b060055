"""What the lines of a document come to: tax for each rate, rounded once. Pure.

The law (消費税法57条の4, 施行令70条の10, 基本通達1-8-15) lets tax be rounded once a document and rate; how is open.
Amounts with and without tax may stand on one document; they are then brought to amounts with tax, and the tax is taken
out of their sum (国税庁, インボイス制度に関するQ&A: 税込と税抜が混在する場合).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

NO_TAX = -1
"""Stands for a rate where what is paid is no price at all: a deposit (不課税)."""


class Rounding(StrEnum):
    """What becomes of a part of a yen of tax: each company chooses."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


class Sum(Struct, frozen=True, kw_only=True):
    """What lines of one rate come to: those that hold their tax and those that do not, in yen."""

    included_yen: int = 0
    excluded_yen: int = 0


Sums = Mapping[int, Sum]
"""By rate in percent; `NO_TAX` for deposits."""


class RateTotal(Struct, frozen=True, kw_only=True):
    """What is owed at one rate, tax included, and the tax in it."""

    rate_pct: int
    total_yen: int
    tax_yen: int

    @property
    def net_yen(self) -> int:
        """Without the tax."""
        return self.total_yen - self.tax_yen


class Totals(Struct, frozen=True, kw_only=True):
    """All amounts of a document. Every sum of the parts is the whole: rates, and what is outside tax."""

    rates: tuple[RateTotal, ...] = ()
    """From the highest rate down."""
    outside_yen: int = 0

    @property
    def total_yen(self) -> int:
        """What is to be paid, or (negative) given back."""
        return sum(one.total_yen for one in self.rates) + self.outside_yen

    @property
    def tax_yen(self) -> int:
        """The tax in it."""
        return sum(one.tax_yen for one in self.rates)


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """A fraction of yen as whole yen. What is given back is rounded as what was taken.

    >>> rounded(315, 10, Rounding.DOWN), rounded(315, 10, Rounding.UP), rounded(-315, 10, Rounding.HALF_UP)
    (31, 32, -32)
    """
    assert denominator > 0, "a part of nothing"
    whole, rest = divmod(abs(numerator), denominator)
    if (rounding is Rounding.UP and rest) or (rounding is Rounding.HALF_UP and 2 * rest >= denominator):
        whole += 1
    return whole if numerator >= 0 else -whole


def added(*all_sums: Sums) -> dict[int, Sum]:
    """Sums of several lots of lines together.

    >>> added({10: Sum(included_yen=5)}, {10: Sum(included_yen=-5), 8: Sum(excluded_yen=3)})
    {10: Sum(included_yen=0, excluded_yen=0), 8: Sum(included_yen=0, excluded_yen=3)}
    """
    found: dict[int, Sum] = {}
    for sums in all_sums:
        for rate, one in sums.items():
            was = found.get(rate, Sum())
            found[rate] = Sum(
                included_yen=was.included_yen + one.included_yen, excluded_yen=was.excluded_yen + one.excluded_yen
            )
    return found


def totals_of(sums: Sums, rounding: Rounding) -> Totals:
    """What these sums come to.

    Three times 105 without tax is 315 and 31 of tax, not 30:

    >>> totals_of({10: Sum(excluded_yen=3 * 105)}, Rounding.DOWN).total_yen
    346
    """
    rates = []
    for rate in sorted(sums.keys() - {NO_TAX}, reverse=True):
        one = sums[rate]
        total = one.included_yen + one.excluded_yen + rounded(one.excluded_yen * rate, 100, rounding)
        rates.append(RateTotal(rate_pct=rate, total_yen=total, tax_yen=rounded(total * rate, 100 + rate, rounding)))
    outside = sums.get(NO_TAX, Sum())
    return Totals(rates=tuple(rates), outside_yen=outside.included_yen + outside.excluded_yen)


def totals_after(before: Sums, own: Sums, rounding: Rounding) -> Totals:
    """What a document comes to that corrects others about the same matter, which came to `before`.

    It comes to the difference that it makes, so that all of them together say to the yen what one right document would
    have said. Its tax is what one rounding of its own would give, up or down.
    """
    if not before:
        return totals_of(own, rounding)
    old = {one.rate_pct: one for one in totals_of(before, rounding).rates}
    new = totals_of(added(before, own), rounding)
    nothing = RateTotal(rate_pct=0, total_yen=0, tax_yen=0)
    rates = []
    for one in new.rates:
        if one.rate_pct in own:
            was = old.get(one.rate_pct, nothing)
            rates.append(
                RateTotal(
                    rate_pct=one.rate_pct, total_yen=one.total_yen - was.total_yen, tax_yen=one.tax_yen - was.tax_yen
                )
            )
    outside = own.get(NO_TAX, Sum())
    return Totals(rates=tuple(rates), outside_yen=outside.included_yen + outside.excluded_yen)


def sums_of(lines: Iterable[tuple[int, bool, bool, int]]) -> dict[int, Sum]:
    """The sums of lines: of each its rate in percent, whether the amount holds the tax, whether it is a deposit, and
    the amount in yen.
    """
    found: dict[int, Sum] = {}
    for rate, included, deposit, amount in lines:
        key = NO_TAX if deposit else rate
        one = Sum(included_yen=amount) if included or deposit else Sum(excluded_yen=amount)
        found = added(found, {key: one})
    return found
