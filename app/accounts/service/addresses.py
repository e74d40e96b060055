"""Use cases of one's own push addresses."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.store import addresses as store
from app.accounts.store import people, sign_ins
from app.db.locks import one_at_a_time
from app.kit.errors import NotFound, NotSignedIn
from app.kit.ids import AccountId, AddressId, CityId, SignInId
from app.push import store as push_store
from app.push.model import TYPED, Address, AddressKind, Channel, Death

ADDRESSES_MAX = 20
"""Live phones and browsers of one account; beyond that the one seen longest ago is let go. Mailboxes and numbers are
never "seen" again, and counted by themselves.
"""


def add_address(
    connection: Connection,
    account_id: AccountId,
    channel: Channel,
    kind: AddressKind,
    value: str,
    language: str,
    now: datetime,
    sign_in_id: SignInId | None = None,
    keys: Mapping[str, str] | None = None,
    shows_details: bool | None = None,
) -> Address:
    """The address, now this account's and seen at `now`. Raises `NotSignedIn` when the sign-in that registers it ended
    in the meantime: who signs out is told nothing more, also when the page was just about to register.

    A value that another account had registered moves: the phone changed hands. The old address is retired with what
    waits for it, so that nobody reads what was meant for the one before.
    """
    if sign_in_id is not None and not sign_ins.stays_alive(connection, sign_in_id, now):
        raise NotSignedIn
    one_at_a_time(connection, f"address:{channel.value}:{value}")
    known = push_store.address_id_of(connection, channel, value)
    if known is not None and store.owner_of(connection, known) not in (None, account_id):
        push_store.retire_address(connection, known, Death.MOVED, now)
    address = push_store.save_address(
        connection, channel=channel, kind=kind, value=value, language=language, now=now, keys=keys,
        shows_details=shows_details,
    )  # fmt: skip
    store.link_address(connection, account_id, address.id, sign_in_id)
    phones = [one for one in store.addresses(connection, account_id) if one.channel not in TYPED]
    for surplus in phones[ADDRESSES_MAX:]:
        push_store.kill_address(connection, surplus.id, Death.TOO_MANY, now)
    return address


def addresses(connection: Connection, viewer: Viewer) -> list[Address]:
    """The viewer's own live addresses, the one seen last first; never more phones and browsers than `ADDRESSES_MAX`."""
    return store.addresses(connection, viewer.account_id)


def own_address(connection: Connection, viewer: Viewer, address_id: AddressId) -> Address:
    """One of the viewer's own live addresses. Raises `NotFound` for dead ones and other people's."""
    own = (one for one in store.addresses(connection, viewer.account_id) if one.id == address_id)
    if (found := next(own, None)) is None:
        raise NotFound
    return found


def addresses_of(connection: Connection, account_ids: Collection[AccountId]) -> dict[AccountId, list[Address]]:
    """Where accounts can be reached: live addresses of accounts that are not disabled.

    Accounts without one are absent.
    """
    return store.addresses_of(connection, account_ids) if account_ids else {}


def staff_addresses(connection: Connection, city_id: CityId) -> list[Address]:
    """Where the operators of a town and the administrators can be reached."""
    found = addresses_of(connection, people.staff_ids(connection, city_id)).values()
    return [address for addresses in found for address in addresses]


def viewer_at(connection: Connection, address_id: AddressId) -> Viewer | None:
    """Whoever is reached at an address, as the one who answers from there; None when there is nobody any more."""
    return store.viewer_at(connection, address_id)


def change_address(connection: Connection, viewer: Viewer, address_id: AddressId, shows_details: bool) -> Address:
    """One of the viewer's own addresses, which may show names and places from now on, or not. Raises `NotFound` for
    dead ones and other people's.
    """
    own_address(connection, viewer, address_id)
    push_store.set_shows_details(connection, address_id, shows_details)
    return own_address(connection, viewer, address_id)


def remove_address(connection: Connection, viewer: Viewer, address_id: AddressId, now: datetime) -> None:
    """Ends one of the viewer's own addresses. Raises `NotFound` for dead ones and other people's."""
    own_address(connection, viewer, address_id)
    push_store.kill_address(connection, address_id, Death.REMOVED, now)
