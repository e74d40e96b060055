"""Documents add up, whatever the lines: by rate, over corrections, in any order."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.billing.documents import changes, drafts_of, same, sums
from app.billing.model import Billed, Kind
from app.billing.totals import Rounding, added, rounded, totals_after, totals_of
from app.programmes.model import Payer
from tests.unit.billing.build import HANA, KEN, owed

amounts = st.integers(min_value=0, max_value=300_000)
roundings = st.sampled_from(list(Rounding))
some_owed = st.builds(
    owed,
    amounts,
    st.sampled_from([HANA, KEN]),
    payer=st.sampled_from(list(Payer)),
    issuer=st.sampled_from(["alsok", "secom"]),
    tax_rate_pct=st.sampled_from([0, 8, 10]),
    tax_included=st.booleans(),
    deposit=st.booleans(),
    ward=st.sampled_from(["", "中央区"]),
    category=st.sampled_from(["", "elderly", "disabled"]),
    source=st.sampled_from(["", "u1", "u2"]),
)
many_owed = st.lists(some_owed, max_size=12)


@given(st.integers(-(10**9), 10**9), st.integers(1, 500), roundings)
def test_rounding_is_never_off_by_a_yen(numerator: int, denominator: int, rounding: Rounding) -> None:
    off = rounded(numerator, denominator, rounding) * denominator - numerator

    assert abs(off) < denominator
    assert rounding is not Rounding.HALF_UP or 2 * abs(off) <= denominator


@given(many_owed, roundings)
def test_nothing_is_lost_between_lines_and_documents(lines, rounding) -> None:
    drafts = drafts_of(lines)
    billed = Counter(same(one) for draft in drafts for one in draft.lines if one.line.amount_yen)

    assert Counter(same(one) for one in lines if one.line.amount_yen) == billed
    for draft in drafts:
        totals = totals_of(sums(draft.lines), rounding)
        assert draft.kind is Kind.INVOICE
        assert totals.total_yen > 0
        assert totals.total_yen == sum(one.net_yen + one.tax_yen for one in totals.rates) + totals.outside_yen
        assert all(0 <= one.tax_yen <= one.total_yen for one in totals.rates)


@given(many_owed, roundings, st.randoms())
def test_the_order_of_lines_does_not_matter(lines, rounding, chance) -> None:
    mixed = list(lines)
    chance.shuffle(mixed)

    def seen(some):
        return {(one.payee, one.kind): totals_of(sums(one.lines), rounding) for one in drafts_of(some)}

    assert seen(lines) == seen(mixed)


@given(st.lists(amounts, max_size=12), st.sampled_from([8, 10]), roundings)
def test_without_tax_the_tax_of_the_sum_is_the_tax_shown(own, rate, rounding) -> None:
    """Brought to amounts with tax and taken out again, it is what it would have been by itself."""
    totals = totals_of(sums([owed(one, tax_rate_pct=rate, tax_included=False) for one in own]), rounding)

    assert rounded(sum(own) * rate, 100, rounding) == totals.tax_yen


@given(many_owed, many_owed, many_owed, roundings)
def test_a_corrected_month_comes_to_what_a_right_one_would_have(first, second, third, rounding) -> None:
    """Closed, corrected, corrected again: for each payee the documents come to the yen to those of the right lines."""
    ledger = Ledger(rounding)
    for lines in (first, second, third):
        ledger.bill(lines)
        right = {one.payee: totals_of(sums(one.lines), rounding) for one in drafts_of(lines)}
        for payee in ledger.payees:
            expected = right.get(payee)
            assert (expected.total_yen if expected else 0) == sum(one.total_yen for one in ledger.totals(payee))
            assert (expected.tax_yen if expected else 0) == sum(one.tax_yen for one in ledger.totals(payee))
    assert all(one.total_yen <= 0 for kind, one in ledger.all_totals() if kind is Kind.RETURN)
    assert all(one.total_yen >= 0 for kind, one in ledger.all_totals() if kind is Kind.INVOICE)


class Ledger:
    """Documents as they are issued round by round, without a database."""

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding
        self.lines: dict[UUID, Billed] = {}
        self.issued = []

    def bill(self, lines) -> None:
        back = {one.owed.returns for one in self.lines.values()}
        standing = [one for one in self.lines.values() if one.id not in back and one.owed.returns is None]
        new = changes(standing, lines)
        for draft in drafts_of(new, {one.id: one.document_id for one in standing}):
            before = [one for payee, _, its, _ in self.issued if payee == draft.payee for one in its]
            totals = totals_after(sums(before), sums(draft.lines), self.rounding)
            key = UUID(int=len(self.issued) + 1)
            self.issued.append((draft.payee, draft.kind, draft.lines, totals))
            for one in draft.lines:
                line_id = UUID(int=10_000 + len(self.lines))
                self.lines[line_id] = Billed(id=line_id, document_id=key, owed=one)

    @property
    def payees(self):
        return {payee for payee, _, _, _ in self.issued}

    def totals(self, payee):
        return [totals for one, _, _, totals in self.issued if one == payee]

    def all_totals(self):
        return [(kind, totals) for _, kind, _, totals in self.issued]


@given(many_owed, many_owed)
def test_sums_of_parts_are_the_sum(first, second) -> None:
    assert added(sums(first), sums(second)) == sums([*first, *second])
