"""What was used: places that were told, things that were bought, and, as `turning` records them, turn-outs. Rows are
added; what was wrong is corrected by a row with a reason.
"""

from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection

from app.kit.calendar import JST, local_date
from app.kit.errors import Conflict, InvalidInput
from app.kit.ids import AccountId, UsageId, new_id
from app.programmes.contracts import Contract, Facts, Kind, Used
from app.programmes.model import Item, PlaceTold, TurnOut
from app.programmes.service import schemes
from app.programmes.store import usage

NotedFacts = TypeVar("NotedFacts", bound=PlaceTold | Item)


def source_of(dispatch_id: UUID) -> str:
    """What the row of a turn-out names as its source."""
    return f"dispatch:{dispatch_id}"


def correct(
    connection: Connection, known: Used, facts: Facts | None, reason: str, by: AccountId | None, now: datetime
) -> Used:
    """The row that counts in place of another from now on, with these facts, or with None: it never happened. Raises
    `Conflict` when it has been corrected.
    """
    at = known.at if facts is None else _moment(facts, known.at)
    usage_id = UsageId(new_id())
    one = msgspec.structs.replace(
        known, id=usage_id, on=local_date(at), at=at, facts=facts, source=f"{known.id}:corrected", corrects=known.id,
        reason=reason, by=by, recorded_at=now,
    )  # fmt: skip
    if not usage.add(connection, one):
        raise Conflict("This has been corrected meanwhile; look at it again.")
    return one


def record(
    connection: Connection, contract: Contract, facts: PlaceTold | Item, key: str, by: AccountId, now: datetime
) -> Used:
    """What was used besides turn-outs. The same `key` of a contract is the same row. Raises `InvalidInput` for a day to
    come, and `Conflict` for a key under which something else was recorded.
    """
    must_be_past(facts, now)
    usage_id = UsageId(new_id())
    one = Used(
        id=usage_id, city_id=contract.city_id, wearer_id=contract.wearer_id, contract_id=contract.id,
        kind=kind_of(facts), on=facts.on, at=_noon(facts.on), facts=named(facts, str(usage_id)),
        tariff=schemes.digests_for(connection, [contract])[contract.id], source=f"{contract.id}:{key}", by=by,
        recorded_at=now,
    )  # fmt: skip
    if usage.add(connection, one):
        return one
    known = usage.standing(connection, one.source)
    assert known is not None
    if known.facts is None or named(facts, known.facts.id) != known.facts:
        raise Conflict("Something else was recorded under this key.")
    return known


def kind_of(facts: PlaceTold | Item) -> Kind:
    """What kind of usage this is."""
    return Kind.PLACE_TOLD if isinstance(facts, PlaceTold) else Kind.ITEM


def named(facts: NotedFacts, root: str) -> NotedFacts:
    """The facts under the id of their first row, which lines name as their source."""
    return msgspec.structs.replace(facts, id=root)


def must_be_past(facts: PlaceTold | Item, now: datetime) -> None:
    """Raises `InvalidInput` for a day to come."""
    if facts.on > local_date(now):
        raise InvalidInput("This day is still to come.", "on")


def root_of(connection: Connection, known: Used) -> str:
    """The id of the first row about the same thing, which lines name as their source."""
    while known.corrects is not None:
        before = usage.one(connection, known.corrects)
        assert before is not None
        known = before
    return str(known.id)


def _moment(facts: Facts, before: datetime) -> datetime:
    if isinstance(facts, TurnOut):
        return facts.departed_at or facts.ended_at or before
    return _noon(facts.on)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=JST)
