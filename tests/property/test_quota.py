"""The ledger of free turn-outs under any order of acceptances, departures and calls-off, over the ends of years: never
more than so many are free, never the same twice, nobody pays while one is left, and the order decides nothing of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from app.db.dialect import tune_sqlite
from app.db.types import metadata
from app.households.model import Wearer
from app.kit.calendar import fiscal_year
from app.kit.ids import CityId, HouseholdId, WearerId, new_id
from app.migrations import schema
from app.programmes import service as programmes
from app.programmes.contracts import Contract
from app.programmes.ledger import Turn, TurnState
from app.programmes.model import Payer, QuotaYear
from app.programmes.scheme import Free
from app.programmes.store import quota
from tests.build import NOW
from tests.enrolled import SOURCE, enrol, with_dispatch

assert schema.metadata is metadata, "all tables are known"

TABLES = ("tariff", "tariff_now", "contract", "residence", "absence", "quota_turn", "quota_entry", "usage")
FREE = 3
YEARS = ("FY2024", "FY2025", "FY2026")
MIDNIGHT = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)
"""In Japan, when a fiscal year begins."""

dispatches = st.integers(0, 11)
moments = st.sampled_from([-530_000, -525_600, -600, -10, -1, 0, 1, 10, 600]).map(
    lambda minutes: MIDNIGHT + timedelta(minutes=minutes)
)
steps = st.tuples(st.sampled_from(["reserve", "release", "settle"]), dispatches, moments)


@contextmanager
def ledger() -> Iterator[tuple[Connection, Contract]]:
    """A contract with three free turn-outs a fiscal year, in a database of its own."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    tune_sqlite(engine, read_only=False)

    @sa.event.listens_for(engine, "connect")
    def alone(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")  # The tables of other rooms are not there.

    with engine.begin() as connection:
        metadata.create_all(connection, tables=[metadata.tables[name] for name in TABLES])
        wearer = Wearer(
            id=WearerId(new_id()), city_id=CityId(281000), household_id=HouseholdId(new_id()), name="Hana",
            created_at=NOW,
        )  # fmt: skip
        free = Free(turn_outs=FREE, per=QuotaYear.FISCAL, source=SOURCE, payer=Payer.CITY)
        yield connection, enrol(connection, wearer, NOW, with_dispatch(free=free))
    engine.dispose()


def take(connection: Connection, hers: Contract, what: str, number: int, at: datetime) -> int | None:
    dispatch = UUID(int=number)
    if what == "reserve":
        return programmes.reserve(connection, hers.id, dispatch, at)
    if what == "settle":
        return programmes.settle(connection, dispatch, at, at)
    programmes.release(connection, dispatch, at)
    return None


def standing(connection: Connection, hers: Contract, year: str) -> list[Turn]:
    return [one for one in quota.turns(connection, hers.id, year) if one.state is not TurnState.RELEASED]


def check(connection: Connection, hers: Contract) -> None:
    for year in YEARS:
        turns = standing(connection, hers, year)
        numbers = [one.n for one in turns if one.n is not None]

        assert len(turns) == len(numbers) == len(set(numbers)), "each has a number of its own"
        assert min(FREE, len(turns)) == len([n for n in numbers if n <= FREE]), "nobody pays while one is left"
        for one in turns:
            if one.departed_at is not None and one.state is TurnState.CONSUMED:
                assert f"FY{fiscal_year(one.departed_at)}" == year


@settings(max_examples=60)
@given(st.lists(steps, max_size=40))
def test_never_more_than_are_free_and_never_the_same_twice(told: list[tuple[str, int, datetime]]) -> None:
    with ledger() as (connection, hers):
        for what, number, at in told:
            take(connection, hers, what, number, at)
            check(connection, hers)


@settings(max_examples=60)
@given(st.lists(steps, max_size=25))
def test_what_is_told_twice_changes_nothing(told: list[tuple[str, int, datetime]]) -> None:
    with ledger() as (once, first), ledger() as (twice, second):
        for what, number, at in told:
            answer = take(once, first, what, number, at)

            assert [answer, answer] == [take(twice, second, what, number, at) for _ in range(2)]
        for year in YEARS:
            assert standing(once, first, year) == standing(twice, second, year)


@settings(max_examples=60)
@given(
    st.dictionaries(dispatches, st.one_of(st.none(), moments), min_size=1),
    st.permutations(range(12)),
    st.permutations(range(12)),
    st.permutations(range(12)),
)
def test_how_many_are_free_does_not_depend_on_the_order(
    fates: dict[int, datetime | None], accepted: list[int], ended: list[int], again: list[int]
) -> None:
    """The same turn-outs, each departed at its moment or called off, however they are told."""
    found = []
    for order in (ended, again):
        with ledger() as (connection, hers):
            for number in accepted if order is ended else reversed(accepted):
                if number in fates:
                    programmes.reserve(connection, hers.id, UUID(int=number), MIDNIGHT)
            for number in order:
                if number in fates:
                    at = fates[number]
                    take(connection, hers, "release" if at is None else "settle", number, at or MIDNIGHT)
            check(connection, hers)
            turns = {year: standing(connection, hers, year) for year in YEARS}
            found.append(
                {year: (len(some), sum(1 for one in some if (one.n or 0) <= FREE)) for year, some in turns.items()}
            )
    assert found[0] == found[1]
