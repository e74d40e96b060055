"""Use cases of one's own telephone numbers: reached through a gateway, once their owner has said the code that was sent
there.

Anybody can type anybody's number. So an address is one account's alone, nothing but codes goes to it until it is
confirmed, and codes are few.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.service.addresses import own_address
from app.accounts.store import addresses as store
from app.db.locks import one_at_a_time
from app.kit.errors import Conflict, TooMany
from app.kit.ids import AccountId, AddressId
from app.push import codes, outbox
from app.push import store as push_store
from app.push.codes import Codes
from app.push.model import Address, AddressKind, Channel, Level

NUMBERS_MAX = 5
"""Live numbers of one account."""
TO, ASKED_AT, TRIES = "to", "asked_at", "tries"
"""Under which of the keys of an address stand what the gateway calls it, when its code was asked for, and how often
somebody said a wrong one.
"""


class Limit(Struct, frozen=True, kw_only=True):
    """So many codes within a time, then wait."""

    codes: int
    within: timedelta


TO_ONE_NUMBER = Limit(codes=3, within=timedelta(hours=1))
BY_ONE_ACCOUNT = Limit(codes=10, within=timedelta(days=1))


def add_number(connection: Connection, viewer: Viewer, gateway: str, to: str, language: str, now: datetime) -> Address:
    """The number behind a gateway, as an address of the viewer's. Unless it is confirmed and alive, a code goes there.
    Raises `Conflict`, `TooMany`.
    """
    about = f"code:{sha256(f'{gateway}:{to}'.encode()).hexdigest()[:32]}"
    one_at_a_time(connection, about)
    one_at_a_time(connection, f"numbers:{viewer.account_id}")
    value = f"{gateway}:{viewer.account_id}:{to}"
    own = store.addresses(connection, viewer.account_id)
    known = next((one for one in own if one.value == value), None)
    if known is not None and known.confirmed_at is not None:
        return push_store.save_address(
            connection, channel=Channel.WEBHOOK, kind=AddressKind.GATEWAY, value=value, language=language, now=now,
            keys=known.keys,
        )  # fmt: skip
    if known is None and sum(one.channel is Channel.WEBHOOK for one in own) >= NUMBERS_MAX:
        raise Conflict(f"There are {NUMBERS_MAX} numbers already; remove one first.")
    _wait_for_codes(connection, viewer.account_id, about, now)
    address = push_store.save_address(
        connection, channel=Channel.WEBHOOK, kind=AddressKind.GATEWAY, value=value, language=language, now=now,
        keys={TO: to, ASKED_AT: now.isoformat(), TRIES: "0"},
    )  # fmt: skip
    push_store.set_confirmed(connection, address.id, None, address.keys)
    store.link_address(connection, viewer.account_id, address.id, None)
    outbox.put(
        connection, city_id=viewer.city_id, channel=Channel.WEBHOOK, address_id=address.id,
        unique_key=f"code:{address.id}:{now.isoformat()}", kind=codes.KIND, level=Level.NOTICE, about=about,
        params={"code": codes.PLACE}, now=now, expires_at=now + codes.LASTS,
    )  # fmt: skip
    return own_address(connection, viewer, address.id)


def confirm(
    connection: Connection, viewer: Viewer, address_id: AddressId, code: str, made: Codes, now: datetime
) -> Address:
    """The address, confirmed if the code is right; a wrong one counts. What needs no code is confirmed as it is. Raises
    `Conflict` when the code has run out.
    """
    one_at_a_time(connection, f"numbers:{viewer.account_id}")
    address = own_address(connection, viewer, address_id)
    if address.is_usable:
        return address
    keys = address.keys
    asked_at, tries = _asked_at(keys), int(keys.get(TRIES, "0"))
    if asked_at is None or not asked_at <= now < asked_at + codes.LASTS or tries >= codes.TRIES_MAX:
        raise Conflict("This code has run out. Register the number again for a new one.")
    if made.is_right(code, address.id, asked_at):
        push_store.set_confirmed(connection, address.id, now, {TO: keys[TO]})
    else:
        push_store.set_confirmed(connection, address.id, None, {**keys, TRIES: str(tries + 1)})
    return own_address(connection, viewer, address.id)


def _asked_at(keys: Mapping[str, str]) -> datetime | None:
    asked_at = keys.get(ASKED_AT)
    return None if asked_at is None else datetime.fromisoformat(asked_at)


def _wait_for_codes(connection: Connection, account_id: AccountId, about: str, now: datetime) -> None:
    asked = (
        (TO_ONE_NUMBER, outbox.put_since(connection, about, now - TO_ONE_NUMBER.within)),
        (BY_ONE_ACCOUNT, store.codes_since(connection, account_id, codes.KIND, now - BY_ONE_ACCOUNT.within)),
    )
    for limit, moments in asked:
        if len(moments) >= limit.codes:
            wait = moments[-limit.codes] + limit.within - now
            raise TooMany("Too many codes were asked for. Wait, then try again.", max(1, round(wait.total_seconds())))
