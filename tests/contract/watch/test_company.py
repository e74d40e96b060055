"""Company, through the real pipeline: whoever agreed and walks beside her keeps rules of movement from speaking."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.alerts.service import acting
from app.alerts.store import alerts as store
from app.devices import service as devices
from app.devices.model import Device
from app.geo import service as geo
from app.geo.model import GeofenceChange
from app.history import service as history
from app.households import service as households
from app.households.tables import contact
from app.kit.errors import NotFound
from app.kit.ids import ContactId
from app.pipeline import process
from app.watch import service as watch
from app.watch.movement.allowances import FineScope
from tests.build import KAKOGAWA, NOW, Town, a_fix, an_alarm, minutes, town, unit, viewer
from tests.unit.watch.build import clock

DAWN = NOW - timedelta(days=10)
NIGHT = clock("23:00")
STEP_M = 70.0
SON_PHONE = "son-phone"


class Night(Struct, kw_only=True):
    """Hana, who is new, leaves home at eleven at night; her son's own phone."""

    connection: Connection
    town: Town
    son: ContactId
    phone: Device

    def hana(self, north_m: float, at: datetime) -> None:
        process(self.connection, [unit(self.town.watch, a_fix(north_m, at=at), received_at=at)], at)

    def son_is(self, north_m: float, at: datetime) -> None:
        fix = a_fix(north_m, at=at, device=SON_PHONE)
        process(self.connection, [unit(self.phone, fix, received_at=at)], at)

    def sleeps(self) -> None:
        for n in range(6):
            self.hana(0.0, NIGHT + minutes(10 * n - 60))

    def walk(self, first: int, last: int, *, beside_m: float | None = 10.0) -> datetime:
        """Hana goes north, a step a minute, and her son so many metres beside her, or stays where he is (None)."""
        for step in range(first, last):
            at = NIGHT + minutes(step)
            if beside_m is not None:
                self.son_is(STEP_M * step + beside_m, at - timedelta(seconds=20))
            self.hana(STEP_M * step, at)
        return NIGHT + minutes(last - 1)

    def alerts(self) -> list[tuple[str, str]]:
        found = store.newest(self.connection, [self.town.hana.id], states=[], before=None, limit=9)
        return [(one.kind.value, one.reasons[0].code) for one in reversed(found)]

    def company(self, now: datetime, who: Account | None = None) -> str | None:
        quiet = watch.quiet(self.connection, viewer(who or self.town.daughter), self.town.hana.id, now)
        return None if quiet.company is None else quiet.company.name


@pytest.fixture
def night(connection: Connection) -> Night:
    here = town(connection, DAWN)
    (garden,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
    geo.change(connection, viewer(here.daughter), here.hana.id, garden.id, GeofenceChange(tell_exit=False), DAWN)
    mine = sa.select(contact.c.id).where(contact.c.account_id == here.son.id)
    son = ContactId(connection.execute(mine).scalar_one())
    households.share_place(connection, viewer(here.son), son, True, DAWN)
    phone, _ = devices.enrol(
        connection, city_id=KAKOGAWA, format="owntracks", external_id=SON_PHONE, name="phone", now=DAWN
    )
    devices.assign(connection, phone.id, contact_id=son, now=DAWN)
    found = Night(connection=connection, town=here, son=son, phone=phone)
    found.sleeps()
    return found


def test_alone_in_the_night_she_is_told_of(night: Night) -> None:
    night.walk(1, 12, beside_m=None)

    assert [("movement", "unusual_hour")] == night.alerts()
    assert night.company(NIGHT + minutes(12)) is None


def test_with_her_son_she_is_not_and_those_who_see_her_alerts_are_told_why(night: Night) -> None:
    now = night.walk(1, 20)

    assert [] == night.alerts()
    quiet = watch.quiet(night.connection, viewer(night.town.daughter), night.town.hana.id, now)
    assert quiet.company is not None
    assert night.town.son.name == quiet.company.name
    assert f"{night.town.son.name}さんが一緒にいるようなので" in quiet.company.words.ja
    assert quiet.company.since < NIGHT + minutes(6)
    for who in (night.town.outsider, night.town.operator, night.town.clerk):
        with pytest.raises(NotFound):
            night.company(now, who)
    assert night.company(now + minutes(21)) is None


def test_as_soon_as_he_leaves_her_it_is_told(night: Night) -> None:
    night.walk(1, 6)
    assert [] == night.alerts()
    night.son_is(0.0, NIGHT + minutes(6))
    now = night.walk(7, 8, beside_m=None)

    assert [("movement", "unusual_hour")] == night.alerts()
    assert night.company(now) is None


def test_an_old_place_of_his_is_no_company(night: Night) -> None:
    night.walk(1, 3)
    night.walk(3, 12, beside_m=None)

    assert [("movement", "unusual_hour")] == night.alerts()


def test_his_phone_in_her_house_is_no_company(night: Night) -> None:
    for step, north_m in enumerate((120.0, 150.0, 178.0, 179.0), start=1):
        night.son_is(90.0, NIGHT + minutes(step) - timedelta(seconds=20))
        night.hana(north_m, NIGHT + minutes(step))

    assert [("movement", "unusual_hour")] == night.alerts()


@pytest.mark.parametrize("why", ["took it back", "hidden", "off the list", "agreed later"])
def test_who_did_not_agree_is_not_looked_at(night: Night, why: str) -> None:
    c, here = night.connection, night.town
    if why == "took it back":
        households.share_place(c, viewer(here.son), night.son, False, NIGHT)
    elif why == "hidden":
        households.protect(c, here.hana.id, "son", account_id=here.son.id, by=here.clerk.id, now=NIGHT)
    elif why == "off the list":
        households.remove_contact(c, viewer(here.daughter), here.hana.id, night.son, NIGHT)
    else:
        households.share_place(c, viewer(here.son), night.son, False, NIGHT)
        households.share_place(c, viewer(here.son), night.son, True, NIGHT + minutes(60))
    night.walk(1, 12)

    assert [] == history.companions(c, here.hana.id, NIGHT, NIGHT + minutes(30))
    assert [("movement", "unusual_hour")] == night.alerts()


def test_a_contact_of_somebody_else_is_no_company(night: Night) -> None:
    c, here = night.connection, night.town
    home = households.create_household(c, KAKOGAWA, "田中", [here.outsider.id], DAWN)
    other = households.create_wearer(c, home.id, "ヨネ", by=here.outsider.id, now=DAWN)
    contact_of = households.add_contact(
        c, other.id, here.son.name, account_id=here.son.id, by=here.outsider.id, now=DAWN
    )
    households.share_place(c, viewer(here.son), contact_of.id, True, DAWN)
    devices.assign(c, night.phone.id, contact_id=contact_of.id, now=NIGHT - minutes(30))
    night.walk(1, 12)

    assert [("movement", "unusual_hour")] == night.alerts()


def test_sos_a_fall_and_fences_are_told_in_company(night: Night) -> None:
    c, here = night.connection, night.town
    (garden,) = geo.fences_of(c, [here.hana.id])[here.hana.id]
    geo.change(c, viewer(here.daughter), here.hana.id, garden.id, GeofenceChange(tell_exit=True), DAWN)
    now = night.walk(1, 12)
    for kind in ("sos", "fall"):
        now += minutes(1)
        process(c, [unit(here.watch, an_alarm(kind, at=now), received_at=now)], now)

    assert [("movement", "outside_fence"), ("sos", "sos"), ("fall", "fall")] == night.alerts()


def test_nobody_is_followed_while_there_is_nothing_to_tell(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    real = history.companions

    def noted(connection: Connection, wearer_id: object, from_at: datetime, until_at: datetime) -> object:
        asked.append(until_at)
        return real(connection, wearer_id, from_at, until_at)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "companions", noted)
    for step in range(1, 40):
        night.hana(STEP_M * step, clock("12:00") - timedelta(hours=2) + minutes(step))
    assert [] == asked


def test_a_day_that_is_fine_is_said_beside_it(night: Night) -> None:
    c, here = night.connection, night.town
    now = night.walk(1, 12, beside_m=None)
    (one,) = store.newest(c, [here.hana.id], states=[], before=None, limit=9)
    acting.fine(c, viewer(here.daughter), one.id, FineScope.TODAY, now)

    quiet = watch.quiet(c, viewer(here.daughter), here.hana.id, now)
    assert (None, clock("4:00", day=2)) == (quiet.company, quiet.fine_until)
