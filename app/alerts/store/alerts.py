"""The queries of alerts, their causes and their history."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.accounts.tables import account, city
from app.alerts.model import Alert, AlertState, HistoryLine, Line, Via, What
from app.alerts.tables import alert, alert_cause, alert_history, is_going_on, telling
from app.alerts.transitions import GOING_ON
from app.db import dialect
from app.db.locks import one_at_a_time
from app.households.tables import wearer
from app.kit.ids import AccountId, AlertId, CityId, HouseholdId, WearerId
from app.push.model import Level
from app.watch.model import AlertKind, Place, Reason, WatchEvent

_REASONS = tuple[Reason, ...]


def known_causes(connection: Connection, events: Sequence[WatchEvent]) -> set[tuple[UUID, str, str]]:
    """Those (wearer, kind, cause) of `events` that were seen before."""
    table = alert_cause
    keys = [(event.wearer_id, event.kind.value, event.cause) for event in events]
    query = sa.select(table.c.wearer_id, table.c.kind, table.c.cause).where(
        table.c.wearer_id.in_([key[0] for key in keys]), table.c.cause.in_([key[2] for key in keys])
    )
    return {(row.wearer_id, row.kind, row.cause) for row in connection.execute(query)}


_QUEUE = dialect.Lookup(
    sa.select(wearer.c.id)
    .where(wearer.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(wearer.c.id)
    .with_for_update(key_share=True),
    wearer.c.id,
)


def queue_up(connection: Connection, wearer_ids: Iterable[UUID]) -> None:
    """Where others write at the same time: from here on nobody else does anything to the alerts of these wearers, until
    this transaction ends.
    """
    if connection.dialect.name == "postgresql":
        _QUEUE.rows(connection, sorted(set(wearer_ids)))


def going_on(connection: Connection, event: WatchEvent) -> Alert | None:
    """The alert that this event belongs to, if one is open or acknowledged."""
    query = sa.select(alert).where(
        alert.c.wearer_id == event.wearer_id,
        alert.c.kind == event.kind.value,
        alert.c.subject == event.subject,
        alert.c.state.in_([state.value for state in GOING_ON]),
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else alert_of(row)


def going_on_of(connection: Connection, wearer_id: WearerId, subjects: Iterable[str] | None = None) -> list[Alert]:
    """All alerts of a wearer that are open or acknowledged; only those about `subjects` when given."""
    states = [state.value for state in GOING_ON]
    query = sa.select(alert).where(alert.c.wearer_id == wearer_id, alert.c.state.in_(states))
    if subjects is not None:
        query = query.where(alert.c.subject.in_(list(subjects)))
    return [alert_of(row) for row in connection.execute(query)]


def lately_of(connection: Connection, household_id: HouseholdId, since: datetime) -> list[Alert]:
    """The alerts about a household's wearers that go on, however long already, or changed since then."""
    query = (
        sa.select(alert)
        .join(wearer, wearer.c.id == alert.c.wearer_id)
        .where(wearer.c.household_id == household_id, sa.or_(alert.c.changed_at >= since, is_going_on()))
    )
    return [alert_of(row) for row in connection.execute(query)]


def wearers_of(connection: Connection, household_id: HouseholdId) -> list[WearerId]:
    """The wearers of a household, ended ones too."""
    query = sa.select(wearer.c.id).where(wearer.c.household_id == household_id)
    return [WearerId(one) for one in connection.execute(query).scalars()]


def insert(connection: Connection, one: Alert) -> None:
    """Adds a new alert."""
    connection.execute(sa.insert(alert), [_row(one)])


def move(connection: Connection, one: Alert, before: AlertState) -> bool:
    """Writes a changed alert if its state still is `before`; whether it was."""
    statement = sa.update(alert).where(alert.c.id == one.id, alert.c.state == before.value).values(_row(one))
    return connection.execute(statement).rowcount == 1


def add_cause(connection: Connection, event: WatchEvent, alert_id: AlertId, now: datetime) -> None:
    """Remembers the cause, so that it never makes a second alert."""
    row = {
        "wearer_id": event.wearer_id,
        "kind": event.kind.value,
        "cause": event.cause,
        "alert_id": alert_id,
        "at": now,
    }
    connection.execute(sa.insert(alert_cause), [row])


def add_history(
    connection: Connection,
    alert_id: AlertId,
    what: What,
    at: datetime,
    *,
    account_id: AccountId | None = None,
    detail: Mapping[str, str] | None = None,
) -> int:
    """Adds one line; its number, which grows in the order of the commits."""
    one_at_a_time(connection, "alert_history")
    row = {"alert_id": alert_id, "what": what.value, "at": at, "account_id": account_id, "detail": dict(detail or {})}
    number: int = connection.execute(
        sa.insert(alert_history).values(row).returning(alert_history.c.number)
    ).scalar_one()
    return number


def add_lines(connection: Connection, lines: Sequence[Line], at: datetime) -> None:
    """Adds many lines, in order."""
    if not lines:
        return
    one_at_a_time(connection, "alert_history")
    rows = [
        {
            "alert_id": line.alert_id,
            "what": line.what.value,
            "at": at,
            "account_id": line.account_id,
            "detail": dict(line.detail),
        }
        for line in lines
    ]
    connection.execute(sa.insert(alert_history), rows)


def one(connection: Connection, alert_id: AlertId, wearer_ids: Iterable[UUID]) -> Alert | None:
    """One alert, if it is about one of these wearers."""
    query = sa.select(alert).where(alert.c.id == alert_id, alert.c.wearer_id.in_(list(wearer_ids)))
    row = connection.execute(query).one_or_none()
    return None if row is None else alert_of(row)


def by_id(connection: Connection, alert_id: AlertId) -> Alert | None:
    """One alert, whoever it is about."""
    row = connection.execute(sa.select(alert).where(alert.c.id == alert_id)).one_or_none()
    return None if row is None else alert_of(row)


def as_it_is(connection: Connection, alert_: Alert) -> Alert:
    """The alert as it has become while we waited in the queue."""
    if connection.dialect.name != "postgresql":
        return alert_
    return alert_of(connection.execute(sa.select(alert).where(alert.c.id == alert_.id)).one())


def newest(
    connection: Connection,
    wearer_ids: Iterable[UUID],
    *,
    states: Iterable[AlertState],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Alert]:
    """Alerts about these wearers, newest first, after the cursor `before` (opened_at, id)."""
    query = sa.select(alert).where(alert.c.wearer_id.in_(list(wearer_ids)))
    chosen = [state.value for state in states]
    if chosen:
        query = query.where(alert.c.state.in_(chosen))
    if before is not None:
        at, key = before
        query = query.where(sa.or_(alert.c.opened_at < at, sa.and_(alert.c.opened_at == at, alert.c.id < key)))
    query = query.order_by(alert.c.opened_at.desc(), alert.c.id.desc()).limit(limit)
    return [alert_of(row) for row in connection.execute(query)]


def history(connection: Connection, alert_id: AlertId) -> list[HistoryLine]:
    """Everything that happened to an alert, in order."""
    query = sa.select(alert_history).where(alert_history.c.alert_id == alert_id).order_by(alert_history.c.number)
    return [_line(row) for row in connection.execute(query)]


def history_after(
    connection: Connection, number: int, wearer_ids: Iterable[UUID], limit: int
) -> list[tuple[HistoryLine, Alert]]:
    """What happened after line `number` to alerts about these wearers, in order, with the alert as it is now."""
    query = (
        sa.select(alert_history, alert)
        .join(alert, alert.c.id == alert_history.c.alert_id)
        .where(alert_history.c.number > number, alert.c.wearer_id.in_(list(wearer_ids)))
        .order_by(alert_history.c.number)
        .limit(limit)
    )
    lines: list[tuple[HistoryLine, Alert]] = []
    for row in connection.execute(query).mappings():
        own = {column.name: row[column] for column in alert.c}
        line = {column.name: row[column] for column in alert_history.c}
        lines.append((_line(_Row(line)), alert_of(_Row(own))))
    return lines


def last_number(connection: Connection) -> int:
    """The number of the newest line of all histories, 0 when there is none."""
    newest: int = connection.execute(sa.select(sa.func.coalesce(sa.func.max(alert_history.c.number), 0))).scalar_one()
    return newest


def told_at(connection: Connection, one: Alert) -> datetime:
    """When an alert was last told to anybody, or else opened; that somebody took it is told too and does not count."""
    query = sa.select(sa.func.max(telling.c.at)).where(telling.c.alert_id == one.id)
    at: datetime | None = connection.execute(query).scalar_one()
    return at or one.opened_at


def names(connection: Connection, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those who acted."""
    query = sa.select(account.c.id, account.c.name).where(account.c.id.in_(list(account_ids)))
    return {row.id: row.name for row in connection.execute(query)}


def zone_of(connection: Connection, wearer_id: WearerId) -> ZoneInfo:
    """The zone in which a wearer's times are told: her city's."""
    query = sa.select(city.c.zone).join(wearer, wearer.c.city_id == city.c.id).where(wearer.c.id == wearer_id)
    return ZoneInfo(connection.execute(query).scalar_one())


def staff_of(connection: Connection, city_id: CityId) -> list[AccountId]:
    """Everybody who may answer for a city: its operators, and the administrators who belong to it."""
    roles = [Role.OPERATOR.value, Role.ADMINISTRATOR.value]
    query = sa.select(account.c.id).where(
        account.c.city_id == city_id, account.c.role.in_(roles), account.c.disabled_at.is_(None)
    )
    return [AccountId(one) for one in connection.execute(query.order_by(account.c.id)).scalars()]


_WHO = sa.select(wearer.c.id, wearer.c.name, wearer.c.city_id, city.c.zone).join(city, city.c.id == wearer.c.city_id)
_WHO_LOOKUP = dialect.Lookup(_WHO.where(wearer.c.id.in_(sa.bindparam("ids", expanding=True))), wearer.c.id)


class Who(Struct, frozen=True, kw_only=True):
    """Whom an alert is about. `zone` is the one in which her times are told: her city's."""

    name: str
    city_id: CityId
    zone: ZoneInfo


def who(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, Who]:
    """Who they are."""
    rows = _WHO_LOOKUP.rows(connection, list(wearer_ids))
    return {wearer_id: Who(name=name, city_id=city_id, zone=ZoneInfo(zone)) for wearer_id, name, city_id, zone in rows}


class _Row:
    """The columns of one of two joined tables, read as attributes like a row."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.__dict__.update(columns)


def _row(one: Alert) -> dict[str, Any]:
    values = {
        name: value.value if isinstance(value, AlertKind | AlertState | Level | Via) else value
        for name, value in msgspec.structs.asdict(one).items()
        if name not in {"reasons", "place"}
    }
    place = one.place
    return values | {
        "reasons": msgspec.to_builtins(one.reasons),
        "lat_deg": place.lat_deg if place else None,
        "lon_deg": place.lon_deg if place else None,
        "accuracy_m": place.accuracy_m if place else None,
        "place_at": place.at if place else None,
    }


def alert_of(row: Any) -> Alert:
    """The alert of a row that has the columns of the table."""
    place = None
    if row.lat_deg is not None:
        place = Place(lat_deg=row.lat_deg, lon_deg=row.lon_deg, accuracy_m=row.accuracy_m, at=row.place_at)
    return Alert(
        id=AlertId(row.id),
        city_id=CityId(row.city_id),
        wearer_id=WearerId(row.wearer_id),
        kind=AlertKind(row.kind),
        subject=row.subject,
        level=Level(row.level),
        state=AlertState(row.state),
        happened_at=row.happened_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        reasons=msgspec.convert(row.reasons, _REASONS),
        place=place,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_via=None if row.acknowledged_via is None else Via(row.acknowledged_via),
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def _line(row: Any) -> HistoryLine:
    return HistoryLine(
        number=row.number,
        alert_id=AlertId(row.alert_id),
        what=What(row.what),
        at=row.at,
        account_id=row.account_id,
        detail=row.detail,
    )
