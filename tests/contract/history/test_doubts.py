"""Passages of one tag that cannot both be true: whatever order they come in, and what the staff is told of them."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Account, Role
from app.history import doubting, service
from app.history.routes import areas
from app.history.tables import doubt, open_passage, passage
from app.households import service as households
from app.households.model import Scope
from app.households.tables import look
from app.pipeline import process
from app.tags import service as tags
from app.tags.doubt import At
from beacon_ingest.messages import DetectorUnit
from tests.build import NOW, VENDOR, account, viewer
from tests.contract.history.street import Street, at, body, street


@pytest.fixture
def here(connection: Connection) -> Street:
    return street(connection)


def feed(connection: Connection, *units: DetectorUnit) -> None:
    for one in units:
        process(connection, [one], one.received_at)


def marks(connection: Connection) -> list[bool]:
    return [row.doubtful for table in (open_passage, passage) for row in connection.execute(sa.select(table))]


def count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize("late", [0, 3_600, 86_400])
@pytest.mark.parametrize("far_first", [False, True])
def test_two_places_at_once_are_doubted_however_late_they_are_told(
    connection: Connection, here: Street, late: float, far_first: bool
) -> None:
    told = [(here.gate, 0), (here.far, 30)]
    for number, (pole, second) in enumerate(reversed(told) if far_first else told):
        feed(connection, body(pole, here.tag, [second], received=max(30, late) + number))

    assert [True, True] == marks(connection)
    assert 1 == count(connection, doubt)


def test_what_is_told_minutes_later_is_held_against_what_is_already_history(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0, 2]))
    assert 1 == service.close_over(connection, at(362))

    feed(connection, body(here.far, here.tag, [30], received=363))

    assert (1, 1) == (count(connection, open_passage), count(connection, passage))
    assert [True, True] == marks(connection)


def test_a_vendor_reads_a_passage_again_that_is_doubted_later(connection: Connection, here: Street) -> None:
    vendor = viewer(account(connection, "vendor", VENDOR, Role.VENDOR))
    feed(connection, body(here.gate, here.tag, [0]))
    service.close_over(connection, at(1_000))
    first = service.feed(connection, vendor, 0, 9, at(1_000))

    feed(connection, body(here.far, here.tag, [30], received=3_600))
    then = service.feed(connection, vendor, first.last, 9, at(3_600))

    assert {("東門", True), ("遠く", True)} == {
        (name, one.passage.doubtful) for one, name in then.items if one.passage is not None
    }


def test_a_body_of_thousands_of_stretches_is_compared_with_its_neighbours_only(
    connection: Connection, here: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    def is_impossible(one: At, other: At, distance_m: float) -> bool:
        nonlocal compared
        compared += 1
        return distance_m > 10_000

    monkeypatch.setattr(doubting, "is_impossible", is_impossible)
    stretches = range(-1_000_000, 0, 200)
    assert 5_000 == len(stretches)
    feed(connection, body(here.gate, here.tag, stretches, received=0))
    assert 0 == compared

    feed(connection, body(here.far, here.tag, [second + 100 for second in stretches], received=1))

    assert compared <= 20_000
    assert [True] * 10_000 == marks(connection)


def test_only_who_may_see_her_is_told_whose_tag_is_doubted_and_that_is_a_look(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [610]), body(here.far, here.tag, [612]))
    clerk, operator = viewer(here.town.clerk), viewer(here.town.operator)
    households.give_consent(
        connection, here.town.hana.id, role=Role.OPERATOR, scopes=[Scope.PLACE], by=here.town.daughter.id, now=NOW
    )  # fmt: skip

    (hidden,) = [areas._shown(one) for one in service.doubts(connection, clerk, None, 9, at(700))]
    assert (here.tag.id, [], None, None) == (hidden.tag, hidden.passages, hidden.distance_m, hidden.apart_s)
    assert at(610).replace(minute=0, second=0, microsecond=0) == hidden.at
    assert 4 == hidden.id.version, "a key of another version would tell when it was made"
    assert 0 == count(connection, look)

    (shown,) = [areas._shown(one) for one in service.doubts(connection, operator, None, 9, at(700))]
    assert (here.tag.id, 2, at(612)) == (shown.tag, len(shown.passages), shown.at)
    assert 1 == count(connection, look)


def test_a_doubt_about_two_wearers_is_told_to_who_may_see_both(connection: Connection, here: Street) -> None:
    taro = households.create_wearer(connection, here.town.hana.household_id, "Taro", by=here.town.daughter.id, now=NOW)
    tags.assign_tag(connection, here.tag.id, taro.id, now=at(11))
    households.give_consent(
        connection, here.town.hana.id, role=Role.OPERATOR, scopes=[Scope.PLACE], by=here.town.daughter.id, now=NOW
    )  # fmt: skip
    feed(connection, body(here.gate, here.tag, [10]), body(here.far, here.tag, [12]))

    found = [
        (one.hidden, one.tag_id)
        for who in (here.town.operator, here.town.daughter)
        for one in service.doubts(connection, viewer(who), None, 9, at(60))
    ]

    assert [(True, None), (False, here.tag.id)] == found


def test_the_office_is_told_which_tag_is_doubted_unless_its_wearer_is_hidden_from_it(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [10]), body(here.far, here.tag, [12]))
    administrator = account(connection, "chief", VENDOR, Role.ADMINISTRATOR)

    def told(who: Account) -> list[UUID | None]:
        return [one.tag_id for one in service.doubts(connection, viewer(who), None, 9, at(60))]

    assert [[here.tag.id]] * 2 + [[None]] == [told(one) for one in (here.town.clerk, administrator, here.town.operator)]

    by = administrator.id
    households.protect(
        connection, here.town.hana.id, "a former husband", account_id=here.town.clerk.id, by=by, now=at(60)
    )
    assert [[None], [here.tag.id]] == [told(here.town.clerk), told(administrator)]


def test_a_tag_is_not_named_that_somebody_wears_now_who_is_hidden(connection: Connection, here: Street) -> None:
    feed(connection, body(here.gate, here.tag, [10]), body(here.far, here.tag, [12]))
    taro = households.create_wearer(connection, here.town.hana.household_id, "Taro", by=here.town.daughter.id, now=NOW)
    tags.assign_tag(connection, here.tag.id, taro.id, now=at(30))
    clerk = here.town.clerk
    households.protect(connection, taro.id, "a former wife", account_id=clerk.id, by=clerk.id, now=at(30))

    assert [None] == [one.tag_id for one in service.doubts(connection, viewer(clerk), None, 9, at(60))]


def test_doubts_come_in_pages_newest_first(connection: Connection, here: Street) -> None:
    for number in range(3):
        start = number * 10_000
        feed(connection, body(here.gate, here.tag, [start]), body(here.far, here.tag, [start + 10]))
    clerk = viewer(here.town.clerk)

    first, second = service.doubts(connection, clerk, None, 2, NOW + timedelta(days=1))
    (third,) = service.doubts(connection, clerk, second.id, 2, NOW + timedelta(days=1))

    assert 3 == len({first.id, second.id, third.id})
    assert at(10) == third.doubt.at
