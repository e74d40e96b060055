"""What the office notes of usage besides turn-outs, and what the family and the office read: usage and the ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.kit.errors import Conflict, NotFound
from app.kit.ids import ContractId, UsageId
from app.programmes.contracts import Contract, Kind, Used
from app.programmes.ledger import Entry
from app.programmes.model import Item, PlaceTold, Usage
from app.programmes.rating import rate
from app.programmes.service import quota, schemes, usages
from app.programmes.service.contracting import contract
from app.programmes.service.quota import Left
from app.programmes.store import contracts, usage
from app.programmes.store import quota as entries


def used(
    connection: Connection, viewer: Viewer, contract_id: ContractId, before: UUID | None, count: int
) -> list[Used]:
    """Up to `count` rows of a contract, newest first, corrected ones too. Raises `NotFound`."""
    contract(connection, viewer, contract_id)
    return usage.of_contract(connection, contract_id, before, count)


def ledger(
    connection: Connection, viewer: Viewer, contract_id: ContractId, before: UUID | None, count: int, now: datetime
) -> tuple[Left | None, list[tuple[UUID, Entry]]]:
    """How many turn-outs are left this year, and up to `count` steps of the ledger, newest first. Raises `NotFound`."""
    one = contract(connection, viewer, contract_id)
    return quota.left(connection, one, now), entries.entries(connection, contract_id, before, count)


def record(
    connection: Connection, viewer: Viewer, contract_id: ContractId, facts: PlaceTold | Item, key: str, now: datetime
) -> Used:
    """What was used besides turn-outs; the same `key` of a contract is the same. Raises `NotFound`, `InvalidInput`
    for a day to come and for what the scheme does not sell, `Conflict` for a key under which something else stands.
    """
    one = _locked(connection, viewer, contract_id)
    _must_be_sold(connection, one, facts)
    return usages.record(connection, one, facts, key, viewer.account_id, now)


def correct(
    connection: Connection, viewer: Viewer, contract_id: ContractId, usage_id: UsageId,
    facts: PlaceTold | Item | None, reason: str, now: datetime,
) -> Used:  # fmt: skip
    """What counts from now on in place of a row: these facts, or None: it never happened. Raises as `record`, and
    `Conflict` for a row that was corrected before, and for a turn-out, which is corrected in its timeline.
    """
    one = _locked(connection, viewer, contract_id)
    known = usage.one(connection, usage_id)
    if known is None or known.contract_id != contract_id:
        raise NotFound
    if known.kind is Kind.TURN_OUT:
        raise Conflict("A turn-out is corrected in its own timeline.")
    if facts is not None:
        if usages.kind_of(facts) is not known.kind:
            raise Conflict("This is another kind of thing: say that the one never happened, and record the other.")
        usages.must_be_past(facts, now)
        _must_be_sold(connection, one, facts)
        facts = usages.named(facts, usages.root_of(connection, known))
    return usages.correct(connection, known, facts, reason, viewer.account_id, now)


def _locked(connection: Connection, viewer: Viewer, contract_id: ContractId) -> Contract:
    one = contract(connection, viewer, contract_id)
    contracts.locked(connection, contract_id)
    return one


def _must_be_sold(connection: Connection, one: Contract, facts: PlaceTold | Item) -> None:
    """Raises `InvalidInput` for what the scheme has no price for: found now, not when the month is closed."""
    asked = Usage(items=[facts]) if isinstance(facts, Item) else Usage(places_told=[facts])
    terms = one.terms
    subsidy = None if terms.subsidy is None else schemes.scheme(connection, terms.subsidy.scheme)
    rate(schemes.scheme_for(connection, one), terms, asked, subsidy)
