"""Cursors: what was given comes back, and what nobody was given is refused."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec import Struct

from app.db.page import decode_cursor, encode_cursor, page
from app.kit.errors import InvalidInput
from tests.build import NOW

KEY = UUID(int=7)
Pair = tuple[datetime, UUID]


class Last(Struct, frozen=True, array_like=True):
    """A key of several parts."""

    at: datetime
    key: UUID


@pytest.mark.parametrize(("kind", "key"), [(UUID, KEY), (Pair, (NOW, KEY)), (Last, Last(NOW, KEY)), (int, 2**63 - 1)])
def test_a_key_comes_back_from_its_cursor(kind: type[object], key: object) -> None:
    assert key == decode_cursor(encode_cursor(key), kind)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (int, 2**63),
        (Pair, (datetime(2026, 4, 1), KEY)),  # noqa: DTZ001
        (Pair, ("0001-01-01T00:00:00+14:00", KEY)),
        (Pair, ("9999-12-31T23:59:59-14:00", KEY)),
        (Last, ("0001-01-01T00:00:00+14:00", KEY)),
        (Last, Last(datetime(2026, 4, 1), KEY)),  # noqa: DTZ001
        (UUID, "nobody"),
        (Pair, (NOW,)),
        (Pair, KEY),
    ],
)
def test_a_key_that_no_row_can_be_compared_with_is_refused(kind: type[object], key: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_cursor(encode_cursor(key), kind)

    assert "cursor" == caught.value.where


@pytest.mark.parametrize("cursor", ["", "=", "====", "é", "\ud800", "gA", "a b", "x" * 199])
def test_a_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(cursor, Pair)


def test_the_first_page_needs_no_cursor() -> None:
    assert decode_cursor(None, Pair) is None


def test_a_page_has_a_next_one_only_if_something_is_left() -> None:
    moments = [datetime(2026, 4, day, tzinfo=UTC) for day in (3, 2, 1)]

    assert moments[1] == decode_cursor(page(moments, 2, lambda one: one).next, datetime)
    assert page(moments, 3, lambda one: one).next is None
    assert page([], 3, lambda one: one).next is None
