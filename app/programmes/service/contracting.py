"""Contracts: entered, changed, withdrawn by the office of the city, read by it and by the family. Who changed what, and
why, is kept with each change.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db.locks import one_at_a_time
from app.households import service as households
from app.kit.calendar import local_date
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, ContractId, WearerId, new_id
from app.programmes import choosing
from app.programmes.contracts import Change, Contract, What, began_on, difference, overlap, own
from app.programmes.ledger import TurnState
from app.programmes.model import Asked, Axis, Months, Terms, Usage
from app.programmes.rating import rate
from app.programmes.scheme import Scheme
from app.programmes.service import schemes
from app.programmes.spans import month_of, must_be_near
from app.programmes.store import contracts, people, quota, tariffs, usage

MERGED = ("amounts", "choices", "tax_classes")
"""Fields of which a change names only what is different; null takes a value away."""


class Known(Struct, frozen=True, kw_only=True):
    """A contract with its scheme, the version that holds today (None while nobody said what decides it), and what the
    scheme still asks for.
    """

    contract: Contract
    scheme: Scheme
    version: str | None
    asked: list[Asked]


def contracts_of(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[Known]:
    """The contracts of a wearer whom the viewer manages, newest first. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    return [known(connection, one, now) for one in contracts.of_wearer(connection, wearer_id)]


def contract(connection: Connection, viewer: Viewer, contract_id: ContractId) -> Contract:
    """The contract, for who manages its wearer; for the office of her city also when she has ended. Raises `NotFound`
    for others, and for one that was withdrawn.
    """
    found = contracts.one(connection, contract_id)
    if found is None or found.withdrawn_at is not None:
        raise NotFound
    households.administered_wearer(connection, viewer, found.wearer_id)
    return found


def known(connection: Connection, one: Contract, now: datetime) -> Known:
    """The contract with what its scheme says of it."""
    scheme = schemes.scheme_for(connection, one)
    version = schemes.version_of(scheme, one.terms, now)
    asked = _asked(connection, scheme, one.terms, now)
    return Known(contract=one, scheme=scheme, version=None if version is None else version.id, asked=asked)


def enter(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, terms: Terms, insured: bool, now: datetime
) -> Known:
    """A new contract of a wearer whom the viewer manages. Raises `NotFound`; `InvalidInput` for what the scheme cannot
    mean; `Conflict` when she has one of this scheme on some of its days.
    """
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    scheme, today = _scheme(connection, terms), local_date(now)
    _must_be_own(terms)
    terms = replace(terms, scheme=scheme.id, contracted_on=terms.contracted_on or today)
    version = _sound(connection, scheme, terms, now)
    one = Contract(
        id=ContractId(new_id()), city_id=wearer.city_id, wearer_id=wearer_id, scheme=scheme.id, version=version,
        tariff=tariffs.keep(connection, scheme, now), began_on=began_on(terms, today), ended_on=terms.ended_on,
        terms=terms, insured=insured, created_by=viewer.account_id, created_at=now,
    )  # fmt: skip
    _must_be_alone(connection, one)
    if not contracts.add(connection, one):
        raise Conflict("She has a contract under this scheme that has no end; end it first.")
    note(connection, one, What.CONTRACT, {}, shown(one), "", viewer.account_id, now)
    return known(connection, _again(connection, one), now)


def change(
    connection: Connection, viewer: Viewer, contract_id: ContractId, changes: Mapping[str, Any], insured: bool | None,
    reason: str, now: datetime,
) -> Known:  # fmt: skip
    """The contract after the change: `changes` are fields of `Terms`, of which those in `MERGED` name only what is
    different. What follows for months that are closed is put right by `billing`. Raises as `enter`.
    """
    contract(connection, viewer, contract_id)
    before = contracts.locked(connection, contract_id)
    if before is None or before.withdrawn_at is not None:
        raise NotFound
    if before.terms.plan not in (None, changes.get("plan", before.terms.plan)):
        raise Conflict("Another plan is another contract; end this one.")
    terms = _merged(before.terms, changes)
    scheme, tariff = _wording(connection, before, terms, now)
    version = _sound(connection, scheme, terms, now)
    after = replace(
        before, terms=terms, version=version, tariff=tariff, began_on=began_on(terms, before.began_on),
        ended_on=terms.ended_on, insured=before.insured if insured is None else insured,
    )  # fmt: skip
    if (before.began_on, before.ended_on) != (after.began_on, after.ended_on):
        _must_be_alone(connection, after)
    old, new = difference(shown(before), shown(after))
    if old or new:
        contracts.change(connection, after)
        note(connection, after, What.CONTRACT, old, new, reason, viewer.account_id, now)
    return known(connection, _again(connection, after), now)


def withdraw(connection: Connection, viewer: Viewer, contract_id: ContractId, reason: str, now: datetime) -> None:
    """It was entered by mistake: nothing follows from it. Raises `NotFound`, and `Conflict` when something was used by
    it already: then it can only end.
    """
    contract(connection, viewer, contract_id)
    one = contracts.locked(connection, contract_id)
    if one is None or one.withdrawn_at is not None:
        raise NotFound
    if usage.is_used(connection, contract_id) or quota.is_held(connection, contract_id, TurnState.RELEASED):
        raise Conflict("Something was used by this contract; end it instead.")
    contracts.change(connection, replace(one, withdrawn_at=now))
    after = {"withdrawn_at": now.isoformat()}
    note(connection, one, What.CONTRACT, {}, after, reason, viewer.account_id, now)


def changes(
    connection: Connection, viewer: Viewer, contract_id: ContractId, before: UUID | None, count: int
) -> tuple[list[Change], dict[AccountId, str]]:
    """Up to `count` changes of a contract and of what is known of its wearer, newest first, and who they were. Raises
    `NotFound`.
    """
    one = contract(connection, viewer, contract_id)
    found = contracts.changes(connection, one.wearer_id, contract_id, before, count)
    return found, people.names(connection, {change.by for change in found})


def note(
    connection: Connection, one: Contract, what: What, before: dict[str, Any], after: dict[str, Any], reason: str,
    by: AccountId, now: datetime,
) -> None:  # fmt: skip
    """Keeps who changed what of a contract, or of its wearer."""
    contracts.add_change(
        connection,
        Change(
            id=new_id(), city_id=one.city_id, wearer_id=one.wearer_id,
            contract_id=one.id if what is What.CONTRACT else None, what=what, before=before, after=after,
            reason=reason, by=by, at=now,
        ),
    )  # fmt: skip


def shown(one: Contract) -> dict[str, Any]:
    """What can change in a contract, as changes keep it."""
    terms: dict[str, Any] = msgspec.to_builtins(own(one.terms))
    return {**terms, "insured": one.insured, "version": one.version}


def _again(connection: Connection, one: Contract) -> Contract:
    """As it stands, with what is known of its wearer."""
    found = contracts.one(connection, one.id)
    assert found is not None
    return found


def _scheme(connection: Connection, terms: Terms) -> Scheme:
    try:
        return schemes.scheme(connection, terms.scheme or "")
    except NotFound:
        raise InvalidInput("There is no scheme of this name.", "terms.scheme") from None


def _must_be_alone(connection: Connection, one: Contract) -> None:
    """Raises `Conflict` when she has another contract of the scheme on some of these days: each would have its fees and
    its free turn-outs. Until the end of the transaction nobody else enters or moves one of hers.
    """
    one_at_a_time(connection, f"contracts of {one.wearer_id}")
    others = [known for known in contracts.of_wearer(connection, one.wearer_id) if known.scheme == one.scheme]
    if any(overlap(one, known) for known in others if known.id != one.id):
        raise Conflict("She has a contract under this scheme on some of these days; end it first.")


def _must_be_own(terms: Terms) -> None:
    for name in ("residence", "absences"):
        if getattr(terms, name):
            raise InvalidInput("This is said of the wearer, not of one contract.", f"terms.{name}")


def _sound(connection: Connection, scheme: Scheme, terms: Terms, now: datetime) -> str:
    """The version that holds; empty while nobody said on which day it was installed or applied for. Raises
    `InvalidInput` for what the scheme cannot mean.
    """
    must_be_near(terms, "terms")
    _asked(connection, scheme, terms, now)
    version = schemes.version_of(scheme, terms, now)
    if version is None:
        return ""
    try:
        choosing.plan_of(version, terms)
    except choosing.Unanswered as missing:
        known_plans = ", ".join(missing.asked.answers)
        raise InvalidInput(f"Say which plan: {known_plans}.", "terms.plan") from None
    return version.id


def _asked(connection: Connection, scheme: Scheme, terms: Terms, now: datetime) -> list[Asked]:
    """What the scheme leaves open and nobody has said, of what the contract owes by itself: once, and this month."""
    subsidy = None if terms.subsidy is None else _subsidy(connection, terms.subsidy.scheme)
    today = local_date(now)
    month = month_of(max(today, began_on(terms, today)))
    whole = rate(scheme, terms, Usage(), subsidy).asked
    monthly = rate(scheme, terms, Usage(months=Months(since=month, until=month)), subsidy).asked
    return [*whole, *(one for one in monthly if one not in whole)]


def _subsidy(connection: Connection, scheme_id: str) -> Scheme | None:
    digest = tariffs.digests_now(connection, [scheme_id]).get(scheme_id)
    return None if digest is None else tariffs.kept(connection, digest)


def _wording(connection: Connection, before: Contract, terms: Terms, now: datetime) -> tuple[Scheme, str]:
    """The scheme that holds after the change, and its digest: as it is now, if only now the day is known that decides
    its version.
    """
    kept = tariffs.kept(connection, before.tariff)
    if before.version or kept.axis is Axis.SERVICE:
        return schemes.scheme_for(connection, before), before.tariff
    newest = tariffs.digests_now(connection, [before.scheme]).get(before.scheme, before.tariff)
    return tariffs.kept(connection, newest), newest


def _merged(terms: Terms, changes: Mapping[str, Any]) -> Terms:
    values = dict(changes)
    for name in MERGED:
        if name in values:
            both = {**getattr(terms, name), **values[name]}
            values[name] = {key: value for key, value in both.items() if value is not None}
    return replace(terms, **values)
