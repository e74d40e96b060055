"""Is the service alive, can it take work, and how does it do: for whoever looks after it."""

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.asgi.meters import LIVE_PATH, RequestMeters
from app.db.engine import Database
from beacon_ingest.registry import Registry

PATIENCE_S = 2.0
"""How long the database may take to answer before the service counts as not ready."""


class Alive(Struct, frozen=True):
    """The process answers."""

    alive: bool = True


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether work can be taken, and if not, what is missing: `database` or `registry`."""

    ready: bool
    missing: Sequence[str] = ()


@get(LIVE_PATH, operation_id="live", summary="Does the process answer?", tags=["health"], sync_to_thread=False)
def live() -> Alive:
    """Answers as long as the process does, also while it is still starting.

    One that does not should be started anew.
    """
    return Alive()


@get(
    "/health/ready",
    operation_id="ready",
    summary="Can it take work?",
    tags=["health"],
    responses={503: ResponseSpec(Readiness, generate_examples=False, description="Not ready")},
)
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
def metrics(meters: NamedDependency[RequestMeters]) -> Response[bytes]:
    """All counters, in the text format of Prometheus."""
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)


ROUTES: list[HTTPRouteHandler] = [live, ready, metrics]
