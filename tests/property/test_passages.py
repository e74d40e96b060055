"""Any order and any repetition of the same sightings gives the same passages."""

from collections.abc import Sequence
from random import Random
from uuid import uuid4

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.tags.heard import BITS_MAX, from_bytes, heard_at, joined, to_bytes
from app.tags.passages import Stretch, gap_s, join, stretches

START_S = 1_775_000_000
seconds = st.integers(START_S, START_S + 2_000)
sightings = st.lists(st.tuples(seconds, st.integers(-100, -30)), min_size=1, max_size=40)


def expected(
    all_of_them: list[tuple[int, int]], gap: float, cuts: Sequence[int] = ()
) -> list[tuple[int, int, int, int]]:
    """(first, last, moments, peak) by sorting once and cutting: what joining piece by piece must come to.

    Moments are seconds, and coarser ones in a passage that is longer than the set of seconds can tell apart.
    """
    found: list[list[tuple[int, int]]] = []
    for one in sorted(all_of_them):
        before_s = found[-1][-1][0] if found else 0
        if one[0] - before_s <= gap and not any(before_s < cut <= one[0] for cut in cuts):
            found[-1].append(one)
        else:
            found.append([one])
    return [
        (part[0][0], part[-1][0], heard_at([second for second, _ in part]).count, max(rssi for _, rssi in part))
        for part in found
    ]


def told(passages: list[Stretch]) -> list[tuple[int, int, int, int]]:
    return [(one.first_s, one.last_s, one.heard.count, int(one.rssi_dbm_max or 0)) for one in passages]


@given(
    sightings,
    st.randoms(use_true_random=False),
    st.sampled_from([1.0, 25.0, 90.0]),
    st.lists(seconds, max_size=3, unique=True).map(sorted),
)
@example([(START_S + one, -50) for one in (0, 108, 378, 648, 918, 919, 1024)], Random(1), 90.0, [])
def test_any_order_and_repetition_gives_the_same_passages(
    all_of_them: list[tuple[int, int]], random: Random, interval_s: float, cuts: list[int]
) -> None:
    gap = gap_s(interval_s)
    shuffled = [*all_of_them, *all_of_them[::3]]
    random.shuffle(shuffled)
    kept: list[Stretch] = []
    while shuffled:
        body, shuffled = shuffled[:4], shuffled[4:]
        news = [part for second, rssi in body for part in stretches([second], rssi, gap, cuts)]
        kept = [replace(one.stretch, id=one.stretch.id or uuid4()) for one in join(kept, news, gap, cuts)]

    assert expected(all_of_them, gap, cuts) == told(kept)
    assert len({one.id for one in kept}) == len(kept)


@given(st.lists(st.integers(START_S, START_S + 40_000), min_size=1, max_size=60), st.data())
def test_the_set_of_seconds_does_not_depend_on_how_it_was_put_together(
    all_of_them: list[int], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(all_of_them)))
    one, rest = all_of_them[:cut], all_of_them[cut:] + all_of_them[:1]

    whole = heard_at(all_of_them)

    assert whole == joined(heard_at(one), heard_at(rest)) == joined(heard_at(rest), heard_at(one))
    assert whole == from_bytes(to_bytes(whole), min(all_of_them))
    assert whole.bits.bit_length() <= BITS_MAX
