"""Puts the register into the bucket that edges watch (`beacon_ingest.bucket`), shard by shard, as PostgreSQL says.

What is wanted is a version of each shard in a table, what is there says its version itself, and whatever is not the
same is written: after a change, after a kill at any line, when the bucket was lost in part or whole, and when the
database was put back from a copy. Any number of processes may do so at once. Each reads the bucket before the database
and writes only over the revision that it read, so that what was read earlier never lies over what was read later.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import nats.errors
import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.engine import Connection

from app.db import leases, shards
from app.db.engine import Database
from app.kit.ids import new_id
from app.snapshots import read_shards
from beacon_ingest.broker import TROUBLE, Broker
from beacon_ingest.bucket import HEAD, BucketPlan, Value, Watcher, put
from beacon_ingest.shards import Head, Shard, packed

log = structlog.get_logger()

EVERY_S: Final = 3.0
"""How often one of the processes compares everything; a hint is followed at once."""
AT_ONCE: Final = 64
"""Shards that are read together and are on their way together."""
WHOLE_S: Final = 30.0
"""How long it may take to see what is in the bucket."""
TURN: Final = "job/registry"
"""The lease of who compares."""


class Publisher:
    """Begins with `start` and ends with `stop`, on the running event loop."""

    every_s = EVERY_S

    def __init__(
        self, database: Database, broker: Broker, *, replicas: int, metrics: CollectorRegistry | None = None
    ) -> None:
        self._database, self._broker = database, broker
        self._plan = BucketPlan(replicas=replicas)
        self._seen: dict[str, Value] = {}
        self._watcher = Watcher(broker, self._note, bodies=False, lost=self._seen.clear)
        self._owner = new_id()
        self._unpublished = Gauge(
            "mimamori_registry_unpublished",
            "Parts of the register that edges were not told of yet",
            registry=metrics,
        )
        self._wake = asyncio.Event()
        self.whole = False
        """Whether all that was wanted was there when it was last compared."""
        self._task: asyncio.Task[None] | None = None
        self._unlisten = database.listen("registry", lambda _key: self._wake.set())

    def start(self) -> None:
        """Begins to write what is not there."""
        self._watcher.start()
        self._task = asyncio.create_task(self._run(), name="mimamori-publisher")

    async def stop(self) -> None:
        """Ends at once: what is not written is by whoever is next."""
        self._unlisten()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._watcher.stop()

    def _note(self, value: Value) -> None:
        before = self._seen.get(value.key)
        if before is None or before.revision < value.revision:
            self._seen[value.key] = value

    async def _run(self) -> None:
        while True:
            hinted = self._wake.is_set()
            self._wake.clear()
            try:
                await self.look(hinted=hinted)
            except TROUBLE as error:
                log.warning("registry_not_published", error=type(error).__name__)
            except Exception as error:  # The database is away; what is to be written is written down there.
                log.error("registry_not_published", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every_s):
                    await self._wake.wait()

    async def look(self, *, hinted: bool = False) -> None:
        """Gives what changed a new version, and writes what is not in the bucket. Without a hint one of all processes
        does so at a time. Raises what the database and NATS raise.
        """
        changed, turn = await self._database.write(self._gather)
        some = changed
        while some >= shards.CHANGES_MAX:  # After an import: all of it first, or each shard is written again and again.
            some = await self._database.write(shards.gather)
        if turn or not hinted:
            await self._see_to_the_bucket()
        if not (turn or changed):
            self._unpublished.set(0)  # Whoever compares says how many.
            return
        async with asyncio.timeout(WHOLE_S):
            await self._watcher.whole.wait()
        seen = {int(key): value.version for key, value in self._seen.items() if key != HEAD}
        wanted = await self._database.read(shards.versions)
        if any(version > wanted.get(shard, -1) for shard, version in seen.items()):
            await self._database.write(lambda c: shards.overtake(c, seen))
            wanted = await self._database.read(shards.versions)
        missing = [shard for shard, version in wanted.items() if seen.get(shard) != version]
        self._unpublished.set(len(missing))
        written = await self._write_all(missing, wanted)
        self._unpublished.set(0 if written else len(missing))
        self.whole = written and await self._write_head(sorted(wanted))

    def _gather(self, connection: Connection) -> tuple[int, bool]:
        return shards.gather(connection), leases.turn(connection, TURN, self._owner, self.every_s * 0.9)

    async def _see_to_the_bucket(self) -> None:
        """Makes it if it is not there, and looks at all of it again when something went out of it unheard."""
        info = await self._plan.prepare(self._broker)
        if self._watcher.whole.is_set() and info.state.messages < len(self._seen):
            log.warning("registry_lost", keys=len(self._seen), there=info.state.messages)
            self._seen.clear()
            await self._watcher.again()

    async def _write_all(self, missing: Sequence[int], wanted: Mapping[int, int]) -> bool:
        """Whether all of these are there now, some at a time; several processes begin at several places, and leave out
        what another one has written meanwhile.
        """
        first, written = self._owner.int % max(len(missing), 1), True
        in_turn = [*missing[first:], *missing[:first]]
        for start in range(0, len(in_turn), AT_ONCE):
            some = [one for one in in_turn[start : start + AT_ONCE] if self._version(str(one)) != wanted[one]]
            written &= not some or await self._write(some)
        return written

    async def _write(self, numbers: Sequence[int]) -> bool:
        """Whether all of these are there now in the version that was wanted, or in a newer one."""
        revisions = {number: self._revision(str(number)) for number in numbers}
        found = await self._database.read(lambda c: read_shards(c, numbers))
        ends = await asyncio.gather(
            *(self._put(str(number), one.version, one, revisions[number]) for number, one in found.items()),
            return_exceptions=True,
        )
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return all(ends)

    async def _write_head(self, there: Sequence[int]) -> bool:
        """Says which shards there are; their number only grows, so that it is the head's version."""
        seen = self._seen.get(HEAD)
        if seen is not None and seen.version == len(there) + 1:
            return True
        return await self._put(HEAD, len(there) + 1, Head(tuple(there)), self._revision(HEAD))

    async def _put(self, key: str, version: int, content: Shard | Head, seen: int) -> bool:
        try:
            revision = await put(self._broker, key, version, packed(content), seen)
        except nats.errors.MaxPayloadError:  # All others are written all the same.
            log.critical("registry_shard_too_large", key=key)
            return False
        if revision is None:  # Somebody else wrote: whether that is as new is seen when it has been told of.
            self._wake.set()
            return False
        self._note(Value(key, revision, version, b""))
        return True

    def _version(self, key: str) -> int | None:
        value = self._seen.get(key)
        return None if value is None else value.version

    def _revision(self, key: str) -> int:
        value = self._seen.get(key)
        return 0 if value is None else value.revision
