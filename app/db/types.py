"""Column types and the one `MetaData` that all rooms' tables hang on."""

from typing import Any

from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import Column, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str = "id", *arguments: Any, **options: Any) -> Column[Any]:
    """A UUID column; the primary key unless told otherwise."""
    options.setdefault("primary_key", name == "id")
    return Column(name, GUID(), *arguments, **options)


def moment(name: str, *arguments: Any, **options: Any) -> Column[Any]:
    """A column for an aware moment; naive ones are refused. Not null unless told otherwise."""
    options.setdefault("nullable", False)
    return Column(name, DateTimeUTC(timezone=True), *arguments, **options)
