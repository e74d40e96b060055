"""Who decides where a unit goes, and what a detector's unit is cut into."""

from uuid import UUID

from msgspec import UNSET

from beacon_ingest.messages import DetectorReport, DetectorUnit
from beacon_ingest.partitions import Part, Subjects, partition_of, parts_of
from tests.contract.stream.units import a_detector_unit, a_unit

COUNT = 8
HANA, TARO = UUID(int=0xA1), UUID(int=0xA7)


def shares(parts: list[Part]) -> list[Part]:
    return [one for one in parts if isinstance(one.unit, DetectorUnit) and one.unit.share]


def test_the_two_lie_in_different_partitions() -> None:
    assert partition_of(HANA, COUNT) != partition_of(TARO, COUNT)


def test_what_a_device_says_goes_by_whoever_carries_it() -> None:
    subjects = Subjects()
    unit = a_unit(device=5)
    assert [Part(partition_of(UUID(int=5), COUNT), unit)] == list(parts_of(unit, subjects, COUNT))

    for wearer in (HANA, TARO):
        subjects.change((), {UUID(int=5): wearer})
        assert [Part(partition_of(wearer, COUNT), unit)] == list(parts_of(unit, subjects, COUNT))


def test_a_tag_and_a_tracker_of_one_wearer_go_together() -> None:
    subjects = Subjects()
    subjects.change((), {UUID(int=5): HANA, UUID(int=6): HANA})

    (tracker,) = parts_of(a_unit(device=5), subjects, COUNT)
    (tag,) = shares(list(parts_of(a_detector_unit(6), subjects, COUNT)))
    assert tracker.partition == tag.partition


def test_a_detectors_unit_is_cut_by_whose_the_tags_are() -> None:
    subjects = Subjects()
    subjects.change((), {UUID(int=1): HANA, UUID(int=2): TARO, UUID(int=3): HANA})
    unit = a_detector_unit(1, 2, 3)

    own, *others = parts_of(unit, subjects, COUNT)
    assert isinstance(own.unit, DetectorUnit)
    assert partition_of(unit.device_id, COUNT) == own.partition
    assert (unit.ingest_ids, unit.report, unit.health, ()) == (
        own.unit.ingest_ids, own.unit.report, own.unit.health, own.unit.tags,
    )  # fmt: skip
    found = {one.partition: one.unit for one in others if isinstance(one.unit, DetectorUnit)}
    assert {partition_of(HANA, COUNT): [1, 3], partition_of(TARO, COUNT): [2]} == {
        partition: [tag.tag.int for tag in one.tags] for partition, one in found.items()
    }
    for one in found.values():  # Only what was heard, by which clock, and where that was.
        assert (DetectorReport(skew_s=1.5), UNSET, unit.fix, True) == (one.report, one.health, one.fix, one.share)


def test_parts_have_names_of_their_own_and_a_repeat_has_the_same() -> None:
    subjects = Subjects()
    subjects.change((), {UUID(int=1): HANA, UUID(int=2): TARO})
    unit = a_detector_unit(1, 2)

    first, again = (list(parts_of(unit, subjects, COUNT)) for _ in range(2))
    names = [one.unit.ingest_ids for one in first]
    assert names == [one.unit.ingest_ids for one in again]
    assert 3 * 2 == len({name for both in names for name in both})
    assert {16} == {len(name) for both in names for name in both}


def test_a_share_that_a_tag_joined_is_no_repeat_of_the_one_without_it() -> None:
    subjects = Subjects()
    subjects.change((), {UUID(int=1): HANA, UUID(int=2): TARO})
    stored = {one.unit.ingest_ids for one in shares(list(parts_of(a_detector_unit(1, 2), subjects, COUNT)))}

    subjects.change((), {UUID(int=1): HANA, UUID(int=2): HANA})
    (joined,) = shares(list(parts_of(a_detector_unit(1, 2), subjects, COUNT)))
    assert joined.unit.ingest_ids not in stored
