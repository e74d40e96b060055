"""Who may see where Hana is and was, what they are told, and the row that every look leaves."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.history.model import Freshness, Track
from app.history.service import positions as service
from app.households import service as households
from app.households.model import Purpose, Scope
from app.households.tables import look
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import WearerId, new_id
from tests.build import NOW, Town, viewer
from tests.contract.history.build import a_position

HOUR = timedelta(hours=1)


def looks(connection: Connection) -> list[str]:
    return list(connection.execute(sa.select(look.c.purpose)).scalars())


def track(connection: Connection, cast: Town, points: int = 100, hours: int = 24) -> Track:
    service.look_at_track(connection, viewer(cast.daughter), cast.hana.id, NOW)
    return service.track(
        connection, viewer(cast.daughter), cast.hana.id, NOW - hours * HOUR, NOW + timedelta(seconds=1), points, NOW
    )


def test_her_family_sees_where_she_is_and_the_look_is_a_row(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-4)])
    found = service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW)

    assert (Freshness.FRESH, 240) == (found.freshness, found.age_s)
    assert [Purpose.PLACE] == looks(connection)


def test_a_device_that_is_overdue_leaves_a_stale_place(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-60)])

    assert Freshness.STALE is service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW).freshness


def test_nothing_known_is_an_answer_and_a_look_too(connection: Connection, cast: Town) -> None:
    found = service.where_is(connection, viewer(cast.daughter), cast.hana.id, NOW)

    assert (Freshness.UNKNOWN, None) == (found.freshness, found.position)
    assert [Purpose.PLACE] == looks(connection)


@pytest.mark.parametrize("who", ["outsider", "stranger", "clerk", "operator"])
def test_whoever_no_consent_names_gets_the_same_answer_as_for_an_unknown_person(
    connection: Connection, cast: Town, who: str
) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id)])
    someone = viewer(getattr(cast, who))
    refusals = []
    for wearer_id in (cast.hana.id, WearerId(new_id())):
        for ask in (service.where_is, service.look_at_track):
            with pytest.raises(NotFound) as refusal:
                ask(connection, someone, wearer_id, NOW)
            refusals.append(refusal.value.detail)

    assert 1 == len(set(refusals))
    assert [] == looks(connection)


def test_a_consent_to_see_the_place_does_not_show_the_track(connection: Connection, cast: Town) -> None:
    neighbour = viewer(cast.outsider)
    households.give_consent(
        connection,
        cast.hana.id,
        scopes=[Scope.PLACE],
        account_id=neighbour.account_id,
        by=cast.daughter.id,
        now=NOW,
    )

    assert Freshness.UNKNOWN is service.where_is(connection, neighbour, cast.hana.id, NOW).freshness
    with pytest.raises(NotFound):
        service.look_at_track(connection, neighbour, cast.hana.id, NOW)
    with pytest.raises(NotFound):
        service.track(connection, neighbour, cast.hana.id, NOW - HOUR, NOW, 100, NOW)


def test_a_track_is_thinned_and_says_how_much_was_left_out(connection: Connection, cast: Town) -> None:
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-minute) for minute in range(60)])
    shown = track(connection, cast, points=10)

    assert (10, 50, None) == (len(shown.points), shown.left_out, shown.next_at)
    assert (NOW - timedelta(minutes=59), NOW) == (shown.points[0].at, shown.points[-1].at)
    assert [Purpose.TRACK] == looks(connection)


def test_a_long_track_comes_in_parts_that_are_thinned_each(
    connection: Connection, cast: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TRACK_ROWS_MAX", 40)
    service.append(connection, [a_position(cast.watch.id, cast.hana.id, minutes=-minute) for minute in range(60)])
    shown = track(connection, cast, points=10)

    assert (10, 30) == (len(shown.points), shown.left_out)
    assert shown.next_at == NOW - timedelta(minutes=19)


def test_a_span_is_the_last_day_unless_told_otherwise() -> None:
    assert (NOW - 24 * HOUR, NOW) == service.span(None, None, NOW)
    assert (NOW - 25 * HOUR, NOW - HOUR) == service.span(None, NOW - HOUR, NOW)
    assert (NOW - 2 * HOUR, NOW) == service.span(NOW - 2 * HOUR, None, NOW)


@pytest.mark.parametrize(
    ("from_at", "until_at", "where"),
    [
        (NOW, NOW, "from"),
        (NOW + HOUR, NOW, "from"),
        (NOW - timedelta(days=31, seconds=1), NOW, "from"),
        (None, service.EARLIEST - HOUR, "until"),
        (None, service.LATEST + HOUR, "until"),
    ],
)
def test_a_span_that_is_none_or_too_long_is_refused_and_named(
    from_at: datetime | None, until_at: datetime, where: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.span(from_at, until_at, NOW)

    assert where == refusal.value.where


def test_thirty_one_days_are_one_question() -> None:
    assert (NOW - timedelta(days=31), NOW) == service.span(NOW - timedelta(days=31), NOW, NOW)
