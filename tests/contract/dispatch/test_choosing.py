"""Which units can be asked, and that each goes out for one incident at a time."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Account, Role
from app.accounts.tables import account as accounts
from app.db.engine import open_engine, sqlite_engine
from app.dispatch.nearest import Candidate, KnownFrom, Needs
from app.dispatch.service import choosing
from app.dispatch.store import duty, units
from app.dispatch.tables import company as companies
from app.dispatch.tables import unit_task
from app.dispatch.units import Areas, Base, Capability, Company, Unit, UnitKind, Work
from app.kit.ids import CityId
from tests.build import AKASHI, HOME, KAKOGAWA, NOW, minutes, town
from tests.contract.dispatch.build import a_company, a_guard, a_unit, an_incident, is_at, on_duty


@pytest.fixture
def company(connection: Connection) -> Company:
    town(connection)
    return a_company(connection)


@pytest.fixture
def guard(connection: Connection, company: Company) -> Account:
    return a_guard(connection, company)


@pytest.fixture
def unit(connection: Connection, company: Company) -> Unit:
    return a_unit(connection, company)


def found(connection: Connection, city: CityId = KAKOGAWA, **needs: object) -> list[Candidate]:
    return choosing.available(
        connection, city, HOME.lat_deg, HOME.lon_deg, Needs(**needs), now=NOW + minutes(10)  # type: ignore[arg-type]
    )  # fmt: skip


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [one.name for one in candidates]


def test_only_who_is_on_duty_can_be_asked(connection: Connection, unit: Unit, guard: Account) -> None:
    before = found(connection)
    on_duty(connection, unit, guard)
    during = found(connection)
    duty.end(connection, unit.id, guard.id, guard.id, NOW + minutes(1))

    assert ([], ["第一"], []) == (names(before), names(during), names(found(connection)))


def test_the_newest_place_counts_whatever_comes_late(connection: Connection, unit: Unit, guard: Account) -> None:
    on_duty(connection, unit, guard)
    is_at(connection, unit, guard, 300, NOW + minutes(5))
    is_at(connection, unit, guard, 9_000, NOW + minutes(2))
    (one,) = found(connection)

    assert (KnownFrom.PHONE, 300, 300, 600) == (
        one.known_from, one.age_s, round(one.distance_m or 0), round(one.counted_m or 0)
    )  # fmt: skip


def test_units_come_nearest_first_and_no_more_than_asked(connection: Connection, company: Company) -> None:
    for north_m, name in ((900, "far"), (100, "near"), (500, "middle")):
        unit, guard = a_unit(connection, company, name), a_guard(connection, company, name)
        on_duty(connection, unit, guard)
        is_at(connection, unit, guard, north_m, NOW + minutes(10))

    assert ["near", "middle", "far"] == names(found(connection))
    asked = choosing.available(connection, KAKOGAWA, HOME.lat_deg, HOME.lon_deg, now=NOW, limit=2)
    assert ["near", "middle"] == names(asked)


def test_a_pair_goes_when_both_are_there(connection: Connection, company: Company, guard: Account) -> None:
    pair = a_unit(connection, company, kind=UnitKind.PAIR)
    on_duty(connection, pair, guard)
    alone = found(connection)
    on_duty(connection, pair, a_guard(connection, company, "second"))

    assert ([], ["第一"]) == (names(alone), names(found(connection)))


@pytest.mark.parametrize("why", ["disabled", "another role", "another company", "left the company"])
def test_who_is_no_guard_of_the_company_any_more_does_not_count(
    connection: Connection, company: Company, unit: Unit, guard: Account, why: str
) -> None:
    on_duty(connection, unit, guard)
    mine = accounts.c.id == guard.id
    match why:
        case "disabled":
            connection.execute(sa.update(accounts).where(mine).values(disabled_at=NOW))
        case "another company":
            units.put_member(connection, guard.id, a_company(connection, "other").id, None, NOW)
        case "another role":
            connection.execute(sa.update(accounts).where(mine).values(role=Role.FAMILY.value))
        case _:
            units.drop_member(connection, guard.id, company.id)

    assert [] == found(connection)
    assert not choosing.take(connection, unit.id, an_incident(), NOW)


def test_what_a_unit_can_do_and_where_it_works_is_kept(
    connection: Connection, company: Company, guard: Account
) -> None:
    areas = Areas(cells=["872e6396effffff"], polygons=[[(34.0, 134.0), (35.0, 134.5), (35.0, 135.0)]], wards=["北区"])
    unit = a_unit(
        connection, company, kind=UnitKind.CAR, capabilities=frozenset({Capability.AED, Capability.CAR}), areas=areas,
        base=Base(lat_deg=34.8, lon_deg=134.8, name="本社"), vehicle="神戸 300 あ 12-34", check_every_min=30,
    )  # fmt: skip

    assert unit == units.unit_by_id(connection, unit.id)
    units.update_unit(connection, unit.id, {"areas": None, "base": None, "capabilities": frozenset()})
    changed = units.unit_by_id(connection, unit.id)
    assert changed is not None
    assert (None, None, frozenset(), "神戸 300 あ 12-34") == (
        changed.areas, changed.base, changed.capabilities, changed.vehicle
    )  # fmt: skip
    on_duty(connection, unit, guard)
    (one,) = found(connection)
    assert KnownFrom.NOWHERE is one.known_from


def test_a_unit_that_has_ended_or_whose_company_has_is_not_asked(connection: Connection, company: Company) -> None:
    first, second = (a_unit(connection, company, name) for name in ("first", "second"))
    for unit in (first, second):
        on_duty(connection, unit, a_guard(connection, company, unit.name))
    units.update_unit(connection, first.id, {"ended_at": NOW})
    one_left = found(connection)
    connection.execute(sa.update(companies).values(ended_at=NOW))

    assert (["second"], []) == (names(one_left), names(found(connection)))


def test_cities_and_companies_are_kept_apart(connection: Connection, company: Company) -> None:
    other, far = a_company(connection, "other"), a_company(connection, "far", AKASHI)
    for one in (company, other, far):
        on_duty(connection, a_unit(connection, one, one.code), a_guard(connection, one, one.code))

    assert ["keibi", "other"] == names(found(connection))
    assert ["other"] == names(found(connection, companies=frozenset({other.id})))
    assert ["far"] == names(found(connection, AKASHI))


def test_a_unit_goes_out_for_one_incident_and_taking_it_twice_is_harmless(
    connection: Connection, unit: Unit, guard: Account
) -> None:
    on_duty(connection, unit, guard)
    first, second = an_incident(), an_incident()

    assert choosing.take(connection, unit.id, first, NOW)
    assert [] == found(connection)
    assert choosing.take(connection, unit.id, first, NOW + minutes(1))
    assert not choosing.take(connection, unit.id, second, NOW)
    assert not choosing.free(connection, unit.id, second, NOW)
    assert choosing.free(connection, unit.id, first, NOW + minutes(2))
    assert not choosing.free(connection, unit.id, first, NOW + minutes(3))
    assert ["第一"] == names(found(connection))
    assert choosing.take(connection, unit.id, second, NOW + minutes(4))
    assert 2 == connection.execute(sa.select(sa.func.count()).select_from(unit_task)).scalar_one()


def test_a_unit_for_visits_does_no_guard_work(connection: Connection, company: Company, guard: Account) -> None:
    visitor = a_unit(connection, company, work=Work.VISIT)
    on_duty(connection, visitor, guard)

    assert [] == found(connection)
    assert ["第一"] == names(found(connection, work=Work.VISIT))
    assert not choosing.take(connection, visitor.id, an_incident(), NOW)


def test_who_is_on_duty_in_one_unit_is_in_no_other(connection: Connection, company: Company, guard: Account) -> None:
    first, second = (a_unit(connection, company, name) for name in ("first", "second"))
    on_duty(connection, first, guard)

    assert not duty.begin(connection, second.id, guard.id, guard.id, NOW)
    assert ["first"] == names(found(connection))


@pytest.mark.parametrize("count", [20])
def test_of_many_incidents_at_once_one_gets_the_unit(where: Path | str, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    engine = sqlite_engine(where) if isinstance(where, Path) else open_engine(where)
    with engine.begin() as connection:
        town(connection)
        company = a_company(connection)
        unit, guard = a_unit(connection, company), a_guard(connection, company)
        on_duty(connection, unit, guard)

    def take(_: int) -> bool:
        with engine.begin() as connection:
            return choosing.take(connection, unit.id, an_incident(), NOW + timedelta(seconds=1))

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(take, range(count)))
    with engine.begin() as connection:
        held = connection.execute(sa.select(sa.func.count()).select_from(unit_task)).scalar_one()
    engine.dispose()

    assert (1, 1) == (sum(won), held)
