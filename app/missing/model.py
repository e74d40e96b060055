"""Searches, what is known in them, and maps."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from app.history.model import KnownBy
from app.kit.ids import AccountId, AlertId, CityId, FactId, SearchId, WearerId


class Point(Struct, frozen=True, kw_only=True, gc=False):
    """A point last known: when, where, how it is known, and the radius in metres that holds it with 68 %
    probability.
    """

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    known_by: KnownBy


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """A place of her own that she may be going to. `weight` says how much more than another it draws her."""

    lat_deg: float
    lon_deg: float
    weight: float = 1.0
    name: str = ""


class Listener(Struct, frozen=True, kw_only=True, gc=False):
    """A detector that did not hear her tag: where it stands, how far it hears (m), and when it did not listen, in spans
    that may overlap; None as an end is until now.
    """

    lat_deg: float
    lon_deg: float
    range_m: float
    away: tuple[tuple[datetime, datetime | None], ...] = ()
    name: str = ""


class TrackPoint(Struct, frozen=True, kw_only=True, gc=False):
    """Where a searcher was."""

    at: datetime
    lat_deg: float
    lon_deg: float


class Sweep(Struct, frozen=True, kw_only=True):
    """A way that searchers went without finding her: its points, how wide a strip they looked at (m), and how probable
    it is that they see her who look where she is.
    """

    points: tuple[TrackPoint, ...]
    width_m: float
    pod: float


class Ground(StrEnum):
    """What lies on the ground and draws or keeps off somebody who walks."""

    ROAD = "road"
    """A road or path."""
    EDGE = "edge"
    """A canal, a ditch, the edge of brush: where people get stuck."""
    WATER = "water"
    """Open water: nobody walks in its middle. Its bank is an edge."""


class Terrain(Struct, frozen=True, kw_only=True):
    """Lines (a road, a ditch) or the outline of an area (water), as corners of (latitude, longitude), degrees."""

    ground: Ground
    corners: tuple[tuple[float, float], ...]


class Known(Struct, frozen=True, kw_only=True):
    """All that a map is made of.

    `heading_deg` is the way she went when last seen, degrees clockwise from north. `rides`: she may have taken a bus or
    been given a lift. `tag_lost` is how probable it is that no detector could hear her tag wherever she is: empty, or
    left at home; 1 where she wears none.
    """

    last: Point
    places: tuple[Place, ...] = ()
    heading_deg: float | None = None
    rides: bool = False
    terrain: tuple[Terrain, ...] = ()
    listeners: tuple[Listener, ...] = ()
    tag_lost: float = 1.0
    sweeps: tuple[Sweep, ...] = ()


class FactKind(StrEnum):
    """What a fact is about."""

    SIGHTING = "sighting"
    SWEEP = "sweep"
    PLACE = "place"
    HEADING = "heading"
    TRANSPORT = "transport"
    TERRAIN = "terrain"
    NOTE = "note"


class Fact(Struct, frozen=True, kw_only=True):
    """Something that somebody told a search. `data` is one of `facts.Told`, as it is stored."""

    id: FactId
    search_id: SearchId
    kind: FactKind
    at: datetime
    data: dict[str, object]
    by: AccountId
    received_at: datetime


class Ended(StrEnum):
    """How a search ended."""

    FOUND_WELL = "found_well"
    FOUND_HURT = "found_hurt"
    FOUND_DEAD = "found_dead"
    CAME_BACK = "came_back"
    """She came back, or was not missing."""
    CALLED_OFF = "called_off"


FOUND = frozenset({Ended.FOUND_WELL, Ended.FOUND_HURT, Ended.FOUND_DEAD})


class Find(Struct, frozen=True, kw_only=True):
    """Where and when she was found, and how the map had rated that place just before, from -1 to 1 (`mapscore`); beside
    it what plain rings round the first and round the newest known place would have had.

    Scores are None where there was nothing to make a map of.
    """

    at: datetime
    lat_deg: float
    lon_deg: float
    score: float | None
    score_first_rings: float | None
    score_newest_rings: float | None


class Search(Struct, frozen=True, kw_only=True):
    """A search for a wearer. `last` is where she was last seen when it was opened, None where nobody could say."""

    id: SearchId
    city_id: CityId
    wearer_id: WearerId
    alert_id: AlertId | None
    reason: str
    last: Point | None
    opened_by: AccountId
    opened_at: datetime
    closed_by: AccountId | None = None
    closed_at: datetime | None = None
    ended: Ended | None = None
    find: Find | None = None


State = Literal["open", "closed"]
