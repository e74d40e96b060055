"""What others keep in memory of tags and detectors: the edge, and the pipeline for every batch. Pure."""

from uuid import UUID

from msgspec import Struct

from app.kit.ids import CityId
from app.tags.model import DetectorFormat, DetectorKind, TagCarrier, TagLoan
from app.tags.passages import GAP_S_MIN
from beacon_ingest.messages import TagScheme


class DetectorEntry(Struct, frozen=True, kw_only=True):
    """One detector as the edge must know it. Its key is `keys.detector_key(secret, detector_id, key_generation)`."""

    detector_id: UUID
    city: int
    format: DetectorFormat
    external_id: str
    key_generation: int
    kind: DetectorKind
    interval_s: int
    skew_s: float | None
    """How far its clock was ahead of ours when it last told its time."""


class TagEntry(Struct, frozen=True, kw_only=True):
    """One tag as the edge must know it. `bound`: its identity is a factory default that strangers share, so that it
    counts only together with its address.
    """

    tag_id: UUID
    city: int
    scheme: TagScheme
    identity: str
    mac: str | None
    bound: bool


class Worn(Struct, frozen=True, kw_only=True):
    """A tag's city, how often it is heard where it is near (s), and who wore it when, oldest first; and the first
    second after each hand-over and the gap that ends a passage (`app.tags.passages`).
    """

    city_id: CityId
    interval_s: float
    carriers: tuple[TagCarrier, ...] = ()
    cuts_s: tuple[int, ...] = ()
    gap_s: float = GAP_S_MIN
    key: bytes = b""
    """The 16 bytes of the tag's id: what the hot path compares."""
    loans: tuple[TagLoan, ...] = ()
    """When a contact carried it, whether they still agree or not: what was heard then is no passage."""


class Placed(Struct, frozen=True, kw_only=True):
    """A detector's city and kind, what it is called, where it stands and how far it hears (m)."""

    city_id: CityId
    kind: DetectorKind
    name: str
    lat_deg: float | None
    lon_deg: float | None
    range_m: float
