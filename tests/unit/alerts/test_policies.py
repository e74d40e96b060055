"""Which plan an alert is told by, and which policies cannot be meant."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from app.alerts.policies import DEFAULT, ONCE, Calendar, Plan, Policy, Rule, Step, Who, faults, is_in, plan_for
from app.push.model import Channel, Level
from app.watch.model import AlertKind

TOKYO = ZoneInfo("Asia/Tokyo")
NIGHT = Calendar(from_minute=21 * 60, until_minute=6 * 60)
SCHOOL = Calendar(from_minute=8 * 60, until_minute=15 * 60 + 30, weekdays=[1, 2, 3, 4, 5])


def at(text: str) -> datetime:
    """A moment on the wall clock of Tokyo."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)


def a_plan(wait_s: int = 600, who: Who = Who.CONTACTS) -> Plan:
    return Plan(steps=[Step(who=[who], wait_s=wait_s)])


def test_the_first_rule_that_fits_counts_hers_before_her_citys_before_ours() -> None:
    hers = Policy(rules=[Rule(level=Level.NOTICE, kinds=[AlertKind.BATTERY], plan=a_plan(61))])
    citys = Policy(
        rules=[Rule(level=Level.NOTICE, plan=a_plan(62)), Rule(level=Level.NOTICE, plan=a_plan(63))],
    )
    now = at("2026-11-30T12:00")

    def waits_of(kind: AlertKind, level: Level) -> int:
        return plan_for([hers, citys], kind, level, now, TOKYO).steps[0].wait_s

    assert 61 == waits_of(AlertKind.BATTERY, Level.NOTICE)
    assert 62 == waits_of(AlertKind.SILENT, Level.NOTICE)
    assert DEFAULT.rules[0].plan == plan_for([hers, citys], AlertKind.SOS, Level.URGENT, now, TOKYO)
    assert ONCE == plan_for([hers], AlertKind.SOS, Level.NEWS, now, TOKYO)


def test_a_rule_counts_in_the_hours_of_its_calendar_only() -> None:
    policy = Policy(
        rules=[Rule(level=Level.NOTICE, during="night", plan=a_plan(61)), Rule(level=Level.NOTICE, plan=a_plan(62))],
        calendars={"night": NIGHT},
    )

    def waits_at(text: str) -> int:
        return plan_for([policy], AlertKind.SILENT, Level.NOTICE, at(text), TOKYO).steps[0].wait_s

    assert (61, 62) == (waits_at("2026-11-30T23:00"), waits_at("2026-11-30T12:00"))


@pytest.mark.parametrize(
    ("calendar", "moment", "on"),
    [
        (SCHOOL, "2026-11-30T08:00", True),  # A Monday.
        (SCHOOL, "2026-11-30T15:30", False),
        (SCHOOL, "2026-11-29T10:00", False),
        (NIGHT, "2026-11-30T20:59", False),
        (NIGHT, "2026-11-30T21:00", True),
        (NIGHT, "2026-12-01T05:59", True),
        (NIGHT, "2026-12-01T06:00", False),
        (msgspec.structs.replace(NIGHT, weekdays=[7]), "2026-11-30T05:00", True),
        (msgspec.structs.replace(NIGHT, weekdays=[7]), "2026-11-30T22:00", False),
        (msgspec.structs.replace(SCHOOL, except_on=[date(2026, 11, 30)]), "2026-11-30T10:00", False),
        (msgspec.structs.replace(NIGHT, except_on=[date(2026, 11, 30)]), "2026-12-01T01:00", False),
        (Calendar(from_minute=0, until_minute=1440), "2026-11-30T23:59", True),
    ],
)
def test_the_hours_of_a_calendar(calendar: Calendar, moment: str, on: bool) -> None:
    assert is_in(calendar, at(moment), TOKYO) is on


def test_our_own_rules_are_sound_and_end_at_the_desk() -> None:
    assert [] == list(faults(DEFAULT))
    last = DEFAULT.rules[0].plan.steps[-1]
    assert Who.DESK in last.who
    assert last.times is None


DESK = Step(who=[Who.DESK], wait_s=600, times=None)
FIRST = Step(who=[Who.CONTACTS], wait_s=60)


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        (Rule(level=Level.URGENT, plan=Plan(steps=[FIRST])), "rules.0.plan.steps.0"),
        (Rule(level=Level.URGENT, plan=Plan(steps=[msgspec.structs.replace(DESK, times=9)])), "rules.0.plan.steps.0"),
        (
            Rule(level=Level.URGENT, plan=Plan(steps=[msgspec.structs.replace(DESK, channels=[Channel.EMAIL])])),
            "rules.0.plan.steps.0",
        ),
        (Rule(level=Level.URGENT, plan=Plan(steps=[DESK, DESK])), "rules.0.plan.steps.0.times"),
        (Rule(level=Level.NOTICE, plan=Plan(steps=[DESK])), "rules.0.plan.steps.0.who"),
        (
            Rule(level=Level.URGENT, plan=Plan(steps=[Step(who=[Who.CONTACTS], wait_s=3601, times=2), DESK])),
            "rules.0.plan.steps.1",
        ),
        (Rule(level=Level.NOTICE, during="siesta", plan=Plan(steps=[FIRST])), "rules.0.during"),
        (Rule(level=Level.NEWS, plan=Plan(steps=[FIRST])), "rules.0.level"),
        (
            Rule(level=Level.URGENT, plan=Plan(steps=[msgspec.structs.replace(DESK, places=[1])])),
            "rules.0.plan.steps.0.places",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(rule: Rule, where: str) -> None:
    assert [where] == [found for found, _why in faults(Policy(rules=[rule]))]
    sound = Policy(rules=[Rule(level=Level.URGENT, plan=Plan(steps=[FIRST, DESK]))])
    assert [] == list(faults(sound))


def test_a_guard_is_asked_for_at_the_last_step() -> None:
    asking = msgspec.structs.replace(DESK, asks_dispatch=True)
    last = Policy(rules=[Rule(level=Level.URGENT, plan=Plan(steps=[FIRST, asking]))])
    first = Policy(
        rules=[Rule(level=Level.URGENT, plan=Plan(steps=[msgspec.structs.replace(FIRST, asks_dispatch=True), DESK]))]
    )

    assert [] == list(faults(last))
    assert ["rules.0.plan.steps.0.asks_dispatch"] == [where for where, _ in faults(first)]
