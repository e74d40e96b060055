"""The service looks at itself: how long the oldest work that is due has waited, told to Prometheus, and a sign of life
to a watchman outside when nothing is overdue.

The watchman (any service that tells somebody when a URL is no longer asked for) must not be fooled by a process that
runs and does nothing: silence is the alarm.
"""

from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.engine import Connection

from app.care import store
from app.care.findings import HEARTBEAT_AGE_MAX, OVERDUE_AFTER
from app.db.engine import Database
from app.kit.clock import Clock

log = structlog.get_logger()

EVERY_S = 30
PATIENCE_S = 10.0


class Auditor:
    """`audit` is called every `EVERY_S` seconds; nothing depends on its being called."""

    def __init__(self, database: Database, clock: Clock, registry: CollectorRegistry, watchman: str | None) -> None:
        self._database, self._clock, self._watchman = database, clock, watchman
        self._oldest_s = Gauge(
            "mimamori_oldest_due_seconds", "How long the oldest that is due has waited", ["what"], registry=registry
        )
        self._due = Gauge("mimamori_due", "How much is due and not done", ["what"], registry=registry)
        self._dead = Gauge("mimamori_dead_letters", "Units that could not be digested", registry=registry)

    async def audit(self) -> bool:
        """Whether nothing is overdue; only then the watchman hears of us."""
        now = self._clock()
        try:
            is_clean = await self._database.read(lambda connection: self._look(connection, now))
        except Exception as error:  # A store that does not answer is no sign of life, and no reason to end.
            log.error("audit_failed", error=type(error).__name__)
            return False
        if is_clean and self._watchman is not None:
            await self._tell(self._watchman)
        return is_clean

    def _look(self, connection: Connection, now: datetime) -> bool:
        is_clean = True
        for waiting in store.waiting(connection, now):
            age_s = 0.0 if waiting.oldest_at is None else (now - waiting.oldest_at).total_seconds()
            self._oldest_s.labels(waiting.what).set(age_s)
            self._due.labels(waiting.what).set(waiting.count)
            is_clean &= age_s <= OVERDUE_AFTER.total_seconds()
        self._dead.set(store.dead_letters(connection))
        beat_at, _ = store.last_beat(connection)
        return is_clean and beat_at is not None and now - beat_at <= HEARTBEAT_AGE_MAX

    async def _tell(self, url: str) -> None:
        import httpx  # Loaded when it is first needed.

        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                (await client.get(url)).raise_for_status()
        except Exception as error:  # Also no URL at all. He hears nothing, as is right; what it says may be a secret.
            log.warning("watchman_not_told", error=type(error).__name__)
