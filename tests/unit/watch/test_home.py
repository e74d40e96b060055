"""What is heard at home against what a receiver says."""

from datetime import datetime, time
from typing import Any

import pytest
from msgspec.structs import replace

from app.geo.model import FencePurpose, Point, Window
from app.tags.model import DetectorKind
from app.watch import home
from app.watch.home import VETO_MAX
from app.watch.model import Passed, Place, Seen, Side, Surveyed, WatchEvent, WatchState
from tests.build import NOW
from tests.unit.watch.build import DEVICE, EAST, GARDEN, METRES_PER_DEGREE, clock, minutes, passed, seen, subject, told


def heard_at_home(at: datetime, north_m: float = 0.0, **different: Any) -> Passed:
    """A passage at the detector that stands in her house."""
    here = {"lat_deg": 34.757 + north_m / METRES_PER_DEGREE, "lon_deg": 134.841, "accuracy_m": 30.0}
    return passed(at, **{"kind": DetectorKind.HOME, **here, **different})


def there(at: datetime, north_m: float = 0.0) -> Place:
    """Where and when a tag of hers was heard last, as the store says."""
    return Place(lat_deg=34.757 + north_m / METRES_PER_DEGREE, lon_deg=134.841, accuracy_m=30.0, at=at)


def rules(events: list[WatchEvent]) -> list[str]:
    return [event.rule for event in events]


def outside(*after: float) -> list[Seen]:
    return [seen(500, at=NOW + minutes(one), accuracy_m=31) for one in after]


def test_a_tag_heard_at_home_takes_the_evidence_back() -> None:
    fixes = outside(10, 20, 40)
    events = told(WatchState(), subject(), seen(0, at=NOW), *fixes[:2], heard_at_home(NOW + minutes(30)), fixes[2])

    assert events == []


def test_a_passage_that_had_gone_on_speaks_to_its_end() -> None:
    fixes = outside(10, 20, 40)
    long = heard_at_home(NOW + minutes(5), last_at=NOW + minutes(30), received_at=NOW + minutes(31))
    events = told(WatchState(), subject(), seen(0, at=NOW), *fixes[:2], long, fixes[2])

    assert events == []


@pytest.mark.parametrize(
    "other",
    [
        {"kind": DetectorKind.FIXED},
        {"north_m": 300.0},
        {"doubtful": True},
        {"lat_deg": None},
    ],
    ids=["a gate", "another home", "doubtful", "no place"],
)
def test_other_passages_say_nothing_of_being_at_home(other: dict[str, Any]) -> None:
    fixes = outside(10, 20, 40)
    word = heard_at_home(NOW + minutes(30), **{"north_m": 0.0, **other})
    events = told(WatchState(), subject(), seen(0, at=NOW), *fixes[:2], word, fixes[2])

    assert "geofence_exit" in rules(events)


def leaves(*after: float, state: WatchState) -> list[WatchEvent]:
    """She was at home, where her tag was heard, and the tracker says then that she is out."""
    told(state, subject(), heard_at_home(NOW - minutes(60)), seen(0, at=NOW))
    return told(state, subject(), *outside(*after))


def test_before_it_is_told_that_she_left_home_the_store_is_asked() -> None:
    state = WatchState()
    events = leaves(10, 12, state=state)

    assert rules(events) == ["geofence_exit"]
    assert home.Asked(detector_ids=frozenset({EAST}), from_at=NOW + minutes(10)) == home.asked(state, events)
    assert home.asked(state, []) is None
    assert home.asked(WatchState(), events) is None, "no tag was ever heard"


def test_a_tag_that_was_heard_at_home_since_refutes_it() -> None:
    state = WatchState()
    events = leaves(10, 12, state=state)

    assert home.verified(state, subject(), events, [there(NOW + minutes(13))]) == []
    kept = state.fences[GARDEN.id.hex]
    assert (Side.INSIDE, None, NOW + minutes(13)) == (kept.side, kept.outside_first_at, kept.inside_last_at)


@pytest.mark.parametrize(
    "heard", [[], [there(NOW + minutes(9))], [there(NOW + minutes(13), 300.0)]], ids=["nobody", "before", "elsewhere"]
)
def test_otherwise_it_is_told(heard: list[Place]) -> None:
    state = WatchState()
    events = leaves(10, 12, state=state)

    assert home.verified(state, subject(), events, heard) == events


def test_who_was_heard_amid_the_evidence_and_then_no_more_is_told_of_soon() -> None:
    state = WatchState()
    events = leaves(10, 11, 12, state=state)
    refuted = home.verified(state, subject(), events, [there(NOW + minutes(10.5))])
    later = told(state, subject(), *outside(13, 14))

    assert refuted == []
    assert rules(later) == ["geofence_exit"]
    assert home.verified(state, subject(), later, [there(NOW + minutes(10.5))]) == later


def left_behind(step_min: float, until_min: float) -> tuple[WatchState, list[WatchEvent]]:
    """The tag lies at home all the time, and she walks with the tracker."""
    state = WatchState()
    told(state, subject(), heard_at_home(NOW - minutes(60)), seen(0, at=NOW))
    events: list[WatchEvent] = []
    at = NOW
    while at < NOW + minutes(until_min):
        at += minutes(step_min)
        happened = told(state, subject(), seen(500, at=at, accuracy_m=31))
        events += home.verified(state, subject(), happened, [there(at)])
    return state, events


@pytest.mark.parametrize("step_min", [1.0, 2.0, 5.0, 10.0, 20.0])
def test_a_tag_left_at_home_hides_her_for_half_an_hour_and_no_longer(step_min: float) -> None:
    _, events = left_behind(step_min, 180)

    assert rules(events) == ["geofence_exit"]
    assert ["outside_fence", "tag_at_home"] == [reason.code for reason in events[0].reasons]
    waited = events[0].received_at - NOW
    assert VETO_MAX < waited <= VETO_MAX + minutes(4 * step_min + 3)


def test_once_it_was_contradicted_the_tag_does_not_bring_her_home() -> None:
    state, _ = left_behind(5.0, 120)

    assert told(state, subject(), heard_at_home(NOW + minutes(121))) == []
    assert rules(told(state, subject(), seen(0, at=NOW + minutes(130)))) == ["geofence_enter"]


def test_when_the_tracker_has_fallen_silent_the_tag_is_believed_again() -> None:
    state, _ = left_behind(5.0, 120)

    assert rules(told(state, subject(), heard_at_home(NOW + minutes(120 + 121)))) == ["geofence_enter"]


def test_when_the_tracker_was_at_home_meanwhile_the_vote_is_as_good_as_ever() -> None:
    state, _ = left_behind(5.0, 120)
    told(state, subject(), seen(0, at=NOW + minutes(130)))
    events = told(state, subject(), *outside(140, 142))

    assert rules(events) == ["geofence_exit"]
    assert home.verified(state, subject(), events, [there(NOW + minutes(143))]) == []


@pytest.mark.parametrize(("known_by", "events"), [("beacon", ["geofence_enter"]), ("wifi", [])])
def test_a_beacon_of_home_that_the_tracker_hears_is_inside_however_coarse(known_by: str, events: list[str]) -> None:
    state = WatchState()
    told(state, subject(), seen(0, at=NOW), *outside(10, 12))
    coarse = replace(seen(20, at=NOW + minutes(30), accuracy_m=150), known_by=known_by)

    assert events == rules(told(state, subject(), coarse))


def test_a_beacon_outside_home_is_a_place_like_others() -> None:
    beacon = replace(seen(150, at=NOW + minutes(30), accuracy_m=150), known_by="beacon")
    fixes = outside(10, 20, 40)

    assert ["geofence_exit"] == rules(told(WatchState(), subject(), seen(0, at=NOW), *fixes[:2], beacon, fixes[2]))


WIFI, NEIGHBOUR = "aabbccddee01", "aabbccddee02"


def hears_wifi(at: datetime, *heard: str) -> Surveyed:
    """Indoors, without a fix, the watch says what Wi-Fi is there."""
    return Surveyed(device_id=DEVICE, at=at, received_at=at, access_points=heard)


@pytest.mark.parametrize(
    ("heard", "events"), [((NEIGHBOUR, WIFI), []), ((NEIGHBOUR,), ["geofence_exit"]), ((), ["geofence_exit"])]
)
def test_a_device_that_hears_the_wifi_of_the_house_is_in_it(heard: tuple[str, ...], events: list[str]) -> None:
    who = subject(replace(GARDEN, access_points=(WIFI,)))
    fixes = outside(10, 20, 40)

    assert events == rules(
        told(WatchState(), who, seen(0, at=NOW), *fixes[:2], hears_wifi(NOW + minutes(30), *heard), fixes[2])
    )


def test_who_comes_home_without_a_fix_is_known_to_be_back_by_its_wifi() -> None:
    who = subject(replace(GARDEN, access_points=(WIFI,)))
    events = told(WatchState(), who, seen(0, at=NOW), *outside(10, 12), hears_wifi(NOW + minutes(30), WIFI))

    assert ["geofence_exit", "geofence_enter"] == rules(events)
    assert events[1].place is not None
    assert (GARDEN.centre.lat_deg, GARDEN.radius_m) == (events[1].place.lat_deg, events[1].place.accuracy_m)


def test_wifi_of_a_school_that_is_a_polygon_says_that_she_has_arrived() -> None:
    corners = (Point(34.75, 134.84), Point(34.75, 134.85), Point(34.76, 134.85))
    school = replace(
        GARDEN, purpose=FencePurpose.SCHOOL, centre=None, radius_m=None, corners=corners, tell_enter=True,
        access_points=(WIFI,),
    )  # fmt: skip
    away = [seen(4_000, at=NOW + minutes(n)) for n in range(5)]

    assert ["geofence_enter"] == rules(told(WatchState(), subject(school), *away, hears_wifi(NOW + minutes(9), WIFI)))


def test_a_hotspot_that_travels_with_her_hides_her_for_half_an_hour_only() -> None:
    who = subject(replace(GARDEN, access_points=(WIFI,)))
    state = WatchState()
    told(state, who, seen(0, at=NOW))
    events = [
        event
        for minute in range(10, 120, 4)
        for event in told(state, who, seen(900, at=NOW + minutes(minute)), hears_wifi(NOW + minutes(minute + 2), WIFI))
    ]

    assert "geofence_exit" in rules(events)


def test_what_was_heard_hours_ago_brings_nobody_home() -> None:
    who = subject(replace(GARDEN, access_points=(WIFI,)))
    state = WatchState()
    told(state, who, seen(0, at=NOW), *outside(10, 12))

    assert told(state, who, hears_wifi(NOW + minutes(20), WIFI), now=NOW + minutes(141)) == []


@pytest.mark.parametrize(("heard_at", "rules_told"), [("18:03", []), ("17:50", ["geofence_exit"])])
def test_whose_tag_came_home_in_the_time_that_she_was_given_is_not_missing(
    heard_at: str, rules_told: list[str]
) -> None:
    """The tracker was left at day care, and still says so."""
    night = Window(weekdays=0b1111111, from_time=time(18), until_time=time(6))
    who = subject(replace(GARDEN, schedule=(night,)))
    state = WatchState()
    told(state, who, heard_at_home(clock("8:00")), seen(0, at=clock("9:00")))
    events = told(state, who, *(seen(900, at=clock("10:00") + minutes(5 * n)) for n in range(100)))

    assert (asked := home.asked(state, events)) is not None
    assert asked.from_at == clock("18:00")
    assert rules_told == rules(home.verified(state, who, events, [there(clock(heard_at))]))
