"""A guard's own: on duty and off, where he is, that all is well, how he proves who he is, who looked where he was."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, Struct
from sqlalchemy.engine import Connection

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.dispatch.places import POINTS_MAX, Refusal, Told
from app.dispatch.routes.companies import MemberOut, member_out
from app.dispatch.service import serving
from app.dispatch.service.proving import Proof, proof
from app.dispatch.service.serving import Served
from app.dispatch.units import UnitKind
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import UnitId
from beacon_ingest.messages import Utc


class BeginDuty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which unit."""

    unit: UUID


class ProofOut(Struct, frozen=True, kw_only=True):
    """By what a family knows who stands at its door: it sees the same word on its own phone."""

    unit: UUID
    unit_name: str
    kind: UnitKind
    vehicle: str | None
    company_name: str
    company_phone: str
    word: Annotated[str, Meta(description="the word of the day, to be said at the door: さくら・とけい")]
    people: list[MemberOut]


class DutyOut(Struct, frozen=True, kw_only=True):
    """One's own duty. `out_since`: the unit is out for an incident; `check_due_at`: until when somebody of it must say
    that all is well, null where nobody asks; `planned`: the units in which the rota has him now.
    """

    unit: UUID | None
    since: datetime | None
    out_since: datetime | None
    check_due_at: datetime | None
    planned: list[UUID]
    proof: ProofOut | None


class PlaceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place as the phone measured it, and when by its own clock."""

    at: Utc
    lat_deg: Annotated[float, Meta(ge=-90, le=90)]
    lon_deg: Annotated[float, Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None


class Places(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A small batch of places, in any order."""

    places: Annotated[list[PlaceIn], Meta(min_length=1, max_length=POINTS_MAX)]


class Refused(Struct, frozen=True, kw_only=True):
    """A place that is not kept: its number in the batch, from 0, and why."""

    number: int
    why: Refusal


class PlacesOut(Struct, frozen=True, kw_only=True):
    """How many places were kept, and which were not."""

    kept: int
    refused: list[Refused]


class LookOut(Struct, frozen=True, kw_only=True):
    """Who looked where one's unit was, and when."""

    unit: UUID
    account: UUID
    name: str
    at: datetime


@get(
    "/v1/me/duty",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="get_own_duty",
    summary="Am I on duty, and how do I prove who I am",
)
async def get_own_duty(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DutyOut:
    """In which unit one is on duty, and the word of the day of that unit. For guards."""
    now = clock()
    return await database.read(lambda c: _out(c, serving.own_duty(c, viewer, now), detector_secret, now))


@put(
    "/v1/me/duty",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="begin_own_duty",
    summary="I am on duty",
    raises_problems=[NotFound],
)
async def begin_own_duty(
    data: JSONBody[BeginDuty],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DutyOut:
    """One is on duty in a unit of one's own company from now on, and can be sent; again changes nothing. 409 while one
    is on duty in another unit.
    """
    now, unit_id = clock(), UnitId(data.unit)

    def work(connection: Connection) -> DutyOut:
        serving.begin(connection, viewer, unit_id, viewer.account_id, now)
        return _out(connection, serving.own_duty(connection, viewer, now), detector_secret, now)

    return await database.write(work)


@delete(
    "/v1/me/duty",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="end_own_duty",
    summary="I am off duty",
)
async def end_own_duty(
    viewer: NamedDependency[Viewer], database: NamedDependency[Database], clock: NamedDependency[Clock]
) -> None:
    """One is off duty from now on, and one's place is not kept any more; again changes nothing. 409 while the unit is
    out for an incident.
    """
    now = clock()
    await database.write(lambda c: serving.end_own(c, viewer, now))


@post(
    "/v1/me/places",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="tell_places",
    summary="Where I am, on duty",
    status_code=200,
)
async def tell_places(
    data: JSONBody[Places],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PlacesOut:
    """Places that a guard's phone measured, with its own times, in small batches; what it could not send at once it may
    send for a day. Kept is only what was measured while he was on duty: the newest one, and those while the unit was
    out for an incident. Each place that is not kept is named with the reason; the same ones again change nothing. 409
    off duty.
    """
    now = clock()
    batch = [
        Told(at=one.at, lat_deg=one.lat_deg, lon_deg=one.lon_deg, accuracy_m=one.accuracy_m) for one in data.places
    ]
    kept, refused = await database.write(lambda c: serving.tell_places(c, viewer, batch, now))
    return PlacesOut(kept=kept, refused=[Refused(number=number, why=why) for number, why in refused.items()])


@post(
    "/v1/me/check-in",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="check_in",
    summary="All is well with me",
    status_code=200,
)
async def check_in(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> DutyOut:
    """Says that all is well with the unit that is out: it is asked again after its time. Who does not say so is asked,
    and then the control room is told. Where nobody asks it changes nothing; 409 off duty.
    """
    now = clock()
    return await database.write(lambda c: _out(c, serving.check_in(c, viewer, now), detector_secret, now))


@get(
    "/v1/me/unit-looks",
    guards=[May(Action.OWN_DUTY)],
    tags=["units"],
    operation_id="list_unit_looks",
    summary="Who looked where I was",
)
async def list_unit_looks(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[LookOut]:
    """Who looked where one's unit was while one was on duty in it, newest first; one row in ten minutes."""
    before = decode_cursor(cursor, tuple[datetime, UUID])
    found = await database.read(lambda c: serving.looks(c, viewer, before, limit + 1))
    items = [LookOut(unit=one.unit_id, account=one.account_id, name=one.viewer_name, at=one.at) for one in found]
    return page(items, limit, lambda one: (one.at, one.account))


def proof_out(one: Proof) -> ProofOut:
    """A proof as it is shown, to the guard and to whom he goes to."""
    return ProofOut(
        unit=one.unit_id,
        unit_name=one.unit_name,
        kind=one.kind,
        vehicle=one.vehicle,
        company_name=one.company_name,
        company_phone=one.company_phone,
        word=one.word,
        people=[member_out(member) for member in one.people],
    )


def _out(connection: Connection, served: Served, secret: bytes, now: datetime) -> DutyOut:
    spell, unit = served.spell, served.unit
    return DutyOut(
        unit=None if spell is None else spell.unit_id,
        since=None if spell is None else spell.from_at,
        out_since=None if served.task is None else served.task.taken_at,
        check_due_at=served.check_due_at,
        planned=list(served.planned),
        proof=None if unit is None else proof_out(proof(connection, secret, unit.id, now)),
    )


ROUTES: list[HTTPRouteHandler] = [
    get_own_duty, begin_own_duty, end_own_duty, tell_places, check_in, list_unit_looks
]  # fmt: skip
