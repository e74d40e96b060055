"""Devices are told to do something, and answer or do not."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.db.session import hint
from app.devices import commands
from app.devices.model import Command, CommandKind
from app.devices.store import devices, orders
from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, DeviceId, new_id


def order(
    connection: Connection, device_id: DeviceId, kind: CommandKind, by: AccountId | None, now: datetime
) -> Command:
    """The command that carries the order out; the same one when it is pressed twice. Live mode ends by itself.

    Raises `NotFound`, and `InvalidInput` for what this device cannot be asked.
    """
    device = devices.locked(connection, device_id)
    if kind not in commands.kinds_of(device):
        raise InvalidInput("This device only reports; it cannot be asked for anything.", "kind")
    plan = commands.plan(kind, device, orders.open_of(connection, device_id, now), now, new_id)
    orders.save(connection, plan.changed)
    orders.add(connection, plan.added, by)
    hint(connection, "command", str(device_id))
    return plan.asked


def pending(connection: Connection, device_id: UUID, now: datetime) -> list[Command]:
    """What a device is to be told now, oldest first; what it should have echoed by now is told again."""
    return orders.pending(connection, device_id, now)


def due_device_ids(connection: Connection, now: datetime) -> list[DeviceId]:
    """The devices that are to be told something now."""
    return orders.due_device_ids(connection, now)


def mark_sent(connection: Connection, command_ids: Collection[UUID], now: datetime) -> int:
    """How many of these commands count as sent now; those that are over stay over."""
    found = orders.open_by_id(connection, command_ids)
    return orders.save(connection, [commands.sent(one, now) for one in found])


def answered(
    connection: Connection, device_id: UUID, word: str, result: str | None, at: datetime | None, now: datetime
) -> int:
    """How many commands a device's answer was for: none for an answer that nobody waits for."""
    waiting = orders.open_of(connection, device_id, now)
    return orders.save(connection, commands.answered(waiting, word, result, at, now))


def forget_commands_before(connection: Connection, before: datetime) -> int:
    """How many commands that are over were forgotten, of those made before then."""
    return orders.forget_before(connection, before)


def expire(connection: Connection, now: datetime) -> int:
    """How many commands ran out of time now, some at a time: not sent, or sent and not answered."""
    return orders.save(connection, [commands.expired(one) for one in orders.overdue(connection, now)])
