"""From watch events to alerts: one incident, one alert."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy.engine import Connection

from app.alerts.model import Alert, AlertAction, AlertState, What, Words
from app.alerts.service import escalating, telling
from app.alerts.service.saying import SIGNALLED
from app.alerts.store import alerts as store
from app.alerts.store.alerts import Who
from app.alerts.transitions import after
from app.db import intents
from app.db.errors import begins_anew
from app.db.session import hint, savepoint
from app.kit.ids import AlertId, new_id
from app.push.model import Level
from app.watch.model import AlertKind, Outcome, Reason, WatchEvent

log = structlog.get_logger()

LATE = timedelta(minutes=5)
"""News older than this when it arrives says both times."""

TOLD_AGAIN_AFTER = timedelta(seconds=60)
"""Somebody who presses ten times in a row is told once a minute."""

REASONS_MAX = 20
"""Reasons shown on one alert; what comes after is in its history."""


def raise_all(connection: Connection, events: Sequence[WatchEvent], now: datetime) -> None:
    """Opens, adds to, or ends alerts by what happened, and has the family told, all in the caller's transaction. News
    is told without an alert.

    A cause that was seen before changes nothing: replays, second gateways and late buffers never make a second alert,
    also after the first was resolved.
    """
    news = [event for event in events if event.outcome is Outcome.NEWS]
    if news:
        telling.tell_news(connection, news, now)
    if len(news) == len(events):
        return
    events = [event for event in events if event.outcome is not Outcome.NEWS]
    store.queue_up(connection, [event.wearer_id for event in events])
    known = store.known_causes(connection, events)
    who = store.who(connection, {event.wearer_id for event in events})
    opened: list[tuple[Alert, Words]] = []
    for event in events:
        key = (event.wearer_id, event.kind.value, event.cause)
        if key in known:
            continue
        known.add(key)
        _raise(connection, event, who[event.wearer_id], opened, now)
        hint(connection, "live", str(event.wearer_id))
    _tell(connection, opened, now)


def _raise(
    connection: Connection, event: WatchEvent, who: Who, opened: list[tuple[Alert, Words]], now: datetime
) -> None:
    """`opened` are the alerts that are open and not told yet: many are told together."""
    current = store.going_on(connection, event)
    if event.outcome is Outcome.BEGAN and current is None:
        opened.append(_open(connection, event, who, now))
        return
    _tell(connection, opened, now)
    if current is None:
        if event.outcome is Outcome.PASSING:
            passing = _open(connection, event, who, now)
            _tell(connection, [passing], now)
            _end_quietly(connection, passing[0], event, now)
    elif event.outcome is Outcome.BEGAN:
        _add_evidence(connection, current, event, who, now)
    else:
        _end(connection, current, event, now)


def _tell(connection: Connection, opened: list[tuple[Alert, Words]], now: datetime) -> None:
    """Tells alerts. Whatever is wrong with that costs nobody her alert: it is kept, and told by the next audit."""
    if not opened:
        return
    try:
        with savepoint(connection):
            escalating.begin(connection, opened, now)
    except Exception as error:  # A defect in telling one must keep no other from being told.
        if begins_anew(error) or connection.invalidated:
            raise
        if len(opened) > 1:
            for one in opened:
                _tell(connection, [one], now)
        else:
            log.error("alert_not_told", alert=str(opened[0][0].id), error=type(error).__name__)
    opened.clear()


def _open(connection: Connection, event: WatchEvent, who: Who, now: datetime) -> tuple[Alert, Words]:
    one = Alert(
        id=AlertId(new_id()),
        city_id=who.city_id,
        wearer_id=event.wearer_id,
        kind=event.kind,
        subject=event.subject,
        level=event.level,
        state=AlertState.OPEN,
        happened_at=event.at,
        opened_at=now,
        changed_at=now,
        reasons=_reasons(event, who),
        place=event.place,
    )
    store.insert(connection, one)
    store.add_cause(connection, event, one.id, now)
    detail = {"rule": event.rule, "happened_at": event.at.isoformat(), "received_at": event.received_at.isoformat()}
    store.add_history(connection, one.id, What.OPENED, now, detail=detail)
    if event.kind in SIGNALS and event.outcome is Outcome.BEGAN:
        intents.intend(connection, SIGNALLED, f"{SIGNALLED}:{one.id}", {"alert_id": str(one.id)}, now)
    return one, telling.words_of(who, f"alert.{_message(event)}", event)


SIGNALS = frozenset({AlertKind.SOS, AlertKind.FALL})
"""What a device reports that may be enough for a guard to be sent: her scheme says so."""


def _add_evidence(connection: Connection, current: Alert, event: WatchEvent, who: Who, now: datetime) -> None:
    """New evidence belongs to the alert that is going on.

    It is told again when it matters more than before, and when she presses SOS or falls once more after somebody took
    the alert: whoever sees to it must know.
    """
    store.add_cause(connection, event, current.id, now)
    worse = event.level is Level.URGENT and current.level is not Level.URGENT
    changed = msgspec.structs.replace(
        current,
        level=Level.URGENT if worse else current.level,
        changed_at=now,
        reasons=(current.reasons + _reasons(event, who))[:REASONS_MAX],
        place=event.place or current.place,
    )
    store.move(connection, changed, current.state)
    detail = {"rule": event.rule, "happened_at": event.at.isoformat(), "received_at": event.received_at.isoformat()}
    store.add_history(connection, current.id, What.RAISED if worse else What.EVIDENCE, now, detail=detail)
    once_more = current.state is AlertState.ACKNOWLEDGED and event.kind in {AlertKind.SOS, AlertKind.FALL}
    words = telling.words_of(who, f"alert.{_message(event)}", event)
    if worse and current.state is AlertState.OPEN:
        escalating.begin(connection, [(changed, words)], now)
    elif worse or (once_more and now - store.told_at(connection, current) >= TOLD_AGAIN_AFTER):
        escalating.once_more(connection, changed, words, now, worse=worse)


def _end(connection: Connection, current: Alert, event: WatchEvent, now: datetime) -> None:
    """What had begun is over by itself: the alert is resolved and the family hears the good news."""
    ended = _end_quietly(connection, current, event, now)
    store.add_cause(connection, event, current.id, now)
    telling.forget(connection, current, now)
    number = store.last_number(connection)
    telling.tell(connection, ended, f"alert.{_message(event)}", event, number, now, level=event.level)


def _end_quietly(connection: Connection, current: Alert, event: WatchEvent, now: datetime) -> Alert:
    ended = msgspec.structs.replace(
        current, state=after(current.state, AlertAction.RESOLVE), changed_at=now, ended_at=now
    )
    store.move(connection, ended, current.state)
    store.add_history(connection, current.id, What.RESOLVED, now, detail={"rule": event.rule})
    return ended


def _reasons(event: WatchEvent, who: Who) -> tuple[Reason, ...]:
    """The reasons with both times in them; news that is late says so in a reason of its own."""
    times = telling.when(event, who.zone)
    reasons = event.reasons
    if event.received_at - event.at > LATE:
        reasons = (*reasons, Reason(code="late"))
    return tuple(msgspec.structs.replace(reason, params={**times, **reason.params}) for reason in reasons)


def _message(event: WatchEvent) -> str:
    """The kind of message that tells this event."""
    if event.outcome is not Outcome.BEGAN:
        over = {"geofence_enter": "geofence_enter" if event.outcome is Outcome.PASSING else "returned"}
        told_as_they_are = ("arrived_late", "was_there", "tag_heard_again", "known_again", "geofence_through")
        over |= {rule: rule for rule in told_as_they_are}
        return over.get(event.rule, "resolved")
    if any(reason.code == "service_down" for reason in event.reasons):
        return "arrival_unknown_service"
    if any(reason.code == "still_outside" for reason in event.reasons):
        return "geofence_not_back"
    if event.rule == "not_arrived" and any(reason.code == "detectors_down" for reason in event.reasons):
        return "not_arrived_partly"
    return "device" if event.rule.startswith("device_") else event.rule
