"""What devices said of themselves."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.devices.health import VALUES
from app.devices.model import DeviceHealth
from app.devices.tables import device, device_health
from app.kit.ids import DeviceId


def save(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps, value by value, the newest of what is stored and what `rows` say; one row a device, as `health.merged`.

    Only the columns that one of the rows says something about are sent: most devices say two or three things.
    """
    if not rows:
        return
    said = tuple(value for value in VALUES if any(row[value] is not None for row in rows))
    statement, columns = _prepared(said)
    statement.insert(connection, [[row[column] for column in columns] for row in rows])


def of(connection: Connection, device_ids: Collection[UUID]) -> dict[DeviceId, DeviceHealth]:
    """How each of these devices is, of those that were ever heard."""
    rows = connection.execute(sa.select(device_health).where(device_health.c.device_id.in_(device_ids)))
    fields = DeviceHealth.__struct_fields__
    return {row.device_id: DeviceHealth(**{name: getattr(row, name) for name in fields}) for row in rows}


def heard_since(connection: Connection, city_id: int, since: datetime) -> list[datetime]:
    """When each device in service of a town was last heard, of those that were since then, in no order."""
    query = (
        sa.select(device_health.c.heard_at)
        .join(device, device.c.id == device_health.c.device_id)
        .where(device.c.city_id == city_id, device.c.ended_at.is_(None), device_health.c.heard_at >= since)
    )
    return list(connection.execute(query).scalars())


@cache
def _prepared(values: tuple[str, ...]) -> tuple[dialect.Rows, tuple[str, ...]]:
    """The upsert of these values, made once, and the columns of its rows."""
    wanted = {"device_id", "heard_at", *values, *(f"{value}_at" for value in values)}
    columns = tuple(column.name for column in device_health.c if column.name in wanted)
    return dialect.Rows(device_health, columns, partial(_newest_wins, values)), columns


def _newest_wins(values: tuple[str, ...], insert: Any) -> Any:
    """Of each value, what was said last; of being heard, the last time."""
    said, kept = insert.excluded, device_health.c
    changes = {"heard_at": sa.case((said.heard_at > kept.heard_at, said.heard_at), else_=kept.heard_at)}
    for value in values:
        at = f"{value}_at"
        newer = said[at] >= sa.func.coalesce(kept[at], said[at])
        changes[value] = sa.case((newer, said[value]), else_=kept[value])
        changes[at] = sa.case((newer, said[at]), else_=kept[at])
    return insert.on_conflict_do_update(index_elements=["device_id"], set_=changes)
