from beacon_ingest.registry import Registry
from tests.unit.beacon_ingest.edge import CAR, HANA, PHONE, entry


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
