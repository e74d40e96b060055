"""Consents are given and revoked."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.households.model import CONSENT_ROLES, Consent, GivenAs, KnownConsent, Scope, Wearer
from app.households.service.sight import lose_sight, managed_wearer
from app.households.store import consents, people
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.kit.ids import AccountId, ConsentId, WearerId, new_id

FAR = timedelta(days=100 * 366)
"""Farther from now than this no consent begins or ends."""


def give_consent(
    connection: Connection,
    wearer_id: WearerId,
    *,
    scopes: Collection[Scope],
    account_id: AccountId | None = None,
    role: Role | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    given_as: GivenAs = GivenAs.NAMED,
    by: AccountId,
    now: datetime,
) -> Consent:
    """A new consent, to one account of the wearer's city or to a role there, from `from_at` (now) to `until_at` (open).

    Raises `InvalidInput` for what cannot be meant, `NotFound` for an unknown wearer or account, and `Conflict`, without
    a reason, where a protection stands against it.
    """
    if (account_id is None) == (role is None):
        raise InvalidInput("A consent is given to an account or to a role, to one of them.", "account_id")
    if role is not None and role not in CONSENT_ROLES:
        raise InvalidInput("A consent cannot be given to everybody of this role.", "role")
    if not scopes:
        raise InvalidInput("A consent says what may be seen.", "scopes")
    _must_be_a_span(from_at or now, until_at, now)
    wearer = people.locked_wearer(connection, wearer_id)
    if wearer is None:
        raise NotFound
    if account_id is not None:
        must_be_lettable(connection, wearer, account_id)
    consent = Consent(
        id=ConsentId(new_id()),
        wearer_id=wearer_id,
        account_id=account_id,
        role=role,
        scopes=frozenset(scopes),
        given_as=given_as,
        from_at=from_at or now,
        until_at=until_at,
        given_by=by,
        given_at=now,
    )
    consents.add(connection, [consent])
    return consent


def new_consent(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    *,
    scopes: Collection[Scope],
    account_id: AccountId | None,
    role: Role | None,
    from_at: datetime | None,
    until_at: datetime | None,
    now: datetime,
) -> KnownConsent:
    """A new consent, given by the household or entered by the office. Raises as `give_consent`, and `NotAllowed`."""
    managed_wearer(connection, viewer, wearer_id, now)
    must_not_be_own(viewer, account_id, role)
    consent = give_consent(
        connection,
        wearer_id,
        scopes=scopes,
        account_id=account_id,
        role=role,
        from_at=from_at,
        until_at=until_at,
        by=viewer.account_id,
        now=now,
    )
    return _known(connection, [consent])[0]


def consents_of(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, before: UUID | None, count: int, now: datetime
) -> list[KnownConsent]:
    """Up to `count` consents that were not revoked, newest first, also past and future ones. Raises `NotFound`."""
    managed_wearer(connection, viewer, wearer_id, now)
    return _known(connection, consents.page(connection, wearer_id, before, count))


def revoke_consent(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, consent_id: ConsentId, now: datetime
) -> None:
    """Ends a consent at once. Raises `NotFound`, also when it was revoked before."""
    wearer = managed_wearer(connection, viewer, wearer_id, now)
    if not consents.revoke(connection, wearer_id, consent_id, viewer.account_id, now):
        raise NotFound
    lose_sight(connection, wearer.household_id, now)


def must_be_lettable(connection: Connection, wearer: Wearer, account_id: AccountId) -> None:
    """Raises `NotFound` unless the account is of her city, and `Conflict` if she is hidden from it.

    The text of the conflict must not tell that there is a protection: who reads it may be close to the relative.
    """
    if account_id not in people.account_roles(connection, [account_id], wearer.city_id):
        raise NotFound
    if consents.protected_from(connection, wearer.id, account_id):
        raise Conflict("This cannot be done here. Please ask the city office.")


def must_not_be_own(viewer: Viewer, account_id: AccountId | None, role: Role | None) -> None:
    """Raises `NotAllowed` where somebody of the office would let themselves see; a family decides about its own."""
    if viewer.role is not Role.FAMILY and (account_id == viewer.account_id or role is viewer.role):
        raise NotAllowed("Somebody else must let you see this.")


def _must_be_a_span(from_at: datetime, until_at: datetime | None, now: datetime) -> None:
    if abs(from_at - now) > FAR:
        raise InvalidInput("That is too far away.", "from_at")
    if until_at is not None and until_at - now > FAR:
        raise InvalidInput("That is too far away.", "until_at")
    if until_at is not None and until_at <= max(from_at, now):
        raise InvalidInput("A consent ends after it began, and not in the past.", "until_at")


def _known(connection: Connection, found: Sequence[Consent]) -> list[KnownConsent]:
    named = {one.given_by for one in found} | {one.account_id for one in found if one.account_id is not None}
    names = people.account_names(connection, named)
    return [
        KnownConsent(
            consent=one,
            account_name=None if one.account_id is None else names[one.account_id],
            given_by_name=names[one.given_by],
        )
        for one in found
    ]
