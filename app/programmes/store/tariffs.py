"""Schemes as their files said when something was agreed by them."""

import hashlib
from collections.abc import Collection
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.programmes.scheme import Scheme
from app.programmes.tables import tariff, tariff_now

READ_MAX = 200
_read: dict[str, Scheme] = {}
"""Schemes by digest, which says all of one: what was read once need not be read again."""


def digest(one: Scheme) -> str:
    """What names the wording of a scheme: SHA-256 of it as JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(one, order="sorted")).hexdigest()


def keep(connection: Connection, one: Scheme, now: datetime) -> str:
    """The digest under which the scheme is kept."""
    name = digest(one)
    if connection.execute(sa.select(tariff.c.digest).where(tariff.c.digest == name)).first() is None:
        row = {"digest": name, "scheme": one.id, "body": msgspec.to_builtins(one), "at": now}
        connection.execute(dialect.insert(connection, tariff).values(**row).on_conflict_do_nothing())
    return name


def kept(connection: Connection, name: str) -> Scheme:
    """The scheme of a digest that a row names."""
    known = _read.get(name)
    if known is None:
        body = connection.execute(sa.select(tariff.c.body).where(tariff.c.digest == name)).scalar_one()
        if len(_read) >= READ_MAX:
            _read.clear()
        known = _read[name] = msgspec.convert(body, Scheme)
    return known


def publish(connection: Connection, one: Scheme, now: datetime) -> bool:
    """Whether the scheme is another now than it was: from here on this wording of it holds."""
    name = keep(connection, one, now)
    known = connection.execute(sa.select(tariff_now.c.digest).where(tariff_now.c.scheme == one.id)).scalar_one_or_none()
    if known == name:
        return False
    values = {"digest": name, "since": now}
    statement = dialect.insert(connection, tariff_now).values(scheme=one.id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["scheme"], set_=values))
    return True


def digests_now(connection: Connection, some: Collection[str]) -> dict[str, str]:
    """The digests of the wordings of these schemes that hold now; of a scheme that there is not, nothing."""
    query = sa.select(tariff_now.c.scheme, tariff_now.c.digest).where(tariff_now.c.scheme.in_(list(some)))
    return {row.scheme: row.digest for row in connection.execute(query)}


def after(connection: Connection, scheme: str | None, count: int) -> list[tuple[str, str]]:
    """Up to `count` schemes with their digests, by id, after one."""
    query = sa.select(tariff_now.c.scheme, tariff_now.c.digest).order_by(tariff_now.c.scheme).limit(count)
    if scheme is not None:
        query = query.where(tariff_now.c.scheme > scheme)
    return [(row.scheme, row.digest) for row in connection.execute(query)]
