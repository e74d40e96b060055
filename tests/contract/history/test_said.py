"""Places that people say somebody was at: they stand in the same history, each as what it is."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts.model import Role
from app.config import Settings
from app.db.session import take
from app.geo.model import Point
from app.history import service
from app.history.model import KnownBy
from app.history.store import said as store
from app.history.tables import told_place
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import new_id
from app.missing import service as missing
from app.missing.service.looking import known_at
from tests.build import HOME, KAKOGAWA, NOW, Town, minutes, viewer
from tests.contract.history.build import a_position, off, plans

STICKER = new_id()
HOUR = timedelta(hours=1)


def note(connection: Connection, cast: Town, minute: float = 0.0, place: Point = HOME, **other: Any) -> bool:
    """Her sticker is scanned so many minutes after NOW, and the place is shared at once."""
    at = NOW + minutes(minute)
    values: dict[str, Any] = {
        "city_id": KAKOGAWA, "wearer_id": cast.hana.id, "source_id": STICKER, "at": at, "received_at": at,
        "lat_deg": place.lat_deg, "lon_deg": place.lon_deg, "accuracy_m": 20.0, "known_by": KnownBy.STICKER,
    }  # fmt: skip
    return service.note_place(connection, **values | other, now=NOW + minutes(minute))


def count(connection: Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(told_place)).scalar_one()


def track(connection: Connection, cast: Town, points_max: int = 100) -> list[tuple[datetime, KnownBy]]:
    found = service.track(
        connection, viewer(cast.daughter), cast.hana.id, NOW - HOUR, NOW + HOUR, points_max, NOW + HOUR
    )
    return [(one.at, one.known_by) for one in found.points]


def test_where_she_was_found_is_where_she_is_with_how_it_is_known_how_sure_and_how_old(
    connection: Connection, cast: Town
) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-10)])
    assert note(connection, cast, 0, off(800), accuracy_m=35.0)
    found = service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW + minutes(2))

    assert found.position is not None
    assert (KnownBy.STICKER, 35.0, NOW) == (found.position.known_by, found.position.accuracy_m, found.position.fix_at)
    assert (120, "fresh") == (found.age_s, found.freshness)
    assert off(800) == Point(found.position.lat_deg, found.position.lon_deg)
    later = service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW + minutes(5))
    assert "stale" == later.freshness


@pytest.mark.parametrize(("minute", "known_by"), [(-1, KnownBy.STICKER), (1, KnownBy.GNSS)])
def test_the_newest_is_the_last_known_place_whoever_says_it(
    connection: Connection, cast: Town, minute: int, known_by: KnownBy
) -> None:
    note(connection, cast, 0, off(800))
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=minute)])

    assert known_by is service.last_known(connection, [cast.hana.id])[cast.hana.id].known_by


def test_one_source_says_one_thing_of_one_moment(connection: Connection, cast: Town) -> None:
    assert note(connection, cast)
    assert not note(connection, cast, place=off(500), received_at=NOW + minutes(1))
    assert note(connection, cast, 1)
    assert note(connection, cast, source_id=new_id())

    assert 3 == count(connection)
    assert HOME.lat_deg == service.last_known(connection, [cast.hana.id])[cast.hana.id].lat_deg


def test_they_are_on_her_track_between_her_fixes(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=minute) for minute in (-20, 0, 20)])
    note(connection, cast, 10, off(800))
    note(connection, cast, -10, off(300), known_by=KnownBy.TYPED, accuracy_m=None)
    note(connection, cast, 60)  # Of the span after.
    taro = households.create_wearer(connection, cast.hana.household_id, "太郎", by=cast.daughter.id, now=NOW)
    note(connection, cast, 5, wearer_id=taro.id, source_id=new_id())

    ways = [KnownBy.GNSS, KnownBy.TYPED, KnownBy.GNSS, KnownBy.STICKER, KnownBy.GNSS]
    assert list(zip([NOW + minutes(m) for m in (-20, -10, 0, 10, 20)], ways, strict=True)) == track(connection, cast)


def test_a_track_of_nothing_else_is_one_too(connection: Connection, cast: Town) -> None:
    for minute in (3, 1, 2):
        note(connection, cast, minute, off(100 * minute), source_id=new_id())

    assert [NOW + minutes(minute) for minute in (1, 2, 3)] == [at for at, _ in track(connection, cast)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fixes=st.sets(st.integers(-59, 59)),
    told=st.sets(st.tuples(st.integers(-59, 59), st.sampled_from([STICKER, UUID(int=7)]))),
    rows_max=st.integers(1, 9),
)
def test_part_after_part_a_track_holds_everything_once(
    connection: Connection, cast: Town, monkeypatch: pytest.MonkeyPatch, fixes: set[int],
    told: set[tuple[int, UUID]], rows_max: int,
) -> None:  # fmt: skip
    savepoint = connection.begin_nested()
    monkeypatch.setattr("app.history.service.positions.TRACK_ROWS_MAX", rows_max)
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=one) for one in sorted(fixes)])
    for minute, source_id in sorted(told):
        note(connection, cast, minute, source_id=source_id)
    begin: datetime | None = NOW - HOUR
    seen = []
    while begin is not None:
        part = service.track(connection, viewer(cast.daughter), cast.hana.id, begin, NOW + HOUR, 100, NOW + HOUR)
        seen += [(one.at, one.carried_id) for one in part.points]
        begin = part.next_at
    savepoint.rollback()

    told_of: dict[int, set[UUID]] = {}
    for minute, source_id in told:
        told_of.setdefault(minute, set()).add(source_id)
    whole = {(NOW + minutes(one), cast.watch.id) for one in fixes} | {(NOW + minutes(m), key) for m, key in told}
    most = max([1, *(len(told_of.get(one, ())) + (one in fixes) for one in fixes | told_of.keys())])
    assert [at for at, _ in seen] == sorted(at for at, _ in seen)
    assert len(seen) == len(set(seen))
    assert set(seen) == whole if rows_max >= most else set(seen) <= whole  # What no part holds is cut, as with fixes.


def test_who_was_near_counts_them_and_no_other_city_or_time(connection: Connection, cast: Town) -> None:
    households.give_consent(
        connection, cast.hana.id, role=Role.OPERATOR, scopes=[Scope.PLACE], by=cast.daughter.id, now=NOW - HOUR
    )  # fmt: skip
    note(connection, cast, 0, off(50))
    note(connection, cast, 1, off(90))
    note(connection, cast, 2, off(900))
    note(connection, cast, 3, city_id=cast.stranger.city_id)
    note(connection, cast, -30)
    note(connection, cast, 4, off(10), known_by=KnownBy.TYPED)
    operator = viewer(cast.operator)
    found = service.near_by(
        connection, operator, KAKOGAWA, HOME, 200, (NOW - minutes(5), NOW + HOUR), "she is missing", NOW + HOUR
    )

    assert [(KnownBy.TYPED, 4), (KnownBy.STICKER, 1)] == [(one.known_by, (one.at - NOW) / minutes(1)) for one in found]
    assert [10, 90] == [round(one.distance_m) for one in found]


def test_a_search_begins_its_map_anew_where_she_was_found(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-60)])
    search = missing.open_search(
        connection, viewer(cast.daughter), cast.hana.id, reason="gone", last=None, alert_id=None, now=NOW
    ).search
    note(connection, cast, 10, off(900), known_by=KnownBy.STICKER, accuracy_m=None)
    before, after = (known_at(connection, search, NOW + minutes(minute)) for minute in (9, 11))
    note(connection, cast, 90, off(2_000))
    as_it_was = known_at(connection, search, NOW + minutes(11))

    assert before is not None
    assert after is not None
    assert as_it_was is not None
    assert (KnownBy.GNSS, NOW - HOUR) == (before.last.known_by, before.last.at)
    assert (KnownBy.STICKER, NOW + minutes(10), 100.0) == (after.last.known_by, after.last.at, after.last.accuracy_m)
    assert after.last == as_it_was.last
    assert after.heading_deg is None


def test_the_way_she_had_come_is_told_by_them_too(connection: Connection, cast: Town) -> None:
    search = missing.open_search(
        connection, viewer(cast.daughter), cast.hana.id, reason="gone", last=None, alert_id=None, now=NOW
    ).search
    note(connection, cast, -15, off(0))
    note(connection, cast, 0, off(900))
    found = known_at(connection, search, NOW)

    assert found is not None
    assert pytest.approx(90, abs=1) == found.heading_deg


def test_nothing_is_learnt_of_what_a_stranger_says(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id)])
    note(connection, cast, 1, off(3_000))

    assert [NOW] == [one.at for one in service.recorded(connection, cast.hana.id, NOW - HOUR, NOW + HOUR)]


@pytest.mark.parametrize(
    "absurd",
    [
        {"lat_deg": 91.0},
        {"lat_deg": float("nan")},
        {"lon_deg": -181.0},
        {"lat_deg": 0.0, "lon_deg": 0.0},
        {"accuracy_m": 6_000.0},
        {"at": NOW + minutes(11)},
        {"at": NOW - timedelta(days=401)},
    ],
    ids=["north of the pole", "no number", "no longitude", "no fix", "too coarse", "to come", "long ago"],
)
def test_what_would_be_no_position_of_a_device_is_none(
    connection: Connection, cast: Town, absurd: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        note(connection, cast, **absurd)

    assert 0 == count(connection)


def test_a_radius_that_is_none_is_not_stated(connection: Connection, cast: Town) -> None:
    note(connection, cast, accuracy_m=-3.0)

    assert service.last_known(connection, [cast.hana.id])[cast.hana.id].accuracy_m is None


def test_open_apps_are_told_once(connection: Connection, cast: Town) -> None:
    take(connection)
    note(connection, cast)
    note(connection, cast)

    assert [("place", str(cast.hana.id))] == [(one.topic, one.key) for one in take(connection)]


def test_of_whom_nobody_watches_any_more_nothing_is_kept_or_shown(connection: Connection, cast: Town) -> None:
    note(connection, cast)
    households.end_wearer(connection, viewer(cast.daughter), cast.hana.id, NOW)
    jobs.carry_out_intents(connection, Settings(), NOW)

    assert not note(connection, cast, 1)
    assert 1 == count(connection)
    with pytest.raises(NotFound):
        service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW + minutes(2))


def test_retention_deletes_them_with_the_positions(connection: Connection, cast: Town) -> None:
    kept = Settings(retention_days=90)
    note(connection, cast, -90 * 1440 - 1)
    note(connection, cast, -90 * 1440)
    note(connection, cast)
    jobs.forget(connection, kept, NOW)

    assert 2 == count(connection)


def test_one_call_forgets_a_bounded_number(connection: Connection, cast: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.history.service.positions.FORGOTTEN_MAX", 2)
    for minute in range(-5, 0):
        note(connection, cast, minute)

    assert [2, 2, 1, 0] == [service.forget_before(connection, NOW) for _ in range(4)]


@pytest.mark.sqlite
def test_each_question_goes_by_an_index(connection: Connection, cast: Town) -> None:
    note(connection, cast)
    with plans(connection) as steps:
        store.on_track(connection, cast.hana.id, NOW - HOUR, NOW + HOUR, 10)
        store.last_of_wearers(connection, [cast.hana.id])
        store.newest_near(connection, KAKOGAWA, HOME, 100, NOW - HOUR, NOW + HOUR)
        store.forget_before(connection, NOW - HOUR, 10)

    assert not any("SCAN told_place" in step or "SCAN other" in step for step in steps)
    assert any("ix_told_place_wearer_id_at (wearer_id=? AND at>? AND at<?)" in step for step in steps)
    assert any("ix_told_place_at (at>? AND at<?)" in step for step in steps)
