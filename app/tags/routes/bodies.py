"""What comes in and goes out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from app.kit.ids import CityId
from app.tags.model import Detector, DetectorFormat, DetectorKind
from app.tags.provisioning import Provisioning
from app.tags.registration import DetectorDraft
from app.tags.service.tags import INTERVAL_S
from app.tags.service.views import TagView
from beacon_ingest.messages import TagScheme

City = Annotated[int, Meta(ge=1, le=999_999, description="for an administrator, who may act in every city; else own")]
Vendor = Annotated[str, Meta(min_length=1, max_length=100, description="who made or sells the tag")]
TagLabel = Annotated[str, Meta(min_length=1, max_length=100, description="what people call the tag")]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with its offset from UTC")]

Name = Annotated[str, Meta(min_length=1, max_length=200, description="what people call the place")]
ExternalId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="what it calls itself in its format (minew: its MAC); by default its id",
    ),
]
Address = Annotated[str, Meta(min_length=1, max_length=300, description="postal address")]
Line = Annotated[str, Meta(min_length=1, max_length=100)]
Iccid = Annotated[str, Meta(min_length=1, max_length=30, description="number of the SIM card")]
Mac = Annotated[str, Meta(min_length=1, max_length=20, description="MAC address, 12 hexadecimal digits")]
Note = Annotated[str, Meta(min_length=1, max_length=1000)]
# As wide as longitudes: who takes the two for each other is told so, and not only that it is too large.
Latitude = Annotated[float, Meta(ge=-180, le=180, description="degrees north (WGS 84), from -90 to 90")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="degrees east (WGS 84)")]
Range = Annotated[float, Meta(ge=1, le=2_000, description="how far it hears, metres")]
Interval = Annotated[int, Meta(ge=10, le=86_400, description="seconds between two words of it")]
DeafAfter = Annotated[
    int, Meta(ge=600, le=30 * 86_400, description="seconds without hearing anybody after which it counts as deaf")
]
Height = Annotated[float, Meta(ge=-10, le=500, description="above the ground, metres")]


class TagIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A tag to be registered."""

    city_id: City | None = None
    vendor: Vendor
    scheme: Annotated[TagScheme, Meta(description="how it says who it is; those that change their name come later")]
    identity: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            description="ibeacon: uuid/major/minor; altbeacon 40, eddystone-uid 32, mac 12 hexadecimal digits",
        ),
    ]
    mac: Annotated[Mac | None, Meta(description="needed where makers deliver many tags with this identity")] = None
    name: TagLabel | None = None
    interval_s: Annotated[float, Meta(ge=0.1, le=60, description="seconds between two advertisements")] = INTERVAL_S


class TagPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays."""

    name: TagLabel | UnsetType = UNSET
    vendor: Vendor | UnsetType = UNSET


class TagWearerIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who wears the tag, and since when if not from now on."""

    wearer_id: UUID
    from_at: Moment | None = None


class TagWearerOut(Struct, kw_only=True):
    """Who wears the tag now."""

    wearer_id: UUID
    from_at: datetime


class TagContactIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """The contact who carries the tag from now on."""

    contact_id: UUID


class TagContactOut(Struct, kw_only=True):
    """The contact who carries the tag now, as a tag of their own."""

    contact_id: UUID
    from_at: datetime


class TagOut(Struct, kw_only=True):
    """A BLE tag. `battery_pct` is what it last said of itself, at `battery_at`."""

    id: UUID
    city_id: int
    vendor: str
    scheme: TagScheme
    identity: str
    mac: str | None
    name: str
    interval_s: Annotated[float, Meta(description="seconds between two advertisements, learnt where it is heard")]
    battery_pct: float | None
    battery_at: datetime | None
    created_at: datetime
    wearer: TagWearerOut | None
    contact: TagContactOut | None


class DetectorIn(Struct, kw_only=True, forbid_unknown_fields=True):
    """A detector to be registered. One that stays where it is (`fixed`, `facility`, `home`) needs its place."""

    city_id: City | None = None
    format: DetectorFormat = "gateway"
    external_id: ExternalId | None = None
    kind: Annotated[DetectorKind, Meta(description="bridge: a server that speaks for those of its format and city")]
    name: Name
    address: Address | None = None
    lat_deg: Latitude | None = None
    lon_deg: Longitude | None = None
    range_m: Range = 50.0
    interval_s: Interval = 60
    deaf_after_s: DeafAfter = 6 * 3600
    camera_number: Line | None = None
    pole_type: Line | None = None
    pole_number: Line | None = None
    height_m: Height | None = None
    facing: Line | None = None
    power: Line | None = None
    line: Line | None = None
    iccid: Iccid | None = None
    mac: Mac | None = None
    hardware: Line | None = None
    firmware: Line | None = None
    installed_on: date | None = None
    permit_until: date | None = None
    maintainer: Line | None = None
    inspected_on: date | None = None
    note: Note | None = None


class DetectorPatch(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays, null takes a value away."""

    external_id: ExternalId | UnsetType | None = UNSET
    kind: DetectorKind | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    address: Address | UnsetType | None = UNSET
    lat_deg: Latitude | UnsetType | None = UNSET
    lon_deg: Longitude | UnsetType | None = UNSET
    range_m: Range | UnsetType = UNSET
    interval_s: Interval | UnsetType = UNSET
    deaf_after_s: DeafAfter | UnsetType = UNSET
    camera_number: Line | UnsetType | None = UNSET
    pole_type: Line | UnsetType | None = UNSET
    pole_number: Line | UnsetType | None = UNSET
    height_m: Height | UnsetType | None = UNSET
    facing: Line | UnsetType | None = UNSET
    power: Line | UnsetType | None = UNSET
    line: Line | UnsetType | None = UNSET
    iccid: Iccid | UnsetType | None = UNSET
    mac: Mac | UnsetType | None = UNSET
    hardware: Line | UnsetType | None = UNSET
    firmware: Line | UnsetType | None = UNSET
    installed_on: date | UnsetType | None = UNSET
    permit_until: date | UnsetType | None = UNSET
    maintainer: Line | UnsetType | None = UNSET
    inspected_on: date | UnsetType | None = UNSET
    note: Note | UnsetType | None = UNSET


class DetectorOut(Struct, kw_only=True):
    """A detector and where it stands. `key_generation` counts the keys that it was given."""

    id: UUID
    city_id: int
    format: DetectorFormat
    external_id: str
    kind: DetectorKind
    name: str
    address: str | None
    lat_deg: float | None
    lon_deg: float | None
    range_m: float
    interval_s: int
    deaf_after_s: int
    key_generation: int
    created_at: datetime
    camera_number: str | None
    pole_type: str | None
    pole_number: str | None
    height_m: float | None
    facing: str | None
    power: str | None
    line: str | None
    iccid: str | None
    mac: str | None
    hardware: str | None
    firmware: str | None
    installed_on: date | None
    permit_until: date | None
    maintainer: str | None
    inspected_on: date | None
    note: str | None


class RegisteredOut(Struct, kw_only=True):
    """A registered detector and its key."""

    detector: DetectorOut
    key: str


class DetectorKeyOut(Struct, kw_only=True):
    """The next key of a detector."""

    key: str


class NoteOut(Struct, kw_only=True):
    """A sentence for the installer, in both languages."""

    text: str
    text_ja: str


class ProvisioningOut(Struct, kw_only=True):
    """All that an installer sets in a detector.

    `headers` go with every request. Where the way is not encrypted, a detector of the format `gateway` sends
    `signed_headers` instead, with the HMAC-SHA-256 of the raw body, keyed with the key, in place of `HEX`. `warning`
    says why no detector reaches `url`, where that can be seen.
    """

    detector_id: UUID
    external_id: str
    format: DetectorFormat
    kind: DetectorKind
    name: str
    url: str
    key: str
    headers: dict[str, str]
    signed_headers: dict[str, str]
    interval_s: int
    example: Annotated[str, Meta(description="a command for a shell that sends one advertisement")]
    notes: Annotated[list[NoteOut], Meta(description="what else is to be known of this format, and of a bridge")]
    warning: str | None
    warning_ja: str | None


def tag_out(view: TagView) -> TagOut:
    """A tag as it leaves the house."""
    tag, carrier, loan = view.tag, view.carrier, view.loan
    return TagOut(
        id=tag.id,
        city_id=tag.city_id,
        vendor=tag.vendor,
        scheme=tag.scheme,
        identity=tag.identity,
        mac=tag.mac,
        name=tag.name,
        interval_s=tag.interval_s,
        battery_pct=tag.battery_pct,
        battery_at=tag.battery_at,
        created_at=tag.created_at,
        wearer=TagWearerOut(wearer_id=carrier.wearer_id, from_at=carrier.from_at) if carrier else None,
        contact=TagContactOut(contact_id=loan.contact_id, from_at=loan.from_at) if loan else None,
    )


def detector_out(detector: Detector) -> DetectorOut:
    """A detector as it leaves the house."""
    return DetectorOut(**{name: getattr(detector, name) for name in DetectorOut.__struct_fields__})


def provisioning_out(sheet: Provisioning) -> ProvisioningOut:
    """What an installer is given."""
    return msgspec.convert(sheet, ProvisioningOut, from_attributes=True)


def draft_of(body: DetectorIn) -> DetectorDraft:
    """The detector that a body describes."""
    return msgspec.convert(body, DetectorDraft, from_attributes=True)


def changes_of(body: DetectorPatch) -> dict[str, object]:
    """The fields that a body names."""
    return {name: value for name, value in asdict(body).items() if value is not UNSET}


def city_of(city_id: int | None) -> CityId | None:
    """The city that was named."""
    return None if city_id is None else CityId(city_id)
