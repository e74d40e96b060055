"""What bodies of several routes have in common, and the counted attempt to show a password."""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, UnsetType

from app.accounts import passwords, service
from app.accounts.auth import HASHING
from app.accounts.names import EMAIL_MAX
from app.db.engine import Database
from app.kit.errors import Overloaded

Value = TypeVar("Value")

Email = Annotated[str, Meta(min_length=3, max_length=EMAIL_MAX, description="e-mail address; case does not matter")]
Name = Annotated[str, Meta(min_length=1, max_length=100, description="as it is shown to others; one line")]
Language = Annotated[
    Literal["ja", "easy", "en"], Meta(description="language of messages; `easy` is Japanese in few and plain words")
]
Zone = Annotated[str, Meta(min_length=1, max_length=40, description="time zone of the IANA database, as Asia/Tokyo")]
CityPhone = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=30,
        pattern=r"^[-+() 0-9]*(?!\n)$",
        description="where its people answer; printed on stickers and shown to whoever scans one",
    ),
]
CityCode = Annotated[int, Meta(ge=1, le=999_999, description="municipality code with check digit (JIS X 0402)")]
NewPassword = Annotated[
    str,
    Meta(
        min_length=passwords.PASSWORD_MIN,
        max_length=passwords.PASSWORD_MAX,
        description=f"at least {passwords.PASSWORD_MIN} characters, {passwords.DIFFERENT_MIN} of them different",
    ),
]
OldPassword = Annotated[str, Meta(min_length=1, max_length=passwords.PASSWORD_MAX, description="as it is now")]


def given(value: Value | UnsetType) -> Value | None:
    """The value, None for an absent field."""
    return None if isinstance(value, UnsetType) else value


async def open_attempt(database: Database, email: str, peer: str, now: datetime) -> service.Attempt:
    """A counted attempt to show a password.

    Refused ones cost a read at most, so that a flood of them stays out of the writer's queue.
    """
    if HASHING.full:
        raise Overloaded
    await database.read(lambda c: service.check_wait(c, email, peer, now))
    return await database.write(lambda c: service.open_attempt(c, email, peer, now))
