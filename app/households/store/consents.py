"""Consents, and the protections that overrule them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.households.model import Consent, GivenAs, Protection
from app.households.store.rows import consent_of, protection_of
from app.households.tables import consent, protection, wearer
from app.kit.ids import AccountId, ConsentId, HouseholdId, ProtectionId, WearerId


def page(connection: Connection, wearer_id: WearerId, before: UUID | None, count: int) -> list[Consent]:
    """Up to `count` consents that were not revoked, newest first; those of the past and of the future too."""
    query = sa.select(consent).where(consent.c.wearer_id == wearer_id, consent.c.revoked_at.is_(None))
    if before is not None:
        query = query.where(consent.c.id < before)
    return [consent_of(row) for row in connection.execute(query.order_by(consent.c.id.desc()).limit(count))]


def add(connection: Connection, consents: Collection[Consent]) -> None:
    """Stores consents."""
    rows = [
        {
            "id": one.id,
            "wearer_id": one.wearer_id,
            "account_id": one.account_id,
            "role": one.role,
            "scopes": sorted(one.scopes),
            "given_as": one.given_as,
            "from_at": one.from_at,
            "until_at": one.until_at,
            "given_by": one.given_by,
            "given_at": one.given_at,
        }
        for one in consents
    ]
    if rows:
        connection.execute(sa.insert(consent), rows)


def revoke(
    connection: Connection, wearer_id: WearerId, consent_id: ConsentId, by: AccountId | None, now: datetime
) -> bool:
    """Ends a consent of this wearer; whether there was one to end."""
    which = sa.and_(consent.c.id == consent_id, consent.c.wearer_id == wearer_id)
    return _revoke(connection, which, by, now) == 1


def revoke_contact(
    connection: Connection, wearer_id: WearerId, account_id: AccountId, by: AccountId | None, now: datetime
) -> None:
    """Ends what was given to this account as a contact."""
    mine = sa.and_(consent.c.wearer_id == wearer_id, consent.c.account_id == account_id)
    _revoke(connection, sa.and_(mine, consent.c.given_as == GivenAs.CONTACT), by, now)


def revoke_member(
    connection: Connection, household_id: HouseholdId, account_id: AccountId, by: AccountId | None, now: datetime
) -> None:
    """Ends what this account has by being a member, and what it gave to itself, save what it has as a contact."""
    theirs = consent.c.wearer_id.in_(sa.select(wearer.c.id).where(wearer.c.household_id == household_id))
    to_itself = sa.and_(consent.c.given_by == account_id, consent.c.given_as == GivenAs.NAMED)
    which = sa.and_(consent.c.account_id == account_id, sa.or_(consent.c.given_as == GivenAs.MEMBER, to_itself))
    _revoke(connection, sa.and_(theirs, which), by, now)


def _revoke(connection: Connection, which: sa.ColumnElement[bool], by: AccountId | None, now: datetime) -> int:
    query = sa.update(consent).where(which, consent.c.revoked_at.is_(None))
    return connection.execute(query.values(revoked_at=now, revoked_by=by)).rowcount


def protected_from(connection: Connection, wearer_id: WearerId, account_id: AccountId) -> bool:
    """Whether the wearer is hidden from this account."""
    query = sa.select(protection.c.id).where(
        protection.c.wearer_id == wearer_id, protection.c.account_id == account_id, protection.c.ended_at.is_(None)
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


def protected_accounts(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId]
) -> set[AccountId]:
    """Those of the accounts from whom the wearer is hidden."""
    query = sa.select(protection.c.account_id).where(
        protection.c.wearer_id == wearer_id,
        protection.c.account_id.in_(list(account_ids)),
        protection.c.ended_at.is_(None),
    )
    return {AccountId(one) for one in connection.execute(query).scalars()}


def emergencies(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId] | None, since: datetime
) -> dict[AccountId, tuple[datetime, bool]]:
    """Of the accounts, or of all, who were let in for an emergency since then, or for whom that was revoked since then:
    until when at the latest, and whether it was revoked.
    """
    query = sa.select(consent.c.account_id, consent.c.until_at, consent.c.revoked_at).where(
        consent.c.wearer_id == wearer_id,
        consent.c.given_as == GivenAs.EMERGENCY.value,
        sa.or_(sa.and_(consent.c.revoked_at.is_(None), consent.c.until_at >= since), consent.c.revoked_at >= since),
    )
    if account_ids is not None:
        query = query.where(consent.c.account_id.in_(list(account_ids)))
    found: dict[AccountId, tuple[datetime, bool]] = {}
    for row in connection.execute(query.order_by(consent.c.until_at)):
        revoked = found.get(row.account_id, (None, False))[1] or row.revoked_at is not None
        found[AccountId(row.account_id)] = (row.until_at, revoked)
    return found


def lengthen_emergencies(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId], until_at: datetime, now: datetime
) -> None:
    """Lets those who are let in stay until then."""
    running = (consent.c.given_as == GivenAs.EMERGENCY.value, consent.c.revoked_at.is_(None), consent.c.until_at > now)
    theirs = (consent.c.wearer_id == wearer_id, consent.c.account_id.in_(list(account_ids)))
    connection.execute(sa.update(consent).where(*theirs, *running).values(until_at=until_at))


def sent_now(connection: Connection, wearer_id: WearerId, now: datetime) -> frozenset[AccountId]:
    """Who may see the wearer because they are sent to her."""
    query = sa.select(consent.c.account_id).where(consent.c.wearer_id == wearer_id, _sent(now))
    return frozenset(AccountId(one) for one in connection.execute(query).scalars())


def sent_away(connection: Connection, wearer_id: WearerId, since: datetime) -> frozenset[AccountId]:
    """Of whom the family has said since then that they may not see her though they are sent."""
    mine = (consent.c.wearer_id == wearer_id) & (consent.c.given_as == GivenAs.DISPATCH.value)
    query = sa.select(consent.c.account_id).where(mine, consent.c.revoked_at >= since)
    return frozenset(AccountId(one) for one in connection.execute(query).scalars())


def end_sent(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId], until_at: datetime, now: datetime
) -> None:
    """Lets those who are sent to her see her until then."""
    if account_ids:
        theirs = (consent.c.wearer_id == wearer_id, consent.c.account_id.in_(list(account_ids)), _sent(now))
        connection.execute(sa.update(consent).where(*theirs).values(until_at=until_at))


def _sent(now: datetime) -> sa.ColumnElement[bool]:
    running = sa.and_(consent.c.revoked_at.is_(None), consent.c.until_at > now)
    return sa.and_(consent.c.given_as == GivenAs.DISPATCH.value, running)


def protections(connection: Connection, wearer_id: WearerId, before: UUID | None, count: int) -> list[Protection]:
    """Up to `count` protections that have not ended, newest first."""
    query = sa.select(protection).where(protection.c.wearer_id == wearer_id, protection.c.ended_at.is_(None))
    if before is not None:
        query = query.where(protection.c.id < before)
    return [protection_of(row) for row in connection.execute(query.order_by(protection.c.id.desc()).limit(count))]


def add_protection(connection: Connection, one: Protection) -> None:
    """Stores a protection."""
    connection.execute(sa.insert(protection).values({name: getattr(one, name) for name in one.__struct_fields__}))


def end_protection(connection: Connection, wearer_id: WearerId, protection_id: ProtectionId, now: datetime) -> bool:
    """Ends a protection of this wearer; whether there was one to end."""
    which = sa.and_(protection.c.id == protection_id, protection.c.wearer_id == wearer_id)
    query = sa.update(protection).where(which, protection.c.ended_at.is_(None)).values(ended_at=now)
    return connection.execute(query).rowcount == 1
