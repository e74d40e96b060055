"""The service looks at itself: how long the oldest work that is due has waited, told to Prometheus, and a sign of life
to a watchman outside when nothing is overdue.

The watchman (any service that tells somebody when a URL is no longer asked for) must not be fooled by a process that
runs and does nothing: silence is the alarm. Of many processes one audits, the rest are there to go on when it is gone:
the webs as well, since workers that are all dead do not say so.
"""

from collections.abc import Iterable
from typing import Protocol

import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from sqlalchemy.engine import Connection

from app.alerts.service import mending
from app.care import store
from app.care.audit import Age, Audit, StreamSeen, families
from app.care.findings import Waiting
from app.db.engine import Database
from app.dispatch import service as dispatch
from app.kit.clock import Clock, machine_s, monotonic_s
from beacon_ingest.stream import Backlog

log = structlog.get_logger()

EVERY_S = 30
PATIENCE_S = 10.0


class Around(Protocol):
    """What one of many processes sees besides its database: the stream and its partitions, and who of them audits."""

    def take_chair(self, connection: Connection) -> bool:
        """Whether this process audits, from now on for a while."""
        ...

    def leave_chair(self, connection: Connection) -> None:
        """Lets another one audit at once."""
        ...

    def unheld(self, connection: Connection) -> int:
        """How many partitions have had no worker for too long."""
        ...

    async def backlog(self) -> Backlog | None:
        """What waits in the stream; None when it cannot be seen."""
        ...


class Auditor(Collector):
    """`audit` is called every `EVERY_S` seconds; nothing depends on its being called."""

    def __init__(
        self, database: Database, clock: Clock, registry: CollectorRegistry, watchman: str | None,
        around: Around | None = None,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._watchman, self._around = database, clock, watchman, around
        self._told: tuple[Audit | None, float] | None = None
        self._mended = 0
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """What was seen last, if it is this process that audits."""
        if self._told is None:
            return ()
        audit, at_s = self._told
        return families(audit, monotonic_s() - at_s, self._mended)

    async def audit(self) -> bool:
        """Whether this process audits and nothing is overdue; only then the watchman hears of us."""
        try:
            if self._around is not None and not await self._database.write(self._around.take_chair):
                self._told = None
                return False
            mended = await self._database.write(
                lambda c: mending.mend(c, self._clock()) + dispatch.mend(c, self._clock())
            )
            self._mended += mended
            audit = replace(await self._look(self._around), mended=mended)
        except Exception as error:  # A store that does not answer is no sign of life, and no reason to end.
            log.error("audit_failed", error=type(error).__name__)
            self._told = None, monotonic_s()
            return False
        self._told = audit, monotonic_s()
        if not audit.is_clean:
            log.warning("audit_not_clean", overdue=list(audit.overdue()))
        elif self._watchman is not None:
            await self._tell(self._watchman)
        return audit.is_clean

    async def stop(self) -> None:
        """Lets another process go on, if the database answers."""
        if self._around is None:
            return
        try:
            await self._database.write(self._around.leave_chair)
        except Exception as error:  # Then it is free when its time is up.
            log.warning("audit_not_handed_on", error=type(error).__name__)

    async def _look(self, around: Around | None) -> Audit:
        clock = self._clock
        if around is None:
            return await self._database.read(lambda c: _seen(c, clock, None))
        backlog = await around.backlog()
        return await self._database.read(
            lambda c: _seen(c, clock, StreamSeen(backlog=backlog, unheld=around.unheld(c)))
        )

    async def _tell(self, url: str) -> None:
        import httpx  # Loaded when it is first needed.

        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                (await client.get(url)).raise_for_status()
        except Exception as error:  # Also no URL at all. He hears nothing, as is right; what it says may be a secret.
            log.warning("watchman_not_told", error=type(error).__name__)


def _seen(connection: Connection, clock: Clock, stream: StreamSeen | None) -> Audit:
    """Ages in seconds of the machine, by which the ticker wakes the jobs: the clock of the demo is faster."""
    now = clock()

    def age_of(one: Waiting) -> Age:
        oldest_s = 0.0 if one.oldest_at is None else machine_s(clock, now - one.oldest_at)
        return Age(what=one.what, count=one.count, oldest_s=oldest_s)

    beat_at, _ = store.last_beat(connection)
    return Audit(
        ages=[age_of(one) for one in store.waiting(connection, now)],
        dead_letters=store.dead_letters(connection),
        beat_age_s=None if beat_at is None else machine_s(clock, now - beat_at),
        stream=stream,
        maps=age_of(store.maps_due(connection, now)),
    )
