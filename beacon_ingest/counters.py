"""What the edge counts: units by format and what became of them, the time until they were durable, open connections."""

from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Reason(StrEnum):
    """What became of one unit (a request, a frame), or why a connection was refused."""

    ACCEPTED = "accepted"
    """All that could be read of it is durable."""
    NOTHING = "nothing"
    """It was fine and said nothing that we keep."""
    UNREADABLE = "unreadable"
    """Nothing of it could be read."""
    PARTLY = "partly"
    """A part of it could not be read; the rest is durable and was counted as accepted."""
    UNKNOWN_DEVICE = "unknown_device"
    """It names no enrolled device, or none that may speak without a key."""
    BAD_KEY = "bad_key"
    """It shows no key where one is needed, or one that is nobody's."""
    OTHER_DEVICE = "other_device"
    """The key is good, but it is not the key of the device that the unit names."""
    TOO_LARGE = "too_large"
    RATE = "rate"
    """The device spoke faster than it may: refused over HTTP, slowed down over TCP."""
    FULL = "full"
    """The stream took nothing because too much waits."""
    NOT_READY = "not_ready"
    """The edge has no snapshot of the registry yet."""
    NOT_STORED = "not_stored"
    """The stream failed; nothing was acknowledged."""
    CRASHED = "crashed"
    """The decoder raised: a defect of ours."""
    REFUSED = "refused"
    """No such path, method or encoding."""
    GONE = "gone"
    """The client left, or was too slow, before the request was complete."""
    TWO_SOURCES = "two_sources"
    """Two open connections speak for one device at once: one of them may be somebody else's."""
    TOO_MANY_CONNECTIONS = "too_many_connections"
    NO_GREETING = "no_greeting"
    """A connection that named no enrolled device in time, or sent too much that is no frame."""


_DURABLE_WITHIN_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)


class Counters:
    """The counters of one edge, in `registry` (its own, if none is given)."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self._units = Counter(
            "mimamori_ingest_units",
            "Units (HTTP requests, TCP frames) by what became of them",
            ["format", "reason"],
            registry=self.registry,
        )
        self._durable = Histogram(
            "mimamori_ingest_durable_seconds",
            "Time from the whole unit being here to its being durable",
            ["format"],
            buckets=_DURABLE_WITHIN_S,
            registry=self.registry,
        )
        self._open = Gauge(
            "mimamori_ingest_connections", "Open TCP connections of devices", ["format"], registry=self.registry
        )
        self._children: dict[tuple[str, str], Counter] = {}

    def of(self, format: str, reason: Reason) -> Counter:
        """The counter of one format and reason, to be kept by who counts often: the look-up costs more."""
        key = (format, reason.value)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._units.labels(*key)
        return child

    def count(self, format: str, reason: Reason) -> None:
        """One more of `format` that ended so."""
        self.of(format, reason).inc()

    def durable(self, format: str) -> Histogram:
        """Where to observe, for one format, how long units took to become durable, in seconds."""
        return self._durable.labels(format)

    def connections(self, format: str) -> Gauge:
        """How many connections of one format are open."""
        return self._open.labels(format)
