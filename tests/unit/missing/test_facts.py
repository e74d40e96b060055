"""What people tell, and which of it a map is made of."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.history.model import KnownBy
from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, FactId, SearchId
from app.missing.facts import (
    Heading,
    House,
    Note,
    OnGround,
    OwnPlace,
    Sighting,
    Spot,
    Swept,
    Told,
    Transport,
    WayPoint,
    kind_of,
    known_of,
    newest,
    read,
    seen_at,
    stored,
    when,
)
from app.missing.model import Fact, FactKind, Ground, Place, Point
from tests.build import NOW
from tests.unit.missing.build import off, place, seen


def told(what: Told, minutes_ago: float = 30.0, number: int = 1) -> Fact:
    at = NOW - timedelta(minutes=minutes_ago)
    return Fact(
        id=FactId(UUID(int=number)), search_id=SearchId(UUID(int=9)), kind=kind_of(what), at=at, data=stored(what),
        by=AccountId(UUID(int=8)), received_at=NOW,
    )  # fmt: skip


def way(*points: tuple[float, float, float], **more: Any) -> Swept:
    """Minutes ago, metres east and north."""
    steps = []
    for minutes_ago, east_m, north_m in points:
        lat_deg, lon_deg = off(east_m, north_m)
        steps.append(WayPoint(at=NOW - timedelta(minutes=minutes_ago), lat_deg=lat_deg, lon_deg=lon_deg))
    return Swept(**{"points": steps, "width_m": 30.0} | more)


SIGHTING = Sighting(lat_deg=34.76, lon_deg=134.85, says="at the bus stop")
EVERY_KIND: list[Told] = [
    SIGHTING,
    way((20, 0, 0), (10, 100, 0)),
    OwnPlace(name="old home", lat_deg=34.7, lon_deg=134.8),
    Heading(heading_deg=45.0),
    Transport(),
    OnGround(ground=Ground.ROAD, corners=[Spot(lat_deg=34.7, lon_deg=134.8), Spot(lat_deg=34.71, lon_deg=134.8)]),
    Note(says="she has her hat"),
]


def test_every_kind_is_stored_and_read() -> None:
    assert set(FactKind) == {kind_of(one) for one in EVERY_KIND}
    assert EVERY_KIND == [read(told(one)) for one in EVERY_KIND]


def test_the_time_is_what_is_said_else_now_and_of_a_sweep_its_end() -> None:
    earlier = NOW - timedelta(hours=1)

    assert (NOW, earlier) == (when(SIGHTING, None, NOW), when(SIGHTING, earlier, NOW))
    assert NOW - timedelta(minutes=10) == when(way((20, 0, 0), (10, 100, 0)), earlier, NOW)


@pytest.mark.parametrize(
    ("what", "minutes_ago", "where"),
    [
        (SIGHTING, -3, "at"),
        (SIGHTING, 31 * 24 * 60, "at"),
        (way((10, 0, 0), (20, 100, 0)), 0, "fact.points[1].at"),
        (way((20, 0, 0), (19, 0, 0), (10, 2_100, 0)), 0, "fact.points[2]"),
        (way((-5, 0, 0)), 0, "fact.points[0].at"),
        (way((50_000, 0, 0), (10, 0, 0)), 0, "fact.points[0].at"),
        (way(*((100 - n, 1_900 * (n % 2), 0) for n in range(30))), 0, "fact.points"),
        (
            OnGround(ground=Ground.ROAD, corners=[Spot(lat_deg=34.7, lon_deg=134.8), Spot(lat_deg=35, lon_deg=134.8)]),
            0,
            "fact.corners[1]",
        ),
        (OnGround(ground=Ground.WATER, corners=[Spot(lat_deg=34.7, lon_deg=134.8)] * 2), 0, "fact.corners"),
    ],
    ids=[
        "to come",
        "long past",
        "back in time",
        "a leap",
        "a sweep to come",
        "an old one",
        "too long",
        "a road that leaps",
        "no outline",
    ],
)
def test_what_cannot_be_meant_is_refused(what: Told, minutes_ago: float, where: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        when(what, NOW - timedelta(minutes=minutes_ago), NOW)

    assert where == refused.value.where


def test_the_map_begins_at_the_newest_place_whoever_told_it() -> None:
    (sighted,) = seen_at([told(SIGHTING, 30), told(Note(says="?"), 5)])

    assert (KnownBy.TYPED, NOW - timedelta(minutes=30)) == (sighted.known_by, sighted.at)
    assert sighted == newest([None, seen(60), sighted])
    assert seen(20) == newest([seen(20), sighted, seen(60)])
    assert newest([None]) is None


def test_of_two_places_of_one_moment_the_surer_counts() -> None:
    sure, unsure = seen(30, accuracy_m=10.0), seen(30, east_m=900, accuracy_m=500.0)

    assert sure == newest([unsure, sure]) == newest([sure, unsure])


LAST = seen(60)


def kept(*facts: Fact, last: Point = LAST, house: House | None = None) -> Any:
    return known_of(last, facts, House() if house is None else house)


def test_a_heading_counts_while_it_is_not_older_than_the_place() -> None:
    facts = [told(Heading(heading_deg=90.0), 50), told(Heading(heading_deg=180.0), 65)]

    assert 90.0 == kept(*facts).heading_deg
    assert 180.0 == kept(facts[1]).heading_deg
    assert kept(*facts, last=seen(10)).heading_deg is None
    assert 7.0 == kept(house=House(heading_deg=7.0)).heading_deg
    assert 90.0 == kept(*facts, house=House(heading_deg=7.0)).heading_deg


def test_a_bus_counts_until_she_is_seen_again() -> None:
    assert kept(told(Transport(), 50)).rides
    assert not kept(told(Transport(), 50), last=seen(40)).rides


def test_her_own_places_count_always_and_notes_never() -> None:
    found = kept(
        told(OwnPlace(name="shop", lat_deg=34.7, lon_deg=134.8), 9_000), told(Note(says="tired")),
        house=House(places=(place(0, 500),)),
    )  # fmt: skip

    assert ["", "shop"] == [one.name for one in found.places]
    assert found.places[1] == Place(lat_deg=34.7, lon_deg=134.8, name="shop")


def test_a_sweep_that_ended_before_she_was_seen_again_is_left_out() -> None:
    swept = told(way((50, 0, 0), (45, 100, 0), pod=0.5), 45)

    assert [0.5] == [one.pod for one in kept(swept).sweeps]
    assert () == kept(swept, last=seen(40)).sweeps


def test_terrain_is_kept_with_its_corners() -> None:
    assert (Ground.ROAD, ((34.7, 134.8), (34.71, 134.8))) == (
        (one := kept(told(EVERY_KIND[5])).terrain[0]).ground, one.corners
    )  # fmt: skip
