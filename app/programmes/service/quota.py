"""Free turn-outs: reserved when a unit accepts, given back when nobody goes, settled when it departs.

Who changes the ledger of a contract has its row locked, so that two who accept at once are one after the other; the
unique key (contract, period, number) stands behind that.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.kit.errors import Conflict, NotFound
from app.kit.ids import ContractId
from app.programmes import ledger
from app.programmes.contracts import Contract
from app.programmes.ledger import Entry, Period, Turn, TurnState
from app.programmes.model import Payer, QuotaYear, TurnOut
from app.programmes.scheme import Free
from app.programmes.service import schemes, usages
from app.programmes.store import contracts, quota, usage

ACCEPTED, GIVEN_BACK, DEPARTED = "accepted", "given_back", "departed"
MOVED, HANDED_ON = "departed_in_another_year", "another_was_given_back"


class Left(Struct, frozen=True, kw_only=True):
    """How many turn-outs are free in a period: `of` so many, `consumed` by units that departed and before the ledger
    was begun, `reserved` by units that accepted and have not departed, `left` of all.
    """

    period: Period
    of: int
    consumed: int
    reserved: int
    left: int
    payer: Payer | None


def reserve(connection: Connection, contract_id: ContractId, dispatch_id: UUID, now: datetime) -> int | None:
    """The number of this turn-out among the free ones of the year of `now`; None where none is left, or none is free.

    The same turn-out twice is one; after `release` it is reserved anew. Raises `NotFound` for a contract that is not
    there, `Conflict` for a turn-out of another one.
    """
    contract = _locked(connection, contract_id)
    held = quota.held(connection, dispatch_id)
    if held is not None and held.contract_id != contract_id:
        raise Conflict("This turn-out is under another contract.")
    if held is not None and held.turn.state is not TurnState.RELEASED:
        return _free_number(connection, contract, held.turn)
    turn = Turn(
        dispatch_id=dispatch_id, period=_period(connection, contract, now).key, state=TurnState.RESERVED,
        reserved_at=now,
    )  # fmt: skip
    return _place(connection, contract, turn, ACCEPTED, now)


def release(connection: Connection, dispatch_id: UUID, now: datetime, why: str = GIVEN_BACK) -> None:
    """Gives back the number of a turn-out: nobody goes, or what was done costs nothing. Whoever of the same year is to
    pay because none was left is given it. Nothing happens when it has none, or was never reserved.
    """
    contract, turn = _known(connection, dispatch_id)
    if contract is None or turn is None or turn.state is TurnState.RELEASED:
        return
    _write(connection, contract, replace(turn, n=None, state=TurnState.RELEASED), why, now, lost=turn.n)
    _hand_on(connection, contract, turn, now)


def settle(connection: Connection, dispatch_id: UUID, departed_at: datetime, now: datetime) -> int | None:
    """The number of a turn-out among the free ones now that its unit has departed, in the year of the departure by the
    calendar of Japan: it keeps the one that it has, or takes one of the other year where it departed in another one
    than it was accepted in; None where none is left. Told twice it is the same; told another moment, that one counts.
    """
    contract, turn = _known(connection, dispatch_id)
    if contract is None or turn is None:
        return None
    if turn.state is TurnState.CONSUMED and turn.departed_at == departed_at:
        return _free_number(connection, contract, turn)
    period = _period(connection, contract, departed_at).key
    settled = replace(turn, state=TurnState.CONSUMED, departed_at=departed_at, period=period)
    if period == turn.period:
        return _place(connection, contract, settled, DEPARTED, now)
    n = _place(connection, contract, replace(settled, n=None), MOVED, now)
    _hand_on(connection, contract, turn, now)
    return n


def left(connection: Connection, contract: Contract, now: datetime) -> Left | None:
    """How many turn-outs are free in the period of `now`; None where the scheme has none."""
    free = schemes.free_at(connection, contract, now)
    if free is None:
        return None
    period = _period(connection, contract, now)
    turns = quota.turns(connection, contract.id, period.key)
    before = contract.terms.free_used.get(period.key, 0)
    holding = [turn for turn in turns if ledger.free_number(turn, free.turn_outs) is not None]
    reserved = sum(1 for turn in holding if turn.state is TurnState.RESERVED)
    return Left(
        period=period, of=free.turn_outs, consumed=min(free.turn_outs, before + len(holding) - reserved),
        reserved=reserved, left=ledger.left(turns, free.turn_outs, before), payer=free.payer,
    )  # fmt: skip


def number(connection: Connection, dispatch_id: UUID) -> int | None:
    """The number of a turn-out in its year, a free one or not; None for one that was released or never reserved."""
    held = quota.held(connection, dispatch_id)
    return None if held is None else held.turn.n


def _locked(connection: Connection, contract_id: ContractId) -> Contract:
    contract = contracts.locked(connection, contract_id)
    if contract is None:
        raise NotFound
    return contract


def _known(connection: Connection, dispatch_id: UUID) -> tuple[Contract | None, Turn | None]:
    """The contract, locked, and then the turn-out as it stands."""
    held = quota.held(connection, dispatch_id)
    if held is None:
        return None, None
    contract = _locked(connection, held.contract_id)
    held = quota.held(connection, dispatch_id)  # Somebody may have changed it while we waited.
    return contract, None if held is None else held.turn


def _period(connection: Connection, contract: Contract, moment: datetime) -> Period:
    """The span in which a turn-out counts. Where none is free it is the fiscal year: one wants to know how many."""
    free = schemes.free_at(connection, contract, moment)
    per = QuotaYear.FISCAL if free is None else free.per
    return ledger.period_at(per, moment, contract.terms.contracted_on or contract.began_on)


def _free_of(connection: Connection, contract: Contract, turn: Turn) -> int:
    """How many are free in the period of a turn-out."""
    free: Free | None = schemes.free_at(connection, contract, turn.departed_at or turn.reserved_at)
    return 0 if free is None else free.turn_outs


def _free_number(connection: Connection, contract: Contract, turn: Turn) -> int | None:
    return ledger.free_number(turn, _free_of(connection, contract, turn))


def _place(connection: Connection, contract: Contract, turn: Turn, why: str, now: datetime) -> int | None:
    """Writes a turn-out with the number that it keeps or is given; which free one that is."""
    free = _free_of(connection, contract, turn)
    others = [one for one in quota.turns(connection, contract.id, turn.period) if one.dispatch_id != turn.dispatch_id]
    for one in ledger.placed([*others, turn], free, contract.terms.free_used.get(turn.period, 0)):
        if one.dispatch_id == turn.dispatch_id:
            turn = one
    _write(connection, contract, turn, why, now)
    return ledger.free_number(turn, free)


def _hand_on(connection: Connection, contract: Contract, gone: Turn, now: datetime) -> None:
    """Gives the numbers of a period that nobody has any more to those who are to pay; what they used is corrected."""
    free, before = _free_of(connection, contract, gone), contract.terms.free_used.get(gone.period, 0)
    for turn in ledger.placed(quota.turns(connection, contract.id, gone.period), free, before):
        _write(connection, contract, turn, HANDED_ON, now)
        told = usage.standing(connection, usages.source_of(turn.dispatch_id))
        if told is not None and isinstance(told.facts, TurnOut):
            usages.correct(connection, told, replace(told.facts, quota_number=turn.n), HANDED_ON, None, now)


def _write(
    connection: Connection, contract: Contract, turn: Turn, why: str, now: datetime, lost: int | None = None
) -> None:
    """Writes where a turn-out stands, and the step; `lost` is the number that it had."""
    quota.put(connection, contract.id, turn)
    entry = Entry(
        dispatch_id=turn.dispatch_id, what=turn.state, period=turn.period, n=turn.n or lost, why=why, at=now
    )  # fmt: skip
    quota.add_entries(connection, contract.id, [entry])
