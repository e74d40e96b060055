"""Positions and the answers made of them."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import CityId, ContactId, DeviceId, WearerId


class KnownBy(StrEnum):
    """How a place is known."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    BEACON = "beacon"
    DETECTOR = "detector"
    STICKER = "sticker"
    TYPED = "typed"


class Position(Struct, frozen=True, kw_only=True):
    """An accepted fix, stored. `cell` is the H3 cell at resolution 12 as a signed 64-bit integer, `hour` the hours since 1970-01-01 UTC of `fix_at`."""

    city_id: CityId
    device_id: DeviceId
    fix_at: datetime
    ordinal: int
    wearer_id: WearerId | None
    contact_id: ContactId | None
    received_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    altitude_m: float | None
    speed_mps: float | None
    heading_deg: float | None
    known_by: KnownBy
    cell: int
    hour: int
