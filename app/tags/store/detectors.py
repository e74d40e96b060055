"""Registered detectors."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.accounts.model import Role, Viewer
from app.db import dialect, shards, versions
from app.kit.errors import NotFound
from app.kit.ids import CityId, DetectorId
from app.tags.model import Detector, DetectorKind
from app.tags.snapshot import DetectorEntry, Placed
from app.tags.tables import detector, detector_health

DETECTOR_PLACES_VERSION = "detector_places"
"""Changes whenever a detector changes."""

ROWS_AT_ONCE = 500

_PLACED = dialect.Lookup(
    sa.select(
        detector.c.id,
        detector.c.city_id,
        detector.c.kind,
        detector.c.name,
        detector.c.lat_deg,
        detector.c.lon_deg,
        detector.c.range_m,
    ).where(detector.c.id.in_(sa.bindparam("ids", expanding=True))),
    detector.c.id,
)
_KEPT: versions.Kept[UUID, Placed | None] = versions.Kept(DETECTOR_PLACES_VERSION)


def add(connection: Connection, one: Detector) -> bool:
    """Whether the detector was stored; not when one that calls itself so in this format is registered already."""
    insert = dialect.insert(connection, detector).values(**_row(one)).on_conflict_do_nothing()
    versions.bump(connection, DETECTOR_PLACES_VERSION, [one.id])
    return connection.execute(insert).rowcount == 1


def add_all(connection: Connection, new: Sequence[Detector]) -> None:
    """Stores many detectors, none of which is registered yet."""
    for start in range(0, len(new), ROWS_AT_ONCE):
        connection.execute(sa.insert(detector), [_row(one) for one in new[start : start + ROWS_AT_ONCE]])
    versions.bump(connection, DETECTOR_PLACES_VERSION, [one.id for one in new])


def taken(connection: Connection, format: str, external_ids: Collection[str]) -> set[str]:
    """Those of these names under which a detector of this format is registered."""
    wanted, found = list(external_ids), set[str]()
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        query = sa.select(detector.c.external_id).where(
            detector.c.format == format,
            detector.c.external_id.in_(wanted[start : start + ROWS_AT_ONCE]),
            detector.c.ended_at.is_(None),
        )
        found.update(connection.execute(query).scalars())
    return found


def by_id(connection: Connection, detector_id: DetectorId) -> Detector:
    """A detector that has not ended. Raises `NotFound`."""
    return _one(connection, sa.select(detector).where(detector.c.id == detector_id))


def locked(connection: Connection, detector_id: DetectorId) -> Detector:
    """A detector that has not ended; on PostgreSQL its row stays locked. Raises `NotFound`."""
    return _one(connection, sa.select(detector).where(detector.c.id == detector_id).with_for_update(key_share=True))


def change(connection: Connection, detector_id: DetectorId, values: Mapping[str, object]) -> None:
    """Overwrites some columns."""
    connection.execute(sa.update(detector).where(detector.c.id == detector_id).values(_plain(values)))
    versions.bump(connection, DETECTOR_PLACES_VERSION, [detector_id])


def page(
    connection: Connection, viewer: Viewer, kind: DetectorKind | None, after: UUID | None, count: int
) -> list[Detector]:
    """Up to `count` detectors of the viewer's city (of every city for an administrator), in the order of their ids."""
    query = sa.select(detector).where(detector.c.ended_at.is_(None)).order_by(detector.c.id).limit(count)
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(detector.c.city_id == viewer.city_id)
    if kind is not None:
        query = query.where(detector.c.kind == kind.value)
    if after is not None:
        query = query.where(detector.c.id > after)
    return [detector_of(row) for row in connection.execute(query)]


def of_city(connection: Connection, city_id: CityId) -> list[Detector]:
    """All detectors of a city, in the order in which they were registered."""
    query = sa.select(detector).where(detector.c.city_id == city_id, detector.c.ended_at.is_(None))
    return [detector_of(row) for row in connection.execute(query.order_by(detector.c.id))]


def entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[DetectorEntry]:
    """Every registered detector as the edge needs to know it; only those in some shards, where they are named."""
    columns = detector.c
    query = sa.select(
        columns.id, columns.city_id, columns.format, columns.external_id, columns.key_generation, columns.kind,
        columns.interval_s, detector_health.c.skew_s,
    ).outerjoin(detector_health, detector_health.c.detector_id == columns.id)  # fmt: skip
    query = query.where(columns.ended_at.is_(None)).order_by(columns.id)
    return [
        DetectorEntry(
            detector_id=row.id,
            city=row.city_id,
            format=row.format,
            external_id=row.external_id,
            key_generation=row.key_generation,
            kind=DetectorKind(row.kind),
            interval_s=row.interval_s,
            skew_s=row.skew_s,
        )
        for row in connection.execute(shards.only(query, columns.id, in_shards))
    ]


def placed(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, Placed]:
    """Where each of these detectors is; ended ones too, unknown ones are left out. For the writer's side: what did not
    change is not read again.
    """
    kept = _KEPT.of(connection, detector_ids, _load_placed)
    return {key: one for key in detector_ids if (one := kept[key]) is not None}


def placed_now(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, Placed]:
    """The same, read anew: for readers, who share no memory with the writer."""
    found = _load_placed(connection, list(detector_ids))
    return {key: one for key, one in found.items() if one is not None}


def _load_placed(connection: Connection, detector_ids: Collection[UUID]) -> dict[UUID, Placed | None]:
    found: dict[UUID, Placed | None] = dict.fromkeys(detector_ids)
    for detector_id, city_id, kind, name, lat_deg, lon_deg, range_m in _PLACED.rows(connection, detector_ids):
        found[detector_id] = Placed(
            city_id=city_id, kind=DetectorKind(kind), name=name, lat_deg=lat_deg, lon_deg=lon_deg, range_m=range_m
        )
    return found


def detector_of(row: Row[Any]) -> Detector:
    """A row of `detector`."""
    values = {name: getattr(row, name) for name in Detector.__struct_fields__}
    return Detector(**values | {"kind": DetectorKind(row.kind)})


def _one(connection: Connection, query: sa.Select[Any]) -> Detector:
    row = connection.execute(query.where(detector.c.ended_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound
    return detector_of(row)


def _row(one: Detector) -> dict[str, Any]:
    return _plain({name: getattr(one, name) for name in one.__struct_fields__})


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    """Enum members become plain text: not every driver takes them for it."""
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
