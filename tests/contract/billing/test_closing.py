"""A month is closed into documents: once, whole, numbered without gaps; corrections bill the difference."""

from datetime import date, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.billing import service
from app.billing.model import Kind, RunState
from app.billing.service import reading as reading_service
from app.billing.service.closing import next_step
from app.billing.store import issuers, reading, runs
from app.billing.tables import balance, document, document_line
from app.billing.totals import Rounding
from app.db.session import savepoint
from app.kit.errors import InvalidInput
from app.programmes.model import Payer
from tests.build import KAKOGAWA
from tests.contract.billing.build import (
    CLOSED_AT,
    MONTH,
    Owing,
    closed,
    documents,
    here,
    lines_of,
    put,
    said,
    viewer_of,
)
from tests.unit.billing.build import line

FEE = line(2_200, on=date(2026, 3, 1))
CITYS = line(4_950, on=date(2026, 3, 5), code="contract", payer=Payer.CITY)


def of_ward(ward: str, category: str, amount_yen: int = 1_000):
    return line(
        amount_yen, on=date(2026, 3, 1), payer=Payer.CITY, ward=ward, category=category, tax_included=False, code="call"
    )


def test_families_and_the_city_get_one_document_each(connection: Connection) -> None:
    _, ids = here(connection, 3)
    owing = Owing()
    for one in ids:
        owing.owes(one, FEE, CITYS)
    run = closed(connection, owing)

    assert [
        (1, Kind.INVOICE, "佐藤", 2_200),
        (2, Kind.INVOICE, "家1", 2_200),
        (3, Kind.INVOICE, "家2", 2_200),
        (4, Kind.INVOICE, "加古川市", 14_850),
    ] == said(connection)
    after = runs.one(connection, run.id)
    assert after is not None
    assert (RunState.CLOSED, 3, 0) == (after.state, after.wearers, after.gaps)
    (last,) = [one for one in documents(connection) if one.payee.payer is Payer.CITY]
    assert (3, 1_350, date(2026, 4, 1), date(2026, 5, 1)) == (
        last.lines,
        last.totals.tax_yen,
        last.issued_on,
        last.due_on,
    )


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_the_size_of_a_page_changes_nothing(connection: Connection, count: int) -> None:
    _, ids = here(connection, 5)
    owing = Owing()
    for number, one in enumerate(ids):
        owing.owes(one, FEE, of_ward(f"区{number % 2}", "elderly", 105))
    closed(connection, owing, count=count)

    assert 5 * 2_200 + (315 + 31) + (210 + 21) == sum(total for _, _, _, total in said(connection))
    assert [1, 2, 3, 4, 5, 6, 7] == [number for number, _, _, _ in said(connection)]


def test_sapporos_wards_elderly_and_disabled_stand_apart(connection: Connection) -> None:
    """委託料の請求書 … 高齢者と身体障がい者の別並びに各区別に分け; tax once a document, not once a line."""
    cast, ids = here(connection, 4)
    owing = Owing()
    for one, (ward, category) in zip(
        ids, [("中央区", "elderly"), ("中央区", "elderly"), ("中央区", "disabled"), ("北区", "elderly")], strict=True
    ):
        owing.owes(one, of_ward(ward, category, 105))
    closed(connection, owing)
    parts = reading.parts(connection, viewer_of(cast.clerk), MONTH)

    assert [("中央区", "disabled", 1, 115, 10), ("中央区", "elderly", 2, 231, 21), ("北区", "elderly", 1, 115, 10)] == [
        (one.ward, one.category, one.wearers, one.total_yen, one.tax_yen) for one in parts
    ]
    assert {"加古川市 中央区", "加古川市 北区"} == {recipient for _, _, recipient, _ in said(connection)}


def test_closing_again_finds_nothing_and_issues_nothing(connection: Connection) -> None:
    _, ids = here(connection)
    owing = Owing()
    for one in ids:
        owing.owes(one, FEE, CITYS)
    closed(connection, owing)
    before = said(connection)
    again = closed(connection, owing, now=CLOSED_AT + timedelta(days=1), everybody=True)

    assert before == said(connection)
    assert 1 == again.round


def test_the_hospital_was_found_out_later(connection: Connection) -> None:
    """加古川市: what arose in hospital is not the city's. Its document is corrected, the family is asked for it."""
    _, ids = here(connection)
    owing = Owing()
    tag = line(220, on=date(2026, 3, 1), payer=Payer.CITY)
    for one in ids:
        owing.owes(one, tag)
    closed(connection, owing)
    owing.owes(ids[0], line(220, on=date(2026, 3, 1)))
    closed(connection, owing, now=CLOSED_AT + timedelta(days=40), everybody=True)
    (citys, families, back) = documents(connection)

    assert [
        (1, Kind.INVOICE, "加古川市", 440),
        (2, Kind.INVOICE, families.recipient, 220),
        (3, Kind.RETURN, "加古川市", -220),
    ] == said(connection)
    assert (citys.id, 1, -20) == (back.corrects, back.round, back.totals.tax_yen)
    assert lines_of(connection, back)[0].returns in {one.id for one in lines_of(connection, citys)}
    rows = connection.execute(sa.select(balance.c.document_id, balance.c.open_yen))
    assert {citys.id: 220, families.id: 220} == {row.document_id: row.open_yen for row in rows}


def test_a_correction_of_a_correction(connection: Connection) -> None:
    """Three rounds without tax in the lines: together to the yen what one right document would have said."""
    _, ids = here(connection, 1)
    owing = Owing()
    for round_, amounts in enumerate(([105, 105, 105], [105, 107], [107])):
        owing.owes(ids[0], *(line(one, on=date(2026, 3, 2), tax_included=False) for one in amounts))
        closed(connection, owing, now=CLOSED_AT + timedelta(days=round_), everybody=True)
        net = sum(amounts)

        assert net + net * 10 // 100 == sum(one.totals.total_yen for one in documents(connection))
    assert all(service.is_right(connection, one) for one in documents(connection))


def test_who_is_no_longer_there_is_given_everything_back(connection: Connection) -> None:
    _, ids = here(connection, 1)
    owing = Owing()
    owing.owes(ids[0], FEE)
    closed(connection, owing)
    owing.owes(ids[0])
    closed(connection, owing, now=CLOSED_AT + timedelta(days=1), everybody=True)

    assert [2_200, -2_200] == [total for _, _, _, total in said(connection)]


def test_a_month_that_is_not_over_is_not_closed(connection: Connection) -> None:
    here(connection)

    with pytest.raises(InvalidInput):
        service.begin(connection, KAKOGAWA, "2026-04", None, CLOSED_AT)


def test_a_month_is_over_at_midnight_in_japan(connection: Connection) -> None:
    here(connection)
    midnight = CLOSED_AT - timedelta(hours=12)

    with pytest.raises(InvalidInput):
        service.begin(connection, KAKOGAWA, MONTH, None, midnight - timedelta(seconds=1))
    assert RunState.OPEN is service.begin(connection, KAKOGAWA, MONTH, None, midnight).state


def test_begun_twice_is_one_run(connection: Connection) -> None:
    here(connection)
    first = service.begin(connection, KAKOGAWA, MONTH, None, CLOSED_AT)

    assert first == service.begin(connection, KAKOGAWA, MONTH, None, CLOSED_AT + timedelta(hours=1))


def test_a_page_that_two_worked_out_is_written_once(connection: Connection) -> None:
    _, ids = here(connection, 3)
    owing = Owing()
    for one in ids:
        owing.owes(one, FEE, CITYS)
    run = service.begin(connection, KAKOGAWA, MONTH, None, CLOSED_AT)
    for _ in range(20):
        mine, theirs = (next_step(connection, CLOSED_AT, 1, run.id, owing) for _ in range(2))
        if mine is None or theirs is None:
            break
        mine(connection)
        theirs(connection)

    assert [2_200] * 3 + [14_850] == [total for _, _, _, total in said(connection)]
    assert [1, 2, 3, 4] == [number for number, _, _, _ in said(connection)]


def test_a_number_that_was_rolled_back_is_given_again(connection: Connection) -> None:
    here(connection)
    (one,) = issuers.of_city(connection, KAKOGAWA).values()
    with pytest.raises(ZeroDivisionError), savepoint(connection):
        assert 1 / (issuers.take_numbers(connection, one.id, 5) - 1)

    assert (1, 2) == (issuers.take_numbers(connection, one.id, 1), issuers.take_numbers(connection, one.id, 3))


def test_a_company_without_details_waits_and_holds_nobody_up(connection: Connection) -> None:
    _, ids = here(connection, 2)
    owing = Owing()
    owing.owes(ids[0], FEE, line(500, issuer="secom", on=date(2026, 3, 1)))
    owing.owes(ids[1], FEE)
    run = closed(connection, owing)
    (gap,) = runs.gaps_of(connection, run.id, None, 10)

    assert (ids[0], ("issuer:secom",)) == (gap.wearer_id, gap.why)
    assert [2_200] == [total for _, _, _, total in said(connection)]
    put(connection, "secom")
    closed(connection, owing, now=CLOSED_AT + timedelta(days=1), everybody=True)
    assert [("alsok", 1), ("alsok", 2), ("secom", 1)] == [
        (one.payee.issuer, one.number) for one in documents(connection)
    ]


def test_a_document_keeps_the_issuer_that_it_had(connection: Connection) -> None:
    _, ids = here(connection, 1)
    owing = Owing()
    owing.owes(ids[0], FEE)
    closed(connection, owing)
    put(connection, name="ALSOK株式会社", registration_number=None)
    (one,) = documents(connection)

    assert ("総合警備保障株式会社", "T1234567890123") == (one.issuer.name, one.issuer.registration_number)


CHANGES = {
    "a total": sa.update(document).values(total_yen=0),
    "a state": sa.update(document).values(issued_at=None),
    "a document": sa.delete(document),
    "a line": sa.update(document_line).values(amount_yen=1),
    "lines": sa.delete(document_line),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_what_was_issued(connection: Connection, change: str) -> None:
    _, ids = here(connection, 1)
    owing = Owing()
    owing.owes(ids[0], FEE)
    closed(connection, owing)
    before = said(connection)

    with pytest.raises(sa.exc.IntegrityError, match="does not change"), savepoint(connection):
        connection.execute(CHANGES[change])
    assert before == said(connection)


def test_nobody_adds_a_line_to_what_was_issued(connection: Connection) -> None:
    _, ids = here(connection, 1)
    owing = Owing()
    owing.owes(ids[0], FEE)
    closed(connection, owing)
    (row,) = lines_of(connection, documents(connection)[0])

    with pytest.raises(sa.exc.IntegrityError, match="does not change"), savepoint(connection):
        connection.execute(sa.insert(document_line).values(**dict(row._mapping) | {"id": ids[0]}))


def test_a_line_is_taken_back_once(connection: Connection) -> None:
    """By the database, whatever a program reckons."""
    _, ids = here(connection, 1)
    owing = Owing()
    owing.owes(ids[0], FEE)
    closed(connection, owing)
    owing.owes(ids[0])
    closed(connection, owing, now=CLOSED_AT + timedelta(days=1), everybody=True)
    invoice, back = documents(connection)
    (line_back,) = lines_of(connection, back)
    row = connection.execute(sa.select(document).where(document.c.id == back.id)).one()
    again = dict(row._mapping) | {"id": ids[0], "round": 9, "number": None, "issued_at": None}
    connection.execute(sa.insert(document).values(**again))
    twice = dict(line_back._mapping) | {"id": ids[0], "document_id": ids[0]}

    assert lines_of(connection, invoice)[0].id == line_back.returns
    with pytest.raises(sa.exc.IntegrityError), savepoint(connection):
        connection.execute(sa.insert(document_line).values(**twice))
    connection.execute(sa.insert(document_line).values(**twice | {"returns": None}))


def test_a_year_later_every_document_comes_to_the_same(connection: Connection) -> None:
    _, ids = here(connection, 3)
    owing = Owing()
    for one in ids:
        owing.owes(one, FEE, of_ward("中央区", "elderly", 333), line(20_000, deposit=True, code="deposit"))
    closed(connection, owing)
    put(connection, name="Another", payment_days=5)

    assert 4 == len(documents(connection))
    assert all(service.is_right(connection, one) for one in documents(connection))


def test_what_is_given_back_whole_is_nothing_though_the_company_rounds_otherwise_by_now(connection: Connection) -> None:
    """Three times 105 is 346 rounded down and 347 rounded up: who paid 346 is owed 346, not 347."""
    _, (one, *_) = here(connection)
    owing = Owing()
    calls = [line(105, on=date(2026, 3, day), code="call", tax_included=False) for day in (1, 2, 3)]
    owing.owes(one, *calls, *[msgspec.structs.replace(each, payer=Payer.CITY) for each in calls])
    closed(connection, owing)
    put(connection, rounding=Rounding.UP)
    owing.owes(one)
    closed(connection, owing, now=CLOSED_AT + timedelta(days=1), everybody=True)

    assert [346, 346, -346, -346] == [total for _, _, _, total in said(connection)]
    assert [0, 0] == list(connection.execute(sa.select(balance.c.open_yen)).scalars())
    assert all(reading_service.is_right(connection, each) for each in documents(connection))


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "1949-12", "9999-12"])
def test_a_month_off_the_calendar_is_refused(connection: Connection, month: str) -> None:
    here(connection)
    with pytest.raises(InvalidInput):
        service.begin(connection, KAKOGAWA, month, None, CLOSED_AT)
