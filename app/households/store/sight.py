"""Who may know of whom and see what, as conditions over the tables.

`access.py` says the same of one viewer and one wearer; a test on many random towns holds the two together.
"""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account
from app.db import dialect
from app.households.access import Facts
from app.households.model import CONSENT_ROLES, Consent, Household, Protection, Scope, Told, Wearer
from app.households.store.rows import consent_of, contact_of, household_of, protection_of, wearer_of
from app.households.tables import consent, contact, household, household_member, protection, wearer
from app.kit.ids import AccountId, HouseholdId, WearerId

Clause = sa.ColumnElement[bool]


def facts_of(
    connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId]
) -> dict[WearerId, tuple[Wearer, Facts]]:
    """Each of these wearers that exists, with what `access.decide` needs to know about the viewer and them."""
    member = sa.exists().where(_membership(wearer.c.household_id, viewer.account_id)).label("member")
    rows = connection.execute(sa.select(wearer, member).where(wearer.c.id.in_(wearer_ids))).all()
    hiding = sa.select(protection).where(
        protection.c.wearer_id.in_(wearer_ids),
        protection.c.account_id == viewer.account_id,
        protection.c.ended_at.is_(None),
    )
    letting = sa.select(consent).where(
        consent.c.wearer_id.in_(wearer_ids), consent.c.revoked_at.is_(None), _reaches(viewer)
    )
    protections: dict[WearerId, list[Protection]] = {}
    for row in connection.execute(hiding):
        protections.setdefault(row.wearer_id, []).append(protection_of(row))
    consents: dict[WearerId, list[Consent]] = {}
    for row in connection.execute(letting):
        consents.setdefault(row.wearer_id, []).append(consent_of(row))
    found: dict[WearerId, tuple[Wearer, Facts]] = {}
    for row in rows:
        facts = Facts(
            viewer_id=viewer.account_id,
            viewer_city_id=viewer.city_id,
            viewer_role=viewer.role,
            wearer_city_id=row.city_id,
            ended=row.ended_at is not None,
            member=row.member,
            consents=tuple(consents.get(row.id, ())),
            protections=tuple(protections.get(row.id, ())),
        )
        found[row.id] = (wearer_of(row), facts)
    return found


def visible_ids(
    connection: Connection,
    viewer: Viewer,
    scope: Scope | None,
    now: datetime,
    among: Collection[WearerId] | None = None,
) -> frozenset[WearerId]:
    """The wearers, or those `among` some, of whom the viewer may see `scope`, or may know at all."""
    query = sa.select(wearer.c.id).where(_knows(viewer, scope, now))
    if among is not None:
        query = query.where(wearer.c.id.in_(among))
    return frozenset(connection.execute(query).scalars())


def unhidden(connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId]) -> frozenset[WearerId]:
    """Those of these wearers of the viewer's city who are watched over and are not hidden from the viewer."""
    query = sa.select(wearer.c.id).where(wearer.c.id.in_(wearer_ids), wearer.c.city_id == viewer.city_id)
    query = query.where(wearer.c.ended_at.is_(None), sa.not_(hidden(viewer.account_id)))
    return frozenset(connection.execute(query).scalars())


def visible_page(
    connection: Connection,
    viewer: Viewer,
    household_id: HouseholdId | None,
    after: UUID | None,
    count: int,
    now: datetime,
) -> list[WearerId]:
    """Up to `count` of the wearers whom the viewer may know of, in the order of their ids."""
    query = sa.select(wearer.c.id).where(_knows(viewer, None, now)).order_by(wearer.c.id).limit(count)
    if household_id is not None:
        query = query.where(wearer.c.household_id == household_id)
    if after is not None:
        query = query.where(wearer.c.id > after)
    return list(connection.execute(query).scalars())


def households(
    connection: Connection, viewer: Viewer, after: UUID | None, count: int, now: datetime
) -> list[Household]:
    """Up to `count` of the households that the viewer may know of, in the order of their ids."""
    query = sa.select(household).where(_knows_household(viewer, now)).order_by(household.c.id).limit(count)
    if after is not None:
        query = query.where(household.c.id > after)
    return [household_of(row) for row in connection.execute(query)]


def visible_household(
    connection: Connection, viewer: Viewer, household_id: HouseholdId, now: datetime
) -> Household | None:
    """The household, if the viewer may know of it."""
    query = sa.select(household).where(household.c.id == household_id, _knows_household(viewer, now))
    row = connection.execute(query).one_or_none()
    return None if row is None else household_of(row)


def told(
    connection: Connection, wearer_ids: Collection[WearerId], now: datetime, scopes: frozenset[Scope]
) -> dict[WearerId, list[Told]]:
    """For each wearer the contacts, in order, whose account may see all `scopes` of her now and from whom she is not
    hidden.
    """
    found: dict[WearerId, list[Told]] = {wearer_id: [] for wearer_id in wearer_ids}
    # Of those who let nobody see anything the database need not look for contacts, a third of the time.
    ids = [wearer_id for (wearer_id,) in _LETTING.rows(connection, list(found))] if scopes else list(found)
    if not ids:
        return found
    # Filled up to a power of two, so that the driver knows the statement: to prepare it takes as long as to answer it.
    ids += ids[:1] * ((1 << max(len(ids) - 1, 0).bit_length()) - len(ids))
    for row in connection.execute(_telling(scopes), {"wearer_ids": ids, "now": now}):
        found[row.wearer_id].append(Told(contact=contact_of(row), account_id=row.account_id))
    return found


_LETTING = dialect.Lookup(
    sa.select(consent.c.wearer_id)
    .where(consent.c.wearer_id.in_(sa.bindparam("ids", expanding=True)), consent.c.revoked_at.is_(None))
    .distinct(),
    consent.c.wearer_id,
)


@cache
def _telling(scopes: frozenset[Scope]) -> sa.Select[Any]:
    """The query of `told`, made once: to put it together takes longer than to answer it."""
    now = sa.bindparam("now", type_=consent.c.from_at.type)
    roles = [role.value for role in CONSENT_ROLES]
    to_role = sa.and_(consent.c.role == account.c.role, account.c.role.in_(roles))
    reached = sa.or_(consent.c.account_id == account.c.id, to_role)
    let = [
        sa.exists().where(consent.c.wearer_id == wearer.c.id, reached, *_in_force(scope, now))
        for scope in sorted(scopes)
    ]
    return (
        sa.select(contact)
        .join(wearer, wearer.c.id == contact.c.wearer_id)
        .join(account, account.c.id == contact.c.account_id)
        .where(contact.c.wearer_id.in_(sa.bindparam("wearer_ids", expanding=True)))
        .where(contact.c.ended_at.is_(None), wearer.c.ended_at.is_(None))
        .where(account.c.disabled_at.is_(None), account.c.city_id == wearer.c.city_id)
        .where(*let, sa.not_(hidden(account.c.id)))
        .order_by(contact.c.rank, contact.c.id)
    )


def hidden(account_id: AccountId | sa.Column[UUID]) -> Clause:
    """A protection hides the wearer of the enclosing query from this account."""
    mine = protection.c.wearer_id == wearer.c.id
    return sa.exists().where(mine, protection.c.account_id == account_id, protection.c.ended_at.is_(None))


def _knows(viewer: Viewer, scope: Scope | None, now: datetime) -> Clause:
    """The same answer as `access.decide`, as a condition over the wearers."""
    own_city: Clause = wearer.c.city_id == viewer.city_id
    consented = sa.exists().where(consent.c.wearer_id == wearer.c.id, _reaches(viewer), *_in_force(scope, now))
    granted: Clause = sa.and_(own_city, consented)
    if scope is None:
        granted = sa.or_(granted, _manages(viewer))
    return sa.and_(wearer.c.ended_at.is_(None), sa.not_(hidden(viewer.account_id)), granted)


def _manages(viewer: Viewer) -> Clause:
    own_city: Clause = wearer.c.city_id == viewer.city_id
    match viewer.role:
        case Role.ADMINISTRATOR:
            return sa.true()
        case Role.CLERK:
            return own_city
        case Role.FAMILY:
            return sa.and_(own_city, sa.exists().where(_membership(wearer.c.household_id, viewer.account_id)))
        case _:
            return sa.false()


def _knows_household(viewer: Viewer, now: datetime) -> Clause:
    """Families know their own, the office those of its city, others those of whose wearers they may know.

    A household disappears for those from whom all of its wearers are hidden: its name and members would lead to them.
    """
    theirs: Clause = wearer.c.household_id == household.c.id
    somebody_hidden = sa.exists().where(theirs, hidden(viewer.account_id))
    somebody_left = sa.exists().where(theirs, wearer.c.ended_at.is_(None), sa.not_(hidden(viewer.account_id)))
    unhidden = sa.or_(sa.not_(somebody_hidden), somebody_left)
    own_city: Clause = household.c.city_id == viewer.city_id
    match viewer.role:
        case Role.ADMINISTRATOR:
            return unhidden
        case Role.CLERK:
            return sa.and_(own_city, unhidden)
        case Role.FAMILY:
            member = sa.exists().where(_membership(household.c.id, viewer.account_id))
            return sa.and_(own_city, member, unhidden)
        case _:
            return sa.and_(own_city, sa.exists().where(theirs, _knows(viewer, None, now)))


def _membership(household_id: sa.Column[UUID], account_id: AccountId) -> Clause:
    return sa.and_(household_member.c.household_id == household_id, household_member.c.account_id == account_id)


def _reaches(viewer: Viewer) -> Clause:
    to_account: Clause = consent.c.account_id == viewer.account_id
    return sa.or_(to_account, consent.c.role == viewer.role.value) if viewer.role in CONSENT_ROLES else to_account


def _in_force(scope: Scope | None, now: datetime | sa.BindParameter[datetime]) -> list[Clause]:
    """What a consent must fulfil to count. Scopes are a JSON list of quoted words, so one is found in its text."""
    clauses: list[Clause] = [
        consent.c.revoked_at.is_(None),
        consent.c.from_at <= now,
        sa.or_(consent.c.until_at.is_(None), consent.c.until_at > now),
    ]
    if scope is not None:
        clauses.append(sa.cast(consent.c.scopes, sa.String).like(f'%"{scope.value}"%'))
    return clauses
