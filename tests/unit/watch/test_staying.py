"""One who comes before anybody expects her and stays makes no new passage: she has arrived all the same."""

from datetime import datetime, time
from uuid import UUID

import pytest
from msgspec.structs import replace

from app.push.model import Level
from app.tags.model import Spell
from app.watch import catalogue
from app.watch.around import Around
from app.watch.model import Outcome, Passed, Settled
from tests.unit.watch.build import EAST, HANA, WEST, clock, expectation, expected, passed, ticked, told
from tests.unit.watch.test_arrival import SCHOOL, WHO, around, expecting, missed, rules, spell


def there(*passages: Passed, wearer_id: UUID = HANA, spells: tuple[Spell, ...] = ()) -> Around:
    """The store knows these passages of hers, and what was wrong with detectors."""
    return replace(around(*spells), passages={wearer_id: passages})


def test_one_who_came_early_and_stays_was_there_and_that_is_the_news() -> None:
    state = expecting()
    assert ["passage"] == rules(told(state, WHO, passed(clock("7:28"), last_at=clock("7:28:05"))))

    (event,) = ticked(state, WHO, clock("8:35"), there(passed(clock("7:28"), last_at=clock("8:34"))))

    assert ("was_there", Outcome.NEWS, Level.NEWS) == (event.rule, event.outcome, event.level)
    assert (clock("7:45"), clock("7:45")) == (event.at, event.received_at)
    assert {"expected": "学校の正門", "detector": "東門"} == event.reasons[0].params
    assert Settled.ARRIVED is state.arrivals[SCHOOL.id.hex].how
    assert clock("8:35", day=2) == catalogue.due_at(state, WHO, None)
    assert [] == ticked(state, WHO, clock("8:36"))


@pytest.mark.parametrize(
    ("at", "last_at", "rule"),
    [
        (clock("7:28"), clock("7:44:59"), "not_arrived"),
        (clock("7:28"), clock("7:45"), "was_there"),
        (clock("17:00", day=28, month=3), clock("8:34"), "was_there"),
        (clock("7:45"), clock("7:45"), "arrived"),
        (clock("8:30"), None, "arrived"),
        (clock("8:30:01"), clock("8:34"), "not_arrived"),
    ],
)
def test_whoever_was_there_at_any_moment_of_the_time_has_arrived(
    at: datetime, last_at: datetime | None, rule: str
) -> None:
    _state, (event,) = missed(world=there(passed(at, last_at=last_at)))

    assert rule == event.rule


def test_who_was_elsewhere_or_somebody_else_who_was_there_has_not_arrived() -> None:
    stay = passed(clock("7:28"), last_at=clock("8:34"))
    elsewhere = there(replace(stay, detector_id=UUID(int=77)))

    for world in (elsewhere, there(stay, wearer_id=UUID(int=78))):
        _state, events = missed(world=world)
        assert ["not_arrived"] == rules(events)


def test_one_who_was_there_has_arrived_though_the_gates_died_after_that() -> None:
    dead = (spell(EAST, "7:50"), spell(WEST, "7:55"))
    _state, events = missed(world=there(passed(clock("7:28"), last_at=clock("7:49")), spells=dead))

    assert ["was_there"] == rules(events)


def test_that_she_was_there_is_told_however_long_the_time_is_and_only_to_whoever_wants_it() -> None:
    stay = there(passed(clock("4:00"), last_at=clock("8:34")))

    who = expected(expectation(from_time=time(5)))

    assert ["was_there"] == rules(ticked(expecting(who, clock("4:00")), who, clock("8:35"), stay))
    state, events = missed(expected(expectation(tell_arrival=False)), stay)
    assert [] == events
    assert Settled.ARRIVED is state.arrivals[SCHOOL.id.hex].how


def test_word_of_a_stay_that_reaches_into_the_time_settles_the_day_at_once() -> None:
    state = expecting()
    (event,) = told(state, WHO, passed(clock("7:40"), last_at=clock("7:50"), received_at=clock("7:51")))

    assert ("was_there", clock("7:45"), clock("7:51")) == (event.rule, event.at, event.received_at)
    assert [] == ticked(state, WHO, clock("8:35"))


@pytest.mark.parametrize(("last_at", "said"), [("7:44:59", ["passage"]), ("7:45", ["was_there"])])
def test_late_word_of_a_stay_ends_the_alert_only_when_it_reaches_into_the_time(last_at: str, said: list[str]) -> None:
    state, (missing,) = missed()
    (event,) = told(state, WHO, passed(clock("7:40"), last_at=clock(last_at), received_at=clock("8:50")))

    assert said == [event.rule]
    if event.rule == "was_there":
        assert (missing.subject, Outcome.PASSING, clock("7:45")) == (event.subject, event.outcome, event.at)


def test_word_of_a_stay_over_night_is_late_for_the_first_day_and_in_time_for_the_second() -> None:
    state, (missing,) = missed()
    stay = passed(clock("23:00"), last_at=clock("8:00", day=2), received_at=clock("8:00", day=2))

    late, news = told(state, WHO, stay)

    assert ("arrived_late", missing.subject, clock("23:00")) == (late.rule, late.subject, late.at)
    assert ("was_there", Outcome.NEWS, clock("7:45", day=2)) == (news.rule, news.outcome, news.at)
    assert [] == ticked(state, WHO, clock("8:35", day=2))
