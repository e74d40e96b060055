"""What bodies and lists of several routes have in common."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from msgspec import Meta

from app.db.page import Page, page

Row = TypeVar("Row")
Shown = TypeVar("Shown")

Name = Annotated[str, Meta(min_length=1, max_length=100, description="as people say it; one line")]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with its offset from UTC")]


def shown(rows: Sequence[Row], limit: int, key: Callable[[Row], object], show: Callable[[Row], Shown]) -> Page[Shown]:
    """The page of `rows`, one more than `limit` if there is a next page, as they are shown."""
    part = page(rows, limit, key)
    return Page(items=[show(row) for row in part.items], next=part.next)
