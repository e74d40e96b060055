"""The machine of a thread: it always ends, what is over stays over, and each side does only what is its own."""

import unicodedata
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import Conflict, InvalidInput
from app.stickers.threads import (
    ENDED,
    GOING_ON,
    MAY,
    TOLD_AGAIN_AFTER,
    TRANSITIONS,
    WORDS_MAX,
    Side,
    ThreadAction,
    ThreadState,
    after,
    may,
    plain,
    told_when,
)
from tests.build import NOW

S, A = ThreadState, ThreadAction


def test_every_state_is_reached_and_from_whatever_goes_on_there_is_a_way_to_each_end() -> None:
    found, look = set(), [S.OPEN]
    while look:
        state = look.pop()
        if state not in found:
            found.add(state)
            look += [target for (before, _), target in TRANSITIONS.items() if before is state]

    assert set(S) == found
    for state in GOING_ON:
        assert ENDED == {target for (before, _), target in TRANSITIONS.items() if before is state} & ENDED


@given(st.lists(st.sampled_from(sorted(A)), max_size=20))
def test_what_is_over_is_never_open_again(actions: list[ThreadAction]) -> None:
    state, over = S.OPEN, False
    for action in actions:
        try:
            state = after(state, action)
        except Conflict:
            assert over
        assert not (over and state in GOING_ON)
        over = state in ENDED


@given(st.lists(st.sampled_from(sorted(A)), max_size=10))
def test_doing_it_again_at_once_is_the_same_or_refused(actions: list[ThreadAction]) -> None:
    """A button pressed twice."""
    state = S.OPEN
    for action in actions:
        try:
            state = after(state, action)
            again = after(state, action)
        except Conflict:
            continue
        assert state is again


def test_a_finder_only_writes_and_only_the_city_blocks() -> None:
    assert {A.WRITE} == {one for one in A if may(Side.FINDER, one)}
    assert {Side.CITY} == MAY[A.BLOCK]
    assert set(A) == set(MAY)
    assert {Side.SERVICE} == MAY[A.EXPIRE]


@given(st.text(max_size=200))
def test_words_are_kept_without_anything_that_a_screen_could_obey(text: str) -> None:
    kept = plain(text, WORDS_MAX * 4, "words")

    assert kept == plain(kept, WORDS_MAX * 4, "words")
    assert kept == unicodedata.normalize("NFC", kept)
    for one in kept:
        assert one == "\n" or unicodedata.category(one) not in {"Cc", "Cs", "Zl", "Zp"}
        assert one not in "\u202e\u2066\u200f"


def test_words_that_are_too_long_are_refused_and_not_cut() -> None:
    with pytest.raises(InvalidInput):
        plain("あ" * (WORDS_MAX + 1), WORDS_MAX, "words")
    assert "あ" * WORDS_MAX == plain("あ" * WORDS_MAX, WORDS_MAX, "words")


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_what_is_written_is_told_within_a_minute_and_not_twice_within_one(pauses_s: list[int]) -> None:
    now, told_at, told = NOW, NOW, {NOW}
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        told_at = told_when(told_at, now)
        told.add(told_at)

        assert now <= told_at <= now + TOLD_AGAIN_AFTER
    assert all(later - earlier >= TOLD_AGAIN_AFTER for earlier, later in pairwise(sorted(told)))
