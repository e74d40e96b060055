"""The price before the button, and that somebody agreed to it."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.households import service as households
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId, PriceConsentId, WearerId, new_id
from app.programmes import quoting
from app.programmes.contracts import Contract, PriceConsent
from app.programmes.model import Starter
from app.programmes.quoting import Quote
from app.programmes.service import quota, schemes, starting
from app.programmes.service.starting import Decision
from app.programmes.store import usage


class Quoted(Struct, frozen=True, kw_only=True):
    """A price that is shown. The `id` is the same as long as everything that it says is the same."""

    id: str
    contract: Contract
    quote: Quote


class Shown(Struct, frozen=True, kw_only=True):
    """A price, and whether the one who looks may ask for a turn-out."""

    quoted: Quoted | None
    decision: Decision


def quote(connection: Connection, wearer_id: WearerId, now: datetime) -> Quoted | None:
    """What a turn-out for a wearer would cost now, by the contract under which contacts ask, else the newest; None
    where she has no contract in force under a scheme that sends anybody.
    """
    for contract, _ in starting.turn_out_contracts(connection, wearer_id, now):
        found = _quoted(connection, contract, now)
        if found is not None:
            return found
    return None


def quote_for(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Shown:
    """The price, for who manages a wearer or sees her alerts, and whether they may ask. Raises `NotFound`."""
    households.attended_wearer(connection, viewer, wearer_id, now)
    starter = Starter.OPERATOR if viewer.role is Role.OPERATOR else Starter.CONTACT
    decision = starting.may_start(connection, wearer_id, starter, viewer.account_id, now)
    return Shown(quoted=quote(connection, wearer_id, now), decision=decision)


def accept(
    connection: Connection, wearer_id: WearerId, account_id: AccountId, quote_id: str, source: str, now: datetime
) -> PriceConsent:
    """Somebody agrees to the price that they were shown, for the thing that `source` names: once. What they were shown
    is kept word for word. Raises `NotFound` where there is no price, and `Conflict` when it is another one by now.
    """
    known = usage.consent_for(connection, source)
    if known is not None and (known.wearer_id, known.by, known.quote) == (wearer_id, account_id, quote_id):
        return known
    now_quoted = quote(connection, wearer_id, now)
    if now_quoted is None:
        raise NotFound
    if known is not None or now_quoted.id != quote_id:
        raise Conflict("The price is another one by now; look at it again.")
    contract = now_quoted.contract
    one = PriceConsent(
        id=PriceConsentId(new_id()), city_id=contract.city_id, wearer_id=wearer_id, contract_id=contract.id,
        quote=quote_id, shown=msgspec.to_builtins(now_quoted.quote), by=account_id, source=source, at=now,
    )  # fmt: skip
    usage.add_consent(connection, one)
    return one


def _quoted(connection: Connection, contract: Contract, now: datetime) -> Quoted | None:
    left = quota.left(connection, contract, now)
    used = 0 if left is None else left.of - left.left
    scheme = schemes.scheme_for(connection, contract)
    found = quoting.quote(scheme, contract.terms, used, now, insured=contract.insured)
    return None if found is None else Quoted(id=_digest(contract, found), contract=contract, quote=found)


def _digest(contract: Contract, found: Quote) -> str:
    """What a price says, but for the moment at which it was said."""
    says: dict[str, Any] = msgspec.to_builtins(found) | {"at": None, "contract": str(contract.id)}
    return hashlib.sha256(msgspec.json.encode(says, order="sorted")).hexdigest()
