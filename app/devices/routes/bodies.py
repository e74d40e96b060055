"""What comes in and goes out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from app.devices.commands import kinds_of
from app.devices.enrolment import EXTERNAL_ID_CHARACTERS_MAX, INTERVAL_S
from app.devices.model import Command, CommandKind, CommandState, DeviceHealth
from app.devices.service import DeviceView

Name = Annotated[str, Meta(min_length=1, max_length=100, description="what people call the device")]
Interval = Annotated[
    int, Meta(ge=10, le=86_400, description="seconds between two reports by itself; silence is judged by it")
]


class DeviceIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A device to be enrolled."""

    city_id: (
        Annotated[
            int,
            Meta(ge=1, le=999_999, description="for an administrator, who may act in every city; else the own"),
        ]
        | None
    ) = None
    format: Annotated[str, Meta(max_length=20, description="owntracks, osmand, traccar or watch")]
    external_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=EXTERNAL_ID_CHARACTERS_MAX,
            description="what the device calls itself in that format: an IMEI, a user name",
        ),
    ]
    name: Name
    forwarder: Annotated[
        bool, Meta(description="a server that speaks for the devices of its format and city, carried by nobody")
    ] = False
    key_required: Annotated[
        bool | None, Meta(description="whether it must show its key; null: as its format usually can")
    ] = None
    interval_s: Interval = INTERVAL_S


class DevicePatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays."""

    name: Name | UnsetType = UNSET
    interval_s: Interval | UnsetType = UNSET


class CarrierIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who carries the device from now on: one of the two."""

    wearer_id: UUID | None = None
    contact_id: Annotated[UUID | None, Meta(description="a contact who agreed that their place is taken")] = None


class CommandIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a device is to do."""

    kind: Annotated[
        CommandKind,
        Meta(
            description="locate: one place now. live_on: every 20 s for 20 minutes. live_off: back to its own interval"
        ),
    ]


class CarrierOut(Struct, kw_only=True):
    """Who carries the device now: a wearer or a contact."""

    wearer_id: UUID | None
    contact_id: UUID | None
    from_at: datetime


class DeviceOut(Struct, kw_only=True):
    """A tracker or phone. `spoofable`: anybody who knows its id can speak in its name. `can`: what it can be asked."""

    id: UUID
    city_id: int
    format: str
    external_id: str
    name: str
    forwarder: bool
    key_required: bool
    spoofable: bool
    interval_s: Annotated[int, Meta(description="seconds between two reports by itself")]
    created_at: datetime
    can: list[CommandKind]
    carrier: CarrierOut | None
    health: Annotated[
        DeviceHealth | None,
        Meta(description="what it last said of itself, each value with its moment; steps and wearing only by consent"),
    ]


class EnrolledOut(Struct, kw_only=True):
    """An enrolled device and its key. The key is shown this once."""

    device: DeviceOut
    key: str


class KeyOut(Struct, kw_only=True):
    """A fresh key, shown this once."""

    key: str


class CommandOut(Struct, kw_only=True):
    """A command to a device.

    `expired`: its time ran out before the device was told or, with `sent_at`, before it answered; not all do.
    """

    id: UUID
    device_id: UUID
    kind: CommandKind
    interval_s: int | None
    state: CommandState
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    result: str | None


class Asked(Struct, frozen=True, kw_only=True):
    """How many devices of a wearer were asked, and until when the order stands. What she carries is not told."""

    kind: CommandKind
    devices: int
    expires_at: datetime


def device_out(view: DeviceView) -> DeviceOut:
    """A device as it leaves the house."""
    device, carrier = view.device, view.carrier
    return DeviceOut(
        id=device.id,
        city_id=device.city_id,
        format=device.format,
        external_id=device.external_id,
        name=device.name,
        forwarder=device.forwarder,
        key_required=device.key_required,
        spoofable=device.spoofable,
        interval_s=device.interval_s,
        created_at=device.created_at,
        can=[kind for kind in CommandKind if kind in kinds_of(device)],
        carrier=CarrierOut(wearer_id=carrier.wearer_id, contact_id=carrier.contact_id, from_at=carrier.from_at)
        if carrier
        else None,
        health=view.health,
    )


def command_out(one: Command) -> CommandOut:
    """A command as it leaves the house."""
    return CommandOut(**asdict(one))
