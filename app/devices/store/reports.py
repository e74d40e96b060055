"""What devices said of themselves."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.devices.health import VALUES
from app.devices.model import DeviceHealth
from app.devices.tables import device_health
from app.kit.ids import DeviceId

_statements: Final[dict[tuple[str, tuple[str, ...]], Any]] = {}


def save(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps, value by value, the newest of what is stored and what `rows` say; one row a device, as `health.merged`.

    Only the columns that one of the rows says something about are sent: most devices say two or three things.
    """
    if not rows:
        return
    said = tuple(value for value in VALUES if any(row[value] is not None for row in rows))
    columns = ("device_id", "heard_at", *said, *(f"{value}_at" for value in said))
    connection.execute(_statement(connection, said), [{column: row[column] for column in columns} for row in rows])


def of(connection: Connection, device_ids: Collection[UUID]) -> dict[DeviceId, DeviceHealth]:
    """How each of these devices is, of those that were ever heard."""
    rows = connection.execute(sa.select(device_health).where(device_health.c.device_id.in_(device_ids)))
    fields = DeviceHealth.__struct_fields__
    return {row.device_id: DeviceHealth(**{name: getattr(row, name) for name in fields}) for row in rows}


def _statement(connection: Connection, values: tuple[str, ...]) -> Any:
    """The upsert of these values, made once a dialect: making it takes longer than running it on a few rows."""
    name = (connection.dialect.name, values)
    if name not in _statements:
        insert = dialect.insert(connection, device_health)
        said, kept = insert.excluded, device_health.c
        changes = {"heard_at": sa.case((said.heard_at > kept.heard_at, said.heard_at), else_=kept.heard_at)}
        for value in values:
            at = f"{value}_at"
            newer = said[at] >= sa.func.coalesce(kept[at], said[at])
            changes[value] = sa.case((newer, said[value]), else_=kept[value])
            changes[at] = sa.case((newer, said[at]), else_=kept[at])
        _statements[name] = insert.on_conflict_do_update(index_elements=["device_id"], set_=changes)
    return _statements[name]
