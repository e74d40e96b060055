"""Which ingest units are already stored, and the units that no rule could digest."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect, tables
from app.db.session import savepoint
from app.kit.errors import Conflict, NotFound
from app.kit.ids import CityId, new_id
from beacon_ingest.messages import DetectorUnit, Unit

KEPT = timedelta(days=7)
"""How long a repeat of a unit is recognised (DESIGN section 5)."""

_KNOWN = sa.select(tables.ingest_unit.c.ingest_id).where(
    tables.ingest_unit.c.ingest_id.in_(sa.bindparam("ids", expanding=True))
)
_UNITS = dialect.Rows(tables.ingest_unit, ("ingest_id", "received_at"), dialect.ignore)

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(Unit).decode
_decode_of_detector = msgspec.msgpack.Decoder(DetectorUnit).decode

AnyUnit = TypeVar("AnyUnit", bound=Unit | DetectorUnit)


class _Repeated(Exception):
    """Some of the units were stored before: they must be told apart one by one."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A unit that was acknowledged, could not be digested, and waits to be replayed."""

    id: UUID
    city_id: CityId
    device_id: UUID
    format: str
    received_at: datetime
    error: str
    attempts: int
    replayed_at: datetime | None


def fresh(connection: Connection, units: Sequence[AnyUnit]) -> list[AnyUnit]:
    """Those of `units` that were not stored before, each once; they count as stored from now on."""
    rows = [(unit.ingest_ids[0], unit.received_at) for unit in units]
    if all(len(unit.ingest_ids) == 1 for unit in units):  # The usual case: all are new, and one statement says so.
        try:
            with savepoint(connection):
                if _UNITS.insert(connection, rows) != len(rows):
                    raise _Repeated
        except _Repeated:
            pass
        else:
            return list(units)
    ids = [ingest_id for unit in units for ingest_id in unit.ingest_ids]
    known = set(connection.execute(_KNOWN, {"ids": ids}).scalars())
    first: list[AnyUnit] = []
    for unit in units:
        if known.isdisjoint(unit.ingest_ids):
            first.append(unit)
            known.update(unit.ingest_ids)
    if _UNITS.insert(connection, [(unit.ingest_ids[0], unit.received_at) for unit in first]) != len(first):
        raise Conflict("Another worker stored one of these units at this moment.")
    return first


def forget_before(connection: Connection, before: datetime) -> int:
    """Forgets the ids of units received before then; how many."""
    table = tables.ingest_unit
    return connection.execute(sa.delete(table).where(table.c.received_at < before)).rowcount


def bury(connection: Connection, unit: Unit | DetectorUnit, error: str) -> None:
    """Keeps a unit that could not be digested: durable, visible, replayable. It counts as stored from now on, so that
    when it comes once more it is neither buried again nor digested beside its letter.
    """
    note(connection, unit)
    whose = (unit.city, unit.device_id, unit.format, unit.received_at)
    bury_unread(connection, whose, _bytes(unit), error)


def note(connection: Connection, unit: Unit | DetectorUnit) -> None:
    """It counts as stored from now on."""
    _UNITS.insert(connection, [(unit.ingest_ids[0], unit.received_at)])


def bury_unread(
    connection: Connection, whose: tuple[int, UUID, str, datetime], body: bytes, error: str, name: bytes = b""
) -> None:
    """Keeps a unit that this version cannot even read; `whose` are its city, device, format and time of receipt, `name`
    is its ingest id as far as it is known without reading it: then it is kept once, however often it comes.
    """
    city_id, device_id, format, received_at = whose
    if name and not _UNITS.insert(connection, [(name, received_at)]):
        return
    row = {
        "id": new_id(),
        "city_id": city_id,
        "device_id": device_id,
        "format": format,
        "received_at": received_at,
        "unit": body,
        "error": error.replace("\0", "")[:2000],
    }
    connection.execute(sa.insert(tables.dead_letter), [row])


def _bytes(unit: Unit | DetectorUnit) -> bytes:
    """The unit as it can be replayed. What cannot even be written down as such is kept as text for people to read."""
    try:
        return _encode(unit)
    except (TypeError, ValueError, OverflowError):
        return repr(unit).encode(errors="backslashreplace")


def dead_letters(
    connection: Connection,
    cities: Iterable[CityId] | None,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
) -> list[DeadLetter]:
    """The newest dead letters, of some cities or of all, older than `before` (received_at, id)."""
    table = tables.dead_letter
    query = sa.select(table).order_by(table.c.received_at.desc(), table.c.id.desc()).limit(limit)
    if cities is not None:
        query = query.where(table.c.city_id.in_(list(cities)))
    if before is not None:
        query = query.where(is_before(table.c.received_at, table.c.id, before))
    return [_letter(row) for row in connection.execute(query)]


def is_before(at: sa.Column[datetime], key: sa.Column[UUID], before: tuple[datetime, UUID]) -> sa.ColumnElement[bool]:
    """Whether a row comes after the cursor in a list that is newest first."""
    return sa.or_(at < before[0], sa.and_(at == before[0], key < before[1]))


def exhume(connection: Connection, letter_id: UUID, city_id: CityId | None) -> Unit | DetectorUnit:
    """The unit of a dead letter that was not replayed yet, of that city or, for None, of any; nobody else replays it
    in this transaction. Raises `NotFound`, `Conflict`.
    """
    table = tables.dead_letter
    query = sa.select(table.c.unit).where(table.c.id == letter_id, table.c.replayed_at.is_(None)).with_for_update()
    if city_id is not None:
        query = query.where(table.c.city_id == city_id)
    body = connection.execute(query).scalar_one_or_none()
    if body is None:
        raise NotFound
    for decode in (_decode, _decode_of_detector):
        try:
            return decode(body)
        except msgspec.MsgspecError:
            continue
    raise Conflict("This unit was kept as text only and cannot be replayed.")


def replayed(connection: Connection, letter_id: UUID, error: str | None, now: datetime) -> None:
    """Notes the outcome of a replay: gone well, or the new error."""
    table = tables.dead_letter
    values = {"replayed_at": now} if error is None else {"error": error[:2000], "attempts": table.c.attempts + 1}
    connection.execute(sa.update(table).where(table.c.id == letter_id).values(values))


def _letter(row: sa.Row[tuple[object, ...]]) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        city_id=CityId(row.city_id),
        device_id=row.device_id,
        format=row.format,
        received_at=row.received_at,
        error=row.error,
        attempts=row.attempts,
        replayed_at=row.replayed_at,
    )
