"""Timed work and intents: what was decided happens, once, and also when the first try fails."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import Alert, AlertState, What
from app.alerts.service import acting
from app.alerts.store import alerts as alert_store
from app.config import Settings
from app.db import intents, units
from app.db.tables import ingest_unit, intent
from app.devices import service as devices
from app.geo import service as geo
from app.history.tables import position
from app.households import service as households
from app.operations import _replay
from app.pipeline import process
from app.push import outbox
from app.push.model import Channel
from app.push.retry import Delivery, Outcome
from app.push.tables import address, delivery, message
from app.watch.tables import watch_state
from beacon_ingest.messages import Unit
from tests.build import NOW, Town, a_fix, an_alarm, minutes, town, unit, viewer

SETTINGS = Settings()


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(600))


def alerts(connection: Connection, here: Town) -> list[Alert]:
    return list(reversed(alert_store.newest(connection, [here.hana.id], states=[], before=None, limit=100)))


def feed(connection: Connection, *arrived: Unit) -> None:
    for one in arrived:
        process(connection, [one], one.received_at)


def leave(connection: Connection, here: Town) -> None:
    for n, north_m in enumerate([0, 400, 500, 600]):
        feed(connection, unit(here.watch, a_fix(north_m, at=NOW + minutes(2 * n)), received_at=NOW + minutes(2 * n)))


def test_a_silent_device_is_told_once_and_is_over_when_it_speaks(connection: Connection, here: Town) -> None:
    jobs.come_up(connection, NOW)
    feed(connection, unit(here.watch, a_fix()))
    for after in (10, 16, 30):
        jobs.run_all(connection, SETTINGS, NOW + minutes(after))
    assert [("silent", "open")] == [(one.kind, one.state) for one in alerts(connection, here)]

    feed(connection, unit(here.watch, a_fix(at=NOW + minutes(40)), received_at=NOW + minutes(40)))
    assert ["resolved"] == [one.state for one in alerts(connection, here)]


def test_after_an_outage_of_ours_nobody_is_called_silent_for_it(connection: Connection, here: Town) -> None:
    jobs.come_up(connection, NOW)
    feed(connection, unit(here.watch, a_fix()))
    jobs.come_up(connection, NOW + minutes(120))
    jobs.judge_silence(connection, SETTINGS, NOW + minutes(121))
    assert [] == alerts(connection, here)

    jobs.judge_silence(connection, SETTINGS, NOW + minutes(136))
    assert ["silent"] == [one.kind for one in alerts(connection, here)]


def test_ending_a_wearer_ends_alerts_messages_and_the_pairing(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, an_alarm("sos")))
    households.end_wearer(connection, viewer(here.daughter), here.hana.id, NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW)

    assert [AlertState.CANCELLED] == [one.state for one in alerts(connection, here)]
    assert {"cancelled"} == set(connection.execute(sa.select(message.c.state)).scalars())
    assert [] == devices.devices_of_wearer(connection, here.hana.id)
    assert set() == set(connection.execute(sa.select(intent.c.id).where(intent.c.done_at.is_(None))).scalars())


def test_a_device_that_was_released_is_not_silent(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix()))
    jobs.judge_silence(connection, SETTINGS, NOW + minutes(20))
    devices.release(connection, here.watch.id, NOW + minutes(21))
    jobs.carry_out_intents(connection, SETTINGS, NOW + minutes(21))
    jobs.judge_silence(connection, SETTINGS, NOW + minutes(60))

    assert [AlertState.CANCELLED] == [one.state for one in alerts(connection, here)]
    assert [None] == list(connection.execute(sa.select(watch_state.c.due_at)).scalars())


def test_what_waits_is_not_told_to_somebody_she_was_hidden_from_meanwhile(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, an_alarm("sos")))
    by = here.clerk.id
    households.protect(connection, here.hana.id, "佐藤 健", account_id=here.son.id, by=by, now=NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW)

    query = sa.select(message.c.state, address.c.value).join(address, address.c.id == message.c.address_id)
    states = {row.value: row.state for row in connection.execute(query)}
    assert {f"phone-of-{here.daughter.email}": "waiting", f"phone-of-{here.son.email}": "cancelled"} == states


def test_ending_a_geofence_calls_off_the_alert_about_it(connection: Connection, here: Town) -> None:
    leave(connection, here)
    assert [AlertState.OPEN] == [one.state for one in alerts(connection, here)]
    (fence,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
    geo.end(connection, viewer(here.daughter), here.hana.id, fence.id, NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW)

    assert [AlertState.CANCELLED] == [one.state for one in alerts(connection, here)]


def test_a_fence_that_was_ended_or_made_is_known_to_the_very_next_fix(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix(0)))
    (fence,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
    geo.end(connection, viewer(here.daughter), here.hana.id, fence.id, NOW)
    leave(connection, here)

    assert [] == alerts(connection, here)


def test_an_intent_that_fails_is_put_off_and_holds_up_nobody(connection: Connection, monkeypatch) -> None:
    carried: list[str] = []

    def carry(_connection: Connection, payload, _now) -> None:
        if payload["name"] == "bad":
            raise ZeroDivisionError("a defect")
        carried.append(payload["name"])

    monkeypatch.setitem(jobs.INTENTS, "test", carry)
    for name in ("bad", "good"):
        intents.intend(connection, "test", name, {"name": name}, NOW)
    intents.intend(connection, "test", "good", {"name": "good"}, NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW)
    jobs.carry_out_intents(connection, SETTINGS, NOW + timedelta(seconds=10))

    assert ["good"] == carried
    (put_off,) = intents.due(connection, NOW + timedelta(hours=1))
    assert (1, "bad") == (put_off.attempts, put_off.payload["name"])


def test_what_may_no_longer_be_kept_is_deleted(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix()))
    jobs.forget(connection, SETTINGS, NOW + timedelta(days=SETTINGS.retention_days, seconds=-1))
    assert 1 == len(connection.execute(sa.select(position.c.device_id)).all())
    assert [] == connection.execute(sa.select(ingest_unit.c.ingest_id)).all()

    jobs.forget(connection, SETTINGS, NOW + timedelta(days=SETTINGS.retention_days, seconds=1))
    assert [] == connection.execute(sa.select(position.c.device_id)).all()


def test_what_was_told_is_kept_as_long_as_positions_and_what_waits_is_kept(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, an_alarm("sos")))
    claimed = outbox.claim(connection, Channel.FCM, NOW, 1)
    sent = Delivery(outcome=Outcome.SENT)
    outbox.settle(connection, [outbox.Settlement(message=one, delivery=sent) for one in claimed], NOW)
    waiting = len(connection.execute(sa.select(message.c.id)).all()) - 1
    assert (1, 1) == (len(claimed), waiting)

    for seconds, kept in ((0, 2), (1, 1)):
        jobs.forget(connection, SETTINGS, NOW + timedelta(days=SETTINGS.retention_days, seconds=seconds))

        assert kept == len(connection.execute(sa.select(message.c.id)).all())
        assert kept - 1 == len(connection.execute(sa.select(delivery.c.id)).all())


def test_sos_pressed_again_after_somebody_took_it_is_told_again_once_a_minute(
    connection: Connection, here: Town
) -> None:
    feed(connection, unit(here.watch, an_alarm("sos")))
    (alert,) = alerts(connection, here)
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW)
    for seconds in (90, 100, 110, 160):
        at = NOW + timedelta(seconds=seconds)
        feed(connection, unit(here.watch, an_alarm("sos", at=at), received_at=at))

    told = [line for line in alert_store.history(connection, alert.id) if line.what is What.TOLD]
    assert ["alert.sos", "alert.acknowledged", "alert.sos", "alert.sos"] == [line.detail["kind"] for line in told]
    assert 1 == len(alerts(connection, here))


def test_a_dead_letter_can_be_replayed_once(connection: Connection, here: Town) -> None:
    one = unit(here.watch, a_fix(), an_alarm("sos"))
    units.fresh(connection, [one])
    units.bury(connection, one, "a defect that was mended")
    (letter,) = units.dead_letters(connection, None, 10)

    assert _replay(connection, letter.id, NOW).error is None
    assert ["sos"] == [alert.kind for alert in alerts(connection, here)]
    assert units.dead_letters(connection, None, 10)[0].replayed_at == NOW
