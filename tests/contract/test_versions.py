"""What is kept in memory between transactions: read anew at once where it changed, whoever changed it, and nowhere else."""

from collections.abc import Collection, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection, Engine

from app.db import versions
from app.db.engine import open_engine
from app.db.session import savepoint
from app.db.tables import heartbeat, version
from app.db.versions import Kept, bump
from app.devices import service as devices
from app.geo import service as geo
from app.geo.model import GeofenceChange, GeofenceDraft, Shape
from app.households import service as households
from app.tags import service as tags
from app.watch import service as watch
from app.watch.model import WatchSettings
from app.watch.service.looking import subjects_of
from tests.build import HOME, NOW, Town, account, town, viewer
from tests.contract.watch.conftest import School, school

__all__ = ["school"]

WHAT, OF_OTHERS = "what", "of others"
A, B = UUID(int=1), UUID(int=2)
LIKE_A = UUID(int=A.int + versions.PARTS)
"""In the same part."""
OTHER = UUID(int=7)


class Reader(Struct):
    """Keeps the values of one engine and notes which it had to read."""

    engine: Engine
    kept: "Kept[UUID, list[UUID]]"
    about: dict[UUID, list[UUID]]
    read: list[UUID]

    def reads(self, *ids: UUID, within: Connection | None = None) -> set[UUID]:
        """What had to be read to know of these ids, in a transaction of its own unless one is given."""
        if within is None:
            with self.engine.begin() as connection:
                return self.reads(*ids, within=connection)
        self.read.clear()
        assert set(ids) == set(self.kept.of(within, ids, self._load))
        return set(self.read)

    def _load(self, _connection: Connection, ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
        self.read += ids
        return {one: self.about.get(one, []) for one in ids}


def a_reader(engine: Engine) -> Reader:
    kept: Kept[UUID, list[UUID]] = Kept(WHAT, others={OF_OTHERS: list})
    return Reader(engine=engine, kept=kept, about={B: [OTHER]}, read=[])


@pytest.fixture
def engine(where: Path | str) -> Iterator[Engine]:
    engine = open_engine(where)
    with engine.begin() as connection:  # Of names that were never told everything is read anew at first.
        bump(connection, WHAT)
        bump(connection, OF_OTHERS)
    yield engine
    engine.dispose()


@pytest.fixture
def reader(engine: Engine) -> Reader:
    reader = a_reader(engine)
    assert {A, B} == reader.reads(A, B)
    assert set() == reader.reads(A, B)
    return reader


@pytest.fixture
def elsewhere(where: Path | str, reader: Reader) -> Iterator[Engine]:
    """The engine of another process on the same database."""
    engine = open_engine(where)
    yield engine
    engine.dispose()


def tell(engine: Engine, name: str, ids: Collection[UUID] | None = None) -> None:
    with engine.begin() as connection:
        bump(connection, name, ids)


def test_only_what_changed_is_read_anew(reader: Reader) -> None:
    reader.reads(LIKE_A)
    for _ in range(2):
        tell(reader.engine, WHAT, [A])

        assert {A, LIKE_A} == reader.reads(A, B, LIKE_A)
    tell(reader.engine, WHAT, [A, B])
    assert {A, B} == reader.reads(A, B)
    assert {LIKE_A} == reader.reads(LIKE_A)
    tell(reader.engine, WHAT, [])
    assert set() == reader.reads(A, B, LIKE_A)


def test_a_change_of_everything_is_one(reader: Reader) -> None:
    tell(reader.engine, WHAT)
    assert {A, B} == reader.reads(A, B)
    tell(reader.engine, OF_OTHERS)
    assert {A, B} == reader.reads(A, B)


def test_a_change_of_somebody_who_is_named_in_a_value_is_one(reader: Reader) -> None:
    tell(reader.engine, OF_OTHERS, [A])
    assert set() == reader.reads(A, B)
    tell(reader.engine, OF_OTHERS, [OTHER])
    assert {B} == reader.reads(A, B)
    tell(reader.engine, WHAT, [OTHER])
    assert set() == reader.reads(A, B)


def test_each_process_notices_what_another_one_changed(reader: Reader, elsewhere: Engine) -> None:
    other = a_reader(elsewhere)
    other.reads(A, B)
    tell(elsewhere, WHAT, [A])
    tell(reader.engine, WHAT, [B])

    assert {A, B} == reader.reads(A, B) == other.reads(A, B)
    assert set() == reader.reads(A, B) == other.reads(A, B)


def test_many_changes_between_two_looks_are_all_noticed(reader: Reader, elsewhere: Engine) -> None:
    tell(elsewhere, WHAT, [A])
    tell(elsewhere, OF_OTHERS, [OTHER])
    tell(elsewhere, WHAT, [OTHER])

    assert {A, B} == reader.reads(A, B)


def test_a_change_is_seen_in_its_own_transaction_and_is_forgotten_with_it(reader: Reader) -> None:
    """The part had no number before: it has none again, and that is another one too."""
    with reader.engine.connect() as connection:
        connection.begin()
        bump(connection, WHAT, [A])
        assert {A} == reader.reads(A, B, within=connection)
        connection.rollback()

    assert {A} == reader.reads(A, B)
    assert set() == reader.reads(A, B)


def test_what_failed_alone_is_forgotten_within_a_transaction_that_goes_on(reader: Reader) -> None:
    tell(reader.engine, WHAT, [A])
    reader.reads(A, B)

    def fails(connection: Connection) -> None:
        with savepoint(connection):
            bump(connection, WHAT, [A])
            reader.reads(A, within=connection)
            raise RuntimeError

    with reader.engine.begin() as connection:
        values = {"name": "x", "at": NOW, "up_since": NOW, "down_since": NOW}
        connection.execute(sa.insert(heartbeat).values(values))
        with pytest.raises(RuntimeError):
            fails(connection)
        assert {A} == reader.reads(A, B, within=connection)


@pytest.mark.postgresql
def test_a_change_that_is_committed_while_a_transaction_reads_is_seen_from_then_on(
    dialect: str, reader: Reader, elsewhere: Engine
) -> None:
    with reader.engine.begin() as connection:
        held = reader.kept.of(connection, [A, B], reader._load)
        with elsewhere.begin() as other:
            bump(other, WHAT, [A])
            assert set() == reader.reads(A, B, within=connection)
        assert {LIKE_A} == reader.reads(LIKE_A, within=connection)
        assert {A, B} == set(held), "what the caller holds is not taken away"

    assert {A} == reader.reads(A, B, LIKE_A)


def test_beyond_the_limit_everything_is_read_anew(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "ENTRIES_MAX", 2)

    assert {A} == reader.reads(A)


def whole_number(connection: Connection, name: str) -> int:
    return connection.execute(sa.select(version.c.number).where(version.c.name == name)).scalar_one()


def as_the_version_before(connection: Connection, name: str) -> None:
    """Tells a change as processes do that know no parts: any number of 62 bits."""
    connection.execute(sa.update(version).where(version.c.name == name).values(number=0x2AAAAAAA_55555555))


def test_a_process_of_the_version_before_is_noticed_whatever_was_told_after_it(reader: Reader) -> None:
    with reader.engine.begin() as connection:
        as_the_version_before(connection, WHAT)
    tell(reader.engine, WHAT, [A])

    assert {A, B} == reader.reads(A, B)


def test_a_process_of_the_version_before_notices_each_change(reader: Reader) -> None:
    """It compares whole numbers."""
    seen = set()
    for _ in range(5):
        tell(reader.engine, WHAT, [A])
        with reader.engine.begin() as connection:
            seen.add(whole_number(connection, WHAT))

    assert 5 == len(seen)


@pytest.fixture
def cast(connection: Connection) -> Town:
    return town(connection)


def neighbour(one: UUID) -> UUID:
    """An id of another part."""
    return UUID(int=one.int ^ 1)


def test_a_fence_and_a_setting_are_seen_at_once_and_others_stay_kept(connection: Connection, cast: Town) -> None:
    hana, other, daughter = cast.hana.id, neighbour(cast.hana.id), viewer(cast.daughter)
    fence = geo.add(connection, daughter, hana, GeofenceDraft(name="a", shape=Shape(centre=HOME, radius_m=200.0)), NOW)
    watch.change_settings(connection, daughter, hana, WatchSettings(), NOW)
    before = subjects_of(connection, [hana, other])

    assert ["自宅", "a"] == [one.name for one in before[hana].fences]
    geo.change(connection, daughter, hana, fence.id, GeofenceChange(name="b"), NOW)
    assert ["自宅", "b"] == [one.name for one in subjects_of(connection, [hana])[hana].fences]
    geo.end(connection, daughter, hana, fence.id, NOW)
    assert ["自宅"] == [one.name for one in subjects_of(connection, [hana])[hana].fences]
    wanted = WatchSettings(silence_s_min=1800)
    watch.change_settings(connection, daughter, hana, wanted, NOW)
    assert wanted == subjects_of(connection, [hana])[hana].settings
    assert before[other] is subjects_of(connection, [other])[other]


def test_who_carries_a_device_is_seen_at_once_and_others_stay_kept(connection: Connection, cast: Town) -> None:
    phone, _ = devices.enrol(
        connection, city_id=cast.hana.city_id, format="owntracks", external_id="p", name="phone", now=NOW
    )
    aiko = account(connection, "aiko", "Aiko")
    contact = households.add_contact(connection, cast.hana.id, "Aiko", account_id=aiko.id, by=cast.daughter.id, now=NOW)
    households.share_place(connection, viewer(aiko), contact.id, True, NOW)
    devices.assign(connection, phone.id, contact_id=contact.id, now=NOW)
    households.share_place(connection, viewer(aiko), contact.id, False, NOW)
    other = neighbour(phone.id)

    def carriers() -> int:
        return len(devices.carried(connection, [phone.id])[phone.id].carriers)

    before = devices.carried(connection, [phone.id, other])
    assert 0 == carriers()
    households.share_place(connection, viewer(aiko), contact.id, True, NOW)
    assert 1 == carriers()
    households.share_place(connection, viewer(aiko), contact.id, False, NOW)
    assert 0 == carriers()
    devices.assign(connection, phone.id, cast.hana.id, now=NOW)
    assert 1 == carriers()
    assert before[other] is devices.carried(connection, [other])[other]


def test_a_detector_concerns_those_who_are_expected_there(school: School) -> None:
    connection, hana = school.connection, school.town.hana.id
    school.expect(detector_ids=[school.east.id])
    before = subjects_of(connection, [hana, neighbour(hana)])
    tags.change_detector(connection, school.east.id, {"interval_s": 345})
    now = subjects_of(connection, [hana, neighbour(hana)])

    assert [345] == [one.interval_s for one in now[hana].expectations]
    assert before[neighbour(hana)] is now[neighbour(hana)]
