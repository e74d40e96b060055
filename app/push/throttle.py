"""How much one address gets in how long a time. Pure.

The table says it in words: what is urgent never waits; of notices an address gets six in ten minutes; of the passages
of one wearer one line a minute and ten an hour, in which all stand that came meanwhile; of other news six in ten
minutes. What is over that waits until there is room, and goes to its end by its own time if there never is.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from app.kit.ids import AddressId
from app.push.model import Level

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Limit(Struct, frozen=True):
    """At most so many within so long."""

    most: int
    within: timedelta


class Throttle(Struct, frozen=True, kw_only=True):
    """What one address gets of messages of a level whose `about` begins with one of the words `rules` (none: with
    whatever no other row names). No limits: nothing ever waits. `bundles`: limits are for each wearer, and what waits
    of her becomes one message.
    """

    level: Level
    rules: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    bundles: bool = False


THROTTLES: tuple[Throttle, ...] = (
    # Nothing about an emergency hangs on what was sent before. Its plan tells it again after minutes, not seconds, and
    # one incident is one alert: there is no storm to keep off.
    Throttle(level=Level.URGENT),
    # Whoever asked for it waits for it, and may not ask again and again: tries, codes, questions to a mailbox.
    Throttle(level=Level.NOTICE, rules=("me.test", "code", "mailbox")),
    Throttle(level=Level.NOTICE, limits=(Limit(6, 10 * MINUTE),)),
    Throttle(
        level=Level.NEWS,
        rules=("passage", "passage_near", "passage_visit"),
        limits=(Limit(1, MINUTE), Limit(10, HOUR)),
        bundles=True,
    ),
    Throttle(level=Level.NEWS, limits=(Limit(6, 10 * MINUTE),)),
)
"""The first row that fits counts."""
LONGEST = max(limit.within for throttle in THROTTLES for limit in throttle.limits)
"""What was sent earlier than this before now counts nowhere."""


class Budget(Struct, frozen=True):
    """What is counted together: messages to one address of one row of the table, and of one wearer where it bundles."""

    address_id: AddressId
    throttle: Throttle
    wearer: str = ""


def budget_of(address_id: AddressId, level: Level, about: str) -> Budget:
    """What a message counts for."""
    rule, _, rest = about.partition(":")
    throttle = next(one for one in THROTTLES if one.level is level and (not one.rules or rule in one.rules))
    return Budget(address_id, throttle, rest.partition(":")[0] if throttle.bundles else "")


def waits_until(limits: Sequence[Limit], sent: Sequence[datetime], now: datetime) -> datetime | None:
    """Until when one more must wait, after what was sent at these times (in order); None when it may go. What seems to
    have been sent later than now was so by another clock, and holds nothing up.
    """
    past = [at for at in sent if at <= now]
    # The last but `most` must be out of the window: from then on there is room for one.
    frees = [past[-limit.most] + limit.within for limit in limits if len(past) >= limit.most]
    until = max(frees, default=now)
    return until if until > now else None


class Ledger:
    """What was sent lately for each budget, counted on while more is chosen."""

    def __init__(self) -> None:
        self._sent: dict[Budget, list[datetime]] = defaultdict(list)

    def note(self, budget: Budget, at: datetime) -> None:
        """It was sent at `at`."""
        insort(self._sent[budget], at)

    def take(self, budget: Budget, now: datetime) -> datetime | None:
        """Until when one more must wait; None when it may go, and then it counts."""
        until = waits_until(budget.throttle.limits, self._sent[budget], now)
        if until is None:
            self.note(budget, now)
        return until
