"""Recorded positions of many people through the rules of movement, without a server. Pure: fixes in, lines out.

Each fix passes the same check as in the service (`geo.quality`): what nobody can have travelled is refused, and no rule
sees it. The track is thinned first, so that what is judged is what a tracker with that step would have sent.
"""

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from app.geo import quality
from app.geo.model import Geofence
from app.kit.calendar import day_span, local_date
from app.watch.replaying import Fix, Options, Replay, Spoken

UNKNOWN_M = -1.0
"""Stands for an accuracy that was not stated. A number, since what is not one cannot be put in order."""

DEGREES_KEPT = 6
"""Decimals of a place in a line: a tenth of a metre."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_AT = datetime(1990, 1, 1, tzinfo=UTC)
_LAST_AT = datetime(2200, 1, 1, tzinfo=UTC)


class Rows:
    """The fixes of one person as they were read, in any order: 32 bytes each, since a town has millions."""

    def __init__(self) -> None:
        self._columns = (array("q"), array("d"), array("d"), array("d"))

    def __len__(self) -> int:
        return len(self._columns[0])

    def add(self, at: datetime, lat_deg: float, lon_deg: float, accuracy_m: float | None) -> None:
        """One more; `at` with a zone."""
        at_us, lats, lons, accuracies = self._columns
        at_us.append((at - _EPOCH) // _MICROSECOND)
        lats.append(lat_deg)
        lons.append(lon_deg)
        stated_m = quality.stated_accuracy_m(accuracy_m)
        accuracies.append(UNKNOWN_M if stated_m is None else stated_m)

    def in_order(self) -> Iterator[Fix]:
        """All of them in order of time. Equal ones come in one order, however they were read."""
        at_us, lats, lons, accuracies = self._columns
        numbers: Sequence[int] = range(len(at_us))
        if any(at_us[one] >= at_us[one + 1] for one in range(len(at_us) - 1)):
            numbers = sorted(numbers, key=lambda one: (at_us[one], lats[one], lons[one], accuracies[one]))
        for one in numbers:
            accuracy_m = None if accuracies[one] == UNKNOWN_M else accuracies[one]
            yield Fix(_EPOCH + timedelta(microseconds=at_us[one]), lats[one], lons[one], accuracy_m)


class Person(Struct, kw_only=True):
    """What became of one person's fixes. `rows`: how many there were; `judged`: how many of them rules looked at, which
    leaves out those that came too soon after one before, and `refused` ones (by reason). `days`: dates of the zone with
    a fix that was judged when her days were known; `learning_days`: the other ones. `spoken` is of the former, `early`
    was said before.
    """

    user: str
    rows: int = 0
    judged: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    days: int = 0
    learning_days: int = 0
    spoken: list[Spoken] = msgspec.field(default_factory=list)
    early: list[Spoken] = msgspec.field(default_factory=list)


def replayed(user: str, rows: Rows, options: Options, fences: Sequence[Geofence] = ()) -> Person:
    """What would have been told of one person."""
    replay, person = Replay(user, options, fences), Person(user=user, rows=len(rows))
    known: quality.Known | None = None
    before: datetime | None = None
    date_ends, is_learning = _FIRST_AT, True
    for fix in rows.in_order():
        if before is not None and options.comes_too_soon(before, fix.at):
            continue
        before = fix.at
        refused, known = _judge(known, fix)
        if refused is not None:
            person.refused[refused.value] = person.refused.get(refused.value, 0) + 1
            continue
        person.judged += 1
        found = replay.take(fix)
        if fix.at >= date_ends:
            _, date_ends = day_span(local_date(fix.at, options.zone), options.zone)
            is_learning = True
            person.learning_days += 1
        if is_learning and not replay.learns:
            is_learning = False
            person.learning_days -= 1
            person.days += 1
        (person.early if replay.learns else person.spoken).extend(_rounded(one) for one in found)
    (person.early if replay.learns else person.spoken).extend(_rounded(one) for one in replay.finish())
    return person


def _judge(known: quality.Known | None, fix: Fix) -> tuple[quality.Refused | None, quality.Known | None]:
    """As the service would have judged it at that time; the stamps of clocks that had none yet are left out here."""
    if not _FIRST_AT <= fix.at < _LAST_AT:
        return quality.Refused.TOO_OLD if fix.at < _FIRST_AT else quality.Refused.FUTURE, known
    return quality.judge(
        known,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        at=fix.at,
        accuracy_m=fix.accuracy_m,
        known_by="gnss",
        received_at=fix.at,
    )


def _rounded(one: Spoken) -> Spoken:
    lat, lon = one.lat_deg, one.lon_deg
    return msgspec.structs.replace(
        one,
        lat_deg=None if lat is None else round(lat, DEGREES_KEPT),
        lon_deg=None if lon is None else round(lon, DEGREES_KEPT),
    )
