"""Alerts as people see them. Whoever may not know of an alert is told that there is none."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.alerts.model import Alert, AlertState, What
from app.alerts.store import alerts as store
from app.alerts.store import escalating
from app.alerts.transitions import GOING_ON
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import NotFound
from app.kit.ids import AccountId, AlertId, WearerId
from app.push import render
from app.push.model import Level
from app.watch.model import AlertKind, Reason
from app.watch.movement.allowances import FineScope, offered

EVENTS_AT_ONCE = 200


class ReasonView(Struct, frozen=True, kw_only=True):
    """Why, in the words of each language (`easy` is easy Japanese), with the numbers behind it."""

    code: str
    ja: str
    easy: str
    en: str
    numbers: Mapping[str, float] = {}


class GoingView(Struct, frozen=True, kw_only=True):
    """Somebody is on the way to her: since when, and when he thinks he is there."""

    name: str
    at: datetime
    arrives_at: datetime | None


class TakenView(Struct, frozen=True, kw_only=True):
    """Somebody who said that he sees to it."""

    name: str
    at: datetime


class AlertView(Struct, frozen=True, kw_only=True):
    """An alert in a list. It never holds a place; the alert itself shows it to those who may see it."""

    id: AlertId
    wearer: WearerId
    wearer_name: str
    kind: AlertKind
    level: Level
    state: AlertState
    happened_at: datetime
    opened_at: datetime
    reasons: list[ReasonView]
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    ended_at: datetime | None = None
    going: list[GoingView] = []
    fine: list[FineScope] = []
    """How far "this is fine" may reach; nothing where that cannot be said."""


class HistoryView(Struct, frozen=True, kw_only=True):
    """One line of what happened. `who` is None when the service did it by itself."""

    number: int
    what: What
    at: datetime
    who: str | None
    detail: Mapping[str, str]


class PlaceView(Struct, frozen=True, kw_only=True):
    """Where it happened as far as is known: `accuracy_m` is the radius within which it is with 68 % probability,
    `age_s` how old the place was then.
    """

    lat_deg: float
    lon_deg: float
    accuracy_m: float
    at: datetime
    age_s: int


class AlertDetail(AlertView, frozen=True, kw_only=True):
    """An alert with its history, and with its place for those who may see places (it counts as a look)."""

    place: PlaceView | None = None
    history: list[HistoryView]
    taken_by: list[TakenView]
    """Everybody who took it; a plan may want more than one."""
    told_times: int
    """How often something of it was told: what "escalate" gives back, so that an old button does nothing."""
    told_next_at: datetime | None
    """When it is told on, or told anew although somebody took it; null when nothing is left to be told."""


class LiveEvent(Struct, frozen=True, kw_only=True):
    """What an open app is told: line `number` of the histories, and the alert as it is now."""

    number: int
    what: What
    alert: AlertView


def visible(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> Alert:
    """One alert about somebody whose alerts the viewer may see. Raises `NotFound`."""
    alert = store.one(connection, alert_id, households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now))
    if alert is None:
        raise NotFound
    return alert


def newest(
    connection: Connection, viewer: Viewer, *, states: Sequence[AlertState], before: tuple[datetime, UUID] | None,
    limit: int, now: datetime,
) -> list[AlertView]:  # fmt: skip
    """The alerts that the viewer may see, newest first."""
    wearer_ids = households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now)
    return views(connection, store.newest(connection, wearer_ids, states=states, before=before, limit=limit))


def detail(connection: Connection, viewer: Viewer, alert_id: AlertId, now: datetime) -> AlertDetail:
    """One alert with its history. Its place is shown only with a consent to see places, and that is noted as a look."""
    alert = visible(connection, viewer, alert_id, now)
    place = None
    if alert.place is not None and alert.wearer_id in households.visible_wearer_ids(
        connection, viewer, Scope.PLACE, now
    ):
        households.look(connection, viewer, alert.wearer_id, Purpose.ALERT, now)
        age_s = max(0, round((alert.happened_at - alert.place.at).total_seconds()))
        place = PlaceView(
            lat_deg=alert.place.lat_deg,
            lon_deg=alert.place.lon_deg,
            accuracy_m=alert.place.accuracy_m,
            at=alert.place.at,
            age_s=age_s,
        )
    lines = store.history(connection, alert.id)
    names = store.names(connection, [line.account_id for line in lines if line.account_id is not None])
    view = views(connection, [alert])[0]
    told_times, due_at = escalating.timers(connection, [alert.id])[alert.id]
    acks = escalating.acks(connection, [alert.id]).get(alert.id, {})
    takers = store.names(connection, acks)
    return AlertDetail(
        **{name: getattr(view, name) for name in view.__struct_fields__},
        place=place,
        taken_by=[TakenView(name=takers[one], at=at) for one, at in acks.items() if one in takers],
        told_times=told_times,
        told_next_at=due_at if alert.state in GOING_ON else None,
        history=[
            HistoryView(
                number=line.number, what=line.what, at=line.at, who=_name(names, line.account_id), detail=line.detail
            )
            for line in lines
        ],
    )


def events_after(connection: Connection, viewer: Viewer, number: int, now: datetime) -> list[LiveEvent]:
    """What happened after line `number` to alerts that the viewer may see, in order."""
    wearer_ids = households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now)
    pairs = store.history_after(connection, number, wearer_ids, EVENTS_AT_ONCE)
    shown = views(connection, [alert for _line, alert in pairs])
    return [
        LiveEvent(number=line.number, what=line.what, alert=view)
        for (line, _alert), view in zip(pairs, shown, strict=True)
    ]


def views(connection: Connection, alerts: Sequence[Alert]) -> list[AlertView]:
    """Alerts with the names and words that people read."""
    if not alerts:
        return []
    wearers = households.wearers_by_id(connection, {alert.wearer_id for alert in alerts})
    going = escalating.going(connection, [alert.id for alert in alerts])
    people = {alert.acknowledged_by for alert in alerts if alert.acknowledged_by is not None}
    people |= {one.account_id for some in going.values() for one in some}
    names = store.names(connection, people)
    return [
        AlertView(
            id=alert.id,
            wearer=alert.wearer_id,
            wearer_name=wearers[alert.wearer_id].name,
            kind=alert.kind,
            level=alert.level,
            state=alert.state,
            happened_at=alert.happened_at,
            opened_at=alert.opened_at,
            reasons=[_reason(reason) for reason in alert.reasons],
            acknowledged_at=alert.acknowledged_at,
            acknowledged_by=_name(names, alert.acknowledged_by),
            ended_at=alert.ended_at,
            going=[
                GoingView(name=names[one.account_id], at=one.at, arrives_at=one.arrives_at)
                for one in going.get(alert.id, ())
                if one.account_id in names
            ],
            fine=_fine(alert),
        )
        for alert in alerts
    ]


def _fine(alert: Alert) -> list[FineScope]:
    if alert.kind is not AlertKind.MOVEMENT:
        return []
    return list(offered([reason.code for reason in alert.reasons], placed=alert.place is not None))


def _reason(reason: Reason) -> ReasonView:
    key = f"reason.{reason.code}"
    return ReasonView(
        code=reason.code,
        ja=render.text(key, "ja", reason.params),
        easy=render.text(key, "easy", reason.params),
        en=render.text(key, "en", reason.params),
        numbers=reason.numbers,
    )


def _name(names: Mapping[UUID, str], account_id: AccountId | None) -> str | None:
    return None if account_id is None else names.get(account_id)
