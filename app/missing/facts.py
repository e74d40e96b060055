"""What people tell a search, and what a map makes of all of it. Pure.

A map begins at the newest place that is known, whoever says it: her tracker, a detector, somebody who saw her. What was
told of the way she went or of a bus counts while it is not older than that; her own places count always.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from app.geo.measure import distance_m
from app.history.model import KnownBy
from app.kit.errors import InvalidInput
from app.missing.model import Fact, FactKind, Ground, Known, Listener, Place, Point, Sweep, Terrain, TrackPoint
from beacon_ingest.messages import Utc

POINTS_MAX = 1_000
CORNERS_MAX = 200
LEG_M_MAX = 2_000.0
"""Between two points of a searcher's way, or of a line on the ground: beyond, nobody knows where it went."""

WAY_M_MAX = 50_000.0
"""Nobody walks farther in one sweep; and it bounds the time that a map takes."""

SKEW = timedelta(minutes=2)
"""Clocks of phones are so far ahead."""

OLDEST = timedelta(days=30)
HEADING_BEFORE = timedelta(minutes=10)
"""A heading may have been told so long before the place that the map begins at."""

Latitude = Annotated[float, Meta(ge=-90, le=90, description="WGS-84 latitude, degrees")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="WGS-84 longitude, degrees")]
Accuracy = Annotated[
    float, Meta(gt=0, le=10_000, description="radius that holds the true place with 68 % probability, metres")
]


class Spot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point on the map."""

    lat_deg: Latitude
    lon_deg: Longitude


class WayPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a searcher was, and when."""

    at: Utc
    lat_deg: Latitude
    lon_deg: Longitude


class _Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class Sighting(_Told, frozen=True, kw_only=True, tag="sighting"):
    """Somebody saw her, or a sticker of hers was scanned: the map begins anew there. Of a sighting that nobody is sure
    of make a note.
    """

    lat_deg: Latitude
    lon_deg: Longitude
    accuracy_m: Accuracy = 30.0
    says: Annotated[str, Meta(max_length=500, description="who saw her, and how she was")] = ""


class Swept(_Told, frozen=True, kw_only=True, tag="sweep"):
    """Searchers went this way and did not find her. One point alone is a look round it."""

    points: Annotated[list[WayPoint], Meta(min_length=1, max_length=POINTS_MAX, description="in order of time")]
    width_m: Annotated[float, Meta(ge=1, le=300, description="how wide a strip they looked at, metres")]
    pod: Annotated[
        float, Meta(gt=0, le=0.95, description="how probable it is that they see her who look where she is")
    ] = 0.7


class OwnPlace(_Told, frozen=True, kw_only=True, tag="place"):
    """A place of her own: a former home, where she worked, a shop she likes."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="what people call it")]
    lat_deg: Latitude
    lon_deg: Longitude
    weight: Annotated[float, Meta(gt=0, le=10, description="how much more than another place it draws her")] = 1.0


class Heading(_Told, frozen=True, kw_only=True, tag="heading"):
    """The way she went when she was last seen."""

    heading_deg: Annotated[float, Meta(ge=0, lt=360, description="degrees clockwise from north")]


class Transport(_Told, frozen=True, kw_only=True, tag="transport"):
    """She may have taken a bus or a train, or been given a lift: how far she can have walked is no limit."""

    says: Annotated[str, Meta(max_length=500)] = ""


class OnGround(_Told, frozen=True, kw_only=True, tag="terrain"):
    """What lies on the ground: a line (road, edge), or the outline of water."""

    ground: Annotated[Ground, Meta(description="road; edge: a canal, a ditch, the edge of brush; water: open water")]
    corners: Annotated[list[Spot], Meta(min_length=2, max_length=CORNERS_MAX)]


class Note(_Told, frozen=True, kw_only=True, tag="note"):
    """Something that changes no map."""

    says: Annotated[str, Meta(min_length=1, max_length=2_000)]


Told = Sighting | Swept | OwnPlace | Heading | Transport | OnGround | Note


class House(Struct, frozen=True, kw_only=True):
    """What the house knows by itself: the newest place of hers, the way she had come to it, her own places, detectors
    that listened for her tag since, and how probable it is that none of them could hear it.
    """

    last: Point | None = None
    heading_deg: float | None = None
    places: tuple[Place, ...] = ()
    listeners: tuple[Listener, ...] = ()
    tag_lost: float = 1.0


def kind_of(told: Told) -> FactKind:
    """What is told, in one word."""
    return FactKind(str(type(told).__struct_config__.tag))


def when(told: Told, at: datetime | None, now: datetime) -> datetime:
    """The time of what is told: of a sweep that of its last point, else what is said, else now. Raises `InvalidInput`
    for one that is to come or long past, and for a sweep that goes back in time or leaps.
    """
    if isinstance(told, Swept):
        must_be_past(told.points[0].at, now, "fact.points[0].at")
        _must_be_a_way(told.points)
        at = told.points[-1].at
    if isinstance(told, OnGround):
        _must_be_a_line(told.corners, "fact.corners")
        if told.ground is Ground.WATER and len(told.corners) < 3:
            raise InvalidInput("The outline of water has three corners or more.", "fact.corners")
    moment = now if at is None else at
    must_be_past(moment, now, "at")
    return moment


def must_be_past(moment: datetime, now: datetime, where: str) -> None:
    """Raises `InvalidInput` for a moment that is to come, or of which no map is made any more."""
    if moment > now + SKEW:
        raise InvalidInput("This is yet to come.", where)
    if moment < now - OLDEST:
        raise InvalidInput(f"This is more than {OLDEST.days} days ago.", where)


def _must_be_a_way(points: Sequence[WayPoint]) -> None:
    for number, (before, after) in enumerate(pairwise(points), start=1):
        if after.at < before.at:
            raise InvalidInput("Points are in order of time.", f"fact.points[{number}].at")
    if _must_be_a_line(points, "fact.points") > WAY_M_MAX:
        raise InvalidInput(f"A sweep is {WAY_M_MAX / 1000:.0f} km long at most; tell it in parts.", "fact.points")


def _must_be_a_line(points: Sequence[WayPoint | Spot], where: str) -> float:
    """The length of a line in metres. Raises `InvalidInput` for one that leaps."""
    total_m = 0.0
    for number, (before, after) in enumerate(pairwise(points), start=1):
        leg_m = distance_m(before.lat_deg, before.lon_deg, after.lat_deg, after.lon_deg)
        if leg_m > LEG_M_MAX:
            raise InvalidInput(f"This is more than {LEG_M_MAX:.0f} m from the point before.", f"{where}[{number}]")
        total_m += leg_m
    return total_m


def stored(told: Told) -> dict[str, object]:
    """What is told as plain JSON."""
    plain: dict[str, object] = msgspec.to_builtins(told)
    return plain


def read(fact: Fact) -> Told:
    """What was told, from a stored fact."""
    told: Told = msgspec.convert(fact.data, Told)
    return told


def newest(points: Iterable[Point | None]) -> Point | None:
    """The newest of several points, the surer one of two of one moment; None where there is none."""
    known = [one for one in points if one is not None]
    return max(known, key=lambda one: (one.at, -one.accuracy_m, one.lat_deg, one.lon_deg), default=None)


def seen_at(facts: Iterable[Fact]) -> list[Point]:
    """Where people saw her."""
    found = []
    for fact in facts:
        told = read(fact)
        if isinstance(told, Sighting):
            found.append(
                Point(
                    at=fact.at, lat_deg=told.lat_deg, lon_deg=told.lon_deg, accuracy_m=told.accuracy_m,
                    known_by=KnownBy.TYPED,
                )
            )  # fmt: skip
    return found


def known_of(last: Point, facts: Iterable[Fact], house: House) -> Known:
    """All that a map is made of which begins at `last`; the order of the facts changes nothing."""
    ordered = sorted(facts, key=lambda one: (one.at, one.received_at, one.id))
    heading_deg, rides = house.heading_deg, False
    places, sweeps, terrain = list(house.places), [], []
    for fact in ordered:
        match read(fact):
            case Heading(heading_deg=told) if fact.at >= last.at - HEADING_BEFORE:
                heading_deg = told
            case Transport() if fact.at >= last.at:
                rides = True
            case OwnPlace() as place:
                places.append(Place(lat_deg=place.lat_deg, lon_deg=place.lon_deg, weight=place.weight, name=place.name))
            case OnGround() as lying:
                corners = tuple((one.lat_deg, one.lon_deg) for one in lying.corners)
                terrain.append(Terrain(ground=lying.ground, corners=corners))
            case Swept() as way if fact.at > last.at:
                points = [TrackPoint(at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg) for one in way.points]
                sweeps.append(Sweep(points=tuple(points), width_m=way.width_m, pod=way.pod))
    return Known(
        last=last,
        places=tuple(places),
        heading_deg=heading_deg,
        rides=rides,
        terrain=tuple(terrain),
        listeners=house.listeners,
        tag_lost=house.tag_lost,
        sweeps=tuple(sweeps),
    )
