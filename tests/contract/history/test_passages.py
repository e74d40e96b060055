"""Sightings become passages on a real store: joined, attributed, placed, doubted, moved into the history."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.alerts.tables import alert, alert_cause
from app.db.session import savepoint
from app.history import service
from app.history.tables import doubt, open_passage, passage
from app.households import service as households
from app.kit.ids import WearerId
from app.pipeline import process
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from app.tags.tables import detector_health
from app.tags.tables import tag as tag_table
from beacon_ingest.messages import DetectorReport, DetectorUnit
from tests.build import HOME, NOW
from tests.contract.history.build import off
from tests.contract.history.street import Street, at, body, of, passages, street


@pytest.fixture
def here(connection: Connection) -> Street:
    return street(connection)


def feed(connection: Connection, *units: DetectorUnit) -> None:
    for one in units:
        process(connection, [one], one.received_at)


def worn(connection: Connection) -> list[tuple[datetime, datetime, UUID | None]]:
    """From when until when the tag was heard, and whose it was."""
    found = [
        (row.opened_at, row.last_at, row.wearer_id)
        for table in (open_passage, passage)
        for row in connection.execute(sa.select(table))
    ]
    return sorted(found, key=lambda one: one[:2])


def add_wearer(connection: Connection, here: Street) -> WearerId:
    """Somebody else of Hana's household."""
    cast = here.town
    return households.create_wearer(connection, cast.hana.household_id, "Taro", by=cast.daughter.id, now=NOW).id


def rows(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_first_sighting_opens_a_passage_of_whoever_wears_the_tag_at_the_place_of_the_pole(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 2, 5], rssi_dbm=-61))

    row = connection.execute(sa.select(open_passage)).one()
    assert (here.town.hana.id, at(0), at(5), -61) == (row.wearer_id, row.opened_at, row.last_at, row.rssi_dbm_max)
    assert (HOME.lat_deg, HOME.lon_deg, 50.0) == pytest.approx((row.lat_deg, row.lon_deg, row.accuracy_m))


def test_what_the_senders_clock_said_is_kept(connection: Connection, here: Street) -> None:
    unit = body(here.gate, here.tag, [0])
    feed(connection, replace(unit, report=DetectorReport(sightings=1, skew_s=-90_000.0)))

    assert -90_000 == connection.execute(sa.select(open_passage.c.skew_s)).scalar_one()


def test_later_bodies_make_it_longer_and_silence_ends_it(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5]), body(here.gate, here.tag, [40, 60]))
    feed(connection, body(here.gate, here.tag, [125]))

    assert of([(here.gate, 0, 60, 4), (here.gate, 125, 125, 1)]) == passages(connection)
    assert (1, 1) == (rows(connection, open_passage), rows(connection, passage))


def test_what_is_over_moves_into_the_history_by_itself(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5]))
    before = passages(connection)

    assert service.close_over(connection, at(60)) == 0
    assert service.close_over(connection, at(5 + 60 + 300)) == 1
    assert service.close_over(connection, at(5 + 60 + 300)) == 0
    assert (0, 1) == (rows(connection, open_passage), rows(connection, passage))
    assert before == passages(connection)


def test_two_poles_hear_one_tag_at_once_and_nobody_doubts_it(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 30]), body(here.corner, here.tag, [10, 40]))

    assert of([(here.gate, 0, 30, 2), (here.corner, 10, 40, 2)]) == passages(connection)
    assert rows(connection, doubt) == 0


def test_a_late_body_joins_what_is_already_history(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5]), body(here.gate, here.tag, [100, 110]))
    service.close_over(connection, at(3_000))

    feed(connection, body(here.gate, here.tag, [50], received=3_600))

    assert of([(here.gate, 0, 110, 5)]) == passages(connection)
    assert (0, 1) == (rows(connection, open_passage), rows(connection, passage))


def test_a_late_body_of_another_time_is_history_at_once_and_gets_a_later_number(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5]))
    service.close_over(connection, at(3_000))
    feed(connection, body(here.gate, here.tag, [-7_200], received=3_600))

    in_order = connection.execute(sa.select(passage.c.opened_at).order_by(passage.c.serial)).scalars()
    assert [at(0), at(-7_200)] == list(in_order)


@pytest.mark.parametrize("received", [10.0, 86_400.0])
def test_the_same_sightings_in_another_body_change_nothing(
    connection: Connection, here: Street, received: float
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 5, 9]))
    service.close_over(connection, at(received - 5))
    before = passages(connection)

    feed(connection, body(here.gate, here.tag, [5, 9], received=received, stamp="another"))

    assert before == passages(connection)


_HANDED_OVER = set[UUID]()
"""Tags of which that is done: the examples of one test share its store."""

sightings = st.lists(
    st.tuples(st.integers(0, 900), st.booleans(), st.integers(0, 4_000)), min_size=1, max_size=14, unique=True
)


@pytest.mark.parametrize("handed_over", [False, True])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sightings)
def test_any_order_repetition_and_lateness_gives_the_same_passages(
    connection: Connection, here: Street, handed_over: bool, heard: list[tuple[int, bool, int]]
) -> None:
    """Each sighting comes when it was or later, some twice, while passages are moved into the history in between."""
    if handed_over and here.tag.id not in _HANDED_OVER:
        _HANDED_OVER.add(here.tag.id)
        tags.release_tag(connection, here.tag.id, at(300))
        tags.assign_tag(connection, here.tag.id, add_wearer(connection, here), now=at(500))
    told = []
    place = connection.begin_nested()
    for later in (False, True):
        order = [(second + (wait if later else 0), second, gate) for second, gate, wait in heard]
        order += [(when + 1, second, gate) for when, second, gate in order[::2]]
        with savepoint(connection):
            for number, (when, second, gate) in enumerate(sorted(order)):
                unit = body(here.gate if gate else here.corner, here.tag, [second], received=when, stamp=number)
                process(connection, [unit], at(when))
                service.close_over(connection, at(when))
            told.append((passages(connection), worn(connection)))
        place.rollback()
        place = connection.begin_nested()
    place.rollback()

    assert told[0] == told[1]


def test_what_a_tag_at_two_places_at_once_says_is_doubtful_and_staff_can_see_it(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 30]), body(here.far, here.tag, [60]))

    assert [True, True] == list(connection.execute(sa.select(open_passage.c.doubtful)).scalars())
    row = connection.execute(sa.select(doubt)).one()
    assert (here.tag.id, pytest.approx(20_000, rel=0.01), 30) == (row.tag_id, row.distance_m, row.apart_s)


def test_who_had_time_to_travel_is_not_doubted(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 30]), body(here.far, here.tag, [1_200]))

    assert rows(connection, doubt) == 0


def test_a_bus_is_where_it_was_at_that_second(connection: Connection, here: Street) -> None:
    start, end = off(0), off(600)
    feed(connection, body(here.bus, here.tag, place=(start.lat_deg, start.lon_deg), received=0))
    feed(connection, body(here.bus, here.tag, place=(end.lat_deg, end.lon_deg), received=60))
    feed(connection, body(here.bus, here.tag, [20], received=70))

    row = connection.execute(sa.select(open_passage)).one()
    expected = off(200)
    assert (expected.lat_deg, expected.lon_deg) == pytest.approx((row.lat_deg, row.lon_deg), abs=1e-6)


def test_a_bus_that_tells_later_where_it_was_is_placed_when_the_passage_ends(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.bus, here.tag, [20]))
    assert connection.execute(sa.select(open_passage.c.cell)).scalar_one() is None

    feed(connection, body(here.bus, here.tag, place=(HOME.lat_deg, HOME.lon_deg), received=30))
    service.close_over(connection, at(1_000))

    assert connection.execute(sa.select(passage.c.cell)).scalar_one() is not None


def test_the_box_at_home_is_told_from_the_poles_of_the_town(connection: Connection, here: Street) -> None:
    draft = DetectorDraft(kind=DetectorKind.HOME, name="家", lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg)
    box = tags.register_detector(connection, here.tag.city_id, draft, NOW)

    began = service.record(connection, [body(box, here.tag, [0]), body(here.gate, here.tag, [1])], at(1))

    assert [("家", DetectorKind.HOME), ("東門", DetectorKind.FIXED)] == [(one.detector_name, one.kind) for one in began]


def test_a_tag_that_nobody_wears_has_passages_of_nobody(connection: Connection, here: Street) -> None:
    tags.release_tag(connection, here.tag.id, NOW - timedelta(hours=1))

    feed(connection, body(here.gate, here.tag, [0]))

    assert connection.execute(sa.select(open_passage.c.wearer_id)).scalar_one() is None


def test_a_passage_ends_where_the_tag_is_given_back_and_what_is_heard_then_is_nobodys(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 40]))
    tags.release_tag(connection, here.tag.id, at(60.5))

    for number in range(1, 30):
        feed(connection, body(here.gate, here.tag, [50 * number], stamp=number))

    assert [(at(0), at(50), here.town.hana.id), (at(100), at(1_450), None)] == worn(connection)
    feed(connection, body(here.gate, here.tag, [61], stamp="late"), body(here.gate, here.tag, [60], stamp="late"))
    assert [(at(0), at(60), here.town.hana.id), (at(61), at(1_450), None)] == worn(connection)


def test_a_body_that_spans_a_hand_over_is_of_both_wearers(connection: Connection, here: Street) -> None:
    other = add_wearer(connection, here)
    tags.assign_tag(connection, here.tag.id, other, now=at(100))

    feed(connection, body(here.gate, here.tag, range(80, 120)))

    assert [(at(80), at(99), here.town.hana.id), (at(100), at(119), other)] == worn(connection)


def test_a_hand_over_that_is_told_later_cuts_the_passage_that_goes_on(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, range(0, 400, 10)))
    other = add_wearer(connection, here)
    tags.assign_tag(connection, here.tag.id, other, now=at(400), from_at=at(200))

    feed(connection, body(here.gate, here.tag, [400]))

    assert [(at(0), at(190), here.town.hana.id), (at(200), at(400), other)] == worn(connection)
    assert [20, 21] == [count for *_, count in passages(connection)]


def test_a_press_that_two_poles_tell_for_half_a_minute_is_one_alert(connection: Connection, here: Street) -> None:
    feed(
        connection,
        body(here.gate, here.tag, [0], buttons=[(4, 0)]),
        body(here.corner, here.tag, [3], buttons=[(4, 3)]),
        body(here.gate, here.tag, [50], buttons=[(4, 50)]),
        body(here.gate, here.tag, [50], buttons=[(4, 50)], received=86_400, stamp="again"),
    )

    (found,) = connection.execute(sa.select(alert.c.kind, alert.c.wearer_id)).all()
    assert ("sos", here.town.hana.id) == tuple(found)


def test_a_press_told_by_two_clocks_that_are_apart_is_one_press_also_after_it_was_seen_to(
    connection: Connection, here: Street
) -> None:
    for turn in range(4):
        gate, corner = 30 * turn, 30 * turn - 90
        feed(connection, body(here.gate, here.tag, [gate], buttons=[(4, gate)], stamp=turn))
        feed(connection, body(here.corner, here.tag, [corner], received=gate, buttons=[(4, corner)], stamp=turn))

    assert 1 == rows(connection, alert_cause)


def test_the_same_count_half_an_hour_later_is_another_press(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0], buttons=[(4, 0)]))
    feed(connection, body(here.gate, here.tag, [1_800], buttons=[(4, 1_800)]))

    assert 2 == rows(connection, alert_cause)


def test_the_charge_of_a_tag_is_kept(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0], battery_pct=81), body(here.gate, here.tag, [9], battery_pct=80))

    row = connection.execute(sa.select(tag_table.c.battery_pct, tag_table.c.battery_at)).one()
    assert (81, at(0)) == tuple(row)


def test_a_heartbeat_without_sightings_is_a_sign_of_life(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, received=5))

    assert connection.execute(sa.select(detector_health.c.heard_at)).scalar_one() == at(5)
    assert passages(connection) == []


def test_a_tag_that_is_seldom_heard_falls_apart_until_that_is_learnt(connection: Connection, here: Street) -> None:
    for turn in range(6):
        feed(connection, body(here.gate, here.tag, [turn * 80.0], stamp=turn))
    assert len(passages(connection)) == 6

    assert tags.learn_intervals(connection) == 1
    assert tags.learn_intervals(connection) == 0

    for turn in range(100, 106):
        feed(connection, body(here.gate, here.tag, [turn * 80.0], stamp=turn))
    assert len(passages(connection)) == 7
