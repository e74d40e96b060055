"""Whether phones answered, and what follows when they did not: the next channel, and then the next people."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.engine import Connection

from app.alerts import escalation
from app.alerts.model import What
from app.alerts.service.audience import Audience
from app.alerts.service.saying import RECEIPT, Said, line, tell_over, write
from app.alerts.store import escalating
from app.alerts.store.escalating import Run, Telling
from app.kit.ids import AccountId, AlertId


def fall(connection: Connection, tellings: Sequence[Telling], now: datetime) -> None:
    """Sees whether phones answered: who did not show any sign of life is told over the next channel, and when nobody
    of a turn was reached, the next step is due at once.
    """
    runs = {run.alert.id: run for run in escalating.runs(connection, {one.alert_id for one in tellings})}
    seen = escalating.messages_of(connection, [one.id for one in tellings])
    audience = Audience(connection, list(runs.values()), now)
    newest = _told_since(connection, runs, tellings)
    said, over, unreached = Said(), [], []
    for each in tellings:
        one = newest[each.alert_id, each.account_id]
        one = one if one.id == each.id else each
        run = runs.get(one.alert_id)
        if run is None or escalation.was_shown(seen[one.id]) or not _still(audience, run, one):
            over.append(one.id)
            continue
        step = run.plan.steps[min(one.step, len(run.plan.steps) - 1)]
        rungs = audience.rungs(run, step, one.account_id)
        if one.rung + 1 < len(rungs) and _is_handed_on(connection, run, one, newest, now):
            over.append(one.id)
        elif one.rung + 1 < len(rungs):
            lower = msgspec.structs.replace(one, rung=one.rung + 1)
            tell_over(said, audience, run, lower, rungs[lower.rung], now)
            escalating.lower(connection, one.id, lower.rung, now + RECEIPT)
            said.lines.append(line(run, What.ESCALATED, one.account_id, channel=rungs[lower.rung][0].channel.value))
        elif escalation.came_nowhere(seen[one.id]):
            unreached.append(one)
        elif escalation.is_on_its_way(seen[one.id]):
            escalating.lower(connection, one.id, one.rung, now + RECEIPT)
        else:
            over.append(one.id)
    escalating.settled(connection, over, unreached=False)
    escalating.settled(connection, [one.id for one in unreached], unreached=True)
    for one in unreached:
        run = runs[one.alert_id]
        said.lines.append(line(run, What.NOBODY_REACHABLE, one.account_id))
        is_last = escalation.skipped(run.plan, run.position) is None  # Nobody comes after these: they have their time.
        if is_last or one.turn != run.position.turn:
            continue
        if escalating.all_unreached(connection, one.alert_id, one.turn):
            escalating.set_due(connection, one.alert_id, now)
    write(connection, said, now)


Newest = dict[tuple[AlertId, AccountId], Telling]
"""For each alert and each of its people the telling that came last."""


def _told_since(connection: Connection, runs: Mapping[AlertId, Run], tellings: Sequence[Telling]) -> Newest:
    newest = {(one.alert_id, one.account_id): one for one in tellings}
    older = [one for one in tellings if one.alert_id in runs and one.turn < runs[one.alert_id].position.turn]
    if older:
        found = escalating.told_since(connection, {one.alert_id for one in older}, min(one.turn for one in older))
        newest |= {(one.alert_id, one.account_id): one for one in found}
    return newest


def _is_handed_on(connection: Connection, run: Run, one: Telling, newest: Newest, now: datetime) -> bool:
    """Whether somebody was told again since then, over the same channels: that telling goes on from where this one is,
    so that no channel says twice within seconds what it is about, and none is left out.
    """
    later = newest[one.alert_id, one.account_id]
    steps = [run.plan.steps[min(each.step, len(run.plan.steps) - 1)] for each in (one, later)]
    if later.turn <= one.turn or steps[0].channels != steps[1].channels:
        return False
    if later.fall_at is not None and later.rung <= one.rung:
        newest[one.alert_id, one.account_id] = msgspec.structs.replace(later, rung=one.rung, fall_at=now)
        escalating.lower(connection, later.id, one.rung, now)
    return True


def _still(audience: Audience, run: Run, telling: Telling) -> bool:
    """Whether somebody still is to be told: he may know of it, and has not taken it meanwhile."""
    return audience.may_know(run, telling.account_id) and not audience.took(run, telling.account_id)
