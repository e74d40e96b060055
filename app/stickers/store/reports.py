"""What was reported as abuse, and who begins no thread for a while."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection, Row

from app.kit.ids import AccountId, CityId, ReportId, StickerId, ThreadId, new_id
from app.stickers.tables import sticker, sticker_block, sticker_report, sticker_thread
from app.stickers.threads import Side


class Report(Struct, frozen=True, kw_only=True):
    """Somebody says that a thread is abused; settled when staff has said what became of it."""

    id: ReportId
    city_id: CityId
    thread_id: ThreadId
    side: Side
    reason: str
    at: datetime
    by: AccountId | None = None
    settled_at: datetime | None = None
    settled_by: AccountId | None = None
    settled: str = ""
    number: str = ""
    """What is printed on the sticker."""


def add(connection: Connection, one: Report) -> None:
    """Keeps a report."""
    values = {name: getattr(one, name) for name in one.__struct_fields__ if name != "number"}
    connection.execute(sa.insert(sticker_report).values(**values | {"side": one.side.value}))


def is_open(connection: Connection, thread_id: ThreadId, side: Side | None = None) -> bool:
    """Whether a report of this thread waits for staff; one of that side when given."""
    query = sa.select(sticker_report.c.id).where(
        sticker_report.c.thread_id == thread_id, sticker_report.c.settled_at.is_(None)
    )
    if side is not None:
        query = query.where(sticker_report.c.side == side.value)
    return connection.execute(query.limit(1)).first() is not None


def newest(
    connection: Connection, city_id: CityId, *, only_open: bool, before: UUID | None, count: int
) -> list[Report]:
    """Up to `count` reports of a city, newest first."""
    query = _reports().where(sticker_report.c.city_id == city_id)
    if only_open:
        query = query.where(sticker_report.c.settled_at.is_(None))
    if before is not None:
        query = query.where(sticker_report.c.id < before)
    return [_report(row) for row in connection.execute(query.order_by(sticker_report.c.id.desc()).limit(count))]


def settle(
    connection: Connection, report_id: ReportId, city_id: CityId | None, by: AccountId, words: str, now: datetime
) -> Report | None:
    """The report, settled; None where there is no such one in the city (None: in any). One that was settled stays as it
    is.
    """
    one = sticker_report.c
    mine = (one.id == report_id) if city_id is None else (one.id == report_id) & (one.city_id == city_id)
    values = {"settled_at": now, "settled_by": by, "settled": words}
    connection.execute(sa.update(sticker_report).where(mine, one.settled_at.is_(None)).values(**values))
    row = connection.execute(_reports().where(mine)).one_or_none()
    return None if row is None else _report(row)


def block(
    connection: Connection, sticker_id: StickerId, mark: bytes, until_at: datetime, by: AccountId, now: datetime
) -> None:
    """Whoever has this mark begins no thread on this sticker until then."""
    values = {"sticker_id": sticker_id, "mark": mark, "until_at": until_at, "by": by, "at": now}
    connection.execute(sa.insert(sticker_block).values(id=new_id(), **values))


def is_blocked(connection: Connection, sticker_id: StickerId, mark: bytes, now: datetime) -> bool:
    """Whether that is so."""
    one = sticker_block.c
    query = sa.select(one.id).where(one.sticker_id == sticker_id, one.mark == mark, one.until_at > now).limit(1)
    return connection.execute(query).first() is not None


def _reports() -> sa.Select[Any]:
    return (
        sa.select(sticker_report, sticker.c.number)
        .join(sticker_thread, sticker_thread.c.id == sticker_report.c.thread_id)
        .join(sticker, sticker.c.id == sticker_thread.c.sticker_id)
    )


def _report(row: "Row[Any]") -> Report:
    return Report(**{**row._mapping, "side": Side(row.side)})
