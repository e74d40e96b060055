"""The ticker: again and again, at once when asked, one at a time, whatever a turn ends with."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.parts import Ticker


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    ticker = Ticker()
    yield ticker
    await ticker.stop()


async def test_work_is_woken_again_and_again_also_after_it_failed(ticker: Ticker) -> None:
    turns = asyncio.Semaphore(0)

    async def work() -> None:
        turns.release()
        raise RuntimeError

    ticker.every(0.001, "work", work)
    async with asyncio.timeout(10):
        for _ in range(3):
            await turns.acquire()


async def test_work_is_woken_at_once_and_one_turn_waits_for_the_other(ticker: Ticker) -> None:
    running, most, turns, go_on = 0, 0, asyncio.Semaphore(0), asyncio.Event()

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        turns.release()
        await go_on.wait()
        running -= 1

    ticker.every(3600, "work", work, at_once=True)
    async with asyncio.timeout(10):
        await turns.acquire()
        ticker.wake("work")
        ticker.wake("work")
        go_on.set()
        await turns.acquire()
    assert 1 == most


async def test_nothing_is_woken_after_the_end() -> None:
    ticker, turns = Ticker(), []

    async def work() -> None:
        turns.append(1)

    ticker.every(0.001, "work", work)
    await ticker.stop()
    ended = len(turns)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()
    assert ended == len(turns)
