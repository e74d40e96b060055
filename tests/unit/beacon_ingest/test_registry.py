import hashlib

from msgspec import UNSET

from beacon_ingest.messages import TagName
from beacon_ingest.registry import Registry, Tags
from tests.unit.beacon_ingest.edge import CAR, HANA, PHONE, entry
from tests.unit.beacon_ingest.poles import (
    FACTORY_MAC,
    FACTORY_TAG,
    FACTORY_UUID,
    GATE,
    HANA_MAC,
    HANA_TAG,
    MAC_TAG,
    STRANGER_MAC,
    TAGS,
    TARO_TAG,
    pole,
    tag,
)


def test_a_registry_is_not_ready_before_its_first_snapshot() -> None:
    registry = Registry()

    assert not registry.ready
    assert registry.version == 0

    assert registry.replace([], 0)

    assert registry.ready


def test_a_device_is_found_by_its_format_and_the_name_it_calls_itself() -> None:
    registry = Registry()
    registry.replace([HANA, PHONE], 1)

    assert registry.by_id("osmand", "phone-1") == PHONE
    assert registry.by_id("owntracks", "phone-1") is None
    assert registry.by_id("osmand", "phone-9") is None


def test_a_key_is_found_by_its_hash_and_nothing_else_opens() -> None:
    registry = Registry()
    registry.replace([HANA, CAR, entry(9, "owntracks", "long", key="k" * 100_000)], 1)

    assert registry.by_key(b"hana-key") == HANA
    assert registry.by_key(b"hana-kez") is None
    assert registry.by_key(b"") is None
    assert registry.by_key(b"k" * 100_000) is None


def test_a_snapshot_replaces_the_one_before_whole() -> None:
    registry = Registry()
    registry.replace([HANA, PHONE], 1)
    registry.replace([entry(1, "owntracks", "hana", key="new-key")], 2)

    assert registry.by_id("osmand", "phone-1") is None
    assert registry.by_key(b"hana-key") is None
    assert registry.by_key(b"new-key") is not None
    assert len(registry) == 1
    assert registry.version == 2


def test_an_older_snapshot_that_arrives_late_changes_nothing() -> None:
    registry = Registry()
    registry.replace([HANA], 5)

    assert not registry.replace([PHONE], 4)

    assert registry.by_id("owntracks", "hana") == HANA
    assert registry.by_id("osmand", "phone-1") is None
    assert registry.version == 5


def test_a_detector_is_found_by_its_own_name_too_unless_another_is_called_so() -> None:
    registry = Registry()
    usurper = pole(31, "gateway", str(GATE.device_id))
    registry.replace([GATE], 1)

    assert registry.by_id("gateway", str(GATE.device_id)) == registry.by_id("gateway", "gate") == GATE
    assert registry.by_id("minew", str(GATE.device_id)) is None
    assert registry.by_id("owntracks", str(HANA.device_id)) is None

    for order in ([GATE, usurper], [usurper, GATE]):
        registry.replace(order, 1)
        assert registry.by_id("gateway", str(GATE.device_id)) == usurper


def test_the_key_of_a_detector_opens_for_it_and_its_hash_does_not() -> None:
    registry = Registry()
    registry.replace([GATE], 1)

    assert registry.by_key(b"key-of-gate") == GATE
    assert registry.by_key(hashlib.sha256(b"key-of-gate").digest()) is None


def test_tags_are_not_ready_before_their_first_snapshot() -> None:
    tags = Tags()

    assert not tags.ready
    assert tags.find(HANA_TAG.name, UNSET) is None

    assert tags.replace([], 0)

    assert tags.ready


def test_a_tag_is_found_by_its_name_or_its_address() -> None:
    tags = Tags()
    tags.replace(TAGS, 1)

    assert tags.find(HANA_TAG.name, UNSET) == HANA_TAG
    assert tags.find(HANA_TAG.name, STRANGER_MAC) == HANA_TAG
    assert tags.find(TagName("mac", HANA_MAC), UNSET) == HANA_TAG
    assert tags.find(TagName("eddystone-uid", "0" * 32), HANA_MAC) == HANA_TAG
    assert tags.find(MAC_TAG.name, UNSET) == MAC_TAG
    assert tags.find(TagName("mac", STRANGER_MAC), STRANGER_MAC) is None
    assert tags.find(TagName("altbeacon", TARO_TAG.name.id), UNSET) is None


def test_a_name_of_the_factory_is_nobody_without_the_right_address() -> None:
    tags = Tags()
    tags.replace(TAGS, 1)

    assert tags.find(FACTORY_TAG.name, FACTORY_MAC) == FACTORY_TAG
    assert tags.find(FACTORY_TAG.name, STRANGER_MAC) is None
    assert tags.find(FACTORY_TAG.name, UNSET) is None


def test_tags_that_share_a_name_are_told_apart_by_their_addresses() -> None:
    one = tag(1, "ibeacon", f"{FACTORY_UUID}/1/1", mac="ac233fa00001")
    other = tag(2, "ibeacon", f"{FACTORY_UUID}/1/1", mac="ac233fa00002")
    tags = Tags()
    tags.replace([one, other], 1)

    assert tags.find(one.name, "ac233fa00001") == one
    assert tags.find(one.name, "ac233fa00002") == other
    assert tags.find(one.name, UNSET) is None


def test_a_snapshot_of_tags_replaces_the_one_before_whole_and_an_older_one_loses() -> None:
    tags = Tags()
    tags.replace(TAGS, 5)
    tags.replace([TARO_TAG], 6)

    assert not tags.replace(TAGS, 5)

    assert tags.find(TARO_TAG.name, UNSET) == TARO_TAG
    assert tags.find(HANA_TAG.name, UNSET) is tags.find(TagName("mac", HANA_MAC), UNSET) is None
    assert (1, 6) == (len(tags), tags.version)
