"""A worker in a process of its own, which ends itself with SIGKILL at the moment that it is told: `pulled` (before it
has stored anything), `stored` (before the commit), `committed` (before it has acknowledged).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from sqlalchemy.engine import Connection

import app.worker
from app.db.engine import Database
from app.worker import Partition, Taken
from beacon_ingest.broker import Broker
from tests.contract.stream.crew import worker_of

WHERE, SERVER, MOMENT, AFTER = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
app.worker.BATCH = 10  # type: ignore[misc]  # It has seen several batches before it dies.


class Victim(Partition):
    """It dies when it has so many units acknowledged."""

    done = 0

    def digest(self, connection: Connection, some: Sequence[Taken], *, bury: bool) -> None:
        if MOMENT == "pulled":
            self._die()
        super().digest(connection, some, bury=bury)
        if MOMENT == "stored":
            self._die()

    async def acknowledge(self, some: Sequence[Taken]) -> None:
        if MOMENT == "committed":
            self._die()
        await super().acknowledge(some)
        Victim.done += len(some)

    def _die(self) -> None:
        if Victim.done >= AFTER:
            os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    database = Database(WHERE)
    database.start()
    broker = Broker([SERVER], name="victim")
    await broker.open(20)
    worker_of(database, broker, Victim).start()
    await asyncio.Event().wait()


asyncio.run(main())
