"""What a wearer carries is asked to report more often, by an intent of whoever wants it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.db.tables import intent
from app.devices import service
from app.devices.model import CommandKind
from app.devices.tables import command
from app.kit.ids import WearerId, new_id
from app.pipeline import process
from beacon_ingest.messages import Health
from tests.build import NOW, Town, minutes, town, unit

UNTIL = NOW + minutes(20)


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - timedelta(days=1))


def carry_out(connection: Connection, minute: float = 0.0) -> None:
    jobs.carry_out_intents(connection, Settings(), NOW + minutes(minute))


def commands(connection: Connection) -> list[tuple[str, int | None, str, float]]:
    """Kind, interval, state, and when it is due, minutes after NOW."""
    rows = connection.execute(sa.select(command).order_by(command.c.id))
    return [(row.kind, row.interval_s, row.state, (row.due_at - NOW) / minutes(1)) for row in rows]


def test_it_begins_is_renewed_without_a_word_and_ends(connection: Connection, here: Town) -> None:
    service.want_live(connection, here.hana.id, why="way", until=UNTIL, now=NOW)
    carry_out(connection)
    assert [("live_on", 20, "queued", 0), ("live_off", 300, "queued", 20)] == commands(connection)
    (on,) = service.pending(connection, here.watch.id, NOW)
    service.mark_sent(connection, [on.id], NOW)
    service.answered(connection, here.watch.id, "UPLOAD", None, None, NOW + minutes(1))

    service.want_live(connection, here.hana.id, why="way", until=UNTIL + minutes(15), now=NOW + minutes(15))
    carry_out(connection, 15)
    assert [("live_on", 20, "answered", 0), ("live_off", 300, "queued", 35)] == commands(connection)

    service.want_no_live(connection, here.hana.id, why="way", now=NOW + minutes(16))
    carry_out(connection, 16)
    assert [("live_on", 20, "answered", 0), ("live_off", 300, "queued", 16)] == commands(connection)


def test_the_same_is_wanted_once(connection: Connection, here: Town) -> None:
    for why in ("way", "way", "out"):
        service.want_live(connection, here.hana.id, why=why, until=UNTIL, now=NOW)
    assert 2 == connection.execute(sa.select(sa.func.count()).select_from(intent)).scalar_one()
    carry_out(connection)
    assert 2 == len(commands(connection))


def test_what_others_asked_for_is_not_ended(connection: Connection, here: Town) -> None:
    service.order(connection, here.watch.id, CommandKind.LIVE_ON, None, NOW)
    service.want_live(connection, here.hana.id, why="out", until=UNTIL + minutes(5), interval_s=60, now=NOW)
    service.want_no_live(connection, here.hana.id, why="out", interval_s=60, now=NOW)
    carry_out(connection)

    assert [("live_on", 20, "queued", 0), ("live_off", 300, "queued", 20)] == commands(connection)


def test_who_looks_has_it_as_often_as_ever(connection: Connection, here: Town) -> None:
    service.want_live(connection, here.hana.id, why="out", until=UNTIL, interval_s=60, now=NOW)
    carry_out(connection)
    (on,) = service.pending(connection, here.watch.id, NOW)
    service.mark_sent(connection, [on.id], NOW)
    service.order(connection, here.watch.id, CommandKind.LIVE_ON, None, NOW + minutes(1))

    assert ("live_on", 20, "queued", 1) in commands(connection)


@pytest.mark.parametrize(("battery_pct", "charging", "asked"), [(29, False, 0), (31, False, 2), (5, True, 2)])
def test_a_battery_is_spared(
    connection: Connection, here: Town, battery_pct: float, charging: bool, asked: int
) -> None:
    process(connection, [unit(here.watch, Health(device="1", at=NOW, battery_pct=battery_pct, charging=charging))], NOW)
    service.want_live(connection, here.hana.id, why="out", until=UNTIL, interval_s=60, battery_pct_min=30, now=NOW)
    carry_out(connection)

    assert asked == len(commands(connection))


def test_what_is_carried_out_too_late_and_who_carries_nothing(connection: Connection, here: Town) -> None:
    service.want_live(connection, here.hana.id, why="out", until=UNTIL, now=NOW)
    service.want_live(connection, WearerId(new_id()), why="out", until=UNTIL, now=NOW)
    carry_out(connection, 20)

    assert [] == commands(connection)
    assert [] == list(connection.execute(sa.select(intent.c.kind).where(intent.c.done_at.is_(None))).scalars())
