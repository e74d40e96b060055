"""Alerts on their way through their plans: begun, told again, told to the next ones, over the next channel, until
somebody answers. Everything here is done in one transaction with its messages; the caller has queued up by wearer.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy.engine import Connection

from app.alerts import escalation
from app.alerts.escalation import Position
from app.alerts.model import Alert, AlertAction, AlertState, Line, What, Words
from app.alerts.policies import Plan, Step, Who, plan_for
from app.alerts.service import falling
from app.alerts.service.audience import Audience
from app.alerts.service.saying import Said, line, tell, write
from app.alerts.store import alerts as store
from app.alerts.store import escalating, forgetting, policies
from app.alerts.store.escalating import Run, Telling
from app.alerts.transitions import after
from app.db.errors import begins_anew
from app.db.session import hint, savepoint
from app.kit.ids import AlertId
from app.programmes import service as programmes
from app.programmes.model import Starter

log = structlog.get_logger()

AT_ONCE_MAX = 500
"""Alerts, or tellings, that one transaction takes on."""
FAILED = timedelta(minutes=1)
"""What cannot be done for a defect of ours is tried again after this."""


def begin(connection: Connection, alerts: Sequence[tuple[Alert, Words]], now: datetime) -> None:
    """Tells alerts from the first step of their plans on: they are new, or matter more than before."""
    timers = escalating.timers(connection, [alert.id for alert, _ in alerts])
    for alert, _ in alerts:
        if timers[alert.id][0]:
            escalating.quiet(connection, alert.id)  # Whoever was told that it was less is told anew, or later.
    chosen = plans(connection, [alert for alert, _ in alerts], now)
    runs = [
        Run(alert=alert, plan=plan, words=words, position=Position(turn=timers[alert.id][0]))
        for (alert, words), plan in zip(alerts, chosen, strict=True)
    ]
    said = _carried_on(connection, runs, now)
    escalating.save(connection, said.moved)
    write(connection, said, now)


def once_more(connection: Connection, alert: Alert, words: Words, now: datetime, *, worse: bool) -> None:
    """Tells the first step of an alert that somebody has taken: it happened again, or it is `worse`, and then it has
    another plan from here on. Who has it, keeps it.
    """
    found = escalating.runs(connection, [alert.id])
    if not found:  # An older process opened it.
        begin(connection, [(alert, words)], now)
        return
    (run,) = found
    position = msgspec.structs.replace(run.position, turn=run.position.turn + 1)
    plan = plans(connection, [alert], now)[0] if worse else run.plan
    run = msgspec.structs.replace(run, alert=alert, plan=plan, words=words, position=position)
    said = Said()
    audience = Audience(connection, [run], now)
    before = [one for one in escalating.told_accounts(connection, alert.id) if audience.may_know(run, one)]
    everybody = list(dict.fromkeys([*audience.contacts(run), *before]))
    tell(said, audience, run, run.plan.steps[0], everybody, now, What.TOLD)
    _, due_at = escalating.timers(connection, [alert.id])[alert.id]
    if worse:
        escalating.quiet(connection, alert.id)  # Whoever was told that it was less is told anew, or later.
        going = escalating.going(connection, [alert.id]).get(alert.id, ())
        latest = escalation.opens_again(plan, [one.arrives_at or one.at for one in going], now)
        due_at = min(due_at or latest, latest)
    escalating.save(connection, [(run, due_at)])
    write(connection, said, now)


def work_off(connection: Connection, now: datetime) -> bool:
    """Everything that is due, at most `AT_ONCE_MAX` of each kind; whether there may be more."""
    unseen = escalating.falling(connection, now, AT_ONCE_MAX)
    due = escalating.due(connection, now, AT_ONCE_MAX)
    store.queue_up(connection, [wearer_id for _, wearer_id in [*unseen, *due]])
    tellings = escalating.tellings(connection, [one for one, _ in unseen], now) if unseen else []
    _each(connection, tellings, lambda some: falling.fall(connection, some, now), _put_off_telling(connection, now))
    runs = escalating.runs(connection, [one for one, _ in due], now) if due else []
    _each(connection, runs, lambda some: carry_on(connection, some, now), _put_off_run(connection, now))
    return len(unseen) == AT_ONCE_MAX or len(due) == AT_ONCE_MAX


Item = TypeVar("Item")


def _each(
    connection: Connection,
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], None],
    put_off: Callable[[Item], None],
) -> None:
    """All of it at once; where that fails one by one, so that a defect costs the one that it is about a minute."""
    if not items:
        return
    try:
        with savepoint(connection):
            work(items)
    except Exception as error:  # Whatever it is, the others must be told.
        if begins_anew(error) or connection.invalidated:
            raise
        if len(items) == 1:
            log.error("escalation_failed", error=type(error).__name__)
            put_off(items[0])
            return
        for one in items:
            _each(connection, [one], work, put_off)


def _put_off_run(connection: Connection, now: datetime) -> Callable[[Run], None]:
    return lambda run: escalating.set_due(connection, run.alert.id, now + FAILED)


def _put_off_telling(connection: Connection, now: datetime) -> Callable[[Telling], None]:
    return lambda one: escalating.lower(connection, one.id, one.rung, now + FAILED)


def forget_before(connection: Connection, before: datetime) -> None:
    """Forgets who was told earlier, and where alerts were that ended earlier, some at a time."""
    forgetting.forget_before(connection, before, AT_ONCE_MAX)


def carry_on(connection: Connection, runs: Sequence[Run], now: datetime) -> None:
    """Does what is due of alerts: an open one is told on, one that was taken and not seen through opens again."""
    taken = [run for run in runs if run.alert.state is AlertState.ACKNOWLEDGED]
    again = [_reopened(connection, run, now) for run in taken]
    going = [run for run in runs if run.alert.state is AlertState.OPEN] + again
    said = _carried_on(connection, going, now)
    escalating.move_all(connection, said.moved)
    write(connection, said, now)
    for wearer_id in {run.alert.wearer_id for run in runs}:
        hint(connection, "live", str(wearer_id))


def skip(connection: Connection, run: Run, now: datetime) -> bool:
    """Goes on to the next step at once; False when there is none."""
    if escalation.skipped(run.plan, run.position) is None:
        return False
    said = _carried_on(connection, [run], now, skips=True)
    escalating.move_all(connection, said.moved)
    write(connection, said, now)
    return True


def plans(connection: Connection, alerts: Sequence[Alert], now: datetime) -> list[Plan]:
    """The plan of each of the alerts, by the policies that are in force."""
    if not alerts:
        return []
    own, citys = policies.policies(connection, {alert.wearer_id: alert.city_id for alert in alerts})
    who = store.who(connection, {alert.wearer_id for alert in alerts})
    return [
        plan_for(
            [one for one in (own.get(alert.wearer_id), citys.get(alert.city_id)) if one is not None],
            alert.kind, alert.level, now, who[alert.wearer_id].zone,
        )
        for alert in alerts
    ]  # fmt: skip


def _reopened(connection: Connection, run: Run, now: datetime) -> Run:
    alert = run.alert
    opened = msgspec.structs.replace(
        alert, state=after(alert.state, AlertAction.REOPEN), changed_at=now,
        acknowledged_at=None, acknowledged_by=None, acknowledged_via=None,
    )  # fmt: skip
    store.move(connection, opened, alert.state)
    escalating.forget_acks(connection, alert.id)
    store.add_history(connection, alert.id, What.REOPENED, now)
    return msgspec.structs.replace(run, alert=opened, position=escalation.anew(run.position))


def _carried_on(connection: Connection, runs: Sequence[Run], now: datetime, *, skips: bool = False) -> Said:
    """The next telling of each run: of the first step from here on by which anybody can be reached."""
    said = Said()
    audience = Audience(connection, runs, now) if runs else None
    for run in runs:
        assert audience is not None
        said.moved.append(_told_on(said, audience, run, now, skips=skips))
    return said


def _told_on(said: Said, audience: Audience, run: Run, now: datetime, *, skips: bool) -> tuple[Run, datetime | None]:
    position = escalation.skipped(run.plan, run.position) if skips else escalation.after(run.plan, run.position)
    nobody: dict[str, str] = {}
    while position is not None:
        goes_on = position.step != run.position.step
        run = msgspec.structs.replace(run, position=position)
        step = run.plan.steps[position.step]
        people, refusing = audience.people(run, step)
        if position.turn == 1:
            said.lines += [line(run, What.SUPPRESSED, one, why="unwanted") for one in refusing]
        what = What.ESCALATED if goes_on and position.step else What.TOLD
        if step.asks_dispatch and position.times == 1:
            said.dispatches.append(run)
        place = len(said.lines)
        reached = tell(said, audience, run, step, people, now, what)
        if not reached and position.times == 1:  # The last step comes again and again; that is said once.
            nobody = {"people": str(len(people)), "step": nobody.get("step", "") or str(position.step + 1)}
        following = escalation.skipped(run.plan, position)
        if reached or following is None:
            if nobody:
                unreached = Line(alert_id=run.alert.id, what=What.NOBODY_REACHABLE, detail=nobody)
                said.lines.insert(place, unreached)
            wait = escalation.waits(run.plan, position)
            return run, None if wait is None else now + wait
        position = following  # Nobody can be reached: the next ones, at once.
    return run, None


def ask_for_dispatch(connection: Connection, alert_id: AlertId, now: datetime) -> None:
    """Asks the desk to send a guard to an alert that nobody has taken, once. Where somebody has it meanwhile, or it is
    over, nothing happens; where her scheme lets neither a signal nor an operator begin a turn-out, that is said in its
    history.
    """
    for found in escalating.runs(connection, [alert_id]):
        store.queue_up(connection, [found.alert.wearer_id])
        for run in escalating.runs(connection, [alert_id]):
            if run.alert.state is AlertState.OPEN:
                decisions = [
                    programmes.may_start(connection, run.alert.wearer_id, starter, None, now)
                    for starter in (Starter.SIGNAL, Starter.OPERATOR)
                ]
                if any(one.allowed for one in decisions):
                    _ask_for_dispatch(connection, run, now)
                else:
                    why = {"why": decisions[0].reason.value}
                    store.add_history(connection, alert_id, What.DISPATCH_REFUSED, now, detail=why)


def _ask_for_dispatch(connection: Connection, run: Run, now: datetime) -> None:
    audience, said = Audience(connection, [run], now), Said()
    step = Step(who=[Who.DESK], wait_s=60)
    people, _ = audience.people(run, step)
    words = Words(kind="alert.dispatch_wanted", params=run.words.params)
    position = msgspec.structs.replace(run.position, turn=run.position.turn + 1)
    asking = msgspec.structs.replace(run, words=words, position=position)
    tell(said, audience, asking, step, people, now, What.DISPATCH_ASKED)
    escalating.take_turn(connection, run.alert.id, position.turn)
    write(connection, said, now)
