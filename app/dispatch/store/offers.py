"""The queries of offers. A state is changed by compare-and-set: of fifty who accept at once, one does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.engine import Connection

from app.dispatch.offers import TRANSITIONS, Offer, OfferAction, OfferState
from app.dispatch.tables import incident_offer
from app.kit.ids import AccountId, IncidentId, OfferId, UnitId

_OF = {action: [before.value for (before, one) in TRANSITIONS if one is action] for action in OfferAction}
_TO = {action: after.value for (_, action), after in TRANSITIONS.items()}


def add(connection: Connection, offers: Sequence[Offer]) -> None:
    """Asks units."""
    if offers:
        connection.execute(sa.insert(incident_offer), [asdict(one) | {"state": one.state.value} for one in offers])


def by_id(connection: Connection, offer_id: OfferId) -> Offer | None:
    """The offer."""
    row = connection.execute(sa.select(incident_offer).where(incident_offer.c.id == offer_id)).one_or_none()
    return None if row is None else _offer(row)


def of_round(connection: Connection, incident_id: IncidentId, number: int) -> list[Offer]:
    """Whom a round asked, those last who were asked last."""
    mine = (incident_offer.c.incident_id == incident_id) & (incident_offer.c.round == number)
    query = sa.select(incident_offer).where(mine, ~incident_offer.c.relieves).order_by(incident_offer.c.id)
    return [_offer(row) for row in connection.execute(query)]


def waiting_of(connection: Connection, incident_id: IncidentId) -> list[Offer]:
    """The offers that may still be accepted."""
    mine = (incident_offer.c.incident_id == incident_id) & incident_offer.c.state.in_(_OF[OfferAction.ACCEPT])
    query = sa.select(incident_offer).where(mine).order_by(incident_offer.c.id)
    return [_offer(row) for row in connection.execute(query)]


def waiting_for(connection: Connection, unit_ids: Collection[UnitId], after: UUID | None, count: int) -> list[Offer]:
    """Up to `count` offers that these units may still accept, oldest first."""
    waits = incident_offer.c.state.in_(
        sa.bindparam("waits", _OF[OfferAction.ACCEPT], expanding=True, literal_execute=True)
    )
    query = sa.select(incident_offer).where(incident_offer.c.unit_id.in_(list(unit_ids)), waits)
    if after is not None:
        query = query.where(incident_offer.c.id > after)
    return [_offer(row) for row in connection.execute(query.order_by(incident_offer.c.id).limit(count))]


def answer(
    connection: Connection,
    offer_id: OfferId,
    action: OfferAction,
    by: AccountId | None,
    now: datetime,
    reason: str = "",
) -> bool:
    """Whether the offer could be answered so."""
    mine = (incident_offer.c.id == offer_id) & incident_offer.c.state.in_(_OF[action])
    values = {"state": _TO[action], "answered_at": now, "answered_by": by, "reason": reason}
    return connection.execute(sa.update(incident_offer).where(mine).values(**values)).rowcount == 1


def lapse(connection: Connection, incident_id: IncidentId, now: datetime) -> None:
    """Lets the offers lapse whose time is over."""
    mine = (incident_offer.c.incident_id == incident_id) & (incident_offer.c.expires_at <= now)
    _change(connection, mine, OfferAction.LAPSE, None)


def supersede(connection: Connection, incident_id: IncidentId, now: datetime) -> None:
    """Takes back all offers that wait for an answer."""
    _change(connection, incident_offer.c.incident_id == incident_id, OfferAction.SUPERSEDE, now)


def give_back(connection: Connection, incident_id: IncidentId, reason: str) -> None:
    """The unit that had accepted does not have it any more."""
    mine = (incident_offer.c.incident_id == incident_id) & incident_offer.c.state.in_(_OF[OfferAction.RETURN])
    values = {"state": _TO[OfferAction.RETURN], "reason": reason}
    connection.execute(sa.update(incident_offer).where(mine).values(**values))


def _change(
    connection: Connection, which: sa.ColumnElement[bool], action: OfferAction, answered_at: datetime | None
) -> None:
    values: dict[str, Any] = {"state": _TO[action]}
    if answered_at is not None:
        values["answered_at"] = answered_at
    which = which & incident_offer.c.state.in_(_OF[action])
    connection.execute(sa.update(incident_offer).where(which).values(**values))


def _offer(row: Any) -> Offer:
    fields = {name: row._mapping[name] for name in Offer.__struct_fields__}
    return Offer(**fields | {"state": OfferState(row.state)})
