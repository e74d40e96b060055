"""Words that people type are kept in one spelling."""

import pytest

from app.households import words
from app.kit.errors import InvalidInput


def test_a_line_may_be_empty_and_loses_the_blanks_around_it() -> None:
    assert words.line(" \t ", "relation") == ""
    assert words.line(" neighbour\u3000", "relation") == "neighbour"


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\u2028b", "a\u202eb"])
def test_a_line_with_marks_that_could_forge_another_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        words.line(text, "relation")

    assert refusal.value.where == "relation"


def test_lines_keep_their_order_and_the_empty_ones_between_them() -> None:
    assert words.lines("\nhard of hearing \r\n\r\nlikes the river\n\n", "note") == "hard of hearing\n\nlikes the river"
    assert words.lines("", "note") == ""


@pytest.mark.parametrize("text", ["a\x00b", "first\na\u202eb"])
def test_lines_with_such_marks_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        words.lines(text, "note")

    assert refusal.value.where == "note"
