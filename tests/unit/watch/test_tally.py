"""Alerts per person-day."""

from datetime import timedelta

from app.watch import tally
from app.watch.recorded import Person
from app.watch.replaying import Spoken
from tests.build import NOW


def spoken(minute: float, rule: str = "pacing", level: str = "notice") -> Spoken:
    return Spoken(
        user="hana", at=NOW + timedelta(minutes=minute), kind="movement", rule=rule, level=level, reason="",
        lat_deg=None, lon_deg=None,
    )  # fmt: skip


def person(days: int, *lines: Spoken, **different: object) -> Person:
    return Person(user="hana", rows=100, judged=90, days=days, learning_days=28, spoken=list(lines), **different)  # type: ignore[arg-type]


def test_what_comes_within_an_hour_of_one_that_counts_is_the_same_alert() -> None:
    lines = [spoken(0), spoken(59), spoken(61, level="urgent"), spoken(119), spoken(121, level="urgent")]
    found = tally.summary([person(10, *reversed(lines))], 0)

    assert (5, 0.5) == (found.all.alerts, found.all.per_person_day)
    assert (3, 0.3) == (found.merged.alerts, found.merged.per_person_day)
    assert (2, 2) == (found.urgent.alerts, found.merged_urgent.alerts)


def test_persons_are_counted_one_by_one() -> None:
    often, seldom, never = person(10, *(spoken(100 * n) for n in range(5))), person(10, spoken(0)), person(20)
    found = tally.summary([often, seldom, never, person(0)], 3)

    assert (4, 3, 40, 112) == (found.persons, found.persons_with_days, found.person_days, found.learning_days)
    assert 0.15 == found.all.per_person_day
    assert 0.1 == found.median_person
    assert 0.3333 == found.share_of_persons_above
    assert (400, 360, 3) == (found.rows, found.judged, found.faulty_rows)


def test_rules_and_levels_are_told_apart_the_most_frequent_first() -> None:
    lines = [spoken(0), spoken(1, "stuck"), spoken(2, "stuck"), spoken(3, "stuck", "urgent")]
    found = tally.summary([person(4, *lines)], 0)

    assert [("stuck", "notice", 2, 0.5), ("pacing", "notice", 1, 0.25), ("stuck", "urgent", 1, 0.25)] == [
        (one.rule, one.level, one.alerts, one.per_person_day) for one in found.rules
    ]


def test_what_was_said_while_learning_and_what_was_refused_count_apart() -> None:
    early = person(0, early=[spoken(0)], refused={"impossible_speed": 2})
    found = tally.summary([early, person(1, refused={"impossible_speed": 1, "inaccurate": 1})], 0)

    assert (0, 1) == (found.all.alerts, found.while_learning)
    assert {"impossible_speed": 3, "inaccurate": 1} == found.refused


def test_nothing_is_no_rate() -> None:
    found = tally.summary([], 0)

    assert (None, None, None) == (found.all.per_person_day, found.median_person, found.share_of_persons_above)
    assert "No day is left to judge" in tally.in_words(found)


def test_the_words_name_the_figures_and_the_rules() -> None:
    words = tally.in_words(tally.summary([person(20, spoken(0, "stuck", "urgent"), spoken(90))], 2))

    assert "0.100 in all (2), of them urgent 0.050 (1)" in words
    assert "stuck urgent: 1 (0.0500)" in words
    assert "2 lines unreadable" in words
