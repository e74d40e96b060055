"""How detectors are and were, for the staff of their city."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import asdict

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import InvalidInput
from app.kit.ids import DetectorId
from app.tags.model import DetectorHealth, DetectorKind, DetectorTrouble, Spell
from app.tags.service import hearing, spells
from app.tags.service.spells import StateView
from app.tags.states import DetectorState
from beacon_ingest.messages import Utc

From = Annotated[Utc | None, QueryParameter(name="from", description="first moment; 7 days before `until`")]
Until = Annotated[Utc | None, QueryParameter(name="until", description="moment after the last; now")]
HeardAt = Annotated[datetime | None, Meta(description="when it last said anything; null before that")]
HearingAt = Annotated[datetime | None, Meta(description="when it last heard anybody, strangers too; null before that")]
Skew = Annotated[float | None, Meta(description="how far its clock is ahead of ours (negative: behind), seconds")]
Percent = Annotated[float | None, Meta(description="percent")]
Sightings = Annotated[int, Meta(description="advertisements of registered tags that it heard")]
Strangers = Annotated[int, Meta(description="advertisements of strangers, of whom nothing else is kept")]


class DetectorStateOut(Struct, kw_only=True):
    """How a detector is, or was at the moment that was asked for."""

    id: UUID
    name: str
    kind: DetectorKind
    state: Annotated[
        DetectorState,
        Meta(
            description="never_heard: it has not said a word since it was registered. silent: it says nothing. deaf: "
            "it says that it is there and hears nobody. clock_wrong: more than 120 s from ours. up: none of these"
        ),
    ]
    since: Annotated[datetime | None, Meta(description="when the state began; null while it is up")]
    heard_at: HeardAt = None
    hearing_at: HearingAt = None
    skew_s: Skew = None
    battery_pct: Percent = None
    sightings: Sightings | None = None
    strangers: Strangers | None = None


class DetectorHealthOut(Struct, kw_only=True):
    """What a detector last said of itself; null what it never did."""

    detector_id: UUID
    heard_at: HeardAt = None
    hearing_at: HearingAt = None
    skew_s: Skew = None
    uptime_s: Annotated[float | None, Meta(description="since it was started, seconds")] = None
    battery_pct: Percent = None
    signal_pct: Percent = None
    firmware: str | None = None
    free_pct: Annotated[float | None, Meta(description="how much of its memory is free, percent")] = None
    load: Annotated[float | None, Meta(description="load average")] = None
    sightings: Sightings = 0
    strangers: Strangers = 0


class SpellOut(Struct, kw_only=True):
    """A time in which something was wrong with a detector."""

    trouble: DetectorTrouble
    from_at: Annotated[datetime, Meta(description="when it began, not when it was noticed")]
    until_at: Annotated[datetime | None, Meta(description="null while it still is")]


class DetectorHourOut(Struct, kw_only=True):
    """What a detector heard in one hour."""

    at: Annotated[datetime, Meta(description="beginning of the hour, UTC")]
    sightings: Sightings
    strangers: Strangers


class DetectorHours(Struct, kw_only=True):
    """The hours in which it heard anybody, in order; in those that are left out it heard nobody."""

    items: list[DetectorHourOut]


class _After(Struct, frozen=True, array_like=True):
    """What a cursor of spells holds: the last that was shown."""

    from_at: Utc
    trouble: DetectorTrouble


@get(
    "/v1/detectors/states",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="list_detector_states",
    summary="How the detectors are, or were at any minute",
)
async def list_detector_states(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    only: Annotated[
        DetectorState | None, QueryParameter(name="state", description="only detectors in this state")
    ] = None,
    at: Annotated[Utc | None, QueryParameter(description="a moment that has been, with its offset; now")] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DetectorStateOut]:
    """The detectors of the city, of every city for an administrator, that were registered by then and have not ended.

    A trouble is noticed within 30 s of when it can be known, and then counts from when it began. What is known of a
    detector besides its state is of now, and is left out where another moment is asked for.
    """
    after, now = decode_cursor(cursor, UUID), clock()
    if at is not None and not spells.EARLIEST <= at <= now:
        raise InvalidInput("Ask for a moment that has been.", "at")
    views = await database.read(lambda c: spells.visible_states(c, viewer, at or now, only, after, limit + 1))
    return page([_state_out(view, with_health=at is None) for view in views], limit, lambda one: one.id)


@get(
    "/v1/detectors/{detector_id:uuid}/health",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="get_detector_health",
    summary="What a detector last said of itself",
)
async def get_detector_health(
    detector_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> DetectorHealthOut:
    """For the staff of its city; 404 for every other. Counts are since it was registered."""
    health = await database.read(lambda c: hearing.visible_health(c, viewer, DetectorId(detector_id)))
    return DetectorHealthOut(detector_id=detector_id) if health is None else DetectorHealthOut(**asdict(health))


@get(
    "/v1/detectors/{detector_id:uuid}/spells",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="list_detector_spells",
    summary="When something was wrong with a detector",
)
async def list_detector_spells(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    from_at: From = None,
    until_at: Until = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[SpellOut]:
    """Newest first, those that touch the span from `from` up to `until`, 92 days at most. Times carry their offset,
    with `+` sent as `%2B`.
    """
    after = decode_cursor(cursor, _After)
    begin, until = spells.span(from_at, until_at, clock())
    before = None if after is None else (after.from_at, after.trouble.value)
    found = await database.read(
        lambda c: spells.visible_spells(c, viewer, DetectorId(detector_id), begin, until, before, limit + 1)
    )
    shown = page(found, limit, lambda one: _After(one.from_at, one.trouble))
    return Page(items=[_spell_out(one) for one in shown.items], next=shown.next)


@get(
    "/v1/detectors/{detector_id:uuid}/hours",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="list_detector_hours",
    summary="How much a detector heard in each hour",
)
async def list_detector_hours(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    from_at: From = None,
    until_at: Until = None,
) -> DetectorHours:
    """To hold a Tuesday against another: whole hours, from the one that holds `from` to the last that begins before
    `until`, 92 days at most.
    """
    begin, until = spells.span(from_at, until_at, clock())
    found = await database.read(lambda c: hearing.visible_hours(c, viewer, DetectorId(detector_id), begin, until))
    return DetectorHours(items=[_hour_out(*one) for one in found])


def _state_out(view: StateView, *, with_health: bool) -> DetectorStateOut:
    shown, health = view.shown, view.health
    out = DetectorStateOut(id=shown.id, name=shown.name, kind=shown.kind, state=shown.state, since=shown.since)
    if health is not None and with_health:
        _tell(out, health)
    return out


def _tell(out: DetectorStateOut, health: DetectorHealth) -> None:
    out.heard_at, out.hearing_at = health.heard_at, health.hearing_at
    out.skew_s, out.battery_pct = health.skew_s, health.battery_pct
    out.sightings, out.strangers = health.sightings, health.strangers


def _spell_out(one: Spell) -> SpellOut:
    return SpellOut(trouble=one.trouble, from_at=one.from_at, until_at=one.until_at)


def _hour_out(hour: int, sightings: int, strangers: int) -> DetectorHourOut:
    at = datetime.fromtimestamp(0, UTC) + timedelta(hours=hour)
    return DetectorHourOut(at=at, sightings=sightings, strangers=strangers)


ROUTES: list[HTTPRouteHandler] = [
    list_detector_states,
    get_detector_health,
    list_detector_spells,
    list_detector_hours,
]
