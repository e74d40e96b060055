"""A service ails for an hour, beside a channel that is well: who is reached over that one notices nothing, and what
could not be sent goes out in its order when the service is well again. The clock goes by hand; the services are on
loopback, and our senders, Google's library among them, are real.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.db.engine import Database
from app.kit.clock import ManualClock
from app.kit.ids import AddressId
from app.push import store, tables, throttle
from app.push.channels.fcm import sender as fcm_sender
from app.push.channels.parcel import Parcel
from app.push.deliver import Deliverer
from app.push.model import AddressKind, Channel, Level
from app.push.outbox import RANK
from app.push.rest import FAILED_MIN
from app.push.retry import Delivery
from app.push.throttle import Throttle
from tests.build import NOW
from tests.contract.push.ailing import AILMENTS, TIMEOUT_S, Service, Watched
from tests.contract.push.builders import FakeSender, a_message
from tests.waiting import until

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ASKED_FIRST_MAX = 2
LAG_S_MAX = 10
LOOK = SECOND / 5
"""How much time goes by with each look at the channel that is well."""
BEAT, BEATS = 4 * MINUTE, 15
"""An hour: with each beat something of each level is to be told over the one channel, and something over the other."""
ASKED_MIN, GIVEN_MAX = 2, 75
"""A service that ails is asked again, and left alone."""
LONG, SHORT = timedelta(hours=11), 20 * MINUTE
"""How long everything is worth telling, and how long news of the first half of the hour are."""
LATE = 8
ON_BOTH = ("fcm-503", "webpush-hangs")


class Well(FakeSender):
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


class Story:
    """What was to be told over the service that ails, by unique key, and until when."""

    def __init__(self, database: Database, clock: ManualClock, service: Service) -> None:
        self.database, self.clock = database, clock
        self.ailing, self.ails_on = Watched(service.sender, clock), service.channel
        self.well, self.well_on = Well(clock), Channel.FCM if service.channel is Channel.EMAIL else Channel.EMAIL
        self.expires: dict[str, datetime] = {}
        self._addresses: dict[Channel, AddressId] = {}

    def begin(self, connection: sa.Connection, service: Service) -> None:
        """Two urgent messages are put when the service ails already."""
        well = store.save_address(
            connection, channel=self.well_on, kind=AddressKind.TOKEN, value="well", language="ja", now=NOW
        )
        self._addresses = {self.ails_on: service.address(connection), self.well_on: well.id}
        self._put(connection, Level.URGENT)
        self._put(connection, Level.URGENT)

    def beat(self, connection: sa.Connection, number: int) -> None:
        """What is to be told with this beat; beyond the hour over the channel that is well."""
        a_message(
            connection, self._addresses[self.well_on], channel=self.well_on, now=self.clock(),
            expires_at=self.clock() + LONG,
        )  # fmt: skip
        if number < BEATS:
            self._put(connection, Level.NEWS, SHORT if number < LATE else LONG)
            self._put(connection, Level.NOTICE)
            self._put(connection, Level.URGENT)

    def _put(self, connection: sa.Connection, level: Level, lasts: timedelta = LONG) -> None:
        now, address_id = self.clock(), self._addresses[self.ails_on]
        key = a_message(connection, address_id, channel=self.ails_on, level=level, now=now, expires_at=now + lasts)
        self.expires[key] = now + lasts

    async def outcomes(self) -> dict[str, str]:
        """The last outcome of each message that is over, by unique key."""
        table, delivery = tables.message, tables.delivery
        query = (
            sa.select(table.c.unique_key, delivery.c.outcome)
            .join(delivery, delivery.c.message_id == table.c.id)
            .where(table.c.channel == self.ails_on.value, table.c.ended_at.is_not(None))
            .order_by(delivery.c.id)
        )
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return {row.unique_key: row.outcome for row in rows}

    def is_known_to_ail(self) -> bool:
        """Whether two messages failed."""
        self.clock.pass_by(LOOK)
        return len(self.ailing.failed) == FAILED_MIN

    async def is_over(self) -> bool:
        """Whether everything ended; with each look some seconds go by, since the service may still be left alone."""
        self.clock.pass_by(5 * SECOND)
        return len(await self.outcomes()) == len(self.expires)


async def an_hour_goes_by(story: Story, service: Service) -> None:
    """An hour, or longer, until the service that ails was asked again some times."""
    await story.database.write(partial(story.begin, service=service))
    await until(story.is_known_to_ail)
    begun, beats = story.ailing.given, 0
    while beats < BEATS or story.ailing.given - begun < ASKED_MIN:
        await story.database.write(partial(story.beat, number=beats))
        beats += 1
        await until(partial(story.well.has_sent, beats))
        story.clock.pass_by(BEAT if beats <= BEATS else 10 * SECOND)


async def is_noticed_by_nobody_else(database: Database, clock: ManualClock, folder: Path, name: str) -> None:
    async with AILMENTS[name].service(clock, folder) as service:
        story = Story(database, clock, service)
        ailing, well = story.ailing, story.well
        deliverer = Deliverer(database, {story.ails_on: ailing, story.well_on: well}, clock, tick_s=0.01)
        deliverer.start()
        service.ails()
        await an_hour_goes_by(story, service)
        given, asked_at, ailed_until = ailing.given, list(ailing.asked_at), clock()
        service.heals()
        await until(story.is_over)
        await deliverer.stop()

    assert max(well.lags_s) <= LAG_S_MAX
    assert given <= GIVEN_MAX
    rests = [(after - before).total_seconds() for before, after in pairwise(asked_at)]
    assert min(rests) >= AILMENTS[name].rest_s
    late = {key for key, expires in story.expires.items() if expires <= ailed_until}
    assert LATE == len(late)
    assert {key: "too late" if key in late else "sent" for key in story.expires} == await story.outcomes()
    # The first one asked whether it is well again, or two: one may have been on its way when it was.
    places = [(RANK[message.level.value], message.created_at) for message in ailing.taken]
    assert RANK[Level.URGENT.value] == places[0][0]
    assert sorted(places[ASKED_FIRST_MAX:]) == places[ASKED_FIRST_MAX:]
    assert service.arrived() >= len(ailing.taken) == len(story.expires) - len(late)


@pytest.fixture(autouse=True)
def _signing_in_is_given_up_as_soon_as_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcm_sender, "READY_S_MAX", TIMEOUT_S)


@pytest.fixture(autouse=True)
def _one_phone_stands_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much one of them gets is another story."""
    monkeypatch.setattr(throttle, "THROTTLES", tuple(Throttle(level=level) for level in Level))


@pytest.mark.parametrize("ailment", ON_BOTH)
async def test_an_hour_without_a_service_is_noticed_by_nobody_else_and_then_all_goes_out_in_its_order(
    database: Database, clock: ManualClock, tmp_path: Path, ailment: str
) -> None:
    await is_noticed_by_nobody_else(database, clock, tmp_path, ailment)


@pytest.mark.sqlite
@pytest.mark.parametrize("ailment", sorted(set(AILMENTS) - set(ON_BOTH)))
async def test_whatever_a_service_ails_from_nobody_else_notices_and_then_all_goes_out_in_its_order(
    database: Database, clock: ManualClock, tmp_path: Path, ailment: str
) -> None:
    await is_noticed_by_nobody_else(database, clock, tmp_path, ailment)
