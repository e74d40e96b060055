"""FCM is away for an hour, beside a channel that is well: who is reached over that one notices nothing, and what could
not be sent over FCM goes out in its order when it is back. The clock goes by hand, Google's library and the stand-in
are real.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from app.db.engine import Database
from app.kit.clock import ManualClock
from app.push import store, tables
from app.push.channels.fcm import sender
from app.push.channels.fcm.sender import FcmSender
from app.push.channels.parcel import Parcel
from app.push.deliver import Deliverer
from app.push.model import AddressKind, Channel, Level, Message
from app.push.outbox import RANK
from app.push.retry import Delivery, Outcome
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW
from tests.contract.push.builders import FakeSender, a_message, put
from tests.waiting import until

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LAG_S_MAX = 10
LOOK = SECOND / 5
LEVELS = (Level.NEWS, Level.NOTICE, Level.URGENT)
LASTS = {Level.URGENT: 120 * MINUTE, Level.NOTICE: 120 * MINUTE, Level.NEWS: 30 * MINUTE}


class Mail(FakeSender):
    """A channel that is well, and how long each message waited for it."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.lags_s: list[float] = []

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        self.lags_s += [(self._clock() - parcel.message.created_at).total_seconds() for parcel in parcels]
        return await super().send(parcels)

    def has_sent(self, count: int) -> bool:
        """Whether so many were sent; with each look some of a second goes by."""
        self._clock.pass_by(LOOK)
        return len(self.parcels) == count


async def put_mail(database: Database, now: datetime) -> None:
    def work(connection: sa.Connection) -> None:
        mailbox = store.save_address(
            connection, channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value="a@example.jp", language="ja", now=NOW
        )
        a_message(connection, mailbox.id, channel=Channel.EMAIL, now=now, expires_at=now + MINUTE)

    await database.write(work)


class Phones:
    """FCM as it is, and what it was given and took, in that order."""

    def __init__(self, fcm: FcmSender) -> None:
        self._fcm = fcm
        self.taken: list[Message] = []
        self.given = 0

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        self.given += len(parcels)
        deliveries = await self._fcm.send(parcels)
        pairs = zip(parcels, deliveries, strict=True)
        self.taken += [parcel.message for parcel, delivery in pairs if delivery.outcome is Outcome.SENT]
        return deliveries

    async def close(self) -> None:
        await self._fcm.close()


@contextmanager
def refused(stand_in: FcmStandIn) -> Iterator[None]:
    """Whoever signs in at Google is refused."""
    stand_in.refuses_sign_in = True
    yield
    stand_in.refuses_sign_in = False


@contextmanager
def hanging(stand_in: FcmStandIn) -> Iterator[None]:
    """Whoever signs in at Google waits for an answer."""
    stand_in.sign_in_gate.clear()
    yield
    stand_in.sign_in_gate.set()


async def outcomes(database: Database) -> dict[str, str]:
    """The last outcome of each message to a phone, by its unique key; of those that are over."""
    table, delivery = tables.message, tables.delivery
    query = (
        sa.select(table.c.unique_key, delivery.c.outcome)
        .join(delivery, delivery.c.message_id == table.c.id)
        .where(table.c.channel == Channel.FCM.value, table.c.ended_at.is_not(None))
        .order_by(delivery.c.id)
    )
    return await database.read(lambda connection: {row.unique_key: row.outcome for row in connection.execute(query)})


@pytest.mark.parametrize("away", [refused, hanging])
async def test_an_hour_without_fcm_is_noticed_by_nobody_else_and_then_all_goes_out_in_its_order(
    database: Database,
    fcm: FcmSender,
    stand_in: FcmStandIn,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    away: Callable[[FcmStandIn], AbstractContextManager[None]],
) -> None:
    monkeypatch.setattr(sender, "READY_S_MAX", 1.0)  # An hour passes in seconds here, and this is a minute of it.
    mail, phones = Mail(clock), Phones(fcm)
    deliverer = Deliverer(database, {Channel.FCM: phones, Channel.EMAIL: mail}, clock, tick_s=0.01)
    deliverer.start()
    expires: dict[str, datetime] = {}
    with away(stand_in):
        for minute in range(60):
            level = LEVELS[minute % 3]
            lasts = clock() + LASTS[level]
            expires[await put(database, level=level, now=clock(), expires_at=lasts)] = lasts
            for quarter in range(4):
                await put_mail(database, clock())
                await until(partial(mail.has_sent, 4 * minute + quarter + 1))
                clock.pass_by(MINUTE / 4 - LOOK)
        given = phones.given
    clock.pass_by(MINUTE)  # The longest rest.
    await until(lambda: has_ended_all(database, len(expires)))
    await deliverer.stop()

    assert max(mail.lags_s) <= LAG_S_MAX
    assert 3 < given < 200, "FCM was asked again, and left alone"
    late = {key for key, lasts in expires.items() if lasts <= clock()}
    assert 10 < len(late)
    assert {key: "too late" if key in late else "sent" for key in expires} == await outcomes(database)
    # The first one asked whether FCM is back.
    places = [(RANK[message.level.value], message.created_at) for message in phones.taken]
    assert (RANK[Level.URGENT.value], sorted(places[1:])) == (places[0][0], places[1:])
    assert len(stand_in.received) == len(expires) - len(late)


async def has_ended_all(database: Database, count: int) -> bool:
    return len(await outcomes(database)) == count
