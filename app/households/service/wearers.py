"""Wearers come, change and end."""

from datetime import date, datetime

from msgspec import UNSET, UnsetType
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.names import one_line
from app.db import intents
from app.households import words
from app.households.model import ALL_SCOPES, Consent, GivenAs, KnownWearer, Wearer
from app.households.service.households import managed_household
from app.households.service.sight import known_wearer, managed_wearer
from app.households.store import consents, people
from app.kit.calendar import local_date
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import AccountId, ConsentId, HouseholdId, WearerId, new_id

WEARER_ENDED = "wearer_ended"
"""Intent: her alerts are cancelled, her devices released, her messages not sent."""


def create_wearer(
    connection: Connection,
    household_id: HouseholdId,
    name: str,
    *,
    born_on: date | None = None,
    note: str = "",
    by: AccountId | None = None,
    now: datetime,
) -> Wearer:
    """A new wearer, of whom every member of the household may see everything, given by `by` or else by themselves.

    A member from whom somebody of this household is hidden gets nothing by itself: she may be of the same flight.
    Raises `NotFound` for an unknown household.
    """
    household = people.locked_household(connection, household_id)
    if household is None:
        raise NotFound
    wearer = Wearer(
        id=WearerId(new_id()),
        city_id=household.city_id,
        household_id=household_id,
        name=one_line(name, "name"),
        born_on=born_on,
        note=words.lines(note, "note"),
        created_at=now,
    )
    people.add_wearer(connection, wearer)
    hidden = people.hidden_from(connection, household_id)
    members = [one.account_id for one in people.members(connection, [household_id])[household_id]]
    given = [_full_consent(wearer, member, by or member) for member in members if member not in hidden]
    consents.add(connection, given)
    return wearer


def new_wearer(
    connection: Connection,
    viewer: Viewer,
    household_id: HouseholdId,
    name: str,
    *,
    born_on: date | None,
    note: str,
    now: datetime,
) -> KnownWearer:
    """A new wearer, entered by her household or by the office. Raises `NotFound`, `InvalidInput`."""
    household = managed_household(connection, viewer, household_id, now)
    _must_be_born(born_on, now)
    wearer = create_wearer(connection, household.id, name, born_on=born_on, note=note, by=viewer.account_id, now=now)
    return known_wearer(connection, viewer, wearer.id, now)


def change_wearer(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    *,
    name: str | UnsetType = UNSET,
    born_on: date | UnsetType | None = UNSET,
    note: str | UnsetType = UNSET,
    now: datetime,
) -> KnownWearer:
    """The wearer after the change; what is not given stays. Raises `NotFound`, `InvalidInput`."""
    managed_wearer(connection, viewer, wearer_id, now)
    values: dict[str, object] = {}
    if name is not UNSET:
        values["name"] = one_line(name, "name")
    if born_on is not UNSET:
        _must_be_born(born_on, now)
        values["born_on"] = born_on
    if note is not UNSET:
        values["note"] = words.lines(note, "note")
    if values:
        people.change_wearer(connection, wearer_id, values)
    return known_wearer(connection, viewer, wearer_id, now)


def end_wearer(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    """Ends the watching over a person: from now on she is unknown to everybody. Raises `NotFound`."""
    managed_wearer(connection, viewer, wearer_id, now)
    people.change_wearer(connection, wearer_id, {"ended_at": now})
    intents.intend(connection, WEARER_ENDED, str(wearer_id), {"wearer_id": str(wearer_id)}, now)


def _full_consent(wearer: Wearer, member: AccountId, by: AccountId) -> Consent:
    return Consent(
        id=ConsentId(new_id()),
        wearer_id=wearer.id,
        account_id=member,
        scopes=ALL_SCOPES,
        given_as=GivenAs.MEMBER,
        from_at=wearer.created_at,
        given_by=by,
        given_at=wearer.created_at,
    )


def _must_be_born(born_on: date | None, now: datetime) -> None:
    if born_on is not None and born_on > local_date(now):
        raise InvalidInput("She is not born yet.", "born_on")
