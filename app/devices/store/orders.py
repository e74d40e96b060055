"""Commands to devices."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.devices.commands import AGAIN_AFTER, ECHOING, OPEN
from app.devices.model import Command, CommandKind, CommandState
from app.devices.tables import command, device
from app.kit.ids import AccountId, DeviceId

Clause = sa.ColumnElement[bool]
EXPIRED_AT_ONCE = 500
_OPEN = sorted(state.value for state in OPEN)
_MOVING = ("interval_s", "state", "due_at", "expires_at", "sent_at", "answered_at", "result")


def add(connection: Connection, commands: Iterable[Command], by: AccountId | None) -> None:
    """Stores new commands."""
    rows = [_row(one, Command.__struct_fields__) | {"created_by": by} for one in commands]
    if rows:
        connection.execute(sa.insert(command), rows)


def save(connection: Connection, commands: Iterable[Command]) -> int:
    """Writes commands that moved on; how many. One that is over by now stays as it is: somebody else was first."""
    rows = [
        {"the_id": one.id} | {f"new_{name}": value for name, value in _row(one, _MOVING).items()} for one in commands
    ]
    if not rows:
        return 0
    update = (
        sa.update(command)
        .where(command.c.id == sa.bindparam("the_id"), sa.or_(*(command.c.state == state for state in _OPEN)))
        .values({name: sa.bindparam(f"new_{name}") for name in _MOVING})
    )
    return connection.execute(update, rows).rowcount


def set_live_off_interval(connection: Connection, device_id: DeviceId, interval_s: int) -> None:
    """Lets a live mode that runs end with this interval."""
    waits = sa.and_(command.c.kind == CommandKind.LIVE_OFF.value, command.c.state == CommandState.QUEUED.value)
    query = sa.update(command).where(command.c.device_id == device_id, waits)
    connection.execute(query.values(interval_s=interval_s))


def open_of(connection: Connection, device_id: UUID, now: datetime) -> list[Command]:
    """The commands of a device that are not over, oldest first."""
    query = sa.select(command).where(command.c.device_id == device_id, _is_open())
    query = query.where(command.c.expires_at > now).order_by(command.c.due_at, command.c.id)
    return [_command(row) for row in connection.execute(query)]


def newest_live(connection: Connection, device_id: UUID) -> Command | None:
    """The newest order for live mode that a device was given, over or not."""
    query = sa.select(command).where(command.c.device_id == device_id, command.c.kind == CommandKind.LIVE_ON.value)
    row = connection.execute(query.order_by(command.c.id.desc()).limit(1)).first()
    return None if row is None else _command(row)


def open_by_id(connection: Connection, command_ids: Collection[UUID]) -> list[Command]:
    """Those of these commands to which something can still happen."""
    query = sa.select(command).where(command.c.id.in_(command_ids), _is_open())
    return [_command(row) for row in connection.execute(query)]


def overdue(connection: Connection, now: datetime) -> list[Command]:
    """Commands whose time has run out, some at a time."""
    query = sa.select(command).where(_is_open(), command.c.due_at <= now, command.c.expires_at <= now)
    return [_command(row) for row in connection.execute(query.order_by(command.c.due_at).limit(EXPIRED_AT_ONCE))]


def pending(connection: Connection, device_id: UUID, now: datetime) -> list[Command]:
    """What a device is to be told now, oldest first."""
    query = sa.select(command).join(device, device.c.id == command.c.device_id)
    query = query.where(command.c.device_id == device_id, _to_send(now)).order_by(command.c.due_at, command.c.id)
    return [_command(row) for row in connection.execute(query)]


def due_device_ids(connection: Connection, now: datetime) -> list[DeviceId]:
    """The devices that are to be told something now, each once, by how long it is due.

    A DISTINCT in the query would make SQLite read every command there ever was, to find them sorted by device.
    """
    query = sa.select(command.c.device_id).join(device, device.c.id == command.c.device_id).where(_to_send(now))
    return list(dict.fromkeys(connection.execute(query.order_by(command.c.due_at)).scalars()))


def forget_before(connection: Connection, before: datetime) -> int:
    """Deletes commands that were made before then and are over; how many."""
    over = command.c.state.not_in(_OPEN)
    return connection.execute(sa.delete(command).where(command.c.created_at < before, over)).rowcount


def page(
    connection: Connection, device_id: DeviceId, since: datetime | None, before: UUID | None, count: int
) -> list[Command]:
    """Up to `count` commands of a device, newest first, none older than `since`."""
    query = sa.select(command).where(command.c.device_id == device_id).order_by(command.c.id.desc()).limit(count)
    if since is not None:
        query = query.where(command.c.created_at >= since)
    if before is not None:
        query = query.where(command.c.id < before)
    return [_command(row) for row in connection.execute(query)]


def _is_open() -> Clause:
    """Written out as in the partial index on what is due; with parameters SQLite could not know that it serves."""
    return command.c.state.in_([sa.literal(state, literal_execute=True) for state in _OPEN])


def _to_send(now: datetime) -> Clause:
    """A command that is due, or that was sent and should have been echoed by now."""
    waits = command.c.state == CommandState.QUEUED.value
    lost = sa.and_(
        command.c.state == CommandState.SENT.value,
        command.c.sent_at <= now - AGAIN_AFTER,
        device.c.format.in_(sorted(ECHOING)),
    )
    due = sa.and_(_is_open(), command.c.due_at <= now, command.c.expires_at > now)
    return sa.and_(due, sa.or_(waits, lost), device.c.ended_at.is_(None))


def _row(one: Command, names: Iterable[str]) -> dict[str, Any]:
    """Enum members become plain text: not every driver takes them for it."""
    values = ((name, getattr(one, name)) for name in names)
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values}


def _command(row: Row[Any]) -> Command:
    values = {name: getattr(row, name) for name in Command.__struct_fields__}
    return Command(**values | {"kind": CommandKind(row.kind), "state": CommandState(row.state)})
