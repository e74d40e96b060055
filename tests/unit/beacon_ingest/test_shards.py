"""The register of an edge, put together from shards."""

import hashlib
from uuid import UUID

import msgspec
from msgspec import UNSET

from beacon_ingest.messages import TagName
from beacon_ingest.shards import Detector, Device, Head, Register, Shard, Tag, open_shard, packed

CITY = 282103
HANA, TARO = UUID(int=0xA1), UUID(int=0xA7)


def phone(number: int, name: str, carrier: UUID | None = HANA) -> Device:
    return Device(UUID(int=number), CITY, "owntracks", name, b"h" * 32, True, False, carrier)


def tag(number: int, identity: str, mac: str | None = None, bound: bool = False, wearer: UUID | None = HANA) -> Tag:
    return Tag(UUID(int=number), CITY, "ibeacon", identity, mac, bound, wearer)


def a_register() -> Register:
    return Register(lambda detector_id, generation: f"key {detector_id.int} {generation}".encode())


def test_a_register_is_ready_when_it_has_had_every_shard_of_the_head() -> None:
    register = a_register()
    register.take(1, Shard(5, devices=(phone(1, "one"),)))
    assert not register.registry.ready

    register.take_head(Head((1, 2)))
    assert not register.registry.ready
    assert not register.tags.ready

    register.take(2, Shard(5))
    assert register.registry.ready
    assert register.tags.ready


def test_where_nothing_was_ever_registered_everybody_is_a_stranger() -> None:
    register = a_register()
    register.take_head(Head(()))

    assert register.registry.ready
    assert register.registry.by_id("owntracks", "one") is None


def test_what_is_lost_where_shards_are_kept_is_not_lost_here() -> None:
    register = a_register()
    register.take(1, Shard(5, devices=(phone(1, "one"),)))
    register.take_head(Head((1,)))
    register.take_head(Head((1, 2)))

    assert register.registry.ready
    assert register.registry.by_id("owntracks", "one") is not None


def test_an_older_shard_loses_whenever_it_arrives() -> None:
    register = a_register()
    assert register.take(1, Shard(5, devices=(phone(1, "new"),)))

    assert not register.take(1, Shard(4, devices=(phone(1, "old"),)))
    assert not register.take(1, Shard(5, devices=(phone(1, "other"),)))

    assert register.registry.by_id("owntracks", "new") is not None
    assert register.registry.by_id("owntracks", "old") is None


def test_a_shard_replaces_the_one_before_it_and_no_other() -> None:
    register = a_register()
    register.take(1, Shard(5, devices=(phone(1, "one"),), tags=(tag(8193, "a/1/1"),)))
    register.take(2, Shard(5, devices=(phone(2, "two", TARO),)))

    register.take(1, Shard(6, devices=(phone(1, "one", TARO),)))

    assert [TARO, TARO] == [register.subjects.of(UUID(int=number)) for number in (1, 2)]
    assert UUID(int=8193) == register.subjects.of(UUID(int=8193))
    assert register.tags.find(TagName("ibeacon", "a/1/1"), UNSET) is None
    assert register.registry.by_id("owntracks", "two") is not None


def test_a_detector_has_the_key_of_its_generation_and_only_the_edge_makes_it() -> None:
    register = a_register()
    gate = Detector(UUID(int=3), CITY, "gateway", "gate", 2, False, 60, 1.5)
    shard = Shard(5, detectors=(gate,))
    assert open_shard(packed(shard)) == shard
    assert b"key 3 2" not in packed(shard)

    register.take(3, shard)

    found = register.registry.by_key(b"key 3 2")
    assert found is not None
    assert (b"key 3 2", hashlib.sha256(b"key 3 2").digest(), 60, 1.5, True) == (
        found.secret, found.key_hash, found.interval_s, found.skew_s, found.detector,
    )  # fmt: skip
    assert found is register.registry.by_id("gateway", str(UUID(int=3)))
    assert register.registry.by_key(b"key 3 1") is None


def test_a_newer_version_may_say_more_and_an_older_one_less() -> None:
    """Edges are upgraded last: what a shard says is only ever added to, at its end."""
    gate = [UUID(int=3).bytes, CITY, "gateway", "gate", 2, False, 60, 1.5]
    said = [5, [[UUID(int=1).bytes, CITY, "owntracks", "one", b"h" * 32, True, False, HANA.bytes]], [gate]]
    expected = Shard(5, (phone(1, "one"),), (Detector(UUID(int=3), CITY, "gateway", "gate", 2, False, 60, 1.5),))

    assert packed(expected) == msgspec.msgpack.encode([*said, []])
    assert expected == open_shard(msgspec.msgpack.encode(said))
    newer = [*said[:2], [[*gate, "more"]], [], {"more": 1}]
    assert expected == open_shard(msgspec.msgpack.encode(newer))


def test_a_name_that_goes_from_one_thing_to_another_is_never_lost_whatever_comes_first() -> None:
    """The old one's shard still says so when the new one's comes, or comes late, with a version between."""
    register = a_register()
    register.take(1, Shard(5, devices=(phone(1, "phone"),), tags=(tag(1, "a/1/1", "ac233fa00001"),)))
    register.take(2, Shard(5, devices=(phone(2, "phone"),), tags=(tag(2, "a/1/1", "ac233fa00001"),)))
    register.take(3, Shard(5, devices=(phone(3, "phone"),), tags=(tag(3, "a/1/1", "ac233fa00001"),)))
    for number in (1, 3):
        register.take(number, Shard(6))

    device = register.registry.by_id("owntracks", "phone")
    worn = register.tags.find(TagName("ibeacon", "a/1/1"), UNSET)
    assert device is not None
    assert worn is not None
    assert (UUID(int=2), UUID(int=2)) == (device.device_id, worn.tag_id)
    assert worn is register.tags.find(TagName("mac", "ac233fa00001"), UNSET)


def test_a_name_that_two_tags_share_says_nothing_alone_until_one_is_left() -> None:
    register, name = a_register(), TagName("ibeacon", "a/1/1")
    register.take(1, Shard(5, tags=(tag(1, "a/1/1", "ac233fa00001"),)))
    register.take(2, Shard(5, tags=(tag(2, "a/1/1", "ac233fa00002"), tag(4098, "f/1/1", "ac233fa00003", bound=True))))
    assert register.tags.find(name, UNSET) is None

    register.take(1, Shard(6))

    left = register.tags.find(name, UNSET)
    assert left is not None
    assert left.tag_id == UUID(int=2)
    assert register.tags.find(TagName("ibeacon", "f/1/1"), UNSET) is None
    register.take(2, Shard(6))
    assert register.tags.find(name, "ac233fa00002") is None
