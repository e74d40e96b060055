"""What happened and is not told, because her people know: it was said to be fine."""

from collections.abc import Sequence

from app.watch.fence import fence_subject
from app.watch.model import AlertKind, Outcome, Subject, WatchEvent
from app.watch.movement.allowances import mutes
from app.watch.movement.rules import RULES

_RULES = frozenset(rule.name for rule in RULES)


def unmuted(subject: Subject, events: Sequence[WatchEvent]) -> list[WatchEvent]:
    """The events without those that nobody is to be told of."""
    return [event for event in events if not _is_fine(event, subject)]


def _is_fine(event: WatchEvent, subject: Subject) -> bool:
    """Whether it is that she left a fence on a day on which her family said that this is fine. Rules of movement know
    by themselves.
    """
    if event.kind is not AlertKind.MOVEMENT or event.outcome is not Outcome.BEGAN or event.rule in _RULES:
        return False
    hours = [one.schedule for one in subject.fences if fence_subject(one.id, one.purpose) == event.subject]
    return mutes(subject.allowances, event.subject, event.at, subject.zone, hours)
