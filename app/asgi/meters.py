"""What is counted of requests."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.db.engine import Database

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LIVE_PATH = "/health/live"


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
