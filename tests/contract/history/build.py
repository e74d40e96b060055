"""Positions as tests need them, and a look at the plan of a query."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.geo.cells import cell_of, hour_of
from app.geo.measure import travelled
from app.geo.model import Point
from app.history.model import KnownBy, Position
from app.kit.ids import CityId, ContactId, DeviceId, WearerId
from tests.build import HOME, KAKOGAWA, NOW


def a_position(
    device_id: DeviceId,
    wearer_id: WearerId | None = None,
    *,
    contact_id: ContactId | None = None,
    minutes: float = 0.0,
    place: Point = HOME,
    ordinal: int = 0,
    received_at: datetime | None = None,
    city_id: CityId = KAKOGAWA,
    accuracy_m: float | None = 12.0,
    known_by: KnownBy = KnownBy.GNSS,
) -> Position:
    """A position `minutes` after NOW, received when it was taken unless told otherwise."""
    at = NOW + timedelta(minutes=minutes)
    return Position(
        city_id=city_id,
        device_id=device_id,
        fix_at=at,
        ordinal=ordinal,
        wearer_id=wearer_id,
        contact_id=contact_id,
        received_at=received_at or at,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=accuracy_m,
        altitude_m=None,
        speed_mps=1.2,
        heading_deg=None,
        known_by=known_by,
        cell=cell_of(place.lat_deg, place.lon_deg),
        hour=hour_of(at),
    )


def off(metres_east: float, metres_north: float = 0.0) -> Point:
    """The point so far from home."""
    east = travelled(HOME.lat_deg, HOME.lon_deg, 90.0, metres_east)
    return Point(*travelled(*east, 0.0, metres_north))


@contextmanager
def plans(connection: Connection) -> Iterator[list[str]]:
    """Collects how SQLite carries out each statement meanwhile, one line a step."""
    steps: list[str] = []

    def explain(
        _connection: Connection, cursor: Any, statement: str, parameters: Any, _context: object, _many: bool
    ) -> None:
        cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
        steps.extend(row[3] for row in cursor.fetchall())

    sa.event.listen(connection, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        sa.event.remove(connection, "before_cursor_execute", explain)
