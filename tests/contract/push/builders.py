"""Addresses, messages and parcels, complete but for what a test is about."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db.engine import Database
from app.kit.errors import Overloaded
from app.kit.ids import AddressId, CityId, MessageId, new_id
from app.push import outbox, store, tables
from app.push.channels.fcm.sender import FcmSender
from app.push.channels.parcel import Parcel
from app.push.model import Address, AddressKind, Channel, Level, Message
from app.push.render import title_and_body
from app.push.retry import Delivery, Outcome
from tests.build import NOW

CITY = CityId(282103)
ALERT = UUID("01960000-0000-7000-8000-000000000001")
ABOUT = f"alert:{ALERT}"
PARAMS = {"wearer": "佐藤ハナ", "fence": "自宅", "at": "2026-04-01T03:00:00+00:00"}
_numbers = count(1)


def an_address(connection: Connection, value: str = "phone-1", kind: AddressKind = AddressKind.TOKEN) -> AddressId:
    return store.save_address(
        connection, channel=Channel.FCM, kind=kind, value=value, language="ja", now=NOW, shows_details=True
    ).id


def a_message(connection: Connection, address_id: AddressId, **changes: object) -> str:
    """Puts a message; its unique key."""
    values: dict[str, object] = {
        "city_id": CITY,
        "channel": Channel.FCM,
        "address_id": address_id,
        "unique_key": f"message-{next(_numbers)}",
        "kind": "alert.geofence_exit",
        "level": Level.URGENT,
        "about": f"alert:{new_id()}",
        "params": PARAMS,
        "now": NOW,
        "expires_at": NOW + timedelta(hours=1),
        **changes,
    }
    outbox.put(connection, **values)  # type: ignore[arg-type]
    return str(values["unique_key"])


def a_parcel(
    value: str = "phone-1", kind: AddressKind = AddressKind.TOKEN, level: Level = Level.URGENT, **of_address: Any
) -> Parcel:
    """A parcel about `ABOUT` that was never in a database."""
    given = {"channel": Channel.FCM, "language": "ja", "last_seen_at": NOW, "shows_details": True, **of_address}
    address = Address(id=AddressId(new_id()), kind=kind, value=value, **given)
    message = Message(
        id=MessageId(new_id()),
        city_id=CITY,
        address=address,
        kind="alert.geofence_exit",
        level=level,
        about=ABOUT,
        params=PARAMS,
        created_at=NOW,
        due_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        attempts=1,
    )
    return Parcel(message=message, text=title_and_body(message.kind, "ja", PARAMS))


def state_of(connection: Connection, unique_key: str) -> str:
    query = sa.select(tables.message.c.state).where(tables.message.c.unique_key == unique_key)
    state: str = connection.execute(query).scalar_one()
    return state


def error_of(connection: Connection, unique_key: str) -> str | None:
    query = sa.select(tables.message.c.error).where(tables.message.c.unique_key == unique_key)
    error: str | None = connection.execute(query).scalar_one()
    return error


def deliveries_of(connection: Connection, unique_key: str) -> list[tuple[int, str]]:
    """Attempt and outcome of every delivery row of a message, in order."""
    query = (
        sa.select(tables.delivery.c.attempt, tables.delivery.c.outcome)
        .join(tables.message, tables.message.c.id == tables.delivery.c.message_id)
        .where(tables.message.c.unique_key == unique_key)
        .order_by(tables.delivery.c.id)
    )
    return [(row.attempt, row.outcome) for row in connection.execute(query)]


async def put(database: Database, token: str = "phone-1", **changes: object) -> str:
    """Puts a message to the address with this token; its unique key."""
    return await database.write(lambda connection: a_message(connection, an_address(connection, token), **changes))


async def state(database: Database, key: str) -> tuple[str, list[tuple[int, str]]]:
    return await database.read(lambda connection: (state_of(connection, key), deliveries_of(connection, key)))


class FakeSender:
    """Takes every parcel, or answers what it was told to, and remembers."""

    def __init__(self, outcome: Outcome = Outcome.SENT) -> None:
        self.outcome = outcome
        self.parcels: list[Parcel] = []
        self.closed = False

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        self.parcels += parcels
        return [Delivery(outcome=self.outcome, provider_id="provider/1") for _ in parcels]

    async def close(self) -> None:
        self.closed = True


class DyingSender(FakeSender):
    """Stands where a process dies: it never comes back, after handing on what it was given if there is somebody."""

    def __init__(self, after: FcmSender | None = None) -> None:
        super().__init__()
        self.after = after
        self.reached = asyncio.Event()

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        if self.after is not None:
            await self.after.send(parcels)
        self.reached.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")


class StuckDatabase:
    """A store that refuses the next writes, as a full queue or a full disk does; or that answers nothing more, after
    the commit or before a read, as one that is restarted.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.refuses: list[bool] = []
        self.loses_answers = False
        self.refuses_to_read = False

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        if self.refuses and self.refuses.pop(0):
            raise Overloaded
        done = await self.database.write(work)
        if self.loses_answers:
            raise Overloaded
        return done

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        if self.refuses_to_read:
            raise Overloaded
        return await self.database.read(work)

    def listen(self, topic: str, listener: Callable[[str], None]) -> Callable[[], None]:
        return self.database.listen(topic, listener)
