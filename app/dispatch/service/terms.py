"""The only place that asks programmes: may it begin, what was agreed to, what counts, what is to be paid."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.dispatch import hours
from app.dispatch.hours import Limit
from app.dispatch.incident import Actor, IncidentState
from app.dispatch.model import Incident
from app.dispatch.service.keeping import By
from app.dispatch.store import units
from app.kit.errors import Conflict, MimamoriError, NotAllowed, NotFound
from app.kit.ids import AccountId, CompanyId, ContactId, ContractId, WearerId
from app.programmes import service as programmes
from app.programmes.contracts import Contract
from app.programmes.model import Cancelled, Starter
from app.programmes.service import TurnOutFacts, schemes
from app.programmes.starts import Reason
from app.programmes.store import contracts

WHY_NOT: Mapping[Reason, tuple[type[MimamoriError], str]] = {
    Reason.NO_CONTRACT: (Conflict, "She has no contract by which a guard is sent."),
    Reason.NO_TURN_OUTS: (Conflict, "Her scheme sends no guards."),
    Reason.NOT_BY_SCHEME: (NotAllowed, "By her scheme others ask for a guard."),
    Reason.NOT_REGISTERED: (NotAllowed, "Only a registered contact may ask for a guard."),
}
"""Why nobody goes, in plain words."""


def must_start(
    connection: Connection, wearer_id: WearerId, starter: Starter, viewer: Viewer, contact_id: ContactId | None,
    now: datetime,
) -> Contract:  # fmt: skip
    """The contract by which a turn-out may begin on this word. Raises `NotAllowed` and `Conflict`, with the reason."""
    decision = programmes.may_start(connection, wearer_id, starter, viewer.account_id, now, contact_id=contact_id)
    if not decision.allowed:
        raise _why_not(decision.reason)
    assert decision.contract is not None
    return decision.contract


def may_start_by_itself(connection: Connection, wearer_id: WearerId, now: datetime) -> Contract | None:
    """The contract by which one may begin on a signal alone; None where the scheme wants somebody's word."""
    decision = programmes.may_start(connection, wearer_id, Starter.SIGNAL, None, now)
    return decision.contract if decision.allowed else None


def may_agree(connection: Connection, one: Incident, by: By, now: datetime) -> None:
    """Raises `NotAllowed` for who may not agree to what costs more: who could not have asked for it."""
    if one.is_drill or by.actor is not Actor.CONTACT:
        return
    decision = programmes.may_start(connection, one.wearer_id, Starter.CONTACT, by.account_id, now)
    if decision.reason is Reason.NOT_REGISTERED:
        raise _why_not(decision.reason)


def agree(connection: Connection, viewer: Viewer, one: Incident, quote: str, now: datetime) -> None:
    """Keeps that the price was shown and agreed to; on the control room's own word there need not be anybody who could.
    Raises `Conflict` when what was shown is not what holds now.
    """
    if not quote and one.starter is Starter.OPERATOR:
        return
    programmes.accept(connection, one.wearer_id, viewer.account_id, quote, f"dispatch:{one.id}", now)


def bound(connection: Connection, one: Incident, contract: Contract, now: datetime) -> Incident:
    """The incident with the contract by which it is paid, and what the scheme says of time."""
    said = programmes.dispatch_at(connection, contract, now)
    limit = Limit() if said is None else Limit(unit_minutes=said.unit_minutes, cap_minutes=said.cap_minutes)
    granted = hours.granted_at_first(limit)
    return replace(one, contract_id=contract.id, limit=limit, granted=granted, asked=granted)


def company_of(connection: Connection, one: Incident, now: datetime) -> CompanyId | None:
    """The company that serves by contract, where it has units in this city; None: any company."""
    contract = None if one.contract_id is None else contracts.one(connection, ContractId(one.contract_id))
    if contract is None:
        return None
    version = schemes.version_at(connection, contract, now)
    code = contract.terms.issuer or (None if version is None else version.issuer)
    found = None if code is None else units.company_by_code(connection, one.city_id, code)
    return None if found is None else found.id


def reserve(connection: Connection, one: Incident, now: datetime) -> int | None:
    """Its number among the turn-outs of the year, of which the first ones may be free; None for practice."""
    return None if _is_free(one) else programmes.reserve(connection, _id(one), one.id, now)


def release(connection: Connection, one: Incident, now: datetime) -> None:
    """Gives back what it has of the free ones: nobody went."""
    if not _is_free(one):
        programmes.release(connection, one.id, now)


def settle(connection: Connection, one: Incident, departed_at: datetime, now: datetime) -> None:
    """It counts for the year in which the unit departed."""
    if not _is_free(one):
        programmes.settle(connection, one.id, departed_at, now)


def record(connection: Connection, one: Incident, now: datetime) -> None:
    """Writes down what is to be paid for, once a unit had accepted."""
    facts = _facts(one)
    if facts is not None:
        programmes.record_turn_out(connection, facts, now)


def correct(connection: Connection, one: Incident, reason: str, by: AccountId | None, now: datetime) -> None:
    """Has what is to be paid for say what the timeline says now, also where there was nothing to be paid for until
    then.
    """
    facts = _facts(one)
    if facts is None:
        return
    try:
        programmes.correct_turn_out(connection, facts, reason, by, now)
    except NotFound:
        programmes.record_turn_out(connection, facts, now)


def _why_not(reason: Reason) -> MimamoriError:
    kind, words = WHY_NOT[reason]
    return kind(words)


def _is_free(one: Incident) -> bool:
    """Whether nothing is paid or counted."""
    return one.is_drill or one.contract_id is None


def _id(one: Incident) -> ContractId:
    assert one.contract_id is not None
    return ContractId(one.contract_id)


def _facts(one: Incident) -> TurnOutFacts | None:
    if _is_free(one) or (one.unit_id is None and one.departed_at is None):
        return None
    cancelled = {
        IncidentState.CANCELLED_BEFORE: Cancelled.BEFORE, IncidentState.CANCELLED_AFTER: Cancelled.AFTER
    }.get(one.state)  # fmt: skip
    assert one.served_until is not None
    return TurnOutFacts(
        dispatch_id=one.id, contract_id=_id(one), departed_at=one.departed_at, arrived_at=one.arrived_at,
        ended_at=one.served_until, cancelled=cancelled, drill=one.is_drill,
    )  # fmt: skip
