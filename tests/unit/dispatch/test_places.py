"""Which places of a batch are kept."""

from datetime import timedelta
from uuid import UUID

from app.dispatch.places import Refusal, Told, sorted_out
from app.dispatch.units import Spell, Task
from app.kit.ids import AccountId, IncidentId, TaskId, UnitId
from tests.build import NOW, minutes

UNIT, OTHER = UnitId(UUID(int=1)), UnitId(UUID(int=2))
ME = AccountId(UUID(int=3))


def told(minute: float) -> Told:
    return Told(at=NOW + minutes(minute), lat_deg=34.7, lon_deg=134.8)


def spell(from_minute: float, until_minute: float | None = None, unit: UnitId = UNIT) -> Spell:
    until_at = None if until_minute is None else NOW + minutes(until_minute)
    return Spell(unit_id=unit, account_id=ME, from_at=NOW + minutes(from_minute), until_at=until_at)


def task(number: int, taken: float, freed: float | None = None, unit: UnitId = UNIT) -> Task:
    return Task(
        id=TaskId(UUID(int=number)), unit_id=unit, incident_id=IncidentId(UUID(int=9)), taken_at=NOW + minutes(taken),
        freed_at=None if freed is None else NOW + minutes(freed),
    )  # fmt: skip


def outcome(batch: list[Told], spells: list[Spell], *tasks: Task) -> tuple[list[tuple[int, int | None, bool]], object]:
    """Unit, task and whether he still is on duty there of each that is kept; and the refusals."""
    kept, refused = sorted_out(batch, spells, tasks, NOW)
    return [(one.unit_id.int, None if one.task_id is None else one.task_id.int, one.is_now) for one in kept], refused


def test_only_what_was_measured_on_duty_is_kept() -> None:
    batch = [told(-61), told(-60), told(-30), told(-20), told(-5), told(0)]
    spells = [spell(-60, -20), spell(-10, unit=OTHER)]

    assert (
        [(1, None, False), (1, None, False), (2, None, True), (2, None, True)],
        {0: Refusal.OFF_DUTY, 3: Refusal.OFF_DUTY},
    ) == outcome(batch, spells)


def test_while_the_unit_is_out_it_is_part_of_its_way() -> None:
    batch = [told(-31), told(-30), told(-11), told(-10), told(-5)]
    tasks = [task(7, -30, -10), task(8, -6), task(5, -40, unit=OTHER)]

    assert [None, 7, 7, None, 8] == [one[1] for one in outcome(batch, [spell(-60)], *tasks)[0]]


def test_a_clock_that_is_a_little_ahead_is_believed_and_one_that_is_wrong_is_not() -> None:
    assert ([(1, 7, True)], {1: Refusal.AHEAD}) == outcome([told(1.9), told(2.1)], [spell(-1)], task(7, 0))


def test_after_a_day_nobody_believes_it_any_more() -> None:
    day = timedelta(days=1).total_seconds() / 60

    assert ([(1, None, True)], {1: Refusal.OLD}) == outcome([told(-day), told(-day - 1)], [spell(-2 * day)])
