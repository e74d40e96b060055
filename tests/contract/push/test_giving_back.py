"""What a round claimed and could not send, since the store failed in between, does not wait until its claim runs out."""

import asyncio
from datetime import timedelta

import pytest

from app.db.engine import Database
from app.kit.clock import ManualClock
from app.kit.errors import Overloaded
from app.push import outbox
from app.push.deliver import Desk, deliver_round
from app.push.model import Channel
from tests.contract.push.builders import DyingSender, FakeSender, StuckDatabase, put, state

CLAIM = timedelta(seconds=outbox.CLAIM_S)


@pytest.mark.parametrize("lost", ["the commit of the claim", "the look whether it is wanted"])
async def test_what_was_claimed_by_a_round_that_failed_is_sent_by_the_next_and_not_after_the_claim(
    database: Database, clock: ManualClock, lost: str
) -> None:
    sender, stuck = FakeSender(), StuckDatabase(database)
    desk = Desk(database=stuck, channel=Channel.FCM, sender=sender, clock=clock)  # type: ignore[arg-type]
    keys = [await put(database) for _ in range(3)]
    stuck.loses_answers, stuck.refuses_to_read = lost == "the commit of the claim", lost != "the commit of the claim"

    with pytest.raises(Overloaded):
        await deliver_round(desk)
    assert [await state(database, key) for key in keys] == [("sending", [])] * 3
    stuck.loses_answers = stuck.refuses_to_read = False
    stuck.refuses = [True]
    with pytest.raises(Overloaded):
        await deliver_round(desk)
    await deliver_round(desk)

    assert [await state(database, key) for key in keys] == [("sent", [(2, "sent")])] * 3
    assert len(sender.parcels) == 3


async def test_what_another_process_took_over_is_not_given_back(database: Database, clock: ManualClock) -> None:
    sender, stuck = FakeSender(), StuckDatabase(database)
    desk = Desk(database=stuck, channel=Channel.FCM, sender=sender, clock=clock)  # type: ignore[arg-type]
    key = await put(database)
    stuck.refuses_to_read = True
    with pytest.raises(Overloaded):
        await deliver_round(desk)
    stuck.refuses_to_read = False
    clock.pass_by(CLAIM)
    assert len(await database.write(lambda connection: outbox.claim(connection, Channel.FCM, clock()))) == 1

    assert await deliver_round(desk) == 0
    assert await state(database, key) == ("sending", [(1, "unknown")])


async def test_what_is_with_a_channel_is_not_given_back(database: Database, clock: ManualClock) -> None:
    """It may have arrived: only when its claim has run out it is sent again."""
    sender = DyingSender()
    desk = Desk(database=database, channel=Channel.FCM, sender=sender, clock=clock)
    key = await put(database)
    task = asyncio.create_task(deliver_round(desk))
    await sender.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await deliver_round(desk) == 0
    assert await state(database, key) == ("sending", [])
