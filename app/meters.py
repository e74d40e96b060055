"""What is measured of the work itself, for Prometheus and, when asked for, as traces: transactions, batches out of the
stream, messages to people. Once a transaction, a batch and a channel, never once a message: an observation costs a
fiftieth of what a position does.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.traces import HEADER, Traces

_COMMIT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STORED_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_PUSH_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Meters:
    """The measures of one process. `waiting` says how many pieces of work wait for its writer."""

    def __init__(self, registry: CollectorRegistry, waiting: Callable[[], int], traces: Traces | None = None) -> None:
        self._traces = traces
        gauge = Gauge("mimamori_writer_waiting", "Pieces of work that wait for the writer", registry=registry)
        gauge.set_function(waiting)
        self._commit_s = Histogram(
            "mimamori_commit_seconds", "How long a commit took, the disk's part of a transaction",
            buckets=_COMMIT_S, registry=registry,
        )  # fmt: skip
        self._transaction_s = Histogram(
            "mimamori_transaction_seconds", "How long a transaction of the writer took, its commit included",
            buckets=_COMMIT_S, registry=registry,
        )  # fmt: skip
        self._pieces = Counter("mimamori_committed", "Pieces of work that were committed", registry=registry)
        self._failed = Counter("mimamori_commits_failed", "Transactions that stored nothing", registry=registry)
        self._batch_s = Histogram(
            "mimamori_stored_seconds", "From the stream's taking the oldest unit of a batch to its commit",
            buckets=_STORED_S, registry=registry,
        )  # fmt: skip
        self._units = Counter("mimamori_worked_units", "Units taken out of the stream and committed", registry=registry)
        self._push_s = Histogram(
            "mimamori_push_seconds", "How long a channel took for the messages it was given", ["channel"],
            buckets=_PUSH_S, registry=registry,
        )  # fmt: skip
        self._pushed = Counter(
            "mimamori_pushed", "Messages to people, by channel and outcome", ["channel", "outcome"], registry=registry
        )
        self._lag_s = Gauge(
            "mimamori_push_lag_seconds", "For how long the oldest message that waits has been due", ["channel"],
            registry=registry,
        )  # fmt: skip
        self._resting = Gauge(
            "mimamori_channel_resting", "Whether a channel rests, since its service is away", ["channel"],
            registry=registry,
        )  # fmt: skip

    def committed(self, pieces: int, seconds: float, commit_s: float) -> None:
        """A transaction of so many pieces of work took so long, of which its commit."""
        self._transaction_s.observe(seconds)
        self._commit_s.observe(commit_s)
        self._pieces.inc(pieces)
        if self._traces is not None:
            self._traces.past("transaction", seconds, {"pieces": pieces, "commit_s": commit_s})

    def not_committed(self) -> None:
        """A transaction stored nothing."""
        self._failed.inc()

    def worked(
        self, partition: int, units: int, seconds: float, oldest_s: float, headers: Iterable[Mapping[str, str] | None]
    ) -> None:
        """A batch out of the stream is committed: it took so long, `oldest_s` after the stream took the first of it.
        `headers` are those of its messages.
        """
        self._batch_s.observe(max(0.0, oldest_s))
        self._units.inc(units)
        if self._traces is not None:
            parents = [one[HEADER] for one in headers if one and HEADER in one]
            self._traces.past("batch", seconds, {"partition": partition, "units": units}, parents)

    def behind(self, channel: str, lag_s: float, *, resting: bool) -> None:
        """How far behind a channel is, and whether it rests."""
        self._lag_s.labels(channel).set(lag_s)
        self._resting.labels(channel).set(resting)

    def pushed(self, channel: str, outcomes: Sequence[str], seconds: float) -> None:
        """A channel was given so many messages, with these outcomes."""
        self._push_s.labels(channel).observe(seconds)
        tally = Tally(outcomes)
        for outcome, count in tally.items():
            self._pushed.labels(channel, outcome).inc(count)
        if self._traces is not None:
            self._traces.past(f"push {channel}", seconds, dict(tally))
