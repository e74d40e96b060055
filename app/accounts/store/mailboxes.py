"""Mailboxes of accounts, and the letters that asked whether they are theirs."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.kit.ids import AccountId, AddressId, MessageId
from app.push.channels.parcel import CONFIRM_MAILBOX
from app.push.model import Channel
from app.push.tables import address, message

_open = (address.c.dead_since.is_(None), address.c.confirmed_at.is_(None))


class Asked(Struct, frozen=True, kw_only=True):
    """A letter that asks, to a mailbox that is alive and not confirmed."""

    address_id: AddressId
    mailbox: str


def confirm_key(account_id: AccountId, address_id: AddressId, now: datetime) -> str:
    """What names one letter; those of an account lie together, in the order of time."""
    return f"confirm:{account_id}:{int(now.timestamp()):012d}:{address_id}"


def asked_about(connection: Connection, about: str, since: datetime) -> list[datetime]:
    """When letters about this mailbox were put, whoever asked."""
    query = sa.select(message.c.created_at).where(message.c.about == about, message.c.created_at > since)
    return list(connection.execute(query).scalars())


def asked_by(connection: Connection, account_id: AccountId, since: datetime) -> list[datetime]:
    """When letters were put that this account asked for."""
    first = f"confirm:{account_id}:{int(since.timestamp()):012d}"
    last = f"confirm:{account_id}:{10**12 - 1}~"
    query = sa.select(message.c.created_at).where(message.c.unique_key > first, message.c.unique_key < last)
    return list(connection.execute(query).scalars())


def asked(connection: Connection, message_id: MessageId, now: datetime) -> Asked | None:
    """What this letter asked about; None when it asked nothing, its time is over, or there is nothing to confirm."""
    query = (
        sa.select(address.c.id, address.c["keys"])
        .join(message, message.c.address_id == address.c.id)
        .where(message.c.id == message_id, message.c.kind == CONFIRM_MAILBOX, message.c.expires_at > now)
        .where(address.c.channel == Channel.EMAIL.value, *_open)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Asked(address_id=AddressId(row.id), mailbox=(row.keys or {}).get("mailbox", ""))


def confirm(connection: Connection, address_id: AddressId, now: datetime) -> bool:
    """Notes that a mailbox is its owner's; False when somebody was quicker."""
    changed = sa.update(address).where(address.c.id == address_id, *_open)
    return connection.execute(changed.values(confirmed_at=now, last_seen_at=now)).rowcount == 1


def forget_confirmation(connection: Connection, address_id: AddressId) -> None:
    """A mailbox that was dead must be confirmed anew: carriers give them to other people."""
    query = sa.update(address).where(address.c.id == address_id, address.c.dead_since.is_not(None))
    connection.execute(query.values(confirmed_at=None))
