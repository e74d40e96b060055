"""Arrived, and not arrived by: a wearer is expected to pass certain detectors on certain days.

A day is settled once: by a passage that begins in its time or reaches into it, or at the deadline. One who came early
and stays makes no new passage, so at the deadline the store is asked who was there. When she was not, the family must
hear that she did not come, or that nobody can say because what should have heard her was down. A passage that comes
after that is the end of the alert, whether she was late or only the word of her. Days and times are those of the wall
clock of her city.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.kit.calendar import local_date
from app.push.model import Level
from app.tags.states import INTERVALS
from app.watch import around as world
from app.watch.around import Around, Question
from app.watch.model import (
    JUDGED_AGE_MAX,
    AlertKind,
    ArrivalState,
    Expectation,
    Observation,
    Outcome,
    Passed,
    Reason,
    Settled,
    Subject,
    WatchEvent,
    WatchState,
)
from app.watch.passage import note_told, place_of

GRACE_MIN, GRACE_MAX = timedelta(minutes=5), timedelta(minutes=30)
"""After the deadline, before it is judged; what is told is still the deadline. A passage of the last minute must have
had time to come in. Nor may she be blamed for a detector that died in the last minutes: see `grace`."""

NOTICED_WITHIN = timedelta(seconds=60)
"""Whoever notices silence looks every half minute, and may be late once."""

TOLD_WITHIN = timedelta(hours=12)
"""After an outage of ours nobody is told any more about a day that was over so long ago."""

DAYS_AHEAD = 8
"""Within so many days there is one of every weekday."""

TOLD_OF = frozenset({Settled.MISSED, Settled.UNKNOWN})
"""Settled by an alert, which a passage ends."""


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """News of an arrival, or the end of the alert that she had not arrived; what is told here is no passage notice."""
    if not isinstance(observation, Passed) or observation.doubtful:
        return
    for expectation in subject.expectations:
        if observation.detector_id not in expectation.detector_ids:
            continue
        for day in _days_of(expectation, observation, subject.zone):
            kept = state_of(state, expectation, subject.zone, now)
            if day.toordinal() < kept.day or (day.toordinal() == kept.day and kept.how not in TOLD_OF):
                continue
            before = kept.how if day.toordinal() == kept.day else None
            _settle(kept, expectation, day, Settled.ARRIVED, subject.zone, now)
            if before is not None:
                note_told(state, observation, now)
                yield _over(subject, expectation, day, observation)
            elif expectation.tell_arrival and _is_news(expectation, day, subject, observation, now):
                note_told(state, observation, now)
                yield _arrived(subject, expectation, day, observation)


def tick(state: WatchState, subject: Subject, around: Around, now: datetime) -> Iterator[WatchEvent]:
    """An event for each expectation whose deadline has gone by without a word of her: that she was there already, or
    that she is missing.
    """
    for expectation in subject.expectations:
        kept = state_of(state, expectation, subject.zone, now)
        if kept.due_at is None or kept.due_at > now:
            continue
        day, due_at = _day_due(expectation, kept.due_at, subject.zone), kept.due_at
        if now - due_at > TOLD_WITHIN:
            _settle(kept, expectation, day, Settled.NOT_TOLD, subject.zone, now)
            continue
        passed = _attended(expectation, day, subject, around)
        if passed is not None:
            _settle(kept, expectation, day, Settled.ARRIVED, subject.zone, now)
            if expectation.tell_arrival:
                yield _arrived(subject, expectation, day, passed)
            continue
        event = _judged(state, subject, expectation, day, around, now)
        missed = event.rule == "not_arrived"
        _settle(kept, expectation, day, Settled.MISSED if missed else Settled.UNKNOWN, subject.zone, now)
        yield event


def due_at(state: WatchState, subject: Subject) -> datetime | None:
    """When the next expectation is to be judged; None when there is none."""
    times = [state.arrivals[one.id.hex].due_at for one in subject.expectations if one.id.hex in state.arrivals]
    return min((time for time in times if time is not None), default=None)


def question(state: WatchState, subject: Subject, now: datetime) -> Question:
    """What `tick` must know at `now` of what is due: who was there, and whether its detectors were hearing."""
    asked: list[Question] = []
    for expectation in subject.expectations:
        kept = state.arrivals.get(expectation.id.hex)
        if kept is not None and kept.due_at is not None and kept.due_at <= now:
            span = window(expectation, _day_due(expectation, kept.due_at, subject.zone), subject.zone)
            detector_ids, wearer_ids = frozenset(expectation.detector_ids), frozenset({subject.wearer_id})
            asked.append(Question(detector_ids=detector_ids, since=span[0], wearer_ids=wearer_ids, span=span))
    return world.asked_together(asked)


def keep_in_step(state: WatchState, subject: Subject, now: datetime) -> None:
    """Forgets expectations that have ended and sets the timers of new ones."""
    ids = {one.id.hex for one in subject.expectations}
    state.arrivals = {key: kept for key, kept in state.arrivals.items() if key in ids}
    for expectation in subject.expectations:
        state_of(state, expectation, subject.zone, now)


def state_of(state: WatchState, expectation: Expectation, zone: ZoneInfo, now: datetime) -> ArrivalState:
    """What is known of an expectation; begun, with its timer, when it was not there."""
    kept = state.arrivals.get(expectation.id.hex)
    if kept is None:
        kept = state.arrivals[expectation.id.hex] = ArrivalState()
        # She may have passed already in a time that began before anybody looked.
        kept.due_at = _next_due_at(expectation, 0, max(expectation.created_at, now), zone, now)
    return kept


def window(expectation: Expectation, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when and by when she is expected on `day`, UTC.

    A time that the clock shows twice is the first one. Where the clock leaps over the whole of it, it is one moment.
    """
    from_at = datetime.combine(day, expectation.from_time, zone).astimezone(UTC)
    by_at = datetime.combine(day, expectation.by_time, zone).astimezone(UTC)
    return from_at, max(from_at, by_at)


def grace(expectation: Expectation) -> timedelta:
    """How long after the deadline it is judged: so long that the silence of the detector that speaks most rarely is
    noticed. An urgent alert cannot wait for ever. A timer that is set already stays when an interval is changed.
    """
    noticed = timedelta(seconds=INTERVALS * expectation.interval_s) + NOTICED_WITHIN
    return min(max(GRACE_MIN, noticed), GRACE_MAX)


def alert_subject(expectation_id: UUID, day: date) -> str:
    """What one alert is about. Each day is one of its own: what nobody resolved yesterday must not swallow today's."""
    return f"{expectation_id.hex}:{day.isoformat()}"


def _days_of(expectation: Expectation, passed: Passed, zone: ZoneInfo) -> Iterator[date]:
    """The expected days on which she was there in time or later, as far as the passage is known: one, or each that a
    stay of days reaches into.
    """
    last_at = passed.last_at or passed.at
    for ordinal in range(local_date(passed.at, zone).toordinal(), local_date(last_at, zone).toordinal() + 1):
        day = date.fromordinal(ordinal)
        if expectation.is_on(day) and last_at >= window(expectation, day, zone)[0]:
            yield day


def _is_news(expectation: Expectation, day: date, subject: Subject, passed: Passed, now: datetime) -> bool:
    from_at, _ = window(expectation, day, subject.zone)
    return max(passed.at, from_at) >= now - JUDGED_AGE_MAX


def _attended(expectation: Expectation, day: date, subject: Subject, around: Around) -> Passed | None:
    """The first passage by which she was there at any moment of the time."""
    from_at, by_at = window(expectation, day, subject.zone)
    there = [
        one
        for one in around.passages.get(subject.wearer_id, ())
        if one.detector_id in expectation.detector_ids and one.at <= by_at and (one.last_at or one.at) >= from_at
    ]
    return min(there, key=lambda one: one.at, default=None)


def _next_due_at(
    expectation: Expectation, settled_day: int, since: datetime, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """The deadline of the first expected day after the settled one whose time begins at `since` or later. Days before
    yesterday are no longer judged.
    """
    first = max(settled_day + 1, local_date(since, zone).toordinal(), local_date(now, zone).toordinal() - 1)
    for ordinal in range(first, first + DAYS_AHEAD):
        day = date.fromordinal(ordinal)
        from_at, by_at = window(expectation, day, zone)
        if expectation.is_on(day) and from_at >= since:
            return by_at + grace(expectation)
    return None


def _day_due(expectation: Expectation, due_at: datetime, zone: ZoneInfo) -> date:
    """The day that a timer is about: the last one whose deadline was before it, whatever the grace was then."""
    day = local_date(due_at, zone)
    return day if window(expectation, day, zone)[1] <= due_at else day - timedelta(days=1)


def _settle(
    kept: ArrivalState, expectation: Expectation, day: date, how: Settled, zone: ZoneInfo, now: datetime
) -> None:
    kept.day, kept.how = day.toordinal(), how
    kept.due_at = _next_due_at(expectation, kept.day, expectation.created_at, zone, now)


def _judged(
    state: WatchState, subject: Subject, expectation: Expectation, day: date, around: Around, now: datetime
) -> WatchEvent:
    """She has not arrived, or nobody can say: every detector, or the service itself, was down for a part of the
    time.
    """
    from_at, by_at = window(expectation, day, subject.zone)
    words = {"expected": expectation.name, "until": by_at.isoformat()}
    down = {one: world.down_since(around, one, from_at, by_at) for one in expectation.detector_ids}
    broken = {one: since for one, since in down.items() if since is not None}
    reasons: list[Reason] = []
    uptime = around.uptime
    if uptime is not None and world.was_down(uptime, from_at, by_at):
        times = {"stopped": uptime.down_since.isoformat(), "back": uptime.up_since.isoformat()}
        reasons.append(Reason(code="service_down", params=words | times))
    if broken:
        names = {"detectors": world.names_of(around, broken), "since": min(broken.values()).isoformat()}
        numbers = {"down": float(len(broken)), "detectors": float(len(down))}
        reasons.append(Reason(code="detectors_down", params=words | names, numbers=numbers))
    unknown = len(broken) == len(down) or any(reason.code == "service_down" for reason in reasons)
    if not unknown:
        reasons.insert(0, Reason(code="not_arrived", params=words))
    rule = "arrival_unknown" if unknown else "not_arrived"
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.ARRIVAL,
        rule=rule,
        subject=alert_subject(expectation.id, day),
        level=Level.NOTICE if unknown else Level.URGENT,
        cause=f"{rule}:{alert_subject(expectation.id, day)}",
        at=by_at,
        received_at=now,
        reasons=tuple(reasons),
        place=state.place,
    )


def _over(subject: Subject, expectation: Expectation, day: date, passed: Passed) -> WatchEvent:
    """The good news that ends the alert: she came late, or the word that she was in time did."""
    from_at, by_at = window(expectation, day, subject.zone)
    at = max(passed.at, from_at)
    rule = "was_there" if at <= by_at else "arrived_late"
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.ARRIVAL,
        rule=rule,
        subject=alert_subject(expectation.id, day),
        level=Level.NOTICE,
        cause=f"{rule}:{alert_subject(expectation.id, day)}",
        at=at,
        received_at=max(passed.received_at, at),
        outcome=Outcome.PASSING,  # It is told also when somebody has resolved the alert already.
        reasons=(Reason(code=rule, params=_words(expectation, passed)),),
        place=place_of(passed),
    )


def _arrived(subject: Subject, expectation: Expectation, day: date, passed: Passed) -> WatchEvent:
    """News that she came, or, when she had come before anybody expected her, that she was there when they did."""
    from_at, _ = window(expectation, day, subject.zone)
    at = max(passed.at, from_at)
    rule = "arrived" if passed.at >= from_at else "was_there"
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.ARRIVAL,
        rule=rule,
        subject=expectation.id.hex,
        level=Level.NEWS,
        cause=f"arrived:{alert_subject(expectation.id, day)}",  # Whichever of the two is told, it is told once a day.
        at=at,
        received_at=max(passed.received_at, at),
        outcome=Outcome.NEWS,
        reasons=(Reason(code=rule, params=_words(expectation, passed)),),
        place=place_of(passed),
    )


def _words(expectation: Expectation, passed: Passed) -> dict[str, str]:
    return {"expected": expectation.name, "detector": passed.detector_name}
