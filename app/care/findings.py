"""What was looked at, how it is, and what to do about it. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from beacon_ingest.stream import Backlog

FREE_BYTES_MIN = 2 * 1024**3
FREE_SHARE_MIN = 0.05
HEARTBEAT_AGE_MAX = timedelta(seconds=60)
OVERDUE_AFTER = timedelta(minutes=5)
CLOCK_AHEAD_MAX = timedelta(minutes=2)
UNLEARNT_AFTER = timedelta(hours=3)
"""Days that are over are learnt within an hour, or two in a large town: after so long nobody works at it."""
UNPROCESSED_AFTER = timedelta(minutes=2)
"""A unit that waits for so long in the stream is overdue: somebody may have called for help in it."""
STREAM_SHARE_MAX = 0.5
"""How full the stream may be."""


class How(StrEnum):
    """How something is."""

    GOOD = "good"
    NOTE = "note"
    """Not wrong, but worth knowing."""
    BAD = "bad"
    """Wrong: somebody must do something."""


class Finding(Struct, frozen=True):
    """One thing that was looked at, how it is, and what to do."""

    about: str
    how: How
    text: str
    remedy: str = ""


class Waiting(Struct, frozen=True, kw_only=True):
    """Work of one kind that is due and not done: how much, and since when the oldest."""

    what: str
    count: int
    oldest_at: datetime | None


def of_disk(free_bytes: int, total_bytes: int) -> Finding:
    """Whether there is room."""
    text = f"{free_bytes / 1024**3:.1f} GB free of {total_bytes / 1024**3:.1f}"
    if free_bytes < FREE_BYTES_MIN or free_bytes < FREE_SHARE_MIN * total_bytes:
        return Finding("disk", How.BAD, text, "make room: on a full disk nothing can be taken and devices get 503")
    return Finding("disk", How.GOOD, text)


def of_heartbeat(at: datetime | None, up_since: datetime | None, now: datetime) -> Finding:
    """Whether the service runs, by its last sign of life."""
    if at is None or up_since is None:
        return Finding("service", How.NOTE, "has never run on this database", "start it: mimamori serve, or worker")
    if at - now > CLOCK_AHEAD_MAX:
        text = f"its last sign of life is of {at.isoformat()}, which is still to come"
        return Finding("service", How.BAD, text, "set this machine's clock (NTP); until then times are judged wrongly")
    if now - at > HEARTBEAT_AGE_MAX:
        return Finding(
            "service", How.NOTE, f"not running since {at.isoformat()}", "start it: mimamori serve, or worker"
        )
    return Finding("service", How.GOOD, f"running since {up_since.isoformat()}")


def of_waiting(waiting: Waiting, now: datetime) -> Finding:
    """Whether what is due is done in time."""
    if waiting.oldest_at is None:
        return Finding(waiting.what, How.GOOD, "nothing is due")
    age = now - waiting.oldest_at
    text = f"{waiting.count} due, the oldest for {int(age.total_seconds())} s"
    if age > OVERDUE_AFTER:
        return Finding(waiting.what, How.BAD, text, "see whether the service runs; its log says why it is not done")
    return Finding(waiting.what, How.GOOD, text)


def of_maps(waiting: Waiting, now: datetime) -> Finding:
    """Whether days that are over are learnt. What is late is made up for: rules judge by older days until then."""
    if waiting.oldest_at is None or now - waiting.oldest_at <= UNLEARNT_AFTER:
        return Finding(waiting.what, How.GOOD, f"{waiting.count} due")
    text = f"{waiting.count} due, the oldest for {int((now - waiting.oldest_at).total_seconds())} s"
    remedy = "see whether the service runs; its log says why the job `habits` does not get on"
    return Finding(waiting.what, How.BAD, text, remedy)


def of_backlog(backlog: Backlog) -> Finding:
    """Whether the workers keep up with the stream, and whether there is room for more."""
    worst = max(backlog.lags, key=lambda one: one.oldest_s)
    share = backlog.bytes / backlog.bytes_max if backlog.bytes_max > 0 else 0.0
    text = (
        f"{sum(one.waiting for one in backlog.lags)} units wait, the oldest for {backlog.oldest_s:.0f} s in partition "
        f"{worst.partition}; {share:.0%} of the room is taken"
    )
    if backlog.oldest_s > UNPROCESSED_AFTER.total_seconds():
        remedy = "start more workers; the log of the one that holds this partition says why it is behind"
        return Finding("backlog", How.BAD, text, remedy)
    if share > STREAM_SHARE_MAX:
        remedy = "start more workers, or raise MIMAMORI_STREAM_BYTES_MAX: when it is full, devices get 503"
        return Finding("backlog", How.BAD, text, remedy)
    return Finding("backlog", How.GOOD, text)


def of_count(about: str, count: int, remedy: str) -> Finding:
    """Something of which there should be none."""
    return Finding(about, How.GOOD, "none") if count == 0 else Finding(about, How.BAD, str(count), remedy)


def of_desks(cities: Sequence[str]) -> Finding:
    """Whether an emergency that no family answers ends with somebody."""
    if not cities:
        return Finding("duty desk", How.GOOD, "somebody of each can be reached")
    remedy = "an operator signs in on /phone/ or the app, or confirms a mailbox: else it rings for nobody in the end"
    return Finding("duty desk", How.BAD, f"nobody of it can be reached in {', '.join(cities)}", remedy)


def of_hooks(failing: int, given_up: int) -> Finding:
    """Whether vendors get their feeds. It is their servers that fail: not wrong here, but worth knowing."""
    if not failing and not given_up:
        return Finding("hooks of vendors", How.GOOD, "none fails")
    remedy = "the log says why (hook_failed), and GET /v1/me/hook tells it to the vendor"
    return Finding("hooks of vendors", How.NOTE, f"{failing} fail, {given_up} were given up", remedy)


def of_stickers(unfit: str | None) -> Finding:
    """Whether stickers can be printed for this address of the service. Who prints none misses nothing."""
    if unfit is None:
        return Finding("stickers", How.GOOD, "can be printed")
    remedy = "set MIMAMORI_PUBLIC_URL to the short address, https://host, that stickers are to name for years"
    return Finding("stickers", How.NOTE, f"cannot be printed: MIMAMORI_PUBLIC_URL: {unfit}", remedy)


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is wrong."""
    return all(one.how is not How.BAD for one in findings)


def as_text(findings: Iterable[Finding]) -> str:
    """The findings for people, one a line."""
    lines = []
    for one in findings:
        lines.append(f"{one.how.value:<4}  {one.about}: {one.text}")
        if one.remedy and one.how is not How.GOOD:
            lines.append(f"      -> {one.remedy}")
    return "\n".join(lines)
