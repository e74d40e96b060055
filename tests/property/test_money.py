"""Shares of yen."""

from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import Yen, share, split

amounts = st.integers(-(10**12), 10**12).map(Yen)
denominators = st.integers(1, 10**6)


@given(amounts, st.integers(0, 10**6), denominators)
def test_a_split_never_loses_or_makes_a_yen(amount: Yen, numerator: int, denominator: int) -> None:
    assert amount == sum(split(amount, numerator, denominator))


@given(amounts, st.integers(0, 10**6), denominators)
def test_a_share_is_never_more_than_exact_and_less_than_a_yen_under_it(
    amount: Yen, numerator: int, denominator: int
) -> None:
    exact_times_denominator = abs(amount) * numerator
    rounded = abs(share(amount, numerator, denominator))

    assert rounded * denominator <= exact_times_denominator < (rounded + 1) * denominator


@given(amounts, st.integers(0, 10**6), denominators)
def test_a_refund_gives_back_exactly_what_was_taken(amount: Yen, numerator: int, denominator: int) -> None:
    assert share(amount, numerator, denominator) + share(Yen(-amount), numerator, denominator) == 0
