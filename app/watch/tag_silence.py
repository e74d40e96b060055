"""A tag that no detector has heard for long. It has no interval of its own: whoever stays at home passes nobody.

So the limit is a day and a half, unless the family sets another. The tag is not blamed for what the town's detectors
did not hear: when those that heard it in its last passages were down for most of the time, they are named instead.
Time in which this service itself was down does not count.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from app.push.model import Level
from app.watch import around as world
from app.watch.around import Around, Question
from app.watch.model import (
    AlertKind,
    Observation,
    Outcome,
    Passed,
    Reason,
    Subject,
    TagState,
    WatchEvent,
    WatchSettings,
    WatchState,
)
from app.watch.silence import Uptime

DETECTORS_MAX = 5
"""The detectors of so many of a tag's last passages are remembered: the way that it usually goes."""

TAGS_MAX = 10
"""Tags of one wearer that are remembered; the one that was heard longest ago goes first."""

DOWN_SHARE = 0.5
"""When its detectors were down for more than this part of the time, the silence says nothing of the tag."""


def look(state: WatchState, observation: Observation, subject: Subject, now: datetime) -> Iterator[WatchEvent]:
    """An event when a silent tag is heard again. A doubtful passage counts as well: one of the two was true."""
    if not isinstance(observation, Passed):
        return
    tag = state.tags.get(observation.tag_id.hex)
    if tag is None:
        state.tags[observation.tag_id.hex] = TagState(
            heard_at=observation.at, detectors=(observation.detector_id.bytes,)
        )
        if len(state.tags) > TAGS_MAX:
            del state.tags[min(state.tags, key=lambda key: state.tags[key].heard_at)]
        return
    if observation.at <= tag.heard_at:
        return
    before, tag.heard_at = tag.heard_at, observation.at
    others = [one for one in tag.detectors if one != observation.detector_id.bytes]
    tag.detectors = (*others, observation.detector_id.bytes)[-DETECTORS_MAX:]
    if tag.silent and observation.at + _limit(subject.settings) > now:
        tag.silent = False
        yield _heard_again(subject, observation, before)


def tick(state: WatchState, subject: Subject, around: Around, now: datetime) -> Iterator[WatchEvent]:
    """An event for each tag whose silence has lasted too long at `now`; `around` knows when it was really heard."""
    for hexadecimal, tag in state.tags.items():
        if not _is_due(tag, subject.settings, around.uptime, now):
            continue
        heard_at = around.heard_at.get(UUID(hexadecimal))
        if heard_at is not None and heard_at > tag.heard_at:
            tag.heard_at = heard_at
            if not _is_due(tag, subject.settings, around.uptime, now):
                continue
        tag.silent = True
        yield _silent(subject, UUID(hexadecimal), tag, around, now)


def due_at(state: WatchState, settings: WatchSettings, uptime: Uptime | None) -> datetime | None:
    """When the next tag's silence will have lasted too long; None when none can."""
    if not settings.silence:
        return None
    times = [_due_at(tag, settings, uptime) for tag in state.tags.values() if not tag.silent]
    return min(times, default=None)


def question(state: WatchState, subject: Subject, uptime: Uptime | None, now: datetime) -> Question:
    """What `tick` must know at `now` of the tags that are due."""
    due = {key: tag for key, tag in state.tags.items() if _is_due(tag, subject.settings, uptime, now)}
    return Question(
        detector_ids=frozenset(UUID(bytes=one) for tag in due.values() for one in tag.detectors),
        tag_ids=frozenset(UUID(key) for key in due),
        since=min((tag.heard_at for tag in due.values()), default=None),
    )


def _limit(settings: WatchSettings) -> timedelta:
    return timedelta(hours=settings.tag_silence_h)


def _is_due(tag: TagState, settings: WatchSettings, uptime: Uptime | None, now: datetime) -> bool:
    return settings.silence and not tag.silent and _due_at(tag, settings, uptime) <= now


def _due_at(tag: TagState, settings: WatchSettings, uptime: Uptime | None) -> datetime:
    due = tag.heard_at + _limit(settings)
    if uptime is not None and tag.heard_at < uptime.up_since:
        due += uptime.up_since - max(uptime.down_since, tag.heard_at)
    return due


def _silent(subject: Subject, tag_id: UUID, tag: TagState, around: Around, now: datetime) -> WatchEvent:
    detectors = [UUID(bytes=one) for one in tag.detectors]
    stretches = [world.not_hearing(around, one, tag.heard_at, now) for one in detectors]
    minutes = max(0, round((now - tag.heard_at).total_seconds() / 60))
    share = min((world.length(one) / (now - tag.heard_at) for one in stretches), default=0.0)
    unheard = share > DOWN_SHARE
    rule = "tag_unheard" if unheard else "tag_silent"
    params = {"heard": tag.heard_at.isoformat(), "minutes": str(minutes)}
    if unheard:
        params["detectors"] = world.names_of(around, detectors)
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.SILENT,
        rule=rule,
        subject=tag_id.hex,
        level=Level.NOTICE,
        cause=f"{rule}:{tag_id.hex}:{tag.heard_at.isoformat()}",
        at=now,
        received_at=now,
        reasons=(Reason(code=rule, params=params, numbers={"minutes": minutes, "down_share": round(share, 2)}),),
    )


def _heard_again(subject: Subject, passed: Passed, before: datetime) -> WatchEvent:
    minutes = max(0, round((passed.at - before).total_seconds() / 60))
    return WatchEvent(
        wearer_id=subject.wearer_id,
        kind=AlertKind.SILENT,
        rule="tag_heard_again",
        subject=passed.tag_id.hex,
        level=Level.NOTICE,
        cause=f"tag_heard_again:{passed.tag_id.hex}:{before.isoformat()}",
        at=passed.at,
        received_at=passed.received_at,
        outcome=Outcome.OVER,
        reasons=(
            Reason(
                code="tag_heard_again",
                params={"minutes": str(minutes), "detector": passed.detector_name},
                numbers={"minutes": minutes},
            ),
        ),
    )
