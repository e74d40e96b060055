"""The register of an SOS network: who is in it, by whose application, and whom the police may be told of. Pure."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, CityId, NetworkEntryId, WearerId
from app.programmes.spans import must_be_near


class Applicant(StrEnum):
    """Who handed an application in."""

    HERSELF = "self"
    RELATIVE = "relative"
    CARE_MANAGER = "care_manager"
    SUPPORT_CENTRE = "support_centre"
    """A community support centre (地域包括支援センター)."""


class Consenter(StrEnum):
    """Who agreed that somebody else applies."""

    HERSELF = "self"
    FAMILY = "family"


NEEDS_CONSENT = frozenset({Applicant.CARE_MANAGER, Applicant.SUPPORT_CENTRE})
"""Who applies for somebody else without being of her family."""


class Entry(Struct, frozen=True, kw_only=True):
    """A wearer in the register of a network, from `entered_on` up to, not including, `left_on`.

    `applicant`: the name of whoever applied, where it is kept. `police_since`: from which day on she, or her family for
    her, agrees that the police may know of the entry. `features`: by what she is known, for a search.
    """

    id: NetworkEntryId
    city_id: CityId
    wearer_id: WearerId
    network: str
    number: str
    entered_on: date
    applied_by: Applicant
    applicant: str = ""
    consent_by: Consenter | None = None
    consent_on: date | None = None
    police_since: date | None = None
    features: str = ""
    left_on: date | None = None
    created_by: AccountId
    created_at: datetime
    withdrawn_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether she has not left it."""
        return self.withdrawn_at is None and self.left_on is None

    def runs_on(self, day: date) -> bool:
        """Whether she is in the network on that day."""
        begun = self.withdrawn_at is None and self.entered_on <= day
        return begun and (self.left_on is None or day < self.left_on)

    def shared_on(self, day: date) -> bool:
        """Whether the police may know of it on that day."""
        return self.runs_on(day) and self.police_since is not None and self.police_since <= day


class EntryChange(Struct, frozen=True, kw_only=True):
    """Who changed what of an entry, and why: only what is different, before and after."""

    id: UUID
    entry_id: NetworkEntryId
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: AccountId
    at: datetime


KEPT = (
    "number", "entered_on", "applied_by", "applicant", "consent_by", "consent_on", "police_since", "features", "left_on"
)  # fmt: skip
"""What of an entry can change."""


def must_be_sound(one: Entry, today: date) -> None:
    """Raises `InvalidInput` for what an entry cannot mean."""
    for name in ("entered_on", "consent_on", "police_since", "left_on"):
        must_be_near(getattr(one, name), name)
    if one.entered_on > today:
        raise InvalidInput("She is entered today or was before.", "entered_on")
    must_be_agreed(one.applied_by, one.consent_by, one.consent_on, one.entered_on)
    if one.left_on is not None and one.left_on < one.entered_on:
        raise InvalidInput("She left before she was entered.", "left_on")
    if one.left_on is not None and one.left_on > today:
        raise InvalidInput("She leaves today or left before.", "left_on")


def must_be_agreed(applied_by: Applicant, by: Consenter | None, consented_on: date | None, handed_in_on: date) -> None:
    """Raises `InvalidInput` when somebody who is not of her family applies, and it is not recorded who agreed and when;
    a consent is never of a day after that of the application.
    """
    if (by is None) != (consented_on is None):
        raise InvalidInput("Say who agreed and on which day.", "consent_by" if by is None else "consent_on")
    if by is None and applied_by in NEEDS_CONSENT:
        raise InvalidInput("Somebody else applies only when she or her family agrees; say who and when.", "consent_by")
    if consented_on is not None and consented_on > handed_in_on:
        raise InvalidInput("She or her family agrees before somebody else applies.", "consent_on")


def overlap(one: Entry, other: Entry) -> bool:
    """Whether two entries are of the same days. The day on which one is left can be that on which the other begins."""
    return one.entered_on < (other.left_on or date.max) and other.entered_on < (one.left_on or date.max)
