"""What is counted of requests."""

from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LIVE_PATH = "/health/live"


class RequestMeters:
    """What is counted of requests.

    Labels are routes as declared, never paths as asked for: those hold ids, and have no end.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        labels = ["method", "route", "status"]
        self._requests = Counter("mimamori_http_requests", "Requests answered", labels, registry=registry)
        self._seconds = Histogram(
            "mimamori_http_seconds", "Seconds until the answer was out", ["route"], registry=registry
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answered request."""
        self._requests.labels(method if method in METHODS else "other", route, status).inc()
        self._seconds.labels(route).observe(seconds)
