"""Yen as whole numbers, and the one place where a share of them is rounded."""

from typing import NewType

Yen = NewType("Yen", int)
"""An amount in yen. The yen has no smaller unit, so an amount is never a fraction."""


def share(amount: Yen, numerator: int, denominator: int) -> Yen:
    """`amount` × `numerator` / `denominator`, rounded down to the yen (切り捨て), towards zero also for refunds.

    >>> share(Yen(6600), 1, 3), share(Yen(-100), 1, 3)
    (2200, -33)
    """
    assert denominator > 0, "a share of nothing"
    product = int(amount) * numerator
    whole = abs(product) // denominator
    return Yen(whole if product >= 0 else -whole)


def split(amount: Yen, numerator: int, denominator: int) -> tuple[Yen, Yen]:
    """One payer's share and the rest; the two always add up to `amount`.

    >>> split(Yen(100), 1, 3)
    (33, 67)
    """
    part = share(amount, numerator, denominator)
    return part, Yen(int(amount) - int(part))
