"""May a turn-out begin? The scheme of the wearer says who may ask for one; nothing else does."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.households import service as households
from app.kit.calendar import local_date
from app.kit.ids import AccountId, ContactId, WearerId
from app.programmes.contracts import Contract
from app.programmes.model import Starter
from app.programmes.scheme import DispatchTerms
from app.programmes.service import schemes
from app.programmes.starts import Reason, decide
from app.programmes.store import contracts


class Decision(Struct, frozen=True, kw_only=True):
    """Whether a turn-out may begin, why, and under which contract."""

    allowed: bool
    reason: Reason
    contract: Contract | None = None


def may_start(
    connection: Connection,
    wearer_id: WearerId,
    starter: Starter,
    account_id: AccountId | None,
    now: datetime,
    *,
    contact_id: ContactId | None = None,
) -> Decision:
    """Whether a turn-out for a wearer may begin on the word of `starter`: of a contact by their `account_id`, or, where
    an operator notes the request of a contact who called, by `contact_id`. Of several contracts the first that lets it
    begin counts.
    """
    known = turn_out_contracts(connection, wearer_id, now)
    if not known:
        return Decision(allowed=False, reason=Reason.NO_CONTRACT)
    registered = households.contact_who_asks(connection, wearer_id, account_id, contact_id) is not None
    decided = [
        Decision(allowed=reason is Reason.LET, reason=reason, contract=contract)
        for contract, terms in known
        for reason in (decide(terms, starter, registered),)
    ]
    return next((one for one in decided if one.allowed), decided[0])


def turn_out_contracts(
    connection: Connection, wearer_id: WearerId, now: datetime
) -> list[tuple[Contract, DispatchTerms]]:
    """The contracts of a wearer that are in force and whose scheme says anything of turn-outs: those under which
    contacts ask before others, newer ones before older.
    """
    today = local_date(now)
    holding = [one for one in contracts.of_wearer(connection, wearer_id) if one.holds_on(today)]
    found = [(one, schemes.dispatch_at(connection, one, now)) for one in holding]
    known = [(one, terms) for one, terms in found if terms is not None]
    return sorted(known, key=lambda pair: Starter.CONTACT not in pair[1].started_by)
