"""Threads and what was written in them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.accounts.tables import account
from app.db import dialect
from app.kit.ids import AccountId, DrillId, LineId, StickerId, ThreadId, WearerId
from app.pictures import Picture
from app.stickers.tables import sticker_line, sticker_photo, sticker_thread
from app.stickers.threads import (
    GOING_ON,
    HerState,
    LastWords,
    Line,
    Mode,
    SharedPlace,
    Side,
    Thread,
    ThreadState,
)

_HERS = frozenset({"secret_hash", "mark"})
"""What is the finder's own: it is compared, and never read."""
COLUMNS = [column for column in sticker_thread.c if column.name not in _HERS]
_GOES_ON = sticker_thread.c.state.in_([state.value for state in GOING_ON])


def insert(connection: Connection, one: Thread, secret_hash: bytes, mark: bytes) -> bool:
    """Whether it is new: a form that was sent twice at once is one thread."""
    values = _row(one) | {"id": one.id, "secret_hash": secret_hash, "mark": mark}
    added = dialect.insert(connection, sticker_thread).values(**values)
    return connection.execute(added.on_conflict_do_nothing(index_elements=["secret_hash"])).rowcount == 1


def save(connection: Connection, one: Thread) -> None:
    """Writes what a thread has become; the caller holds it."""
    connection.execute(sa.update(sticker_thread).where(sticker_thread.c.id == one.id).values(**_row(one)))


def by_secret(connection: Connection, secret_hash: bytes, *, hold: bool = False) -> Thread | None:
    """The thread of a finder. `hold`: nobody else changes it in this transaction."""
    return _one(connection, sticker_thread.c.secret_hash == secret_hash, hold)


def by_id(connection: Connection, thread_id: ThreadId, *, hold: bool = False) -> Thread | None:
    """The thread, whoever asks."""
    return _one(connection, sticker_thread.c.id == thread_id, hold)


def begun_since(connection: Connection, sticker_id: StickerId, mark: bytes, since: datetime) -> tuple[int, int]:
    """How many threads of a sticker began since then, and how many of them by this mark; those that the city blocked do
    not count.
    """
    one = sticker_thread.c
    query = sa.select(sa.func.count(), sa.func.count().filter(one.mark == mark)).where(
        one.sticker_id == sticker_id, one.begun_at > since, one.blocked.is_(sa.false())
    )
    in_all, by_mark = connection.execute(query).one()
    return in_all, by_mark


def mark_of(connection: Connection, thread_id: ThreadId) -> bytes | None:
    """The mark of its finder, while it is kept."""
    query = sa.select(sticker_thread.c.mark).where(sticker_thread.c.id == thread_id)
    mark: bytes | None = connection.execute(query).scalar_one_or_none()
    return mark


def going_on_of(connection: Connection, wearer_id: WearerId, mode: Mode | None = None) -> list[Thread]:
    """The threads about somebody that go on."""
    query = sa.select(*COLUMNS).where(sticker_thread.c.wearer_id == wearer_id, _GOES_ON)
    if mode is not None:
        query = query.where(sticker_thread.c.mode == mode.value)
    return [thread_of(row) for row in connection.execute(query.order_by(sticker_thread.c.id))]


def newest(
    connection: Connection,
    wearer_ids: Collection[UUID],
    account_id: AccountId,
    drill_ids: Collection[UUID],
    before: tuple[datetime, UUID] | None,
    count: int,
) -> list[Thread]:
    """Up to `count` threads about these wearers, the account's own tests and those of these drills, newest first."""
    one = sticker_thread.c
    query = sa.select(*COLUMNS).where(
        sa.or_(
            sa.and_(one.mode == Mode.REAL.value, one.wearer_id.in_(list(wearer_ids))),
            sa.and_(one.mode == Mode.TEST.value, one.wearer_id.in_(list(wearer_ids)), one.begun_by == account_id),
            one.drill_id.in_(list(drill_ids)),
        )
    )
    if before is not None:
        at, key = before
        query = query.where(sa.or_(one.begun_at < at, sa.and_(one.begun_at == at, one.id < key)))
    query = query.order_by(one.begun_at.desc(), one.id.desc()).limit(count)
    return [thread_of(row) for row in connection.execute(query)]


def add_line(connection: Connection, one: Line, once: bytes | None = None) -> bool:
    """Whether it is new: a form that was sent twice is one line."""
    place = one.place
    values = {
        "id": one.id, "thread_id": one.thread_id, "side": one.side.value, "at": one.at, "account_id": one.account_id,
        "states": sorted(state.value for state in one.states), "words": one.words, "typed_place": one.typed_place,
        "lat_deg": place and place.lat_deg, "lon_deg": place and place.lon_deg,
        "accuracy_m": place and place.accuracy_m, "once": once,
    }  # fmt: skip
    added = dialect.insert(connection, sticker_line).values(**values)
    return connection.execute(added.on_conflict_do_nothing(index_elements=["thread_id", "once"])).rowcount == 1


def add_photo(connection: Connection, line_id: LineId, photo: Picture) -> None:
    """Keeps the photo of a line."""
    connection.execute(sa.insert(sticker_photo).values(line_id=line_id, jpeg=photo))


def photo(connection: Connection, thread_id: ThreadId, line_id: LineId) -> bytes | None:
    """The photo of a line of this thread."""
    query = (
        sa.select(sticker_photo.c.jpeg)
        .join(sticker_line, sticker_line.c.id == sticker_photo.c.line_id)
        .where(sticker_photo.c.line_id == line_id, sticker_line.c.thread_id == thread_id)
    )
    jpeg: bytes | None = connection.execute(query).scalar_one_or_none()
    return jpeg


def lines(connection: Connection, thread_id: ThreadId) -> list[Line]:
    """All lines, oldest first; a thread holds only so many."""
    query = (
        sa.select(sticker_line, sticker_photo.c.line_id)
        .outerjoin(sticker_photo, sticker_photo.c.line_id == sticker_line.c.id)
        .where(sticker_line.c.thread_id == thread_id)
        .order_by(sticker_line.c.id)
    )
    return [_line(row) for row in connection.execute(query)]


def numbers_of_lines(connection: Connection, thread_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many lines each of these threads has; one without any is absent."""
    one = sticker_line.c
    query = sa.select(one.thread_id, sa.func.count()).where(one.thread_id.in_(list(thread_ids))).group_by(one.thread_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def names_of(connection: Connection, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called, for the family's side."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def thread_of(row: "Row[Any]") -> Thread:
    """A row as what it means."""
    values = {column.name: getattr(row, column.name) for column in COLUMNS}
    return Thread(
        **values
        | {
            "mode": Mode(row.mode),
            "state": ThreadState(row.state),
            "last_code": None if row.last_code is None else LastWords(row.last_code),
            "drill_id": None if row.drill_id is None else DrillId(row.drill_id),
        }
    )


def _one(connection: Connection, condition: sa.ColumnElement[bool], hold: bool) -> Thread | None:
    query = sa.select(*COLUMNS).where(condition)
    row = connection.execute(query.with_for_update() if hold else query).one_or_none()
    return None if row is None else thread_of(row)


def _row(one: Thread) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__ if name != "id"} | {
        "mode": one.mode.value,
        "state": one.state.value,
        "last_code": None if one.last_code is None else one.last_code.value,
    }


def _line(row: "Row[Any]") -> Line:
    place = None
    if row.lat_deg is not None:
        place = SharedPlace(lat_deg=row.lat_deg, lon_deg=row.lon_deg, accuracy_m=row.accuracy_m)
    return Line(
        id=row.id, thread_id=row.thread_id, side=Side(row.side), at=row.at, account_id=row.account_id,
        states=frozenset(HerState(state) for state in row.states), words=row.words, place=place,
        typed_place=row.typed_place, has_photo=row.line_id is not None,
    )  # fmt: skip
