"""Lines go to the one who owes them, and corrections take back what was wrong and nothing else."""

from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.billing.documents import changes, drafts_of, missing_items, sums
from app.billing.model import Billed, Kind, Payee
from app.billing.totals import totals_of
from app.programmes.model import Payer
from tests.unit.billing.build import ALSOK, HANA, KEN, document, owed

DOCUMENT = UUID(int=31)


def billed(*lines, document_id: UUID = DOCUMENT) -> list[Billed]:
    return [Billed(id=UUID(int=100 + n), document_id=document_id, owed=one) for n, one in enumerate(lines)]


def test_each_company_payer_ward_and_category_gets_its_own_document() -> None:
    lines = [
        owed(2_200),
        owed(2_200, KEN),
        owed(4_950, payer=Payer.CITY),
        owed(1_000, payer=Payer.CITY, ward="中央区", category="elderly"),
        owed(1_000, KEN, payer=Payer.CITY, ward="中央区", category="elderly"),
        owed(1_000, KEN, payer=Payer.CITY, ward="中央区", category="disabled"),
        owed(1_000, KEN, payer=Payer.CITY, ward="北区", category="disabled"),
        owed(6_600, KEN, payer=Payer.INSURER),
        owed(500, issuer="secom"),
    ]
    expected = {
        Payee(issuer="alsok", payer=Payer.USER, wearer_id=HANA.hex): 2_200,
        Payee(issuer="alsok", payer=Payer.USER, wearer_id=KEN.hex): 2_200,
        Payee(issuer="alsok", payer=Payer.CITY): 4_950,
        Payee(issuer="alsok", payer=Payer.CITY, ward="中央区", category="elderly"): 2_000,
        Payee(issuer="alsok", payer=Payer.CITY, ward="中央区", category="disabled"): 1_000,
        Payee(issuer="alsok", payer=Payer.CITY, ward="北区", category="disabled"): 1_000,
        Payee(issuer="alsok", payer=Payer.INSURER): 6_600,
        Payee(issuer="secom", payer=Payer.USER, wearer_id=HANA.hex): 500,
    }
    drafts = drafts_of(lines)

    assert expected == {one.payee: totals_of(sums(one.lines), ALSOK.rounding).total_yen for one in drafts}
    assert {Kind.INVOICE} == {one.kind for one in drafts}


def test_a_deposit_that_comes_back_is_a_document_of_its_own() -> None:
    """Netted with the last fee the invoice would ask for less than nothing."""
    drafts = drafts_of([owed(4_620), owed(-20_000, deposit=True, code="deposit_back")])

    assert [(Kind.RETURN, -20_000), (Kind.INVOICE, 4_620)] == [
        (one.kind, totals_of(sums(one.lines), ALSOK.rounding).total_yen) for one in drafts
    ]


def test_lines_of_nothing_stand_beside_others_and_make_no_document_alone() -> None:
    free = owed(0, code="turn_out")

    assert [] == drafts_of([free])
    assert [2] == [len(one.lines) for one in drafts_of([free, owed(2_200)])]


def test_what_costs_nothing_is_told_once_with_the_rest_and_never_taken_back() -> None:
    """Called off before departure: the family reads why it pays nothing, from the closing on."""
    free, fee = owed(0, code="turn_out", source="u1"), owed(2_200)

    assert [[2_200, 0]] == [[line.line.amount_yen for line in one.lines] for one in drafts_of(changes([], [fee, free]))]
    assert [] == changes(billed(fee, free), [fee, free])
    assert [] == changes(billed(fee, free), [fee])
    assert [] == drafts_of(changes(billed(fee), [fee, free])), "alone it makes no document later either"


def test_what_is_right_already_changes_nothing() -> None:
    lines = [owed(2_200), owed(220, code="told", source="u1"), owed(220, code="told", source="u2")]

    assert [] == changes(billed(*lines), lines)


def test_another_wording_of_the_tariff_is_no_change() -> None:
    was = owed(2_200)
    now = replace(was, line=replace(was.line, label={"ja": "利用料", "en": "fee"}, version="newer"))

    assert [] == changes(billed(was), [now])


def test_the_hospital_was_found_out_later() -> None:
    """加古川市: 入院 … により、使用が認められないことが判明した期間に発生した費用 is not the city's."""
    was = owed(220, payer=Payer.CITY)
    there = billed(was)
    new = changes(there, [owed(220)])
    back, family = drafts_of(new, {one.id: one.document_id for one in there})

    assert (Kind.RETURN, Payer.CITY, DOCUMENT, there[0].id) == (
        back.kind,
        back.payee.payer,
        back.corrects,
        back.lines[0].returns,
    )
    assert -220 == back.lines[0].line.amount_yen
    assert (Kind.INVOICE, Payer.USER, None) == (family.kind, family.payee.payer, family.corrects)


def test_two_same_lines_of_which_one_goes() -> None:
    lines = [owed(220, code="told"), owed(220, code="told")]

    assert [-220] == [one.line.amount_yen for one in changes(billed(*lines), lines[:1])]


def test_a_return_names_one_document() -> None:
    first = billed(owed(2_200))
    second = [Billed(id=UUID(int=300), document_id=UUID(int=32), owed=owed(300, code="more"))]
    back = drafts_of(changes([*first, *second], []), {first[0].id: DOCUMENT, second[0].id: UUID(int=32)})

    assert [(Kind.RETURN, DOCUMENT), (Kind.RETURN, UUID(int=32))] == [(one.kind, one.corrects) for one in back]


def test_lines_stand_in_the_order_of_their_days() -> None:
    (draft,) = drafts_of([owed(1, on=date(2026, 11, 20)), owed(2, on=date(2026, 11, 2))])

    assert [2, 1] == [one.line.amount_yen for one in draft.lines]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"issuer": replace(ALSOK, registration_number=None)}, ["issuer_name_and_number"]),
        ({"recipient": " "}, ["recipient"]),
        ({"lines": 0}, ["content"]),
    ],
    ids=["whole", "not registered", "nobody", "nothing"],
)
def test_the_six_items_of_a_qualified_invoice(change, missing) -> None:
    (draft,) = drafts_of([owed(2_200)])

    assert missing == missing_items(document(draft, **change))
