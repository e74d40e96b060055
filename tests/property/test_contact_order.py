"""Whatever is put into a list of contacts, taken out or moved: places 1 to n without a gap, the others in order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.households import contact_order
from app.kit.errors import Conflict, InvalidInput

orders = st.lists(st.integers(0, 50), unique=True, max_size=12)
ranks = st.none() | st.integers(1, 20)
Step = Callable[[list[int], int, int | None], list[int]]


def put_in(order: list[int], key: int, rank: int | None) -> list[int]:
    return order if key in order else contact_order.inserted(order, key, rank)


def take_out(order: list[int], key: int, rank: int | None) -> list[int]:
    return contact_order.removed(order, key)


def turn_round(order: list[int], key: int, rank: int | None) -> list[int]:
    return contact_order.reordered(order, order[::-1])


steps = st.lists(st.tuples(st.sampled_from([put_in, take_out, turn_round]), st.integers(0, 50), ranks), max_size=20)


@given(orders, steps)
def test_written_places_are_always_one_to_n(order: list[int], steps: list[tuple[Step, int, int | None]]) -> None:
    written = contact_order.moves({}, order)
    for step, key, rank in steps:
        after = step(order, key, rank)
        written = {kept: place for kept, place in written.items() if kept in after}
        written |= contact_order.moves(written, after)
        order = after

        assert list(range(1, len(order) + 1)) == sorted(written.values())
        assert order == sorted(written, key=written.__getitem__)


@given(orders, ranks)
def test_putting_one_in_leaves_the_order_of_the_others(order: list[int], rank: int | None) -> None:
    after = contact_order.inserted(order, 99, rank)

    assert order == [key for key in after if key != 99]
    assert min(len(order) if rank is None else rank - 1, len(order)) == after.index(99)


@given(orders, st.integers(0, 50))
def test_taking_one_out_leaves_the_order_of_the_others(order: list[int], gone: int) -> None:
    assert [key for key in order if key != gone] == contact_order.removed(order, gone)


@given(orders, ranks)
def test_taking_out_what_was_put_in_changes_nothing(order: list[int], rank: int | None) -> None:
    assert order == contact_order.removed(contact_order.inserted(order, 99, rank), 99)


@given(st.data(), orders)
def test_any_order_of_the_same_people_is_taken_as_it_is(data: st.DataObject, order: list[int]) -> None:
    wanted = data.draw(st.permutations(order))

    assert wanted == contact_order.reordered(order, wanted)


@given(orders, orders)
def test_an_order_of_other_people_is_refused(order: list[int], wanted: list[int]) -> None:
    if set(order) != set(wanted):
        with pytest.raises(Conflict):
            contact_order.reordered(order, wanted)


@given(orders.filter(bool))
def test_naming_one_twice_is_refused(order: list[int]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        contact_order.reordered(order, [*order, order[0]])

    assert refusal.value.where == "contacts"


@given(orders)
def test_only_those_who_move_are_written(order: list[int]) -> None:
    ranks = {key: rank for rank, key in enumerate(order, 1)}
    after = contact_order.inserted(order, 99, None)

    assert {99: len(after)} == contact_order.moves(ranks, after)
