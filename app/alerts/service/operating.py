"""What the staff of a town is told of the service itself. It is no alert: nobody is lost, and it names nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts.service.telling import KEPT
from app.kit.ids import CityId
from app.push import outbox
from app.push.model import Level


def tell_silent(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Many devices of a town fell silent together. `payload` is that of the intent (`watch.DEVICES_SILENT`)."""
    _tell(connection, "staff.devices_silent", Level.URGENT, payload, now)


def tell_heard(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """They are heard again."""
    _tell(connection, "staff.devices_heard", Level.NOTICE, payload, now)


def _tell(connection: Connection, kind: str, level: Level, payload: Mapping[str, Any], now: datetime) -> None:
    city_id = CityId(payload["city_id"])
    about = f"outage:{city_id}:{payload['from_at']}"
    zone = accounts.city(connection, city_id).zone
    params = {
        "since": payload["from_at"], "until": payload["at"], "received": payload["at"], "zone": zone,
        "devices": str(payload["devices"]),
    }  # fmt: skip
    notes = [
        outbox.Note(
            city_id=city_id,
            address_id=address.id,
            channel=address.channel,
            unique_key=f"{kind}:{about}:{address.id}",
            kind=kind,
            level=level,
            about=about,
            params=params,
            expires_at=now + KEPT[level],
        )
        for address in accounts.staff_addresses(connection, city_id)
    ]
    outbox.put_all(connection, notes, now)
