"""A garden with hours, and a detector in the house, through the whole hot path on a real database."""

from collections.abc import Sequence
from datetime import datetime, time

import pytest
from msgspec.structs import replace

from app.alerts.model import AlertState
from app.geo import service as geo
from app.geo.model import GeofenceChange, OnHolidays, Window
from app.pipeline import process
from app.tags import service as tags
from app.tags.model import Detector, DetectorKind
from app.tags.registration import DetectorDraft
from beacon_ingest.messages import AccessPoint, Survey
from tests.build import HOME, KAKOGAWA, NOW, a_fix, unit, viewer
from tests.contract.history.street import body
from tests.contract.watch.conftest import DAWN, School
from tests.contract.watch.test_telling import alerts, messages
from tests.unit.watch.build import clock, minutes

NIGHT = Window(weekdays=0b1111111, from_time=time(18), until_time=time(6), holidays=OnHolidays.ALSO)


@pytest.fixture
def house(school: School) -> Detector:
    """The detector on the hall table."""
    draft = DetectorDraft(kind=DetectorKind.HOME, name="家", lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg)
    return tags.register_detector(school.connection, KAKOGAWA, draft, DAWN)


def says(school: School, north_m: float, at: datetime, **different: object) -> None:
    """The watch tells where it is."""
    fix = replace(a_fix(north_m, at=at), **different)
    process(school.connection, [unit(school.town.watch, fix, received_at=at)], at)


def hears(school: School, house: Detector, at: datetime) -> None:
    """The detector in the house hears her tag."""
    second = (at - NOW).total_seconds()
    one = body(house, school.tag, [second])
    process(school.connection, [one], one.received_at)


def codes(school: School) -> Sequence[Sequence[str]]:
    return [[reason.code for reason in one.reasons if reason.code != "late"] for one in alerts(school)]


def test_a_tag_that_lies_at_home_keeps_the_errors_of_the_watch_quiet(school: School, house: Detector) -> None:
    """It makes one passage, which began long before the watch went wrong."""
    says(school, 0, clock("20:00"))
    for minute in range(60):
        at = clock("21:00") + minutes(minute)
        hears(school, house, at)
        if minute % 10 in (3, 5, 7):  # Wrong for a while, right again.
            says(school, 600, at)
        elif minute % 10 == 9:
            says(school, 0, at)

    assert [] == codes(school)


def test_without_the_tag_the_same_errors_are_told(school: School) -> None:
    says(school, 0, clock("20:00"))
    for minute, north_m in ((3, 600), (5, 600), (7, 600)):
        says(school, north_m, clock("21:00") + minutes(minute))

    assert [["outside_fence"]] == codes(school)


def test_a_tag_that_was_left_at_home_is_named_when_she_is_told_of(school: School, house: Detector) -> None:
    says(school, 0, clock("9:00"))
    for minute in range(50):
        at = clock("10:00") + minutes(minute)
        hears(school, house, at)
        says(school, 600, at)

    assert [["outside_fence", "tag_at_home"]] == codes(school)
    assert ["ハナさんが「自宅」の外に出ました"] == messages(school)


def test_a_beacon_of_home_in_the_report_of_the_watch_keeps_its_errors_quiet(school: School) -> None:
    says(school, 0, clock("20:00"))
    for minute in (0, 10, 20, 30, 40):
        says(school, 600, clock("21:00") + minutes(minute), accuracy_m=31.0)
        says(school, 20, clock("21:00") + minutes(minute + 5), accuracy_m=180.0, source="beacon")

    assert [] == codes(school)


def test_a_watch_that_hears_the_wifi_of_the_house_and_has_no_fix_is_at_home(school: School) -> None:
    (fence,) = geo.fences_of(school.connection, [school.town.hana.id])[school.town.hana.id]
    daughter = viewer(school.town.daughter)
    wifi = GeofenceChange(access_points=("AA:BB:CC:DD:EE:01",))
    geo.change(school.connection, daughter, school.town.hana.id, fence.id, wifi, DAWN)
    says(school, 0, clock("9:00"))
    for minute in range(0, 10, 2):
        says(school, 700, clock("10:00") + minutes(minute))
    at = clock("10:30")
    heard = tuple(AccessPoint(mac=f"aabbccddee{n:02x}") for n in (7, 1))
    survey = Survey(device="1234567890", at=at, access_points=heard)
    process(school.connection, [unit(school.town.watch, survey, received_at=at)], at)

    assert [AlertState.RESOLVED] == [one.state for one in alerts(school)]


def test_who_is_not_home_by_six_is_told_of_and_the_alert_ends_when_she_is(school: School) -> None:
    (fence,) = geo.fences_of(school.connection, [school.town.hana.id])[school.town.hana.id]
    daughter = viewer(school.town.daughter)
    geo.change(school.connection, daughter, school.town.hana.id, fence.id, GeofenceChange(schedule=(NIGHT,)), DAWN)
    says(school, 0, clock("9:00"))
    for minute in range(0, 510, 5):
        says(school, 700, clock("10:00") + minutes(minute))
    told = messages(school)
    says(school, 0, clock("18:40"))

    (alert,) = alerts(school)
    assert (AlertState.RESOLVED, clock("18:15")) == (alert.state, alert.happened_at)
    assert ["still_outside", "outside_fence"] == [reason.code for reason in alert.reasons]
    assert ["ハナさんが「自宅」に戻っていません"] == told
    assert ["ハナさんが「自宅」に戻りました"] == messages(school)


def test_a_gate_that_was_passed_between_two_fixes_is_told(school: School) -> None:
    (fence,) = geo.fences_of(school.connection, [school.town.hana.id])[school.town.hana.id]
    daughter = viewer(school.town.daughter)
    change = GeofenceChange(tell_enter=True, tell_exit=False)
    geo.change(school.connection, daughter, school.town.hana.id, fence.id, change, DAWN)
    for minute, north_m in enumerate((-500, -480, -450, -420, -150, 150)):
        says(school, north_m, clock("9:00") + minutes(2 * minute), accuracy_m=8.0)

    assert [["through_fence"]] == codes(school)
    assert ["ハナさんが「自宅」を通ったようです"] == messages(school)
