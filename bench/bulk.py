"""A large history put in bulk: towns of `WEARERS` wearers, ten million rows each, over the 90 days that are kept.

Three rows of four are positions, one is a passage: each wearer has a position every 17 minutes and 28 passages a day,
in a town of 12 by 12 km, most of them near home. More rows are more towns side by side, not a denser one. The rows are
made by the database itself, from tables of the people and their places: on SQLite in the order of the keys, on
PostgreSQL, where the order of arrival is that of the table, by time. The indexes are made afterwards.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import tables as accounts
from app.accounts.model import Role, Viewer
from app.db.engine import open_engine
from app.db.types import Key
from app.devices import tables as devices
from app.geo.cells import cell_of
from app.geo.model import Point
from app.history.store import partitions
from app.history.tables import passage, position
from app.households import tables as households
from app.households.model import GivenAs, Scope
from app.kit.ids import AccountId, CityId, SignInId, new_id
from app.tags import tables as tags
from bench import town

SEED = 7
WEARERS, DETECTORS, DAYS = 1_000, 1_475, 90
ROWS_A_TOWN = 10_000_000
SIDE_DEG, APART_DEG = 0.11, 0.3
PLACES, POLES = 40, 8
_ONE_LONG_OF = 28
"""Passages of a wearer: one a day."""

_PART_DAYS = 5
_DAY_US = 86_400 * 1_000_000

_temporary = sa.MetaData()
_wearer = sa.Table(
    "bench_wearer", _temporary,
    sa.Column("no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("city_id", sa.Integer), sa.Column("device_id", Key), sa.Column("wearer_id", Key),
    sa.Column("tag_id", Key), sa.Column("phase", sa.BigInteger),
    sa.Index("bench_by_device", "city_id", "device_id"), sa.Index("bench_by_phase", "city_id", "phase"),
    prefixes=["TEMPORARY"],
)  # fmt: skip
_step = sa.Table(
    "bench_step", _temporary,
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False), prefixes=["TEMPORARY"],
)  # fmt: skip
_place = sa.Table(
    "bench_place", _temporary,
    sa.Column("no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("detector_id", Key), sa.Column("lat", sa.Float), sa.Column("lon", sa.Float),
    sa.Column("cell", sa.BigInteger), prefixes=["TEMPORARY"], sqlite_with_rowid=False,
)  # fmt: skip
"""Where a wearer's fixes are, and after them, from `PLACES` on, the detectors that she passes."""


class Town(Struct, frozen=True):
    """A city, somebody who may see all of its wearers, these, and its middle."""

    viewer: Viewer
    wearer_ids: list[UUID]
    middle: Point


def build(where: Path | str, rows: int) -> list[Town]:
    """Makes the database, in a folder or in the empty database of a URL."""
    count = max(1, rows // ROWS_A_TOWN)
    cities = [town.CITY + n for n in range(count)]
    wearer_ids = town.build(where, count * WEARERS, cities=cities)
    now = datetime.now(UTC)
    dice = random.Random(SEED)
    engine = open_engine(where)
    with engine.begin() as connection:
        middles = {city: Point(town.LAT, town.LON + n * APART_DEG) for n, city in enumerate(cities)}
        found = []
        for n, city in enumerate(cities):
            people = wearer_ids[n * WEARERS : (n + 1) * WEARERS]
            found.append(Town(_viewer(connection, city, people, now), people, middles[city]))
        poles = {city: _poles(connection, dice, city, middles[city], now) for city in cities}
    with engine.connect() as connection:
        _prepare(connection)
        _people(connection, dice, middles, poles, rows)
        _fill(connection, position, _positions(connection, rows * 3 // 4, cities, now))
        _fill(connection, passage, _passages(connection, rows // 4, cities, now))
        _finish(connection)
    engine.dispose()
    return found


def _people(
    connection: Connection,
    dice: random.Random,
    middles: dict[int, Point],
    poles: dict[int, list[tuple[UUID, float, float, int]]],
    rows: int,
) -> None:
    """Fills the temporary tables: who there is, and where each of them goes."""
    _temporary.create_all(connection)
    carried = sa.select(devices.device.c.city_id, devices.device.c.id, devices.device_carrier.c.wearer_id)
    carried = carried.join_from(devices.device, devices.device_carrier).order_by(devices.device.c.id)
    for no, (city, device_id, wearer_id) in enumerate(connection.execute(carried).all()):
        phase = no * 1_000_000 // (WEARERS * len(middles))
        values = {
            "no": no,
            "city_id": city,
            "device_id": device_id,
            "wearer_id": wearer_id,
            "tag_id": new_id(),
            "phase": phase,
        }
        connection.execute(sa.insert(_wearer), values)
        home = _somewhere(dice, middles[city], SIDE_DEG)
        # Most a few metres from home, some up to a kilometre away.
        sides = [2e-4 if place < 28 else 8e-3 for place in range(PLACES)]
        spots: list[tuple[UUID | None, float, float, int]]
        spots = [(None, *_somewhere(dice, Point(home[0], home[1]), side)) for side in sides]
        spots += dice.sample(poles[city], POLES)
        connection.execute(
            sa.insert(_place),
            [
                {"no": no, "place": place, "detector_id": pole, "lat": lat, "lon": lon, "cell": cell}
                for place, (pole, lat, lon, cell) in enumerate(spots)
            ],
        )
    steps = rows // (WEARERS * len(middles))
    connection.execute(sa.insert(_step), [{"n": n} for n in range(steps)])
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


def _somewhere(dice: random.Random, middle: Point, side_deg: float) -> tuple[float, float, int]:
    lat = middle.lat_deg + side_deg * (dice.random() - 0.5)
    lon = middle.lon_deg + side_deg * 1.2 * (dice.random() - 0.5)
    return lat, lon, cell_of(lat, lon)


def _poles(
    connection: Connection, dice: random.Random, city: int, middle: Point, now: datetime
) -> list[tuple[UUID, float, float, int]]:
    found = [(new_id(), *_somewhere(dice, middle, SIDE_DEG)) for _ in range(DETECTORS)]
    connection.execute(
        sa.insert(tags.detector),
        [
            {
                "id": key, "city_id": city, "format": "gateway", "external_id": key.hex, "kind": "fixed",
                "name": "pole", "lat_deg": lat, "lon_deg": lon, "range_m": 50.0, "interval_s": 60,
                "deaf_after_s": 21_600, "key_generation": 1, "created_at": now,
            }
            for key, lat, lon, _ in found
        ],
    )  # fmt: skip
    return found


def _viewer(connection: Connection, city: int, wearer_ids: Sequence[UUID], now: datetime) -> Viewer:
    """An operator whom every wearer of the city lets see place and track."""
    of_city = accounts.account.c.city_id == city
    account_id = connection.execute(sa.select(accounts.account.c.id).where(of_city)).scalar_one()
    scopes = [Scope.PLACE.value, Scope.TRACK.value]
    connection.execute(
        sa.insert(households.consent),
        [
            {
                "id": new_id(), "wearer_id": wearer_id, "account_id": account_id, "role": None, "scopes": scopes,
                "given_as": GivenAs.MEMBER.value, "from_at": now - timedelta(days=1), "until_at": None,
                "given_by": account_id, "given_at": now - timedelta(days=1), "revoked_at": None, "revoked_by": None,
            }
            for wearer_id in wearer_ids
        ],
    )  # fmt: skip
    return Viewer(
        account_id=AccountId(account_id), city_id=CityId(city), role=Role.OPERATOR, name="bench",
        sign_in_id=SignInId(new_id()),
    )  # fmt: skip


class _Part(Struct, frozen=True):
    """One INSERT: the statement and its values."""

    text: str
    values: dict[str, Any]


def _parts(
    connection: Connection, steps: int, cities: Sequence[int], begin_us: int, every_us: int
) -> Iterator[dict[str, Any]]:
    """The cities one after the other on SQLite, some days of all of them after others on PostgreSQL."""
    common = {"begin": begin_us, "every": every_us}
    if connection.dialect.name == "sqlite":
        for city in cities:
            yield {**common, "first": 0, "end": steps, "city": city}
    else:
        part = max(1, steps * _PART_DAYS // DAYS)
        for first in range(0, steps, part):
            yield {**common, "first": first, "end": min(steps, first + part)}


def _insert(
    connection: Connection, table: sa.Table, values: dict[str, str], places: tuple[int, int], order: str
) -> str:
    """The statement that fills a table; `values` are SQL, where `at` is the row's time in microseconds. Each row is at
    one of the places from the first on, so many, as if at random.
    """
    first, count = places
    sqlite = connection.dialect.name == "sqlite"
    at = "(:begin + s.n * :every + w.phase * :every / 1000000)"
    moment = "{}" if sqlite else "to_timestamp(({}) / 1000000.0)"
    values = {
        name: moment.format(text.replace("$at", at)) if name.endswith("_at") else text.replace("$at", at)
        for name, text in values.items()
    }
    who = "bench_wearer w INDEXED BY bench_by_" + order if sqlite else "bench_wearer w"
    ways = [who, "bench_step s"] if order == "device" and sqlite else ["bench_step s", who]
    spot = f"p.no = w.no AND p.place = {first} + (s.n * 2654435761 + w.no * 40503) / 65536 % {count}"
    where = "s.n >= :first AND s.n < :end" + (" AND w.city_id = :city" if sqlite else "")
    by = " ORDER BY w.device_id, s.n" if order == "device" and sqlite else ""
    return (
        f"INSERT INTO {table.name} ({', '.join(values)}) SELECT {', '.join(values.values())} "
        f"FROM {ways[0]} CROSS JOIN {ways[1]} JOIN bench_place p ON {spot} WHERE {where}{by}"
    )


def _positions(connection: Connection, count: int, cities: Sequence[int], now: datetime) -> Iterator[_Part]:
    values = {
        "city_id": "w.city_id", "device_id": "w.device_id", "fix_at": "$at", "ordinal": "0", "wearer_id": "w.wearer_id",
        "received_at": "$at + 900000", "lat_deg": "p.lat", "lon_deg": "p.lon", "accuracy_m": "12.0",
        "altitude_m": "20.0", "speed_mps": "1.2", "known_by": "'gnss'", "cell": "p.cell", "hour": "$at / 3600000000",
    }  # fmt: skip
    text = _insert(connection, position, values, (0, PLACES), "device")
    for part in _spread(connection, count, cities, now):
        yield _Part(text, part)


def _passages(connection: Connection, count: int, cities: Sequence[int], now: datetime) -> Iterator[_Part]:
    """Of 20 s, as in `bench/traffic.py`, and one a day of six hours: at school, at a day centre, at home."""
    sqlite = connection.dialect.name == "sqlite"
    lasts_us = f"CASE WHEN (s.n + w.no) % {_ONE_LONG_OF} = 0 THEN 21600000000 ELSE 20000000 END"
    values = {
        "city_id": "w.city_id", "opened_at": "$at", "id": "randomblob(16)" if sqlite else "gen_random_uuid()",
        "wearer_id": "w.wearer_id", "last_at": f"$at + {lasts_us}",
        "heard": "x'00ffff0f'" if sqlite else r"'\x00ffff0f'::bytea", "rssi_dbm_max": "-60.0", "lat_deg": "p.lat",
        "lon_deg": "p.lon", "accuracy_m": "50.0", "cell": "p.cell", "doubtful": "0" if sqlite else "false",
        "received_at": "$at + 900000", "tag_id": "w.tag_id", "detector_id": "p.detector_id",
        "hour": "$at / 3600000000", "serial": f"s.n * {WEARERS * len(cities)} + w.no",
    }  # fmt: skip
    text = _insert(connection, passage, values, (PLACES, POLES), "phase")
    for part in _spread(connection, count, cities, now):
        yield _Part(text, part)


def _spread(connection: Connection, count: int, cities: Sequence[int], now: datetime) -> Iterator[dict[str, Any]]:
    steps = count // (WEARERS * len(cities))
    begin_us = int(now.timestamp()) * 1_000_000 - DAYS * _DAY_US
    return _parts(connection, steps, cities, begin_us, DAYS * _DAY_US // steps)


def _fill(connection: Connection, table: sa.Table, parts: Iterator[_Part]) -> None:
    """Without the indexes, which are made afterwards."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?",
            (table.name,),
        ).all()
        drop = [f"DROP INDEX {name}" for name, _ in found]
        make = [text for _, text in found]
    else:
        key = connection.exec_driver_sql(
            f"SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            f"WHERE conrelid = '{table.name}'::regclass AND contype = 'p'"
        ).one()
        found = connection.exec_driver_sql(
            f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table.name}' AND indexname <> '{key[0]}'"
        ).all()
        drop = [f"DROP INDEX {name}" for name, _ in found] + [f"ALTER TABLE {table.name} DROP CONSTRAINT {key[0]}"]
        make = [f"ALTER TABLE {table.name} ADD CONSTRAINT {key[0]} {key[1]}"]
        make += [text.replace(" ON ONLY ", " ON ") for _, text in found]
    for text in drop:
        connection.exec_driver_sql(text)
    connection.commit()
    for part in parts:
        connection.execute(sa.text(part.text), part.values)
        connection.commit()
    for text in make:
        connection.exec_driver_sql(text)
        connection.commit()


def _prepare(connection: Connection) -> None:
    """Nothing of this is durable until it is whole."""
    if connection.dialect.name == "sqlite":
        connection.rollback()
        driver: Any = connection.connection.dbapi_connection
        for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-400000"):
            driver.execute(f"PRAGMA {pragma}")
        return
    now = datetime.now(UTC)
    partitions.make(connection, now - timedelta(days=DAYS + 1), now)
    connection.exec_driver_sql("SET maintenance_work_mem = '1GB'")
    connection.exec_driver_sql("SET synchronous_commit = off")
    connection.exec_driver_sql("SET join_collapse_limit = 1")
    connection.commit()


def _finish(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.rollback()
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA journal_mode=WAL")
    else:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
