"""A wearer's watch settings, and where she is expected; what is fine is in `allowances.py`."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor
from app.kit.calendar import ClockTime, Weekdays, bits_of, clock_text, days_of
from app.kit.clock import Clock
from app.kit.ids import ExpectationId, WearerId
from app.watch import service
from app.watch.model import DETECTORS_MAX, Expectation, WatchSettings
from app.watch.routes import allowances

Name = Annotated[str, Meta(min_length=1, max_length=100, description="what people call the place")]
Detectors = Annotated[
    list[UUID],
    Meta(min_length=1, max_length=DETECTORS_MAX, description="any of these detectors will do: all gates of a school"),
]
TellArrival = Annotated[bool, Meta(description="whether an arrival in time is told")]


class WatchSettingsPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays."""

    geofence: bool | UnsetType = UNSET
    movement: Annotated[bool, Meta(description="whether unusual movement is told")] | UnsetType = UNSET
    battery: bool | UnsetType = UNSET
    battery_low_pct: (
        Annotated[int, Meta(ge=5, le=50, description="low at this charge or under, percent")] | UnsetType
    ) = UNSET
    removed: bool | UnsetType = UNSET
    silence: bool | UnsetType = UNSET
    silence_s_min: (
        Annotated[int, Meta(ge=300, le=86_400, description="silence is told after this many seconds at the earliest")]
        | UnsetType
    ) = UNSET
    passages: bool | UnsetType = UNSET
    tag_silence_h: (
        Annotated[int, Meta(ge=6, le=336, description="a tag that no detector heard for so many hours is told")]
        | UnsetType
    ) = UNSET


class AddExpectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a wearer is to be expected. `by_time` is later than `from_time`, on the same day."""

    name: Name
    detectors: Detectors
    weekdays: Weekdays
    from_time: ClockTime
    by_time: ClockTime
    tell_arrival: TellArrival = True


class ShownExpectation(Struct, frozen=True, kw_only=True):
    """Where a wearer is expected."""

    id: UUID
    wearer: UUID
    name: Name
    detectors: Detectors
    weekdays: Weekdays
    from_time: ClockTime
    by_time: ClockTime
    tell_arrival: TellArrival
    created_at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/watches",
    guards=[May(Action.WEARER_READ)],
    tags=["watches"],
    operation_id="get_watch_settings",
    summary="What is watched for a wearer",
)
async def get_watch_settings(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WatchSettings:
    """The settings in force, for those who may know of this wearer. SOS and fall cannot be switched off."""
    now = clock()
    return await database.read(lambda c: service.settings(c, viewer, WearerId(wearer_id), now))


@patch(
    "/v1/wearers/{wearer_id:uuid}/watches",
    guards=[May(Action.WATCH_WRITE)],
    tags=["watches"],
    operation_id="change_watch_settings",
    summary="Change what is watched for a wearer",
)
async def change_watch_settings(
    wearer_id: FromPath[UUID],
    data: JSONBody[WatchSettingsPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WatchSettings:
    """The settings as they are from now on. For members of the household and the clerk of the city."""
    now = clock()
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    return await database.write(
        lambda c: service.change_settings(
            c,
            viewer,
            WearerId(wearer_id),
            msgspec.structs.replace(service.settings(c, viewer, WearerId(wearer_id), now), **changes),
            now,
        )
    )


@get(
    "/v1/wearers/{wearer_id:uuid}/learning",
    guards=[May(Action.WEARER_READ)],
    tags=["watches"],
    operation_id="get_learning",
    summary="How far what is usual is learnt",
)
async def get_learning(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> service.Progress:
    """How many days of this wearer are known, of the 28 after which unusual movement is told; with words for a screen.
    Until then fences, hours of the night and SOS watch alone. Days of which nothing is known do not count.

    For those who may know of this wearer; for others it is a 404. It shows no place.
    """
    now = clock()
    return await database.read(lambda c: service.progress(c, viewer, WearerId(wearer_id), now))


@get(
    "/v1/wearers/{wearer_id:uuid}/expectations",
    guards=[May(Action.WEARER_READ)],
    tags=["watches"],
    operation_id="list_expectations",
    summary="Where a wearer is expected",
)
async def list_expectations(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[ShownExpectation]:
    """Where she is expected, oldest first, for those who may know of this wearer; for others it is a 404."""
    last = decode_cursor(cursor, UUID)
    before = None if last is None else ExpectationId(last)
    found = await database.read(lambda c: service.expectations(c, viewer, WearerId(wearer_id), before, limit, clock()))
    return Page(items=[_shown(one) for one in found.items], next=found.next)


@post(
    "/v1/wearers/{wearer_id:uuid}/expectations",
    guards=[May(Action.WATCH_WRITE)],
    tags=["watches"],
    operation_id="add_expectation",
    summary="Expect a wearer somewhere",
)
async def add_expectation(
    wearer_id: FromPath[UUID],
    data: JSONBody[AddExpectation],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> ShownExpectation:
    """Expects a wearer to pass one of some detectors on some days. That she did not by `by_time` is told, also when
    nobody can say because the detectors were down. It counts from the next time that begins after now.

    For members of the household and the clerk of the city; for others it is a 404. A detector that is not one of her
    city's is a 400 that names it; too many expectations are a 409.
    """
    draft = service.Draft(
        name=data.name,
        detector_ids=data.detectors,
        weekdays=bits_of(data.weekdays),
        from_time=time.fromisoformat(data.from_time),
        by_time=time.fromisoformat(data.by_time),
        tell_arrival=data.tell_arrival,
    )
    return _shown(await database.write(lambda c: service.expect(c, viewer, WearerId(wearer_id), draft, clock())))


@delete(
    "/v1/wearers/{wearer_id:uuid}/expectations/{expectation_id:uuid}",
    guards=[May(Action.WATCH_WRITE)],
    tags=["watches"],
    operation_id="end_expectation",
    summary="Expect a wearer no longer",
)
async def end_expectation(
    wearer_id: FromPath[UUID],
    expectation_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Ends an expectation: nothing is told of it any more, and what was told is called off. For holidays, end it and
    add it again.

    For members of the household and the clerk of the city; for others, and when it has ended, it is a 404.
    """
    ids = WearerId(wearer_id), ExpectationId(expectation_id)
    await database.write(lambda c: service.end_expectation(c, viewer, *ids, clock()))


def _shown(one: Expectation) -> ShownExpectation:
    return ShownExpectation(
        id=one.id,
        wearer=one.wearer_id,
        name=one.name,
        detectors=list(one.detector_ids),
        weekdays=days_of(one.weekdays),
        from_time=clock_text(one.from_time),
        by_time=clock_text(one.by_time),
        tell_arrival=one.tell_arrival,
        created_at=one.created_at,
    )


ROUTES = [
    get_watch_settings, change_watch_settings, get_learning, list_expectations, add_expectation, end_expectation,
    *allowances.ROUTES,
]  # fmt: skip
