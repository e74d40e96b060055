"""The family says "this is fine": the alert is over, the others hear who said so, and what watches her has learnt."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts.model import Account
from app.alerts.model import Alert, AlertState, Via, What
from app.alerts.service import acting, answering, raising, viewing
from app.alerts.service.answering import Answer
from app.alerts.store import alerts as store
from app.alerts.tables import alert
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import Conflict, NotFound
from app.kit.ids import MessageId, new_id
from app.push import render
from app.push.model import Level
from app.push.tables import message
from app.watch import service as watch
from app.watch.model import AlertKind, Outcome, Place, Reason, WatchEvent
from app.watch.movement.allowances import AllowanceKind, FineScope
from app.watch.service.looking import subjects_of
from app.watch.tables import allowance
from tests.build import HOME, NOW, Town, a_fix, minutes, town, unit, viewer
from tests.contract.test_jobs import SETTINGS, feed, leave

TODAY, HERE, ALWAYS = FineScope.TODAY, FineScope.HERE, FineScope.ALWAYS
KEPT = {TODAY: [AllowanceKind.DAY], HERE: [AllowanceKind.PLACE], ALWAYS: [AllowanceKind.HOUR, AllowanceKind.PLACE]}
STRAYS = ("unfamiliar_on_foot", "not_back_by")


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(600))


def strays(
    connection: Connection, here: Town, codes: Sequence[str] = STRAYS, at: datetime = NOW, **different: object
) -> Alert:
    """An alert about movement with reasons of these codes, a kilometre from home."""
    place = Place(lat_deg=HOME.lat_deg + 0.009, lon_deg=HOME.lon_deg, accuracy_m=15.0, at=at)
    fields: dict[str, object] = {
        "kind": AlertKind.MOVEMENT,
        "subject": "home",
        "rule": codes[0],
        "level": Level.URGENT,
        "cause": f"movement:1:{at.isoformat()}",
        "reasons": tuple(Reason(code=code, params={"minutes": "20", "distance_m": "800"}) for code in codes),
        "place": place,
    }
    event = WatchEvent(wearer_id=here.hana.id, at=at, received_at=at, **fields | different)  # type: ignore[arg-type]
    raising.raise_all(connection, [event], at)
    return newest(connection, here)


def newest(connection: Connection, here: Town) -> Alert:
    return store.newest(connection, [here.hana.id], states=[], before=None, limit=1)[0]


def titles(connection: Connection, kind: str) -> list[str]:
    rows = connection.execute(sa.select(message).where(message.c.kind == kind))
    return [render.title_and_body(row.kind, "ja", row.params).title for row in rows]


def fine(connection: Connection, who: Account, one: Alert, scope: FineScope, now: datetime = NOW) -> Alert:
    return acting.fine(connection, viewer(who), one.id, scope, now)


def kinds(connection: Connection, here: Town, now: datetime = NOW) -> list[AllowanceKind]:
    """What is fine, as rules read it."""
    found = subjects_of(connection, [here.hana.id])[here.hana.id].allowances
    return sorted(one.kind for one in found if one.until_at is None or one.until_at > now)


@pytest.mark.parametrize("scope", list(FineScope))
def test_it_is_over_and_the_others_hear_who_said_so(connection: Connection, here: Town, scope: FineScope) -> None:
    one = strays(connection, here)
    over = fine(connection, here.daughter, one, scope)

    assert (AlertState.RESOLVED, here.daughter.id) == (over.state, over.ended_by)
    last = [line for line in store.history(connection, one.id) if line.what is What.RESOLVED]
    assert [(here.daughter.id, {"fine": scope, "via": Via.APP})] == [(line.account_id, line.detail) for line in last]
    (title,) = titles(connection, f"alert.fine_{scope}")
    assert title.endswith(f"（{here.daughter.name}さん）")
    assert KEPT[scope] == kinds(connection, here)


@pytest.mark.parametrize("scope", list(FineScope))
def test_twice_is_once(connection: Connection, here: Town, scope: FineScope) -> None:
    one = strays(connection, here)
    first = fine(connection, here.daughter, one, scope)
    for who in (here.daughter, here.son):
        again = fine(connection, who, one, scope, NOW + minutes(5))

        assert (first.state, first.ended_by, first.ended_at) == (again.state, again.ended_by, again.ended_at)
    assert KEPT[scope] == kinds(connection, here)
    assert 1 == len([line for line in store.history(connection, one.id) if line.what is What.RESOLVED])


def test_one_that_is_over_still_teaches_and_nobody_is_told_again(connection: Connection, here: Town) -> None:
    one = strays(connection, here)
    acting.resolve(connection, viewer(here.son), one.id, NOW)
    before = connection.execute(sa.select(sa.func.count()).select_from(message)).scalar_one()
    fine(connection, here.daughter, one, HERE, NOW + minutes(10))

    assert before == connection.execute(sa.select(sa.func.count()).select_from(message)).scalar_one()
    assert [AllowanceKind.PLACE] == kinds(connection, here)
    assert here.son.id == newest(connection, here).ended_by


def test_one_that_somebody_else_has_can_be_said_to_be_fine(connection: Connection, here: Town) -> None:
    one = strays(connection, here)
    acting.acknowledge(connection, viewer(here.son), one.id, NOW)

    assert AlertState.RESOLVED is fine(connection, here.daughter, one, TODAY).state


def test_the_operator_may_say_so_with_a_consent_and_those_who_may_not_see_find_nothing(
    connection: Connection, here: Town
) -> None:
    one = strays(connection, here)
    for who in (here.operator, here.outsider, here.stranger, here.clerk):
        with pytest.raises(NotFound):
            fine(connection, who, one, TODAY)
    households.give_consent(
        connection, here.hana.id, scopes={Scope.ALERTS}, account_id=here.operator.id, by=here.daughter.id, now=NOW
    )

    assert AlertState.RESOLVED is fine(connection, here.operator, one, TODAY).state


@pytest.mark.parametrize(
    ("codes", "different", "scope"),
    [
        (("sos",), {"kind": AlertKind.SOS, "subject": "watch"}, TODAY),
        (("outside_fence",), {}, HERE),
        (("outside_fence",), {}, ALWAYS),
        (("unusual_hour",), {}, HERE),
        (STRAYS, {"place": None}, HERE),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    connection: Connection, here: Town, codes: Sequence[str], different: dict[str, object], scope: FineScope
) -> None:
    one = strays(connection, here, codes, **different)
    with pytest.raises(Conflict):
        fine(connection, here.daughter, one, scope)

    assert (AlertState.OPEN, []) == (newest(connection, here).state, kinds(connection, here))


def test_what_fits_is_said_with_the_alert(connection: Connection, here: Town) -> None:
    (shown,) = viewing.views(connection, [strays(connection, here)])
    assert [TODAY, HERE, ALWAYS] == shown.fine

    feed(connection, unit(here.watch, a_fix()))
    (shown,) = viewing.views(connection, [strays(connection, here, ["sos"], kind=AlertKind.SOS, subject="watch")])
    assert [] == shown.fine


def test_a_day_that_is_over_cannot_be_fine_any_more(connection: Connection, here: Town) -> None:
    one = strays(connection, here)
    with pytest.raises(Conflict):
        fine(connection, here.daughter, one, TODAY, NOW + timedelta(days=1))

    assert KEPT[HERE] == [fine(connection, here.daughter, one, HERE, NOW + timedelta(days=1)) and AllowanceKind.PLACE]


def test_the_hour_of_which_it_was_told_is_usual_from_now_on(connection: Connection, here: Town) -> None:
    reason = Reason(code="unusual_hour", params={"since": "2026-04-01T13:30:00+00:00"})
    one = strays(connection, here, ["unusual_hour"], reasons=(reason,))
    fine(connection, here.daughter, one, ALWAYS)

    (row,) = connection.execute(sa.select(allowance)).all()
    assert ("hour", "unusual_hour", 21 * 60 + 30, 23 * 60 + 30, None) == (
        row.kind, row.rule, row.from_min, row.until_min, row.until_at,
    )  # fmt: skip


def test_one_circle_holds_where_it_was_told_and_where_she_is_now(connection: Connection, here: Town) -> None:
    one = strays(connection, here)
    feed(connection, unit(here.watch, a_fix(600)))
    fine(connection, here.daughter, one, HERE)

    (row,) = connection.execute(sa.select(allowance)).all()
    assert 495 < row.radius_m < 505
    assert HOME.lat_deg + 0.0071 < row.lat_deg < HOME.lat_deg + 0.0073


def test_who_says_so_of_a_fence_hears_of_it_no_more_that_day_and_again_on_the_next(
    connection: Connection, here: Town
) -> None:
    feed(connection, unit(here.watch, a_fix(at=NOW), received_at=NOW))
    leave(connection, here)
    fine(connection, here.daughter, newest(connection, here), TODAY, NOW + minutes(7))
    for days, count in ((0, 1), (1, 2)):
        for n, north_m in enumerate([0, 0, 0, 400, 500, 600]):
            at = NOW + timedelta(days=days, minutes=30 + 2 * n)
            feed(connection, unit(here.watch, a_fix(north_m, at=at), received_at=at))

        assert count == len(store.newest(connection, [here.hana.id], states=[], before=None, limit=9))


def test_a_button_of_a_message_says_so(connection: Connection, here: Town) -> None:
    strays(connection, here)
    key = MessageId(connection.execute(sa.select(message.c.id).order_by(message.c.id)).scalars().first())
    asked = answering.question(connection, key, NOW)
    answered = answering.answer(connection, key, Answer.FINE, None, NOW, HERE)

    assert ([TODAY, HERE, ALWAYS], AlertState.OPEN) == (asked.fine, asked.state)
    assert AlertState.RESOLVED is answered.state
    assert [AllowanceKind.PLACE] == kinds(connection, here)


def test_it_can_be_taken_back_and_is_gone_with_her(connection: Connection, here: Town) -> None:
    hana, daughter = here.hana.id, viewer(here.daughter)
    fine(connection, here.daughter, strays(connection, here), ALWAYS)
    shown = watch.allowances(connection, daughter, hana, None, 50, NOW).items
    assert [("hour", False), ("place", True)] == sorted((one.kept.allowance.kind, one.shows_place) for one in shown)
    assert {(here.daughter.name, True)} == {(one.said_by, one.shows_alert) for one in shown}

    watch.take_back(connection, daughter, hana, shown[0].kept.id, NOW + minutes(1))
    with pytest.raises(NotFound):
        watch.take_back(connection, daughter, hana, shown[0].kept.id, NOW + minutes(1))
    assert 1 == len(kinds(connection, here, NOW + minutes(1)))
    for who in (here.outsider, here.stranger, here.operator):
        with pytest.raises(NotFound):
            watch.allowances(connection, viewer(who), hana, None, 50, NOW)
        with pytest.raises(NotFound):
            watch.take_back(connection, viewer(who), hana, shown[1].kept.id, NOW)

    households.end_wearer(connection, daughter, hana, NOW + minutes(2))
    jobs.run_all(connection, SETTINGS, NOW + minutes(3))
    assert [] == connection.execute(sa.select(allowance)).all()


def test_places_among_it_are_shown_by_consent_alone(connection: Connection, here: Town) -> None:
    fine(connection, here.daughter, strays(connection, here), HERE)
    (shown,) = watch.allowances(connection, viewer(here.clerk), here.hana.id, None, 50, NOW).items
    assert (False, False) == (shown.shows_place, shown.shows_alert)
    assert [] == households.looks_at(connection, viewer(here.daughter), here.hana.id, None, 9, NOW)

    watch.allowances(connection, viewer(here.son), here.hana.id, None, 50, NOW)
    (look,) = households.looks_at(connection, viewer(here.daughter), here.hana.id, None, 9, NOW)
    assert here.son.id == look.account_id


def test_what_is_over_is_deleted_after_a_day(connection: Connection, here: Town) -> None:
    fine(connection, here.daughter, strays(connection, here), TODAY)
    rows = sa.select(sa.func.count()).select_from(allowance)
    jobs.forget(connection, SETTINGS, NOW + timedelta(days=1))
    assert 1 == connection.execute(rows).scalar_one()

    jobs.forget(connection, SETTINGS, NOW + timedelta(days=2))
    assert 0 == connection.execute(rows).scalar_one()


def test_fifty_things_are_fine_at_most(connection: Connection, here: Town) -> None:
    one = strays(connection, here)
    row = {
        "alert_id": one.wearer_id, "scope": "here", "kind": "place", "subject": "home", "rule": "", "lat_deg": 34.0,
        "lon_deg": 134.0, "radius_m": 300.0, "said_by": here.son.id, "said_at": NOW, "wearer_id": here.hana.id,
    }  # fmt: skip
    connection.execute(sa.insert(allowance), [{**row, "id": new_id()} for _ in range(50)])
    with pytest.raises(Conflict):
        fine(connection, here.daughter, one, HERE)
    assert AlertState.OPEN.value == connection.execute(sa.select(alert.c.state)).scalar_one()


def test_passing_news_of_a_fence_is_no_reason_to_know_the_ground(connection: Connection, here: Town) -> None:
    one = strays(connection, here, ["inside_fence"], rule="geofence_enter", outcome=Outcome.PASSING)

    with pytest.raises(Conflict):
        fine(connection, here.daughter, one, ALWAYS)
    assert AlertState.RESOLVED is fine(connection, here.daughter, one, TODAY).state
