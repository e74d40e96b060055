"""The states of a hundred thousand wearers under watch: what one weighs, what a position costs among so many, how soon
a service that watches them answers, and what it costs to look at who is due.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from app.db.tables import heartbeat
from app.watch import service as watch
from app.watch.tables import watch_state
from bench.crowd import Crowd, in_turn
from bench.measure import Measurement
from bench.start import first_answer

FEW, MANY = 1_000, int(os.environ.get("MIMAMORI_BENCH_WEARERS", "100000"))
FENCES_EACH = 3
GROUPS = 150
BYTES_MAX = 4_096
TICKS = 10


def measure() -> Iterator[Measurement]:
    """The measurements, one after the other."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        small, large = Crowd(Path(few), FEW, FENCES_EACH), Crowd(Path(many), MANY, FENCES_EACH)
        small_us, large_us = in_turn([small.spend_us, large.spend_us], GROUPS)
        yield Measurement(name=f"states.position_of_{FEW}", value=small_us, unit="µs")
        yield Measurement(
            name=f"states.position_of_{MANY}", value=large_us, unit="µs", floor=small_us, ratio=large_us / small_us
        )
        yield from _weight(large)
        yield from _ticks(large)
        small.engine.dispose()
        large.engine.dispose()
        for name, folder in ((FEW, few), (MANY, many)):
            seconds, memory_mb = first_answer(folder)
            yield Measurement(name=f"states.start_with_{name}", value=seconds, unit="s to the first answer")
            yield Measurement(name=f"states.memory_with_{name}", value=memory_mb, unit="MB")


def _weight(crowd: Crowd) -> Iterator[Measurement]:
    length = sa.func.length(watch_state.c.state)
    query = sa.select(sa.func.avg(length), sa.func.max(length))
    with crowd.engine.begin() as connection:
        mean, most = connection.execute(query).one()
    yield Measurement(name="states.bytes_mean", value=mean, unit="bytes a wearer")
    yield Measurement(
        name="states.bytes_max", value=most, unit="bytes a wearer", budget=BYTES_MAX, ok=most <= BYTES_MAX
    )


def _ticks(crowd: Crowd) -> Iterator[Measurement]:
    """A look when nobody is due, and looks when everybody has been silent for long, each of which takes its most."""
    with crowd.engine.begin() as connection:
        long_ago = crowd.now - timedelta(days=1)
        up = {"name": "service", "at": crowd.now, "up_since": long_ago, "down_since": long_ago}
        connection.execute(sa.insert(heartbeat), [up])
    idle_us = min(_tick_us(crowd, crowd.began)[0] for _ in range(TICKS))
    yield Measurement(name="states.tick_idle", value=idle_us, unit="µs")
    found = [_tick_us(crowd, crowd.now + timedelta(hours=1)) for _ in range(TICKS)]
    spent_us, judged = sum(us for us, _ in found), sum(count for _, count in found)
    yield Measurement(name="states.tick_due", value=spent_us / max(1, judged), unit="µs a wearer who fell silent")
    yield Measurement(name="states.tick_at_once", value=judged / TICKS, unit="wearers a look")


def _tick_us(crowd: Crowd, now: datetime) -> tuple[float, int]:
    begin = time.thread_time()
    with crowd.engine.begin() as connection:
        events = watch.tick(connection, now)
    return 1e6 * (time.thread_time() - begin), len(events)
