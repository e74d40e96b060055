"""Tests of families and exercises of cities."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import AccountId, CityId, DrillId, StickerId, WearerId
from app.stickers.tables import sticker, sticker_drill, sticker_drill_person, sticker_drill_sticker, sticker_test


class Drill(Struct, frozen=True, kw_only=True):
    """An exercise of a city: until its end these stickers tell only these people."""

    id: DrillId
    city_id: CityId
    name: str
    from_at: datetime
    until_at: datetime
    made_by: AccountId
    made_at: datetime


class Trial(Struct, frozen=True, kw_only=True):
    """A family tries its stickers: until then they tell only who began it."""

    wearer_id: WearerId
    begun_by: AccountId
    until_at: datetime


def put_test(connection: Connection, one: Trial) -> None:
    """Begins a test in place of the one before."""
    rest = {"begun_by": one.begun_by, "until_at": one.until_at}
    added = dialect.insert(connection, sticker_test).values(wearer_id=one.wearer_id, **rest)
    connection.execute(added.on_conflict_do_update(index_elements=["wearer_id"], set_=rest))


def end_test(connection: Connection, wearer_id: WearerId) -> None:
    """Ends her test, if one goes on."""
    connection.execute(sa.delete(sticker_test).where(sticker_test.c.wearer_id == wearer_id))


def test_of(connection: Connection, wearer_id: WearerId, now: datetime) -> Trial | None:
    """The test that goes on."""
    mine = (sticker_test.c.wearer_id == wearer_id) & (sticker_test.c.until_at > now)
    row = connection.execute(sa.select(sticker_test).where(mine)).one_or_none()
    return None if row is None else Trial(**row._mapping)


def add(
    connection: Connection, one: Drill, sticker_ids: Collection[StickerId], account_ids: Collection[AccountId]
) -> None:
    """Keeps an exercise with its stickers and its people."""
    connection.execute(sa.insert(sticker_drill).values(**{name: getattr(one, name) for name in one.__struct_fields__}))
    stuck = [{"drill_id": one.id, "sticker_id": key} for key in sticker_ids]
    people = [{"drill_id": one.id, "account_id": key} for key in account_ids]
    connection.execute(sa.insert(sticker_drill_sticker), stuck)
    connection.execute(sa.insert(sticker_drill_person), people)


def end(connection: Connection, drill_id: DrillId, now: datetime) -> bool:
    """Whether there was such an exercise that goes on, or is to come; it is over now."""
    one = sticker_drill.c
    mine = (one.id == drill_id) & (one.until_at > now)
    return connection.execute(sa.update(sticker_drill).where(mine).values(until_at=now)).rowcount == 1


def of_sticker(connection: Connection, sticker_id: StickerId, now: datetime) -> DrillId | None:
    """The exercise in which this sticker is."""
    query = (
        sa.select(sticker_drill.c.id)
        .join(sticker_drill_sticker, sticker_drill_sticker.c.drill_id == sticker_drill.c.id)
        .where(sticker_drill_sticker.c.sticker_id == sticker_id)
        .where(sticker_drill.c.from_at <= now, sticker_drill.c.until_at > now)
        .order_by(sticker_drill.c.id)
        .limit(1)
    )
    found: DrillId | None = connection.execute(query).scalar_one_or_none()
    return found


def overlapping(
    connection: Connection, sticker_ids: Collection[StickerId], from_at: datetime, until_at: datetime
) -> bool:
    """Whether one of these stickers is in another exercise at that time."""
    query = (
        sa.select(sticker_drill.c.id)
        .join(sticker_drill_sticker, sticker_drill_sticker.c.drill_id == sticker_drill.c.id)
        .where(sticker_drill_sticker.c.sticker_id.in_(list(sticker_ids)))
        .where(sticker_drill.c.from_at < until_at, sticker_drill.c.until_at > from_at)
        .limit(1)
    )
    return connection.execute(query).first() is not None


def drill(connection: Connection, drill_id: DrillId) -> Drill | None:
    """The exercise, whoever asks."""
    row = connection.execute(sa.select(sticker_drill).where(sticker_drill.c.id == drill_id)).one_or_none()
    return None if row is None else Drill(**row._mapping)


def newest(connection: Connection, city_id: CityId, before: UUID | None, count: int) -> list[Drill]:
    """Up to `count` exercises of a city, newest first."""
    query = sa.select(sticker_drill).where(sticker_drill.c.city_id == city_id)
    if before is not None:
        query = query.where(sticker_drill.c.id < before)
    rows = connection.execute(query.order_by(sticker_drill.c.id.desc()).limit(count))
    return [Drill(**row._mapping) for row in rows]


def drills_of(connection: Connection, account_id: AccountId) -> list[DrillId]:
    """The exercises in which somebody takes part."""
    one = sticker_drill_person.c
    return list(connection.execute(sa.select(one.drill_id).where(one.account_id == account_id)).scalars())


def people_of(connection: Connection, drill_ids: Collection[UUID]) -> dict[UUID, list[AccountId]]:
    """Who takes part in each of these exercises."""
    one = sticker_drill_person.c
    query = sa.select(one.drill_id, one.account_id).where(one.drill_id.in_(list(drill_ids))).order_by(one.account_id)
    found: dict[UUID, list[AccountId]] = {}
    for row in connection.execute(query):
        found.setdefault(row.drill_id, []).append(row.account_id)
    return found


def numbers_of(connection: Connection, drill_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """What is printed on the stickers of each of these exercises."""
    query = (
        sa.select(sticker_drill_sticker.c.drill_id, sticker.c.number)
        .join(sticker, sticker.c.id == sticker_drill_sticker.c.sticker_id)
        .where(sticker_drill_sticker.c.drill_id.in_(list(drill_ids)))
        .order_by(sticker.c.number)
    )
    found: dict[UUID, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.drill_id, []).append(row.number)
    return found


def stickers_by_number(connection: Connection, city_id: CityId, numbers: Collection[str]) -> dict[str, StickerId]:
    """The issued stickers of a city with these numbers."""
    query = sa.select(sticker.c.number, sticker.c.id).where(
        sticker.c.city_id == city_id, sticker.c.number.in_(list(numbers)), sticker.c.wearer_id.is_not(None)
    )
    return {row.number: row.id for row in connection.execute(query)}
