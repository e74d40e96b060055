"""Free turn-outs: which one of its year each is, and who is next when one is given back. Pure.

Every turn-out of a year has a number, given when a unit accepts, kept when it departs, given back when nobody went. The
lowest ones are free, as many as the scheme says. A number belongs to the year in which the unit departed, by the
calendar of Japan. Who was to pay, because others held all free ones, is given the one that comes back.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count
from uuid import UUID

import msgspec
from msgspec import Struct

from app.kit.calendar import add_months, local_date
from app.programmes.model import Cancelled, QuotaYear, Terms
from app.programmes.quotas import year_key
from app.programmes.scheme import NOT_STATED, DispatchTerms


class TurnState(StrEnum):
    """Where a turn-out is: a unit has accepted it, has departed, or nobody went."""

    RESERVED = "reserved"
    CONSUMED = "consumed"
    RELEASED = "released"


class Turn(Struct, frozen=True, kw_only=True):
    """A turn-out in the ledger of a contract; `n` from 1 is its number in the period, None once it is released."""

    dispatch_id: UUID
    period: str
    n: int | None = None
    state: TurnState
    reserved_at: datetime
    departed_at: datetime | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """A step in the ledger, as it stays: `what` is the state that began, `why` a word for it."""

    dispatch_id: UUID
    what: TurnState
    period: str
    n: int | None
    why: str
    at: datetime


class Period(Struct, frozen=True):
    """The year, or the month, of which so many are free: its name (`quotas.year_key`), its first and its last day."""

    key: str
    first_on: date
    last_on: date


def period_at(per: QuotaYear, moment: datetime, contracted_on: date) -> Period:
    """The period that `moment` is in, by the calendar of Japan.

    >>> from datetime import UTC
    >>> period_at(QuotaYear.FISCAL, datetime(2026, 3, 31, 14, 59, tzinfo=UTC), date(2024, 6, 1))
    Period(key='FY2025', first_on=datetime.date(2025, 4, 1), last_on=datetime.date(2026, 3, 31))
    >>> period_at(QuotaYear.CONTRACT, datetime(2026, 3, 31, tzinfo=UTC), date(2024, 2, 29)).last_on
    datetime.date(2027, 2, 27)
    """
    key = year_key(per, moment, contracted_on)
    assert key is not None, "the day of the contract is known"
    day = local_date(moment)
    if per is QuotaYear.CONTRACT:
        first = date.fromisoformat(key[1:])
        after = add_months(contracted_on, 12 * (first.year - contracted_on.year + 1))
    elif per is QuotaYear.MONTH:
        first = day.replace(day=1)
        after = add_months(first, 1)
    else:
        month = 4 if per is QuotaYear.FISCAL else 1
        first = date(day.year if day.month >= month else day.year - 1, month, 1)
        after = add_months(first, 12)
    return Period(key, first, after - timedelta(days=1))


def placed(turns: Iterable[Turn], free: int, before: int = 0) -> list[Turn]:
    """Those of the turn-outs of one period that have another number now: whoever has none the lowest that nobody has,
    and whoever has none of the `free` ones one of those that nobody has; who departed first comes first, then who was
    accepted first. Who has a free one keeps it. `before`: so many were used before the ledger was begun.

    >>> at = datetime.fromisoformat("2026-04-01T09:00:00+09:00")
    >>> turn = Turn(dispatch_id=UUID(int=1), period="FY2026", state=TurnState.RESERVED, reserved_at=at)
    >>> [one.n for one in placed([turn], 6)], [one.n for one in placed([turn], 6, before=6)]
    ([1], [7])
    """
    mine = [turn for turn in turns if turn.state is not TurnState.RELEASED]
    taken = {turn.n for turn in mine if turn.n is not None}
    changed = []
    for turn in sorted((turn for turn in mine if turn.n is None or turn.n > free), key=_first):
        n = next(one for one in count(before + 1) if one not in taken or one == turn.n)
        if turn.n is not None and n > free:
            continue
        taken -= {turn.n}
        taken.add(n)
        if n != turn.n:
            changed.append(msgspec.structs.replace(turn, n=n))
    return changed


def free_number(turn: Turn, free: int) -> int | None:
    """The number of a turn-out if it is one of the free ones."""
    return turn.n if turn.n is not None and turn.n <= free else None


def left(turns: Sequence[Turn], free: int, before: int = 0) -> int:
    """How many of the free ones nobody has or holds."""
    return max(0, free - before - sum(1 for turn in turns if free_number(turn, free) is not None))


def counts(dispatch: DispatchTerms, terms: Terms, cancelled: Cancelled | None) -> bool | None:
    """Whether a turn-out counts as one of its year: not if it was called off at no charge; None where nobody said."""
    if cancelled is None:
        return True
    name = "cancelled_before_departure" if cancelled is Cancelled.BEFORE else "cancelled_after_departure"
    rule = getattr(dispatch, name)
    if rule == NOT_STATED:
        rule = terms.choices.get(name)
    return None if rule is None else rule != "free"


def _first(turn: Turn) -> tuple[bool, datetime, UUID]:
    return turn.departed_at is None, turn.departed_at or turn.reserved_at, turn.dispatch_id
