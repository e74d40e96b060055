"""The short way of a passage that goes on comes to what joining comes to, and the quick look at doubts misses none."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.geo.measure import distance_m
from app.history.going import Going, OfTag, lengthened, may_contradict
from app.tags.doubt import At, is_impossible
from app.tags.heard import from_bytes, heard_at, to_bytes
from app.tags.passages import Stretch, gap_s, join, stretches

START_S = 1_775_000_000
GAP = gap_s(1.0)
seconds = st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True).map(
    lambda found: tuple(START_S + one for one in sorted(found))
)
powers = st.none() | st.integers(-100, -30).map(float)
degrees = st.floats(-0.2, 0.2)


def going(
    heard: tuple[int, ...], rssi_dbm: float | None = None, lat: float = 0.0, lon: float = 0.0, *, doubtful: bool = False
) -> Going:
    return Going(heard[0], heard[-1], to_bytes(heard_at(heard)), rssi_dbm, 34.75 + lat, 134.84 + lon, doubtful=doubtful)


@given(seconds, powers, seconds, powers, st.just(()) | seconds)
def test_a_passage_made_longer_is_the_passage_that_joining_gives(
    stored: tuple[int, ...], before: float | None, news: tuple[int, ...], now: float | None, cuts: tuple[int, ...]
) -> None:
    one = going(stored, before)
    after = lengthened(one, news, now, GAP, cuts, 0)

    kept = Stretch(first_s=one.first_s, last_s=one.last_s, heard=heard_at(stored), rssi_dbm_max=before, id=uuid4())
    joined = [part.stretch for part in join([kept], stretches(news, now, GAP, cuts), GAP, cuts)]
    in_one_piece = news[-1] - news[0] <= GAP and news[0] >= one.first_s and news[0] - one.last_s <= GAP
    if not cuts:
        assert in_one_piece is (after is not None)
    if after is not None:
        assert [(after.first_s, after.last_s, after.rssi_dbm_max)] == [
            (part.first_s, part.last_s, part.rssi_dbm_max) for part in joined
        ]
        assert joined[0].heard == from_bytes(after.heard, after.first_s)


@given(seconds, seconds)
def test_what_is_over_is_not_made_longer(stored: tuple[int, ...], news: tuple[int, ...]) -> None:
    assert lengthened(going(stored), news, None, GAP, (), START_S + 1_000) is None


@given(seconds, st.tuples(degrees, degrees), seconds, st.tuples(degrees, degrees), st.floats(0, 500))
def test_a_contradiction_is_never_overlooked(
    mine: tuple[int, ...],
    here: tuple[float, float],
    others: tuple[int, ...],
    there: tuple[float, float],
    range_m: float,
) -> None:
    one, other = going(mine, None, *here), going(others, None, *there)
    away_m = distance_m(34.75 + here[0], 134.84 + here[1], 34.75 + there[0], 134.84 + there[1])
    one_at, other_at = At(mine[0], mine[-1], range_m), At(others[0], others[-1], 50.0)

    if is_impossible(one_at, other_at, away_m):
        assert may_contradict(one, [one, other], 0, range_m)


def test_two_poles_of_one_street_need_no_closer_look() -> None:
    one, other = going((START_S,)), going((START_S,), lon=0.002)
    assert not may_contradict(one, [one, other], 0, 50.0)


def test_what_was_heard_elsewhere_before_was_looked_at_before() -> None:
    one, other = going((START_S, START_S + 90)), going((START_S + 50,), lon=0.2)
    assert may_contradict(one, [other], START_S + 40, 50.0)
    assert not may_contradict(one, [other], START_S + 60, 50.0)


def test_what_is_doubted_on_both_sides_is_not_looked_at_again() -> None:
    one, other = going((START_S,), doubtful=True), going((START_S,), lon=0.2, doubtful=True)
    assert not may_contradict(one, [other], 0, 50.0)


@given(
    st.lists(
        st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(START_S, START_S + 50) | st.none()), max_size=20
    )
)
def test_nobody_was_heard_elsewhere_after_the_second_that_is_remembered(
    changes: list[tuple[bytes, int | None]],
) -> None:
    of_tag = OfTag()
    for detector_id, last_s in changes:
        if last_s is None:
            of_tag.pop(detector_id, None)
        else:
            of_tag.put(detector_id, going((last_s,)))
        for asked in (b"a", b"b", b"c"):
            others = [one.last_s for key, one in of_tag.items() if key != asked]
            assert of_tag.elsewhere_s(asked) >= max(others, default=0)


def test_who_is_heard_at_one_detector_alone_was_never_heard_elsewhere() -> None:
    of_tag = OfTag()
    of_tag.put(b"a", going((START_S,)))
    of_tag.put(b"a", going((START_S + 9,)))

    assert (0, START_S + 9) == (of_tag.elsewhere_s(b"a"), of_tag.elsewhere_s(b"b"))
