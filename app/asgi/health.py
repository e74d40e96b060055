"""Is the service alive, can it take work, and how does it do: for whoever looks after it."""

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.db.engine import Database
from beacon_ingest.registry import Registry

PATIENCE_S = 2.0
"""How long the database may take to answer before the service counts as not ready."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Meters:
    """What is counted of requests.

    Labels are routes as declared, never paths as asked for: those hold ids, and have no end.
    """

    def __init__(self, registry: CollectorRegistry, database: Database) -> None:
        self.registry = registry
        labels = ["method", "route", "status"]
        self._requests = Counter("mimamori_http_requests", "Requests answered", labels, registry=registry)
        self._seconds = Histogram(
            "mimamori_http_seconds", "Seconds until the answer was out", ["route"], registry=registry
        )
        waiting = Gauge("mimamori_writer_waiting", "Pieces of work that wait for the writer", registry=registry)
        waiting.set_function(lambda: database.waiting)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answered request."""
        self._requests.labels(method if method in METHODS else "other", route, status).inc()
        self._seconds.labels(route).observe(seconds)


class Alive(Struct, frozen=True):
    """The process answers."""

    alive: bool = True


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether work can be taken, and if not, what is missing: `database` or `registry`."""

    ready: bool
    missing: Sequence[str] = ()


@get("/health/live", operation_id="live", summary="Does the process answer?", tags=["health"], sync_to_thread=False)
def live() -> Alive:
    """Answers as long as the process does. A process that does not should be started anew."""
    return Alive()


@get("/health/ready", operation_id="ready", summary="Can it take work?", tags=["health"])
async def ready(database: NamedDependency[Database], registry: NamedDependency[Registry | None]) -> Response[Readiness]:
    """200 when the database answers and the device edge knows who may speak, otherwise 503 with what is missing."""
    missing = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            await database.read(lambda connection: connection.execute(sa.select(1)).scalar_one())
    except (sa.exc.SQLAlchemyError, TimeoutError):
        missing.append("database")
    if registry is not None and not registry.ready:
        missing.append("registry")
    return Response(Readiness(ready=not missing, missing=missing), status_code=503 if missing else 200)


@get("/metrics", include_in_schema=False, sync_to_thread=False)
def metrics(meters: NamedDependency[Meters]) -> Response[bytes]:
    """All counters, in the text format of Prometheus."""
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)


ROUTES: list[HTTPRouteHandler] = [live, ready, metrics]
