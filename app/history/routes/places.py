"""Where a wearer is and was, over HTTP. Who may: those whom a consent shows it; every look is a row that the family can
list."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import Cursor, decode_cursor, encode_cursor
from app.history.model import Freshness, KnownBy, TrackPoint, Whereabouts
from app.history.service import positions as service
from app.kit.clock import Clock
from app.kit.errors import InvalidInput, Overloaded
from app.kit.ids import WearerId
from beacon_ingest.messages import Utc

Latitude = Annotated[float, Meta(description="WGS-84 latitude, degrees")]
Longitude = Annotated[float, Meta(description="WGS-84 longitude, degrees")]
Accuracy = Annotated[float, Meta(description="radius that holds the true place with 68 % probability, metres")]
At = Annotated[datetime, Meta(description="when the place was taken, by the device")]
ReceivedAt = Annotated[datetime, Meta(description="when we heard of it")]
Method = Annotated[KnownBy, Meta(description="how the place is known")]
Points = Annotated[
    int,
    Meta(
        ge=service.POINTS_MIN, le=service.POINTS_MAX, description="thin the track to so many points; its shape is kept"
    ),
]


class ShownPosition(Struct, frozen=True, kw_only=True):
    """The last known place of a wearer. All but `wearer` and `state` are null where nothing is known."""

    wearer: UUID
    state: Annotated[
        Freshness,
        Meta(description="fresh; stale: the device should have reported since, so this is only where she was; unknown"),
    ]
    lat_deg: Latitude | None = None
    lon_deg: Longitude | None = None
    accuracy_m: Accuracy | None = None
    known_by: Method | None = None
    at: At | None = None
    received_at: ReceivedAt | None = None
    age_s: Annotated[int, Meta(description="time since `at`, seconds")] | None = None


class ShownPoint(Struct, frozen=True, kw_only=True):
    """One place on a track."""

    at: At
    lat_deg: Latitude
    lon_deg: Longitude
    accuracy_m: Accuracy | None
    known_by: Method
    received_at: ReceivedAt
    until: Annotated[datetime | None, Meta(description="until when a detector heard the tag; null for a fix")] = None
    detector: Annotated[str | None, Meta(description="what the detector is called; null for a fix")] = None


class ShownTrack(Struct, frozen=True, kw_only=True):
    """Part of a track, in order of time. `next` is the cursor of the following part, null at the end."""

    items: list[ShownPoint]
    left_out: Annotated[int, Meta(description="stored places of this part that would hardly bend the line")]
    next: str | None


class _Beginning(Struct, frozen=True, array_like=True):
    """What a cursor of a track holds: where its part begins."""

    at: Utc


@get(
    "/v1/wearers/{wearer_id:uuid}/position",
    guards=[May(Action.POSITION_READ)],
    operation_id="read_position",
    summary="Last known place of a wearer",
    tags=["places"],
    raises_problems=[Overloaded],  # The look is a write, also where the rest is not.
)
async def read_position(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShownPosition:
    """Where she is, as far as is known: how it is known, how sure and how old stand beside it.

    For those whom a consent shows her place; for others it is a 404. The look is noted and the family can read it.
    """
    now = clock()
    return _shown(wearer_id, await database.write(lambda c: service.where_is(c, viewer, WearerId(wearer_id), now)))


@get(
    "/v1/wearers/{wearer_id:uuid}/track",
    guards=[May(Action.POSITION_READ)],
    operation_id="read_track",
    summary="Where a wearer was between two times",
    tags=["places"],
    raises_problems=[Overloaded],  # The look is a write, also where the rest is not.
)
async def read_track(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    from_at: Annotated[
        Utc | None, QueryParameter(name="from", description="first moment; 24 hours before `until`")
    ] = None,
    until_at: Annotated[Utc | None, QueryParameter(name="until", description="moment after the last; now")] = None,
    points: FromQuery[Points] = service.POINTS,
    cursor: FromQuery[Cursor | None] = None,
) -> ShownTrack:
    """Her places from `from` up to `until`, 31 days at most, thinned for a screen: what is left out would hardly bend
    the line.

    For those whom a consent shows her track; for others it is a 404. The look is noted and the family can read it.
    Times carry their offset, with `+` sent as `%2B`. A long track comes in parts of some 10,000 stored places; `points`
    counts for each part.
    """
    now, wearer = clock(), WearerId(wearer_id)
    begin, until = service.span(from_at, until_at, now)
    following = decode_cursor(cursor, _Beginning)
    if following is not None:
        if not begin <= following.at < until:
            raise InvalidInput("This cursor belongs to another span.", "cursor")
        begin = following.at
    await database.write(lambda c: service.look_at_track(c, viewer, wearer, now))
    track = await database.read(lambda c: service.track(c, viewer, wearer, begin, until, points, now))
    return ShownTrack(
        items=[_shown_point(point) for point in track.points],
        left_out=track.left_out,
        next=None if track.next_at is None else encode_cursor(_Beginning(track.next_at)),
    )


def _shown(wearer_id: UUID, found: Whereabouts) -> ShownPosition:
    position = found.position
    if position is None:
        return ShownPosition(wearer=wearer_id, state=found.freshness)
    return ShownPosition(
        wearer=wearer_id,
        state=found.freshness,
        lat_deg=position.lat_deg,
        lon_deg=position.lon_deg,
        accuracy_m=position.accuracy_m,
        known_by=position.known_by,
        at=position.fix_at,
        received_at=position.received_at,
        age_s=found.age_s,
    )


def _shown_point(point: TrackPoint) -> ShownPoint:
    return ShownPoint(
        at=point.at,
        lat_deg=point.lat_deg,
        lon_deg=point.lon_deg,
        accuracy_m=point.accuracy_m,
        known_by=point.known_by,
        received_at=point.received_at,
        until=point.until,
        detector=point.detector,
    )


ROUTES = [read_position, read_track]
