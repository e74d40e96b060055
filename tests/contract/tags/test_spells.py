"""The times in which something was wrong with a detector: begun by the job, ended by a word, asked for afterwards."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.kit.ids import new_id
from app.tags import service
from app.tags.model import Detector, DetectorKind, DetectorTrouble, Spell
from app.tags.registration import DetectorDraft
from app.tags.store import spells
from app.tags.tables import detector_hour, detector_spell
from tests.build import NOW, minutes
from tests.contract.households.cast import KAKOGAWA
from tests.contract.tags.test_hearing import save, word

SILENT, DEAF, CLOCK_WRONG = DetectorTrouble
SETTINGS = Settings()
TOWN = 1_500


def judge(connection: Connection, at_min: float) -> int:
    return service.judge_detectors(connection, service.uptime(connection), NOW + minutes(at_min))


def spell(of: Detector, trouble: DetectorTrouble, from_min: float, until_min: float | None = None) -> Spell:
    until_at = None if until_min is None else NOW + minutes(until_min)
    return Spell(detector_id=of.id, trouble=trouble, from_at=NOW + minutes(from_min), until_at=until_at)


def all_of(connection: Connection, of: Detector) -> list[Spell]:
    return service.spells_between(connection, [of.id], NOW - minutes(1), NOW + timedelta(days=3650))[of.id]


def test_a_silence_begins_with_the_last_word_and_ends_with_the_next(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 1))
    assert 0 == judge(connection, 3)
    assert 1 == judge(connection, 5)
    assert 0 == judge(connection, 6)
    assert [spell(gate, SILENT, 1)] == all_of(connection, gate)

    save(connection, word(gate, 9), word(gate, 8), word(gate, 10))

    assert [spell(gate, SILENT, 1, 8)] == all_of(connection, gate)
    assert 0 == judge(connection, 11)


def test_a_word_that_was_kept_waiting_ends_only_what_began_before_it(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 10))
    judge(connection, 20)
    save(connection, word(gate, 5))
    assert [spell(gate, SILENT, 10)] == all_of(connection, gate)

    save(connection, word(gate, 12))
    judge(connection, 20)

    assert [spell(gate, SILENT, 10, 12), spell(gate, SILENT, 12)] == all_of(connection, gate)


def test_deafness_and_a_wrong_clock_end_when_it_hears_and_tells_the_time(
    connection: Connection, gate: Detector
) -> None:
    save(connection, word(gate, 1, strangers=1), word(gate, 400, skew_s=-1e9))
    judge(connection, 401)
    assert [spell(gate, DEAF, 1), spell(gate, CLOCK_WRONG, 400)] == all_of(connection, gate)

    save(connection, word(gate, 402), word(gate, 403, sightings=1), word(gate, 404, skew_s=3.0))

    assert [spell(gate, DEAF, 1, 403), spell(gate, CLOCK_WRONG, 400, 404)] == all_of(connection, gate)


def test_after_an_outage_of_ours_nobody_is_called_silent_for_it(connection: Connection, gate: Detector) -> None:
    jobs.come_up(connection, NOW)
    save(connection, word(gate, 1))
    jobs.come_up(connection, NOW + minutes(120))
    jobs.judge_detectors(connection, SETTINGS, NOW + minutes(121))
    assert [] == all_of(connection, gate)

    jobs.judge_detectors(connection, SETTINGS, NOW + minutes(123))
    assert [spell(gate, SILENT, 120)] == all_of(connection, gate)


def test_the_job_is_one_of_those_that_run(connection: Connection, gate: Detector) -> None:
    jobs.come_up(connection, NOW)
    jobs.run_all(connection, SETTINGS, NOW + minutes(5))

    assert [30] == [job.every_s for job in jobs.JOBS if job.name == "detectors"]
    assert [spell(gate, SILENT, 0)] == all_of(connection, gate)


def test_nothing_is_wrong_with_one_that_has_ended(connection: Connection, gate: Detector) -> None:
    judge(connection, 5)
    service.end_detector(connection, gate.id, NOW + minutes(7))

    assert (1, 0) == (judge(connection, 9), judge(connection, 10))
    assert [spell(gate, SILENT, 0, 7)] == all_of(connection, gate)


def test_what_one_run_does_not_come_to_the_next_one_does(connection: Connection, gate: Detector) -> None:
    register(connection, 9)
    done = [service.judge_detectors(connection, None, NOW + minutes(5), 4) for _ in range(4)]

    assert [4, 4, 2, 0] == done


def register(connection: Connection, count: int) -> list[Detector]:
    drafts = [
        DetectorDraft(kind=DetectorKind.FIXED, name=f"pole {number}", lat_deg=34.757, lon_deg=134.841)
        for number in range(count)
    ]
    made = service.register_detectors(connection, KAKOGAWA, drafts, NOW)
    return list(made)


def test_the_state_of_any_past_minute_can_be_asked(connection: Connection, gate: Detector) -> None:
    save(connection, word(gate, 1, strangers=1), word(gate, 400, skew_s=999.0))
    judge(connection, 401)
    judge(connection, 410)
    save(connection, word(gate, 420))
    unknown = new_id()

    expected = {
        0: (),
        1: (DEAF,),
        399: (DEAF,),
        400: (SILENT, CLOCK_WRONG),
        419: (SILENT, CLOCK_WRONG),
        420: (CLOCK_WRONG,),
    }
    found = {minute: service.state_at(connection, [gate.id, unknown], NOW + minutes(minute)) for minute in expected}

    assert {minute: {gate.id: troubles, unknown: ()} for minute, troubles in expected.items()} == found


@pytest.mark.parametrize(
    ("from_min", "until_min", "expected"), [(0, 10, 0), (0, 10.1, 1), (19.9, 30, 1), (20, 30, 0), (12, 13, 1)]
)
def test_a_spell_touches_a_span_that_is_open_at_its_end(
    connection: Connection, gate: Detector, from_min: float, until_min: float, expected: int
) -> None:
    spells.write(connection, [spell(gate, SILENT, 10, 20)])
    found = service.spells_between(connection, [gate.id], NOW + minutes(from_min), NOW + minutes(until_min))

    assert expected == len(found[gate.id])


def test_a_spell_that_is_over_as_it_begins_was_none(connection: Connection, gate: Detector) -> None:
    spells.write(connection, [spell(gate, SILENT, 10), spell(gate, DEAF, 10)])
    spells.write(connection, [spell(gate, SILENT, 10, 10)])

    assert [spell(gate, DEAF, 10)] == all_of(connection, gate)


def test_what_may_no_longer_be_kept_is_deleted(connection: Connection, gate: Detector) -> None:
    spells.write(connection, [spell(gate, SILENT, 0, 30), spell(gate, DEAF, 0)])
    save(connection, word(gate, 0, sightings=1))
    kept = timedelta(days=SETTINGS.retention_days)

    def rows() -> tuple[int, int]:
        counts = [sa.select(sa.func.count()).select_from(table) for table in (detector_spell, detector_hour)]
        first, second = (connection.execute(one).scalar_one() for one in counts)
        return first, second

    jobs.forget(connection, SETTINGS, NOW + minutes(29) + kept)
    assert (2, 1) == rows()
    jobs.forget(connection, SETTINGS, NOW + minutes(31) + kept)
    assert (1, 1) == rows()
    jobs.forget(connection, SETTINGS, NOW + minutes(61) + kept)
    assert (1, 0) == rows()


def test_a_town_is_judged_with_one_look_and_one_write(
    connection: Connection, gate: Detector, record_property: Callable[[str, object], None]
) -> None:
    town = register(connection, TOWN)
    save(connection, *(word(one, 1) for one in town))
    statements: list[str] = []
    sa.event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    took = []
    for expected in (TOWN + 1, 0):
        began = time.perf_counter()
        assert expected == judge(connection, 10)
        took.append(time.perf_counter() - began)
    record_property("seconds_all_fall_silent", took[0])
    record_property("seconds_nothing_changed", took[1])

    assert 2 * ["SELECT"] + ["INSERT"] + 2 * ["SELECT"] == [one.split()[0] for one in statements]
