"""From a due message to a phone: retries, dead addresses, and a process that dies anywhere on the way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from app.db.engine import Database
from app.kit.clock import ManualClock
from app.kit.errors import Overloaded
from app.push import deliver, outbox, render, rest, tables
from app.push.channels.fcm.sender import FcmSender
from app.push.channels.parcel import Parcel
from app.push.deliver import Deliverer, Desk, Errand, deliver_due, deliver_round
from app.push.model import Channel, Level
from app.push.retry import Delivery, Outcome
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW
from tests.contract.push.builders import ABOUT, DyingSender, FakeSender, StuckDatabase, error_of, put, state

CLAIM = timedelta(seconds=outbox.CLAIM_S)


async def die_in(database: Database, sender: DyingSender, clock: ManualClock) -> None:
    """Runs a round that is never finished: no stage after sending runs."""
    task = asyncio.create_task(deliver_due(database, {Channel.FCM: sender}, clock))
    await sender.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_due_message_reaches_the_phone(
    database: Database, fcm: FcmSender, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    key = await put(database, about=ABOUT)

    assert await deliver_due(database, {Channel.FCM: fcm}, clock) == 1
    assert await deliver_due(database, {Channel.FCM: fcm}, clock) == 0
    assert await state(database, key) == ("sent", [(1, "sent")])
    assert [push.message["data"]["about"] for push in stand_in.received] == [ABOUT]


async def test_urgent_messages_are_handed_over_first(database: Database, clock: ManualClock) -> None:
    sender = FakeSender()
    for level in (Level.NEWS, Level.NOTICE, Level.URGENT):
        await put(database, level=level)

    await deliver_due(database, {Channel.FCM: sender}, clock, limit=2)

    assert [parcel.message.level for parcel in sender.parcels] == [Level.URGENT, Level.NOTICE]


async def test_a_service_that_is_away_once_is_tried_again_and_both_tries_are_history(
    database: Database, fcm: FcmSender, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    key = await put(database, "unavailable-once")

    await deliver_due(database, {Channel.FCM: fcm}, clock)
    assert await state(database, key) == ("waiting", [(1, "unavailable")])
    assert await deliver_due(database, {Channel.FCM: fcm}, clock) == 0
    clock.pass_by(timedelta(seconds=3))
    await deliver_due(database, {Channel.FCM: fcm}, clock)

    assert await state(database, key) == ("sent", [(1, "unavailable"), (2, "sent")])
    assert stand_in.attempts["unavailable-once"] == 2


async def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(
    database: Database, fcm: FcmSender, clock: ManualClock
) -> None:
    desk = Desk(database=database, channel=Channel.FCM, sender=fcm, clock=clock)
    await put(database, "quota-7")
    await put(database, "quota-7-also")

    await deliver_round(desk)

    assert 7 == rest.left_s(desk.rest, clock())


async def test_what_a_service_that_is_away_did_not_take_keeps_its_place_however_slow_we_are(
    database: Database, clock: ManualClock
) -> None:
    """Between sending and writing that down the rest of the channel goes by."""
    for _ in range(2):
        await put(database)
    away = FakeSender(Outcome.UNAVAILABLE)
    slow = Desk(database=database, channel=Channel.FCM, sender=away, clock=lambda: clock.pass_by(timedelta(seconds=9)))

    await deliver_round(slow)

    assert 0 == rest.left_s(slow.rest, clock())
    due = await database.read(lambda connection: connection.execute(sa.select(tables.message.c.due_at)).scalars().all())
    assert [NOW, NOW] == due


async def test_an_address_that_is_gone_dies_at_once_with_what_waits_for_it(
    database: Database, fcm: FcmSender, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    first = await put(database, "unregistered", about="alert:1")
    second = await put(database, "unregistered", about="alert:1")

    while await deliver_due(database, {Channel.FCM: fcm}, clock):
        pass

    assert await state(database, first) == ("failed", [(1, "address dead")])
    assert await state(database, second) == ("failed", [(0, "address dead")])
    assert stand_in.attempts["unregistered"] == 1
    reason = await database.read(
        lambda connection: connection.execute(sa.select(tables.address.c.dead_reason)).scalar()
    )
    assert "UnregisteredError" in str(reason)


@pytest.mark.parametrize("token", ["mismatch", "invalid-payload"])
async def test_a_refusal_that_does_not_name_the_address_leaves_it_alive(
    database: Database, fcm: FcmSender, clock: ManualClock, token: str
) -> None:
    key = await put(database, token)

    await deliver_due(database, {Channel.FCM: fcm}, clock)

    assert await state(database, key) == ("failed", [(1, "refused")])
    assert (
        await database.read(lambda connection: connection.execute(sa.select(tables.address.c.dead_since)).scalar())
        is None
    )


async def test_nothing_is_tried_after_its_time(database: Database, clock: ManualClock) -> None:
    sender = FakeSender(Outcome.UNAVAILABLE)
    key = await put(database, expires_at=clock() + timedelta(seconds=30))

    for _ in range(20):
        await deliver_due(database, {Channel.FCM: sender}, clock)
        clock.pass_by(timedelta(seconds=2))

    ended, deliveries = await state(database, key)
    assert ended == "failed"
    assert 3 <= len(deliveries) <= 5


async def test_killed_between_claim_and_send_it_is_sent_once_after_the_claim_ran_out(
    database: Database, fcm: FcmSender, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    key = await put(database)

    await die_in(database, DyingSender(), clock)
    assert await state(database, key) == ("sending", [])
    clock.pass_by(CLAIM - timedelta(seconds=1))
    assert await deliver_due(database, {Channel.FCM: fcm}, clock) == 0
    clock.pass_by(timedelta(seconds=1))
    assert await deliver_due(database, {Channel.FCM: fcm}, clock) == 1

    assert await state(database, key) == ("sent", [(1, "unknown"), (2, "sent")])
    assert len(stand_in.received) == 1


async def test_killed_between_send_and_settle_it_comes_twice_and_is_one_on_the_phone(
    database: Database, fcm: FcmSender, stand_in: FcmStandIn, clock: ManualClock
) -> None:
    key = await put(database, about=ABOUT)

    await die_in(database, DyingSender(after=fcm), clock)
    clock.pass_by(CLAIM)
    await deliver_due(database, {Channel.FCM: fcm}, clock)

    assert await state(database, key) == ("sent", [(1, "unknown"), (2, "sent")])
    assert len(stand_in.received) == 2
    messages = [push.message for push in stand_in.received]
    assert {ABOUT} == {message["apns"]["headers"]["apns-collapse-id"] for message in messages}
    assert {ABOUT} == {message["android"]["notification"]["tag"] for message in messages}


async def test_a_deliverer_that_is_started_after_a_kill_sends_what_was_left(
    database: Database, stand_in: FcmStandIn, credentials: str, clock: ManualClock
) -> None:
    keys = [await put(database) for _ in range(3)]
    await die_in(database, DyingSender(), clock)
    clock.pass_by(CLAIM)
    fcm = FcmSender(credentials, clock, url=stand_in.url, timeout_s=5)
    taken = asyncio.Event()
    loop = asyncio.get_running_loop()
    stand_in.listen(lambda _token, _message: loop.call_soon_threadsafe(taken.set))

    deliverer = Deliverer(database, {Channel.FCM: fcm}, clock, tick_s=3600)
    deliverer.start()
    await asyncio.wait_for(taken.wait(), 10)
    await deliverer.stop()

    assert [(await state(database, key))[0] for key in keys] == ["sent"] * 3
    assert len(stand_in.received) == 3


async def test_what_was_sent_but_could_not_be_written_down_is_not_sent_again(
    database: Database, clock: ManualClock
) -> None:
    sender, stuck = FakeSender(), StuckDatabase(database)
    desk = Desk(database=stuck, channel=Channel.FCM, sender=sender, clock=clock)  # type: ignore[arg-type]
    key = await put(database)

    stuck.refuses = [False, True]
    with pytest.raises(Overloaded):
        await deliver_round(desk)
    clock.pass_by(2 * CLAIM)
    stuck.refuses = [True]
    with pytest.raises(Overloaded):
        await deliver_round(desk)
    await deliver_round(desk)

    assert await state(database, key) == ("sent", [(1, "sent")])
    assert len(sender.parcels) == 1


async def test_what_was_cancelled_after_the_claim_is_not_sent(database: Database, clock: ManualClock) -> None:
    await put(database, about="alert:1")
    claimed = await database.write(lambda connection: outbox.claim(connection, Channel.FCM, clock()))
    await database.write(lambda connection: outbox.cancel(connection, "alert:1", clock()))
    desk = Desk(database=database, channel=Channel.FCM, sender=None, clock=clock)

    assert await deliver.still_wanted(desk, [Errand(message=message) for message in claimed]) == []


async def test_a_channel_that_breaks_is_an_unknown_outcome_and_the_message_is_tried_again(
    database: Database, clock: ManualClock
) -> None:
    class BrokenSender(FakeSender):
        async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
            raise RuntimeError("a defect")

    key = await put(database)

    await deliver_due(database, {Channel.FCM: BrokenSender()}, clock)

    assert await state(database, key) == ("waiting", [(1, "unknown")])


async def test_a_channel_that_never_answers_is_given_up_within_the_claim(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "SEND_S_MAX", 0.01)
    key = await put(database)

    await deliver_due(database, {Channel.FCM: DyingSender()}, clock)

    assert await state(database, key) == ("waiting", [(1, "unknown")])


async def test_a_channel_that_is_not_set_up_fails_the_message(database: Database, clock: ManualClock) -> None:
    key = await put(database)

    await deliver_due(database, {}, clock)

    assert await state(database, key) == ("failed", [(1, "refused")])
    error = await database.read(lambda connection: error_of(connection, key))
    assert error == "this channel is not set up"


async def test_a_message_that_cannot_be_worded_still_rings_and_holds_up_nobody(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worded = render.title_and_body

    def sometimes(kind: str, language: str, params: Any, **how: bool) -> render.Text:
        if kind == "alert.fall":
            raise RuntimeError("a defect")
        return worded(kind, language, params, **how)

    monkeypatch.setattr(render, "title_and_body", sometimes)
    sender = FakeSender()
    for kind in ("alert.fall", "alert.sos"):
        await put(database, kind=kind)

    await deliver_due(database, {Channel.FCM: sender}, clock)

    titles = {parcel.message.kind: parcel.text.title for parcel in sender.parcels}
    assert titles == {
        "alert.fall": "【緊急】見守り中のかたについてのお知らせ",
        "alert.sos": "【緊急】佐藤ハナさんがSOSボタンを押しました",
    }


class ListeningSender(FakeSender):
    """Says when something was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = asyncio.Event()

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        deliveries = await super().send(parcels)
        self.sent.set()
        return deliveries


async def test_a_new_message_is_sent_at_once_not_at_the_next_tick(database: Database, clock: ManualClock) -> None:
    sender = ListeningSender()
    deliverer = Deliverer(database, {Channel.FCM: sender}, clock, tick_s=3600)
    await put(database)
    deliverer.start()
    await asyncio.wait_for(sender.sent.wait(), 10)
    sender.sent.clear()

    await put(database)
    await asyncio.wait_for(sender.sent.wait(), 10)
    await deliverer.stop()

    assert len(sender.parcels) == 2
    assert sender.closed
    assert not deliverer.running


async def test_the_deliverer_outlives_a_store_that_fails(database: Database, clock: ManualClock) -> None:
    sender, stuck = ListeningSender(), StuckDatabase(database)
    stuck.refuses = [True, True, True]
    await put(database)

    with capture_logs() as logs:
        deliverer = Deliverer(stuck, {Channel.FCM: sender}, clock, tick_s=0.01)  # type: ignore[arg-type]
        deliverer.start()
        await asyncio.wait_for(sender.sent.wait(), 10)
        await deliverer.stop()

    assert [entry["event"] for entry in logs] == ["deliver_round_failed"] * 3


async def test_a_round_that_hangs_does_not_hold_up_the_end(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "STOP_S_MAX", 0.01)
    sender = DyingSender()
    key = await put(database)
    deliverer = Deliverer(database, {Channel.FCM: sender}, clock, tick_s=3600)
    deliverer.start()
    await sender.reached.wait()

    await deliverer.stop()

    assert not deliverer.running
    assert await state(database, key) == ("sending", [])


async def test_a_deliverer_never_ends_silently(database: Database, clock: ManualClock) -> None:
    sender = DyingSender()
    await put(database)
    deliverer = Deliverer(database, {Channel.FCM: sender}, clock, tick_s=3600)
    deliverer.start()
    await sender.reached.wait()
    task = next(task for task in deliverer._tasks if task.get_name().endswith(Channel.FCM.value))

    with capture_logs() as logs:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("deliverer_ended", "critical")]
    assert not deliverer.running
