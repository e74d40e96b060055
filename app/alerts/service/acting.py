"""What people do to an alert. A stale button does the right thing or says why not."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.alerts import escalation
from app.alerts.model import Alert, AlertAction, AlertState, Via, What
from app.alerts.service import escalating, telling, viewing
from app.alerts.store import alerts as store
from app.alerts.store import escalating as escalating_store
from app.alerts.store.escalating import Going
from app.alerts.transitions import GOING_ON, after
from app.db import intents
from app.db.session import hint
from app.kit.errors import Conflict
from app.kit.ids import AlertId, WearerId
from app.push.model import Level
from app.watch import service as watch
from app.watch.model import AlertKind
from app.watch.movement.allowances import FineScope
from app.watch.movement.events import SUBJECT

SAME_WITHIN = timedelta(minutes=1)
"""Times of arrival that are closer than this are one."""


def acknowledge(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime, via: Via = Via.APP) -> Alert:
    """The alert, taken by the viewer; once as many have taken it as its plan wants, the others hear who sees to it and
    nobody is told any more. Again by oneself says that one still sees to it.

    Raises `NotFound` for alerts that are not the viewer's to see, `Conflict` when somebody else has it or it is over.
    """
    alert = _mine(connection, viewer, alert_id, now)
    taken = _take(connection, viewer, alert, now, via)
    if taken.state is not alert.state:
        _tell(connection, viewer, taken, "alert.acknowledged", now)
    return taken


def go(
    connection: Connection, viewer: Viewer, alert_id: AlertId, arrives_in: timedelta | None, now: datetime,
    via: Via = Via.APP,
) -> Alert:  # fmt: skip
    """The alert, with the viewer on the way to her: taken, if nobody had it yet, and the others hear when he thinks he
    is there. Raises `NotFound`, and `Conflict` when it is over.
    """
    alert = _mine(connection, viewer, alert_id, now)
    if alert.state not in GOING_ON:
        raise Conflict(_why(alert))
    taken = _take(connection, viewer, alert, now, via, also=True)
    arrives_at = None if arrives_in is None else now + arrives_in
    going = Going(account_id=viewer.account_id, at=now, arrives_at=arrives_at)
    before = escalating_store.going(connection, [alert.id]).get(alert.id, [])
    if taken.state is alert.state and any(_is_the_same(one, going) for one in before):
        if taken.state is AlertState.ACKNOWLEDGED:
            _put_off(connection, taken, now, [going])
        return taken
    escalating_store.set_going(connection, alert.id, going)
    detail = {"arrives_at": arrives_at.isoformat()} if arrives_at else {}
    number = store.add_history(connection, alert.id, What.ON_THE_WAY, now, account_id=viewer.account_id, detail=detail)
    if taken.state is AlertState.ACKNOWLEDGED:
        _put_off(connection, taken, now)
        kind = "alert.on_the_way_at" if arrives_at else "alert.on_the_way"
        params = {"by": viewer.name, "zone": store.zone_of(connection, alert.wearer_id).key}
        params |= {"until": arrives_at.isoformat(), "received": now.isoformat()} if arrives_at else {}
        telling.tell(
            connection, taken, kind, None, number, now, level=Level.NEWS, besides=viewer.account_id, params=params
        )
    hint(connection, "live", str(alert.wearer_id))
    return taken


def _is_the_same(before: Going, after: Going) -> bool:
    """Whether somebody says once more what he said: a button pressed twice, or sent again by a bad line."""
    if before.account_id != after.account_id:
        return False
    if before.arrives_at is None or after.arrives_at is None:
        return before.arrives_at is after.arrives_at
    return abs(after.arrives_at - before.arrives_at) < SAME_WITHIN


def escalate(connection: Connection, viewer: Viewer, alert_id: AlertId, turn: int, now: datetime) -> Alert:
    """The alert, told on to whoever comes next. `turn` is how often it had been told when the viewer looked.

    Raises `NotFound`, and `Conflict` when it was told on since, somebody has it, it is over, or nobody is left.
    """
    alert = _mine(connection, viewer, alert_id, now)
    runs = escalating_store.runs(connection, [alert.id])
    if alert.state is not AlertState.OPEN or not runs:
        raise Conflict(_why(alert))
    if runs[0].position.turn != turn:
        raise Conflict("It was told on meanwhile; look again.")
    if not escalating.skip(connection, runs[0], now):
        raise Conflict("There is nobody else to tell; it is told again until somebody answers.")
    store.add_history(connection, alert.id, What.ESCALATED, now, account_id=viewer.account_id)
    hint(connection, "live", str(alert.wearer_id))
    return alert


def resolve(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert, over. If she strays on for a while, that is a new one (decision 0031). Raises as `acknowledge`."""
    ended = _end(connection, viewer, alert_id, AlertAction.RESOLVE, What.RESOLVED, now)
    if ended.kind is AlertKind.MOVEMENT and ended.subject == SUBJECT:
        payload = {"wearer_id": str(ended.wearer_id), "at": now.isoformat()}
        intents.intend(connection, watch.MOVEMENT_ENDED, f"ended {alert_id}", payload, now)
    return ended


def fine(
    connection: Connection, viewer: Viewer, alert_id: AlertId, scope: FineScope, now: datetime, via: Via = Via.APP
) -> Alert:
    """The alert, over because what she does is fine: today, at this place, or always, which teaches what watches her.
    Once more changes nothing; of an alert that is over already it still teaches, and nobody is told again.

    Raises `NotFound`, and `Conflict` for an alert that is not about movement, and where nothing can follow from it.
    """
    alert = _mine(connection, viewer, alert_id, now)
    if alert.kind is not AlertKind.MOVEMENT:
        raise Conflict("This alert is not about where she goes: it can be taken, and be over.")
    told = watch.Told(
        alert_id=alert.id, wearer_id=alert.wearer_id, subject=alert.subject, happened_at=alert.happened_at,
        reasons=alert.reasons, place=alert.place,
    )  # fmt: skip
    is_new = watch.allow(connection, viewer, told, scope, now)
    detail = {"fine": scope.value, "via": via.value}
    if alert.state in GOING_ON:
        changed = msgspec.structs.replace(
            alert, state=after(alert.state, AlertAction.RESOLVE), ended_at=now, ended_by=viewer.account_id,
            changed_at=now,
        )  # fmt: skip
        return _act(connection, viewer, alert, changed, What.RESOLVED, now, kind=f"alert.fine_{scope}", detail=detail)
    if is_new:
        store.add_history(connection, alert.id, What.RESOLVED, now, account_id=viewer.account_id, detail=detail)
        hint(connection, "live", str(alert.wearer_id))
    return alert


def cancel(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert, called off: there was nothing to see to. Raises as `acknowledge`."""
    return _end(connection, viewer, alert_id, AlertAction.CANCEL, What.CANCELLED, now)


def cancel_all(
    connection: Connection, wearer_id: WearerId, now: datetime, subjects: tuple[str, ...] | None = None
) -> None:
    """Calls off whatever is going on for a wearer who is no longer watched, or only what is about `subjects`; nobody
    needs to be told.
    """
    store.queue_up(connection, [wearer_id])
    if subjects is None:
        telling.forget_news(connection, wearer_id, now)
    _cancel(connection, wearer_id, store.going_on_of(connection, wearer_id, subjects), now)


def cancel_about(connection: Connection, wearer_id: WearerId, begins: str, now: datetime) -> None:
    """Calls off what is going on about subjects whose name begins so: all days of an expectation."""
    store.queue_up(connection, [wearer_id])
    alerts = [one for one in store.going_on_of(connection, wearer_id) if one.subject.startswith(begins)]
    _cancel(connection, wearer_id, alerts, now)


def _cancel(connection: Connection, wearer_id: WearerId, alerts: Sequence[Alert], now: datetime) -> None:
    for alert in alerts:
        ended = msgspec.structs.replace(
            alert, state=after(alert.state, AlertAction.CANCEL), ended_at=now, changed_at=now
        )
        if store.move(connection, ended, alert.state):
            store.add_history(connection, alert.id, What.CANCELLED, now)
        telling.forget(connection, alert, now)
    hint(connection, "live", str(wearer_id))


def _end(
    connection: Connection, viewer: Viewer, alert_id: AlertId, action: AlertAction, what: What, now: datetime
) -> Alert:
    alert = _mine(connection, viewer, alert_id, now)
    if alert.ended_by == viewer.account_id and alert.state is after(AlertState.OPEN, action):
        return alert
    if alert.state not in GOING_ON:
        raise Conflict(_why(alert))
    changed = msgspec.structs.replace(
        alert, state=after(alert.state, action), ended_at=now, ended_by=viewer.account_id, changed_at=now
    )
    return _act(connection, viewer, alert, changed, what, now)


def _mine(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """The alert if the viewer may see it, as it is once nobody else is at it."""
    alert = viewing.visible(connection, viewer, alert_id, now)
    store.queue_up(connection, [alert.wearer_id])
    return store.as_it_is(connection, alert)


def _take(
    connection: Connection, viewer: Viewer, alert: Alert, now: datetime, via: Via, *, also: bool = False
) -> Alert:
    """The alert once the viewer has said that he sees to it. `also`: beside whoever has it already."""
    acks = escalating_store.acks(connection, [alert.id]).get(alert.id, {})
    mine = viewer.account_id in acks or alert.acknowledged_by == viewer.account_id
    if alert.state is AlertState.ACKNOWLEDGED and (mine or also):
        _put_off(connection, alert, now)
        return alert
    if mine:
        escalating_store.renew_ack(connection, alert.id, viewer.account_id, now)
        return alert
    if alert.state is not AlertState.OPEN:
        raise Conflict(_why(alert))
    escalating_store.add_ack(connection, alert.id, viewer.account_id, via.value, now)
    runs = escalating_store.runs(connection, [alert.id])
    # Nobody is to be waited for who was never told.
    told = escalating_store.told_accounts(connection, alert.id)
    wanted = max(1, min(runs[0].plan.acknowledgements, len({*told, viewer.account_id}))) if runs else 1
    detail = {"of": f"{len(acks) + 1}/{wanted}"} if wanted > 1 else {}
    store.add_history(
        connection, alert.id, What.ACKNOWLEDGED, now, account_id=viewer.account_id, detail=detail | {"via": via.value}
    )
    hint(connection, "live", str(alert.wearer_id))
    if len(acks) + 1 < wanted:
        return alert
    taken = msgspec.structs.replace(
        alert, state=after(alert.state, AlertAction.ACKNOWLEDGE), changed_at=now,
        acknowledged_at=now, acknowledged_by=viewer.account_id, acknowledged_via=via,
    )  # fmt: skip
    if not store.move(connection, taken, alert.state):
        raise Conflict("Somebody else was quicker; look again.")
    telling.forget(connection, alert, now)
    escalating_store.quiet(connection, alert.id)
    _put_off(connection, taken, now)
    return taken


def _put_off(connection: Connection, alert: Alert, now: datetime, also: Sequence[Going] = ()) -> None:
    """When an alert that somebody has opens again, if it is not over by then. `also` say so just now."""
    runs = escalating_store.runs(connection, [alert.id])
    if runs:
        going = [*escalating_store.going(connection, [alert.id]).get(alert.id, ()), *also]
        due_at = escalation.opens_again(runs[0].plan, [one.arrives_at or one.at for one in going], now)
        escalating_store.set_due(connection, alert.id, due_at)


def _why(alert: Alert) -> str:
    """Why a button does nothing any more."""
    if alert.state is AlertState.ACKNOWLEDGED:
        return "Somebody sees to it already."
    return "It is over." if alert.state is AlertState.RESOLVED else "It was called off."


def _tell(connection: Connection, viewer: Viewer, alert: Alert, kind: str, now: datetime) -> None:
    """Those who were told of an alert hear what somebody did to it."""
    number = store.last_number(connection)
    telling.tell(
        connection, alert, kind, None, number, now,
        level=Level.NEWS, besides=viewer.account_id, params={"by": viewer.name},
    )  # fmt: skip


def _act(
    connection: Connection, viewer: Viewer, alert: Alert, changed: Alert, what: What, now: datetime, *,
    kind: str = "alert.resolved", detail: Mapping[str, str] | None = None,
) -> Alert:  # fmt: skip
    if not store.move(connection, changed, alert.state):
        raise Conflict("Somebody else was quicker; look again.")
    store.add_history(connection, alert.id, what, now, account_id=viewer.account_id, detail=detail)
    telling.forget(connection, alert, now)
    _tell(connection, viewer, changed, kind, now)
    hint(connection, "live", str(alert.wearer_id))
    return changed
