"""What is kept of positions, refused fixes and surveys, and what is asked of positions again."""

import math
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.devices import service as devices
from app.geo.quality import Known, Place, Refused
from app.history.model import KeptSurvey, KnownBy, Position, RefusedFix
from app.history.service import positions as service
from app.history.store import positions as store
from app.history.store import questions
from app.history.tables import position, refused_fix, survey
from app.households import service as households
from app.kit.ids import DeviceId, WearerId, new_id
from beacon_ingest.messages import AccessPoint, Cell
from tests.build import HOME, KAKOGAWA, NOW, Town
from tests.contract.history.build import a_position, off, plans


def count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def refused(minutes: float, reason: Refused = Refused.IMPOSSIBLE_SPEED, lat_deg: float = 34.7) -> RefusedFix:
    at = NOW + timedelta(minutes=minutes)
    return RefusedFix(
        city_id=KAKOGAWA,
        device_id=DeviceId(new_id()),
        fix_at=at,
        received_at=at,
        lat_deg=lat_deg,
        lon_deg=134.8,
        accuracy_m=None,
        reason=reason,
    )


def test_a_position_comes_back_as_it_was_kept(connection: Connection, cast: Town) -> None:
    kept = a_position(cast.watch.id, cast.hana.id, accuracy_m=None, known_by=KnownBy.WIFI)
    service.append(connection, [kept])

    assert service.last_known(connection, [cast.hana.id]) == {cast.hana.id: kept}


def test_the_same_position_twice_is_one(connection: Connection, cast: Town) -> None:
    first = a_position(cast.watch.id, cast.hana.id)
    service.append(connection, [first])
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, place=off(500)), a_position(cast.watch.id)])

    assert service.last_known(connection, [cast.hana.id]) == {cast.hana.id: first}
    assert count(connection, position) == 1


def test_two_fixes_of_one_second_are_both_kept(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, ordinal=number) for number in (0, 1)])

    assert count(connection, position) == 2
    assert service.last_known(connection, [cast.hana.id])[cast.hana.id].ordinal == 1


def test_nothing_to_keep_is_no_error(connection: Connection) -> None:
    service.append(connection, [])
    service.refuse(connection, [])
    service.keep_surveys(connection, [])

    assert service.last_known(connection, []) == {}


def another_device(connection: Connection, wearer_id: WearerId, since_min: float) -> DeviceId:
    """A tracker that a wearer has carried since so many minutes from NOW."""
    name = new_id().hex
    device, _ = devices.enrol(
        connection, city_id=KAKOGAWA, format="watch", external_id=name, name=name, interval_s=300, now=NOW
    )
    since = NOW + timedelta(minutes=since_min)
    return devices.assign(connection, device.id, wearer_id=wearer_id, now=NOW, from_at=since).device_id


def test_the_last_known_place_is_the_newest_fix_whatever_came_last(connection: Connection, cast: Town) -> None:
    newest = a_position(cast.watch.id, cast.hana.id, minutes=0)
    late = a_position(cast.watch.id, cast.hana.id, minutes=-30, received_at=NOW + timedelta(minutes=5))
    service.append(connection, [newest])
    service.append(connection, [late])

    assert service.last_known(connection, [cast.hana.id]) == {cast.hana.id: newest}


@pytest.mark.sqlite
def test_last_known_places_of_many_wearers_are_one_query_over_the_index(connection: Connection, cast: Town) -> None:
    taro = households.create_wearer(connection, cast.hana.household_id, "太郎", by=cast.daughter.id, now=NOW)
    nobody = households.create_wearer(connection, cast.hana.household_id, "次郎", by=cast.daughter.id, now=NOW)
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=minute) for minute in range(-50, 1)])
    before, after = another_device(connection, taro.id, -20), another_device(connection, taro.id, -20)
    service.append(connection, [a_position(after, taro.id, minutes=minute) for minute in (-9, -5, -7)])
    service.append(connection, [a_position(before, taro.id, minutes=minute) for minute in (-8, -6)])
    with plans(connection) as steps:
        found = service.last_known(connection, [cast.hana.id, taro.id, nobody.id])

    assert {one: place.fix_at for one, place in found.items()} == {
        cast.hana.id: NOW,
        taro.id: NOW - timedelta(minutes=5),
    }
    assert any("position USING PRIMARY KEY (city_id=? AND device_id=? AND fix_at=?)" in step for step in steps)
    assert any("other USING PRIMARY KEY (city_id=? AND device_id=? AND fix_at>? AND fix_at<?)" in one for one in steps)
    assert not any("SCAN position" in step or "SCAN other" in step for step in steps)
    assert 1 == sum("SEARCH position" in step for step in steps)


@pytest.mark.parametrize("since_min", [-30, -60])
def test_who_is_told_late_to_have_carried_a_device_has_her_own_places(
    connection: Connection, cast: Town, since_min: int
) -> None:
    """The office tells only now that Taro has carried it since, or that Hana never did."""
    taro = households.create_wearer(connection, cast.hana.household_id, "太郎", by=cast.daughter.id, now=NOW)
    tracker = another_device(connection, cast.hana.id, -60)
    places = [a_position(tracker, cast.hana.id, minutes=minute) for minute in range(-59, 1)]
    service.append(connection, places)
    devices.assign(connection, tracker, wearer_id=taro.id, now=NOW, from_at=NOW + timedelta(minutes=since_min))
    jobs.carry_out_intents(connection, Settings(), NOW)

    of_hana, of_taro = (
        [
            point.at
            for point in store.track(connection, one, NOW - timedelta(hours=2), NOW + timedelta(hours=1), 1_000)[0]
        ]
        for one in (cast.hana.id, taro.id)
    )
    since = NOW + timedelta(minutes=since_min)
    assert of_hana == [one.fix_at for one in places if one.fix_at < since]
    assert of_taro == [one.fix_at for one in places if one.fix_at >= since]
    last = service.last_known(connection, [cast.hana.id, taro.id])
    assert last[taro.id].fix_at == NOW
    assert of_hana[-1:] == [one.fix_at for one in last.values() if one.wearer_id == cast.hana.id]
    near = service.near(connection, KAKOGAWA, HOME, 100.0, NOW - timedelta(hours=2), NOW + timedelta(hours=1), 100)
    assert len([one for one in near if one.wearer_id == taro.id]) == len(of_taro)


def test_what_a_contact_carries_is_not_the_wearers_place(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, None, minutes=5)])

    assert service.last_known(connection, [cast.hana.id]) == {}


@pytest.mark.sqlite
def test_what_judging_must_know_of_a_device_is_made_from_its_newest_position(
    connection: Connection, cast: Town
) -> None:
    places = [
        a_position(cast.watch.id, cast.hana.id, minutes=-5, place=off(90), accuracy_m=None),
        a_position(cast.watch.id, minutes=-9),
    ]
    service.append(connection, places)
    with plans(connection) as steps:
        found = service.last_of_devices(connection, [cast.watch.id, DeviceId(new_id())])

    there = off(90)
    at = NOW - timedelta(minutes=5)
    assert found == {cast.watch.id: Known(Place(at, there.lat_deg, there.lon_deg, 30.0))}
    assert any("PRIMARY KEY (city_id=? AND device_id=? AND fix_at=?)" in step for step in steps)


def test_a_refused_fix_is_kept_apart_with_its_reason(connection: Connection) -> None:
    service.refuse(connection, [refused(0), refused(1, Refused.ZERO_ISLAND, lat_deg=0.0)])
    rows = connection.execute(sa.select(refused_fix.c.reason).order_by(refused_fix.c.fix_at)).scalars().all()

    assert ["impossible_speed", "zero_island"] == rows
    assert 0 == count(connection, position)


@pytest.mark.parametrize("lat_deg", [math.nan, math.inf, -math.inf])
def test_a_latitude_that_is_no_number_does_not_stop_the_others(connection: Connection, lat_deg: float) -> None:
    service.refuse(connection, [refused(0, Refused.OUT_OF_RANGE, lat_deg=lat_deg), refused(1)])

    assert 1 == count(connection, refused_fix)


def test_a_survey_is_kept_as_it_was_heard(connection: Connection, cast: Town) -> None:
    heard = KeptSurvey(
        city_id=KAKOGAWA,
        device_id=cast.watch.id,
        at=NOW,
        received_at=NOW,
        cells=(Cell(mcc=440, mnc=10, lac=4096, cid=77, rssi_dbm=-80),),
        access_points=(AccessPoint(mac="aabbccddeeff"),),
    )
    service.keep_surveys(connection, [heard])

    assert connection.execute(sa.select(survey.c.heard)).scalar_one() == {
        "cells": [{"mcc": 440, "mnc": 10, "lac": 4096, "cid": 77, "rssi_dbm": -80}],
        "access_points": [{"mac": "aabbccddeeff"}],
    }


def forgotten(connection: Connection, minutes: float) -> int:
    return service.forget_before(connection, NOW + timedelta(minutes=minutes))


def test_what_is_older_than_the_retention_is_deleted_and_nothing_else(connection: Connection, cast: Town) -> None:
    kept = [a_position(cast.watch.id, cast.hana.id, minutes=minute) for minute in (-1, 0, 30)]
    old = [a_position(cast.watch.id, cast.hana.id, minutes=minute) for minute in (-90 * 1440, -200, -2)]
    service.append(connection, [*old, *kept])

    assert 0 < forgotten(connection, -1)
    assert 0 == forgotten(connection, -1)
    assert _all(connection) == {one.fix_at for one in kept}


def _all(connection: Connection) -> set[object]:
    return set(connection.execute(sa.select(position.c.fix_at)).scalars())


@pytest.mark.sqlite
def test_old_positions_are_found_by_the_hour(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id)])
    with plans(connection) as steps:
        store.forget_before(connection, NOW, 100)

    assert any("ix_position_hour_cell_fix_at (hour<?)" in step for step in steps)


def test_one_call_forgets_a_bounded_number(connection: Connection, cast: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FORGOTTEN_MAX", 2)
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-minute) for minute in range(1, 6)])

    assert [2, 2, 1, 0] == [forgotten(connection, 0) for _ in range(4)]


def test_refused_fixes_and_surveys_are_forgotten_by_their_receipt(connection: Connection, cast: Town) -> None:
    service.refuse(connection, [refused(-10), refused(10)])
    for minutes in (-10, 10):
        at = NOW + timedelta(minutes=minutes)
        one = KeptSurvey(city_id=KAKOGAWA, device_id=cast.watch.id, at=at, received_at=at)
        service.keep_surveys(connection, [one])

    assert 1 == forgotten(connection, 0)
    assert 1 == service.forget_surveys_before(connection, NOW)
    assert (1, 1) == (count(connection, refused_fix), count(connection, survey))


def track(
    connection: Connection, cast: Town, from_min: float, until_min: float, rows_max: int
) -> tuple[list[float], float | None]:
    """The minutes of the points of a track, and the minute where the following part begins."""
    points, next_at = store.track(
        connection, cast.hana.id, NOW + timedelta(minutes=from_min), NOW + timedelta(minutes=until_min), rows_max
    )
    minutes = [(point.at - NOW).total_seconds() / 60 for point in points]
    return minutes, None if next_at is None else (next_at - NOW).total_seconds() / 60


def test_a_track_is_in_order_of_time_and_ends_before_its_end(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=minute) for minute in (5, 1, 3, 7, 0)])
    service.append(connection, [a_position(cast.watch.id, None, minutes=2)])

    assert ([1, 3, 5], None) == track(connection, cast, 1, 7, 100)


def test_a_track_in_parts_loses_and_repeats_nothing(connection: Connection, cast: Town) -> None:
    """Two devices that report in the same second, three fixes a second: a part never ends amid a moment."""
    phone = another_device(connection, cast.hana.id, -60)
    places = [
        a_position(device_id, cast.hana.id, minutes=minute, ordinal=ordinal)
        for device_id in (cast.watch.id, phone)
        for minute in range(10)
        for ordinal in range(3)
    ]
    service.append(connection, places)
    seen: list[float] = []
    begin: float | None = 0.0
    while begin is not None:
        part, begin = track(connection, cast, begin, 100, rows_max=20)
        assert len(part) <= 20
        seen += part

    assert sorted(minute for minute in range(10) for _ in range(6)) == seen


def test_more_fixes_of_one_stamp_than_a_part_holds_do_not_hold_it_up(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, ordinal=number) for number in range(9)])
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=1)])
    part, begin = track(connection, cast, 0, 10, rows_max=4)

    assert [0.0] * 4 == part
    assert begin is not None
    assert ([1.0], None) == track(connection, cast, begin, 10, rows_max=4)


@pytest.mark.sqlite
def test_a_track_is_read_from_the_index_without_sorting(connection: Connection, cast: Town) -> None:
    with plans(connection) as steps:
        track(connection, cast, 0, 10, rows_max=10)

    assert [
        "SEARCH position USING PRIMARY KEY (city_id=? AND device_id=? AND fix_at>? AND fix_at<?)",
        "SEARCH told_place USING INDEX ix_told_place_wearer_id_at (wearer_id=? AND at>? AND at<?)",
    ] == steps[-2:]
    assert not any("TEMP B-TREE" in step for step in steps)


def near(
    connection: Connection, radius_m: float, from_min: float = -60, until_min: float = 1, limit: int = 100
) -> list[tuple[float, float]]:
    """Minutes and metres of what is near home."""
    found = service.near(
        connection,
        KAKOGAWA,
        HOME,
        radius_m,
        NOW + timedelta(minutes=from_min),
        NOW + timedelta(minutes=until_min),
        limit,
    )
    return [((one.at - NOW).total_seconds() / 60, round(one.distance_m)) for one in found]


def keep_around(connection: Connection, cast: Town) -> list[Position]:
    places = [
        a_position(cast.watch.id, cast.hana.id, minutes=-number, place=off(30.0 * number, -20.0 * number))
        for number in range(50)
    ]
    service.append(connection, places)
    return places


def test_who_was_near_is_found_newest_first_with_the_distance(connection: Connection, cast: Town) -> None:
    keep_around(connection, cast)

    assert [(0, 0), (-1, 36), (-2, 72), (-3, 108)] == near(connection, 120)


@pytest.mark.parametrize("radius_m", [1, 250, 1_000, 5_000])
def test_an_area_question_agrees_with_looking_at_everything(
    connection: Connection, cast: Town, radius_m: float
) -> None:
    keep_around(connection, cast)
    step_m = math.hypot(30.0, 20.0)

    assert [-number for number in range(50) if number * step_m <= radius_m] == [
        one[0] for one in near(connection, radius_m)
    ]


def test_other_times_and_other_cities_are_not_near(connection: Connection, cast: Town) -> None:
    service.append(
        connection,
        [
            a_position(cast.watch.id, cast.hana.id, minutes=-61),
            a_position(cast.watch.id, cast.hana.id, minutes=1),
            a_position(cast.watch.id, cast.hana.id, city_id=cast.stranger.city_id),
        ],
    )

    assert [] == near(connection, 500)


def test_the_limit_takes_the_newest(connection: Connection, cast: Town) -> None:
    keep_around(connection, cast)

    assert [(0, 0), (-1, 36)] == near(connection, 5_000, limit=2)


@pytest.mark.sqlite
@pytest.mark.parametrize("radius_m", [30, 300, 700, 1_000, 3_000])
@pytest.mark.parametrize("hours", [0, 1, 5, 47])
def test_an_area_question_is_one_scan_of_the_index_for_each_hour_and_range(
    connection: Connection, cast: Town, radius_m: float, hours: int
) -> None:
    keep_around(connection, cast)
    with plans(connection) as steps:
        near(connection, radius_m, from_min=-60 * hours)

    expected = "SEARCH position USING INDEX ix_position_hour_cell_fix_at (hour=? AND cell>? AND cell<?)"
    assert {expected} == {step for step in steps if "position" in step}


@pytest.mark.sqlite
def test_passages_in_an_area_are_looked_for_by_hour_and_range_too(connection: Connection, cast: Town) -> None:
    with plans(connection) as steps:
        questions.near(connection, cast.hana.city_id, HOME, 1_000.0, NOW - timedelta(hours=1), NOW)

    expected = [
        f"SEARCH passage USING INDEX {name} (hour=? AND cell>? AND cell<?)"
        for name in ("ix_passage_long_hour_cell_opened_at", "ix_passage_hour_cell_opened_at")
    ]
    assert expected == [step for step in steps if " passage " in step]
