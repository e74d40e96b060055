"""Documents as they come to be: drafts with lines, then totals and a number, then nothing changes any more."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.billing.model import Billed, Draft, Issuer, Payee, Run
from app.billing.store.rows import billed_of, row_of_line, sums_to
from app.billing.tables import balance, document, document_line
from app.billing.totals import NO_TAX, Rounding, Sum, Sums, Totals, added
from app.db import dialect
from app.kit.ids import CityId, WearerId, new_id


class Head(Struct, frozen=True, kw_only=True):
    """What a draft becomes a document by."""

    number: int
    before: Sums
    totals: Totals
    lines: int
    issued_at: datetime
    issued_on: date
    due_on: date


def add(connection: Connection, run: Run, drafts: Sequence[tuple[Draft, Issuer, str]]) -> list[UUID]:
    """The ids of drafts with their lines, in order; one that the run has already gets the lines besides. Each comes
    with its issuer and its recipient.
    """
    if not drafts:
        return []
    rows = [_row(run, draft, issuer, recipient) for draft, issuer, recipient in drafts]
    connection.execute(dialect.insert(connection, document).on_conflict_do_nothing(), rows)
    ids = _ids_of(connection, run, rows)
    lines = [
        row_of_line(one, new_id(), document_id, run.city_id, run.month)
        for document_id, (draft, _, _) in zip(ids, drafts, strict=True)
        for one in draft.lines
    ]
    connection.execute(sa.insert(document_line), lines)
    return ids


def issue(connection: Connection, heads: Sequence[tuple[UUID, Issuer, Head]]) -> None:
    """Makes documents of drafts. From here on nothing of them changes."""
    if not heads:
        return
    rows = [
        {
            "this": document_id, "number": head.number, "issuer": msgspec.to_builtins(issuer),
            "before": sums_to(head.before), "totals": msgspec.to_builtins(head.totals), "lines": head.lines,
            "total_yen": head.totals.total_yen, "tax_yen": head.totals.tax_yen, "issued_on": head.issued_on,
            "due_on": head.due_on, "issued_at": head.issued_at,
        }
        for document_id, issuer, head in heads
    ]  # fmt: skip
    values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "this"}
    connection.execute(sa.update(document).where(document.c.id == sa.bindparam("this")).values(values), rows)


def owe(connection: Connection, city_id: CityId, issued: Sequence[tuple[UUID, UUID | None, Head]]) -> None:
    """Opens the balances of new documents. One that corrects another (the second of each) lessens its instead."""
    rows = [
        {"document_id": document_id, "city_id": city_id, "due_on": head.due_on, "owed_yen": head.totals.total_yen,
         "paid_yen": 0, "written_off_yen": 0, "open_yen": head.totals.total_yen}
        for document_id, corrects, head in issued
        if corrects is None
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(balance), rows)
    for _, corrects, head in issued:
        if corrects is not None:
            _lessen(connection, corrects, head.totals.total_yen)


def _lessen(connection: Connection, document_id: UUID, yen: int) -> None:
    """Adds what a return comes to, which is below zero, to what is owed on the document that it corrects."""
    values: dict[str, Any] = {"owed_yen": balance.c.owed_yen + yen, "open_yen": balance.c.open_yen + yen}
    connection.execute(sa.update(balance).where(balance.c.document_id == document_id).values(values))


def next_draft(connection: Connection, run: Run) -> sa.Row[Any] | None:
    """A draft of the run, returns before invoices; None when all are issued."""
    mine = (document.c.closing_id == run.id) & document.c.issued_at.is_(None)
    order = (document.c.issuer_code, document.c.payee, document.c.kind.desc(), document.c.about)
    return connection.execute(sa.select(document).where(mine).order_by(*order).limit(1)).one_or_none()


def sums_of_document(connection: Connection, document_id: UUID) -> tuple[dict[int, Sum], int]:
    """What the lines of a document come to by rate, and how many there are."""
    return _sums(connection, document_line.c.document_id == document_id)


def sums_before(connection: Connection, city_id: CityId, month: str, payee: Payee) -> dict[int, Sum]:
    """What the documents come to that were issued for a payee's month."""
    issued = sa.select(document.c.id).where(
        document.c.city_id == city_id, document.c.month == month, document.c.issuer_code == payee.issuer,
        document.c.payee == payee.key, document.c.issued_at.is_not(None),
    )  # fmt: skip
    return _sums(connection, document_line.c.document_id.in_(issued))[0]


def roundings(connection: Connection, city_id: CityId, month: str, payees: Collection[Payee]) -> dict[Payee, Rounding]:
    """How the tax of the first document of each payee's month was rounded; who has none is absent."""
    if not payees:
        return {}
    mine = (document.c.city_id == city_id) & (document.c.month == month) & document.c.issued_at.is_not(None)
    keys = {(payee.issuer, payee.key): payee for payee in payees}
    query = sa.select(document.c.issuer_code, document.c.payee, document.c.issuer)
    query = query.where(mine, document.c.payee.in_(sorted({key for _, key in keys})))
    found: dict[Payee, Rounding] = {}
    for row in connection.execute(query.order_by(document.c.round, document.c.number)):
        payee = keys.get((row.issuer_code, row.payee))
        if payee is not None:
            found.setdefault(payee, Rounding(row.issuer["rounding"]))
    return found


def billed_of_wearers(
    connection: Connection, city_id: CityId, month: str, wearer_ids: Collection[WearerId]
) -> list[Billed]:
    """Every line of these wearers' month, those that were taken back and those that take back too."""
    mine = (document_line.c.city_id == city_id) & (document_line.c.month == month)
    query = sa.select(document_line).where(mine, document_line.c.wearer_id.in_(list(wearer_ids)))
    return [billed_of(row) for row in connection.execute(query.order_by(document_line.c.id))]


def billed_wearers(
    connection: Connection, city_id: CityId, month: str, after: WearerId | None, until: WearerId | None, count: int
) -> list[WearerId]:
    """Up to `count` wearers with lines in a month, by id, after one and up to another."""
    one = document_line.c
    query = sa.select(one.wearer_id).where(one.city_id == city_id, one.month == month)
    if after is not None:
        query = query.where(one.wearer_id > after)
    if until is not None:
        query = query.where(one.wearer_id <= until)
    return list(connection.execute(query.distinct().order_by(one.wearer_id).limit(count)).scalars())


def _sums(connection: Connection, which: sa.ColumnElement[bool]) -> tuple[dict[int, Sum], int]:
    one = document_line.c
    query = sa.select(
        one.tax_rate_pct, one.tax_included, one.deposit, sa.func.sum(one.amount_yen), sa.func.count()
    ).where(which)
    found: dict[int, Sum] = {}
    count = 0
    for rate, included, deposit, amount, lines in connection.execute(
        query.group_by(one.tax_rate_pct, one.tax_included, one.deposit)
    ):
        yen = int(amount)
        own = Sum(included_yen=yen) if included or deposit else Sum(excluded_yen=yen)
        found = added(found, {NO_TAX if deposit else rate: own})
        count += lines
    return found, count


def _row(run: Run, draft: Draft, issuer: Issuer, recipient: str) -> dict[str, Any]:
    payee = draft.payee
    return {
        "id": new_id(), "city_id": run.city_id, "closing_id": run.id, "month": run.month, "round": run.round,
        "kind": draft.kind.value, "issuer_id": issuer.id, "issuer_code": issuer.code, "payer": payee.payer.value,
        "payee": payee.key, "wearer_id": UUID(payee.wearer_id) if payee.wearer_id else None, "ward": payee.ward,
        "category": payee.category, "recipient": recipient, "corrects": draft.corrects,
        "about": "" if draft.corrects is None else draft.corrects.hex,
    }  # fmt: skip


def _ids_of(connection: Connection, run: Run, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """The ids of the run's drafts, new or there already: of a family each is new, of a city mostly not."""
    shared = [row for row in rows if row["wearer_id"] is None]
    known: dict[tuple[Any, ...], UUID] = {}
    if shared:
        mine = (document.c.closing_id == run.id) & document.c.issued_at.is_(None) & document.c.wearer_id.is_(None)
        known = {_key(row._mapping): row.id for row in connection.execute(sa.select(document).where(mine))}
    return [known.get(_key(row), row["id"]) for row in rows]


def _key(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return row["issuer_code"], row["payee"], row["kind"], row["about"]
