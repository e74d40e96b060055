"""Every look at a place is a row that the family reads."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection

from app.accounts.model import Role
from app.households import service
from app.households.model import Look, Purpose
from app.kit.errors import NotFound
from tests.build import NOW
from tests.contract.households.cast import Cast

WINDOW = timedelta(minutes=10)


def looks(connection: Connection, cast: Cast) -> list[Look]:
    return service.looks_at(connection, cast.daughter, cast.hana.id, None, 100, NOW)


def test_looks_within_ten_minutes_are_one_row_for_each_viewer_and_purpose(connection: Connection, cast: Cast) -> None:
    for viewer in (cast.son, cast.aiko):
        for purpose in (Purpose.PLACE, Purpose.TRACK):
            for seconds in (0, 30, 599):
                service.look(connection, viewer, cast.hana.id, purpose, NOW + timedelta(seconds=seconds))

    assert {("son", "place"), ("son", "track"), ("Aiko", "place"), ("Aiko", "track")} == {
        (one.viewer_name, one.purpose) for one in looks(connection, cast)
    }
    assert [one.at for one in looks(connection, cast)] == [NOW] * 4


def test_the_next_ten_minutes_are_a_look_of_their_own_newest_first(connection: Connection, cast: Cast) -> None:
    for moment in (NOW, NOW + WINDOW, NOW + 2 * WINDOW):
        service.look(connection, cast.clerk, cast.hana.id, Purpose.PLACE, moment)
    listed = looks(connection, cast)

    assert [one.at for one in listed] == [NOW + 2 * WINDOW, NOW + WINDOW, NOW]
    assert (
        listed[0].viewer_name,
        listed[0].viewer_role,
        listed[0].purpose,
    ) == ("clerk", Role.CLERK, Purpose.PLACE)


def test_looks_at_another_are_not_hers(connection: Connection, cast: Cast) -> None:
    taro = cast.wearer(connection, "Taro")
    service.look(connection, cast.son, taro.id, Purpose.PLACE, NOW)

    assert looks(connection, cast) == []


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_pages_show_every_look_once_also_those_of_one_moment(connection: Connection, cast: Cast, count: int) -> None:
    viewers = (cast.son, cast.daughter, cast.aiko)
    for viewer in viewers:
        for purpose in Purpose:
            for moment in (NOW, NOW + WINDOW):
                service.look(connection, viewer, cast.hana.id, purpose, moment)
    shown: list[Look] = []
    while True:
        last = (shown[-1].at, shown[-1].account_id, shown[-1].purpose) if shown else None
        part = service.looks_at(connection, cast.clerk, cast.hana.id, last, count, NOW)
        if not part:
            break
        shown += part

    assert len(viewers) * len(Purpose) * 2 == len(shown)
    assert len(set(shown)) == len(shown)
    assert looks(connection, cast) == shown
    assert sorted((one.at for one in shown), reverse=True) == [one.at for one in shown]


def test_only_who_manages_her_reads_who_looked(connection: Connection, cast: Cast) -> None:
    service.add_contact(connection, cast.hana.id, "Aiko", account_id=cast.aiko.account_id, now=NOW)

    for viewer in (cast.aiko, cast.chika, cast.operator, cast.clerk_abroad, cast.family_abroad):
        with pytest.raises(NotFound):
            service.looks_at(connection, viewer, cast.hana.id, None, 10, NOW)
