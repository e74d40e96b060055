"""What is read of passages to answer people: a wearer's, a tag's, a detector's, those near a point, the feed."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles

from app.db import dialect
from app.db.tables import counter
from app.geo.measure import distance_m
from app.geo.model import Point
from app.history.model import Doubt, Passage
from app.history.store.passages import SERIAL
from app.history.store.positions import AREA_KEY, asked_around
from app.history.tables import (
    LONG_ON_POSTGRESQL,
    LONG_ON_SQLITE,
    area_question,
    doubt,
    gone_passage,
    open_passage,
    passage,
)
from app.kit.ids import AccountId, CityId, WearerId, new_id
from app.tags.tables import tag, tag_carrier

_FIELDS = Passage.__struct_fields__
_OPEN = [open_passage.c[name] for name in _FIELDS]
_CLOSED = [passage.c[name] for name in _FIELDS]

LONGEST = timedelta(hours=24)
"""A passage that ended and began longer ago than this before a span is not looked for in it."""

AREA_LOOK_BACK = timedelta(hours=24)
"""The same for an area, where each hour costs a scan for each range of cells: a child at school all day is found at
noon.
"""

LONG = timedelta(hours=1)
"""What the index of long passages begins with (`tables.LONG_ON_SQLITE`)."""

_COARSE_RANGES_MAX = 8
"""Scans of that index for each hour: it holds little, so that few wide ones cost less than many narrow ones."""

LAST_COUNT = 5
"""So many of a wearer's newest closed passages may have ended last."""

FEED_LOOK_MAX = 20_000
"""So many numbers of a feed, those of all vendors, are looked at for one answer."""


class Fed(Struct, frozen=True):
    """A passage with its number in the feed, and the tag's name over the air. No passage: it became part of another."""

    id: UUID
    serial: int
    scheme: str
    identity: str
    passage: Passage | None


def of_wearer(
    connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime, limit: int
) -> list[Passage]:
    """Her passages that touch the span, open ones too, the earliest `limit` of them in order of time."""
    found = []
    for table, columns in ((open_passage, _OPEN), (passage, _CLOSED)):
        touched = (table.c.opened_at < until_at) & (table.c.last_at >= from_at)
        if table is passage:
            touched &= table.c.opened_at >= from_at - LONGEST
        query = sa.select(*columns).where(table.c.wearer_id == wearer_id, touched).order_by(table.c.opened_at)
        found += [_of_row(row) for row in connection.execute(query.limit(limit))]
    return sorted(found, key=_when)[:limit]


def lately_of_wearers(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, list[Passage]]:
    """The open passages of each wearer, and her newest closed ones."""
    found: dict[WearerId, list[Passage]] = {}
    for wearer_id in wearer_ids:
        opened = sa.select(*_OPEN).where(open_passage.c.wearer_id == wearer_id)
        closed = sa.select(*_CLOSED).where(passage.c.wearer_id == wearer_id)
        closed = closed.order_by(passage.c.opened_at.desc()).limit(LAST_COUNT)
        rows = [_of_row(row) for query in (opened, closed) for row in connection.execute(query)]
        rows = _while_worn(connection, wearer_id, rows)
        if rows:
            found[wearer_id] = rows
    return found


def _while_worn(connection: Connection, wearer_id: WearerId, passages: list[Passage]) -> list[Passage]:
    """As much of a wearer's passages as was heard before she gave the tag away: that may be told later, and what goes
    on after it is not where she is.
    """
    one = tag_carrier.c
    query = sa.select(one.tag_id, one.until_at).where(one.wearer_id == wearer_id, one.until_at.is_not(None))
    query = query.where(one.tag_id.in_({passage.tag_id for passage in passages})).order_by(one.until_at)
    wears = sa.select(one.tag_id).where(one.wearer_id == wearer_id, one.until_at.is_(None))
    gave_back: dict[UUID, datetime] = {row.tag_id: row.until_at for row in connection.execute(query)}
    for tag_id in connection.execute(wears).scalars():
        gave_back.pop(tag_id, None)
    found = []
    for passed in passages:
        until_at = gave_back.get(passed.tag_id)
        if until_at is None or passed.last_at <= until_at:
            found.append(passed)
        elif passed.opened_at < until_at:
            found.append(replace(passed, last_at=until_at))
    return found


def of_detector(
    connection: Connection,
    detector_id: UUID,
    before: tuple[datetime, UUID] | None,
    from_at: datetime,
    limit: int,
    wearer_ids: Collection[UUID] | None = None,
) -> list[Passage]:
    """What a detector heard since `from_at`, newest first, after the cursor (opened_at, id): only of these wearers and
    of nobody, where they are told.
    """
    return _newest(connection, "detector_id", detector_id, before, from_at, limit, wearer_ids)


def of_tag(
    connection: Connection,
    tag_id: UUID,
    before: tuple[datetime, UUID] | None,
    from_at: datetime,
    limit: int,
    wearer_ids: Collection[UUID] | None = None,
) -> list[Passage]:
    """Where a tag was heard since `from_at`, in the same way."""
    return _newest(connection, "tag_id", tag_id, before, from_at, limit, wearer_ids)


def wearers_at_detector(connection: Connection, detector_id: UUID, from_at: datetime) -> set[WearerId]:
    """Everybody whose tag the detector heard in passages that began since `from_at`."""
    found: set[WearerId] = set()
    for table in (open_passage, passage):
        mine = (table.c.detector_id == detector_id) & (table.c.opened_at >= from_at) & table.c.wearer_id.is_not(None)
        found.update(connection.execute(sa.select(table.c.wearer_id).where(mine).distinct()).scalars())
    return found


def _newest(
    connection: Connection,
    column: str,
    value: UUID,
    before: tuple[datetime, UUID] | None,
    from_at: datetime,
    limit: int,
    wearer_ids: Collection[UUID] | None,
) -> list[Passage]:
    found = []
    for table, columns in ((open_passage, _OPEN), (passage, _CLOSED)):
        query = sa.select(*columns).where(table.c[column] == value, table.c.opened_at >= from_at)
        if wearer_ids is not None:
            query = query.where(table.c.wearer_id.is_(None) | table.c.wearer_id.in_(list(wearer_ids)))
        if before is not None:
            at, key = before
            query = query.where(sa.or_(table.c.opened_at < at, sa.and_(table.c.opened_at == at, table.c.id < key)))
        query = query.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(limit)
        found += [_of_row(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.opened_at, one.id), reverse=True)[:limit]


def feed(connection: Connection, city_id: CityId, vendor: str, after: int, limit: int) -> tuple[list[Fed], int]:
    """Closed passages of a vendor's tags in the order in which they were written or last changed, from the number
    `after` on, and the newest number that was looked at. One that was changed comes again under its id, one that became
    part of another without its passage.
    """
    # First, so that what is written meanwhile is beyond it.
    given_out = connection.execute(sa.select(counter.c.number).where(counter.c.name == SERIAL)).scalar_one_or_none()
    newest = max(after, given_out or 0)
    firsts = [
        connection.execute(sa.select(sa.func.min(table.c.serial)).where(table.c.serial > after)).scalar_one()
        for table in (passage, gone_passage)
    ]
    begin = min((one for one in firsts if one is not None), default=newest)
    until = min(newest, begin + FEED_LOOK_MAX)
    found: list[Fed] = []
    for table, columns in ((passage, _CLOSED), (gone_passage, [])):
        one = table.c
        # As a sum, since SQLite would take the primary key for it and read the city's whole history.
        here = one.city_id + sa.literal_column("0") == city_id
        query = (
            sa.select(one.id, one.serial, tag.c.scheme, tag.c.identity, *columns)
            .join_from(table, tag, tag.c.id == one.tag_id)
            .where(one.serial > after, one.serial <= until, here, tag.c.vendor == vendor)
            .order_by(one.serial)
            .limit(limit)
        )
        for key, serial, scheme, identity, *values in connection.execute(query):
            found.append(Fed(key, serial, scheme, identity, _of_row(values) if values else None))
    found = sorted(found, key=lambda one: one.serial)[:limit]
    return found, found[-1].serial if len(found) == limit else until


def near(
    connection: Connection,
    city_id: CityId,
    centre: Point,
    radius_m: float,
    from_at: datetime,
    until_at: datetime,
) -> list[tuple[Passage, float]]:
    """Passages of a city's wearers at detectors within `radius_m` of a point that touch the span, with the distance in
    metres. One scan of the index for each hour and range of cells; those that began more than an hour before are long
    and few, so that coarser cells do; the open ones are few and looked at one by one.
    """
    shortly = from_at - LONG
    earlier = asked_around(city_id, centre, radius_m, from_at - AREA_LOOK_BACK, from_at, shortly, _COARSE_RANGES_MAX)
    around = asked_around(city_id, centre, radius_m, shortly, from_at, until_at)
    closed = [*_LONG_IN_AREA.rows(connection, earlier), *_IN_AREA.rows(connection, around)]
    one = open_passage.c
    within = (one.opened_at < until_at) & (one.last_at >= from_at)  # However long ago it began.
    whose = (one.city_id == city_id) & one.wearer_id.is_not(None) & one.cell.is_not(None)
    found = []
    for row in (*closed, *connection.execute(sa.select(*_OPEN).where(within, whose))):
        apart_m = distance_m(centre.lat_deg, centre.lon_deg, row[_LAT], row[_LON])
        if apart_m <= radius_m:
            found.append((_of_row(row), apart_m))
    return found


def _in_area(asked: Any, *more: sa.ColumnElement[bool]) -> sa.Select[Any]:
    one = passage.c
    cells = (one.hour == asked.c.hour) & one.cell.between(asked.c.first, asked.c.last)
    within = (
        (one.opened_at >= asked.c.look_from) & (one.opened_at < asked.c.until_at) & (one.last_at >= asked.c.from_at)
    )
    # As a sum, since SQLite would take the primary key for it and read a city's passages of all those hours.
    here = one.city_id + sa.literal_column("0") == asked.c.city_id
    which = sa.and_(cells, within, here, one.wearer_id.is_not(None), *more)
    return sa.select(*_CLOSED).join_from(asked, passage, which)


class _IsLong(sa.ColumnElement[Any]):
    """The condition of the index of long passages, in the words of each dialect."""

    type = sa.types.NullType()  # Of a boolean, SQLite would be asked whether it is 1, and not see its index in that.
    inherit_cache = True


@compiles(_IsLong)
def _is_long(_element: _IsLong, compiler: Any, **_options: Any) -> str:
    return LONG_ON_SQLITE if compiler.dialect.name == "sqlite" else LONG_ON_POSTGRESQL


def _long_in_area(asked: Any) -> sa.Select[Any]:
    return _in_area(asked, _IsLong())


_IN_AREA = dialect.KeyLookup(AREA_KEY, _in_area)
_LONG_IN_AREA = dialect.KeyLookup(AREA_KEY, _long_in_area)
_LAT, _LON = _FIELDS.index("lat_deg"), _FIELDS.index("lon_deg")


def doubts(connection: Connection, city_id: CityId | None, before: UUID | None, limit: int) -> list[tuple[UUID, Doubt]]:
    """Passages that cannot both be true, newest first, of a city or of all, after the doubt `before`."""
    query = sa.select(doubt).order_by(doubt.c.at.desc(), doubt.c.id.desc()).limit(limit)
    if city_id is not None:
        query = query.where(doubt.c.city_id == city_id)
    if before is not None:
        at = sa.select(doubt.c.at).where(doubt.c.id == before).scalar_subquery()
        query = query.where(sa.or_(doubt.c.at < at, sa.and_(doubt.c.at == at, doubt.c.id < before)))
    names = Doubt.__struct_fields__
    return [(row.id, Doubt(**{name: getattr(row, name) for name in names})) for row in connection.execute(query)]


def note_question(
    connection: Connection,
    city_id: CityId,
    account_id: AccountId,
    centre: Point,
    radius_m: float,
    span: tuple[datetime, datetime],
    reason: str,
    found: int,
    now: datetime,
) -> None:
    """Keeps who asked who was near a place, and why."""
    values = {
        "id": new_id(), "city_id": city_id, "account_id": account_id, "at": now, "lat_deg": centre.lat_deg,
        "lon_deg": centre.lon_deg, "radius_m": radius_m, "from_at": span[0], "until_at": span[1], "reason": reason,
        "found": found,
    }  # fmt: skip
    connection.execute(sa.insert(area_question), [values])


def tags_of(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, tuple[int, str]]:
    """City and vendor of each of these tags that has not ended."""
    query = sa.select(tag.c.id, tag.c.city_id, tag.c.vendor)
    query = query.where(tag.c.id.in_(list(tag_ids)), tag.c.ended_at.is_(None))
    return {row.id: (row.city_id, row.vendor) for row in connection.execute(query)}


def _of_row(row: Any) -> Passage:
    return Passage(**dict(zip(_FIELDS, row[: len(_FIELDS)], strict=True)))


def _when(one: Passage) -> datetime:
    return one.opened_at
