"""A tag that nobody hears, told apart from detectors that hear nobody."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.kit.ids import DetectorId
from app.push.model import Level
from app.tags.model import DetectorTrouble, Spell
from app.watch import catalogue, tag_silence
from app.watch.around import Around
from app.watch.model import AlertKind, Outcome, WatchEvent, WatchState
from app.watch.silence import Uptime
from tests.build import NOW
from tests.unit.watch.build import EAST, TAG, WEST, expected, passed, ticked, told

WHO = expected()
SECOND_TAG = UUID(int=TAG.int + 1)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def spell(
    detector: UUID, after_h: float, until_h: float | None = None, trouble: DetectorTrouble = DetectorTrouble.SILENT
) -> Spell:
    until_at = None if until_h is None else NOW + hours(until_h)
    return Spell(detector_id=DetectorId(detector), trouble=trouble, from_at=NOW + hours(after_h), until_at=until_at)


def around(*spells: Spell, heard_at: datetime | None = None, uptime: Uptime | None = None) -> Around:
    found: dict[UUID, list[Spell]] = {}
    for one in spells:
        found.setdefault(one.detector_id, []).append(one)
    return Around(
        spells=found,
        names={EAST: "東門", WEST: "西門"},
        heard_at={} if heard_at is None else {TAG: heard_at},
        uptime=uptime,
    )


def walked() -> WatchState:
    """A tag that passed both gates; the last time at NOW."""
    state = WatchState()
    told(state, WHO, passed(NOW - hours(1), detector_id=WEST), passed(NOW))
    return state


def rules(events: list[WatchEvent]) -> list[str]:
    return [event.rule for event in events]


@pytest.mark.parametrize(
    ("limit_h", "after_h", "expected_rules"),
    [(36, 35.99, []), (36, 36, ["tag_silent"]), (6, 6, ["tag_silent"]), (336, 335, []), (336, 336, ["tag_silent"])],
)
def test_a_tag_is_silent_after_the_hours_that_the_family_set(
    limit_h: int, after_h: float, expected_rules: list[str]
) -> None:
    who = expected(tag_silence_h=limit_h)
    state = walked()

    assert NOW + hours(limit_h) == catalogue.due_at(state, who, None)
    assert expected_rules == rules(ticked(state, who, NOW + hours(after_h), around()))


def test_it_is_told_once_with_when_it_was_last_heard() -> None:
    state = walked()
    (event,) = ticked(state, WHO, NOW + hours(40), around())

    assert (AlertKind.SILENT, Level.NOTICE, TAG.hex) == (event.kind, event.level, event.subject)
    assert {"heard": NOW.isoformat(), "minutes": "2400"} == event.reasons[0].params
    assert [] == ticked(state, WHO, NOW + hours(41), around())
    assert catalogue.due_at(state, WHO, None) is None


def test_a_tag_that_lies_near_a_detector_makes_no_new_passage_and_is_not_silent() -> None:
    state = walked()

    assert [] == ticked(state, WHO, NOW + hours(36), around(heard_at=NOW + hours(35)))
    assert NOW + hours(71) == catalogue.due_at(state, WHO, None)
    (event,) = ticked(state, WHO, NOW + hours(71), around(heard_at=NOW + hours(35)))
    assert (NOW + hours(35)).isoformat() == event.reasons[0].params["heard"]


def test_heard_again_is_the_end_of_it() -> None:
    state = walked()
    ticked(state, WHO, NOW + hours(36), around())
    events = told(state, WHO, passed(NOW + hours(50)), passed(NOW + hours(51)))

    assert ["passage", "tag_heard_again", "passage"] == rules(events)
    assert (Outcome.OVER, TAG.hex, "3000") == (
        events[1].outcome,
        events[1].subject,
        events[1].reasons[0].params["minutes"],
    )
    assert NOW + hours(51 + 36) == catalogue.due_at(state, WHO, None)


def test_the_late_word_of_a_passage_long_ago_is_no_end_of_it() -> None:
    state = walked()
    ticked(state, WHO, NOW + hours(60), around())

    assert [] == told(state, WHO, passed(NOW + hours(10), received_at=NOW + hours(61)))
    assert ["tag_heard_again"] == rules(told(state, WHO, passed(NOW + hours(40), received_at=NOW + hours(61))))


def test_an_older_passage_does_not_make_a_tag_silent() -> None:
    state = walked()
    told(state, WHO, passed(NOW - hours(30), received_at=NOW + hours(1)))

    assert NOW + hours(36) == catalogue.due_at(state, WHO, None)


def test_each_tag_is_silent_for_itself() -> None:
    state = walked()
    told(state, WHO, passed(NOW + hours(10), tag_id=SECOND_TAG))

    assert [TAG.hex] == [event.subject for event in ticked(state, WHO, NOW + hours(36), around())]
    assert [SECOND_TAG.hex] == [event.subject for event in ticked(state, WHO, NOW + hours(46), around())]


@pytest.mark.parametrize(
    ("spells", "rule"),
    [
        ([], "tag_silent"),
        ([spell(EAST, 1), spell(WEST, 1)], "tag_unheard"),
        ([spell(EAST, -5, 19), spell(WEST, 17)], "tag_unheard"),
        ([spell(EAST, 1)], "tag_silent"),
        ([spell(EAST, 1), spell(WEST, 19)], "tag_silent"),
        ([spell(EAST, 1), spell(WEST, 0, 10), spell(WEST, 5, 20, DetectorTrouble.DEAF)], "tag_unheard"),
        ([spell(EAST, 1), spell(WEST, 0, 20), spell(WEST, 5, 10, DetectorTrouble.DEAF)], "tag_unheard"),
        ([spell(EAST, 1), spell(WEST, 0, 15), spell(WEST, 0, 15, DetectorTrouble.DEAF)], "tag_silent"),
        ([spell(EAST, 1), spell(WEST, 1, None, DetectorTrouble.CLOCK_WRONG)], "tag_silent"),
    ],
)
def test_detectors_that_were_down_for_most_of_the_time_are_named_instead(spells: list[Spell], rule: str) -> None:
    (event,) = ticked(walked(), WHO, NOW + hours(36), around(*spells))

    assert rule == event.rule == event.reasons[0].code
    assert ("西門、東門" if rule == "tag_unheard" else None) == event.reasons[0].params.get("detectors")


def test_only_the_detectors_of_the_last_five_passages_are_remembered() -> None:
    state = WatchState()
    gates = [UUID(int=number) for number in range(1, 9)]
    way = [*gates, gates[2]]
    told(state, WHO, *(passed(NOW + hours(number), detector_id=gate) for number, gate in enumerate(way)))

    asked = tag_silence.question(state, WHO, None, NOW + hours(60))

    assert {*gates[4:], gates[2]} == set(asked.detector_ids)
    assert ({TAG}, NOW + hours(8)) == (asked.tag_ids, asked.since)


def test_nothing_is_asked_while_nothing_is_due() -> None:
    asked = tag_silence.question(walked(), WHO, None, NOW + hours(35))

    assert (frozenset(), frozenset(), None) == (asked.detector_ids, asked.tag_ids, asked.since)


def test_time_in_which_we_were_down_does_not_count() -> None:
    state = walked()
    uptime = Uptime(down_since=NOW + hours(10), up_since=NOW + hours(20))

    assert [] == ticked(state, WHO, NOW + hours(45), around(uptime=uptime))
    assert NOW + hours(46) == catalogue.due_at(state, WHO, uptime)
    assert ["tag_silent"] == rules(ticked(state, WHO, NOW + hours(46), around(uptime=uptime)))


def test_who_wants_no_silence_hears_of_none() -> None:
    who = expected(silence=False)
    state = walked()

    assert catalogue.due_at(state, who, None) is None
    assert [] == ticked(state, who, NOW + hours(100), around())


def test_a_doubtful_passage_is_a_sign_of_life() -> None:
    state = walked()
    told(state, WHO, passed(NOW + hours(5), doubtful=True))

    assert NOW + hours(41) == catalogue.due_at(state, WHO, None)


def test_the_tag_that_was_heard_longest_ago_is_forgotten_first() -> None:
    state = WatchState()
    for number in range(tag_silence.TAGS_MAX + 1):
        told(state, WHO, passed(NOW + hours(number), tag_id=UUID(int=100 + number)))

    assert tag_silence.TAGS_MAX == len(state.tags)
    assert UUID(int=100).hex not in state.tags
