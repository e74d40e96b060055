"""The evidence that a wearer left a fence: when fixes outside are enough to say so.

The errors of a receiver are correlated, its stated accuracy does not warn of the large ones, and a phone without
satellites says the same wrong place again and again. So what counts is neither one fix, however far and sure, nor the
number of fixes alone, but witnesses that are apart in time:

- Fixes within 45 s of each other are one witness.
- Two that are a minute and a half to five minutes apart are enough: she walks, and what speaks so often is heard again
  at once if it was wrong.
- Over a longer time it takes three; or two places known sharply and well apart, as satellites under the open sky give
  them and a wrong place from the network does not.
- Of a tracker that saves its battery and speaks once an hour, two are enough again: an error that long hardly is one.
- They are in a row: a place inside begins the count anew, also one that is too coarse to say more, unless a sharp one
  speaks against it.
- A fix that could not have been reached from the last one inside is no witness at all. If it is right, the next ones
  can be reached.

Evidence may come in any order (decision 0004), so it is kept as an interval, a count and a rectangle. Measured in
decision 0026.
"""

from datetime import datetime, timedelta
from typing import Final

from app.geo.measure import distance_m
from app.watch.model import JUDGED_AGE_MAX, FenceState, Seen, Side, Spread

CONFIRM_COUNT: Final = 2
CONFIRM_SPAN: Final = timedelta(seconds=90)
APART: Final = CONFIRM_SPAN / 2
"""Witnesses nearer to each other in time are one: phones send bursts, whose errors are one error."""

SPARSE: Final = timedelta(minutes=5)
SPARSE_COUNT: Final = 3
"""So many witnesses where they are spread over `SPARSE` or more: of the false exits by two in a row, at fixes every 10
to 20 minutes, half go with the third (1,820 nights at home, detection notes section 2)."""

RARE: Final = timedelta(minutes=45)
"""Witnesses so far apart, without a word of being inside between them, are independent; a third would cost an hour."""

SHARP_M: Final = 20.0
"""Places known as well as this, or better. Only one in 20 of those fixes at home stated so much; a receiver under the
open sky mostly does."""

MOVED_M: Final = 100.0
"""Sharp places so far apart are not one wrong place."""

SPEED_MAX_MPS: Final = 55.0
"""200 km/h: nobody is driven away from a door faster (detection notes, section 2)."""

STAMP_GRAIN_S: Final = 5.0
"""Stamps are whole seconds, and a place from the network may be older than it says (as in `app/geo/quality.py`)."""

GRACE: Final = timedelta(minutes=15)
"""Who is out when the hours begin in which it is told has this time to come home: it is six, and she is on the way."""


def is_back(kept: FenceState, at: datetime) -> bool:
    """Takes in that she was inside at `at`; whether it brings her back from outside."""
    if kept.inside_last_at is None or at > kept.inside_last_at:
        kept.inside_last_at = at
    last, first = kept.outside_last_at, kept.outside_first_at
    if last is not None and at < last:
        if first is not None and at >= first:  # A fix inside amid the evidence: only what came after it still counts.
            kept.outside_first_at, kept.outside_count, kept.spread = last, 1, None
        return False
    came_back = kept.side is Side.OUTSIDE
    kept.side, kept.untold_at = Side.INSIDE, None
    kept.outside_count, kept.outside_first_at, kept.outside_last_at, kept.spread = 0, None, None, None
    return came_back


def doubts(kept: FenceState, at: datetime) -> None:
    """Takes in a place inside that is too coarse to say that she is: it brings nobody back, but what had been gathered
    for her leaving begins anew, unless a sharp place is part of it. Whose phone is wrong now and then, and coarse in
    between, has not left.
    """
    if kept.side is not Side.OUTSIDE and kept.spread is None:
        side = kept.side
        is_back(kept, at)
        kept.side = side


def has_left(kept: FenceState, seen: Seen, beyond_m: float) -> bool:
    """Takes in a fix that is outside, `beyond_m` from the border; whether it confirms that the wearer left."""
    at = seen.at
    if kept.inside_last_at is not None and at <= kept.inside_last_at:
        return False
    if kept.side is Side.OUTSIDE:
        _settle(kept, at)
        return False
    if _out_of_reach(kept, seen, beyond_m) or not _is_another_witness(kept, at):
        return False
    _widen(kept, at)
    kept.outside_count += 1
    if seen.accuracy_m <= SHARP_M and kept.side is Side.INSIDE:
        kept.spread = _spread(kept.spread, seen)
    if not _is_confirmed(kept):
        return False
    before, kept.side, kept.spread = kept.side, Side.OUTSIDE, None
    return before is Side.INSIDE  # Where she was when watching began is no news.


def is_still_out(kept: FenceState, at: datetime, began: datetime) -> bool:
    """Takes in a fix of a wearer who left before it was to be told, in hours of telling that began at `began`; whether
    it confirms that she is not back when she should be: two witnesses of these hours, the last one after the grace.
    """
    first, last = kept.outside_first_at, kept.outside_last_at
    if first is None or last is None or first < began:
        kept.outside_first_at, kept.outside_count = at, 1
        return False
    if at - first >= APART:
        kept.outside_count += 1
    return at >= began + GRACE and kept.outside_count >= CONFIRM_COUNT and last - first >= CONFIRM_SPAN


def _is_confirmed(kept: FenceState) -> bool:
    first, last = kept.outside_first_at, kept.outside_last_at
    if first is None or last is None or kept.outside_count < CONFIRM_COUNT or last - first < CONFIRM_SPAN:
        return False
    if not SPARSE <= last - first < RARE or kept.outside_count >= SPARSE_COUNT:
        return True
    one = kept.spread
    return one is not None and distance_m(one.south_deg, one.west_deg, one.north_deg, one.east_deg) > MOVED_M


def _is_another_witness(kept: FenceState, at: datetime) -> bool:
    first, last = kept.outside_first_at, kept.outside_last_at
    return first is None or last is None or (abs(at - first) >= APART and abs(at - last) >= APART)


def _out_of_reach(kept: FenceState, seen: Seen, beyond_m: float) -> bool:
    """Whether she could not have come so far from anywhere inside since she was last there."""
    if kept.inside_last_at is None:
        return False
    time_s = max((seen.at - kept.inside_last_at).total_seconds(), STAMP_GRAIN_S)
    return beyond_m - seen.accuracy_m > SPEED_MAX_MPS * time_s


def _settle(kept: FenceState, at: datetime) -> None:
    """Takes in one more fix outside of who is known to be there, and forgets what is needed no more: of 30 fences
    somebody is outside of nearly all, and the whole state must stay under 4 KB.
    """
    if kept.outside_last_at is None or at > kept.outside_last_at:
        kept.outside_last_at = at
    if kept.untold_at is None:
        kept.outside_first_at, kept.outside_count = None, 0
    if kept.inside_last_at is not None and at - kept.inside_last_at > JUDGED_AGE_MAX:
        kept.inside_last_at = None


def _widen(kept: FenceState, at: datetime) -> None:
    first, last = kept.outside_first_at, kept.outside_last_at
    kept.outside_first_at = at if first is None or at < first else first
    kept.outside_last_at = at if last is None or at > last else last


def _spread(before: Spread | None, seen: Seen) -> Spread:
    lat_deg, lon_deg = seen.lat_deg, seen.lon_deg
    if before is None:
        return Spread(lat_deg, lon_deg, lat_deg, lon_deg)
    return Spread(
        min(before.south_deg, lat_deg),
        min(before.west_deg, lon_deg),
        max(before.north_deg, lat_deg),
        max(before.east_deg, lon_deg),
    )
