"""Alerts on their way through their plans: who is told at which step, over which channel, and what keeps them going."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.accounts import service as accounts
from app.accounts.model import Account, Role
from app.accounts.tables import account_address
from app.alerts.model import Alert, AlertState, What
from app.alerts.policies import Calendar, Plan, Policy, Rule, Step, Who
from app.alerts.service import acting, escalating
from app.alerts.service import policies as policy_service
from app.alerts.store import alerts as store
from app.alerts.store import escalating as escalating_store
from app.alerts.store import policies
from app.alerts.tables import escalation_policy, telling
from app.households import service as households
from app.kit.errors import Conflict
from app.programmes.model import Starter
from app.push import outbox
from app.push.model import AddressKind, Channel, Level
from app.push.outbox import Settlement
from app.push.retry import Delivery, Outcome
from app.push.tables import address, message
from tests.build import NOW, Town, a_fix, account, an_alarm, minutes, town, unit, viewer
from tests.contract.test_jobs import SETTINGS, feed
from tests.enrolled import enrol, with_dispatch

DESK = Step(who=[Who.DESK], wait_s=600, times=None)
SECONDS = timedelta(seconds=1)


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW - minutes(600))


def an_alert(connection: Connection, here: Town) -> Alert:
    feed(connection, unit(here.watch, an_alarm("sos")))
    return the_alert(connection, here)


def the_alert(connection: Connection, here: Town) -> Alert:
    (alert,) = store.newest(connection, [here.hana.id], states=[], before=None, limit=2)
    return alert


def is_reached_by(connection: Connection, one: Account, channel: Channel, name: str = "") -> None:
    accounts.add_address(connection, one.id, channel, AddressKind.TOKEN, f"{name}{channel}-of-{one.email}", "ja", NOW)
    confirmed = sa.update(address).values(confirmed_at=NOW, last_receipt_at=NOW)
    connection.execute(confirmed)


def told(connection: Connection) -> list[tuple[str, str]]:
    """Who was told over which channel, in order."""
    query = (
        sa.select(account_address.c.account_id, message.c.channel)
        .join(account_address, account_address.c.address_id == message.c.address_id)
        .where(message.c.on_behalf.is_not(None))
        .order_by(message.c.id)
    )
    people = store.names(connection, {row.account_id for row in connection.execute(query)})
    return [(people[row.account_id], row.channel) for row in connection.execute(query)]


def let_all_end(connection: Connection, outcomes: Mapping[Channel, Outcome], now: Any = NOW) -> None:
    """What became of everything that waited."""
    for channel, outcome in outcomes.items():
        messages = outbox.claim(connection, channel, now)
        delivery = Delivery(outcome=outcome)
        outbox.settle(connection, [Settlement(message=one, delivery=delivery, retry=None) for one in messages], now)


def sets_policy(connection: Connection, here: Town, *steps: Step, **plan: Any) -> None:
    rule = Rule(level=Level.URGENT, plan=Plan(steps=list(steps), **plan))
    policies.put_policy(connection, here.hana.city_id, None, Policy(rules=[rule]), here.clerk.id, NOW)


def test_a_phone_without_a_sign_of_life_falls_through_to_the_next_channel(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    an_alert(connection, here)
    daughter, son = here.daughter.name, here.son.name
    assert [(daughter, "fcm"), (son, "fcm")] == told(connection)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})

    escalating.work_off(connection, NOW + 29 * SECONDS)
    assert 2 == len(told(connection))
    escalating.work_off(connection, NOW + 31 * SECONDS)

    assert [(daughter, "fcm"), (son, "fcm"), (son, "webhook")] == told(connection)


def test_a_phone_that_says_that_it_showed_it_falls_through_to_nothing(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})
    connection.execute(sa.update(message).values(delivered_at=NOW))

    escalating.work_off(connection, NOW + minutes(1))

    assert 2 == len(told(connection))
    assert [None, None] == list(connection.execute(sa.select(telling.c.fall_at)).scalars())


def test_who_is_told_again_meanwhile_hears_it_over_each_channel_once(connection: Connection, here: Town) -> None:
    """The son presses "escalate" with the SMS about to go out; then she has two tellings that go down the channels."""
    for channel in (Channel.WEBHOOK, Channel.EMAIL):
        is_reached_by(connection, here.daughter, channel)
    alert = an_alert(connection, here)
    acting.escalate(connection, viewer(here.son), alert.id, 1, NOW + 20 * SECONDS)
    for after in range(0, 130, 2):
        let_all_end(connection, dict.fromkeys(Channel, Outcome.SENT), NOW + after * SECONDS)
        escalating.work_off(connection, NOW + after * SECONDS)

    heard = [channel for name, channel in told(connection) if name == here.daughter.name]
    assert ["fcm", "fcm", "webhook", "email"] == heard


def test_no_channel_is_left_out_for_who_is_told_again_every_minute(connection: Connection, here: Town) -> None:
    for channel in (Channel.WEBHOOK, Channel.EMAIL):
        is_reached_by(connection, here.daughter, channel)
    sets_policy(connection, here, Step(who=[Who.CONTACTS], wait_s=60, times=5), DESK)
    an_alert(connection, here)
    for after in range(0, 110, 7):
        let_all_end(connection, dict.fromkeys(Channel, Outcome.SENT), NOW + after * SECONDS)
        escalating.work_off(connection, NOW + after * SECONDS)

    heard = [channel for name, channel in told(connection) if name == here.daughter.name]
    assert ["fcm", "webhook", "fcm", "email"] == heard


def test_a_phone_that_showed_what_was_told_again_is_told_over_nothing_else(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.daughter, Channel.WEBHOOK)
    alert = an_alert(connection, here)
    acting.escalate(connection, viewer(here.son), alert.id, 1, NOW + 20 * SECONDS)
    connection.execute(sa.update(message).where(message.c.created_at > NOW).values(delivered_at=NOW))
    for after in range(20, 100, 2):
        escalating.work_off(connection, NOW + after * SECONDS)

    assert {"fcm"} == {channel for _, channel in told(connection)}


def test_nobody_is_told_over_another_channel_once_somebody_has_it(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    alert = an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW)

    escalating.work_off(connection, NOW + minutes(1))

    assert 2 == len(told(connection))


def test_that_it_is_over_comes_by_sms_only_to_whom_it_had_come_so(connection: Connection, here: Town) -> None:
    for one in (here.daughter, here.son):
        is_reached_by(connection, one, Channel.WEBHOOK)
    alert = an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})
    of_daughter = sa.select(account_address.c.address_id).where(account_address.c.account_id == here.daughter.id)
    connection.execute(sa.update(message).where(message.c.address_id.in_(of_daughter)).values(delivered_at=NOW))
    escalating.work_off(connection, NOW + minutes(1))

    acting.resolve(connection, viewer(here.daughter), alert.id, NOW + minutes(1))

    over = sa.select(message.c.channel).where(message.c.kind == "alert.resolved").order_by(message.c.channel)
    assert ["fcm", "webhook"] == list(connection.execute(over).scalars()), "the son's: hers is where she pressed"


def test_that_it_is_over_comes_by_no_sms_to_whom_none_had_come(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    alert = an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})

    acting.resolve(connection, viewer(here.daughter), alert.id, NOW)

    over = sa.select(message.c.channel).where(message.c.kind == "alert.resolved")
    assert ["fcm"] == list(connection.execute(over).scalars())


def test_who_may_not_know_any_more_is_told_over_no_other_channel(connection: Connection, here: Town) -> None:
    is_reached_by(connection, here.son, Channel.WEBHOOK)
    an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.SENT})
    households.protect(connection, here.hana.id, "son", account_id=here.son.id, by=here.clerk.id, now=NOW)

    escalating.work_off(connection, NOW + minutes(1))

    assert 2 == len(told(connection))


def test_a_service_that_is_away_is_waited_for_and_is_no_dead_phone(connection: Connection, here: Town) -> None:
    an_alert(connection, here)

    escalating.work_off(connection, NOW + minutes(1))
    escalating.work_off(connection, NOW + minutes(2))

    timers = escalating_store.timers(connection, [the_alert(connection, here).id])
    assert [1] == [turn for turn, _ in timers.values()], "nobody else is told before it is time"
    assert [False, False] == list(connection.execute(sa.select(telling.c.unreached)).scalars())


def test_two_must_take_it_where_that_is_asked_and_the_first_is_left_in_peace(
    connection: Connection, here: Town
) -> None:
    sets_policy(connection, here, Step(who=[Who.CONTACTS], wait_s=60, times=3), DESK, acknowledgements=2)
    alert = an_alert(connection, here)

    assert AlertState.OPEN is acting.acknowledge(connection, viewer(here.son), alert.id, NOW).state
    assert AlertState.OPEN is acting.acknowledge(connection, viewer(here.son), alert.id, NOW).state, "he is one"
    escalating.work_off(connection, NOW + minutes(1))
    names = [name for name, _ in told(connection)]
    assert [here.daughter.name, here.son.name, here.daughter.name] == names

    assert AlertState.ACKNOWLEDGED is acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW).state
    escalating.work_off(connection, NOW + minutes(10))
    assert 3 == len(told(connection))


def test_one_is_enough_where_there_is_only_one(connection: Connection, here: Town) -> None:
    sets_policy(connection, here, Step(who=[Who.CONTACTS], places=[1], wait_s=60), DESK, acknowledgements=2)
    alert = an_alert(connection, here)

    assert AlertState.ACKNOWLEDGED is acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW).state


def test_who_is_on_duty_is_told_before_the_rest_of_the_desk(connection: Connection, here: Town) -> None:
    for one in (here.operator, here.clerk):
        is_reached_by(connection, one, Channel.FCM)
    sets_policy(connection, here, DESK)
    clerk = viewer(here.clerk)
    hours = Calendar(from_minute=0, until_minute=1440)
    policy_service.add_shift(connection, clerk, here.clerk.id, hours, NOW.date(), None, NOW)

    an_alert(connection, here)

    assert [(here.clerk.name, "fcm")] == told(connection)


@pytest.mark.parametrize("role", [Role.GUARD, Role.FAMILY])
def test_who_answers_for_the_city_no_more_is_on_duty_no_more(connection: Connection, here: Town, role: Role) -> None:
    for one in (here.operator, here.clerk):
        is_reached_by(connection, one, Channel.FCM)
    sets_policy(connection, here, DESK)
    clerk, hours = viewer(here.clerk), Calendar(from_minute=0, until_minute=1440)
    administrator = viewer(account(connection, "administrator", "管理 三郎", Role.ADMINISTRATOR))
    policy_service.add_shift(connection, clerk, here.clerk.id, hours, NOW.date(), None, NOW)
    accounts.change_account(connection, administrator, here.clerk.id, name=None, role=role, disabled=None, now=NOW)

    an_alert(connection, here)

    assert [(here.operator.name, "fcm")] == told(connection)
    assert [] == policy_service.duty(connection, administrator, NOW)


def test_a_policy_that_changes_changes_no_alert_that_goes_on(connection: Connection, here: Town) -> None:
    an_alert(connection, here)
    sets_policy(connection, here, DESK)
    is_reached_by(connection, here.operator, Channel.FCM)

    escalating.work_off(connection, NOW + minutes(3))

    assert [here.daughter.name, here.son.name] * 2 == [name for name, _ in told(connection)]


def test_escalating_goes_on_at_once_and_an_old_button_says_why_not(connection: Connection, here: Town) -> None:
    alert = an_alert(connection, here)
    son = viewer(here.son)
    acting.escalate(connection, son, alert.id, 1, NOW)

    assert 4 == len(told(connection))
    with pytest.raises(Conflict, match="told on meanwhile"):
        acting.escalate(connection, son, alert.id, 1, NOW)
    acting.resolve(connection, son, alert.id, NOW)
    with pytest.raises(Conflict, match="over"):
        acting.escalate(connection, son, alert.id, 2, NOW)


def test_a_notice_is_told_twice_and_then_left(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, an_alarm("power_off")))
    for hours in range(1, 6):
        escalating.work_off(connection, NOW + minutes(61 * hours))

    assert [here.daughter.name, here.son.name] * 2 == [name for name, _ in told(connection)]


def test_one_alert_that_cannot_be_told_on_holds_up_no_other(
    connection: Connection, here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_alert(connection, here)
    feed(connection, unit(here.watch, an_alarm("fall")))
    whole = escalating.carry_on

    def broken(connection: Connection, runs: Any, now: Any) -> None:
        if any(run.alert.kind == "fall" for run in runs):
            raise ValueError("a defect")
        whole(connection, runs, now)

    monkeypatch.setattr(escalating, "carry_on", broken)
    escalating.work_off(connection, NOW + minutes(3))

    alerts = store.newest(connection, [here.hana.id], states=[], before=None, limit=2)
    timers = escalating_store.timers(connection, [one.id for one in alerts])
    turns = {one.kind.value: timers[one.id] for one in alerts}
    assert {"sos": (2, NOW + minutes(8)), "fall": (1, NOW + minutes(4))} == turns


def test_where_an_operator_may_send_a_guard_the_last_step_asks_for_one_once(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW, with_dispatch(started_by=[Starter.OPERATOR]))
    is_reached_by(connection, here.operator, Channel.FCM)
    sets_policy(connection, here, msgspec.structs.replace(DESK, asks_dispatch=True))
    alert = an_alert(connection, here)
    for later in range(3):
        jobs.run_all(connection, SETTINGS, NOW + minutes(11 * later))

    kinds = list(connection.execute(sa.select(message.c.kind).order_by(message.c.id)).scalars())
    assert 1 == kinds.count("alert.dispatch_wanted")
    assert 1 == [line.what for line in store.history(connection, alert.id)].count(What.DISPATCH_ASKED)


@pytest.mark.parametrize(
    ("started_by", "why"),
    [
        ([Starter.CONTACT], "not_by_scheme"),
        ([Starter.NOBODY], "no_turn_outs"),
        (None, "no_contract"),
    ],
)
def test_an_escalation_obeys_the_scheme(
    connection: Connection, here: Town, started_by: list[Starter] | None, why: str
) -> None:
    if started_by is not None:
        enrol(connection, here.hana, NOW, with_dispatch(started_by=started_by))
    is_reached_by(connection, here.operator, Channel.FCM)
    sets_policy(connection, here, msgspec.structs.replace(DESK, asks_dispatch=True))
    alert = an_alert(connection, here)
    for later in range(3):
        jobs.run_all(connection, SETTINGS, NOW + minutes(11 * later))

    assert "alert.dispatch_wanted" not in set(connection.execute(sa.select(message.c.kind)).scalars())
    refused = [line for line in store.history(connection, alert.id) if line.what is What.DISPATCH_REFUSED]
    assert [{"why": why}] == [line.detail for line in refused]


def test_a_policy_of_an_older_version_that_let_turn_outs_begin_still_counts(connection: Connection, here: Town) -> None:
    sets_policy(connection, here, msgspec.structs.replace(DESK, asks_dispatch=True))
    kept = connection.execute(sa.select(escalation_policy.c.policy)).scalar_one()
    connection.execute(sa.update(escalation_policy).values(policy=kept | {"lets_dispatch": True}))

    found = policies.policy(connection, here.hana.city_id, None)
    _, by_city = policies.policies(connection, {here.hana.id: here.hana.city_id})
    assert found is not None
    assert by_city[here.hana.city_id] == found.policy
    assert [True] == [step.asks_dispatch for step in found.policy.rules[0].plan.steps]


def test_no_guard_is_asked_for_once_somebody_has_it(connection: Connection, here: Town) -> None:
    enrol(connection, here.hana, NOW, with_dispatch(started_by=[Starter.OPERATOR]))
    is_reached_by(connection, here.operator, Channel.FCM)
    sets_policy(connection, here, msgspec.structs.replace(DESK, asks_dispatch=True))
    alert = an_alert(connection, here)
    acting.acknowledge(connection, viewer(here.daughter), alert.id, NOW)

    jobs.run_all(connection, SETTINGS, NOW)

    assert "alert.dispatch_wanted" not in set(connection.execute(sa.select(message.c.kind)).scalars())


def test_what_is_said_of_everybody_who_could_not_be_reached(connection: Connection, here: Town) -> None:
    alert = an_alert(connection, here)
    let_all_end(connection, {Channel.FCM: Outcome.ADDRESS_DEAD})

    escalating.work_off(connection, NOW + 31 * SECONDS)

    lines = [line for line in store.history(connection, alert.id) if line.what is What.NOBODY_REACHABLE]
    assert {here.daughter.id, here.son.id} <= {line.account_id for line in lines}


def test_who_was_told_and_where_it_was_are_forgotten_with_all_else(connection: Connection, here: Town) -> None:
    feed(connection, unit(here.watch, a_fix()))
    old = an_alert(connection, here)
    acting.go(connection, viewer(here.son), old.id, minutes(20), NOW)
    acting.resolve(connection, viewer(here.son), old.id, NOW)
    later = NOW + minutes(60 * 24 * SETTINGS.retention_days)
    feed(connection, unit(here.watch, a_fix(at=later), received_at=later))
    feed(connection, unit(here.watch, an_alarm("sos", at=later), received_at=later))
    new, _ = store.newest(connection, [here.hana.id], states=[], before=None, limit=2)
    acting.go(connection, viewer(here.daughter), new.id, None, later)

    jobs.forget(connection, SETTINGS, later - minutes(1))
    assert {old.id, new.id} == set(escalating_store.acks(connection, [old.id, new.id]))
    assert 4 == connection.execute(sa.select(sa.func.count()).select_from(telling)).scalar_one()
    jobs.forget(connection, SETTINGS, later + minutes(1))

    new, old = store.newest(connection, [here.hana.id], states=[], before=None, limit=2)
    assert {new.id} == set(escalating_store.acks(connection, [old.id, new.id]))
    assert {new.id} == set(escalating_store.going(connection, [old.id, new.id]))
    assert {new.id} == set(connection.execute(sa.select(telling.c.alert_id)).scalars())
    assert old.place is None
    assert new.place is not None
