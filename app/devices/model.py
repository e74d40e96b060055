"""Devices, who carries them, how they are, commands to them."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import CityId, CommandId, ContactId, DeviceId, WearerId


class Device(Struct, frozen=True, kw_only=True):
    """A tracker or phone that is enrolled. `external_id` is what it calls itself in its `format` (IMEI, user name).

    `forwarder`: not carried by anybody, but another server whose key speaks for the devices of its format and city.
    `key_required`: it can present a secret. Where it cannot (an IMEI is no secret), it is marked as `spoofable` for
    everybody to see.
    """

    id: DeviceId
    city_id: CityId
    format: str
    external_id: str
    name: str
    forwarder: bool
    key_required: bool
    interval_s: int
    created_at: datetime
    ended_at: datetime | None = None

    @property
    def spoofable(self) -> bool:
        """Whether anybody who knows its id can speak in its name."""
        return not self.key_required


class Holding(Struct, frozen=True, kw_only=True):
    """A time in which somebody had something: from its start up to, not including, its end."""

    from_at: datetime
    until_at: datetime | None


class Carrier(Holding, frozen=True, kw_only=True):
    """Who carries a device from when until when: a wearer, or a contact who agreed."""

    device_id: DeviceId
    wearer_id: WearerId | None
    contact_id: ContactId | None


class Carried(Struct, frozen=True):
    """Who carried one device, oldest first; and how often it should be heard, where anybody ever carried it.

    `contact_ids` are the contacts who ever did, also those who do not agree that their place is taken.
    """

    carriers: tuple[Carrier, ...] = ()
    interval_s: int | None = None
    contact_ids: frozenset[ContactId] = frozenset()


class DeviceHealth(Struct, frozen=True, kw_only=True):
    """What is last known of how a device is: each value and when it was said. Absent is unknown.

    `heard_at` is when anything at all last came from it, by our clock.
    """

    heard_at: datetime | None = None
    battery_pct: float | None = None
    battery_pct_at: datetime | None = None
    charging: bool | None = None
    charging_at: datetime | None = None
    signal_pct: float | None = None
    signal_pct_at: datetime | None = None
    steps: int | None = None
    steps_at: datetime | None = None
    wearing: bool | None = None
    wearing_at: datetime | None = None
    firmware: str | None = None
    firmware_at: datetime | None = None


class CommandKind(StrEnum):
    """What a device can be asked for, whatever its protocol calls it."""

    LOCATE = "locate"
    LIVE_ON = "live_on"
    LIVE_OFF = "live_off"


class CommandState(StrEnum):
    """Where a command is."""

    QUEUED = "queued"
    SENT = "sent"
    ANSWERED = "answered"
    EXPIRED = "expired"


class Command(Struct, frozen=True, kw_only=True):
    """Something a device is to do. `interval_s` is the reporting interval asked for, for live mode on and off."""

    id: CommandId
    device_id: DeviceId
    kind: CommandKind
    interval_s: int | None
    state: CommandState
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    result: str | None = None
