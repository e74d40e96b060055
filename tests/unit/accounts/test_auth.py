"""The CSRF value of a sign-in, and the threads that passwords are hashed on."""

import asyncio
import threading

import pytest

from app.accounts.auth import SlowWork, csrf_value
from app.kit.errors import Overloaded


def test_the_csrf_value_belongs_to_one_token_and_does_not_give_it_away() -> None:
    assert csrf_value("one") == csrf_value("one")
    assert csrf_value("one") != csrf_value("two")
    assert "one" not in csrf_value("one")
    assert len(csrf_value("one")) == 64


async def test_slow_work_runs_beside_the_event_loop_two_at_a_time() -> None:
    work = SlowWork(threads=2, waiting_max=10)
    both_here = threading.Barrier(2)

    def slow() -> int:
        both_here.wait(5)  # Nobody passes alone.
        return threading.get_ident()

    threads = await asyncio.gather(*(work.run(slow) for _ in range(6)))

    assert len(set(threads)) == 2
    assert threading.get_ident() not in threads


async def test_too_much_slow_work_is_refused_and_later_taken_again() -> None:
    work = SlowWork(threads=1, waiting_max=2)
    gate = threading.Event()
    tasks = [asyncio.ensure_future(work.run(gate.wait, 5)) for _ in range(2)]
    await asyncio.sleep(0)

    assert work.full
    with pytest.raises(Overloaded):
        await work.run(gate.wait, 5)
    gate.set()
    await asyncio.gather(*tasks)

    assert not work.full
    assert await work.run(abs, -1) == 1


async def test_slow_work_that_fails_leaves_its_place() -> None:
    work = SlowWork(threads=1, waiting_max=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await work.run(divmod, 1, 0)

    assert not work.full
