"""What the wearers of a city owe in a month, some wearers at a time: contracts and usage, rated."""

import structlog
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.billing.model import Gap, Owed, Run
from app.billing.store import issuing, runs
from app.db.errors import plain
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import WearerId
from app.programmes.contracts import Contract
from app.programmes.model import Rating, Usage
from app.programmes.rating import rate
from app.programmes.scheme import Scheme
from app.programmes.service import months, schemes
from app.programmes.store import contracts

log = structlog.get_logger()


class Gathered(Struct, frozen=True, kw_only=True):
    """Some wearers, by id, and what they owe. `last`: no more come after them."""

    wearer_ids: tuple[WearerId, ...]
    owed: tuple[Owed, ...]
    gaps: tuple[Gap, ...]
    last: bool


def gather(connection: Connection, run: Run, count: int) -> Gathered:
    """Up to about `count` wearers of the run after those that it has gone past, and what each of them owes."""
    wearer_ids, some, last = _some(connection, run, count)
    usage = months.usage_of_month(connection, some, run.month)
    known = schemes.schemes_for(connection, some)
    owed: list[Owed] = []
    gaps: list[Gap] = []
    for one in some:
        rating = _rated(connection, one, known[one.id], usage[one.id])
        if isinstance(rating, Gap):
            gaps.append(rating)
        else:
            owed += [Owed(line=line, wearer_id=one.wearer_id, contract_id=one.id) for line in rating.lines]
    return Gathered(wearer_ids=tuple(wearer_ids), owed=tuple(owed), gaps=tuple(gaps), last=last)


def _rated(connection: Connection, one: Contract, scheme: Scheme, usage: Usage) -> Rating | Gap:
    """The lines of a contract; what is not known whole is not billed by half."""
    subsidy: Scheme | None = None
    try:
        if one.terms.subsidy is not None:
            subsidy = schemes.scheme(connection, one.terms.subsidy.scheme)
        found = rate(scheme, one.terms, usage, subsidy)
    except InvalidInput as error:
        return Gap(contract_id=one.id, wearer_id=one.wearer_id, why=(error.where or "terms",))
    except NotFound:
        return Gap(contract_id=one.id, wearer_id=one.wearer_id, why=("terms.subsidy.scheme",))
    except Exception as error:  # A defect costs one contract its bill, and a town nothing: it is seen among the gaps.
        log.error("rating_failed", contract=str(one.id), error=type(error).__name__, detail=plain(error)[:500])
        return Gap(contract_id=one.id, wearer_id=one.wearer_id, why=(f"defect:{type(error).__name__}",))
    if not found.complete:
        return Gap(contract_id=one.id, wearer_id=one.wearer_id, why=tuple(asked.field for asked in found.asked))
    return found


def _some(connection: Connection, run: Run, count: int) -> tuple[list[WearerId], list[Contract], bool]:
    """The next wearers of the run with their contracts: all who can owe something, and in a later round all who were
    billed; or only those of whom something was noted since the run before, and those who could not be billed.
    """
    if run.since is not None:
        changed = months.changed_since(connection, run.city_id, run.since, run.after, count)
        waiting = runs.waiting(connection, run.city_id, run.month, run.after, count)
        last = len(changed) < count and len(waiting) < count
        ids = sorted({*changed, *waiting})[: None if last else count]
        some = [one for wearer_id in ids for one in contracts.of_wearer(connection, wearer_id)]
        return ids, [one for one in some if one.city_id == run.city_id], last
    some = months.contracts_of_month(connection, run.city_id, run.after, count, run.month)
    found = {one.wearer_id for one in some}
    last = len(found) < count
    if run.round:
        until = None if last else max(found)
        billed = issuing.billed_wearers(connection, run.city_id, run.month, run.after, until, count)
        if len(billed) == count:  # Where a town ended its contracts there are more than had a contract.
            until, last = billed[-1], False
        found = {one for one in found.union(billed) if until is None or one <= until}
    return sorted(found), [one for one in some if one.wearer_id in found], last
