"""One turn-out: who goes, its timeline, and where she is."""

from datetime import datetime
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from msgspec.structs import asdict

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.dispatch.routes.bodies import (
    DispatchDetail,
    HerPlaceOut,
    TimelineOut,
    ToCallOut,
    WhereOut,
    dispatch_out,
    going_out,
    line_out,
    unit_out,
)
from app.dispatch.routes.companies import JPEG, jpeg
from app.dispatch.service import looking
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from app.kit.ids import AccountId, IncidentId


async def detail_of(
    database: Database, viewer: Viewer, incident_id: IncidentId, secret: bytes, now: datetime
) -> DispatchDetail:
    """The turn-out with who goes; where the unit is, is a look at it, which is noted."""
    shown = await database.write(lambda c: looking.shown(c, viewer, incident_id, secret, now))
    return DispatchDetail(
        **asdict(dispatch_out(shown)),
        unit=None if shown.out is None else unit_out(shown.out),
        going=[going_out(one) for one in shown.going],
        contacts=[ToCallOut(name=one.name, relation=one.relation, phone=one.phone) for one in shown.contacts],
        note=shown.note,
    )


@get(
    "/v1/dispatches/{dispatch_id:uuid}",
    guards=[May(Action.DISPATCH_READ)],
    operation_id="read_dispatch",
    summary="Who goes, and how far it has come",
    tags=["dispatches"],
    raises_problems=[Overloaded],  # The look is a write.
)
async def read_dispatch(
    dispatch_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DispatchDetail:
    """The turn-out: its state, the unit with its people and where it is while it is out, which contacts go themselves,
    until when it goes on. Guards see whom they can call.
    """
    return await detail_of(database, viewer, IncidentId(dispatch_id), detector_secret, clock())


@get(
    "/v1/dispatches/{dispatch_id:uuid}/timeline",
    guards=[May(Action.DISPATCH_READ)],
    operation_id="read_dispatch_timeline",
    summary="Everything that happened, in order of time",
    tags=["dispatches"],
)
async def read_dispatch_timeline(
    dispatch_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> TimelineOut:
    """The timeline: lines are added and never changed; a correction is a line that names the one it sets right."""
    now, key = clock(), IncidentId(dispatch_id)
    found = await database.read(lambda c: looking.lines(c, viewer, key, now))
    return TimelineOut(items=[line_out(one) for one in found])


@get(
    "/v1/dispatches/{dispatch_id:uuid}/place",
    guards=[May(Action.DISPATCH_READ)],
    operation_id="read_dispatch_place",
    summary="Where she is",
    tags=["dispatches"],
    raises_problems=[Overloaded],  # The look is a write.
)
async def read_dispatch_place(
    dispatch_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WhereOut:
    """Her newest place and her way since shortly before the request. For guards only while their unit has it. The look
    is noted with the purpose `dispatch`, and the family can read it.
    """
    now, key = clock(), IncidentId(dispatch_id)
    found = await database.write(lambda c: looking.where(c, viewer, key, now))
    one = found.position
    place = None
    if one is not None:
        place = HerPlaceOut(
            at=one.fix_at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m, known_by=one.known_by
        )
    track = [
        HerPlaceOut(at=at.at, lat_deg=at.lat_deg, lon_deg=at.lon_deg, accuracy_m=at.accuracy_m, known_by=at.known_by)
        for at in found.track
    ]
    return WhereOut(place=place, track=track)


@get(
    "/v1/dispatches/{dispatch_id:uuid}/people/{guard_id:uuid}/photo",
    guards=[May(Action.DISPATCH_READ)],
    operation_id="read_guards_photo",
    summary="The photo of somebody who goes",
    tags=["dispatches"],
    media_type=JPEG,
    responses={200: ResponseSpec(bytes, generate_examples=False, media_type=JPEG, description="a JPEG file")},
)
async def read_guards_photo(
    dispatch_id: FromPath[UUID],
    guard_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """By which the family knows the guard at the door, while he is out for them. 404 where there is none."""
    now, key, guard = clock(), IncidentId(dispatch_id), AccountId(guard_id)
    return jpeg(await database.read(lambda c: looking.photo(c, viewer, key, guard, now)))


ROUTES: list[HTTPRouteHandler] = [read_dispatch, read_dispatch_timeline, read_dispatch_place, read_guards_photo]
