"""Documents as people ask for them: one, lists, lines, statements, arrears."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.billing.model import Billed, Document
from app.billing.standing import Standing
from app.billing.store.rows import billed_of, document_of
from app.billing.tables import balance, document, document_line, issuer, issuer_reader
from app.households.tables import household_member, protection, wearer
from app.programmes.model import Payer

AT_ONCE = 500


class Found(Struct, frozen=True, kw_only=True):
    """A document and how it stands; None where it lessens another one's standing."""

    document: Document
    standing: Standing | None


class Asked(Struct, frozen=True, kw_only=True):
    """Which documents of a list: all that is given must fit."""

    month: str | None = None
    issuer: str | None = None
    payer: Payer | None = None
    wearer_id: UUID | None = None


class Group(Struct, frozen=True, kw_only=True):
    """Lines that are the same but for the wearer and the day, as one."""

    code: str
    label: dict[str, str]
    unit: str
    unit_yen: int
    quantity: int
    amount_yen: int
    tax_rate_pct: int
    tax_included: bool
    deposit: bool


class Part(Struct, frozen=True, kw_only=True):
    """What a company asks a city for in a month, for one ward and category: its documents together."""

    issuer: str
    ward: str
    category: str
    wearers: int
    documents: tuple[UUID, ...]
    total_yen: int
    tax_yen: int


def one(connection: Connection, viewer: Viewer, document_id: UUID) -> Found | None:
    """The document of that id, if it is the viewer's to read."""
    row = connection.execute(_select(viewer).where(document.c.id == document_id)).one_or_none()
    return None if row is None else _found(row)


def by_id(connection: Connection, document_id: UUID) -> Document | None:
    """The document of that id, for the house itself."""
    query = sa.select(document).where(document.c.id == document_id, document.c.issued_at.is_not(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else document_of(row)


def by_number(connection: Connection, code: str, number: int) -> list[Document]:
    """The documents of a company's number: one in each city where it bills."""
    query = sa.select(document).where(document.c.issuer_code == code, document.c.number == number)
    return [document_of(row) for row in connection.execute(query)]


def every(connection: Connection, city_id: int | None, month: str | None) -> Iterator[Document]:
    """Every document, or those of a city or a month, some at a time."""
    after: UUID | None = None
    while True:
        query = sa.select(document).where(document.c.issued_at.is_not(None))
        for column, value in ((document.c.city_id, city_id), (document.c.month, month)):
            if value is not None:
                query = query.where(column == value)
        if after is not None:
            query = query.where(document.c.id > after)
        some = connection.execute(query.order_by(document.c.id).limit(AT_ONCE)).all()
        if not some:
            return
        yield from (document_of(row) for row in some)
        after = some[-1].id


def numbers(connection: Connection, city_id: int | None) -> list[tuple[int, str, int, int]]:
    """Of each issuer its city and code, its last number, and how many documents it has."""
    count = sa.select(sa.func.count()).where(document.c.issuer_id == issuer.c.id, document.c.number.is_not(None))
    query = sa.select(issuer.c.city_id, issuer.c.code, issuer.c.last_number, count.scalar_subquery())
    if city_id is not None:
        query = query.where(issuer.c.city_id == city_id)
    return [
        (row[0], row[1], row[2], row[3]) for row in connection.execute(query.order_by(issuer.c.city_id, issuer.c.code))
    ]


def listed(
    connection: Connection, viewer: Viewer, asked: Asked, before: tuple[datetime, UUID] | None, count: int
) -> list[Found]:
    """Up to `count` of the documents that the viewer may read, newest first, after the cursor (issued_at, id)."""
    query = _select(viewer)
    one = document.c
    for column, value in ((one.month, asked.month), (one.issuer_code, asked.issuer), (one.wearer_id, asked.wearer_id)):
        if value is not None:
            query = query.where(column == value)
    if asked.payer is not None:
        query = query.where(one.payer == asked.payer.value)
    if before is not None:
        at, key = before
        query = query.where(sa.or_(one.issued_at < at, sa.and_(one.issued_at == at, one.id < key)))
    query = query.order_by(one.issued_at.desc(), one.id.desc()).limit(count)
    return [_found(row) for row in connection.execute(query)]


def arrears(
    connection: Connection, viewer: Viewer, today: date, after: tuple[date, UUID] | None, count: int
) -> list[Found]:
    """Up to `count` documents that the viewer may read and that are overdue, longest first, after the cursor (due_on,
    id).
    """
    late = (balance.c.city_id == viewer.city_id) & (balance.c.open_yen > 0) & (balance.c.due_on < today)
    query = _select(viewer).where(late)
    if after is not None:
        due_on, key = after
        later = sa.and_(balance.c.due_on == due_on, balance.c.document_id > key)
        query = query.where(sa.or_(balance.c.due_on > due_on, later))
    query = query.order_by(balance.c.due_on, balance.c.document_id).limit(count)
    return [_found(row) for row in connection.execute(query)]


def lines(connection: Connection, document_id: UUID, after: UUID | None, count: int) -> list[Billed]:
    """Up to `count` lines of a document in order, after one."""
    query = sa.select(document_line).where(document_line.c.document_id == document_id)
    if after is not None:
        query = query.where(document_line.c.id > after)
    return [billed_of(row) for row in connection.execute(query.order_by(document_line.c.id).limit(count))]


def grouped(connection: Connection, document_id: UUID) -> list[Group]:
    """The lines of a document by what they are for, each price once."""
    one = document_line.c
    key = (one.code, one.unit, one.unit_yen, one.tax_rate_pct, one.tax_included, one.deposit)
    first = sa.func.min(sa.cast(one.label, sa.Text))
    query = sa.select(*key, first, sa.func.sum(one.quantity), sa.func.sum(one.amount_yen))
    query = query.where(one.document_id == document_id).group_by(*key).order_by(*key)
    return [
        Group(
            code=row[0], unit=row[1], unit_yen=row[2], tax_rate_pct=row[3], tax_included=row[4], deposit=row[5],
            label=_decoded(row[6]), quantity=int(row[7]), amount_yen=int(row[8]),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def parts(connection: Connection, viewer: Viewer, month: str) -> list[Part]:
    """A city's month by company, ward and category, of those documents that the viewer may read."""
    mine = _readable(viewer) & (document.c.month == month) & (document.c.payer == Payer.CITY.value)
    key = (document.c.issuer_code, document.c.ward, document.c.category)
    issued = sa.select(*key, document.c.id, document.c.total_yen, document.c.tax_yen).where(mine)
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in connection.execute(issued.order_by(*key, document.c.id)):
        found.setdefault((row.issuer_code, row.ward, row.category), []).append(row)
    counted = sa.select(*key, sa.func.count(document_line.c.wearer_id.distinct())).join(
        document_line, document_line.c.document_id == document.c.id
    )
    wearers = {tuple(row[:3]): row[3] for row in connection.execute(counted.where(mine).group_by(*key))}
    return [
        Part(
            issuer=group[0], ward=group[1], category=group[2], wearers=wearers.get(group, 0),
            documents=tuple(row.id for row in rows), total_yen=sum(row.total_yen for row in rows),
            tax_yen=sum(row.tax_yen for row in rows),
        )
        for group, rows in found.items()
    ]  # fmt: skip


_STANDING: Sequence[Any] = (
    balance.c.owed_yen.label("standing_owed"), balance.c.paid_yen.label("standing_paid"),
    balance.c.written_off_yen.label("standing_written_off"), balance.c.due_on.label("standing_due_on"),
)  # fmt: skip


def _select(viewer: Viewer) -> sa.Select[Any]:
    """Documents that the viewer may read, and how they stand."""
    query = sa.select(document, *_STANDING).outerjoin(balance, balance.c.document_id == document.c.id)
    return query.where(_readable(viewer))


def _readable(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Documents that were issued and that the viewer may read: a family those that ask it for money, about members of
    its own household, after they have ended too; a company those that it issued; the office those of its city. Nobody
    those about a wearer whom a protection hides from them.
    """
    mine = (protection.c.account_id == viewer.account_id) & protection.c.ended_at.is_(None)
    hidden = sa.exists().where(protection.c.wearer_id == document.c.wearer_id, mine)
    here = document.c.issued_at.is_not(None) & (document.c.city_id == viewer.city_id) & ~hidden
    match viewer.role:
        case Role.CLERK | Role.ADMINISTRATOR:
            return here
        case Role.CONTROL_ROOM:
            companies = sa.select(issuer_reader.c.issuer_id).where(issuer_reader.c.account_id == viewer.account_id)
            return here & document.c.issuer_id.in_(companies)
        case Role.FAMILY:
            theirs = sa.select(wearer.c.id).join(
                household_member, household_member.c.household_id == wearer.c.household_id
            ).where(household_member.c.account_id == viewer.account_id)  # fmt: skip
            return here & (document.c.payer == Payer.USER.value) & document.c.wearer_id.in_(theirs)
        case _:
            return sa.false()


def _found(row: sa.Row[Any]) -> Found:
    standing = None
    if row.standing_owed is not None:
        standing = Standing(
            owed_yen=row.standing_owed, paid_yen=row.standing_paid, written_off_yen=row.standing_written_off,
            due_on=row.standing_due_on,
        )  # fmt: skip
    return Found(document=document_of(row), standing=standing)


def _decoded(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])
