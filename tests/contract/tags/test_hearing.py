"""What detectors say of themselves is kept, whatever the order it arrives in."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.engine import Connection

from app.kit.ids import CityId, DetectorId, new_id
from app.tags import service
from app.tags.model import Detector, DetectorHealth
from app.tags.registration import DetectorDraft
from app.tags.store import hearing
from beacon_ingest.messages import DetectorReport, DetectorUnit, Health
from tests.build import NOW, minutes
from tests.contract.households.cast import KAKOGAWA, Cast
from tests.contract.tags.conftest import GATE


def word(
    of: Detector, at_min: float = 0, sightings: int = 0, strangers: int = 0, skew_s: float | None = None, **said: Any
) -> DetectorUnit:
    """A unit that came in so many minutes after `NOW`."""
    report = DetectorReport(sightings=sightings, strangers=strangers, skew_s=UNSET if skew_s is None else skew_s)
    return DetectorUnit(
        ingest_ids=(new_id().bytes,),
        city=of.city_id,
        device_id=of.id,
        format=of.format,
        received_at=NOW + minutes(at_min),
        report=report,
        health=Health(device=of.external_id, **said) if said else UNSET,
    )


def save(connection: Connection, *units: DetectorUnit) -> None:
    service.save_hearing(connection, units, NOW + timedelta(days=1))


def health_of(connection: Connection, of: Detector) -> DetectorHealth:
    return service.detector_health(connection, [of.id])[of.id]


def test_all_that_one_says_is_kept(connection: Connection, gate: Detector) -> None:
    said = {
        "uptime_s": 60.0, "battery_pct": 80.0, "signal_pct": 40.0, "firmware": "1.2", "free_pct": 70.0, "load": 0.5,
    }  # fmt: skip
    save(connection, word(gate, 1, 3, 4, -2.0, **said))

    at = NOW + minutes(1)
    expected = DetectorHealth(
        detector_id=gate.id, heard_at=at, hearing_at=at, skew_s=-2.0, sightings=3, strangers=4, **said
    )
    assert expected == health_of(connection, gate)


def test_a_heartbeat_is_being_heard_and_not_hearing(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 1, strangers=1, battery_pct=80.0), word(gate, 2))
    save(connection, word(gate, 3))

    health = health_of(connection, gate)

    assert (NOW + minutes(3), NOW + minutes(1), 80.0) == (health.heard_at, health.hearing_at, health.battery_pct)


def test_any_order_and_any_cut_into_groups_comes_to_the_same(connection: Connection, gate: Detector) -> None:
    units = [
        word(gate, 0, 1, 0, 5.0, firmware="1.2"), word(gate, 59, 0, 7, 600.0, battery_pct=80.0), word(gate, 61),
        word(gate, 62, 2, 2, battery_pct=0.0),
    ]  # fmt: skip
    outcomes = set()
    for order in permutations(units):
        for cut in range(4):
            place = connection.begin_nested()
            save_in_two(connection, order, cut)
            health = health_of(connection, gate)
            newest = (health.heard_at, health.hearing_at, health.firmware, health.sightings, health.strangers)
            outcomes.add((newest, tuple(hours(connection, gate))))
            place.rollback()

    hour = int(NOW.timestamp()) // 3600
    expected = (NOW + minutes(62), NOW + minutes(62), "1.2", 3, 9), ((hour, 1, 7), (hour + 1, 2, 2))
    assert {expected} == outcomes


def save_in_two(connection: Connection, units: Sequence[DetectorUnit], cut: int) -> None:
    save(connection, *units[:cut])
    save(connection, *units[cut:])


def hours(connection: Connection, of: Detector) -> list[tuple[int, int, int]]:
    return hearing.hours(connection, of.id, NOW - timedelta(days=1), NOW + timedelta(days=1))


def test_of_each_value_the_newest_that_was_told_is_kept(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 3, skew_s=300.0), word(gate, 1, skew_s=1.0, battery_pct=50.0), word(gate, 4))
    save(connection, word(gate, 2, skew_s=2.0, battery_pct=40.0, firmware="1.2"))

    health = health_of(connection, gate)

    assert (300.0, 50.0, "1.2") == (health.skew_s, health.battery_pct, health.firmware)


def test_zero_is_a_number(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 1, skew_s=300.0, battery_pct=50.0))
    save(connection, word(gate, 2, skew_s=0.0, battery_pct=0.0))

    assert (0.0, 0.0) == (health_of(connection, gate).skew_s, health_of(connection, gate).battery_pct)


def test_a_moment_ahead_of_our_clock_counts_as_now(connection: Connection, gate: Detector) -> None:
    service.save_hearing(connection, [word(gate, 600, 1)], NOW)
    service.save_hearing(connection, [word(gate, 1, 1)], NOW + minutes(1))

    assert NOW + minutes(1) == health_of(connection, gate).heard_at


def test_a_firmware_without_end_is_cut(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, firmware="x" * 5000))

    assert "x" * 100 == health_of(connection, gate).firmware


def test_a_group_of_many_detectors_is_two_statements_and_one_look(
    connection: Connection, cast: Cast, gate: Detector
) -> None:
    others = [another(connection, KAKOGAWA, number) for number in range(5)]
    statements: list[str] = []
    sa.event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    save(connection, *(word(one, minute, 1, 1, 0.0) for one in (gate, *others) for minute in range(3)))

    assert ["INSERT", "INSERT", "SELECT"] == [one.split()[0] for one in statements]
    assert {3} == {health_of(connection, one).sightings for one in (gate, *others)}


def another(connection: Connection, city_id: CityId, number: int, **changes: Any) -> Detector:
    draft = DetectorDraft(kind=GATE.kind, name=f"pole {number}", lat_deg=34.757, lon_deg=134.841, **changes)
    return service.register_detector(connection, city_id, draft, NOW)


def test_nothing_is_known_of_one_that_was_never_heard(connection: Connection, gate: Detector) -> None:
    save(connection)

    assert {} == service.detector_health(connection, [gate.id, DetectorId(new_id())])
