"""Whom an alert is told to, in which order and how often, as data: a wearer's rules, her city's, or those below. Pure.

An alert keeps the plan that was in force when it began to be told; who changes a policy changes no alert that goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from app.push.model import Channel, Level
from app.watch.model import AlertKind

MINUTE = 60
DESK_AFTER_MAX_S = 120 * MINUTE
"""Longer than this nobody may ring the family alone when they do not answer an emergency."""


class Who(StrEnum):
    """Who is told at a step."""

    CONTACTS = "contacts"
    """The contacts who may know of it; `places` picks some of them, the first is 1."""
    ON_DUTY = "on_duty"
    """Those whom the duty table of the city names for the moment."""
    DESK = "desk"
    """The duty desk: those on duty, and if there are none who can be reached, everybody who may answer for the city."""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step: it is told `times` times, every `wait_s` seconds, and then the next one begins.

    `times` null means until somebody answers. `channels` empty means every channel that somebody has, one after the
    other until one answers; else only these, in this order. `asks_dispatch`: a guard is asked for, once; at the last
    step only, and of those only whose scheme lets a turn-out begin on the signal.
    """

    who: Annotated[list[Who], Meta(min_length=1, max_length=len(Who))]
    wait_s: Annotated[int, Meta(ge=MINUTE, le=24 * 60 * MINUTE)]
    times: Annotated[int, Meta(ge=1, le=100)] | None = 1
    places: Annotated[list[Annotated[int, Meta(ge=1, le=30)]], Meta(max_length=30)] = []
    channels: Annotated[list[Channel], Meta(max_length=len(Channel))] = []
    asks_dispatch: bool = False


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one alert is told. `acknowledgements` so many people must take it before it is quiet; when it is not over
    `forgotten_s` seconds after that, it is told anew.
    """

    steps: Annotated[list[Step], Meta(min_length=1, max_length=20)]
    acknowledgements: Annotated[int, Meta(ge=1, le=10)] = 1
    forgotten_s: Annotated[int, Meta(ge=5 * MINUTE, le=24 * 60 * MINUTE)] = 30 * MINUTE


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of some days of the week (Monday is 1), in the zone of the city; over midnight when they end earlier than
    they begin. A night belongs to the day on which it begins. Never on the days `except_on`.
    """

    from_minute: Annotated[int, Meta(ge=0, lt=24 * 60)]
    until_minute: Annotated[int, Meta(ge=0, le=24 * 60)]
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(min_length=1, max_length=7)] = field(
        default_factory=lambda: list(range(1, 8))
    )
    except_on: Annotated[list[date], Meta(max_length=400)] = []


CalendarName = Annotated[str, Meta(min_length=1, max_length=40)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan for alerts of a level, of some kinds or of all, in the hours of a calendar or always."""

    level: Level
    plan: Plan
    kinds: Annotated[list[AlertKind], Meta(max_length=len(AlertKind))] = []
    during: CalendarName | None = None


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules, of which the first that fits counts, and the calendars that they speak of."""

    rules: Annotated[list[Rule], Meta(max_length=50)] = []
    calendars: Annotated[Mapping[CalendarName, Calendar], Meta(max_length=20)] = {}


_FAMILY, _FAMILY_AND_DESK = [Who.CONTACTS], [Who.CONTACTS, Who.DESK]

DEFAULT = Policy(
    rules=[
        Rule(
            level=Level.URGENT,
            plan=Plan(
                steps=[
                    Step(who=_FAMILY, wait_s=3 * MINUTE),
                    Step(who=_FAMILY, wait_s=5 * MINUTE),
                    Step(who=[Who.CONTACTS, Who.ON_DUTY], wait_s=7 * MINUTE),
                    Step(who=_FAMILY_AND_DESK, wait_s=10 * MINUTE, times=12),
                    Step(who=_FAMILY_AND_DESK, wait_s=30 * MINUTE, times=44),
                    Step(who=_FAMILY_AND_DESK, wait_s=4 * 60 * MINUTE, times=None),
                ]
            ),
        ),
        Rule(level=Level.NOTICE, plan=Plan(steps=[Step(who=_FAMILY, wait_s=60 * MINUTE, times=2)])),
    ]
)
"""Where neither she nor her city has a rule that fits: everybody of the family at once and again, whoever is on duty
after 8 minutes, the desk after 15, and on until somebody answers: every ten minutes for two hours, every half hour for
a day, and then often enough not to be forgotten. A notice is said once more after an hour.
"""

ONCE = Plan(steps=[Step(who=_FAMILY, wait_s=MINUTE)])
"""What is news is told once."""


def plan_for(policies: Sequence[Policy], kind: AlertKind, level: Level, now: datetime, zone: ZoneInfo) -> Plan:
    """The plan of the first rule that fits, of the first policy that has one."""
    for policy in (*policies, DEFAULT):
        for rule in policy.rules:
            if rule.level is level and (not rule.kinds or kind in rule.kinds) and _counts(policy, rule, now, zone):
                return rule.plan
    return ONCE


def default_plan(level: Level) -> Plan:
    """The plan for alerts of a level where nobody said anything."""
    return next((rule.plan for rule in DEFAULT.rules if rule.level is level), ONCE)


def is_in(calendar: Calendar, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the hours of the calendar are on."""
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    day = local.date()
    if calendar.until_minute > calendar.from_minute:
        on = calendar.from_minute <= minute < calendar.until_minute
    else:
        on = minute >= calendar.from_minute or minute < calendar.until_minute
        if minute < calendar.until_minute:
            day -= timedelta(days=1)
    return on and day.isoweekday() in calendar.weekdays and day not in calendar.except_on


def faults(policy: Policy) -> Iterator[tuple[str, str]]:
    """What cannot be meant, and where. An urgent alert may never end nowhere: its last step is told to the desk until
    somebody answers.
    """
    for index, rule in enumerate(policy.rules):
        where = f"rules.{index}"
        if rule.during is not None and rule.during not in policy.calendars:
            yield f"{where}.during", "There is no calendar of this name in the policy."
        *before, last = rule.plan.steps
        for number, step in enumerate(before):
            if step.times is None:
                yield f"{where}.plan.steps.{number}.times", "Only the last step can be told until somebody answers."
        for number, step in enumerate(rule.plan.steps):
            if step.asks_dispatch and step is not last:
                yield f"{where}.plan.steps.{number}.asks_dispatch", "Only the last step can ask for a guard."
            if step.places and Who.CONTACTS not in step.who:
                yield f"{where}.plan.steps.{number}.places", "Only contacts have places."
        yield from _desk_faults(rule, where)
        if rule.level is Level.NEWS:
            yield f"{where}.level", "News is no alert: it is told once."
        if rule.level is Level.URGENT and (Who.DESK not in last.who or last.times is not None or last.channels):
            where = f"{where}.plan.steps.{len(before)}"
            yield where, "The last step of an urgent alert goes to the desk over every channel until somebody answers."


def _desk_faults(rule: Rule, where: str) -> Iterator[tuple[str, str]]:
    """Who of the city is told may see her for a day (decision 0020): that is for emergencies, and then it must not be
    too late.
    """
    waited_s = 0
    for number, step in enumerate(rule.plan.steps):
        if rule.level is not Level.URGENT and {Who.ON_DUTY, Who.DESK} & set(step.who):
            yield f"{where}.plan.steps.{number}.who", "Only what is urgent goes on to the city."
        if rule.level is Level.URGENT and Who.DESK in step.who:
            if waited_s > DESK_AFTER_MAX_S:
                yield f"{where}.plan.steps.{number}", "The desk must be told within two hours."
            return
        waited_s += step.wait_s * (step.times or 1)


def _counts(policy: Policy, rule: Rule, now: datetime, zone: ZoneInfo) -> bool:
    if rule.during is None:
        return True
    calendar = policy.calendars.get(rule.during)
    return calendar is not None and is_in(calendar, now, zone)
