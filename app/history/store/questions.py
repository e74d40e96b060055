"""What is read of passages to answer people: a wearer's, a tag's, a detector's, those near a point, the feed."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect
from app.geo.measure import distance_m
from app.geo.model import Point
from app.history.model import Doubt, Passage
from app.history.store.positions import AREA_KEY, asked_around
from app.history.tables import area_question, doubt, open_passage, passage
from app.kit.ids import AccountId, CityId, WearerId, new_id
from app.tags.tables import tag

_FIELDS = Passage.__struct_fields__
_OPEN = [open_passage.c[name] for name in _FIELDS]
_CLOSED = [passage.c[name] for name in _FIELDS]

LONGEST = timedelta(hours=24)
"""A passage that began longer ago than this before a span is not looked for in it."""

AREA_LOOK_BACK = timedelta(hours=3)
"""The same for an area, where each hour costs a scan for each range of cells."""

LAST_COUNT = 5
"""So many of a wearer's newest closed passages may have ended last."""


class Fed(Struct, frozen=True):
    """A passage with its number in the feed, and the tag's name over the air."""

    passage: Passage
    serial: int
    scheme: str
    identity: str


def of_wearer(
    connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime, limit: int
) -> list[Passage]:
    """Her passages that touch the span, open ones too, the earliest `limit` of them in order of time."""
    found = []
    for table, columns in ((open_passage, _OPEN), (passage, _CLOSED)):
        touched = (
            (table.c.opened_at >= from_at - LONGEST) & (table.c.opened_at < until_at) & (table.c.last_at >= from_at)
        )
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
        if rows:
            found[wearer_id] = rows
    return found


def of_detector(
    connection: Connection, detector_id: UUID, before: tuple[datetime, UUID] | None, from_at: datetime, limit: int
) -> list[Passage]:
    """What a detector heard since `from_at`, newest first, after the cursor (opened_at, id)."""
    return _newest(connection, "detector_id", detector_id, before, from_at, limit)


def of_tag(
    connection: Connection, tag_id: UUID, before: tuple[datetime, UUID] | None, from_at: datetime, limit: int
) -> list[Passage]:
    """Where a tag was heard since `from_at`, newest first, after the cursor (opened_at, id)."""
    return _newest(connection, "tag_id", tag_id, before, from_at, limit)


def _newest(
    connection: Connection,
    column: str,
    value: UUID,
    before: tuple[datetime, UUID] | None,
    from_at: datetime,
    limit: int,
) -> list[Passage]:
    found = []
    for table, columns in ((open_passage, _OPEN), (passage, _CLOSED)):
        query = sa.select(*columns).where(table.c[column] == value, table.c.opened_at >= from_at)
        if before is not None:
            at, key = before
            query = query.where(sa.or_(table.c.opened_at < at, sa.and_(table.c.opened_at == at, table.c.id < key)))
        query = query.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(limit)
        found += [_of_row(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.opened_at, one.id), reverse=True)[:limit]


def feed(connection: Connection, city_id: CityId, vendor: str, after: int, limit: int) -> list[Fed]:
    """Closed passages of a vendor's tags in the order in which they were written or last changed, from the number
    `after` on. One that was changed comes again under its id.
    """
    query = (
        sa.select(*_CLOSED, passage.c.serial, tag.c.scheme, tag.c.identity)
        .join(tag, tag.c.id == passage.c.tag_id)
        .where(passage.c.serial > after, passage.c.city_id == city_id, tag.c.vendor == vendor)
        .order_by(passage.c.serial)
        .limit(limit)
    )
    return [
        Fed(_of_row(row[: len(_FIELDS)]), row.serial, row.scheme, row.identity) for row in connection.execute(query)
    ]


def near(
    connection: Connection,
    city_id: CityId,
    centre: Point,
    radius_m: float,
    from_at: datetime,
    until_at: datetime,
) -> list[tuple[Passage, float]]:
    """Passages of a city's wearers at detectors within `radius_m` of a point that touch the span, with the distance in
    metres. One scan of the index for each hour and range of cells; the open ones are few and looked at one by one.
    """
    begin = from_at - AREA_LOOK_BACK
    closed = _AREA.rows(connection, asked_around(city_id, centre, radius_m, begin, from_at, until_at))
    one = open_passage.c
    within = (one.opened_at >= begin) & (one.opened_at < until_at) & (one.last_at >= from_at)
    whose = (one.city_id == city_id) & one.wearer_id.is_not(None) & one.cell.is_not(None)
    found = []
    for row in (*closed, *connection.execute(sa.select(*_OPEN).where(within, whose))):
        apart_m = distance_m(centre.lat_deg, centre.lon_deg, row[_LAT], row[_LON])
        if apart_m <= radius_m:
            found.append((_of_row(row), apart_m))
    return found


def _in_area(asked: Any) -> sa.Select[Any]:
    one = passage.c
    cells = (one.hour == asked.c.hour) & one.cell.between(asked.c.first, asked.c.last)
    within = (
        (one.opened_at >= asked.c.look_from) & (one.opened_at < asked.c.until_at) & (one.last_at >= asked.c.from_at)
    )
    # As a sum, since SQLite would take the primary key for it and read a city's passages of all those hours.
    here = one.city_id + sa.literal_column("0") == asked.c.city_id
    return sa.select(*_CLOSED).join_from(asked, passage, cells & within & here & one.wearer_id.is_not(None))


_AREA = dialect.KeyLookup(AREA_KEY, _in_area)
_LAT, _LON = _FIELDS.index("lat_deg"), _FIELDS.index("lon_deg")


def doubts(
    connection: Connection, city_id: CityId | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[UUID, Doubt]]:
    """Passages that cannot both be true, newest first, of a city or of all, after the cursor (at, id)."""
    query = sa.select(doubt).order_by(doubt.c.at.desc(), doubt.c.id.desc()).limit(limit)
    if city_id is not None:
        query = query.where(doubt.c.city_id == city_id)
    if before is not None:
        at, key = before
        query = query.where(sa.or_(doubt.c.at < at, sa.and_(doubt.c.at == at, doubt.c.id < key)))
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
