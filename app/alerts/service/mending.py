"""Alerts that go on and that no timer looks at, or looks at too late, are found and told on all the same. There are
none, unless a process of an older version opened them, the clock was ahead, or we have a defect.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.alerts import escalation
from app.alerts.escalation import Position
from app.alerts.model import AlertState, Words
from app.alerts.service import escalating
from app.alerts.service.saying import RECEIPT
from app.alerts.service.telling import about
from app.alerts.store import alerts as store
from app.alerts.store import escalating as escalating_store
from app.alerts.store import mending as mending_store
from app.alerts.store.escalating import Going, Run
from app.kit.ids import TellingId, WearerId

AT_ONCE_MAX = escalating.AT_ONCE_MAX
ADOPTED_FOR = timedelta(hours=24)
"""What changed longer ago is left as it is."""
CLOCK_OFF = timedelta(minutes=1)
"""So much later than its plan wants nothing is due, unless the clock was ahead when it was told."""
HELD_MAX = timedelta(hours=24)
"""Quiet hours hold nothing back for longer than this."""


def mend(connection: Connection, now: datetime) -> int:
    """Lets them be told on; how many. Who has an alert and was disabled since does not count: it opens again."""
    for alert_id, wearer_id in mending_store.taken_by_nobody(connection, AT_ONCE_MAX):
        store.queue_up(connection, [wearer_id])
        escalating_store.set_due(connection, alert_id, now)
    return _late(connection, now) + _look(connection, now) + _adopt(connection, now)


def _late(connection: Connection, now: datetime) -> int:
    store.queue_up(connection, _wearers([*_stuck(connection, now), *_ahead(connection, now)]))
    lost = [*_stuck(connection, now), *_ahead(connection, now)]  # As they are now that nobody else is at them.
    going = escalating_store.going(connection, [run.alert.id for run in lost])
    for run in lost:
        is_taken = run.alert.state is AlertState.ACKNOWLEDGED
        due_at = _opens_again(run, going.get(run.alert.id, ()), now) if is_taken else now
        escalating_store.set_due(connection, run.alert.id, due_at)
    return len(lost)


def _look(connection: Connection, now: datetime) -> int:
    """Has it seen soon whether phones answered that were told by a clock that was ahead; how many tellings."""
    urgent_after = now + RECEIPT + CLOCK_OFF
    store.queue_up(connection, (wearer_id for _, wearer_id in _unseen(connection, urgent_after)))
    found = [telling_id for telling_id, _ in _unseen(connection, urgent_after)]
    escalating_store.look_at(connection, found, now)
    return len(found)


def _unseen(connection: Connection, urgent_after: datetime) -> list[tuple[TellingId, WearerId]]:
    return mending_store.falling_after(connection, urgent_after, urgent_after + HELD_MAX, AT_ONCE_MAX)


def _stuck(connection: Connection, now: datetime) -> list[Run]:
    return [
        run
        for run in mending_store.stuck(connection, now - ADOPTED_FOR, AT_ONCE_MAX)
        if run.alert.state is AlertState.ACKNOWLEDGED or escalation.after(run.plan, run.position) is not None
    ]


def _ahead(connection: Connection, now: datetime) -> list[Run]:
    """What was told, or taken, by a clock that was ahead."""
    told = mending_store.latest_due(connection, AlertState.OPEN, AT_ONCE_MAX)
    taken = mending_store.latest_due(connection, AlertState.ACKNOWLEDGED, AT_ONCE_MAX)
    going = escalating_store.going(connection, [run.alert.id for run, _ in taken])
    latest = {run.alert.id: now + (escalation.waits(run.plan, run.position) or timedelta(0)) for run, _ in told}
    latest |= {run.alert.id: _opens_again(run, going.get(run.alert.id, ()), now) for run, _ in taken}
    return [run for run, due_at in [*told, *taken] if due_at > latest[run.alert.id] + CLOCK_OFF]


def _opens_again(run: Run, going: Iterable[Going], now: datetime) -> datetime:
    """When a taken alert opens again. Nobody can have said that he comes later than anybody may say."""
    latest = now + timedelta(minutes=escalation.ARRIVES_IN_MAX_MIN)
    return escalation.opens_again(run.plan, [min(one.arrives_at or now, latest) for one in going], now)


def _adopt(connection: Connection, now: datetime) -> int:
    """Gives a plan to open alerts that have none; how many. One that was told goes on after the first step, one that
    nobody was told of begins.
    """
    found = mending_store.unplanned(connection, now - ADOPTED_FOR, AT_ONCE_MAX)
    store.queue_up(connection, {alert.wearer_id for alert in found})
    alerts = mending_store.unplanned(connection, now - ADOPTED_FOR, AT_ONCE_MAX)
    for alert, plan in zip(alerts, escalating.plans(connection, alerts, now), strict=True):
        (who,) = store.who(connection, [alert.wearer_id]).values()
        was_told = bool(escalating_store.addresses_told(connection, about(alert)))
        position = Position(step=0, times=1, turn=1) if was_told else Position()
        words = Words(kind="alert.other", params={"wearer": who.name})
        run = Run(alert=alert, plan=plan, position=position, words=words)
        wait = escalation.waits(plan, position) if was_told else timedelta(0)
        escalating_store.save(connection, [(run, None if wait is None else now + wait)])
    return len(alerts)


def _wearers(runs: Iterable[Run]) -> set[WearerId]:
    return {run.alert.wearer_id for run in runs}
