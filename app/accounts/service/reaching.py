"""Use cases of whether one is reached: what is registered, a test to it, and what became of a message to it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.service.addresses import ADDRESSES_MAX
from app.accounts.service.people import city
from app.accounts.store import addresses as store
from app.accounts.store import registered as registered_store
from app.kit.errors import Conflict, NotFound, TooMany
from app.kit.ids import AddressId, MessageId
from app.push import outbox
from app.push.fate import Sent
from app.push.model import Address, Death, Level

TEST = "me.test"
TEST_KEPT = timedelta(minutes=10)
"""A test that comes when nobody waits for it any more only confuses."""
TEST_EVERY_S = 60
"""Tests to one address: a button that is pressed ten times is one message."""
DEAD_SHOWN = timedelta(days=30)
"""How long the owner of an address that died reads of it."""
WISHED = frozenset({Death.REMOVED, Death.SIGNED_OUT})


def registered(connection: Connection, viewer: Viewer, now: datetime) -> list[Address]:
    """The viewer's own live addresses, the one seen last first, and after them those that died lately and not by
    somebody's wish.

    One whose phone has registered another since is not missed: services change the values of phones now and then.
    """
    found = registered_store.addresses(connection, viewer.account_id, now - DEAD_SHOWN)
    live = [address for address, _by in found if address.dead_since is None]
    again = {(address.channel, by) for address, by in found if address.dead_since is None and by is not None}
    dead = [
        address
        for address, by in found
        if address.dead_since is not None and address.dead_reason not in WISHED and (address.channel, by) not in again
    ]
    return [*live, *dead[:ADDRESSES_MAX]]


def send_test(connection: Connection, viewer: Viewer, address_id: AddressId, now: datetime) -> Sent:
    """A message to one of the viewer's own addresses that says it is a test, on its way.

    Raises `NotFound` for dead addresses and other people's, `Conflict` where it is not confirmed that it is theirs,
    `TooMany` within a minute of the one before.
    """
    found = [address for address in store.addresses(connection, viewer.account_id) if address.id == address_id]
    if not found:
        raise NotFound
    if not found[0].is_usable:
        raise Conflict("Whoever reads there must confirm it first.")
    minute = int(now.timestamp()) // TEST_EVERY_S
    this, before = (f"{TEST}:{address_id}:{number}" for number in (minute, minute - 1))
    for _id, made_at in outbox.made(connection, [this, before]).values():
        _refuse_until(made_at + timedelta(seconds=TEST_EVERY_S), now)
    zone = city(connection, viewer.city_id).zone
    is_new = outbox.put(
        connection,
        city_id=viewer.city_id,
        channel=found[0].channel,
        address_id=address_id,
        unique_key=this,
        kind=TEST,
        level=Level.NOTICE,
        about=f"{TEST}:{address_id}",
        params={"at": now.isoformat(), "zone": zone},
        now=now,
        expires_at=now + TEST_KEPT,
    )
    if not is_new:  # Somebody pressed at the same time, in another process.
        _refuse_until(now + timedelta(seconds=TEST_EVERY_S), now)
    return own_message(connection, viewer, outbox.made(connection, [this])[this][0])


def names_at(connection: Connection, address_ids: Collection[AddressId]) -> dict[AddressId, str]:
    """The names of those who are, or were, reached at these addresses."""
    return registered_store.names(connection, address_ids)


def own_message(connection: Connection, viewer: Viewer, message_id: MessageId) -> Sent:
    """What became of a message to one of the viewer's own addresses, dead or alive. Raises `NotFound`."""
    sent = outbox.became(connection, message_id)
    if sent is None or store.owner_of(connection, sent.address_id) != viewer.account_id:
        raise NotFound
    return sent


def _refuse_until(until: datetime, now: datetime) -> None:
    left_s = min((until - now).total_seconds(), TEST_EVERY_S)
    if left_s > 0:
        raise TooMany("A test was sent there just now. Wait, then try again.", max(1, -int(-left_s // 1)))
