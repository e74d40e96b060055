"""What SQLAlchemy has compiled is kept for all databases of a test process.

It keeps that for each engine, as a service needs it that has one for weeks. Tests open an engine each, or several, and
to compile the same statements anew took them more time than to run these.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.util import LRUCache

KEPT_MAX = 5_000

_known: dict[tuple[type[Dialect], str | None], Dialect] = {}
_compiled: LRUCache = LRUCache(KEPT_MAX)


def keep() -> None:
    """From now on every connection takes part. They all talk to the same few servers: what the first has learnt of its
    server holds for the others.
    """
    if not sa.event.contains(Engine, "engine_connect", _take_part):
        sa.event.listen(Engine, "engine_connect", _take_part)


def _take_part(connection: Connection) -> None:
    own = connection.dialect
    # A dialect keeps to which isolation its connections go back.
    connection.dialect = _known.setdefault((type(own), own._on_connect_isolation_level), own)  # type: ignore[attr-defined]
    connection.execution_options(compiled_cache=_compiled)
