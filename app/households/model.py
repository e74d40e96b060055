"""Households, wearers, contacts, consents, protections and looks."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from app.accounts.model import Role
from app.kit.ids import AccountId, CityId, ConsentId, ContactId, HouseholdId, ProtectionId, WearerId


class Scope(StrEnum):
    """What a consent lets somebody see. Each is given by itself."""

    PLACE = "place"
    TRACK = "track"
    ALERTS = "alerts"
    HEALTH = "health"


class Purpose(StrEnum):
    """Why somebody looked at a place; the family reads it."""

    PLACE = "place"
    TRACK = "track"
    ALERT = "alert"
    LIVE = "live"
    AREA = "area"
    """Somebody asked who was near a place."""
    PASSAGE = "passage"
    """Somebody looked at what a detector or a tag heard."""
    SEARCH = "search"
    """She is missing: somebody looked at the search for her, or at its map."""
    DISPATCH = "dispatch"
    """A guard who was sent to her looked where she is."""
    REGISTER = "register"
    """Somebody asked whose sticker it is, or read the register that is shared with the police."""
    BOARD = "board"
    """Somebody read where a finder says that she is."""


class GivenAs(StrEnum):
    """On what ground a consent was given, and so with what it ends by itself."""

    MEMBER = "member"
    """Given to every member of the household when the wearer was entered; ends when they leave it."""
    CONTACT = "contact"
    """Given with the place in the list of contacts; ends when the contact is taken off it."""
    NAMED = "named"
    """Given to somebody, or to a role, on purpose; ends only when revoked or at its time."""
    EMERGENCY = "emergency"
    """Taken by the house for whoever answers for the city, when an alert went on to them; ends after a day."""
    DISPATCH = "dispatch"
    """Taken by the house for the guards who are sent to her; ends when the turn-out does."""


ALL_SCOPES = frozenset(Scope)
"""What the members of a household are let see when a wearer is entered."""

CONTACT_SCOPES = frozenset({Scope.PLACE, Scope.ALERTS})
"""What a contact with an account is let see unless asked otherwise."""

CONSENT_ROLES = frozenset({Role.OPERATOR, Role.GUARD, Role.CARE_MANAGER, Role.POLICE, Role.CLERK})
"""Roles that a consent may name as a whole. Families and vendors are strangers; administrators are named singly."""

CONTACTS_MAX = 30
MEMBERS_MAX = 30


class Household(Struct, frozen=True, kw_only=True):
    """Who pays and asks."""

    id: HouseholdId
    city_id: CityId
    name: str
    created_at: datetime


class Member(Struct, frozen=True, kw_only=True):
    """An account that belongs to a household."""

    account_id: AccountId
    name: str


class Wearer(Struct, frozen=True, kw_only=True):
    """A person who is watched over (見守り対象者)."""

    id: WearerId
    city_id: CityId
    household_id: HouseholdId
    name: str
    born_on: date | None = None
    note: str = ""
    created_at: datetime
    ended_at: datetime | None = None


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody who is told (緊急連絡先), in order of `rank` from 1.

    `shares_place_since`: from when on they agreed that the place of their own phone or tag is taken.
    """

    id: ContactId
    wearer_id: WearerId
    rank: int
    name: str
    relation: str = ""
    phone: str = ""
    account_id: AccountId | None = None
    shares_place_since: datetime | None = None
    created_at: datetime


class KnownHousehold(Struct, frozen=True, kw_only=True):
    """A household and who belongs to it."""

    household: Household
    members: list[Member]


class KnownWearer(Struct, frozen=True, kw_only=True):
    """A wearer, and what the one who asked may do and see."""

    wearer: Wearer
    manages: bool
    sees: frozenset[Scope]


class Told(Struct, frozen=True, kw_only=True):
    """A contact who is to be told of alerts, and the account by which they are reached."""

    contact: Contact
    account_id: AccountId


class Consent(Struct, frozen=True, kw_only=True):
    """Who may see what of a wearer, from when, until when. Given to one account, or to a role in the wearer's city."""

    id: ConsentId
    wearer_id: WearerId
    account_id: AccountId | None = None
    role: Role | None = None
    scopes: frozenset[Scope]
    given_as: GivenAs = GivenAs.NAMED
    from_at: datetime
    until_at: datetime | None = None
    given_by: AccountId
    given_at: datetime
    revoked_at: datetime | None = None


class KnownConsent(Struct, frozen=True, kw_only=True):
    """A consent with the names of the account it was given to, if any, and of who gave it."""

    consent: Consent
    account_name: str | None
    given_by_name: str


class Protection(Struct, frozen=True, kw_only=True):
    """A named relative from whom a wearer is hidden altogether (支援措置), whatever consents say."""

    id: ProtectionId
    wearer_id: WearerId
    name: str
    account_id: AccountId | None = None
    reason: str = ""
    set_by: AccountId
    set_at: datetime
    ended_at: datetime | None = None


class Look(Struct, frozen=True, kw_only=True):
    """Somebody looked at a wearer's place: one row a viewer, purpose and ten minutes."""

    account_id: AccountId
    viewer_name: str
    viewer_role: Role
    purpose: Purpose
    at: datetime
