"""Shards come in any order, more than once and too late: an edge ends with what was last true, as if it had read all of
it at once.
"""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from beacon_ingest.messages import TagName
from beacon_ingest.shards import Detector, Device, Register, Shard, Tag

NAMES = ["a", "b", "c"]
MACS = [None, "ac233fa00001", "ac233fa00002"]
SHARDS = 3


def shard(number: int, version: int) -> st.SearchStrategy[Shard]:
    """Anything at all in one shard, also what the database would not have at one time."""

    def made(names: list[str], poles: list[str], worn: list[tuple[str, str | None, bool]]) -> Shard:
        return Shard(
            version,
            tuple(
                Device(
                    UUID(int=64 * number + n), 1, "osmand", name, name.encode() * 32, True, False, UUID(int=1000 + n)
                )
                for n, name in enumerate(names)
            ),
            tuple(
                Detector(UUID(int=64 * number + 16 + n), 1, "gateway", name, 1, False, 60, None)
                for n, name in enumerate(poles)
            ),
            tuple(
                Tag(UUID(int=64 * number + 32 + n), 1, "ibeacon", name, mac, bound, UUID(int=2000 + n))
                for n, (name, mac, bound) in enumerate(worn)
            ),
        )

    some = st.lists(st.sampled_from(NAMES), max_size=2)
    tags = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(MACS), st.booleans()), max_size=2)
    return st.builds(made, some, some, tags)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[int, Shard]], list[Shard]]:
    """What arrives, each version at least once, and what is true in the end: no two of those have one name."""
    versions = {number: draw(st.integers(1, 3)) for number in range(SHARDS)}
    all_of_them = [(number, draw(shard(number, v))) for number, last in versions.items() for v in range(1, last + 1)]
    ends = [draw(shard(number, 9)) for number in range(SHARDS)]
    all_of_them += list(enumerate(ends))
    return draw(st.permutations(all_of_them)), ends


def key_of(detector_id: UUID, generation: int) -> bytes:
    return detector_id.bytes


@given(histories())
@settings(max_examples=40)
def test_in_whatever_order_shards_come_the_end_is_the_same(
    history: tuple[list[tuple[int, Shard]], list[Shard]],
) -> None:
    arrived, ends = history
    register = Register(key_of)
    for number, one in arrived:
        register.take(number, one)

    owners = {UUID(int=n): register.subjects.of(UUID(int=n)) for n in range(64 * SHARDS)}
    expected = {one.id: one.carrier for end in ends for one in end.devices}
    expected |= {one.id: one.wearer for end in ends for one in end.tags}
    assert {key: expected.get(key, key) for key in owners} == owners
    for name in NAMES:
        held = {one.id for end in ends for one in end.devices if one.external_id == name}
        found = register.registry.by_id("osmand", name)
        assert (found is None) == (not held)
        assert found is None or found.device_id in held
        worn = [one for end in ends for one in end.tags if one.identity == name]
        alone = register.tags.named(TagName("ibeacon", name))
        assert (alone is not None) == (len(worn) == 1 and not worn[0].bound)
        for mac in MACS[1:]:
            there = {one.id for one in worn if one.mac == mac}
            tag = register.tags.find(TagName("ibeacon", name), UNSET if len(worn) == 1 and not worn[0].bound else mac)
            assert not there or (tag is not None and tag.tag_id in {one.id for one in worn})
    assert len(put_together(ends).registry) == len(register.registry)
    assert len(put_together(ends).tags) == len(register.tags)


def put_together(ends: list[Shard]) -> Register:
    register = Register(key_of)
    for number, one in enumerate(ends):
        register.take(number, one)
    return register
