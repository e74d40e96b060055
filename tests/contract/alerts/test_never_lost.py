"""No alert is lost, and none goes unheard, for what stands in a row, for who else is at it, or for how long it lasts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts.tables import account_address
from app.alerts.policies import Plan, Policy, Rule, Step, Who, default_plan
from app.alerts.preferences import Preference, Quiet
from app.alerts.service import acting, escalating, mending, raising
from app.alerts.service import telling as telling_service
from app.alerts.store import alerts as store
from app.alerts.store import policies
from app.alerts.tables import alert, duty_shift, escalation_policy, preference, telling
from app.care import store as care
from app.config import Settings
from app.db.engine import open_engine
from app.db.tables import dead_letter
from app.households import service as households
from app.households.tables import consent
from app.kit.errors import Conflict
from app.push.model import Channel, Level
from app.push.retry import Outcome
from app.push.tables import address, message
from app.watch.model import AlertKind, WatchEvent
from tests.build import NOW, Town, an_alarm, minutes, town, unit, viewer
from tests.contract.alerts.test_escalating import an_alert, is_reached_by, let_all_end, the_alert, told
from tests.contract.test_jobs import feed

HALF_A_MINUTE = timedelta(seconds=31)
OF_TOMORROW = {"rules": [], "calendars": {}, "of_tomorrow": 1}
"""As a newer version may write it, beside which this one still runs."""


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(600))


def phones(connection: Connection, here: Town) -> dict[str, int]:
    """How often each of the family was told, and the operator."""
    people = {"daughter": here.daughter, "son": here.son, "operator": here.operator}
    names = [name for name, _ in told(connection)]
    return {word: names.count(one.name) for word, one in people.items() if one.name in names}


def kept(connection: Connection, here: Town, table: sa.Table, **values: object) -> None:
    """A row as somebody else wrote it."""
    by = {"changed_at": NOW, "changed_by": here.clerk.id} if table is escalation_policy else {"changed_at": NOW}
    connection.execute(sa.insert(table).values(**values, **by))


@pytest.mark.parametrize("of_city", [True, False])
def test_a_policy_that_cannot_be_read_costs_no_sos(connection: Connection, here: Town, of_city: bool) -> None:
    about = policies.OF_CITY if of_city else here.hana.id.hex
    kept(connection, here, escalation_policy, city_id=here.hana.city_id, about=about, policy=OF_TOMORROW)
    an_alert(connection, here)

    assert {"daughter": 1, "son": 1} == phones(connection, here)
    assert policies.policy(connection, here.hana.city_id, None) is None


def test_what_somebody_chose_and_nobody_can_read_is_no_choice(connection: Connection, here: Town) -> None:
    kept(connection, here, preference, account_id=here.son.id, preference={"urgent": "never"})
    an_alert(connection, here)

    assert {"daughter": 1, "son": 1} == phones(connection, here)


def test_hours_of_duty_that_cannot_be_read_keep_nobody_else_from_being_told(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    row = {"account_id": here.clerk.id, "hours": {"from_minute": -1}, "from_on": NOW.date(), "created_at": NOW}
    one = sa.insert(duty_shift).values(id=here.clerk.id, city_id=here.hana.city_id, created_by=here.clerk.id, **row)
    connection.execute(one)
    an_alert(connection, here)
    for after in (3, 8, 15):
        escalating.work_off(connection, NOW + minutes(after))

    assert 1 == phones(connection, here)["operator"]


def test_a_plan_that_cannot_be_read_goes_on_as_if_nobody_had_said_anything(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    an_alert(connection, here)
    changed = sa.update(alert).values(plan={"steps": [], "of_tomorrow": 1}, step=7)
    connection.execute(changed)
    escalating.work_off(connection, NOW + minutes(3))

    assert {"daughter": 2, "son": 2, "operator": 1} == phones(connection, here), "the last step is the desk's"
    escalating.work_off(connection, NOW + minutes(3) + timedelta(seconds=default_plan(Level.URGENT).steps[-1].wait_s))
    assert 2 == phones(connection, here)["operator"]


def test_an_alert_of_a_kind_of_tomorrow_holds_up_no_other(connection: Connection, here: Town) -> None:
    an_alert(connection, here)
    row = dict(connection.execute(sa.select(alert)).one()._mapping)
    row |= {"id": here.hana.id, "kind": "of_tomorrow", "due_at": NOW}
    connection.execute(sa.insert(alert).values(row))
    escalating.work_off(connection, NOW + minutes(3))

    assert {"daughter": 2, "son": 2} == phones(connection, here)
    assert 0 == mending.mend(connection, NOW + minutes(3))


@pytest.mark.postgresql
def test_two_workers_at_the_same_phone_go_down_one_rung(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one finds what is to be seen to before the first one has committed."""
    engine = open_engine(where)
    with engine.begin() as connection:
        here = town(connection, NOW - minutes(600))
        for channel in (Channel.WEBHOOK, Channel.EMAIL):
            is_reached_by(connection, here.son, channel)
        an_alert(connection, here)
    queue_up = store.queue_up

    def somebody_was_quicker(connection: Connection, wearer_ids: Iterable[UUID]) -> None:
        monkeypatch.setattr(store, "queue_up", queue_up)
        with engine.begin() as other:
            escalating.work_off(other, NOW + HALF_A_MINUTE)
        queue_up(connection, wearer_ids)

    monkeypatch.setattr(store, "queue_up", somebody_was_quicker)
    with engine.begin() as connection:
        escalating.work_off(connection, NOW + HALF_A_MINUTE)
        assert ["fcm", "webhook"] == [channel for name, channel in told(connection) if name == here.son.name]
    engine.dispose()


@pytest.mark.sqlite
def test_what_is_looked_for_every_few_seconds_is_found_by_an_index(connection: Connection, here: Town) -> None:
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        asked.append((statement, values))

    an_alert(connection, here)
    sa.event.listen(connection.engine, "before_cursor_execute", note)
    escalating.work_off(connection, NOW)
    mending.mend(connection, NOW)
    care.waiting(connection, NOW)
    sa.event.remove(connection.engine, "before_cursor_execute", note)
    queries = [one for one in asked if one[0].startswith("SELECT")]
    found = [row[-1] for one in queries for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + one[0], one[1])]

    assert {"SCAN alert USING INDEX uq_alert_going_on"} == {one for one in found if one.startswith("SCAN")}, "open ones"
    assert {"ix_alert_due", "ix_message_due", "ix_telling_fall"} <= {name for one in found for name in one.split()}


def test_who_may_not_know_any_more_is_not_told_however_long_the_alert_goes_on(
    connection: Connection, here: Town
) -> None:
    an_alert(connection, here)
    for after in (3, 8, 15, 13 * 60):
        escalating.work_off(connection, NOW + minutes(after))
    now = NOW + minutes(13 * 60)
    households.protect(connection, here.hana.id, "佐藤 健", account_id=here.son.id, by=here.clerk.id, now=now)
    jobs.carry_out_intents(connection, Settings(), now)

    query = (
        sa.select(account_address.c.account_id)
        .join(message, message.c.address_id == account_address.c.address_id)
        .where(message.c.state == "waiting")
    )
    assert {here.daughter.id} == set(connection.execute(query).scalars())


def test_whom_the_family_shut_out_stays_out_for_a_day_from_then(connection: Connection, here: Town) -> None:
    an_alert(connection, here)
    in_time = NOW + timedelta(hours=11)
    assert {here.operator.id} == households.let_in(connection, here.hana.id, [here.operator.id], NOW)
    (one,) = connection.execute(sa.select(consent.c.id).where(consent.c.given_as == "emergency")).scalars()
    households.revoke_consent(connection, viewer(here.daughter), here.hana.id, one, in_time)

    for hours in (13, 23):
        now = in_time + timedelta(hours=hours)
        assert frozenset() == households.let_in(connection, here.hana.id, [here.operator.id], now), hours
    now = in_time + timedelta(hours=24, seconds=1)
    assert {here.operator.id} == households.let_in(connection, here.hana.id, [here.operator.id], now)


def worsens(here: Town, level: Level, at: datetime) -> WatchEvent:
    return WatchEvent(
        wearer_id=here.hana.id, kind=AlertKind.DEVICE, rule="device_fault", subject=here.watch.id.hex, level=level,
        cause=f"{level}:{at.isoformat()}", at=at, received_at=at,
    )  # fmt: skip


def test_a_notice_that_was_taken_and_became_an_emergency_ends_at_the_desk_when_it_is_forgotten(
    connection: Connection, here: Town
) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    raising.raise_all(connection, [worsens(here, Level.NOTICE, NOW)], NOW)
    acting.acknowledge(connection, viewer(here.daughter), the_alert(connection, here).id, NOW)
    raising.raise_all(connection, [worsens(here, Level.URGENT, NOW + minutes(5))], NOW + minutes(5))
    for after in range(30, 60):
        escalating.work_off(connection, NOW + minutes(after))

    assert 1 <= phones(connection, here)["operator"]


def test_a_second_press_is_told_though_somebody_took_the_first_just_now(connection: Connection, here: Town) -> None:
    alert = an_alert(connection, here)
    acting.acknowledge(connection, viewer(here.son), alert.id, NOW + timedelta(seconds=50))
    again = NOW + timedelta(seconds=70)
    feed(connection, unit(here.watch, an_alarm("sos", at=again), received_at=again))

    assert {"daughter": 2, "son": 2} == phones(connection, here)


def test_a_desk_that_no_service_reaches_is_told_as_often_as_the_plan_says(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    rule = Rule(level=Level.URGENT, plan=Plan(steps=[Step(who=[Who.DESK], wait_s=1800, times=None)]))
    policies.put_policy(connection, here.hana.city_id, None, Policy(rules=[rule]), here.clerk.id, NOW)
    an_alert(connection, here)
    for half_minutes in range(120):
        now = NOW + half_minutes * HALF_A_MINUTE
        let_all_end(connection, {Channel.FCM: Outcome.REFUSED}, now)
        escalating.work_off(connection, now)

    assert {"operator": 3} == phones(connection, here), "at once, after half an hour and after an hour"


def test_an_alert_that_nobody_ends_holds_up_no_forgetting(
    connection: Connection, here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalating, "AT_ONCE_MAX", 2)
    an_alert(connection, here)
    raising.raise_all(connection, [worsens(here, Level.NOTICE, NOW)], NOW)
    later = NOW + timedelta(days=Settings().retention_days, minutes=1)
    for _ in range(2):
        jobs.forget(connection, Settings(), later)

    assert 0 == connection.execute(sa.select(sa.func.count()).select_from(telling)).scalar_one()


def test_the_good_news_of_what_nobody_wanted_to_hear_is_told_to_nobody(connection: Connection, here: Town) -> None:
    for one in (here.daughter, here.son):
        policies.put_preference(connection, one.id, Preference(without=[AlertKind.DEVICE]), NOW)
    raising.raise_all(connection, [worsens(here, Level.NOTICE, NOW)], NOW)
    acting.resolve(connection, viewer(here.daughter), the_alert(connection, here).id, NOW + minutes(1))

    assert [] == connection.execute(sa.select(message.c.kind)).all()


@pytest.mark.parametrize(("level", "held"), [(Level.NOTICE, True), (Level.URGENT, False)])
def test_what_became_of_a_notice_waits_for_the_morning_as_the_notice_does(
    connection: Connection, here: Town, level: Level, held: bool
) -> None:
    at_noon = Preference(quiet=Quiet(from_minute=11 * 60, until_minute=13 * 60))
    policies.put_preference(connection, here.son.id, at_noon, NOW)
    raising.raise_all(connection, [worsens(here, level, NOW)], NOW)
    acting.resolve(connection, viewer(here.daughter), the_alert(connection, here).id, NOW + minutes(1))

    query = sa.select(message.c.not_before).where(message.c.kind == "alert.resolved")
    (not_before,) = connection.execute(query).scalars()
    assert (NOW + minutes(60) if held else None) == not_before


def test_who_took_it_alone_where_two_are_wanted_is_told_again_when_it_is_not_over(
    connection: Connection, here: Town
) -> None:
    rule = Rule(
        level=Level.URGENT, plan=Plan(steps=[Step(who=[Who.CONTACTS], wait_s=600, times=None)], acknowledgements=2)
    )
    policies.put_policy(connection, here.hana.city_id, None, Policy(rules=[rule]), here.clerk.id, NOW)
    alert = an_alert(connection, here)
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW)
    for after in (10, 20):
        escalating.work_off(connection, NOW + minutes(after))
    assert {"daughter": 1, "son": 3} == phones(connection, here)
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW + minutes(29))
    for after in (30, 40, 50):
        escalating.work_off(connection, NOW + minutes(after))
    assert 1 == phones(connection, here)["daughter"], "she still sees to it"
    for after in (60, 70):
        escalating.work_off(connection, NOW + minutes(after))
    assert 3 == phones(connection, here)["daughter"]


def test_the_same_answer_once_more_tells_nobody_again(connection: Connection, here: Town) -> None:
    alert = an_alert(connection, here)
    for seconds in (0, 2, 5):
        acting.go(connection, viewer(here.son), alert.id, minutes(20), NOW + timedelta(seconds=seconds))
    acting.go(connection, viewer(here.son), alert.id, minutes(30), NOW + timedelta(seconds=60))

    query = sa.select(sa.func.count()).where(message.c.kind == "alert.on_the_way_at")
    assert 2 == connection.execute(query).scalar_one(), "that he goes, and that he comes later"


def test_who_has_it_says_so_once_more_and_nobody_on_the_way_is_waited_for_less(
    connection: Connection, here: Town
) -> None:
    alert = an_alert(connection, here)
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW)
    acting.go(connection, viewer(here.son), alert.id, minutes(120), NOW)
    for answer in (acting.acknowledge, lambda *who: acting.go(*who[:3], None, who[3])):
        answer(connection, viewer(here.daughter), alert.id, NOW + minutes(1))
        escalating.work_off(connection, NOW + minutes(134))
        assert {"daughter": 1, "son": 1} == phones(connection, here)

    acting.go(connection, viewer(here.son), alert.id, minutes(20), NOW + minutes(2))
    escalating.work_off(connection, NOW + minutes(37))
    assert {"daughter": 2, "son": 2} == phones(connection, here), "he comes sooner than he said"


@pytest.mark.parametrize("arrives_in", [None, 90])
def test_what_was_taken_or_told_by_a_clock_that_was_ahead_is_found(
    connection: Connection, here: Town, arrives_in: int | None
) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    ahead = NOW + minutes(60 * 24 * 30)
    alert = an_alert(connection, here)
    acting.go(connection, viewer(here.daughter), alert.id, arrives_in and minutes(arrives_in), NOW)
    assert 0 == mending.mend(connection, NOW + minutes(1)), "as it should be"
    acting.acknowledge(connection, viewer(here.daughter), alert.id, ahead)
    connection.execute(sa.update(telling).values(fall_at=ahead + HALF_A_MINUTE))

    assert 3 == mending.mend(connection, NOW + minutes(1)), "the alert and two who were told"
    assert 0 == mending.mend(connection, NOW + minutes(1))
    escalating.work_off(connection, NOW + minutes(1))
    assert [(here.son.name, "webhook")] == told(connection)[2:], "his phone did not show it, she has it"
    escalating.work_off(connection, NOW + minutes(1 + (30 if arrives_in is None else 105)))
    assert {"daughter": 2, "son": 3} == phones(connection, here)


def test_what_waits_for_the_morning_is_of_no_clock_that_was_ahead(connection: Connection, here: Town) -> None:
    until_tomorrow = Preference(quiet=Quiet(from_minute=12 * 60, until_minute=11 * 60 + 59))
    policies.put_preference(connection, here.son.id, until_tomorrow, NOW)
    raising.raise_all(connection, [worsens(here, Level.NOTICE, NOW)], NOW)
    assert 0 == mending.mend(connection, NOW)
    raising.raise_all(connection, [worsens(here, Level.URGENT, NOW + minutes(1))], NOW + minutes(1))

    assert 0 == mending.mend(connection, NOW + minutes(1)), "he was told anew, that it is urgent"


def test_what_matters_more_than_when_it_was_taken_is_forgotten_no_longer_than_that_may_be(
    connection: Connection, here: Town
) -> None:
    rules = [
        Rule(level=Level.NOTICE, plan=Plan(steps=[Step(who=[Who.CONTACTS], wait_s=60)], forgotten_s=24 * 3600)),
        Rule(level=Level.URGENT, plan=default_plan(Level.URGENT)),
    ]
    policies.put_policy(connection, here.hana.city_id, None, Policy(rules=rules), here.clerk.id, NOW)
    raising.raise_all(connection, [worsens(here, Level.NOTICE, NOW)], NOW)
    acting.acknowledge(connection, viewer(here.son), the_alert(connection, here).id, NOW)
    raising.raise_all(connection, [worsens(here, Level.URGENT, NOW + minutes(5))], NOW + minutes(5))
    assert {"daughter": 2, "son": 2} == phones(connection, here)

    escalating.work_off(connection, NOW + minutes(36))
    assert {"daughter": 3, "son": 3} == phones(connection, here)


def test_an_sos_that_reaches_nobody_at_first_is_tried_again_as_soon_as_any(connection: Connection, here: Town) -> None:
    connection.execute(sa.update(address).values(dead_since=NOW))
    an_alert(connection, here)
    is_reached_by(connection, here.operator, Channel.FCM)
    escalating.work_off(connection, NOW + minutes(10))

    assert {"operator": 1} == phones(connection, here)


def test_escalating_tells_others_and_not_the_same_people_again(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    alert = an_alert(connection, here)
    acting.escalate(connection, viewer(here.son), alert.id, 1, NOW)

    assert {"daughter": 2, "son": 2} == phones(connection, here), "nobody is on duty"
    acting.escalate(connection, viewer(here.son), alert.id, 2, NOW)
    assert {"daughter": 3, "son": 3, "operator": 1} == phones(connection, here)
    with pytest.raises(Conflict):
        acting.escalate(connection, viewer(here.son), alert.id, 3, NOW)


@pytest.mark.postgresql
def test_what_is_being_told_by_who_does_not_know_yet_that_a_consent_is_gone_is_called_off_too(where: str) -> None:
    engine, later = open_engine(where), NOW + minutes(3)
    with engine.begin() as connection:
        here = town(connection, NOW - minutes(600))
        an_alert(connection, here)
        connection.execute(sa.update(message).values(state="sent"))
        query = sa.select(consent.c.id).where(consent.c.account_id == here.son.id)
        (of_son,) = connection.execute(query).scalars()
    with engine.begin() as telling_it, engine.connect() as connection:
        escalating.work_off(telling_it, later)
        connection.exec_driver_sql("SET lock_timeout = '50ms'")
        households.revoke_consent(connection, viewer(here.daughter), here.hana.id, of_son, later)
        connection.commit()
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            telling_service.untell(connection, here.hana.household_id, later)
    with engine.begin() as connection:
        telling_service.untell(connection, here.hana.household_id, later)
        states = connection.execute(sa.select(message.c.state).where(message.c.state != "sent")).scalars()
        assert ["cancelled", "waiting"] == sorted(states)
    engine.dispose()


def test_a_defect_in_telling_costs_nobody_her_alert(
    connection: Connection, here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(escalating, "begin", broken)
        an_alert(connection, here)
    assert 0 == connection.execute(sa.select(sa.func.count()).select_from(dead_letter)).scalar_one()

    assert 1 == mending.mend(connection, NOW)
    escalating.work_off(connection, NOW)

    assert {"daughter": 1, "son": 1} == phones(connection, here)


def test_what_somebody_has_who_was_disabled_since_opens_again(connection: Connection, here: Town) -> None:
    taken = an_alert(connection, here)
    acting.acknowledge(connection, viewer(here.son), taken.id, NOW)
    connection.execute(sa.text("UPDATE account SET disabled_at = created_at WHERE email LIKE 'son%'"))

    assert 0 == mending.mend(connection, NOW), "it is no defect"
    escalating.work_off(connection, NOW)

    assert {"daughter": 2, "son": 1} == phones(connection, here)


def test_one_emergency_is_one_consent_however_long_it_lasts(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    an_alert(connection, here)
    for hours in range(40):
        escalating.work_off(connection, NOW + minutes(60 * hours))

    emergencies = sa.select(consent.c.until_at).where(consent.c.given_as == "emergency")
    (until_at,) = connection.execute(emergencies).scalars()
    assert until_at > NOW + minutes(40 * 60)


def test_nobody_of_the_city_is_let_in_for_a_notice(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.operator, Channel.FCM)
    rule = Rule(level=Level.NOTICE, plan=Plan(steps=[Step(who=[Who.DESK], wait_s=60, times=None)]))
    policies.put_policy(connection, here.hana.city_id, None, Policy(rules=[rule]), here.clerk.id, NOW)
    feed(connection, unit(here.watch, an_alarm("power_off")))

    assert [] == list(connection.execute(sa.select(consent.c.id).where(consent.c.given_as == "emergency")).scalars())
    assert {} == phones(connection, here)
