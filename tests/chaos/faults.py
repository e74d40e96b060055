"""What goes wrong: a table. Each fault happens to one part, ends, and leaves everything running."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from tests.broker import NatsServer
from tests.chaos.installation import FULL, LEASE_S, Installation, Part
from tests.chaos.many import Process, Steppable

HOUR_S: Final = 3600.0
AHEAD_S: Final = 90.0
"""How far an edge's clock is stepped: by more it would take a detector's clock, which is right, for wrong."""

Happen = Callable[[Installation], Awaitable[None]]


class Fault(Struct, frozen=True, kw_only=True):
    """One kind. `short`: it is in every run. `needs_disk`: it is left out where there can be no small disk."""

    name: str
    part: Part
    happen: Happen
    short: bool = False
    needs_disk: bool = False


async def _kill(which: Callable[[Installation], Sequence[Process]], here: Installation) -> None:
    victim = here.chance.choice(which(here))
    await victim.end(signal.SIGKILL)
    await victim.start()


async def _stop(which: Callable[[Installation], Sequence[Process]], here: Installation) -> None:
    """For longer than a lease, so that others go on with what it had in hand."""
    await _hold(here.chance.choice(which(here)), 2.5 * LEASE_S)


async def _hold(victim: Process | NatsServer, seconds: float) -> None:
    victim.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        victim.send(signal.SIGCONT)


async def _step(which: Callable[[Installation], Sequence[Steppable]], seconds: float, here: Installation) -> None:
    """Its clock is wrong for a while, and then right again: a step forth and one back."""
    victim = here.chance.choice(which(here))
    victim.step_clock(seconds)
    await asyncio.sleep(here.patience_s(2, 10))
    victim.step_clock(0)


async def _kill_nats(here: Installation) -> None:
    victim = here.chance.choice(here.nats)
    await victim.end(signal.SIGKILL)
    await victim.start()


async def _lose_nats_disk(here: Installation) -> None:
    victim = here.chance.choice(here.nats)
    await victim.end(signal.SIGKILL)
    victim.lose_disk()
    await victim.start()


async def _stop_nats(here: Installation) -> None:
    """Long enough in the long form for the others to elect another leader."""
    await _hold(here.chance.choice(here.nats), here.patience_s(2, 12))


async def _cut_nats(silently: bool, here: Installation) -> None:
    """Long enough in the long form for edges and workers to leave it."""
    victim = here.chance.choice(here.nats)
    victim.cut_off(silently=silently)
    await asyncio.sleep(here.patience_s(3, 30))
    victim.mend()


async def _fill_nats_disk(here: Installation) -> None:
    """A server that could not write takes no more part until it is started anew, as operators are told."""
    assert here.disk is not None
    here.disk.fill()
    await asyncio.sleep(here.patience_s(2, 8))
    here.disk.empty()
    victim = here.nats[FULL]
    if not await victim.is_well():
        await victim.end(signal.SIGKILL)
        await victim.start()


async def _kill_postgres(here: Installation) -> None:
    await asyncio.to_thread(here.postgres.kill)
    await asyncio.to_thread(here.postgres.restart, "immediate")


async def _kill_backend(here: Installation) -> None:
    await asyncio.to_thread(here.postgres.kill_backend)


async def _restart_postgres(how: str, here: Installation) -> None:
    await asyncio.to_thread(here.postgres.restart, how)


async def _fill_postgres_disk(here: Installation) -> None:
    """A server that could not write its log has ended: it is started again when there is space."""
    assert here.postgres.disk is not None
    here.postgres.disk.fill()
    await asyncio.sleep(here.patience_s(2, 8))
    here.postgres.disk.empty()
    if not await asyncio.to_thread(here.postgres.answers):
        await asyncio.to_thread(here.postgres.restart, "immediate")


def _edges(here: Installation) -> Sequence[Steppable]:
    return here.edges


def _workers(here: Installation) -> Sequence[Steppable]:
    return here.workers


def _web(here: Installation) -> Sequence[Steppable]:
    return [here.web]


FAULTS: Final = (
    Fault(name="an edge: kill -9", part=Part.PROCESSES, happen=partial(_kill, _edges), short=True),
    Fault(name="a worker: kill -9", part=Part.PROCESSES, happen=partial(_kill, _workers), short=True),
    Fault(name="the web: kill -9", part=Part.PROCESSES, happen=partial(_kill, _web)),
    Fault(name="an edge: SIGSTOP, SIGCONT", part=Part.PROCESSES, happen=partial(_stop, _edges)),
    Fault(name="a worker: SIGSTOP, SIGCONT", part=Part.PROCESSES, happen=partial(_stop, _workers), short=True),
    Fault(name="an edge: clock stepped", part=Part.PROCESSES, happen=partial(_step, _edges, AHEAD_S)),
    Fault(
        name="a worker: clock an hour ahead", part=Part.PROCESSES, happen=partial(_step, _workers, HOUR_S), short=True
    ),
    Fault(name="a worker: clock an hour behind", part=Part.PROCESSES, happen=partial(_step, _workers, -HOUR_S)),
    Fault(name="NATS server: kill -9", part=Part.NATS, happen=_kill_nats, short=True),
    Fault(name="NATS server: SIGSTOP, SIGCONT", part=Part.NATS, happen=_stop_nats),
    Fault(name="NATS server: cut off", part=Part.NATS, happen=partial(_cut_nats, False)),
    Fault(name="NATS server: cut off silently", part=Part.NATS, happen=partial(_cut_nats, True), short=True),
    Fault(name="NATS server: its disk lost", part=Part.NATS, happen=_lose_nats_disk),
    Fault(name="NATS server: its disk full", part=Part.NATS, happen=_fill_nats_disk, needs_disk=True),
    Fault(name="PostgreSQL: kill -9", part=Part.POSTGRESQL, happen=_kill_postgres),
    Fault(name="PostgreSQL: kill -9 of a backend", part=Part.POSTGRESQL, happen=_kill_backend),
    Fault(name="PostgreSQL: fast restart", part=Part.POSTGRESQL, happen=partial(_restart_postgres, "fast")),
    Fault(
        name="PostgreSQL: immediate restart",
        part=Part.POSTGRESQL,
        happen=partial(_restart_postgres, "immediate"),
        short=True,
    ),
    Fault(
        name="PostgreSQL: its disk full", part=Part.POSTGRESQL, happen=_fill_postgres_disk, short=True, needs_disk=True
    ),
)
