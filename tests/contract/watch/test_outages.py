"""A radio network that is down is told to the staff, and not to five hundred families; who is really lost is told."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts import service as accounts
from app.alerts.tables import alert
from app.config import Settings
from app.devices import service as devices
from app.devices.model import Device
from app.households import service as households
from app.kit.ids import WearerId
from app.pipeline import process
from app.push.model import AddressKind, Channel
from app.push.tables import address, message
from tests.build import KAKOGAWA, NOW, Town, a_fix, minutes, town, unit

SETTINGS = Settings()
COUNT = 12


class Many(Struct):
    """A town of twelve wearers with a device each."""

    connection: Connection
    worn: list[tuple[WearerId, Device]]

    def speak(self, at: datetime, first: int = 0, end: int = COUNT) -> None:
        for _, device in self.worn[first:end]:
            process(self.connection, [unit(device, a_fix(at=at, device=device.external_id), received_at=at)], at)

    def look(self, at: datetime) -> None:
        for work in (jobs.judge_outages, jobs.judge_silence, jobs.carry_out_intents):
            work(self.connection, SETTINGS, at)

    def silent(self) -> list[WearerId]:
        query = sa.select(alert.c.wearer_id).where(alert.c.kind == "silent", alert.c.state == "open")
        return sorted(self.connection.execute(query).scalars())

    def told_to_staff(self) -> list[tuple[str, str]]:
        query = sa.select(message.c.kind, address.c.value).join(address, address.c.id == message.c.address_id)
        rows = self.connection.execute(query.where(message.c.kind.like("staff.%")).order_by(message.c.created_at))
        return [(row.kind, row.value) for row in rows]


@pytest.fixture
def here(connection: Connection) -> Many:
    jobs.come_up(connection, NOW - minutes(600))
    cast: Town = town(connection, NOW - minutes(600))
    accounts.add_address(
        connection, cast.operator.id, Channel.FCM, AddressKind.TOKEN, "phone-of-operator", "ja", NOW - minutes(600)
    )
    household = households.create_household(connection, KAKOGAWA, "田中", [cast.outsider.id], NOW - minutes(600))
    worn = []
    for n in range(COUNT):
        wearer = households.create_wearer(
            connection, household.id, f"W{n}", by=cast.outsider.id, now=NOW - minutes(600)
        )
        device, _ = devices.enrol(
            connection, city_id=KAKOGAWA, format="watch", external_id=f"22222222{n:02}", name="腕時計",
            now=NOW - minutes(600),
        )  # fmt: skip
        devices.assign(connection, device.id, wearer.id, now=NOW - minutes(600), from_at=NOW - minutes(600))
        worn.append((wearer.id, device))
    many = Many(connection, worn)
    for step in range(5):  # Five minutes apart: that is their interval.
        many.speak(NOW + minutes(5 * step))
    return many


LAST = 20
"""Minutes after which nothing comes any more."""


def test_when_a_town_falls_silent_its_staff_is_told_once_and_no_family(here: Many) -> None:
    for after in (5, 16, 17, 40, 90):
        here.look(NOW + minutes(LAST + after))

    assert [] == here.silent()
    assert [("staff.devices_silent", "phone-of-operator")] == here.told_to_staff()


def test_when_it_is_heard_again_staff_is_told_and_who_stays_silent_is_told_to_her_family(here: Many) -> None:
    here.look(NOW + minutes(LAST + 16))
    here.speak(NOW + minutes(60), 1)
    here.look(NOW + minutes(61))
    assert ["staff.devices_silent", "staff.devices_heard"] == [kind for kind, _ in here.told_to_staff()]
    assert [] == here.silent()

    here.speak(NOW + minutes(70), 1)
    here.look(NOW + minutes(75))
    assert [] == here.silent()
    here.look(NOW + minutes(77))
    assert [here.worn[0][0]] == here.silent()
    assert 2 == len(here.told_to_staff())


def test_who_was_lost_before_is_told_in_the_middle_of_it(here: Many) -> None:
    for step in range(5, 8):
        here.speak(NOW + minutes(5 * step), 1)
    here.look(NOW + minutes(36))
    assert [here.worn[0][0]] == here.silent()

    here.look(NOW + minutes(35 + 16))
    assert [here.worn[0][0]] == here.silent()
    assert ["staff.devices_silent"] == [kind for kind, _ in here.told_to_staff()]


def test_a_few_devices_that_fall_silent_are_told_as_always(here: Many) -> None:
    for step in range(5, 12):
        here.speak(NOW + minutes(5 * step), 5)
    here.look(NOW + minutes(56))

    assert sorted(one for one, _ in here.worn[:5]) == here.silent()
    assert [] == here.told_to_staff()


def test_a_second_outage_is_told_again(here: Many) -> None:
    here.look(NOW + minutes(LAST + 16))
    for at in (60, 65):
        here.speak(NOW + minutes(at))
    here.look(NOW + minutes(66))
    here.look(NOW + minutes(65 + 16))

    kinds = [kind for kind, _ in here.told_to_staff()]
    assert ["staff.devices_silent", "staff.devices_heard", "staff.devices_silent"] == kinds
    assert [] == here.silent()
