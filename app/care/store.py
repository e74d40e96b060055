"""What is asked of the tables to see how an installation is."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.tables import city
from app.alerts.store.alerts import staff_of
from app.alerts.tables import alert, is_going_on, telling
from app.care.findings import Waiting
from app.db.tables import dead_letter, heartbeat, intent
from app.dispatch.tables import incident
from app.hooks.tables import vendor_hook
from app.households.tables import wearer
from app.kit.ids import CityId
from app.push.model import Channel
from app.push.outbox.rows import pending
from app.push.tables import address, message
from app.tags.tables import detector
from app.watch.tables import habit_map, watch_failure


def last_beat(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """When the service last said that it is up, and since when it is."""
    row = connection.execute(sa.select(heartbeat).where(heartbeat.c.name == "service")).one_or_none()
    return (None, None) if row is None else (row.at, row.up_since)


def waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """Intents and messages that are due and not done."""
    kinds = (
        ("intents", intent.c.due_at, intent.c.done_at.is_(None)),
        ("messages to people", message.c.due_at, pending() & message.c.not_before.is_(None)),
        ("alerts to be told on", alert.c.due_at, is_going_on()),
        ("people to be told over another channel", telling.c.fall_at, telling.c.fall_at.is_not(None)),
        ("turn-outs to be gone on with", incident.c.due_at, incident.c.closed_at.is_(None)),
    )
    found = []
    for what, due_at, is_open in kinds:
        query = sa.select(sa.func.count(), sa.func.min(due_at)).where(is_open, due_at <= now)
        count, oldest_at = connection.execute(query).one()
        found.append(Waiting(what=what, count=count, oldest_at=oldest_at))
    return found


def maps_due(connection: Connection, now: datetime) -> Waiting:
    """Habit maps into which a day that is over was not taken yet."""
    due_at = habit_map.c.due_at
    query = sa.select(sa.func.count(), sa.func.min(due_at)).where(due_at <= now)
    count, oldest_at = connection.execute(query).one()
    return Waiting(what="habit maps", count=count, oldest_at=oldest_at)


def dead_letters(connection: Connection) -> int:
    """Units that could not be digested and that nobody has replayed yet."""
    query = sa.select(sa.func.count()).select_from(dead_letter).where(dead_letter.c.replayed_at.is_(None))
    return connection.execute(query).scalar_one()


def failures_since(connection: Connection, since: datetime) -> int:
    """How often a rule threw."""
    query = sa.select(sa.func.count()).select_from(watch_failure).where(watch_failure.c.at >= since)
    return connection.execute(query).scalar_one()


def detectors(connection: Connection) -> int:
    """Detectors in service; their keys are made from the secret."""
    query = sa.select(sa.func.count()).select_from(detector).where(detector.c.ended_at.is_(None))
    return connection.execute(query).scalar_one()


def failing_hooks(connection: Connection, before: datetime) -> tuple[int, int]:
    """Vendors' hooks that have failed since before then, and those that were given up."""
    hook, query = vendor_hook.c, sa.select(sa.func.count()).select_from(vendor_hook)
    failing: int = connection.execute(query.where(hook.off_at.is_(None), hook.failed_since <= before)).scalar_one()
    given_up: int = connection.execute(query.where(hook.off_at.is_not(None))).scalar_one()
    return failing, given_up


def numbers_behind_others(connection: Connection, prefixes: Iterable[str]) -> int:
    """Numbers that somebody confirmed and that no gateway reaches whose addresses begin so."""
    own = (
        address.c.channel == Channel.WEBHOOK.value,
        address.c.dead_since.is_(None),
        address.c.confirmed_at.is_not(None),
    )
    others = [~address.c.value.startswith(prefix, autoescape=True) for prefix in prefixes]
    query = sa.select(sa.func.count()).select_from(address).where(*own, *others)
    count: int = connection.execute(query).scalar_one()
    return count


def cities_without_desk(connection: Connection) -> list[str]:
    """The towns with wearers in which nobody of the duty desk can be reached, by name."""
    watched = sa.select(wearer.c.city_id).where(wearer.c.ended_at.is_(None))
    query = sa.select(city.c.id, city.c.name).where(city.c.id.in_(watched)).order_by(city.c.id)
    return [
        row.name
        for row in connection.execute(query).all()
        if not accounts.addresses_of(connection, staff_of(connection, CityId(row.id)))
    ]
