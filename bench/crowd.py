"""Positions of many wearers through the whole hot path (`app/pipeline.py`) and its commit, without a network: what one
costs in a town of some size.
"""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from app.db import versions
from app.db.engine import open_engine
from app.devices.tables import device, device_carrier
from app.geo import service as geo
from app.pipeline import process
from app.server import settle_memory
from beacon_ingest.messages import Fix, Unit
from bench import town

GROUP = 64
"""Positions in one transaction, as 64 connections bring them."""

_WARM_GROUP = 500
_BETWEEN_CHANGES = 10
"""Groups: at 4,000 positions a second six changes a second, when a large town has one in ten seconds."""

_SEED = 11


class Crowd:
    """A database of wearers who each have a tracker; those who are `active` were heard once. All have fences, or the
    first `fenced`.
    """

    def __init__(
        self, where: Path | str, wearers: int, fences_each: int, active: int | None = None, fenced: int | None = None
    ) -> None:
        self.where = where
        self.wearer_ids = town.build(where, wearers, fences_each, fenced=fenced)
        self._dice = random.Random(_SEED)
        self._sequence = itertools.count()
        self.began = self.now = datetime.now(UTC) - timedelta(hours=1)
        self.engine = open_engine(where)
        carried = sa.select(device.c.id, device.c.external_id).join_from(device, device_carrier)
        with self.engine.connect() as connection:
            self._devices: list[tuple[UUID, str]] = [(key, name) for key, name in connection.execute(carried)]
            connection.rollback()
        if active is not None:
            self._devices = self._dice.sample(self._devices, active)
        for start in range(0, len(self._devices), _WARM_GROUP):
            self._put(self._devices[start : start + _WARM_GROUP])

    def spend_us(self) -> float:
        """Microseconds of processor time a position for a group of wearers chosen at random, each a minute after the
        last group.
        """
        self.now += timedelta(minutes=1)
        return self._put(self._dice.sample(self._devices, min(GROUP, len(self._devices))))

    def spend_after_a_change_us(self) -> float:
        """The same for the first group after the change of somebody's fence; between two changes come other groups."""
        for _ in range(_BETWEEN_CHANGES):
            self.spend_us()
        self._change([self._dice.choice(self.wearer_ids)])
        return self.spend_us()

    def spend_with_none_kept_us(self) -> float:
        """The same after a change of everybody's fences: nothing of any wearer's is kept in memory."""
        self._change(None)
        return self.spend_us()

    def _change(self, wearer_ids: Sequence[UUID] | None) -> None:
        with self.engine.begin() as connection:
            versions.bump(connection, geo.VERSION, wearer_ids)

    def _put(self, chosen: Sequence[tuple[UUID, str]]) -> float:
        units = [self._unit(device_id, name) for device_id, name in chosen]
        begin = time.thread_time()
        with self.engine.begin() as connection:
            process(connection, units, self.now)
        return 1e6 * (time.thread_time() - begin) / len(units)

    def _unit(self, device_id: UUID, name: str) -> Unit:
        dice = self._dice
        lat, lon = town.LAT + 1e-4 * dice.random(), town.LON + 1e-4 * dice.random()
        number = int(self.now.timestamp()).to_bytes(4, "big") + next(self._sequence).to_bytes(12, "big")
        fix = Fix(device=name, lat_deg=lat, lon_deg=lon, at=self.now, accuracy_m=12.0)
        return Unit(
            ingest_ids=(number,), city=town.CITY, device_id=device_id, format="owntracks", received_at=self.now,
            messages=(fix,),
        )  # fmt: skip


def in_turn(spenders: Sequence[Callable[[], float]], groups: int) -> list[float]:
    """What a group costs by the median of so many, of each: they are asked in turn, since a shared machine is not as
    fast in one second as in the next.
    """
    settle_memory()
    spent: list[list[float]] = [[] for _ in spenders]
    for n in range(-groups // 10, groups):  # What is loaded when first needed is loaded before.
        for spend, found in zip(spenders, spent, strict=True):
            cost = spend()
            if n >= 0:
                found.append(cost)
    return [sorted(found)[groups // 2] for found in spent]
