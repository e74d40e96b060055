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


class Household(Struct, frozen=True, kw_only=True):
    """Who pays and asks."""

    id: HouseholdId
    city_id: CityId
    name: str
    created_at: datetime


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
    """Somebody who is told (緊急連絡先), in order of `rank` from 1. `shares_place_since`: agreed that their own phone's place is taken."""

    id: ContactId
    wearer_id: WearerId
    rank: int
    name: str
    relation: str = ""
    phone: str = ""
    account_id: AccountId | None = None
    shares_place_since: datetime | None = None
    created_at: datetime


class Consent(Struct, frozen=True, kw_only=True):
    """Who may see what of a wearer, from when, until when. Given to one account, or to a role within the wearer's city."""

    id: ConsentId
    wearer_id: WearerId
    account_id: AccountId | None = None
    role: Role | None = None
    scopes: frozenset[Scope]
    from_at: datetime
    until_at: datetime | None = None
    given_by: AccountId
    given_at: datetime
    revoked_at: datetime | None = None


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

    viewer_name: str
    viewer_role: Role
    purpose: Purpose
    at: datetime
