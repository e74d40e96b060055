"""Those who are out say that all is well, are asked when they do not, and then somebody is told."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts import service as accounts
from app.accounts.model import Account, Role
from app.config import Settings
from app.dispatch.checks import turned
from app.dispatch.service import checking, choosing, serving
from app.dispatch.store import duty, units, watching
from app.dispatch.tables import unit_look, unit_place, unit_trail
from app.dispatch.units import Company, Unit
from app.kit.ids import IncidentId
from app.push.model import AddressKind, Channel
from app.push.tables import address, message
from tests.build import NOW, account, minutes, town, viewer
from tests.contract.dispatch.build import a_company, a_guard, a_unit, an_incident, is_at, on_duty

EVERY_MIN = 20


class Out:
    """A unit of one guard that is out from noon on; he must say every 20 minutes that all is well."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.town = town(connection)
        self.company: Company = a_company(connection)
        self.unit: Unit = a_unit(connection, self.company, check_every_min=EVERY_MIN)
        self.guard: Account = a_guard(connection, self.company)
        self.control = account(connection, "control", "管制 花子", Role.CONTROL_ROOM)
        units.put_member(connection, self.control.id, self.company.id, None, NOW)
        for one in (self.guard, self.control, self.town.operator):
            accounts.add_address(connection, one.id, Channel.FCM, AddressKind.TOKEN, one.email, "ja", NOW)
        on_duty(connection, self.unit, self.guard)
        self.incident: IncidentId = an_incident()
        choosing.take(connection, self.unit.id, self.incident, NOW)

    def at(self, minute: float) -> datetime:
        """The jobs look at that minute."""
        now = NOW + minutes(minute)
        checking.look_after(self.connection, now)
        return now

    def told(self) -> list[tuple[str, str]]:
        """What was told to whom, in order."""
        query = sa.select(message.c.kind, address.c.value).join(address, address.c.id == message.c.address_id)
        rows = self.connection.execute(query.order_by(message.c.id))
        return [(row.kind, row.value.partition("@")[0]) for row in rows]


@pytest.fixture
def out(connection: Connection) -> Out:
    return Out(connection)


ASKED = ("unit.check_due", "guard")
MISSED = ("unit.check_missed", "control")
TOWN = ("unit.check_missed", "operator")


def test_who_is_silent_is_asked_then_the_control_room_is_told_then_the_town_too(out: Out) -> None:
    seen = []
    for minute in (19.9, 20, 22.9, 23, 27.9, 28, 33):
        out.at(minute)
        seen.append(len(out.told()))

    assert [0, 1, 1, 2, 2, 4, 6] == seen
    assert [ASKED, MISSED] == out.told()[:2]
    assert {MISSED, TOWN} == set(out.told()[2:4])


def test_who_says_that_all_is_well_is_left_alone_for_his_time(out: Out) -> None:
    out.at(20)
    shown = serving.check_in(out.connection, viewer(out.guard), NOW + minutes(22))
    for minute in (23.0, 30.0, 41.9):
        out.at(minute)

    assert NOW + minutes(42) == shown.check_due_at
    assert [ASKED] == out.told()
    out.at(42)
    assert [ASKED, ASKED] == out.told()


def test_an_answer_after_the_control_room_was_told_ends_it(out: Out) -> None:
    for minute in (20.0, 23.0):
        out.at(minute)
    serving.check_in(out.connection, viewer(out.guard), NOW + minutes(24))
    for minute in (28.0, 33.0, 43.9):
        out.at(minute)

    assert [ASKED, MISSED] == out.told()


def test_of_two_who_look_at_the_same_time_one_goes_on(out: Out) -> None:
    """And none of them where he answered in between."""
    now = NOW + minutes(20)
    (due,) = watching.due_checks(out.connection, now, 10)
    first, second = (watching.turn_check(out.connection, due, turned(due.stage, now)) for _ in range(2))
    (asked,) = watching.due_checks(out.connection, now + minutes(3), 10)
    serving.check_in(out.connection, viewer(out.guard), now + minutes(3))

    assert (True, False) == (first, second)
    assert not watching.turn_check(out.connection, asked, turned(asked.stage, now + minutes(3)))


def test_nobody_is_asked_any_more_who_is_back(out: Out) -> None:
    out.at(20)
    choosing.free(out.connection, out.unit.id, out.incident, NOW + minutes(21))
    out.at(23)
    out.at(60)

    assert [ASKED] == out.told()
    assert None is serving.check_in(out.connection, viewer(out.guard), NOW + minutes(61)).check_due_at


def test_where_the_company_cannot_be_reached_the_town_is_told_at_once(out: Out) -> None:
    units.drop_member(out.connection, out.control.id, out.company.id)
    out.at(20)
    out.at(23)

    assert [ASKED, TOWN] == out.told()


def test_a_look_that_comes_late_asks_first_all_the_same(out: Out) -> None:
    """The service was away for an hour: he had no chance to be asked."""
    out.at(80)
    out.at(80.1)

    assert [ASKED] == out.told()


def test_a_unit_that_nobody_asks_is_not_asked(connection: Connection) -> None:
    out = Out(connection)
    choosing.free(connection, out.unit.id, out.incident, NOW)
    units.update_unit(connection, out.unit.id, {"check_every_min": None})
    choosing.take(connection, out.unit.id, an_incident(), NOW)
    out.at(600)

    assert [] == out.told()


def test_the_ticker_asks_and_who_forgot_to_go_off_duty_is_taken_off(out: Out) -> None:
    forgot, second = a_guard(out.connection, out.company, "forgot"), a_unit(out.connection, out.company, "second")
    on_duty(out.connection, second, forgot)
    is_at(out.connection, second, forgot, 100)
    jobs.run_all(out.connection, Settings(), NOW + timedelta(hours=25))
    still = duty.spell_of(out.connection, forgot.id)
    jobs.run_all(out.connection, Settings(), NOW + timedelta(hours=26, minutes=1))

    assert still is not None
    assert duty.spell_of(out.connection, forgot.id) is None
    assert duty.spell_of(out.connection, out.guard.id) is not None  # He is out: somebody has to see to that.
    assert ASKED in out.told()


def test_places_of_guards_are_kept_as_long_as_said(out: Out) -> None:
    from app.dispatch.places import Told

    place = Told(at=NOW + minutes(1), lat_deg=34.7, lon_deg=134.8)
    serving.tell_places(out.connection, viewer(out.guard), [place], NOW + minutes(1))
    serving.place(out.connection, viewer(out.control), out.unit.id, NOW + minutes(2))

    def rows() -> list[int]:
        tables = (unit_trail, unit_look, unit_place)
        return [out.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]

    kept = rows()
    checking.forget_before(out.connection, NOW, NOW + timedelta(hours=23))
    day = rows()
    checking.forget_before(out.connection, NOW, NOW + timedelta(hours=25))
    next_day = rows()
    jobs.run_all(out.connection, Settings(retention_days=30), NOW + timedelta(days=30))
    month = rows()
    jobs.run_all(out.connection, Settings(retention_days=30), NOW + timedelta(days=30, minutes=3))

    assert [1, 1, 0] == month
    assert ([1, 1, 1], [1, 1, 1], [1, 1, 0], [0, 0, 0]) == (kept, day, next_day, rows())
