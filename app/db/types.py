"""Column types and the one `MetaData` that all rooms' tables hang on."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import Column, MetaData
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


class Key(GUID):
    """A UUID: 16 bytes in SQLite, `uuid` in PostgreSQL.

    One plain function a value, since the hot path converts many of them for each position.
    """

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _key_to_bytes if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _key_from_bytes if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Moment(DateTimeUTC):
    """An aware moment, UTC: in SQLite the text that SQLAlchemy itself would store, `timestamptz` in PostgreSQL."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _moment_to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        return _moment_from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _key_to_bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


def _key_from_bytes(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


def _moment_to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is UTC:
        return value.isoformat(" ", "microseconds")[:26]
    if value.tzinfo is None:
        raise TypeError("a moment without a zone cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _moment_from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def key(name: str = "id", *arguments: Any, **options: Any) -> Column[Any]:
    """A UUID column; the primary key unless told otherwise."""
    options.setdefault("primary_key", name == "id")
    return Column(name, Key(), *arguments, **options)


def moment(name: str, *arguments: Any, **options: Any) -> Column[Any]:
    """A column for an aware moment; naive ones are refused. Not null unless told otherwise."""
    options.setdefault("nullable", False)
    return Column(name, Moment(timezone=True), *arguments, **options)
