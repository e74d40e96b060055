"""Tax is rounded once a document and rate, and all parts add up."""

import pytest

from app.billing.totals import NO_TAX, RateTotal, Rounding, Sum, Totals, rounded, sums_of, totals_after, totals_of


@pytest.mark.parametrize(
    ("rounding", "tax_yen"), [(Rounding.DOWN, 31), (Rounding.UP, 32), (Rounding.HALF_UP, 32)], ids=str
)
def test_three_times_105_without_tax_is_rounded_once(rounding: Rounding, tax_yen: int) -> None:
    """消令70の10, 基通1-8-15: 105 yen three times is 31 yen of tax, not three times 10."""
    found = totals_of(sums_of([(10, False, False, 105)] * 3), rounding)

    assert Totals(rates=(RateTotal(rate_pct=10, total_yen=315 + tax_yen, tax_yen=tax_yen),)) == found
    assert 315 + tax_yen == found.total_yen


def test_the_tax_in_11000_is_1000() -> None:
    found = totals_of({10: Sum(included_yen=11_000)}, Rounding.DOWN)

    assert (11_000, 1_000, 10_000) == (found.total_yen, found.tax_yen, found.rates[0].net_yen)


def test_kobes_accessories_without_tax_beside_a_fee_with_tax() -> None:
    """充電アダプタ 4,700, 専用ストラップ 1,000 (消費税別) and 月額 2,200 (税込)."""
    found = totals_of(
        sums_of([(10, False, False, 4_700), (10, False, False, 1_000), (10, True, False, 2_200)]), Rounding.DOWN
    )

    assert (5_700 + 570 + 2_200, 770) == (found.total_yen, found.tax_yen)


def test_a_deposit_is_outside_tax_and_in_the_total() -> None:
    """セコム 保証料 20,000円, 契約満了時に返却: no price, so no tax."""
    found = totals_of(sums_of([(10, True, False, 4_620), (10, True, True, 20_000)]), Rounding.DOWN)

    assert (24_620, 420, 20_000) == (found.total_yen, found.tax_yen, found.outside_yen)


def test_rates_stand_apart() -> None:
    found = totals_of({8: Sum(excluded_yen=107), 10: Sum(excluded_yen=109), NO_TAX: Sum(included_yen=5)}, Rounding.DOWN)

    assert [(10, 119, 10), (8, 115, 8)] == [(one.rate_pct, one.total_yen, one.tax_yen) for one in found.rates]


def test_what_is_given_back_is_rounded_as_what_was_taken() -> None:
    for rounding in Rounding:
        assert -rounded(315, 10, rounding) == rounded(-315, 10, rounding)


def test_a_correction_comes_to_the_difference_that_it_makes() -> None:
    """Of 109 twice the tax is 21. One taken back leaves 109 and 10 of tax: the correction gives 11 of tax back."""
    before = {10: Sum(excluded_yen=218)}
    found = totals_after(before, {10: Sum(excluded_yen=-109)}, Rounding.DOWN)

    assert (-120, -11) == (found.total_yen, found.tax_yen)
    assert 119 == totals_of(before, Rounding.DOWN).total_yen + found.total_yen


def test_a_correction_names_only_rates_of_its_own() -> None:
    before = {10: Sum(included_yen=2_200), 8: Sum(included_yen=1_080)}

    assert [10] == [one.rate_pct for one in totals_after(before, {10: Sum(included_yen=-2_200)}, Rounding.DOWN).rates]
