"""Rows of addresses: where people can be reached. Messages and deliveries have their queries in `outbox.py`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import AddressId, new_id
from app.push.model import Address, AddressKind, Channel
from app.push.tables import address


def save_address(
    connection: Connection, *, channel: Channel, kind: AddressKind, value: str, language: str, now: datetime,
    keys: Mapping[str, str] | None = None, shows_details: bool | None = None,
) -> Address:  # fmt: skip
    """The address with this value: made, or refreshed as seen at `now` and alive again. Whether it shows details stays
    as it is where nothing is said of it.
    """
    row = {
        "id": new_id(),
        "channel": channel.value,
        "kind": kind.value,
        "value": value,
        "language": language,
        "keys": keys,
        "shows_details": shows_details,
        "created_at": now,
        "last_seen_at": now,
    }
    alive = {"last_seen_at": now, "dead_since": None, "dead_reason": None}
    fresh: dict[str, object] = {"kind": kind.value, "language": language, "keys": keys, **alive}
    if shows_details is not None:
        fresh["shows_details"] = shows_details
    query = (
        dialect.insert(connection, address)
        .values(row)
        .on_conflict_do_update(index_elements=["channel", "value"], set_=fresh)
        .returning(*address.c)
    )
    return to_address(connection.execute(query).one())


def address_id_of(connection: Connection, channel: Channel, value: str) -> AddressId | None:
    """The key of the address with this value, dead or alive."""
    query = sa.select(address.c.id).where(address.c.channel == channel.value, address.c.value == value)
    return connection.execute(query).scalar_one_or_none()


def set_confirmed(
    connection: Connection, address_id: AddressId, confirmed_at: datetime | None, keys: Mapping[str, str]
) -> None:
    """Notes since when an address is confirmed, None that it is not, and its keys."""
    query = sa.update(address).where(address.c.id == address_id)
    connection.execute(query.values(confirmed_at=confirmed_at, keys=dict(keys)))


def set_shows_details(connection: Connection, address_id: AddressId, shows: bool) -> None:
    """Notes whether names and places may be on its screen."""
    connection.execute(sa.update(address).where(address.c.id == address_id).values(shows_details=shows))


def kill_address(connection: Connection, address_id: AddressId, reason: str, now: datetime) -> None:
    """Marks an address as dead; nothing is sent to it until its owner registers the value again.

    The first death counts.
    """
    query = sa.update(address).where(address.c.id == address_id, address.c.dead_since.is_(None))
    connection.execute(query.values(dead_since=now, dead_reason=reason[:200]))


def retire_address(connection: Connection, address_id: AddressId, reason: str, now: datetime) -> None:
    """Marks an address as dead for good and lets go of its value, which may then become a new address.

    What waits to be sent to the old address can so never reach the new owner of a phone that changed hands.
    """
    values = {"value": f"retired:{address_id}", "dead_since": now, "dead_reason": reason[:200]}
    connection.execute(sa.update(address).where(address.c.id == address_id).values(values))


KNOWN = frozenset(channel.value for channel in Channel)


def known_addresses(rows: "Iterable[sa.Row[Any]]") -> "Iterator[tuple[sa.Row[Any], Address]]":
    """Rows that have the columns of the table, each with its address. Those of a channel that only a newer version
    knows are left to its processes.
    """
    return ((row, to_address(row)) for row in rows if row.channel in KNOWN)


def to_address(row: "sa.Row[Any]") -> Address:
    """The address of a row that has the columns of the table, of a channel that we know."""
    return Address(
        id=AddressId(row.id),
        channel=Channel(row.channel),
        kind=AddressKind(row.kind),
        value=row.value,
        language=row.language,
        last_seen_at=row.last_seen_at,
        keys=row.keys or {},
        confirmed_at=row.confirmed_at,
        dead_since=row.dead_since,
        dead_reason=row.dead_reason,
        last_receipt_at=row.last_receipt_at,
        unanswered_since=row.unanswered_since,
        shows_details=bool(row.shows_details),
    )
