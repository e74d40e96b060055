"""The word at the door."""

from datetime import date, timedelta
from uuid import UUID

from app.dispatch.word import WORDS, word_of_day
from app.kit.ids import UnitId

UNIT, OTHER = UnitId(UUID(int=1)), UnitId(UUID(int=2))
DAY = date(2026, 4, 1)


def test_a_unit_has_one_word_a_day_whoever_asks() -> None:
    assert word_of_day(b"secret", UNIT, DAY) == word_of_day(b"secret", UNIT, DAY)


def test_each_unit_day_and_town_has_another() -> None:
    days = {word_of_day(b"secret", UNIT, DAY + timedelta(days=n)) for n in range(100)}

    assert 95 < len(days)
    assert word_of_day(b"secret", UNIT, DAY) != word_of_day(b"secret", OTHER, DAY)
    assert word_of_day(b"secret", UNIT, DAY) != word_of_day(b"another", UNIT, DAY)


def test_it_is_two_plain_words_that_differ() -> None:
    for n in range(300):
        first, second = word_of_day(b"secret", UNIT, DAY + timedelta(days=n)).split("・")

        assert first != second
        assert {first, second} <= set(WORDS)


def test_all_words_are_hiragana_that_can_be_said_in_one_breath_and_none_is_there_twice() -> None:
    assert len(WORDS) == len(set(WORDS)) == 128
    assert [] == [word for word in WORDS if not 2 <= len(word) <= 6 or not all("ぁ" <= sign <= "ん" for sign in word)]
