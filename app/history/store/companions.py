"""Where the contacts of a wearer were who agreed that their own place is taken: by their phones, and for a short time
by their tags.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.types import Key, Moment
from app.devices.tables import device, device_carrier
from app.history.model import KnownBy
from app.history.tables import contact_heard, position
from app.households.tables import contact, protection
from app.kit.ids import ContactId, WearerId


class Heard(Struct, frozen=True, kw_only=True):
    """That a detector heard a tag while a contact carried it, and where that was."""

    tag_id: UUID
    detector_id: UUID
    contact_id: UUID
    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float


class Companion(Struct, frozen=True, kw_only=True):
    """Where a device or a tag (`device_id`) was that a contact carried."""

    contact_id: UUID
    device_id: UUID
    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy


def _whose(at: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Within a query of contacts: those of the wearer who are on her list and agree, from whom she is not hidden; and
    the moment is in the span.
    """
    wearer_id = sa.bindparam("wearer", type_=Key())
    from_at, until_at = (sa.bindparam(name, type_=Moment(timezone=True)) for name in ("from_at", "until_at"))
    hidden = sa.exists().where(
        protection.c.wearer_id == wearer_id,
        protection.c.account_id == contact.c.account_id,
        protection.c.ended_at.is_(None),
    )
    return sa.and_(
        contact.c.wearer_id == wearer_id,
        contact.c.ended_at.is_(None),
        contact.c.shares_place_since.is_not(None),
        at.between(from_at, until_at),
        ~hidden,
    )


def _of_phones() -> sa.Select[Any]:
    fixes = (position.c.city_id == device.c.city_id) & (position.c.device_id == device.c.id)
    return (
        sa.select(
            contact.c.id,
            position.c.device_id,
            position.c.fix_at.label("at"),
            position.c.lat_deg,
            position.c.lon_deg,
            position.c.accuracy_m,
            position.c.known_by,
            contact.c.shares_place_since,
        )
        .distinct()  # A device may have been handed to the same contact twice.
        .join_from(contact, device_carrier, device_carrier.c.contact_id == contact.c.id)
        .join(device, device.c.id == device_carrier.c.device_id)
        .join(position, fixes)
        .where(_whose(position.c.fix_at), position.c.contact_id == contact.c.id)
        .order_by(position.c.fix_at)
    )


def _of_tags() -> sa.Select[Any]:
    one = contact_heard.c
    return (
        sa.select(
            contact.c.id,
            one.tag_id.label("device_id"),
            one.at,
            one.lat_deg,
            one.lon_deg,
            one.accuracy_m,
            sa.literal(KnownBy.DETECTOR.value).label("known_by"),
            contact.c.shares_place_since,
        )
        .join_from(contact, contact_heard, one.contact_id == contact.c.id)
        .where(_whose(one.at))
        .order_by(one.at)
    )


_QUERIES = (_of_phones(), _of_tags())
"""Made once: they are asked again with each fix, as long as somebody is beside her whose walk is unusual."""


def companions(connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime) -> list[Companion]:
    """Where her contacts were from one moment to another, both included: those alone who are on her list, had agreed by
    then and have not taken it back, and from whom she is not hidden.
    """
    span = {"wearer": wearer_id, "from_at": from_at, "until_at": until_at}
    return [
        Companion(
            contact_id=row.id,
            device_id=row.device_id,
            at=row.at,
            lat_deg=row.lat_deg,
            lon_deg=row.lon_deg,
            accuracy_m=row.accuracy_m,
            known_by=KnownBy(row.known_by),
        )
        for query in _QUERIES
        for row in connection.execute(query, span)
        # Not in the query: SQLite would read everything since then.
        if row.shares_place_since <= row.at
    ]


def keep(connection: Connection, heard: Sequence[Heard]) -> None:
    """Stores what was heard of tags of contacts; of one minute, tag and detector what was told first."""
    if heard:
        rows = [asdict(one) | {"minute": int(one.at.timestamp()) // 60} for one in heard]
        connection.execute(dialect.insert(connection, contact_heard).on_conflict_do_nothing(), rows)


def forget_before(connection: Connection, before: datetime) -> int:
    """Deletes what was heard of contacts before then; how many rows."""
    return connection.execute(sa.delete(contact_heard).where(contact_heard.c.at < before)).rowcount


def forget(connection: Connection, contact_id: ContactId) -> int:
    """Deletes what was heard of a contact; how many rows."""
    return connection.execute(sa.delete(contact_heard).where(contact_heard.c.contact_id == contact_id)).rowcount
