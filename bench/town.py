"""A database with many wearers, each with one device, one fence around home and one contact: rows put in bulk."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import tables as accounts
from app.accounts.model import Role
from app.db.engine import open_engine
from app.devices import tables as devices
from app.geo import tables as geo
from app.households import tables as households
from app.kit.ids import new_id, secret_hash
from app.migrations.run import upgrade

CITY = 282103
LAT, LON = 34.757, 134.841


def key_of(number: int) -> str:
    """The key of device `number`."""
    return f"bench-key-{number}"


def build(
    where: Path | str,
    wearers: int,
    fences_each: int = 1,
    cities: Sequence[int] = (CITY,),
    fenced: int | None = None,
) -> list[UUID]:
    """Makes the database in a folder, or in an empty database of a URL; the ids of its wearers, those of each of the
    cities, which have equally many, together. Of each city all have fences, or the first `fenced`.
    """
    now = datetime.now(UTC) - timedelta(days=1)
    engine = open_engine(where)
    ids: list[UUID] = []
    with engine.begin() as connection:
        upgrade(connection)
        for n, city in enumerate(cities):
            first, end = n * wearers // len(cities), (n + 1) * wearers // len(cities)
            ids += _city(connection, city, range(first, end), fences_each, fenced, now)
    engine.dispose()
    return ids


def _city(c: Connection, city: int, numbers: range, fences_each: int, fenced: int | None, now: datetime) -> list[UUID]:
    account, household = new_id(), new_id()
    ids = [new_id() for _ in numbers]
    device_ids = [new_id() for _ in numbers]
    c.execute(sa.insert(accounts.city).values(id=city, name="bench", zone="Asia/Tokyo", created_at=now))
    c.execute(
        sa.insert(accounts.account).values(
            id=account, city_id=city, email=f"bench-{city}@example.org", name="bench", role=Role.FAMILY.value,
            language="ja", password_hash="-", created_at=now,
        )
    )  # fmt: skip
    c.execute(sa.insert(households.household).values(id=household, city_id=city, name="bench", created_at=now))
    c.execute(
        sa.insert(households.wearer),
        [
            {"id": i, "city_id": city, "household_id": household, "name": "w", "note": "", "created_at": now}
            for i in ids
        ],
    )
    c.execute(
        sa.insert(devices.device),
        [
            {
                "id": device, "city_id": city, "format": "owntracks", "external_id": f"d{n}", "name": f"d{n}",
                "forwarder": False, "key_hash": secret_hash(key_of(n)), "key_required": True, "interval_s": 300,
                "created_at": now,
            }
            for n, device in zip(numbers, device_ids, strict=True)
        ],
    )  # fmt: skip
    c.execute(
        sa.insert(devices.device_carrier),
        [
            {"device_id": device, "from_at": now, "until_at": None, "wearer_id": i, "contact_id": None}
            for device, i in zip(device_ids, ids, strict=True)
        ],
    )
    for _ in range(fences_each):
        c.execute(sa.insert(geo.geofence), [_fence(city, i, now) for i in ids[:fenced]])
    return ids


def _fence(city: int, wearer_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "city_id": city, "wearer_id": wearer_id, "name": "home", "purpose": "home", "lat_deg": LAT,
        "lon_deg": LON, "radius_m": 150.0, "corners": msgspec.to_builtins([]), "tell_exit": True, "tell_enter": False,
        "created_at": now,
    }  # fmt: skip
