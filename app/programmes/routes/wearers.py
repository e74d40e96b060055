"""What is known of a wearer for all her contracts. It hangs on one of them: what is owed outlives the watching."""

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, field

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import Page
from app.kit.clock import Clock
from app.kit.errors import Conflict
from app.kit.ids import AbsenceId, ContractId
from app.programmes import service
from app.programmes.contracts import KnownAbsence
from app.programmes.model import Absence, Residence
from app.programmes.routes.contracts import Reason, Withdrawal

Ward = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+(?!\n)$", description="one line")]


class ResidenceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which ward she lives since a day; null takes back what was said of that day."""

    since: date = field(name="from")
    ward: Ward | None
    reason: Reason


class AbsenceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days in which she did not use the service; without `until` it goes on, without `known_on` it is known today."""

    absence: Absence
    reason: Reason


class AbsenceOut(Struct, frozen=True, kw_only=True):
    """Days in which she did not use the service."""

    id: UUID
    absence: Absence


@post(
    "/v1/contracts/{contract_id:uuid}/residences",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="tell_residence",
    summary="Where she lives since a day",
    tags=["programmes"],
    status_code=200,
    raises_problems=[Conflict],
)
async def tell_residence(
    contract_id: FromPath[UUID],
    data: JSONBody[ResidenceBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[Residence]:
    """Where she has lived, oldest first, after the change; what was said of the same day is replaced. It counts for all
    her contracts. For clerks of her city and administrators.
    """
    now, key = clock(), ContractId(contract_id)
    found = await database.write(lambda c: service.live(c, viewer, key, data.since, data.ward, data.reason, now))
    return Page(items=found)


@get(
    "/v1/contracts/{contract_id:uuid}/absences",
    guards=[May(Action.PROGRAMME_READ)],
    operation_id="list_absences",
    summary="When she did not use the service",
    tags=["programmes"],
)
async def list_absences(
    contract_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> Page[AbsenceOut]:
    """Days in hospital, in a home, or after her death, oldest first. For her household and the clerks of her city."""
    key = ContractId(contract_id)
    found = await database.read(lambda c: service.absences(c, service.contract(c, viewer, key)))
    return Page(items=[_out(one) for one in found])


@post(
    "/v1/contracts/{contract_id:uuid}/absences",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="add_absence",
    summary="She does not use the service",
    tags=["programmes"],
    raises_problems=[Conflict],
)
async def add_absence(
    contract_id: FromPath[UUID],
    data: JSONBody[AbsenceBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AbsenceOut:
    """Days in which she was in hospital, in a home, or had died, also when it is found out later. It counts for all her
    contracts. For clerks of her city and administrators.
    """
    now, key = clock(), ContractId(contract_id)
    return _out(await database.write(lambda c: service.be_away(c, viewer, key, data.absence, data.reason, now)))


@put(
    "/v1/contracts/{contract_id:uuid}/absences/{absence_id:uuid}",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="put_absence",
    summary="Change an absence",
    tags=["programmes"],
)
async def put_absence(
    contract_id: FromPath[UUID],
    absence_id: FromPath[UUID],
    data: JSONBody[AbsenceBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> AbsenceOut:
    """What is known of it now: she came home, say. For clerks of her city and administrators."""
    now, key, absence = clock(), ContractId(contract_id), AbsenceId(absence_id)
    found = await database.write(
        lambda c: service.change_absence(c, viewer, key, absence, data.absence, data.reason, now)
    )
    assert found is not None
    return _out(found)


@post(
    "/v1/contracts/{contract_id:uuid}/absences/{absence_id:uuid}/withdraw",
    guards=[May(Action.PROGRAMME_WRITE)],
    operation_id="withdraw_absence",
    summary="She was not away",
    tags=["programmes"],
    status_code=204,
)
async def withdraw_absence(
    contract_id: FromPath[UUID],
    absence_id: FromPath[UUID],
    data: JSONBody[Withdrawal],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Takes it back. 404 when it was taken back before. For clerks of her city and administrators."""
    now, key, absence = clock(), ContractId(contract_id), AbsenceId(absence_id)
    await database.write(lambda c: service.change_absence(c, viewer, key, absence, None, data.reason, now))


def _out(one: KnownAbsence) -> AbsenceOut:
    return AbsenceOut(id=one.id, absence=one.absence)


ROUTES: list[HTTPRouteHandler] = [tell_residence, list_absences, add_absence, put_absence, withdraw_absence]
