"""Printed numbers, as people say them."""

import pytest

from app.kit.errors import Conflict, InvalidInput
from app.stickers import numbers


@pytest.mark.parametrize("text", ["AB0012", "ab0012", " AB 0012 ", "ＡＢ００１２"], ids=repr)
def test_a_number_is_read_however_it_is_typed(text: str) -> None:
    assert "AB0012" == numbers.read(text)


@pytest.mark.parametrize("text", ["", "AB001", "AB00123", "IB0012", "AO0012", "A10012", "AB0O12"], ids=repr)
def test_what_is_no_number_is_none(text: str) -> None:
    assert numbers.read(text) is None


@pytest.mark.parametrize("text", ["AA9998-AB0001", "aa9998～ab0001", "ＡＡ９９９８ － ＡＢ０００１"], ids=repr)
def test_a_span_is_all_numbers_from_end_to_end(text: str) -> None:
    assert ["AA9998", "AA9999", "AB0000", "AB0001"] == list(numbers.spelt(text, "numbers"))


@pytest.mark.parametrize("text", ["AA0001-AA0000", "AA0000-", "AA0000-AA0001-AA0002", "AA0000-AA1000"], ids=repr)
def test_a_span_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        list(numbers.spelt(text, "numbers"))


def test_numbers_are_given_out_in_their_order_until_there_are_none_left() -> None:
    assert ["AA0000", "AA0001"] == numbers.following(None, 2)
    assert ["AZ9999", "BA0000"] == numbers.following("AZ9998", 2)
    with pytest.raises(Conflict):
        numbers.following("ZZ9998", 2)
