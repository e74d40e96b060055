"""What people learn of passages: where she is, her day as one walk, who was near, what a vendor's tags did."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.history import service
from app.history.model import KnownBy
from app.history.routes import passages as routes
from app.history.service import questions as asking
from app.history.tables import area_question, open_passage
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import DeviceId, new_id
from app.pipeline import process
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from beacon_ingest.messages import DetectorUnit
from tests.build import AKASHI, HOME, NOW, VENDOR, account, viewer
from tests.contract.history.build import a_position, off
from tests.contract.history.street import Street, at, body, street

HOUR = timedelta(hours=1)
WHY = "Hana did not come home"


@pytest.fixture
def here(connection: Connection) -> Street:
    return street(connection)


@pytest.fixture
def daughter(here: Street) -> Viewer:
    return viewer(here.town.daughter)


@pytest.fixture
def operator(connection: Connection, here: Street) -> Viewer:
    """The call centre, to which Hana's family shows her place."""
    households.give_consent(
        connection, here.town.hana.id, role=Role.OPERATOR, scopes=[Scope.PLACE], by=here.town.daughter.id, now=NOW - HOUR
    )  # fmt: skip
    return viewer(here.town.operator)


def feed(connection: Connection, *units: DetectorUnit) -> None:
    for one in units:
        process(connection, [one], one.received_at)


def looks(connection: Connection, here: Street) -> set[Purpose]:
    daughter = viewer(here.town.daughter)
    return {one.purpose for one in households.looks_at(connection, daughter, here.town.hana.id, None, 9, NOW)}


def test_where_she_was_last_heard_is_where_she_is_if_that_is_newer(
    connection: Connection, here: Street, daughter: Viewer
) -> None:
    service.append(connection, [a_position(here.town.watch.id, here.town.hana.id, place=off(900))])
    feed(connection, body(here.gate, here.tag, [60, 70]))

    found = service.where_is(connection, daughter, here.town.hana.id, at(90))

    assert found.position is not None
    assert (KnownBy.DETECTOR, at(70), 20) == (found.position.known_by, found.position.fix_at, found.age_s)
    assert found.position.received_at >= found.position.fix_at
    assert (HOME.lat_deg, 50.0, "fresh") == (found.position.lat_deg, found.position.accuracy_m, found.freshness)
    assert service.where_is(connection, daughter, here.town.hana.id, at(900)).freshness == "stale"


def test_a_doubtful_passage_moves_nobody(connection: Connection, here: Street, daughter: Viewer) -> None:
    service.append(connection, [a_position(here.town.watch.id, here.town.hana.id, place=off(5))])
    feed(connection, body(here.gate, here.tag, [10]), body(here.far, here.tag, [12]))

    found = service.where_is(connection, daughter, here.town.hana.id, at(20))

    assert found.position is not None
    assert KnownBy.GNSS is found.position.known_by


def test_her_day_is_one_walk_of_fixes_and_passages(connection: Connection, here: Street, daughter: Viewer) -> None:
    wearer = here.town.hana.id
    fixes = [a_position(here.town.watch.id, wearer, minutes=m, place=off(100 * m)) for m in (0, 2)]
    service.append(connection, fixes)
    feed(connection, body(here.gate, here.tag, [30, 50]), body(here.corner, here.tag, [40, 80]))
    feed(connection, body(here.gate, here.tag, [55]))
    service.close_over(connection, at(3_000))

    track = service.track(connection, daughter, wearer, NOW, at(3_000), 100, at(3_000))

    assert [(at(0), None), (at(30), "東門"), (at(40), "角"), (at(120), None)] == [
        (point.at, point.detector) for point in track.points
    ]
    assert [at(55), at(80)] == [point.until for point in track.points if point.detector]


def test_a_stay_that_began_before_the_span_stands_at_its_beginning(
    connection: Connection, here: Street, daughter: Viewer
) -> None:
    for minute in range(60):
        feed(connection, body(here.gate, here.tag, [60 * minute], stamp=minute))

    track = service.track(connection, daughter, here.town.hana.id, at(600), at(1_200), 100, at(4_000))

    assert [(at(600), "東門")] == [(point.at, point.detector) for point in track.points]


def test_who_was_near_is_told_with_a_reason_and_every_look_is_a_row(
    connection: Connection, here: Street, operator: Viewer
) -> None:
    feed(connection, body(here.corner, here.tag, [0, 20]))
    service.close_over(connection, at(3_000))
    feed(connection, body(here.gate, here.tag, [3_010]))
    service.append(connection, [a_position(here.town.watch.id, here.town.hana.id, minutes=1, place=off(30))])

    found = service.near_by(connection, operator, operator.city_id, HOME, 150, (NOW, at(3_600)), WHY, at(3_600))

    assert [("東門", at(3_010)), (None, at(60)), ("角", at(0))] == [(one.detector, one.at) for one in found]
    assert pytest.approx(100, abs=1) == found[-1].distance_m
    assert (WHY, 3) == tuple(connection.execute(sa.select(area_question.c.reason, area_question.c.found)).one())
    assert {Purpose.AREA} == looks(connection, here)


def test_a_stay_that_began_before_is_near_still(connection: Connection, here: Street, operator: Viewer) -> None:
    for minute in range(120):
        feed(connection, body(here.gate, here.tag, [60 * minute], stamp=minute))
    service.close_over(connection, at(9_000))

    found = service.near_by(connection, operator, operator.city_id, HOME, 100, (at(6_600), at(7_000)), WHY, at(9_000))

    assert [at(0)] == [one.at for one in found]


def test_where_a_tag_is_that_she_gave_away_is_not_where_she_is(
    connection: Connection, here: Street, daughter: Viewer
) -> None:
    feed(connection, body(here.gate, here.tag, range(0, 100, 10)))
    tags.release_tag(connection, here.tag.id, at(95))

    feed(connection, body(here.gate, here.tag, range(100, 140, 10)), body(here.corner, here.tag, [140]))

    assert at(90) == last_place(connection, here, daughter)


def test_a_hand_over_that_is_told_later_counts_from_when_it_was(
    connection: Connection, here: Street, daughter: Viewer
) -> None:
    feed(connection, body(here.gate, here.tag, range(0, 100, 10)), body(here.corner, here.tag, [200]))
    assert at(200) == last_place(connection, here, daughter)

    taro = households.create_wearer(connection, here.town.hana.household_id, "Taro", by=here.town.daughter.id, now=NOW)
    tags.assign_tag(connection, here.tag.id, taro.id, now=at(300), from_at=at(45))

    assert at(45) == last_place(connection, here, daughter)


def last_place(connection: Connection, here: Street, viewer: Viewer) -> datetime | None:
    """When Hana was at her last known place."""
    found = service.where_is(connection, viewer, here.town.hana.id, at(300)).position
    return None if found is None else found.fix_at


def test_those_who_may_not_be_seen_take_nobodys_place_among_those_near(
    connection: Connection, here: Street, operator: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AREA_FOUND_MAX", 3)
    cast = here.town
    taro = households.create_wearer(connection, cast.hana.household_id, "Taro", by=cast.daughter.id, now=NOW)
    service.append(connection, [a_position(cast.watch.id, cast.hana.id)])
    service.append(connection, [a_position(DeviceId(new_id()), taro.id, minutes=n + 1) for n in range(9)])

    found = service.near_by(connection, operator, operator.city_id, HOME, 150, (NOW, at(3_600)), WHY, at(3_600))

    assert [(cast.hana.id, at(0))] == [(one.wearer_id, one.at) for one in found]


def test_of_each_the_newest_is_told_before_more_of_others(
    connection: Connection, here: Street, daughter: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AREA_FOUND_MAX", 2)
    cast = here.town
    taro = households.create_wearer(connection, cast.hana.household_id, "Taro", by=cast.daughter.id, now=NOW)
    service.append(connection, [a_position(cast.watch.id, taro.id)])
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=n + 1) for n in range(3)])
    feed(connection, body(here.gate, here.tag, [20]), body(here.gate, here.tag, [90]))

    found = service.near_by(connection, daughter, daughter.city_id, HOME, 150, (NOW, at(3_600)), WHY, at(3_600))
    monkeypatch.setattr(asking, "AREA_FOUND_MAX", 9)
    whole = service.near_by(connection, daughter, daughter.city_id, HOME, 150, (NOW, at(3_600)), WHY, at(3_600))

    assert [(cast.hana.id, at(180)), (taro.id, at(0))] == [(one.wearer_id, one.at) for one in found]
    assert [(at(180), None), (at(90), "東門"), (at(0), None)] == [(one.at, one.detector) for one in whole]


def test_a_stay_that_goes_on_is_near_and_on_the_track_however_long_ago_it_began(
    connection: Connection, here: Street, daughter: Viewer
) -> None:
    end = 26 * 3_600
    feed(connection, body(here.gate, here.tag, range(0, end + 1, 60), received=end))
    span = at(end - 600), at(end)

    found = service.near_by(connection, daughter, daughter.city_id, HOME, 100, span, WHY, at(end))
    track = service.track(connection, daughter, here.town.hana.id, *span, 100, at(end))

    assert [at(0)] == [one.at for one in found]
    assert [(span[0], "東門")] == [(point.at, point.detector) for point in track.points]


def test_of_a_pole_who_is_hidden_has_no_name_and_the_pages_go_on(connection: Connection, here: Street) -> None:
    feed(connection, *[body(here.gate, here.tag, [1_000 * number]) for number in range(5)])
    clerk = viewer(here.town.clerk)
    ask = service.passages_of_detector

    first = routes._page(ask(connection, clerk, here.gate.id, None, 3, at(9_000)), 2)
    then = ask(connection, clerk, here.gate.id, routes._before(first.next), 9, at(9_000))

    assert [(None, None, None)] * 2 == [(one.id, one.tag, one.wearer) for one in first.items]
    assert [at(4_000), at(3_000)] == [one.from_at for one in first.items]
    assert [at(2_000), at(1_000), at(0)] == [one.passage.opened_at for one in then]
    assert set() == looks(connection, here)


def test_of_a_detector_in_a_home_nothing_is_told_of_who_is_hidden(
    connection: Connection, here: Street, operator: Viewer
) -> None:
    draft = DetectorDraft(kind=DetectorKind.HOME, name="家", lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg)
    box = tags.register_detector(connection, here.tag.city_id, draft, NOW)
    feed(connection, *[body(box, here.tag, [1_000 * number]) for number in range(3)])
    clerk = viewer(here.town.clerk)

    assert [] == service.passages_of_detector(connection, clerk, box.id, None, 9, at(9_000))
    assert 3 == len(service.passages_of_detector(connection, operator, box.id, None, 9, at(9_000)))


def test_a_page_of_a_tag_is_full_where_others_wore_it_whom_the_viewer_may_not_see(
    connection: Connection, here: Street, operator: Viewer
) -> None:
    taro = households.create_wearer(connection, here.town.hana.household_id, "Taro", by=here.town.daughter.id, now=NOW)
    tags.assign_tag(connection, here.tag.id, taro.id, now=at(3_500))
    feed(connection, *[body(here.gate, here.tag, [1_000 * number]) for number in range(7)])
    tags.assign_tag(connection, here.tag.id, here.town.hana.id, now=at(6_500))

    found = service.passages_of_tag(connection, operator, here.tag.id, None, 4, at(9_000))
    part = routes._page(found, 3)
    rest = service.passages_of_tag(connection, operator, here.tag.id, routes._before(part.next), 4, at(9_000))

    assert [at(3_000), at(2_000), at(1_000)] == [one.from_at for one in part.items]
    assert [at(0)] == [one.passage.opened_at for one in rest]


@pytest.mark.sqlite
def test_when_a_tag_was_last_heard_is_read_from_its_newest_passages(connection: Connection, here: Street) -> None:
    unheard = new_id()
    feed(connection, body(here.gate, here.tag, range(0, 1_000_000, 500), received=1_000_000))
    feed(connection, body(here.corner, here.tag, [1_000_050]))
    assert {here.tag.id: at(1_000_050)} == service.last_heard(connection, [here.tag.id, unheard])
    connection.execute(sa.delete(open_passage))

    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    driver: Any = connection.connection.dbapi_connection
    driver.set_progress_handler(count, 1)
    found = service.last_heard(connection, [here.tag.id])
    driver.set_progress_handler(None, 1)

    assert {here.tag.id: at(999_500)} == found
    assert 0 < steps < 500, "not one step for each of two thousand passages"


def test_a_whole_day_at_school_is_found_at_noon_also_in_the_history(
    connection: Connection, here: Street, operator: Viewer
) -> None:
    for minute in range(7 * 60):
        feed(connection, body(here.gate, here.tag, [60 * minute], stamp=minute))
    service.close_over(connection, at(40_000))

    noon, after_noon = at(4 * 3_600), at(4 * 3_600 + 600)
    found = service.near_by(connection, operator, operator.city_id, HOME, 100, (noon, after_noon), WHY, at(40_000))

    assert [at(0)] == [one.at for one in found]


@pytest.mark.parametrize(
    ("began_min_before", "lasted_min", "is_near"),
    [(10, 20, True), (30, 20, False), (59, 60, True), (60, 60, True), (61, 62, True), (61, 60, False), (90, 180, True)],
)
def test_a_stay_in_the_history_is_near_in_every_span_that_it_touches(
    connection: Connection, here: Street, operator: Viewer, began_min_before: int, lasted_min: int, is_near: bool
) -> None:
    for minute in range(lasted_min + 1):
        feed(connection, body(here.gate, here.tag, [60 * minute], stamp=minute))
    service.close_over(connection, at(40_000))

    from_at = at(60 * began_min_before)
    span = (from_at, from_at + timedelta(minutes=5))
    found = service.near_by(connection, operator, operator.city_id, HOME, 100, span, WHY, at(40_000))

    assert ([at(0)] if is_near else []) == [one.at for one in found]


def test_nobody_is_told_of_whom_they_may_not_see(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [0, 20]))
    clerk = viewer(here.town.clerk)

    assert [] == service.near_by(connection, clerk, clerk.city_id, HOME, 100, (NOW, at(60)), WHY, at(60))
    with pytest.raises(NotFound):
        service.near_by(connection, clerk, AKASHI, HOME, 100, (NOW, at(60)), WHY, at(60))
    with pytest.raises(InvalidInput):
        service.near_by(connection, clerk, clerk.city_id, HOME, 100, (at(60), NOW), WHY, at(60))
    (shown,) = service.passages_of_detector(connection, clerk, here.gate.id, None, 9, at(60))
    assert (True, "東門") == (shown.hidden, shown.detector)
    assert set() == looks(connection, here)


def test_the_staff_who_may_see_her_see_whose_tag_it_was(connection: Connection, here: Street, operator: Viewer) -> None:
    feed(connection, body(here.gate, here.tag, [0, 20]), body(here.gate, here.tag, [500]))

    found = service.passages_of_detector(connection, operator, here.gate.id, None, 9, at(600))
    of_tag = service.passages_of_tag(connection, operator, here.tag.id, None, 9, at(600))

    assert [(False, at(500)), (False, at(0))] == [(one.hidden, one.passage.opened_at) for one in found]
    assert [one.passage for one in found] == [one.passage for one in of_tag]
    assert {Purpose.PASSAGE} == looks(connection, here)


def test_a_vendor_reads_its_own_tags_in_the_order_in_which_they_were_written_and_nobody_elses(
    connection: Connection, here: Street
) -> None:
    vendor = viewer(account(connection, "vendor", VENDOR, Role.VENDOR))
    foreign = tags.register_tag(
        connection, city_id=here.tag.city_id, vendor="Somebody else", scheme="mac", identity="ac233fa00001", now=NOW
    )
    feed(connection, body(here.gate, here.tag, [0]), body(here.gate, foreign, [0]))
    service.close_over(connection, at(1_000))

    first = service.feed(connection, vendor, 0, 9, at(1_000))
    feed(connection, body(here.corner, here.tag, [-9_000], received=1_100))
    late = service.feed(connection, vendor, first.last, 9, at(1_200))

    assert [at(0)] == [one.passage.opened_at for one, _name in first.items]
    assert [(at(-9_000), "角")] == [(one.passage.opened_at, name) for one, name in late.items]
    assert [] == service.feed(connection, vendor, late.last, 9, at(1_200)).items
    with pytest.raises(NotFound):
        service.passages_of_tag(connection, vendor, foreign.id, None, 9, at(1_200))


def test_staff_see_what_cannot_be_true(connection: Connection, here: Street, operator: Viewer) -> None:
    feed(connection, body(here.gate, here.tag, [10]), body(here.far, here.tag, [12]))

    (found,) = service.doubts(connection, operator, None, 9, at(20))

    assert (here.tag.id, False) == (found.tag_id, found.hidden)
