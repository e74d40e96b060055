"""Everything that a prefecture's installation rests on fails, one thing after the other and several at once, while
phones, watches and detectors speak: nothing acknowledged is missing, nothing is there twice, everything came in order,
every alert is there once and somebody was told.

`MIMAMORI_TEST_SEED` says in which order, at which moments and to whom. The short form is in every run;
`MIMAMORI_TEST_ROUNDS` of the long form each let everything fail twice (`make chaos`).
"""

import asyncio
import os
import signal
from collections import defaultdict
from pathlib import Path

import click
import pytest
from msgspec import Struct, field

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.installation import Installation, Part, installation
from tests.chaos.ledger import Tally, check, untold
from tests.chaos.many import until_worked_off

pytestmark = pytest.mark.postgresql

SEED = int(os.environ.get("MIMAMORI_TEST_SEED", "20261128"))
ROUNDS = int(os.environ.get("MIMAMORI_TEST_ROUNDS", "0"))
PRESSES = 2 * ROUNDS * len(FAULTS) or sum(one.short for one in FAULTS)
PAUSE_S = 0.5 if ROUNDS else 0.05


class Told(Struct):
    """How often a fault came, and the longest that somebody waited for anything then, in seconds."""

    times: int = 0
    served_after_s: list[float] = field(default_factory=list)
    told_after_s: list[float] = field(default_factory=list)


class Chaos:
    """What fails when, and how it went."""

    def __init__(self, here: Installation) -> None:
        self._here = here
        faults = [one for one in FAULTS if one.short] if here.hurried else FAULTS
        self._faults = [one for one in faults if here.has_disks or not one.needs_disk]
        self.told: dict[str, Told] = defaultdict(Told)

    async def one_by_one(self) -> None:
        """Everything in any order, each when the one before is over."""
        await self._in_turn(self._here.chance.sample(self._faults, len(self._faults)))

    async def side_by_side(self) -> None:
        """Something of ours, of NATS and of PostgreSQL at once."""
        shuffled = self._here.chance.sample(self._faults, len(self._faults))
        await asyncio.gather(*(self._in_turn([one for one in shuffled if one.part is part]) for part in Part))

    async def _in_turn(self, faults: list[Fault]) -> None:
        loop = asyncio.get_running_loop()
        for fault in faults:
            await asyncio.sleep(self._here.chance.uniform(0.05, 0.5))  # The moment.
            click.echo(f"{loop.time():.1f} {fault.name}")
            told, began_s = self.told[fault.name], loop.time()
            self._here.load.press(told.told_after_s.append)
            await fault.happen(self._here)
            await self._here.load.until_served()
            await self._here.until_whole(fault.part)
            told.times += 1
            told.served_after_s.append(loop.time() - began_s)


@pytest.mark.chaos
async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    click.echo(f"MIMAMORI_TEST_SEED={SEED}")
    loop = asyncio.get_running_loop()
    async with installation(SEED, PRESSES, PAUSE_S, tmp_path, hurried=not ROUNDS) as here:
        began_s, chaos = loop.time(), Chaos(here)
        here.load.start()
        await here.load.until_served()
        for _ in range(ROUNDS):
            await chaos.one_by_one()
            await chaos.side_by_side()
        if not ROUNDS:
            await chaos.side_by_side()
        try:
            await here.load.all_told()
        except TimeoutError:
            pytest.fail(untold(here))
        await here.load.stop()
        await until_worked_off(*here.nats)
        ends = await asyncio.gather(*(one.end(signal.SIGTERM) for one in here.processes))
        assert {0} == set(ends)
        tally = check(here)
        lasted_s = loop.time() - began_s
    with capsys.disabled():
        click.echo(report(chaos.told, tally, lasted_s, here))


def report(told: dict[str, Told], tally: Tally, lasted_s: float, here: Installation) -> str:
    """What was survived, as a table."""
    times = sum(one.times for one in told.values())
    disks = "on small disks of their own (tmpfs in a user namespace)" if here.has_disks else "left out: no namespaces"
    lines = [
        f"\n{times} faults in {lasted_s:.0f} s, seed {SEED}. Acknowledged and there once: {tally.places} places, "
        f"{tally.sightings} sightings, {tally.presses} SOS. Full disks: {disks}.\n",
        "| fault | times | everybody served again after (s, worst) | SOS pressed then: told after (s, worst) |",
        "|---|---|---|---|",
    ]
    for name in (one.name for one in FAULTS if one.name in told):
        one = told[name]
        lines.append(f"| {name} | {one.times} | {max(one.served_after_s):.1f} | {max(one.told_after_s):.1f} |")
    return "\n".join(lines)
