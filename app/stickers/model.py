"""Stickers, the sheets that they are printed on, and what a family shows to whoever finds her."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AccountId, BatchId, CityId, ContactId, IssueId, ScanId, StickerId, WearerId


class StickerState(StrEnum):
    """Printed and in the cupboard; given to a wearer; no longer good, because the family misses it, because the city
    took it back, or because it was printed badly.
    """

    STOCK = "stock"
    ISSUED = "issued"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    SPOILT = "spoilt"


class Material(StrEnum):
    """What a sticker is made of, as far as it must be printed otherwise."""

    PAPER = "paper"
    IRON_ON = "iron_on"
    GLOW = "glow"


class Batch(Struct, frozen=True, kw_only=True):
    """Stickers that were printed at once; their codes are known to nobody after that. `layout` names the sheet."""

    id: BatchId
    city_id: CityId
    layout: str
    material: Material
    count: int
    printed_by: AccountId
    printed_at: datetime


class Sticker(Struct, frozen=True, kw_only=True):
    """One sticker. `number` is printed on it for the telephone; `sheet` counts the sheets of its batch from 1.
    `stuck_on`: where it is (coat, shoe, bag), in the family's words.
    """

    id: StickerId
    city_id: CityId
    number: str
    batch_id: BatchId
    sheet: int
    material: Material
    state: StickerState
    wearer_id: WearerId | None = None
    issue_id: IssueId | None = None
    stuck_on: str = ""
    issued_at: datetime | None = None
    ended_at: datetime | None = None


class PhoneShown(StrEnum):
    """When a finder reads the number of her contact: never, after she says that she is with her, or on the scan itself
    (only where the scheme allows it and a consent is recorded).
    """

    NEVER = "never"
    TAP = "tap"
    SCAN = "scan"


class Card(Struct, frozen=True, kw_only=True):
    """What a family chose to show to whoever is with her, and only then. `illness` is shown where `shows_illness`;
    `phone_consent_at`: since when it is recorded that the number may stand on the scan.
    """

    wearer_id: WearerId
    nickname: str = ""
    helps: str = ""
    illness: str = ""
    shows_illness: bool = False
    contact_id: ContactId | None = None
    phone_shown: PhoneShown = PhoneShown.TAP
    phone_consent_at: datetime | None = None
    changed_by: AccountId | None = None
    changed_at: datetime | None = None


class Scan(Struct, frozen=True, kw_only=True):
    """Her sticker's page was looked at `times` times within ten minutes. `machine`: by something that looks through
    links, not by a person. `mark` stands for a neighbourhood of the network, so that a family sees whether it was the
    same one again; nobody gets an address out of it.
    """

    id: ScanId
    sticker_id: StickerId
    wearer_id: WearerId
    machine: bool
    language: str
    mark: bytes
    times: int
    first_at: datetime
    last_at: datetime
    number: str = ""
    stuck_on: str = ""
    material: Material = Material.PAPER
