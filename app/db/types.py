"""Column types and the one `MetaData` that all rooms' tables hang on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import Column, ColumnElement, Index, MetaData, func
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Processor = Callable[[Any], Any] | None

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Key(GUID):
    """A UUID: 16 bytes in SQLite, `uuid` in PostgreSQL.

    One plain function a value, since the hot path converts many of them for each position.
    """

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _key_to_bytes if dialect.name == "sqlite" else None  # The driver of PostgreSQL knows `UUID` itself.

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _key_from_bytes if dialect.name == "sqlite" else None


class Moment(DateTimeUTC):
    """An aware moment, UTC: whole microseconds since 1970 in SQLite, `timestamptz` in PostgreSQL.

    A number takes 8 bytes where the text took 26, in each row and each index of the history, and is made in a third of
    the time.
    """

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _moment_to_us if dialect.name == "sqlite" else _aware

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _moment_from_us if dialect.name == "sqlite" else None  # Our sessions are in UTC (`postgres.py`).


class KeyBytes(Key):
    """The same column as the 16 bytes of the key, for the hot path: nothing is made of them that is only compared."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        if dialect.name == "sqlite":
            return None
        return _key_from_bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        if dialect.name == "sqlite":
            return None
        return _key_to_bytes


class Second(Moment):
    """The same column as whole seconds since 1970, for the hot path; what is not whole is cut when it is read."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _second_to_us if dialect.name == "sqlite" else _second_to_moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _second_from_us if dialect.name == "sqlite" else _second_from_moment


def _second_to_us(value: int) -> int:
    return value * 1_000_000


def _second_from_us(value: int) -> int:
    return value // 1_000_000


def _second_to_moment(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value, UTC)


def _second_from_moment(value: datetime | None) -> int | None:
    return None if value is None else int(value.timestamp())


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise TypeError("a moment without a zone cannot be stored")
    return value


def _key_to_bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


def _key_from_bytes(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


def _moment_to_us(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise TypeError("a moment without a zone cannot be stored")
    since = value - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment_from_us(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


def key(name: str = "id", *arguments: Any, **options: Any) -> Column[Any]:
    """A UUID column; the primary key unless told otherwise."""
    options.setdefault("primary_key", name == "id")
    return Column(name, Key(), *arguments, **options)


def moment(name: str, *arguments: Any, **options: Any) -> Column[Any]:
    """A column for an aware moment; naive ones are refused. Not null unless told otherwise."""
    options.setdefault("nullable", False)
    return Column(name, Moment(timezone=True), *arguments, **options)


def shard_index(table: str, column: Column[Any], alive: ColumnElement[bool]) -> Index:
    """The index by which the things of one shard of the register are found; on PostgreSQL only (`shards.py`)."""
    name = f"ix_{table}_registry_shard"
    index = Index(name, func.registry_shard_of(column), postgresql_where=alive)
    index.ddl_if(dialect="postgresql")
    return index
