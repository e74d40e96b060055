"""Every change that edges must know leaves a note in its own transaction, and nothing else does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.db import shards
from app.db.tables import registry_change
from app.devices import service as devices
from app.devices.tables import device
from app.households import service as households
from app.households.tables import contact
from app.kit.ids import ContactId
from app.snapshots import read_shards
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from app.tags.tables import detector_health, tag
from beacon_ingest.clocks import SKEW_S_MAX
from beacon_ingest.shards import SHARDS, shard_of
from tests.build import KAKOGAWA, NOW, Town, town, viewer

pytestmark = pytest.mark.postgresql

DRAFT = DetectorDraft(kind=DetectorKind.FIXED, name="gate", lat_deg=34.757, lon_deg=134.841)


@pytest.fixture
def dialect() -> str:
    return "postgresql"


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection, NOW)


def noted(connection: Connection) -> set[int]:
    """The shards that were noted since this was last asked."""
    return set(connection.execute(sa.delete(registry_change).returning(registry_change.c.shard)).scalars())


def new_tag(connection: Connection, minor: int = 0x1B) -> Any:
    return tags.register_tag(
        connection, city_id=KAKOGAWA, vendor="Aruku", scheme="mac", identity=f"ac233fa000{minor:02x}", now=NOW
    )


def son_of(connection: Connection, here: Town) -> ContactId:
    """Her son, who agrees that his own place is taken."""
    query = sa.select(contact.c.id).where(contact.c.account_id == here.son.id)
    found = ContactId(connection.execute(query).scalar_one())
    households.share_place(connection, viewer(here.son), found, True, NOW)
    return found


def test_the_database_and_the_edge_find_the_same_shard(connection: Connection) -> None:
    for number in (0, 1, SHARDS - 1, SHARDS, 0xABC, 2**128 - 1, 0x0198F1C2D3E47ABC8DEF123456789ABC):
        one = UUID(int=number)
        found = connection.execute(sa.select(shards.shard_of(sa.literal(one, device.c.id.type)))).scalar_one()
        assert shard_of(one) == found, one


def test_each_change_of_a_device_is_noted(connection: Connection, here: Town) -> None:
    assert shard_of(here.watch.id) in noted(connection)
    changes: list[Callable[[], Any]] = [
        lambda: devices.rotate_key(connection, here.watch.id),
        lambda: connection.execute(sa.update(device).where(device.c.id == here.watch.id).values(external_id="other")),
        lambda: devices.release(connection, here.watch.id, NOW),
        lambda: devices.assign(connection, here.watch.id, here.hana.id, now=NOW),
        lambda: devices.end_device(connection, here.watch.id, NOW),
    ]
    for change in changes:
        change()
        assert {shard_of(here.watch.id)} == noted(connection)


def test_each_change_of_a_tag_is_noted_and_what_it_says_of_its_battery_is_not(
    connection: Connection, here: Town
) -> None:
    noted(connection)
    one = new_tag(connection)
    assert {shard_of(one.id)} == noted(connection)
    changes: list[Callable[[], Any]] = [
        lambda: tags.assign_tag(connection, one.id, here.hana.id, now=NOW),
        lambda: tags.release_tag(connection, one.id, NOW),
        lambda: tags.lend_tag(connection, one.id, son_of(connection, here), NOW),
        lambda: tags.end_loan(connection, one.id, NOW + timedelta(hours=1)),
        lambda: tags.end_tag(connection, one.id, NOW),
    ]
    tags.change_tag(connection, one.id, name="red")
    connection.execute(sa.update(tag).values(battery_pct=50.0, battery_at=NOW, learnt_s=3.0))
    assert set() == noted(connection)
    for change in changes:
        change()
        assert {shard_of(one.id)} == noted(connection)


def test_what_is_heard_of_a_contacts_tag_goes_the_way_of_the_wearer(connection: Connection, here: Town) -> None:
    """Her passage is judged by whoever knows already who was with her."""
    hers, his = new_tag(connection), new_tag(connection, minor=3)
    tags.assign_tag(connection, hers.id, here.hana.id, now=NOW)
    tags.lend_tag(connection, his.id, son_of(connection, here), NOW)

    concerned = tags.tag_wearers(connection, {shard_of(one.id) for one in (hers, his)})
    assert {hers.id: here.hana.id, his.id: here.hana.id} == concerned


def test_each_change_of_a_detector_is_noted_and_of_its_clock_only_whether_it_is_right(
    connection: Connection, here: Town
) -> None:
    noted(connection)
    gate = tags.register_detector(connection, KAKOGAWA, replace(DRAFT, external_id="gate"), NOW)
    assert {shard_of(gate.id)} == noted(connection)
    changes: list[Callable[[], Any]] = [
        lambda: tags.rotate_detector_key(connection, gate.id),
        lambda: tags.change_detector(connection, gate.id, {"interval_s": 30}),
        lambda: tags.change_detector(connection, gate.id, {"external_id": "other"}),
    ]
    for change in changes:
        change()
        assert {shard_of(gate.id)} == noted(connection)

    row = {"detector_id": gate.id, "heard_at": NOW, "sightings": 0, "strangers": 0}
    connection.execute(sa.insert(detector_health).values(**row, skew_s=None))
    told = []
    for skew_s in (1.0, 2.0, -SKEW_S_MAX, SKEW_S_MAX + 1, 9_000.0, SKEW_S_MAX - 1, None, None):
        connection.execute(sa.update(detector_health).values(skew_s=skew_s, sightings=detector_health.c.sightings + 1))
        told.append(bool(noted(connection)))
    assert [True, False, False, True, False, True, True, False] == told
    tags.end_detector(connection, gate.id, NOW)
    assert {shard_of(gate.id)} == noted(connection)


def test_what_was_not_committed_is_not_noted(connection: Connection, here: Town) -> None:
    noted(connection)
    with connection.begin_nested() as part:
        devices.rotate_key(connection, here.watch.id)
        part.rollback()

    assert set() == noted(connection)


def test_a_note_becomes_a_new_version_of_its_shard(connection: Connection, here: Town) -> None:
    shards.gather(connection)
    first = shards.versions(connection)
    devices.rotate_key(connection, here.watch.id)

    assert 1 == shards.gather(connection)
    assert 0 == shards.gather(connection)

    second = shards.versions(connection)
    number = shard_of(here.watch.id)
    assert second[number] > first[number]
    assert first == second | {number: first[number]}
    (one,) = read_shards(connection, [number]).values()
    assert second[number] == one.version
    assert [(here.watch.id, here.hana.id)] == [(it.id, it.carrier) for it in one.devices if it.id == here.watch.id]


def test_a_version_that_was_seen_elsewhere_is_overtaken_and_no_other(connection: Connection, here: Town) -> None:
    shards.gather(connection)
    before = shards.versions(connection)
    number, (free, *_) = shard_of(here.watch.id), (one for one in range(SHARDS) if one not in before)
    far = before[number] + 10**12

    shards.overtake(connection, {number: far, free: 5} | {one: before[one] for one in before if one != number})

    after = shards.versions(connection)
    assert after[number] > far
    assert after[free] > 5
    assert before == {one: version for one, version in after.items() if one != free} | {number: before[number]}


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        ("device", "'external_id', n::text, 'key_hash', null"),
        ("detector", "'external_id', n::text"),
        ("tag", "'identity', n::text, 'scheme', 'ibeacon', 'mac', null"),
    ],
)
def test_the_things_of_a_shard_are_found_by_an_index(
    connection: Connection, here: Town, table: str, changed: str
) -> None:
    new_tag(connection)
    tags.register_detector(connection, KAKOGAWA, DRAFT, NOW)
    connection.exec_driver_sql(
        f"INSERT INTO {table} SELECT made.* FROM {table} AS one, generate_series(1, 3000) AS n, "
        f"jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid(), {changed})) AS made "
        f"WHERE one.id = (SELECT id FROM {table} LIMIT 1)"
    )
    connection.exec_driver_sql(f"ANALYZE {table}")
    plan = connection.exec_driver_sql(
        f"EXPLAIN SELECT id FROM {table} WHERE ended_at IS NULL AND registry_shard_of(id) IN (1, 2)"
    ).scalars()

    assert f"ix_{table}_registry_shard" in "\n".join(plan)
