"""Arrived at school, not arrived by half past eight, and when nobody can say: the first of April is a Wednesday."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.kit.ids import DetectorId
from app.push.model import Level
from app.tags.model import DetectorTrouble, Spell
from app.watch import arrival, catalogue
from app.watch.around import Around, Question, asked_together
from app.watch.model import AlertKind, Observation, Outcome, Passed, Settled, Subject, WatchEvent, WatchState
from app.watch.silence import Uptime
from tests.unit.watch.build import (
    EAST,
    EVERY_DAY,
    HANA,
    WEST,
    clock,
    expectation,
    expected,
    minutes,
    passed,
    seen,
    subject,
    ticked,
    told,
)

NEW_YORK = ZoneInfo("America/New_York")
SCHOOL = expectation()
WHO = expected(SCHOOL)
SATURDAY = 4


def spell(
    detector: UUID, since: str, until: str | None = None, trouble: DetectorTrouble = DetectorTrouble.SILENT
) -> Spell:
    return Spell(
        detector_id=DetectorId(detector),
        trouble=trouble,
        from_at=clock(since),
        until_at=None if until is None else clock(until),
    )


def around(*spells: Spell, uptime: Uptime | None = None) -> Around:
    found: dict[UUID, list[Spell]] = {}
    for one in spells:
        found.setdefault(one.detector_id, []).append(one)
    return Around(spells=found, names={EAST: "東門", WEST: "西門"}, uptime=uptime)


def expecting(who: Subject = WHO, at: datetime | None = None) -> WatchState:
    """The state of a child of whom something is expected since this morning."""
    state = WatchState()
    arrival.keep_in_step(state, who, at or clock("6:00"))
    return state


def missed(who: Subject = WHO, world: Around | None = None) -> tuple[WatchState, list[WatchEvent]]:
    """The state after the deadline went by without her, and what was said."""
    state = expecting(who)
    return state, ticked(state, who, clock("8:35"), world)


def rules(events: list[WatchEvent]) -> list[str]:
    return [event.rule for event in events]


def test_an_arrival_is_told_once_a_day_and_not_as_a_passage_too() -> None:
    state = expecting()
    events = told(state, WHO, *(passed(clock(at)) for at in ("8:12", "8:12", "8:13", "8:20")))

    assert ["arrived"] == rules(events)
    assert (AlertKind.ARRIVAL, Outcome.NEWS, Level.NEWS) == (events[0].kind, events[0].outcome, events[0].level)
    assert {"expected": "学校の正門", "detector": "東門"} == events[0].reasons[0].params
    assert ["passage"] == rules(told(state, WHO, passed(clock("8:23"))))
    assert ["arrived"] == rules(told(state, WHO, passed(clock("8:12", day=2))))


def test_any_of_its_detectors_will_do_and_no_other() -> None:
    other = UUID(int=77)

    assert ["passage"] == rules(told(expecting(), WHO, passed(clock("8:12"), detector_id=other)))
    assert ["arrived"] == rules(told(expecting(), WHO, passed(clock("8:12"), detector_id=WEST)))


@pytest.mark.parametrize(
    ("at", "rule"),
    [("7:44:59", "passage"), ("7:45", "arrived"), ("8:30", "arrived"), ("8:31", "arrived"), ("15:00", "arrived")],
)
def test_what_is_before_the_time_is_a_passage_and_what_comes_before_anybody_was_told_an_arrival(
    at: str, rule: str
) -> None:
    assert [rule] == rules(told(expecting(), WHO, passed(clock(at))))


def test_one_who_was_early_only_is_still_expected() -> None:
    state = expecting()
    told(state, WHO, passed(clock("7:40")))

    assert ["not_arrived"] == rules(ticked(state, WHO, clock("8:35")))


def test_a_day_that_is_not_named_is_like_any_other() -> None:
    state = expecting()
    told(state, WHO, passed(clock("8:12", day=3)))

    assert ["passage"] == rules(told(state, WHO, passed(clock("8:12", day=SATURDAY))))
    assert clock("8:35", day=6) == catalogue.due_at(state, expected(SCHOOL, silence=False), None)


def test_an_arrival_that_is_not_to_be_told_settles_the_day_and_is_a_passage() -> None:
    who = expected(expectation(tell_arrival=False))
    state = expecting(who)

    assert ["passage"] == rules(told(state, who, passed(clock("8:12"))))
    assert [] == ticked(state, who, clock("8:40"))


def test_a_doubtful_passage_is_no_arrival() -> None:
    state = expecting()
    told(state, WHO, passed(clock("8:12"), doubtful=True))

    assert ["not_arrived"] == rules(ticked(state, WHO, clock("8:35")))


def test_not_arrived_is_told_five_minutes_after_the_time_and_once() -> None:
    state = expecting()

    assert clock("8:35") == catalogue.due_at(state, WHO, None)
    assert [] == ticked(state, WHO, clock("8:35") - timedelta(seconds=1))
    (event,) = ticked(state, WHO, clock("8:35"))
    assert (AlertKind.ARRIVAL, "not_arrived", Level.URGENT) == (event.kind, event.rule, event.level)
    assert {"expected": "学校の正門", "until": clock("8:30").isoformat()} == event.reasons[0].params
    assert (clock("8:30"), clock("8:35")) == (event.at, event.received_at)
    assert [] == ticked(state, WHO, clock("8:36"))
    assert clock("8:35", day=2) == catalogue.due_at(state, WHO, None)


def test_not_arrived_goes_with_the_last_known_place() -> None:
    state = expecting()
    told(state, subject(), seen(0, at=clock("7:50")))

    (event,) = ticked(state, WHO, clock("8:35"))

    assert event.place is not None
    assert clock("7:50") == event.place.at


def test_each_day_is_an_alert_of_its_own() -> None:
    state, (first,) = missed()
    (second,) = ticked(state, WHO, clock("8:35", day=2))

    assert first.subject != second.subject
    assert first.cause != second.cause


def test_a_late_arrival_ends_the_alert_and_is_no_passage_notice() -> None:
    state, (missing,) = missed()
    events = told(state, WHO, passed(clock("8:41")), passed(clock("8:44")))

    assert ["arrived_late"] == rules(events)
    assert (missing.subject, Outcome.PASSING, clock("8:41")) == (events[0].subject, events[0].outcome, events[0].at)
    assert ["passage"] == rules(told(state, WHO, passed(clock("15:02"))))


def test_the_word_of_an_arrival_in_time_that_comes_late_ends_the_alert_with_both_times() -> None:
    state, (missing,) = missed()
    (event,) = told(state, WHO, passed(clock("8:12"), received_at=clock("8:50")))

    assert ("was_there", missing.subject) == (event.rule, event.subject)
    assert (clock("8:12"), clock("8:50")) == (event.at, event.received_at)


def test_the_word_ends_the_alert_however_late_it_comes() -> None:
    state, _ = missed()

    assert ["was_there"] == rules(told(state, WHO, passed(clock("8:12"), received_at=clock("7:00", day=2))))


def test_an_old_word_before_the_deadline_keeps_the_alarm_from_being_raised_and_is_no_news() -> None:
    who = expected(expectation(from_time=time(5)))
    state = expecting(who)

    assert [] == told(state, who, passed(clock("5:30"), received_at=clock("8:00")))
    assert [] == ticked(state, who, clock("8:35"))


def test_midnight_ends_the_day() -> None:
    state, _ = missed()

    assert ["passage"] == rules(told(state, WHO, passed(clock("0:00", day=2))))
    assert ["arrived_late"] == rules(told(state, WHO, passed(clock("23:59", day=1), received_at=clock("0:05", day=2))))


def test_a_deadline_just_before_midnight_is_judged_after_it_for_its_own_day() -> None:
    who = expected(expectation(by_time=time(23, 59)))
    state = expecting(who)

    assert clock("0:04", day=2) == catalogue.due_at(state, who, None)
    (event,) = ticked(state, who, clock("0:04", day=2))
    assert event.subject.endswith(":2026-04-01")
    assert clock("0:04", day=3) == catalogue.due_at(state, who, None)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_passages_and_the_deadline_end_with_one_state_in_any_order(order: tuple[int, ...]) -> None:
    """Whatever comes first, nothing is told twice, and nobody is left missing."""
    state, said = expecting(), list[str]()
    in_time: Passed = passed(clock("8:12"), received_at=clock("8:50"))
    late: Passed = passed(clock("8:41"), received_at=clock("8:50"))
    for step in order:
        if step == 2:
            said += rules(ticked(state, WHO, clock("8:35")))
        else:
            said += rules(told(state, WHO, (in_time, late)[step]))

    first, second = [step for step in order if step != 2]
    if order[0] == 2:
        assert ["not_arrived", "was_there" if first == 0 else "arrived_late", "passage"] == said
    else:
        assert ["arrived", "passage"] == said
    assert second in (0, 1)
    assert {SCHOOL.id.hex: Settled.ARRIVED} == {key: one.how for key, one in state.arrivals.items()}


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_same_passages_again_say_nothing_again(times: int) -> None:
    state, _ = missed()
    walk: list[Observation] = [passed(clock("8:41")), passed(clock("15:02"))]

    assert ["arrived_late", "passage"] == rules(told(state, WHO, *walk * times, now=clock("15:02")))


@pytest.mark.parametrize(
    ("spells", "rule", "level"),
    [
        ([], "not_arrived", Level.URGENT),
        ([spell(EAST, "7:50"), spell(WEST, "7:55")], "arrival_unknown", Level.NOTICE),
        ([spell(EAST, "6:00", "7:46"), spell(WEST, "8:29")], "arrival_unknown", Level.NOTICE),
        ([spell(EAST, "6:00", trouble=DetectorTrouble.DEAF), spell(WEST, "6:00")], "arrival_unknown", Level.NOTICE),
        ([spell(EAST, "7:50")], "not_arrived", Level.URGENT),
        ([spell(EAST, "6:00", "7:45"), spell(WEST, "8:30")], "not_arrived", Level.URGENT),
        ([spell(EAST, "6:00"), spell(WEST, "6:00", trouble=DetectorTrouble.CLOCK_WRONG)], "not_arrived", Level.URGENT),
    ],
)
def test_when_all_of_its_detectors_were_down_for_a_part_of_the_time_nobody_can_say(
    spells: list[Spell], rule: str, level: Level
) -> None:
    _state, (event,) = missed(world=around(*spells))

    assert (rule, level) == (event.rule, event.level)


def test_the_detectors_that_were_down_are_named_with_since_when() -> None:
    _state, (event,) = missed(world=around(spell(EAST, "7:50"), spell(WEST, "7:40", "8:00")))

    (reason,) = event.reasons
    assert "detectors_down" == reason.code
    assert {"detectors": "東門、西門", "since": clock("7:40").isoformat()}.items() <= reason.params.items()


def test_when_some_were_down_it_is_urgent_and_says_so_as_well() -> None:
    _state, (event,) = missed(world=around(spell(WEST, "7:50")))

    assert ["not_arrived", "detectors_down"] == [reason.code for reason in event.reasons]
    assert "西門" == event.reasons[1].params["detectors"]


def test_after_unknown_the_passage_ends_the_alert_as_well() -> None:
    state, _ = missed(world=around(spell(EAST, "7:50"), spell(WEST, "7:55")))

    assert ["was_there"] == rules(told(state, WHO, passed(clock("8:12"), received_at=clock("9:00"))))


@pytest.mark.parametrize(
    ("down", "up", "rule"),
    [
        ("8:00", "8:10", "arrival_unknown"),
        ("6:00", "7:46", "arrival_unknown"),
        ("8:29", "8:31", "arrival_unknown"),
        ("6:00", "7:45", "not_arrived"),
        ("8:30", "8:31", "not_arrived"),
        ("8:00", "8:00", "not_arrived"),
    ],
)
def test_when_we_were_down_ourselves_nobody_can_say_and_it_says_that(down: str, up: str, rule: str) -> None:
    uptime = Uptime(down_since=clock(down), up_since=clock(up))
    _state, (event,) = missed(world=around(uptime=uptime))

    assert rule == event.rule
    if rule == "arrival_unknown":
        assert {"stopped": clock(down).isoformat(), "back": clock(up).isoformat()}.items() <= event.reasons[
            0
        ].params.items()


@pytest.mark.parametrize(("after", "told_of"), [(timedelta(hours=12), True), (timedelta(hours=12, seconds=1), False)])
def test_a_day_that_is_long_over_is_not_told_any_more(after: timedelta, told_of: bool) -> None:
    state = expecting()
    events = ticked(state, WHO, clock("8:35") + after)

    assert told_of == bool(events)
    assert clock("8:35", day=2) == catalogue.due_at(state, WHO, None)


def test_after_a_week_without_us_only_the_last_day_is_asked_about() -> None:
    who = expected(expectation(weekdays=EVERY_DAY))
    state = expecting(who)
    now = clock("9:00", day=8)
    said = [event.subject[-10:] for _ in range(5) for event in ticked(state, who, now)]

    assert ["2026-04-08"] == said
    assert clock("8:35", day=9) == catalogue.due_at(state, who, None)


def test_the_evening_before_is_still_asked_about_after_a_night_without_us() -> None:
    who = expected(expectation(from_time=time(23), by_time=time(23, 59)))
    state = expecting(who)
    now = clock("0:30", day=3)
    said = [event.subject[-10:] for _ in range(5) for event in ticked(state, who, now)]

    assert ["2026-04-02"] == said


def test_what_is_expected_since_the_middle_of_its_time_counts_from_the_next_day() -> None:
    who = expected(expectation(created_at=clock("8:00")))
    state = expecting(who, clock("8:00"))

    assert clock("8:35", day=2) == catalogue.due_at(state, who, None)
    assert ["arrived"] == rules(told(state, who, passed(clock("8:10"))))
    assert clock("8:35", day=2) == catalogue.due_at(state, who, None)


def test_what_is_no_longer_expected_is_forgotten() -> None:
    state = expecting()
    arrival.keep_in_step(state, expected(), clock("7:00"))

    assert {} == state.arrivals
    assert [] == ticked(state, expected(), clock("8:35"))


def test_two_expectations_are_settled_each_for_itself() -> None:
    other = expectation(id=UUID(int=5), name="塾", detector_ids=(WEST,), from_time=time(16), by_time=time(17))
    who = expected(SCHOOL, other)
    state = expecting(who)
    said = told(state, who, passed(clock("8:12")))
    said += ticked(state, who, clock("17:05"))

    assert [("arrived", "学校の正門"), ("not_arrived", "塾")] == [
        (event.rule, event.reasons[0].params["expected"]) for event in said
    ]


def test_what_must_be_known_is_asked_only_of_what_is_due() -> None:
    state = expecting()

    assert frozenset() == arrival.question(state, WHO, clock("8:34")).detector_ids
    asked = arrival.question(state, WHO, clock("8:35"))
    assert ({EAST, WEST}, clock("7:45")) == (asked.detector_ids, asked.since)
    assert ({HANA}, (clock("7:45"), clock("8:30"))) == (asked.wearer_ids, asked.span)


def test_questions_that_are_asked_together_ask_for_all_of_their_time() -> None:
    spans = [None, (clock("8:00"), clock("8:30")), (clock("7:45"), clock("8:10"))]
    asked = asked_together(Question(span=span, wearer_ids=frozenset({UUID(int=n)})) for n, span in enumerate(spans))

    assert ((clock("7:45"), clock("8:30")), 3) == (asked.span, len(asked.wearer_ids))
    assert asked_together([Question()]).span is None


@pytest.mark.parametrize(
    ("month", "day", "by_utc"),
    [
        (3, 7, datetime(2026, 3, 7, 13, 30, tzinfo=UTC)),
        (3, 8, datetime(2026, 3, 8, 12, 30, tzinfo=UTC)),
        (10, 31, datetime(2026, 10, 31, 12, 30, tzinfo=UTC)),
        (11, 1, datetime(2026, 11, 1, 13, 30, tzinfo=UTC)),
    ],
)
def test_where_clocks_change_the_deadline_stays_at_the_time_of_the_wall(month: int, day: int, by_utc: datetime) -> None:
    one = expectation(weekdays=EVERY_DAY, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    who = expected(one, zone=NEW_YORK)
    state = expecting(who, clock("6:00", day, month, NEW_YORK))

    assert by_utc + minutes(5) == catalogue.due_at(state, who, None)
    assert ["arrived"] == rules(told(state, who, passed(by_utc)))


@pytest.mark.parametrize(
    ("from_time", "by_time", "span"),
    [
        (time(1, 30), time(3, 30), (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC))),
        (time(2, 30), time(3, 0), (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC))),
    ],
)
def test_an_hour_that_the_clock_leaps_over_is_no_contradiction(
    from_time: time, by_time: time, span: tuple[datetime, datetime]
) -> None:
    one = expectation(from_time=from_time, by_time=by_time)

    assert span == arrival.window(one, date(2026, 3, 8), NEW_YORK)


def test_days_are_those_of_the_city_and_not_of_greenwich() -> None:
    """Half past eight on a Monday in Japan is Sunday night in Greenwich."""
    who = expected(expectation(weekdays=0b0000001))
    state = expecting(who)

    assert datetime(2026, 4, 5, 23, 35, tzinfo=UTC) == catalogue.due_at(state, who, None)
    assert ["arrived"] == rules(told(state, who, passed(clock("8:12", day=6))))
