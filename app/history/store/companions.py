"""Where the contacts of a wearer were who agreed that their own phone's place is taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db.types import Key, Moment
from app.devices.tables import device, device_carrier
from app.history.model import KnownBy
from app.history.tables import position
from app.households.tables import contact, protection
from app.kit.ids import WearerId


class Companion(Struct, frozen=True, kw_only=True):
    """Where a device was that a contact carried."""

    contact_id: UUID
    device_id: UUID
    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy


def _query() -> sa.Select[Any]:
    wearer_id = sa.bindparam("wearer", type_=Key())
    from_at, until_at = (sa.bindparam(name, type_=Moment(timezone=True)) for name in ("from_at", "until_at"))
    hidden = sa.exists().where(
        protection.c.wearer_id == wearer_id,
        protection.c.account_id == contact.c.account_id,
        protection.c.ended_at.is_(None),
    )
    fixes = (position.c.city_id == device.c.city_id) & (position.c.device_id == device.c.id)
    return (
        sa.select(
            contact.c.id,
            position.c.device_id,
            position.c.fix_at,
            position.c.lat_deg,
            position.c.lon_deg,
            position.c.accuracy_m,
            position.c.known_by,
            contact.c.shares_place_since,
        )
        .distinct()  # A device may have been handed to the same contact twice.
        .join_from(contact, device_carrier, device_carrier.c.contact_id == contact.c.id)
        .join(device, device.c.id == device_carrier.c.device_id)
        .join(position, fixes & position.c.fix_at.between(from_at, until_at))
        .where(
            contact.c.wearer_id == wearer_id,
            contact.c.ended_at.is_(None),
            contact.c.shares_place_since.is_not(None),
            position.c.contact_id == contact.c.id,
            ~hidden,
        )
        .order_by(position.c.fix_at)
    )


_QUERY = _query()
"""Made once: it is asked again with each fix, as long as somebody is beside her whose walk is unusual."""


def companions(connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime) -> list[Companion]:
    """The fixes of her contacts from one moment to another, both included: of those alone who are on her list, had
    agreed by then and have not taken it back, and from whom she is not hidden.
    """
    span = {"wearer": wearer_id, "from_at": from_at, "until_at": until_at}
    return [
        Companion(
            contact_id=row.id,
            device_id=row.device_id,
            at=row.fix_at,
            lat_deg=row.lat_deg,
            lon_deg=row.lon_deg,
            accuracy_m=row.accuracy_m,
            known_by=KnownBy(row.known_by),
        )
        for row in connection.execute(_QUERY, span)
        # Not in the query: SQLite would read everything since then.
        if row.shares_place_since <= row.fix_at
    ]
