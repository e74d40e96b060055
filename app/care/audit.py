"""What an audit saw, whether it is well, and how Prometheus is told. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from app.care.findings import HEARTBEAT_AGE_MAX, OVERDUE_AFTER, UNPROCESSED_AFTER
from beacon_ingest.stream import Backlog

UNHELD_AFTER = timedelta(minutes=1)
"""A partition that no worker has had for so long; after a kill others go on within `lease_s`."""


class Age(Struct, frozen=True, kw_only=True):
    """Work of one kind that is due and not done: how much, and for how many seconds the oldest has been."""

    what: str
    count: int
    oldest_s: float


class StreamSeen(Struct, frozen=True, kw_only=True):
    """The stream and who works on it: `backlog` is None when it could not be seen; `unheld` partitions have no
    worker.
    """

    backlog: Backlog | None
    unheld: int


class Audit(Struct, frozen=True, kw_only=True):
    """What was seen at once. `beat_age_s`: since when the jobs have not run; None if they never did."""

    ages: Sequence[Age]
    dead_letters: int
    beat_age_s: float | None
    stream: StreamSeen | None = None
    """None where there is no stream."""
    maps: Age | None = None
    """Habit maps that are due. They may wait: nobody is less safe tonight for it, and the watchman is told all the
    same.
    """
    mended: int = 0
    """Alerts and turn-outs that were to be gone on with and that no timer looked at: they are now."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is overdue. Dead letters are not overdue, they are for people: were the watchman silent
        because of one, he could not tell when everything stops.
        """
        return not list(self.overdue())

    def overdue(self) -> Iterator[str]:
        """What is, by name."""
        for age in self.ages:
            if age.oldest_s > OVERDUE_AFTER.total_seconds():
                yield age.what
        if self.mended:
            yield "alerts or turn-outs that no timer looked at"
        if self.beat_age_s is None or self.beat_age_s > HEARTBEAT_AGE_MAX.total_seconds():
            yield "jobs"
        if self.stream is None:
            return
        if self.stream.unheld:
            yield "partitions without a worker"
        if self.stream.backlog is None:
            yield "the stream cannot be seen"
        elif self.stream.backlog.oldest_s > UNPROCESSED_AFTER.total_seconds():
            yield "units in the stream"


def families(audit: Audit | None, age_s: float, mended: int) -> Iterator[Metric]:
    """The last audit, `age_s` seconds ago, for Prometheus; without one (it failed) only that it is not clean. `mended`
    are all alerts that this process mended so far.
    """
    clean = audit is not None and audit.is_clean
    yield GaugeMetricFamily("mimamori_audit_clean", "1 when nothing is overdue", value=float(clean))
    yield GaugeMetricFamily("mimamori_audit_age_seconds", "How long ago that was seen", value=age_s)
    yield CounterMetricFamily(
        "mimamori_alerts_mended",
        "Alerts and turn-outs that no timer looked at and that went on all the same",
        value=mended,
    )
    if audit is None:
        return
    oldest = GaugeMetricFamily(
        "mimamori_oldest_due_seconds", "How long the oldest that is due has waited", labels=["what"]
    )
    due = GaugeMetricFamily("mimamori_due", "How much is due and not done", labels=["what"])
    for age in audit.ages:
        oldest.add_metric([age.what], age.oldest_s)
        due.add_metric([age.what], age.count)
    yield from (oldest, due)
    yield GaugeMetricFamily(
        "mimamori_dead_letters", "Units that could not be digested and were not replayed", value=audit.dead_letters
    )
    if audit.maps is not None:
        yield GaugeMetricFamily(
            "mimamori_habit_maps_due", "Habit maps into which a day is to be taken", value=audit.maps.count
        )
        yield GaugeMetricFamily(
            "mimamori_habit_maps_oldest_due_seconds", "How long the oldest has waited", value=audit.maps.oldest_s
        )
    if audit.stream is not None:
        yield from _of_stream(audit.stream)


def _of_stream(seen: StreamSeen) -> Iterator[Metric]:
    yield GaugeMetricFamily("mimamori_partitions_unheld", "Partitions without a worker for a minute", value=seen.unheld)
    backlog = seen.backlog
    if backlog is None:
        return
    yield GaugeMetricFamily(
        "mimamori_stream_oldest_seconds", "How long the oldest unit has waited for a worker", value=backlog.oldest_s
    )
    yield GaugeMetricFamily("mimamori_stream_bytes", "Bytes of units in the stream", value=backlog.bytes)
    yield GaugeMetricFamily("mimamori_stream_bytes_max", "Bytes that fit into the stream", value=backlog.bytes_max)
    oldest = GaugeMetricFamily("mimamori_partition_oldest_seconds", "The same of one partition", labels=["partition"])
    waiting = GaugeMetricFamily(
        "mimamori_partition_waiting", "Units that no worker has acknowledged", labels=["partition"]
    )
    in_hand = GaugeMetricFamily("mimamori_partition_in_hand", "Of these, handed to a worker", labels=["partition"])
    for lag in backlog.lags:
        labels = [str(lag.partition)]
        oldest.add_metric(labels, lag.oldest_s)
        waiting.add_metric(labels, lag.waiting)
        in_hand.add_metric(labels, lag.in_hand)
    yield from (oldest, waiting, in_hand)
