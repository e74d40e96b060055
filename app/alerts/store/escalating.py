"""The queries of how alerts are told: which are due, who was told, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.alerts.escalation import Position, Seen
from app.alerts.model import Alert, Words
from app.alerts.policies import Plan, default_plan
from app.alerts.store.alerts import alert_of
from app.alerts.store.reading import read
from app.alerts.tables import alert, alert_ack, alert_going, is_going_on, telling
from app.kit.ids import AccountId, AddressId, AlertId, MessageId, TellingId, WearerId, new_id
from app.push.model import Death, Level, MessageState
from app.push.tables import address, message

log = structlog.get_logger()


class Run(Struct, frozen=True, kw_only=True):
    """An alert on its way through its plan."""

    alert: Alert
    plan: Plan
    words: Words
    position: Position


class Telling(Struct, frozen=True, kw_only=True):
    """One person told at one turn, over the channels of the group `rung` last."""

    id: TellingId
    alert_id: AlertId
    turn: int
    step: int
    account_id: AccountId
    kind: str
    rung: int
    fall_at: datetime | None


def due(connection: Connection, now: datetime, limit: int) -> list[tuple[AlertId, WearerId]]:
    """Alerts whose time has come, and their wearers, the longest due first."""
    query = (
        sa.select(alert.c.id, alert.c.wearer_id)
        .where(is_going_on(), alert.c.due_at.is_not(None), alert.c.due_at <= now)
        .order_by(alert.c.due_at)
        .limit(limit)
    )
    return [(AlertId(row.id), WearerId(row.wearer_id)) for row in connection.execute(query)]


def runs(connection: Connection, alert_ids: Iterable[AlertId], due_at: datetime | None = None) -> list[Run]:
    """Those of the alerts that go on and have a plan, in the order of their keys; only what is due then, when given.
    What only a newer version can read is left to it.
    """
    query = sa.select(alert).where(alert.c.id.in_(list(alert_ids)), is_going_on(), alert.c.plan.is_not(None))
    if due_at is not None:
        query = query.where(alert.c.due_at <= due_at)
    return runs_of(connection.execute(query.order_by(alert.c.id)))


def _move(**more: sa.BindParameter[Any]) -> sa.Update:
    return (
        sa.update(alert)
        .where(alert.c.id == sa.bindparam("of"))
        .values(
            step=sa.bindparam("new_step"),
            times=sa.bindparam("new_times"),
            turn=sa.bindparam("new_turn"),
            due_at=sa.bindparam("new_due_at", type_=alert.c.due_at.type),
            **more,
        )
    )


_MOVE = _move()
_SAVE = _move(
    plan=sa.bindparam("new_plan", type_=alert.c.plan.type), words=sa.bindparam("new_words", type_=alert.c.words.type)
)


def save(connection: Connection, moved: Sequence[tuple[Run, datetime | None]]) -> None:
    """Writes the plans of runs, their words, where they are and when they are due next."""
    rows = [
        _moved(run, due_at) | {"new_plan": msgspec.to_builtins(run.plan), "new_words": msgspec.to_builtins(run.words)}
        for run, due_at in moved
    ]
    if rows:
        connection.execute(_SAVE, rows)


def move_all(connection: Connection, moved: Sequence[tuple[Run, datetime | None]]) -> None:
    """As `save`, for runs whose plan and words are what they were."""
    if moved:
        connection.execute(_MOVE, [_moved(run, due_at) for run, due_at in moved])


def _moved(run: Run, due_at: datetime | None) -> dict[str, Any]:
    position = run.position
    return {
        "of": run.alert.id,
        "new_step": position.step,
        "new_times": position.times,
        "new_turn": position.turn,
        "new_due_at": due_at,
    }


def take_turn(connection: Connection, alert_id: AlertId, turn: int) -> None:
    """Notes that something was told besides the plan, which goes on as it is."""
    connection.execute(sa.update(alert).where(alert.c.id == alert_id).values(turn=turn))


def set_due(connection: Connection, alert_id: AlertId, due_at: datetime | None) -> None:
    """When the alert is looked at next."""
    connection.execute(sa.update(alert).where(alert.c.id == alert_id).values(due_at=due_at))


def add_tellings(connection: Connection, tellings: Sequence[Telling], at: datetime) -> None:
    """Notes who was told."""
    rows = [msgspec.structs.asdict(one) | {"at": at} for one in tellings]
    if rows:
        connection.execute(sa.insert(telling), rows)


def falling(connection: Connection, now: datetime, limit: int) -> list[tuple[TellingId, WearerId]]:
    """Tellings of which it is time to see whether a phone answered, and their wearers."""
    query = (
        sa.select(telling.c.id, alert.c.wearer_id)
        .join(alert, alert.c.id == telling.c.alert_id)
        .where(telling.c.fall_at.is_not(None), telling.c.fall_at <= now)
        .order_by(telling.c.fall_at)
        .limit(limit)
    )
    return [(TellingId(row.id), WearerId(row.wearer_id)) for row in connection.execute(query)]


def tellings(connection: Connection, telling_ids: Iterable[TellingId], due_at: datetime) -> list[Telling]:
    """Those of the tellings that still are to be looked at then, in the order of their keys."""
    query = sa.select(telling).where(telling.c.id.in_(list(telling_ids)), telling.c.fall_at <= due_at)
    return [_telling(row) for row in connection.execute(query.order_by(telling.c.id))]


def lower(connection: Connection, telling_id: TellingId, rung: int, fall_at: datetime | None) -> None:
    """Notes over which group of channels somebody was told last, and when to look next."""
    connection.execute(sa.update(telling).where(telling.c.id == telling_id).values(rung=rung, fall_at=fall_at))


def look_at(connection: Connection, telling_ids: Collection[TellingId], at: datetime) -> None:
    """When to look whether phones answered."""
    if telling_ids:
        connection.execute(sa.update(telling).where(telling.c.id.in_(list(telling_ids))).values(fall_at=at))


def told_since(connection: Connection, alert_ids: Collection[AlertId], turn: int) -> list[Telling]:
    """Who was told of alerts after this turn, in that order."""
    query = sa.select(telling).where(telling.c.alert_id.in_(list(alert_ids)), telling.c.turn > turn)
    return [_telling(row) for row in connection.execute(query.order_by(telling.c.turn))]


def settled(connection: Connection, telling_ids: Collection[TellingId], *, unreached: bool) -> None:
    """Nothing more is to be seen to: a phone answered, or it does not matter any more, or nobody is reached there."""
    if telling_ids:
        changed = sa.update(telling).where(telling.c.id.in_(list(telling_ids)))
        connection.execute(changed.values(fall_at=None, unreached=unreached))


def quiet(connection: Connection, alert_id: AlertId) -> None:
    """Nobody is told over another channel any more: somebody has it, or it is over."""
    where = (telling.c.alert_id == alert_id, telling.c.fall_at.is_not(None))
    connection.execute(sa.update(telling).where(*where).values(fall_at=None))


def all_unreached(connection: Connection, alert_id: AlertId, turn: int) -> bool:
    """Whether nobody was reached of those who were told at this turn."""
    query = sa.select(telling.c.unreached).where(telling.c.alert_id == alert_id, telling.c.turn == turn)
    return all(connection.execute(query).scalars())


def messages_of(connection: Connection, telling_ids: Collection[TellingId]) -> dict[TellingId, list[Seen]]:
    """What became of the messages of tellings."""
    found: dict[TellingId, list[Seen]] = {telling_id: [] for telling_id in telling_ids}
    names = [telling_id.hex for telling_id in telling_ids]
    query = sa.select(message.c.on_behalf, message.c.state, message.c.delivered_at)
    for row in connection.execute(query.where(message.c.on_behalf.in_(names))):
        seen = Seen(state=MessageState(row.state), shown=row.delivered_at is not None)
        found[TellingId(UUID(row.on_behalf))].append(seen)
    return found


def told_accounts(connection: Connection, alert_id: AlertId) -> list[AccountId]:
    """Everybody who was told of an alert, in the order in which that began."""
    query = sa.select(telling.c.account_id).where(telling.c.alert_id == alert_id).order_by(telling.c.turn, telling.c.id)
    return [AccountId(one) for one in dict.fromkeys(connection.execute(query).scalars())]


def addresses_told(connection: Connection, about: str) -> set[AddressId]:
    """The addresses to which anything about an alert was to be sent so far."""
    query = sa.select(message.c.address_id).where(message.c.about == about).distinct()
    return {AddressId(one) for one in connection.execute(query).scalars()}


def acks(connection: Connection, alert_ids: Collection[AlertId]) -> dict[AlertId, dict[AccountId, datetime]]:
    """Who took each of the alerts, and when."""
    query = sa.select(alert_ack).where(alert_ack.c.alert_id.in_(list(alert_ids))).order_by(alert_ack.c.at)
    found: dict[AlertId, dict[AccountId, datetime]] = {}
    for row in connection.execute(query):
        found.setdefault(AlertId(row.alert_id), {})[AccountId(row.account_id)] = row.at
    return found


def add_ack(connection: Connection, alert_id: AlertId, account_id: AccountId, via: str, at: datetime) -> None:
    """Notes that somebody takes an alert."""
    row = {"alert_id": alert_id, "account_id": account_id, "via": via, "at": at}
    connection.execute(sa.insert(alert_ack), [row])


def renew_ack(connection: Connection, alert_id: AlertId, account_id: AccountId, at: datetime) -> None:
    """Notes that somebody who took an alert still sees to it."""
    mine = (alert_ack.c.alert_id == alert_id, alert_ack.c.account_id == account_id)
    connection.execute(sa.update(alert_ack).where(*mine).values(at=at))


def forget_acks(connection: Connection, alert_id: AlertId) -> None:
    """The alert opens again: nobody has it, and nobody is on the way as far as is known."""
    connection.execute(sa.delete(alert_ack).where(alert_ack.c.alert_id == alert_id))
    connection.execute(sa.delete(alert_going).where(alert_going.c.alert_id == alert_id))


class Going(Struct, frozen=True, kw_only=True):
    """Somebody is on the way: since when, and when he thinks he is there."""

    account_id: AccountId
    at: datetime
    arrives_at: datetime | None


def set_going(connection: Connection, alert_id: AlertId, one: Going) -> None:
    """Notes that somebody is on the way; what he said before is replaced."""
    mine = (alert_going.c.alert_id == alert_id, alert_going.c.account_id == one.account_id)
    values = {"at": one.at, "arrives_at": one.arrives_at}
    if not connection.execute(sa.update(alert_going).where(*mine).values(values)).rowcount:
        row = {"alert_id": alert_id, "account_id": one.account_id, **values}
        connection.execute(sa.insert(alert_going), [row])


def going(connection: Connection, alert_ids: Collection[AlertId]) -> dict[AlertId, list[Going]]:
    """Who is on the way, for each alert, in the order in which they said so."""
    query = sa.select(alert_going).where(alert_going.c.alert_id.in_(list(alert_ids))).order_by(alert_going.c.at)
    found: dict[AlertId, list[Going]] = {}
    for row in connection.execute(query) if alert_ids else ():
        one = Going(account_id=AccountId(row.account_id), at=row.at, arrives_at=row.arrives_at)
        found.setdefault(AlertId(row.alert_id), []).append(one)
    return found


def timers(connection: Connection, alert_ids: Collection[AlertId]) -> Mapping[AlertId, tuple[int, datetime | None]]:
    """For each alert how often something was told, and when it is looked at next."""
    query = sa.select(alert.c.id, alert.c.turn, alert.c.due_at).where(alert.c.id.in_(list(alert_ids)))
    return {AlertId(row.id): (row.turn or 0, row.due_at) for row in connection.execute(query)}


class Asking(Struct, frozen=True, kw_only=True):
    """A message that asks somebody to see to an alert."""

    address_id: AddressId
    alert_id: AlertId
    kind: str
    level: Level
    params: Mapping[str, str]
    language: str
    turn: int | None
    """When in the plan it was told; None for one that an older process put."""


_BEGINS = "alert:"


def asking(connection: Connection, message_id: MessageId) -> Asking | None:
    """The message, if there still is one of this key, it is about an alert, and nobody wished its address dead: for
    somebody who gave a phone away or let go of a mailbox nobody answers from there.
    """
    query = (
        sa.select(message, address.c.language)
        .join(address, address.c.id == message.c.address_id)
        .where(message.c.id == message_id)
        .where(sa.or_(address.c.dead_since.is_(None), address.c.dead_reason.not_in([death.value for death in Death])))
    )
    row = connection.execute(query).one_or_none()
    if row is None or not row.about.startswith(_BEGINS):
        return None
    turn = None
    if row.on_behalf is not None:
        of = sa.select(telling.c.turn).where(telling.c.id == UUID(row.on_behalf))
        turn = connection.execute(of).scalar_one_or_none()
    return Asking(
        address_id=AddressId(row.address_id),
        alert_id=AlertId(UUID(row.about.removeprefix(_BEGINS))),
        kind=row.kind,
        level=Level(row.level),
        params=row.params,
        language=row.language,
        turn=turn,
    )


def runs_of(rows: Iterable[Any]) -> list[Run]:
    """The runs of rows that have the columns of the table, but for alerts of a kind that this version does not know."""
    return [run for row in rows if (run := run_of(row)) is not None]


def run_of(row: Any) -> Run | None:
    """None for an alert of a kind that this version does not know. A plan that it cannot read is none: the alert goes
    on as if nobody had said anything, from about where it is.
    """
    try:
        one = alert_of(row)
    except ValueError:  # An enum's, or msgspec's, which is one of them.
        log.error("row_unreadable", kind=Alert.__name__)
        return None
    plan = read(row.plan, Plan) or default_plan(one.level)
    return Run(
        alert=one,
        plan=plan,
        words=msgspec.convert(row.words, Words),
        position=Position(step=min(row.step, len(plan.steps) - 1), times=row.times, turn=row.turn),
    )


def _telling(row: Any) -> Telling:
    return Telling(
        id=TellingId(row.id),
        alert_id=AlertId(row.alert_id),
        turn=row.turn,
        step=row.step,
        account_id=AccountId(row.account_id),
        kind=row.kind,
        rung=row.rung,
        fall_at=row.fall_at,
    )


def a_telling(run: Run, account_id: AccountId, kind: str, fall_at: datetime) -> Telling:
    """Somebody to be told at the position where the run is."""
    return Telling(
        id=TellingId(new_id()),
        alert_id=run.alert.id,
        turn=run.position.turn,
        step=run.position.step,
        account_id=account_id,
        kind=kind,
        rung=0,
        fall_at=fall_at,
    )
