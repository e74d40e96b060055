"""A month is closed: some wearers at a time, so that memory stays flat and devices are not held up; by any number of
processes; and a kill at any line neither doubles nor loses a document.

A page is worked out by a reader and written in one transaction that moves the cursor of the run as well, under the lock
of the run's row: who worked out the same page meanwhile finds the cursor elsewhere and drops its own. Documents of
families are issued with their page. Lines of cities and insurers gather on drafts, which are totalled and issued, one a
transaction, when the last page is written. Numbers come from a counter in the issuer's row (decision 0032).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection, Engine

from app.accounts import service as accounts
from app.billing.documents import changes, drafts_of, payee_of, sums
from app.billing.model import Billed, Draft, Gap, Issuer, Owed, Payee, Run, RunState
from app.billing.service.gathering import Gathered, gather
from app.billing.store import issuers, issuing, people, runs
from app.billing.store.issuing import Head
from app.billing.totals import Rounding, Sums, added, totals_after
from app.db.session import hint, take
from app.kit.calendar import local_date
from app.kit.clock import Clock
from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, CityId, WearerId, new_id
from app.programmes.model import Month, Payer

WEARERS_A_PAGE = 200
"""On SQLite what is written of them holds up devices for some ten milliseconds."""
WEARERS_A_PAGE_MANY = 1_000
"""On PostgreSQL, and for commands, nobody waits for it."""
TOPIC = "billing"

Gather = Callable[[Connection, Run, int], Gathered]


class Page(Struct, frozen=True, kw_only=True):
    """Some wearers of a run, worked out: `before` what families' earlier documents come to, `names` how they are
    addressed.
    """

    run: Run
    upto: WearerId | None
    wearers: int
    last: bool
    drafts: tuple[Draft, ...]
    before: dict[Payee, Sums]
    names: dict[str, str]
    gaps: tuple[Gap, ...]


def begin(
    connection: Connection, city_id: CityId, month: str, by: AccountId | None, now: datetime, *, everybody: bool = False
) -> Run:
    """The closing run of a month: the first; or, where the month is closed, one that bills what was corrected since the
    run before (with `everybody`, what is different now for anybody). One that goes on is given as it is. Raises
    `NotFound` for an unknown city, and `InvalidInput` for a month that is not over.
    """
    accounts.city(connection, city_id)
    if month >= f"{local_date(now):%Y-%m}":
        raise InvalidInput("This month is not over.", "month")
    try:
        msgspec.convert(month, Month)
    except msgspec.ValidationError:
        raise InvalidInput("This is no month of which anything is known.", "month") from None
    before = runs.last(connection, city_id, month)
    if before is not None and before.state is not RunState.CLOSED:
        return before
    one = Run(
        id=new_id(), city_id=city_id, month=month, round=0 if before is None else before.round + 1,
        state=RunState.OPEN, since=None if before is None or everybody else before.started_at - CLOCKS_DIFFER,
        after=None, wearers=0, started_at=now, started_by=by, closed_at=None,
    )  # fmt: skip
    runs.add(connection, one)
    hint(connection, TOPIC)
    found = runs.last(connection, city_id, month)
    assert found is not None, "it was begun here or by somebody else"
    return found


CLOCKS_DIFFER = timedelta(minutes=5)
"""What was noted by a process whose clock is behind is not missed; who is looked at twice is billed once."""


def next_step(connection: Connection, now: datetime, count: int | None = None, run_id: UUID | None = None,
              gathered: Gather = gather) -> Callable[[Connection], bool] | None:  # fmt: skip
    """What is to be written next for a run that is not closed, of any or of this one; None when there is none. Reads
    only, so that a reader may work it out. What is written tells whether it was not done by somebody else.
    """
    run = runs.going(connection) if run_id is None else runs.one(connection, run_id)
    if run is None or run.state is RunState.CLOSED:
        return None
    if count is None:
        count = WEARERS_A_PAGE if connection.dialect.name == "sqlite" else WEARERS_A_PAGE_MANY
    if run.state is RunState.ISSUING:
        return partial(issue_next, run=run, now=now)
    return partial(keep, page=work_out(connection, run, count, gathered), now=now)


def work_out(connection: Connection, run: Run, count: int, gathered: Gather = gather) -> Page:
    """The next page of a run. Writes nothing."""
    found = gathered(connection, run, count)
    known = issuers.of_city(connection, run.city_id)
    owed, gaps = _billable(found, known)
    unbilled = {gap.contract_id for gap in gaps}
    all_billed = issuing.billed_of_wearers(connection, run.city_id, run.month, found.wearer_ids) if run.round else []
    back = {one.owed.returns for one in all_billed}
    standing = [
        one for one in all_billed
        if one.id not in back and one.owed.returns is None and one.owed.contract_id not in unbilled
    ]  # fmt: skip
    drafts = drafts_of(changes(standing, owed), {one.id: one.document_id for one in standing})
    return Page(
        run=run, upto=found.wearer_ids[-1] if found.wearer_ids else run.after, wearers=len(found.wearer_ids),
        last=found.last, drafts=tuple(drafts), before=_before(all_billed), gaps=tuple(gaps),
        names=people.household_names(connection, [UUID(one.payee.wearer_id) for one in drafts if one.payee.wearer_id]),
    )  # fmt: skip


def keep(connection: Connection, page: Page, now: datetime) -> bool:
    """Writes a page, unless another process has."""
    run = runs.locked(connection, page.run.id)
    if run is None or run.state is not RunState.OPEN or run.after != page.run.after:
        return False
    known = issuers.of_city(connection, run.city_id)
    city = accounts.city(connection, run.city_id).name
    families = [one for one in page.drafts if one.payee.payer is Payer.USER]
    others = [one for one in page.drafts if one.payee.payer is not Payer.USER]
    issuing.add(connection, run, [(one, known[one.payee.issuer], recipient(city, one.payee)) for one in others])
    _issue_families(connection, run, families, page, known, now)
    runs.add_gaps(connection, run.id, page.gaps)
    state = RunState.ISSUING if page.last else RunState.OPEN
    runs.step(connection, run.id, page.upto, page.wearers, state)
    hint(connection, TOPIC)
    return True


def _issue_families(
    connection: Connection, run: Run, drafts: Sequence[Draft], page: Page, known: dict[str, Issuer], now: datetime
) -> None:
    """Documents of families, which have all their lines on one page."""
    ids = issuing.add(
        connection, run, [(one, known[one.payee.issuer], page.names[one.payee.wearer_id]) for one in drafts]
    )
    by_code: dict[str, list[tuple[UUID, Draft]]] = defaultdict(list)
    for document_id, draft in zip(ids, drafts, strict=True):
        by_code[draft.payee.issuer].append((document_id, draft))
    before = dict(page.before)
    roundings = issuing.roundings(connection, run.city_id, run.month, before)
    heads: list[tuple[UUID, Issuer, Head]] = []
    for code in sorted(by_code):  # In this order, so that no two processes wait for each other.
        own = by_code[code]
        first = issuers.take_numbers(connection, known[code].id, len(own))
        for number, (document_id, draft) in enumerate(own, first):
            issuer = as_before(known[code], roundings.get(draft.payee))
            lines = sums(draft.lines)
            earlier = before.get(draft.payee, {})
            heads.append((document_id, issuer, head(issuer, number, earlier, lines, len(draft.lines), now)))
            before[draft.payee] = added(earlier, lines)
    issuing.issue(connection, heads)
    corrects = {document_id: draft.corrects for own in by_code.values() for document_id, draft in own}
    issuing.owe(connection, run.city_id, [(key, corrects[key], one) for key, _, one in heads])


def issue_next(connection: Connection, run: Run, now: datetime) -> bool:
    """Issues the next document of a city or an insurer, or closes the run when all are."""
    locked = runs.locked(connection, run.id)
    if locked is None or locked.state is not RunState.ISSUING:
        return False
    row = issuing.next_draft(connection, locked)
    if row is None:
        runs.close(connection, run.id, now)
        return True
    payee = Payee(issuer=row.issuer_code, payer=Payer(row.payer), ward=row.ward, category=row.category)
    known = issuers.of_city(connection, run.city_id, [row.issuer_code])[row.issuer_code]
    issuer = as_before(known, issuing.roundings(connection, run.city_id, run.month, [payee]).get(payee))
    before = issuing.sums_before(connection, run.city_id, run.month, payee) if locked.round else {}
    lines, count = issuing.sums_of_document(connection, row.id)
    number = issuers.take_numbers(connection, issuer.id, 1)
    made = head(issuer, number, before, lines, count, now)
    issuing.issue(connection, [(row.id, issuer, made)])
    issuing.owe(connection, run.city_id, [(row.id, row.corrects, made)])
    hint(connection, TOPIC)
    return True


def as_before(issuer: Issuer, rounding: Rounding | None) -> Issuer:
    """The issuer who rounds as in the first document of the matter, if there is one: what corrects it comes to a
    difference, and two ways of rounding would make yen of their own.
    """
    return issuer if rounding is None else replace(issuer, rounding=rounding)


def head(issuer: Issuer, number: int, before: Sums, lines: Sums, count: int, now: datetime) -> Head:
    """What a draft becomes a document by."""
    issued_on = local_date(now)
    return Head(
        number=number, before=before, totals=totals_after(before, lines, issuer.rounding), lines=count,
        issued_at=now, issued_on=issued_on, due_on=issued_on + timedelta(days=issuer.payment_days),
    )  # fmt: skip


def recipient(city: str, payee: Payee) -> str:
    """How a city, its ward or the insurer is addressed."""
    if payee.payer is Payer.INSURER:
        return f"{city}かけつけ費用保険 引受保険会社"
    return f"{city} {payee.ward}".strip()


def _billable(found: Gathered, known: dict[str, Issuer]) -> tuple[list[Owed], list[Gap]]:
    """What can be billed; a contract whose company has no details here waits whole."""
    unknown: dict[UUID, tuple[WearerId, set[str]]] = {}
    for one in found.owed:
        if one.line.issuer not in known:
            unknown.setdefault(one.contract_id, (one.wearer_id, set()))[1].add(one.line.issuer)
    gaps = [
        Gap(contract_id=contract_id, wearer_id=wearer_id, why=tuple(f"issuer:{code}" for code in sorted(codes)))
        for contract_id, (wearer_id, codes) in unknown.items()
    ]
    return [one for one in found.owed if one.contract_id not in unknown], [*found.gaps, *gaps]


def _before(billed: Sequence[Billed]) -> dict[Payee, Sums]:
    by_payee: dict[Payee, list[Owed]] = defaultdict(list)
    for one in billed:
        if one.owed.line.payer is Payer.USER:
            by_payee[payee_of(one.owed)].append(one.owed)
    return {payee: sums(lines) for payee, lines in by_payee.items()}


def work_off(
    reader: Engine,
    writer: Engine,
    run_id: UUID,
    clock: Clock,
    count: int = WEARERS_A_PAGE_MANY,
    gathered: Gather = gather,
) -> Run:
    """Works on a run until it is closed, by this process or by others beside it: for commands. What is worked out is
    read on one engine and written on the other, so that the store is not held up meanwhile.
    """
    while True:
        with reader.connect() as connection, connection.begin():
            step = next_step(connection, clock(), count, run_id, gathered)
        if step is None:
            break
        with writer.begin() as connection:
            step(connection)
            take(connection)
    with reader.connect() as connection, connection.begin():
        found = runs.one(connection, run_id)
    assert found is not None, "runs are not deleted"
    return found
