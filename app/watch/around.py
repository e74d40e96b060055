"""What must be known besides a wearer's state to say what silence means: was it she who was not there, or we who did
not hear?
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.tags.model import DetectorTrouble, Spell
from app.watch.model import Passed
from app.watch.outage import Outage
from app.watch.silence import Uptime

NOT_HEARING = frozenset({DetectorTrouble.SILENT, DetectorTrouble.DEAF})
"""Troubles in which a detector tells of no tag. One whose clock is wrong still hears."""

NAMES_JOINT = "、"
"""Between the names of detectors in a param of a message."""


class Around(Struct, frozen=True, kw_only=True):
    """The service's own uptime, the last outage of her town, what was wrong with detectors (by id) and what they are
    called, and when tags were really heard last: a tag that lies near a detector makes no new passage. For the same
    reason `passages`, by wearer, are those at the detectors asked for that touch the time asked for, as they are now.
    """

    uptime: Uptime | None = None
    town: Outage | None = None
    spells: Mapping[UUID, Sequence[Spell]] = {}
    names: Mapping[UUID, str] = {}
    heard_at: Mapping[UUID, datetime] = {}
    passages: Mapping[UUID, Sequence[Passed]] = {}


class Question(Struct, frozen=True, kw_only=True):
    """What must be looked up before time is judged: troubles of these detectors since then, these tags, and who of
    these wearers was at the detectors in `span`, both ends included.
    """

    detector_ids: frozenset[UUID] = frozenset()
    tag_ids: frozenset[UUID] = frozenset()
    since: datetime | None = None
    wearer_ids: frozenset[UUID] = frozenset()
    span: tuple[datetime, datetime] | None = None


def asked_together(questions: Iterable[Question]) -> Question:
    """One question instead of many."""
    asked = list(questions)
    spans = [one.span for one in asked if one.span is not None]
    return Question(
        detector_ids=frozenset().union(*(one.detector_ids for one in asked)),
        tag_ids=frozenset().union(*(one.tag_ids for one in asked)),
        since=min((one.since for one in asked if one.since is not None), default=None),
        wearer_ids=frozenset().union(*(one.wearer_ids for one in asked)),
        span=(min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None,
    )


def not_hearing(
    around: Around, detector_id: UUID, from_at: datetime, until_at: datetime
) -> list[tuple[datetime, datetime]]:
    """The stretches of this time in which a detector did not hear, in order, apart from each other."""
    found: list[tuple[datetime, datetime]] = []
    for spell in sorted(around.spells.get(detector_id, ()), key=lambda spell: spell.from_at):
        start = max(spell.from_at, from_at)
        end = until_at if spell.until_at is None else min(spell.until_at, until_at)
        if spell.trouble not in NOT_HEARING or start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def down_since(around: Around, detector_id: UUID, from_at: datetime, until_at: datetime) -> datetime | None:
    """Since when a detector did not hear, if that was so at any moment of this time; it may be long before it."""
    began = [
        spell.from_at
        for spell in around.spells.get(detector_id, ())
        if spell.trouble in NOT_HEARING
        and spell.from_at < until_at
        and (spell.until_at is None or spell.until_at > from_at)
    ]
    return min(began, default=None)


def names_of(around: Around, detector_ids: Iterable[UUID]) -> str:
    """The names of detectors for a message; of those that have none, nothing."""
    return NAMES_JOINT.join(around.names[one] for one in detector_ids if one in around.names)


def length(stretches: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long stretches are together."""
    return sum((end - start for start, end in stretches), timedelta())


def was_down(uptime: Uptime | None, from_at: datetime, until_at: datetime) -> bool:
    """Whether the service itself was down at any moment of this time, as far as is kept: its last outage."""
    if uptime is None or uptime.down_since >= uptime.up_since:  # Up for the first time: nothing was missed before.
        return False
    return uptime.down_since < until_at and uptime.up_since > from_at
