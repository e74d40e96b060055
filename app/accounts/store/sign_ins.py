"""Every query of sign-ins and failed sign-ins."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, SignIn, Viewer
from app.accounts.tables import account, account_address, sign_in, sign_in_failure
from app.kit.ids import AccountId, CityId, SignInId, new_id


class Found(Struct, frozen=True, kw_only=True):
    """Whose token this is, and when it was last used."""

    viewer: Viewer
    last_used_at: datetime


def insert_sign_in(connection: Connection, account_id: AccountId, token_hash: bytes, one: SignIn) -> None:
    """Adds a sign-in."""
    row = {
        "id": one.id,
        "account_id": account_id,
        "token_hash": token_hash,
        "label": one.label,
        "created_at": one.created_at,
        "last_used_at": one.last_used_at,
        "expires_at": one.expires_at,
    }
    connection.execute(sa.insert(sign_in).values(row))


def _alive(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return sign_in.c.revoked_at.is_(None), sign_in.c.expires_at > now


def found_by_token(connection: Connection, token_hash: bytes, now: datetime) -> Found | None:
    """Whose token it is; None for unknown, expired and revoked ones and for those of disabled accounts."""
    query = (
        sa.select(
            sign_in.c.id.label("sign_in_id"),
            sign_in.c.last_used_at,
            account.c.id,
            account.c.city_id,
            account.c.role,
            account.c.name,
            account.c.vendor,
        )
        .join(account, account.c.id == sign_in.c.account_id)
        .where(sign_in.c.token_hash == token_hash, *_alive(now), account.c.disabled_at.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    viewer = Viewer(
        account_id=AccountId(row.id),
        city_id=CityId(row.city_id),
        role=Role(row.role),
        name=row.name,
        sign_in_id=SignInId(row.sign_in_id),
        vendor=row.vendor,
    )
    return Found(viewer=viewer, last_used_at=row.last_used_at)


def is_alive(connection: Connection, sign_in_id: SignInId, now: datetime) -> bool:
    """Whether a sign-in has not ended and its account is not disabled."""
    query = sa.select(sign_in.c.id).join(account, account.c.id == sign_in.c.account_id)
    query = query.where(sign_in.c.id == sign_in_id, *_alive(now), account.c.disabled_at.is_(None))
    return connection.execute(query).first() is not None


def stays_alive(connection: Connection, sign_in_id: SignInId, now: datetime) -> bool:
    """Whether a sign-in has not ended; if so, nobody ends it before this transaction is over."""
    query = sa.select(sign_in.c.id).where(sign_in.c.id == sign_in_id, *_alive(now)).with_for_update(read=True)
    return connection.execute(query).first() is not None


def touch_sign_in(connection: Connection, sign_in_id: SignInId, now: datetime) -> None:
    """Notes that a sign-in was used."""
    query = sa.update(sign_in).where(sign_in.c.id == sign_in_id, sign_in.c.last_used_at < now)
    connection.execute(query.values(last_used_at=now))


def sign_ins(
    connection: Connection, account_id: AccountId, now: datetime, before: SignInId | None, limit: int
) -> list[SignIn]:
    """The sign-ins of an account that are alive, newest first, beginning behind `before`."""
    query = sa.select(sign_in).where(sign_in.c.account_id == account_id, *_alive(now))
    if before is not None:
        query = query.where(sign_in.c.id < before)
    return [
        SignIn(
            id=SignInId(row.id),
            label=row.label,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
        for row in connection.execute(query.order_by(sign_in.c.id.desc()).limit(limit))
    ]


def revoke_sign_ins(
    connection: Connection,
    account_id: AccountId,
    now: datetime,
    *,
    only: SignInId | None = None,
    but: SignInId | None = None,
) -> list[SignInId]:
    """Ends the sign-ins of an account that are alive, or only one, or all but one; which."""
    query = sa.update(sign_in).where(sign_in.c.account_id == account_id, *_alive(now))
    if only is not None:
        query = query.where(sign_in.c.id == only)
    if but is not None:
        query = query.where(sign_in.c.id != but)
    return [SignInId(key) for key in connection.execute(query.values(revoked_at=now).returning(sign_in.c.id)).scalars()]


def forget_sign_ins(connection: Connection, before: datetime) -> int:
    """Deletes sign-ins that ended before then, with no address hanging on them; how many."""
    ended = sa.or_(sign_in.c.revoked_at < before, sign_in.c.expires_at < before)
    linked = sa.exists().where(account_address.c.sign_in_id == sign_in.c.id)
    return connection.execute(sa.delete(sign_in).where(ended, ~linked)).rowcount


def failures(connection: Connection, subjects: Collection[bytes], since: datetime) -> dict[bytes, list[datetime]]:
    """The moments of the failures of each subject since then."""
    table = sign_in_failure
    query = sa.select(table.c.subject, table.c.at).where(table.c.subject.in_(list(subjects)), table.c.at > since)
    moments: dict[bytes, list[datetime]] = {subject: [] for subject in subjects}
    for row in connection.execute(query):
        moments[bytes(row.subject)].append(row.at)
    return moments


def insert_failures(connection: Connection, subjects: Iterable[bytes], now: datetime) -> list[UUID]:
    """Notes one failure of each subject; their keys."""
    keys = {new_id(): subject for subject in subjects}
    rows = [{"id": key, "subject": subject, "at": now} for key, subject in keys.items()]
    connection.execute(sa.insert(sign_in_failure), rows)
    return list(keys)


def delete_failures(connection: Connection, keys: Collection[UUID], subject: bytes) -> None:
    """Takes back these failures, and all of one subject."""
    table = sign_in_failure
    connection.execute(sa.delete(table).where(sa.or_(table.c.id.in_(list(keys)), table.c.subject == subject)))


def forget_failures(connection: Connection, before: datetime) -> int:
    """Deletes failures from before then; how many."""
    return connection.execute(sa.delete(sign_in_failure).where(sign_in_failure.c.at < before)).rowcount
