"""Protections (支援措置): a wearer is hidden altogether from a named relative. Only the office sets and reads them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.names import one_line
from app.households import words
from app.households.model import Protection
from app.households.service.sight import lose_sight, managed_wearer, place_withdrawn
from app.households.store import consents, contacts, people
from app.kit.errors import Conflict, NotAllowed, NotFound
from app.kit.ids import AccountId, ProtectionId, WearerId, new_id

_OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})


def protect(
    connection: Connection,
    wearer_id: WearerId,
    name: str,
    *,
    account_id: AccountId | None = None,
    reason: str = "",
    by: AccountId,
    now: datetime,
) -> Protection:
    """A new protection against somebody. It hides the wearer from `account_id`; without one it is only a note.

    Consents stay as they are and count for nothing while it lasts: were they revoked, the list that the family reads
    would tell that there is a protection. The place of that account's own phone is no longer taken for her.
    Raises `NotFound` for an unknown wearer or account, `Conflict` if she is hidden from it already.
    """
    wearer = people.locked_wearer(connection, wearer_id)
    if wearer is None:
        raise NotFound
    people.locked_household(connection, wearer.household_id)
    if account_id is not None:
        if not people.can_come_near(connection, account_id, wearer.city_id):
            raise NotFound
        if consents.protected_from(connection, wearer_id, account_id):
            raise Conflict("There is such a protection already.")
        place_withdrawn(connection, contacts.withdraw_place(connection, wearer_id, account_id), now)
    protection = Protection(
        id=ProtectionId(new_id()),
        wearer_id=wearer_id,
        name=one_line(name, "name"),
        account_id=account_id,
        reason=words.lines(reason, "reason"),
        set_by=by,
        set_at=now,
    )
    consents.add_protection(connection, protection)
    lose_sight(connection, wearer.household_id, now)
    return protection


def new_protection(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    name: str,
    *,
    account_id: AccountId | None,
    reason: str,
    now: datetime,
) -> Protection:
    """A new protection, set by the office of the wearer's city. Raises as `protect`."""
    _must_be_office(connection, viewer, wearer_id, now)
    return protect(connection, wearer_id, name, account_id=account_id, reason=reason, by=viewer.account_id, now=now)


def protections_of(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, before: UUID | None, count: int, now: datetime
) -> list[Protection]:
    """Up to `count` protections in force, newest first. Raises `NotFound`."""
    _must_be_office(connection, viewer, wearer_id, now)
    return consents.protections(connection, wearer_id, before, count)


def end_protection(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, protection_id: ProtectionId, now: datetime
) -> None:
    """Ends a protection; consents that were given before count again. Raises `NotFound`, also when it ended before."""
    _must_be_office(connection, viewer, wearer_id, now)
    if not consents.end_protection(connection, wearer_id, protection_id, now):
        raise NotFound


def _must_be_office(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    if viewer.role not in _OFFICE:
        raise NotAllowed
    managed_wearer(connection, viewer, wearer_id, now)
