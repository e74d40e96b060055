"""What one of many processes sees around it: the stream, who works on it, and who of all audits."""

import structlog
from sqlalchemy.engine import Connection

from app.care.audit import UNHELD_AFTER
from app.care.service.auditing import EVERY_S
from app.config import Settings
from app.db import leases
from app.kit.ids import new_id
from app.worker import name_of
from beacon_ingest.backlog import backlog_of
from beacon_ingest.broker import TROUBLE, Broker
from beacon_ingest.jetstream import StreamPlan
from beacon_ingest.stream import Backlog

log = structlog.get_logger()

CHAIR = "audit"
CHAIR_S = 2.5 * EVERY_S
"""Who audits and is not heard of for so long is replaced."""


def plan_of(settings: Settings) -> StreamPlan:
    """How the stream is to be."""
    return StreamPlan(partitions=settings.partitions, replicas=settings.replicas, bytes_max=settings.stream_bytes_max)


def servers_of(settings: Settings) -> list[str]:
    """The NATS servers; secrets may be in their URLs."""
    return [one.strip() for one in settings.nats.split(",") if one.strip()]


class Around:
    """The others. Who audits does so as long as it is there, so that what Prometheus is told is told by one."""

    def __init__(self, broker: Broker, partitions: int, *, chair_s: float = CHAIR_S) -> None:
        self._broker, self._partitions, self._chair_s = broker, partitions, chair_s
        self._owner = new_id()
        self._lease: leases.Lease | None = None

    def take_chair(self, connection: Connection) -> bool:
        """Whether this process audits, from now on for a while."""
        if self._lease is not None:
            try:
                leases.hold(connection, self._lease, self._chair_s)
            except leases.LeaseLost:
                self._lease = None
        if self._lease is None:
            leases.prepare(connection, [CHAIR])
            self._lease = next(iter(leases.take(connection, [CHAIR], self._owner, self._chair_s, 1)), None)
        return self._lease is not None

    def leave_chair(self, connection: Connection) -> None:
        """Lets another one audit at once."""
        if self._lease is not None:
            leases.give_back(connection, [self._lease])
            self._lease = None

    def unheld(self, connection: Connection) -> int:
        """How many partitions have had no worker for too long."""
        names = [name_of(number) for number in range(self._partitions)]
        return leases.unheld(connection, names, UNHELD_AFTER.total_seconds())

    async def backlog(self) -> Backlog | None:
        """What waits in the stream; None when it cannot be seen."""
        try:
            return await backlog_of(self._broker.client, self._partitions)
        except TROUBLE as error:
            log.warning("stream_not_seen", error=type(error).__name__)
            return None
