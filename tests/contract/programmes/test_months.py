"""What closing reads: contracts in pages of wearers, what they used in a month, and of whom something has changed."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.engine import Connection

from app.households import service as households
from app.households.model import Wearer
from app.kit.ids import WearerId
from app.programmes import service as programmes
from app.programmes.contracts import Contract
from app.programmes.model import Absence, Away, Item
from app.programmes.service import usages
from tests.build import AKASHI, KAKOGAWA, NOW, Town, town, viewer
from tests.enrolled import BY, a_scheme, enrol

HOUR = timedelta(hours=1)
MARCH, APRIL, MAY = "2026-03", "2026-04", "2026-05"


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection)


def wearer(connection: Connection, here: Town, name: str) -> Wearer:
    return households.create_wearer(connection, here.hana.household_id, name, now=NOW)


def of_month(connection: Connection, month: str, after: WearerId | None = None, count: int = 10) -> list[Contract]:
    return programmes.contracts_of_month(connection, KAKOGAWA, after, count, month)


def went(connection: Connection, contract: Contract, number: int, at: datetime = NOW) -> None:
    facts = programmes.TurnOutFacts(
        dispatch_id=UUID(int=number), contract_id=contract.id, departed_at=at, ended_at=at + HOUR
    )  # fmt: skip
    programmes.reserve(connection, contract.id, UUID(int=number), NOW)
    programmes.record_turn_out(connection, facts, NOW + HOUR)


def test_pages_hold_every_wearer_once_with_all_her_contracts(connection: Connection, here: Town) -> None:
    people = [wearer(connection, here, f"wearer {number}") for number in range(5)]
    entered = {
        enrol(connection, one, NOW, a_scheme(code)).id for one in people for code in ("guarded", "second")
    }  # fmt: skip
    seen: list[Contract] = []
    after = None
    while page := of_month(connection, APRIL, after, 2):
        assert len({one.wearer_id for one in page}) <= 2
        seen, after = seen + page, page[-1].wearer_id

    assert entered == {one.id for one in seen}
    assert len(seen) == len(entered)
    assert [] == programmes.contracts_of_month(connection, AKASHI, None, 10, APRIL)


@pytest.mark.parametrize(
    ("terms", "months"),
    [
        ({"contracted_on": date(2026, 4, 30)}, [APRIL, MAY]),
        ({"contracted_on": date(2026, 1, 1), "ended_on": date(2026, 4, 1)}, [MARCH, APRIL]),
        ({"ended_on": date(2026, 3, 31), "end_decided_on": date(2026, 4, 2)}, [MARCH, APRIL]),
        ({"contracted_on": date(2026, 5, 1), "installed_on": date(2026, 4, 20)}, [APRIL, MAY]),
    ],
    ids=["begins on the last day", "ends on the first day", "its end is decided later", "is installed before"],
)
def test_a_contract_is_of_the_months_in_which_anything_can_be_owed(
    connection: Connection, here: Town, terms: dict[str, date], months: list[str]
) -> None:
    enrol(connection, here.hana, NOW, **terms)

    assert months == [month for month in (MARCH, APRIL, MAY) if of_month(connection, month)]


def test_what_was_used_after_the_end_is_owed_still(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW, ended_on=date(2026, 2, 28))
    usages.record(connection, hers, Item(code="charger", on=date(2026, 4, 1)), "late", BY, NOW)

    assert [False, True] == [bool(of_month(connection, month)) for month in (MARCH, APRIL)]


def test_what_was_withdrawn_owes_nothing(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW)
    programmes.withdraw(connection, viewer(here.clerk), hers.id, "of another person", NOW)

    assert [] == of_month(connection, APRIL)


def test_a_month_is_that_of_the_departure_in_japan(connection: Connection, here: Town) -> None:
    """23:59 on 31 March and midnight: one minute, two months."""
    hers = enrol(connection, here.hana, NOW)
    midnight = NOW - 12 * HOUR
    went(connection, hers, 1, midnight - timedelta(minutes=1))
    went(connection, hers, 2, midnight)
    used = [programmes.usage_of_month(connection, [hers], month)[hers.id] for month in (MARCH, APRIL, MAY)]

    assert [[1], [1], []] == [[one.quota_number for one in month.turn_outs] for month in used]
    assert [(MARCH, MARCH), (APRIL, APRIL)] == [
        (month.months.since, month.months.until) for month in used[:2] if month.months is not None
    ]


def test_what_was_corrected_counts_as_it_is_now_under_the_id_that_it_had(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW)
    bought = usages.record(connection, hers, Item(code="charger", on=date(2026, 3, 31)), "first", BY, NOW)
    never = usages.record(connection, hers, Item(code="charger", on=date(2026, 3, 30)), "second", BY, NOW)
    two = Item(code="charger", on=date(2026, 4, 1), quantity=2, id=str(bought.id))
    usages.correct(connection, bought, two, "they were two, and later", BY, NOW)
    usages.correct(connection, never, None, "of another person", BY, NOW)

    assert [[], [two]] == [
        programmes.usage_of_month(connection, [hers], month)[hers.id].items for month in (MARCH, APRIL)
    ]


def test_practice_is_never_paid_for(connection: Connection, here: Town) -> None:
    hers = enrol(connection, here.hana, NOW)
    facts = programmes.TurnOutFacts(
        dispatch_id=UUID(int=1), contract_id=hers.id, departed_at=NOW, ended_at=NOW + HOUR, drill=True
    )

    assert None is programmes.record_turn_out(connection, facts, NOW + HOUR)
    assert [] == programmes.usage_of_month(connection, [hers], APRIL)[hers.id].turn_outs


def test_of_whom_something_was_changed_or_recorded_is_looked_at_again(connection: Connection, here: Town) -> None:
    taro, jiro = wearer(connection, here, "Taro"), wearer(connection, here, "Jiro")
    hers, his = enrol(connection, here.hana, NOW), enrol(connection, taro, NOW)
    enrol(connection, jiro, NOW)
    went(connection, hers, 1)
    away = Absence(kind=Away.HOSPITAL, since=date(2026, 2, 1), until=date(2026, 2, 9))
    programmes.be_away(connection, viewer(here.clerk), his.id, away, "found out", NOW + 2 * HOUR)

    def since(moment: datetime, after: WearerId | None = None) -> list[WearerId]:
        return programmes.changed_since(connection, KAKOGAWA, moment, after, 10)

    assert sorted([here.hana.id, taro.id]) == since(NOW + HOUR)
    assert [taro.id] == since(NOW + 2 * HOUR)
    assert [] == since(NOW + 3 * HOUR)
    assert sorted([here.hana.id, taro.id])[1:] == since(NOW + HOUR, min(here.hana.id, taro.id))
