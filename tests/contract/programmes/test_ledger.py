"""Free turn-outs: reserved, given back, settled, in the year of the departure, and never twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.kit.errors import Conflict, NotFound
from app.kit.ids import ContractId, new_id
from app.programmes import service as programmes
from app.programmes.contracts import Contract
from app.programmes.ledger import TurnState
from app.programmes.model import Cancelled, Payer, QuotaYear, TurnOut
from app.programmes.scheme import Free
from app.programmes.service.usages import source_of
from app.programmes.store import quota, usage
from app.programmes.tables import quota_turn
from tests.build import NOW, Town, minutes, town
from tests.enrolled import SOURCE, enrol, with_dispatch

HOUR = timedelta(hours=1)
EVE = datetime(2026, 3, 31, 14, 50, tzinfo=UTC)
"""Ten minutes to midnight in Japan, on the last day of a fiscal year."""


def dispatch(number: int) -> UUID:
    return UUID(int=number)


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection)


@pytest.fixture
def hers(connection: Connection, here: Town) -> Contract:
    """Hana has six free turn-outs a fiscal year."""
    return enrol(connection, here.hana, NOW)


def reserved(connection: Connection, hers: Contract, *numbers: int, at: datetime = NOW) -> list[int | None]:
    return [programmes.reserve(connection, hers.id, dispatch(one), at) for one in numbers]


def left_of(connection: Connection, hers: Contract, at: datetime = NOW) -> tuple[int, int, int]:
    found = programmes.left(connection, hers, at)
    assert found is not None
    return found.consumed, found.reserved, found.left


def test_six_are_free_and_the_seventh_is_not(connection: Connection, hers: Contract) -> None:
    assert [1, 2, 3, 4, 5, 6, None] == reserved(connection, hers, *range(1, 8))
    assert (0, 6, 0) == left_of(connection, hers)


def test_the_same_turn_out_twice_is_one(connection: Connection, hers: Contract) -> None:
    assert [1, 1, 2, 1] == reserved(connection, hers, 1, 1, 2, 1)
    assert (0, 2, 4) == left_of(connection, hers)


def test_the_same_departure_twice_is_one(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, 1)

    assert [1, 1] == [programmes.settle(connection, dispatch(1), NOW + minutes(5), NOW + minutes(5)) for _ in range(2)]
    assert ["consumed", "reserved"] == [one.what for _, one in quota.entries(connection, hers.id, None, 9)]
    assert (1, 0, 5) == left_of(connection, hers)


def test_what_is_given_back_is_free_again(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, 1, 2)
    for _ in range(2):
        programmes.release(connection, dispatch(1), NOW)

    assert (0, 1, 5) == left_of(connection, hers)
    assert [1] == reserved(connection, hers, 3)
    assert [("released", 1), ("reserved", 2), ("reserved", 1)] == [
        (one.what, one.n) for _, one in quota.entries(connection, hers.id, None, 9)[1:]
    ]


def test_another_unit_may_accept_after_the_first_gave_it_back(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, 1)
    programmes.release(connection, dispatch(1), NOW)

    assert [1] == reserved(connection, hers, 1)


def test_who_was_to_pay_is_given_the_one_that_comes_back(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, *range(1, 9))
    programmes.settle(connection, dispatch(8), NOW + minutes(1), NOW + minutes(1))
    programmes.release(connection, dispatch(3), NOW + minutes(2))

    assert 3 == programmes.reserve(connection, hers.id, dispatch(8), NOW), "it departed; the other has only accepted"
    assert None is programmes.reserve(connection, hers.id, dispatch(7), NOW)


def test_what_was_used_is_corrected_when_it_becomes_free(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, *range(1, 7))
    facts = programmes.TurnOutFacts(
        dispatch_id=dispatch(7), contract_id=hers.id, departed_at=NOW, ended_at=NOW + HOUR
    )  # fmt: skip
    programmes.reserve(connection, hers.id, dispatch(7), NOW)
    programmes.record_turn_out(connection, facts, NOW + HOUR)
    before = usage.standing(connection, source_of(dispatch(7)))
    programmes.release(connection, dispatch(2), NOW + 2 * HOUR)
    after = usage.standing(connection, source_of(dispatch(7)))

    assert before is not None
    assert after is not None
    assert isinstance(before.facts, TurnOut)
    assert isinstance(after.facts, TurnOut)
    assert (7, 2) == (before.facts.quota_number, after.facts.quota_number)
    assert (before.id, before.facts.id) == (after.corrects, after.facts.id)


def test_accepted_in_one_year_and_departed_in_the_next(connection: Connection, hers: Contract) -> None:
    """Accepted at 23:50 on 31 March, departed at 00:10 on 1 April."""
    reserved(connection, hers, 1, 2, at=EVE)
    programmes.settle(connection, dispatch(1), EVE + minutes(20), EVE + minutes(20))

    assert (0, 1, 5) == left_of(connection, hers, EVE)
    assert (1, 0, 5) == left_of(connection, hers, EVE + minutes(20))
    assert 2 == programmes.settle(connection, dispatch(2), EVE + minutes(9), EVE + minutes(20))


def test_the_place_in_the_old_year_goes_to_who_was_to_pay_there(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, *range(1, 8), at=EVE)
    programmes.settle(connection, dispatch(7), EVE + minutes(1), EVE + minutes(1))
    programmes.settle(connection, dispatch(1), EVE + minutes(20), EVE + minutes(20))

    assert 1 == programmes.reserve(connection, hers.id, dispatch(7), EVE)


def test_a_departure_that_was_told_wrong_moves_to_its_year(connection: Connection, hers: Contract) -> None:
    reserved(connection, hers, 1, at=EVE)
    programmes.settle(connection, dispatch(1), EVE + minutes(11), EVE + minutes(11))
    programmes.settle(connection, dispatch(1), EVE + minutes(9), EVE + minutes(30))

    assert [(1, 0, 5), (0, 0, 6)] == [left_of(connection, hers, at) for at in (EVE, EVE + minutes(11))]


@pytest.mark.parametrize(
    ("per", "first", "second", "shared"),
    [
        (QuotaYear.FISCAL, EVE, EVE + minutes(10), False),
        (QuotaYear.CALENDAR, EVE, EVE + minutes(10), True),
        (QuotaYear.MONTH, EVE, EVE + minutes(10), False),
        (QuotaYear.CONTRACT, EVE, EVE + minutes(10), True),
        (QuotaYear.CONTRACT, datetime(2025, 12, 31, 14, 59, tzinfo=UTC), datetime(2025, 12, 31, 15, tzinfo=UTC), False),
    ],
)
def test_each_scheme_says_in_which_year_it_counts(
    connection: Connection, here: Town, per: QuotaYear, first: datetime, second: datetime, shared: bool
) -> None:
    """The contract is of 1 January 2024."""
    free = Free(turn_outs=2, per=per, source=SOURCE, payer=Payer.CITY)
    hers = enrol(connection, here.hana, NOW, with_dispatch(free=free))

    assert [1, 2 if shared else 1] == [
        *reserved(connection, hers, 1, at=first), *reserved(connection, hers, 2, at=second)
    ]  # fmt: skip


def test_what_was_used_before_the_service_kept_the_ledger_counts(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW, free_used={"FY2026": 4, "FY2025": 6})

    assert (4, 0, 2) == left_of(connection, hers)
    assert [5, 6, None] == reserved(connection, hers, 1, 2, 3)
    assert [None] == reserved(connection, hers, 4, at=EVE)


def test_without_free_ones_nothing_is_free_and_all_is_counted(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW, with_dispatch(free=None))

    assert [None, None] == reserved(connection, hers, 1, 2)
    assert None is programmes.left(connection, hers, NOW)


def test_who_never_accepted_changes_nothing(connection: Connection, hers: Contract) -> None:
    programmes.release(connection, dispatch(1), NOW)

    assert None is programmes.settle(connection, dispatch(1), NOW, NOW)
    assert (0, 0, 6) == left_of(connection, hers)


def test_a_turn_out_is_under_one_contract(connection: Connection, here: Town, hers: Contract) -> None:
    from app.households import service as households

    other = households.create_wearer(connection, here.hana.household_id, "Taro", now=NOW)
    his = enrol(connection, other, NOW)
    reserved(connection, hers, 1)

    with pytest.raises(Conflict):
        programmes.reserve(connection, his.id, dispatch(1), NOW)
    with pytest.raises(NotFound):
        programmes.reserve(connection, ContractId(new_id()), dispatch(2), NOW)
    assert [1] == reserved(connection, his, 2)


@pytest.mark.parametrize(
    ("cancelled", "rule", "expected"),
    [
        (Cancelled.BEFORE, "free", (0, 0, 6)),
        (Cancelled.BEFORE, "one_unit", (1, 0, 5)),
        (Cancelled.BEFORE, "not_stated", (0, 0, 6)),
        (Cancelled.AFTER, "free", (0, 0, 6)),
        (Cancelled.AFTER, "as_served", (1, 0, 5)),
        (Cancelled.AFTER, "not_stated", (1, 0, 5)),
    ],
)
def test_what_was_called_off_counts_when_it_costs_something(
    connection: Connection, here: Town, cancelled: Cancelled, rule: str, expected: tuple[int, int, int]
) -> None:
    rules = {"cancelled_before_departure": rule, "cancelled_after_departure": rule}
    if cancelled is Cancelled.BEFORE:
        del rules["cancelled_after_departure"]
    else:
        del rules["cancelled_before_departure"]
    hers = enrol(connection, here.hana, NOW, with_dispatch(**rules))
    reserved(connection, hers, 1)
    departed_at = None
    if cancelled is Cancelled.AFTER:
        departed_at = NOW + minutes(3)
        programmes.settle(connection, dispatch(1), departed_at, departed_at)
    facts = programmes.TurnOutFacts(
        dispatch_id=dispatch(1), contract_id=hers.id, departed_at=departed_at, ended_at=NOW + minutes(9),
        cancelled=cancelled,
    )  # fmt: skip
    programmes.record_turn_out(connection, facts, NOW + minutes(9))

    assert expected == left_of(connection, hers)


def test_many_who_accept_at_once_never_have_the_same_number(where: Path | str) -> None:
    """Two processes and sixteen threads, on one contract."""
    databases = [Database(where), Database(where)]
    with databases[0].transaction() as connection:
        hers = enrol(connection, town(connection).hana, NOW)

    def accept(number: int) -> int | None:
        with databases[number % 2].transaction() as connection:
            return programmes.reserve(connection, hers.id, dispatch(number), NOW)

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(accept, range(40)))
    assert [1, 2, 3, 4, 5, 6] == sorted(one for one in found if one is not None)

    def go(number: int) -> None:
        with databases[number % 2].transaction() as connection:
            if number % 3:
                programmes.settle(connection, dispatch(number), NOW, NOW)
            else:
                programmes.release(connection, dispatch(number), NOW)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(go, range(40)))
    with databases[0].transaction() as connection:
        gone = quota_turn.c.state == TurnState.RELEASED.value
        numbers = list(connection.execute(sa.select(quota_turn.c.n).where(~gone)).scalars())
        assert (6, 0, 0) == left_of(connection, hers)
    assert len(set(numbers)) == len(numbers) == 26
    for one in databases:
        one.engine.dispose()
