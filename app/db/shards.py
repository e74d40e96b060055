"""The versions of the shards of the register (`beacon_ingest.shards`), on PostgreSQL only.

A change leaves a row of its own, so that no two changes wait for each other; `gather` takes these away and gives their
shards new versions. So a version that is not yet where the edges read stays written down until it is.
"""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection

from app.db.tables import registry_change, registry_shard

CHANGES_MAX = 50_000
"""Changes that one transaction takes away."""

_NOW_US = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
"""A version is the database's clock in microseconds, at least one more than before: a database that was put back from a
copy never gives out again what it gave out before under another content."""


def shard_of(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """As `beacon_ingest.shards.shard_of`."""
    return sa.func.registry_shard_of(column, type_=sa.Integer)


def gather(connection: Connection) -> int:
    """How many changes gave their shards new versions, up to `CHANGES_MAX`. What somebody else gathers now is left."""
    if connection.dialect.name != "postgresql":
        return 0
    table = registry_change
    some = sa.select(table.c.id).order_by(table.c.id).limit(CHANGES_MAX).with_for_update(skip_locked=True)
    gone = sa.delete(table).where(table.c.id.in_(some)).returning(table.c.shard)
    changed = connection.execute(gone).scalars().all()
    _raise(connection, dict.fromkeys(changed, 0))
    return len(changed)


def versions(connection: Connection) -> dict[int, int]:
    """The version of each shard that ever held something."""
    return {row.shard: row.version for row in connection.execute(sa.select(registry_shard))}


def overtake(connection: Connection, seen: Mapping[int, int]) -> None:
    """Gives shards of which a newer version than ours was seen a still newer one: this database is a copy of what it
    was, or another one, and what it holds now counts.
    """
    known = versions(connection)
    _raise(connection, {shard: version for shard, version in seen.items() if version > known.get(shard, -1)})


def _raise(connection: Connection, above: Mapping[int, int]) -> None:
    """Each shard gets a version greater than its own and the one given; in order, so that nobody waits in a circle."""
    if not above:
        return
    table = registry_shard
    rows = [{"shard": shard, "version": above[shard]} for shard in sorted(above)]
    given = insert(table).values(
        shard=sa.bindparam("shard"), version=sa.func.greatest(sa.bindparam("version") + 1, _NOW_US)
    )
    more = sa.func.greatest(table.c.version + 1, given.excluded.version)
    connection.execute(given.on_conflict_do_update(index_elements=["shard"], set_={"version": more}), rows)


def only(query: sa.Select[Any], column: sa.ColumnElement[Any], shards: Collection[int] | None) -> sa.Select[Any]:
    """The query, of things whose ids are in these shards if they are named."""
    return query if shards is None else query.where(shard_of(column).in_(sorted(shards)))
