"""Units in, rows out: the promises of the hot path on a real store."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.model import Alert, AlertState, What
from app.alerts.store import alerts as alert_store
from app.db import units
from app.db.tables import dead_letter, ingest_unit
from app.devices import service as devices
from app.history.tables import position, refused_fix
from app.pipeline import process
from app.push.model import Level
from app.push.tables import message
from app.watch.model import AlertKind
from beacon_ingest.messages import Fix, Unit
from tests.build import HOME, NOW, Town, a_charge, a_fix, an_alarm, minutes, town, unit


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(600))


def count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def alerts(connection: Connection, here: Town) -> list[Alert]:
    return list(reversed(alert_store.newest(connection, [here.hana.id], states=[], before=None, limit=100)))


def history(connection: Connection, alert: Alert) -> list[What]:
    return [line.what for line in alert_store.history(connection, alert.id)]


def feed(connection: Connection, *arrived: Unit, now: datetime | None = None) -> None:
    for one in arrived:
        process(connection, [one], now or one.received_at)


def test_a_fix_becomes_a_position_of_whoever_carries_the_device(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix()))

    row = connection.execute(sa.select(position)).one()
    assert (here.hana.id, here.watch.id, NOW, 15.0) == (row.wearer_id, row.device_id, row.fix_at, row.accuracy_m)


def test_a_repeat_changes_nothing(connection: Connection, here: Town) -> None:
    one = unit(here.watch, a_fix(), an_alarm("sos"))
    process(connection, [one, one], NOW)
    process(connection, [one], NOW + minutes(60))

    assert tuple(count(connection, table) for table in (ingest_unit, position, alert_store.alert)) == (1, 1, 1)


def test_a_refused_fix_is_kept_apart_and_its_alarm_goes_on(connection: Connection, here: Town) -> None:
    zero = Fix(device="1", at=NOW, lat_deg=0.0, lon_deg=0.0)
    feed(connection, unit(here.watch, zero, an_alarm("sos")))

    assert (count(connection, position), count(connection, refused_fix)) == (0, 1)
    assert [alert.kind for alert in alerts(connection, here)] == [AlertKind.SOS]


def test_an_alert_and_its_messages_are_in_one_transaction_with_the_place(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix(), an_alarm("sos")))

    (alert,) = alerts(connection, here)
    assert (alert.level, alert.state) == (Level.URGENT, AlertState.OPEN)
    assert alert.place is not None
    assert HOME.lat_deg == alert.place.lat_deg
    assert history(connection, alert) == [What.OPENED, What.TOLD]
    assert count(connection, message) == 2


def test_evidence_belongs_to_the_alert_that_is_open(connection: Connection, here: Town) -> None:
    feed(connection, *(unit(here.watch, an_alarm("sos", at=NOW + minutes(n))) for n in range(5)))

    (alert,) = alerts(connection, here)
    assert [What.OPENED, What.TOLD, *[What.EVIDENCE] * 4] == history(connection, alert)
    assert count(connection, message) == 2


def test_the_same_cause_never_alerts_again_but_a_new_press_does(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, an_alarm("sos")))
    (first,) = alerts(connection, here)
    resolve(connection, first)
    feed(
        connection,
        unit(here.watch, an_alarm("sos"), received_at=NOW + minutes(30), stamp="sent again by the device"),
        unit(here.watch, an_alarm("sos", at=NOW + minutes(31)), received_at=NOW + minutes(31)),
    )

    assert [alert.state for alert in alerts(connection, here)] == [AlertState.RESOLVED, AlertState.OPEN]


def test_leaving_and_coming_back_opens_and_resolves_one_alert(connection: Connection, here: Town) -> None:
    for n, north_m in enumerate([0, 0, 400, 500, 600, 500, 0, 0]):
        at = NOW + minutes(3 * n)
        feed(connection, unit(here.watch, a_fix(north_m, at=at), received_at=at))

    (alert,) = alerts(connection, here)
    assert (alert.kind, alert.state) == (AlertKind.MOVEMENT, AlertState.RESOLVED)
    assert NOW + minutes(6) == alert.happened_at
    assert {"alert.geofence_exit", "alert.returned"} == set(connection.execute(sa.select(message.c.kind)).scalars())


def test_a_low_battery_that_was_resolved_must_have_been_well_before_it_alerts_again(
    connection: Connection, here: Town
) -> None:
    def charge(percent: float, after: float) -> None:
        at = NOW + minutes(after)
        feed(connection, unit(here.watch, a_charge(percent, at=at), received_at=at))

    charge(10, 0)
    resolve(connection, alerts(connection, here)[0])
    charge(9, 10)
    assert len(alerts(connection, here)) == 1
    charge(90, 20)
    charge(10, 30)
    assert len(alerts(connection, here)) == 2


def test_one_poisonous_unit_among_a_thousand_is_one_dead_letter(connection: Connection, here: Town) -> None:
    """A speed that is no number: found by halves, kept, acknowledged; the other 999 are committed."""
    arrived = [unit(here.watch, a_fix(at=NOW + minutes(n / 100))) for n in range(1000)]
    poison = Fix(device="1", at=NOW, lat_deg=34.757, lon_deg=134.841, speed_mps="fast")
    arrived[417] = unit(here.watch, poison, stamp="poison")

    assert process(connection, arrived, NOW + minutes(10)) == [None] * 1000

    assert count(connection, position) == 999
    (letter,) = units.dead_letters(connection, None, 10)
    assert here.watch.id == letter.device_id
    assert "134.841" not in letter.error


def test_a_dead_letter_is_found_by_its_city_only(connection: Connection, here: Town) -> None:
    units.bury(connection, unit(here.watch, a_fix()), "a defect")

    assert len(units.dead_letters(connection, [here.hana.city_id], 10)) == 1
    assert units.dead_letters(connection, [here.stranger.city_id], 10) == []


def test_an_alarm_of_a_device_that_nobody_carried_is_kept_for_operators(connection: Connection, here: Town) -> None:
    devices.release(connection, here.watch.id, NOW - minutes(30))
    feed(connection, unit(here.watch, an_alarm("sos")))

    assert alerts(connection, here) == []
    assert "nobody carried" in connection.execute(sa.select(dead_letter.c.error)).scalar_one()


def test_sos_of_a_slow_clock_before_the_hand_over_reaches_the_present_family(
    connection: Connection, here: Town
) -> None:
    long_ago = NOW - minutes(60 * 24 * 30)
    feed(connection, unit(here.watch, an_alarm("sos", at=long_ago)))

    assert [(AlertKind.SOS, long_ago)] == [(one.kind, one.happened_at) for one in alerts(connection, here)]


def test_late_fixes_go_to_history_and_are_attributed_to_their_time(connection: Connection, here: Town) -> None:
    arrived = [a_fix(1000, at=NOW - minutes(180 + n)) for n in range(5)]
    feed(connection, unit(here.watch, *arrived))

    assert count(connection, position) == 5
    assert alerts(connection, here) == []


def test_fixes_of_one_moment_are_numbered(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix(0), a_fix(5), a_fix(9)))

    assert sorted(connection.execute(sa.select(position.c.ordinal)).scalars()) == [0, 1, 2]


def test_an_exit_after_twenty_minutes_without_network_says_both_times(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix(0, at=NOW - minutes(25)), received_at=NOW - minutes(25)))
    backlog = [unit(here.watch, a_fix(300 + n, at=NOW - minutes(21 - n)), received_at=NOW) for n in range(10)]
    feed(connection, *backlog)

    (alert,) = alerts(connection, here)
    assert (NOW - minutes(21), NOW) == (alert.happened_at, alert.opened_at)
    assert [reason.code for reason in alert.reasons] == ["outside_fence", "late"]


def test_nobody_reachable_is_said_in_the_history(connection: Connection, here: Town) -> None:
    connection.execute(sa.text("DELETE FROM account_address"))
    feed(connection, unit(here.watch, an_alarm("sos")))

    assert history(connection, alerts(connection, here)[0]) == [What.OPENED, What.NOBODY_REACHABLE]


def resolve(connection: Connection, alert: Alert) -> None:
    connection.execute(sa.update(alert_store.alert).where(alert_store.alert.c.id == alert.id).values(state="resolved"))
