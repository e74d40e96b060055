"""What is overdue, and what Prometheus hears of an audit."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from app.care.audit import Age, Audit, StreamSeen, families
from beacon_ingest.stream import Backlog, Lag

LAGS = (Lag(partition=0), Lag(partition=1, waiting=3, in_hand=2, oldest_s=7.5))
BACKLOG = Backlog(lags=LAGS, bytes=900, bytes_max=1000)
WELL = Audit(
    ages=(Age(what="intents", count=2, oldest_s=3.0),),
    dead_letters=1,
    beat_age_s=4.0,
    stream=StreamSeen(backlog=BACKLOG, unheld=0),
)


def with_stream(**changes: object) -> Audit:
    return replace(WELL, stream=replace(WELL.stream, **changes))


def waiting_for(seconds: float) -> Audit:
    return with_stream(backlog=replace(BACKLOG, lags=(LAGS[0], replace(LAGS[1], oldest_s=seconds))))


@pytest.mark.parametrize(
    "audit",
    [
        WELL,
        replace(WELL, stream=None),
        waiting_for(120),
        replace(WELL, beat_age_s=60.0),
        replace(WELL, dead_letters=9),
        replace(WELL, maps=Age(what="habit maps", count=9, oldest_s=80_000.0)),
    ],
)
def test_nothing_is_overdue(audit: Audit) -> None:
    assert audit.is_clean


@pytest.mark.parametrize(
    ("audit", "overdue"),
    [
        (replace(WELL, ages=(Age(what="intents", count=1, oldest_s=301.0),)), "intents"),
        (replace(WELL, beat_age_s=61.0), "jobs"),
        (replace(WELL, beat_age_s=None), "jobs"),
        (waiting_for(121), "units in the stream"),
        (with_stream(backlog=None), "the stream cannot be seen"),
        (with_stream(unheld=1), "partitions without a worker"),
    ],
)
def test_what_is_overdue_is_named(audit: Audit, overdue: str) -> None:
    assert [overdue] == list(audit.overdue())
    assert not audit.is_clean


def told(audit: Audit | None) -> Callable[..., float | None]:
    class One(Collector):
        def collect(self):
            return families(audit, 5.0, 0)

    registry = CollectorRegistry()
    registry.register(One())
    generate_latest(registry)
    return registry.get_sample_value


def test_prometheus_hears_of_each_partition_and_of_the_worst() -> None:
    value = told(WELL)
    assert (
        7.5 == value("mimamori_stream_oldest_seconds") == value("mimamori_partition_oldest_seconds", {"partition": "1"})
    )
    assert 0 == value("mimamori_partition_oldest_seconds", {"partition": "0"})
    assert (3, 2) == tuple(value(f"mimamori_partition_{name}", {"partition": "1"}) for name in ("waiting", "in_hand"))
    assert (900, 1000) == (value("mimamori_stream_bytes"), value("mimamori_stream_bytes_max"))
    assert (1, 5.0, 0) == tuple(
        value(f"mimamori_{name}") for name in ("audit_clean", "audit_age_seconds", "partitions_unheld")
    )


def test_an_audit_that_failed_tells_no_old_numbers() -> None:
    value = told(None)
    assert 0 == value("mimamori_audit_clean")
    assert value("mimamori_dead_letters") is None


def test_prometheus_hears_of_days_that_are_not_learnt_yet() -> None:
    value = told(replace(WELL, maps=Age(what="habit maps", count=9, oldest_s=800.0)))
    assert (9, 800) == (value("mimamori_habit_maps_due"), value("mimamori_habit_maps_oldest_due_seconds"))
