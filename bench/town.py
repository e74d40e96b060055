"""A database with many wearers, each with one device, one fence around home and one contact: rows put in bulk."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import sqlalchemy as sa

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


def build(where: Path | str, wearers: int, fences_each: int = 1) -> list[UUID]:
    """Makes the database in a folder or of a URL; the ids of its wearers."""
    now = datetime.now(UTC) - timedelta(days=1)
    engine = open_engine(where)
    account, household = new_id(), new_id()
    ids = [new_id() for _ in range(wearers)]
    device_ids = [new_id() for _ in range(wearers)]
    with engine.begin() as c:
        upgrade(c)
        c.execute(sa.insert(accounts.city).values(id=CITY, name="bench", zone="Asia/Tokyo", created_at=now))
        c.execute(
            sa.insert(accounts.account).values(
                id=account, city_id=CITY, email="bench@example.org", name="bench", role=Role.FAMILY.value,
                language="ja", password_hash="-", created_at=now,
            )
        )  # fmt: skip
        c.execute(sa.insert(households.household).values(id=household, city_id=CITY, name="bench", created_at=now))
        c.execute(
            sa.insert(households.wearer),
            [
                {"id": i, "city_id": CITY, "household_id": household, "name": "w", "note": "", "created_at": now}
                for i in ids
            ],
        )
        c.execute(
            sa.insert(devices.device),
            [
                {
                    "id": device, "city_id": CITY, "format": "owntracks", "external_id": f"d{n}", "name": f"d{n}",
                    "forwarder": False, "key_hash": secret_hash(key_of(n)), "key_required": True, "interval_s": 300,
                    "created_at": now,
                }
                for n, device in enumerate(device_ids)
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
            c.execute(
                sa.insert(geo.geofence),
                [
                    {
                        "id": new_id(), "city_id": CITY, "wearer_id": i, "name": "home", "purpose": "home",
                        "lat_deg": LAT, "lon_deg": LON, "radius_m": 150.0, "corners": msgspec.to_builtins([]),
                        "tell_exit": True,
                        "tell_enter": False, "created_at": now,
                    }
                    for i in ids
                ],
            )  # fmt: skip
    engine.dispose()
    return ids
