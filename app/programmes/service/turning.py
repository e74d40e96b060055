"""A turn-out has ended: what it used, and what it counts for among the free ones of its year."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.kit.calendar import local_date
from app.kit.errors import NotFound
from app.kit.ids import AccountId, ContractId, UsageId, new_id
from app.programmes import ledger
from app.programmes.contracts import Contract, Kind, Used
from app.programmes.model import Cancelled, TurnOut
from app.programmes.service import quota, schemes, usages
from app.programmes.store import contracts, usage

AT_NO_CHARGE = "called_off_at_no_charge"


class TurnOutFacts(Struct, frozen=True, kw_only=True):
    """How a turn-out went, when it has ended. A drill is none."""

    dispatch_id: UUID
    contract_id: ContractId
    departed_at: datetime | None
    arrived_at: datetime | None = None
    ended_at: datetime
    cancelled: Cancelled | None = None
    drill: bool = False


def record_turn_out(connection: Connection, told: TurnOutFacts, now: datetime) -> UsageId | None:
    """The row of a turn-out that has ended; None for a drill. Its number in the ledger is settled with it: given back
    where it was called off at no charge. It is written in the transaction that ends the turn-out; told again it is the
    same row. Raises `NotFound` for an unknown contract.
    """
    if told.drill:
        return None
    contract = _contract(connection, told)
    known = usage.standing(connection, usages.source_of(told.dispatch_id))
    if known is not None:
        return known.id
    _count(connection, contract, told, now)
    usage_id, at = UsageId(new_id()), _moment(told)
    one = Used(
        id=usage_id, city_id=contract.city_id, wearer_id=contract.wearer_id, contract_id=contract.id,
        kind=Kind.TURN_OUT, on=local_date(at), at=at, facts=_facts(connection, contract, told, str(usage_id)),
        tariff=schemes.digests_for(connection, [contract])[contract.id], source=usages.source_of(told.dispatch_id),
        recorded_at=now,
    )  # fmt: skip
    usage.add(connection, one)
    return usage_id


def correct_turn_out(
    connection: Connection, told: TurnOutFacts, reason: str, by: AccountId | None, now: datetime
) -> UsageId:
    """The row that counts for a turn-out from now on, where it was recorded otherwise: a phone told late, or somebody
    mended the timeline. The same facts change nothing. Raises `NotFound` where it was not recorded.
    """
    contract = _contract(connection, told)
    known = usage.standing(connection, usages.source_of(told.dispatch_id))
    if known is None or known.contract_id != contract.id:
        raise NotFound
    _count(connection, contract, told, now)
    facts = _facts(connection, contract, told, usages.root_of(connection, known))
    if facts == known.facts:
        return known.id
    return usages.correct(connection, known, facts, reason, by, now).id


def _contract(connection: Connection, told: TurnOutFacts) -> Contract:
    """The contract, locked: what is settled and what is written belong together."""
    contract = contracts.locked(connection, told.contract_id)
    if contract is None:
        raise NotFound
    return contract


def _count(connection: Connection, contract: Contract, told: TurnOutFacts, now: datetime) -> None:
    """Makes the ledger say what the scheme says of a turn-out that went so. Where nobody said what is to be if one is
    called off, it counts once somebody had set out.
    """
    at = _moment(told)
    dispatch = schemes.dispatch_at(connection, contract, at)
    counting = None if dispatch is None else ledger.counts(dispatch, contract.terms, told.cancelled)
    if counting is None:
        counting = told.cancelled is not Cancelled.BEFORE
    if counting:
        quota.reserve(connection, contract.id, told.dispatch_id, at)
        quota.settle(connection, told.dispatch_id, at, now)
    else:
        quota.release(connection, told.dispatch_id, now, AT_NO_CHARGE)


def _facts(connection: Connection, contract: Contract, told: TurnOutFacts, root: str) -> TurnOut:
    return TurnOut(
        id=root, departed_at=told.departed_at, arrived_at=told.arrived_at, ended_at=told.ended_at,
        cancelled=told.cancelled, quota_number=quota.number(connection, told.dispatch_id), insured=contract.insured,
    )  # fmt: skip


def _moment(told: TurnOutFacts) -> datetime:
    """When it departed; of one that was called off before, when that was."""
    return told.departed_at or told.ended_at
