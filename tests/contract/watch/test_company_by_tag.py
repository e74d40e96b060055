"""Company by tag, through the real pipeline: a contact who agreed carries a tag of their own, and is heard beside her.
What is heard of it is nobody's history.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.store import alerts as store
from app.config import Settings
from app.geo import service as geo
from app.geo.model import GeofenceChange
from app.history import service as history
from app.history.tables import contact_heard, open_passage, passage
from app.households import service as households
from app.households.tables import contact
from app.kit.errors import Conflict, NotFound
from app.kit.ids import ContactId, WearerId, new_id
from app.pipeline import process
from app.tags import service as tags
from app.tags.model import Detector, DetectorKind, Tag
from app.tags.registration import DetectorDraft
from app.watch import service as watch
from tests.build import KAKOGAWA, NOW, Town, a_fix, minutes, town, unit, viewer
from tests.contract.history.build import off
from tests.contract.history.street import at, body
from tests.unit.watch.build import clock

DAWN = NOW - timedelta(days=10)
NIGHT = clock("23:00")
NIGHT_S = (NIGHT - NOW).total_seconds()
POLES_M = (350, 700, 1_050, 1_400)
"""So far north of her home they stand: five minutes from each to the next."""


class Street(Struct, kw_only=True):
    """Hana, who wears a tag and nothing else, poles along her street, and a tag for her son."""

    connection: Connection
    town: Town
    son: ContactId
    hers: Tag
    his: Tag
    poles: Sequence[Detector]

    def pass_by(self, number: int, *of: Tag, minute: float) -> None:
        """A pole hears these tags, in the order in which they are told."""
        for one in of:
            heard = body(self.poles[number], one, [NIGHT_S + 60 * minute, NIGHT_S + 60 * minute + 4])
            process(self.connection, [heard], heard.received_at)

    def walk(self, *of: Tag) -> datetime:
        for number in range(len(self.poles)):
            self.pass_by(number, *of, minute=5 * number + 5)
        return NIGHT + minutes(5 * len(self.poles))

    def alerts(self) -> list[tuple[str, str]]:
        found = store.newest(self.connection, [self.town.hana.id], states=[], before=None, limit=9)
        return [(one.kind.value, one.reasons[0].code) for one in reversed(found) if one.kind.value == "movement"]

    def company(self, now: datetime) -> str | None:
        quiet = watch.quiet(self.connection, viewer(self.town.daughter), self.town.hana.id, now)
        return None if quiet.company is None else quiet.company.name

    def kept(self) -> int:
        return self.connection.execute(sa.select(sa.func.count()).select_from(contact_heard)).scalar_one()

    def carry_out(self, now: datetime) -> None:
        jobs.carry_out_intents(self.connection, Settings(), now)


@pytest.fixture
def street(connection: Connection) -> Street:
    here = town(connection, DAWN)
    (garden,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
    geo.change(connection, viewer(here.daughter), here.hana.id, garden.id, GeofenceChange(tell_exit=False), DAWN)
    son = ContactId(connection.execute(sa.select(contact.c.id).where(contact.c.account_id == here.son.id)).scalar_one())
    households.share_place(connection, viewer(here.son), son, True, DAWN)
    hers, his = (
        tags.register_tag(
            connection,
            city_id=KAKOGAWA,
            vendor="Aruku",
            scheme="ibeacon",
            identity=f"acfd065e-c3c0-11e3-9bbe-1a514932ac01/1/{minor}",
            now=DAWN,
        )
        for minor in (1, 2)
    )
    tags.assign_tag(connection, hers.id, here.hana.id, now=DAWN)
    tags.lend_tag(connection, his.id, son, DAWN)
    return Street(
        connection=connection,
        town=here,
        son=son,
        hers=hers,
        his=his,
        poles=[_pole(connection, metres) for metres in POLES_M],
    )


def _pole(connection: Connection, north_m: float) -> Detector:
    place = off(0.0, north_m)
    name = f"{north_m:.0f} m"
    draft = DetectorDraft(kind=DetectorKind.FIXED, name=name, lat_deg=place.lat_deg, lon_deg=place.lon_deg)
    return tags.register_detector(connection, KAKOGAWA, draft, DAWN)


def test_alone_in_the_night_she_is_told_of(street: Street) -> None:
    now = street.walk(street.hers)

    assert [("movement", "unusual_hour")] == street.alerts()
    assert street.company(now) is None


def test_a_tag_that_is_heard_beside_hers_is_company(street: Street) -> None:
    now = street.walk(street.his, street.hers)

    assert [] == street.alerts()
    assert street.town.son.name == street.company(now)


def test_of_one_body_it_does_not_matter_whose_tag_comes_first(street: Street) -> None:
    """The usual case: one detector hears both, and says so at once."""
    for number in range(len(POLES_M)):
        seconds = [NIGHT_S + 300 * (number + 1)]
        pair = [body(street.poles[number], one, seconds) for one in (street.hers, street.his)]
        process(street.connection, pair, pair[0].received_at)

    assert [] == street.alerts()


def test_a_tag_beside_her_tracker_is_company(street: Street) -> None:
    """She is seen by her watch, he by the poles that both come by, two minutes apart."""
    c, here = street.connection, street.town
    tags.release_tag(c, street.hers.id, DAWN)
    street.poles = [_pole(c, 140.0 * number) for number in range(1, 11)]
    for step in range(-6, 21):
        when = NIGHT + minutes(step)
        if step > 0 and step % 2 == 0:
            street.pass_by(step // 2 - 1, street.his, minute=step)
        process(c, [unit(here.watch, a_fix(max(0.0, 70.0 * step), at=when), received_at=when)], when)

    assert [] == street.alerts()
    assert here.son.name == street.company(NIGHT + minutes(20))


def test_as_soon_as_he_is_elsewhere_it_is_told(street: Street) -> None:
    for number in range(2):
        street.pass_by(number, street.his, street.hers, minute=5 * number + 5)
    for number in (2, 3):
        street.pass_by(0, street.his, minute=5 * number + 5)
        street.pass_by(number, street.hers, minute=5 * number + 5)

    assert [("movement", "unusual_hour")] == street.alerts()
    assert street.company(NIGHT + minutes(21)) is None


def test_what_is_heard_of_him_is_nobodys_passage(street: Street) -> None:
    street.walk(street.his, street.hers)
    c = street.connection
    for table in (open_passage, passage):
        whose = c.execute(sa.select(table.c.tag_id).distinct()).scalars().all()
        assert street.his.id not in whose
    assert 4 == street.kept()


def test_what_is_heard_of_him_is_kept_for_two_hours_and_a_quarter(street: Street) -> None:
    street.walk(street.his)
    c = street.connection
    heard_last = NIGHT + minutes(20)

    jobs.forget(c, Settings(), heard_last + timedelta(hours=2, minutes=14))
    assert 1 == street.kept()
    jobs.forget(c, Settings(), heard_last + timedelta(hours=2, minutes=16))
    assert 0 == street.kept()


def test_what_comes_later_than_that_is_not_kept_at_all(street: Street) -> None:
    late = body(street.poles[0], street.his, [NIGHT_S], received=NIGHT_S + 3 * 3600)
    process(street.connection, [late], late.received_at)

    assert 0 == street.kept()


def test_it_does_not_matter_in_which_order_and_how_often_it_is_told(street: Street) -> None:
    heard = [body(street.poles[0], street.his, [NIGHT_S + second, NIGHT_S + 4], stamp=second) for second in (30, 90, 0)]
    for one in [*heard, *heard]:
        process(street.connection, [one], at(NIGHT_S + 100))

    assert 2 == street.kept()


@pytest.mark.parametrize("why", ["took it back", "hidden", "off the list", "another account", "she ended"])
def test_when_he_agrees_no_more_the_tag_is_his_no_more_and_what_was_kept_goes(street: Street, why: str) -> None:
    c, here = street.connection, street.town
    street.pass_by(0, street.his, minute=5)
    now = NIGHT + minutes(6)
    if why == "took it back":
        households.share_place(c, viewer(here.son), street.son, False, now)
    elif why == "hidden":
        households.protect(c, here.hana.id, "son", account_id=here.son.id, by=here.clerk.id, now=now)
    elif why == "off the list":
        households.remove_contact(c, viewer(here.daughter), here.hana.id, street.son, now)
    elif why == "another account":
        households.change_contact(c, viewer(here.daughter), here.hana.id, street.son, account_id=None, now=now)
    else:
        households.end_wearer(c, viewer(here.daughter), here.hana.id, now)
    if why != "she ended":
        assert [] == history.companions(c, here.hana.id, NIGHT, NIGHT + minutes(30))
    street.pass_by(1, street.his, minute=7)
    assert 1 == street.kept() or why == "she ended"
    street.carry_out(now + minutes(2))
    street.pass_by(2, street.his, minute=9)

    assert all(one.until_at is not None for one in tags.worn(c, [street.his.id])[street.his.id].loans)
    if why != "she ended":
        assert 0 == street.kept()


def test_who_did_not_agree_is_given_no_tag(street: Street) -> None:
    c, here = street.connection, street.town
    daughter = households.contacts_of(c, viewer(here.daughter), here.hana.id, NIGHT)[0].id
    with pytest.raises(Conflict):
        tags.lend_tag(c, street.his.id, daughter, NIGHT)
    with pytest.raises(NotFound):
        tags.lend_tag(c, street.his.id, ContactId(new_id()), NIGHT)
    assert [street.son] == [one.contact_id for one in tags.worn(c, [street.his.id])[street.his.id].loans]


def test_a_tag_is_a_wearers_or_a_contacts_and_never_both(street: Street) -> None:
    c, here = street.connection, street.town
    tags.lend_tag(c, street.hers.id, street.son, NIGHT)
    known = tags.worn(c, [street.hers.id])[street.hers.id]
    assert ([NIGHT], [NIGHT]) == ([one.until_at for one in known.carriers], [one.from_at for one in known.loans])

    with pytest.raises(Conflict):
        tags.assign_tag(c, street.hers.id, here.hana.id, now=NIGHT + minutes(9), from_at=NIGHT - minutes(1))
    tags.assign_tag(c, street.hers.id, here.hana.id, now=NIGHT + minutes(9), from_at=NIGHT + minutes(5))
    known = tags.worn(c, [street.hers.id])[street.hers.id]
    assert [NIGHT + minutes(5)] == [one.until_at for one in known.loans]
    tags.release_tag(c, street.his.id, NIGHT)
    assert [NIGHT] == [one.until_at for one in tags.worn(c, [street.his.id])[street.his.id].loans]


def test_what_is_heard_before_and_after_he_has_it_is_hers(street: Street) -> None:
    """A body may hold seconds of both."""
    c = street.connection
    tags.lend_tag(c, street.hers.id, street.son, NIGHT + minutes(5))
    tags.assign_tag(c, street.hers.id, street.town.hana.id, now=NIGHT + minutes(10))
    heard = body(street.poles[0], street.hers, [NIGHT_S + 60 * minute for minute in (4, 7, 11)])
    process(c, [heard], NIGHT + minutes(11))

    found = history.passages_at(c, [street.town.hana.id], [street.poles[0].id], NIGHT, NIGHT + minutes(20))
    spans = sorted((one.opened_at, one.last_at) for one in found[WearerId(street.town.hana.id)])
    assert [(NIGHT + minutes(minute),) * 2 for minute in (4, 11)] == spans
    assert 1 == street.kept()
