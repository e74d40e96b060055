"""What the house knows of somebody who is missing: where she was, how she came there, which detectors heard nothing."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.geo.model import Point
from app.history import service as history
from app.history.model import KnownBy
from app.jobs import come_up
from app.kit.ids import WearerId
from app.missing import service
from app.missing.model import Known, Search
from app.missing.model import Point as LastKnown
from app.missing.probability import heat_map
from app.missing.service import gathering
from app.missing.service.looking import known_at
from app.pipeline import process
from app.tags import service as tags
from app.tags.model import DetectorKind, DetectorTrouble, Spell
from app.tags.registration import DetectorDraft
from app.tags.store import spells
from app.watch.movement.habits import RESOLUTION, Day, Habits, encode, learn
from app.watch.movement.habits import cell_at as habits_cell
from app.watch.tables import habit_map
from beacon_ingest.messages import DetectorReport, DetectorUnit
from tests.build import HOME, KAKOGAWA, NOW, viewer
from tests.contract.history.build import a_position, off
from tests.contract.history.street import Street, body, street
from tests.unit.missing.build import at

HOUR = timedelta(hours=1)


@pytest.fixture
def here(connection: Connection) -> Street:
    """The street, whose detectors have all been heard."""
    cast = street(connection)
    for detector in (cast.gate, cast.corner, cast.far):
        said = DetectorUnit(
            ingest_ids=(detector.id.bytes,), city=KAKOGAWA, device_id=detector.id, format="gateway",
            received_at=NOW - HOUR, report=DetectorReport(sightings=0),
        )  # fmt: skip
        process(connection, [said], NOW - HOUR)
    return cast


def opened(connection: Connection, here: Street, now: datetime = NOW) -> Search:
    """A search that her daughter opens."""
    daughter = viewer(here.town.daughter)
    return service.open_search(
        connection, daughter, here.town.hana.id, reason="gone", last=None, alert_id=None, now=now
    ).search


def fixes(connection: Connection, here: Street, *places: tuple[float, Point]) -> None:
    """Her positions, minutes after NOW."""
    positions = [
        a_position(here.town.watch.id, here.town.hana.id, minutes=minutes, place=place) for minutes, place in places
    ]
    history.append(connection, positions)


def known(connection: Connection, here: Street, minutes: float = 0.0) -> Known:
    """All that is known so long after NOW."""
    now = NOW + timedelta(minutes=minutes)
    found = known_at(connection, opened(connection, here, now), now)
    assert found is not None
    return found


def test_the_newest_of_fixes_and_passages_is_where_the_map_begins(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME), (-50, off(300)))
    process(connection, [body(here.far, here.tag, [-1800, -1795])], NOW)
    found = known(connection, here).last

    assert (KnownBy.DETECTOR, NOW - timedelta(seconds=1795)) == (found.known_by, found.at)
    assert (here.far.lat_deg, here.far.lon_deg) == (found.lat_deg, found.lon_deg)


def test_a_new_fix_begins_the_map_anew_though_nobody_told_it(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    search = opened(connection, here)
    fixes(connection, here, (30, off(2_000)))
    later = NOW + timedelta(minutes=40)
    before, after = known_at(connection, search, NOW), known_at(connection, search, later)

    assert before is not None
    assert after is not None
    assert (NOW - HOUR, NOW + timedelta(minutes=30)) == (before.last.at, after.last.at)
    assert at(heat_map(after, later), 2_000, 0) > 10 * at(heat_map(before, later), 2_000, 0)


def test_where_she_was_at_a_moment_in_the_past(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-90, off(100)), (-60, HOME), (30, off(2_000)))
    process(connection, [body(here.corner, here.tag, range(-4200, -4099, 10))], NOW)

    def last(minutes: float) -> LastKnown:
        found = gathering.last_place(connection, here.town.hana.id, NOW + timedelta(minutes=minutes))
        assert found is not None
        return found

    assert NOW - HOUR == last(0).at
    assert (KnownBy.DETECTOR, NOW - timedelta(seconds=4100)) == (last(-65).known_by, last(-65).at)
    assert NOW - timedelta(seconds=4140) == last(-69).at
    assert NOW - timedelta(minutes=90) == last(-80).at
    assert gathering.last_place(connection, here.town.hana.id, NOW - 2 * HOUR) is None


def test_the_way_she_came_is_the_way_she_went(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME), (-55, off(300)), (-50, off(600)))

    assert known(connection, here).heading_deg == pytest.approx(90.0, abs=1.0)


def test_who_stood_still_went_nowhere(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME), (-55, off(40)), (-50, off(80)))

    assert known(connection, here).heading_deg is None


def test_her_geofences_are_places_of_her_own(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    (garden,) = known(connection, here).places

    assert ("自宅", HOME.lat_deg) == (garden.name, garden.lat_deg)


def test_where_she_usually_is_draws_the_map_and_has_no_name(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    later = NOW + timedelta(minutes=1)
    plain = heat_map(known(connection, here), later)
    habits = Habits()
    for number in range(28, 0, -1):
        spot = off(2_000.0)
        day = Day(
            ordinal=NOW.date().toordinal() - number, cells={habits_cell(spot.lat_deg, spot.lon_deg, RESOLUTION): 1}
        )
        learn(habits, day)
    hana = here.town.hana
    row = {"city_id": KAKOGAWA, "version": 1, "learnt_until": NOW, "due_at": NOW}
    connection.execute(sa.insert(habit_map).values(wearer_id=hana.id, map=encode(habits), **row))
    found = known(connection, here)
    drawn = heat_map(found, later)

    assert {"", "自宅"} == {one.name for one in found.places}
    assert at(drawn, 2_000, 0) > 2 * at(plain, 2_000, 0)
    assert sum(drawn.probability) == pytest.approx(1.0)


def test_detectors_that_were_heard_listen_for_her_tag(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    draft = DetectorDraft(kind=DetectorKind.FIXED, name="mute", lat_deg=34.76, lon_deg=134.84)
    tags.register_detector(connection, KAKOGAWA, draft, NOW - 2 * HOUR)
    found = known(connection, here)

    # One is 20 km away, and the bus is nowhere.
    assert {"東門", "角"} == {one.name for one in found.listeners}
    assert {()} == {one.away for one in found.listeners}
    assert gathering.TAG_LOST_IF_NOT == found.tag_lost


def test_a_tag_that_was_heard_lately_is_probably_with_her(connection: Connection, here: Street) -> None:
    process(connection, [body(here.gate, here.tag, [-3600, -3590])], NOW)

    assert gathering.TAG_LOST_IF_HEARD == known(connection, here).tag_lost


def test_without_a_tag_no_detector_counts(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    tags.release_all(connection, here.town.hana.id, NOW - 2 * HOUR)
    found = known(connection, here)

    assert ((), 1.0) == (found.listeners, found.tag_lost)


def test_a_tag_that_she_was_given_since_says_nothing_of_before(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    tags.release_all(connection, here.town.hana.id, NOW - HOUR / 2)
    tags.assign_tag(connection, here.tag.id, here.town.hana.id, now=NOW - HOUR / 2)

    assert () == known(connection, here).listeners


def test_when_a_detector_was_silent_or_deaf_it_did_not_listen(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    half = NOW - HOUR / 2
    spans = [
        Spell(detector_id=here.gate.id, trouble=DetectorTrouble.SILENT, from_at=half, until_at=None),
        Spell(detector_id=here.corner.id, trouble=DetectorTrouble.CLOCK_WRONG, from_at=half, until_at=None),
    ]
    spells.write(connection, spans)
    away = {one.name: one.away for one in known(connection, here).listeners}

    assert {"東門": ((half, None),), "角": ()} == away


def test_while_the_service_was_down_nobody_listened(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    come_up(connection, NOW - HOUR / 2)
    come_up(connection, NOW - HOUR / 4)
    spans = {one.away for one in known(connection, here).listeners}

    assert {((NOW - HOUR / 2, NOW - HOUR / 4),)} == spans


def test_what_detectors_did_not_hear_moves_the_map(connection: Connection, here: Street) -> None:
    """Twenty poles east of home that hear far, and none west of it."""
    fixes(connection, here, (-60, HOME))
    for number in range(20):
        place = off(1_000 + 150 * (number % 5), -300 + 150 * (number // 5))
        draft = DetectorDraft(
            kind=DetectorKind.FIXED, name=f"{number}", lat_deg=place.lat_deg, lon_deg=place.lon_deg, range_m=200.0
        )
        pole = tags.register_detector(connection, KAKOGAWA, draft, NOW - 2 * HOUR)
        process(connection, [body(pole, here.tag, received=-7000, stamp=number)], NOW - HOUR * 1.5)
    one = known(connection, here)
    heat = heat_map(one, NOW)

    assert 22 == len(one.listeners)
    assert at(heat, 1_300, 0) < 0.75 * at(heat, -1_300, 0)


def test_only_staff_reads_what_detectors_are_called(connection: Connection, here: Street) -> None:
    fixes(connection, here, (-60, HOME))
    search = opened(connection, here)
    asked = service.map_of(connection, viewer(here.town.daughter), search.id, NOW)

    assert {"自宅"} == {name for _, _, name in asked.names}
    assert {"東門", "角"} == {name for _, _, name in gathering.names_around(connection, KAKOGAWA, asked.known.last)}


def test_the_houses_of_others_give_no_names(connection: Connection, here: Street) -> None:
    draft = DetectorDraft(kind=DetectorKind.HOME, name="田中さん宅", lat_deg=34.757, lon_deg=134.842)
    tags.register_detector(connection, KAKOGAWA, draft, NOW - 2 * HOUR)
    last = LastKnown(at=NOW, lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg, accuracy_m=9.0, known_by=KnownBy.GNSS)

    assert "田中さん宅" not in {name for _, _, name in gathering.names_around(connection, KAKOGAWA, last)}


def test_nobody_known_is_nowhere(connection: Connection, here: Street) -> None:
    search = opened(connection, here)

    assert search.last is None
    assert known_at(connection, search, NOW) is None
    assert gathering.last_place(connection, WearerId(here.town.hana.id), NOW) is None
