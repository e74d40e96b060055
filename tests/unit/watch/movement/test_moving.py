"""How somebody moves just now, fix by fix."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec
import pytest

from app.watch.movement.moving import (
    MERGED_M,
    TRAIL_MAX,
    TRAIL_S,
    Ground,
    Mode,
    Movement,
    Point,
    Taken,
    on_ground,
    take,
)
from app.watch.replaying import Fix
from tests.unit.watch.movement.build import Way, clock, fix

TEN = clock(0, "10:00")
encode, decode = msgspec.msgpack.encode, msgspec.msgpack.Decoder(Movement).decode


def points(fixes: Iterable[Fix]) -> list[Point]:
    return [Point(one.at, one.lat_deg, one.lon_deg, one.accuracy_m or 30.0) for one in fixes]


def taken(kept: Movement, fixes: Sequence[Fix]) -> list[Taken | None]:
    return [take(kept, one) for one in points(fixes)]


def walked(fixes: Sequence[Fix]) -> Movement:
    kept = Movement()
    taken(kept, fixes)
    return kept


@pytest.mark.parametrize("step_s", [20, 60, 300])
@pytest.mark.parametrize(
    ("speed_mps", "mode"), [(0.01, Mode.STILL), (1.1, Mode.FOOT), (3.5, Mode.FAST), (12.0, Mode.VEHICLE)], ids=str
)
def test_how_she_moves_is_told_by_her_speed(speed_mps: float, mode: Mode, step_s: int) -> None:
    way = Way(TEN, step_s=step_s).to((speed_mps * 3_600, 0.0), speed_mps=speed_mps)

    assert mode is walked(way.fixes).mode


def test_the_first_fix_says_where_and_not_how() -> None:
    kept = Movement()
    (first,) = taken(kept, [fix(TEN, 0.0, 0.0)])

    assert first is not None
    assert (Mode.UNKNOWN, False) == (first.mode, first.continued)


def test_a_jump_is_held_back_and_dropped_when_she_is_where_she_was() -> None:
    still = Way(TEN).stay(20).fixes
    jump = [*still[:10], fix(still[10].at, 2_000.0, 0.0), *still[11:]]
    kept = Movement()
    found = taken(kept, jump)

    assert [10] == [number for number, one in enumerate(found) if one is None]
    assert kept.held is None
    assert max(one.length_m for one in found if one is not None) < 1.0
    assert kept.vehicle_at is None
    assert kept.trail is not None
    assert [(0, 0, 0)] == kept.trail.points


def test_two_jumps_to_different_places_are_two_wrong_fixes() -> None:
    still = Way(TEN).stay(20).fixes
    jumps = [*still[:10], fix(still[10].at, 9_000.0, 0.0), fix(still[11].at, -9_000.0, 0.0), *still[12:]]

    assert 2 == taken(Movement(), jumps).count(None)


def test_a_ride_is_recognised_and_so_is_that_it_is_over() -> None:
    ride = Way(TEN).stay(5).to((6_000.0, 0.0), speed_mps=10.0)
    kept = walked(ride.fixes)

    assert (Mode.VEHICLE, ride.at) == (kept.mode, kept.vehicle_at)
    taken(kept, Way(ride.at, ride.spot).to((6_500.0, 0.0)).fixes[1:])
    assert (Mode.FOOT, ride.at) == (kept.mode, kept.vehicle_at)


def test_a_ride_goes_on_through_the_fixes_of_a_fast_train() -> None:
    train = Way(TEN).stay(5).to((30_000.0, 0.0), speed_mps=30.0)
    kept = Movement()
    found = taken(kept, train.fixes)

    assert found.count(None) <= 1, "the first one of the ride waits for the second"
    assert kept.last == points(train.fixes[-1:])[0]


@pytest.mark.parametrize("seconds", [0, 1, 14])
def test_fixes_close_together_say_nothing_new(seconds: int) -> None:
    kept = walked(Way(TEN).stay(5).fixes)
    before = encode(kept)

    assert kept.last is not None
    assert [None] == taken(kept, [fix(kept.last.at + timedelta(seconds=seconds), 3.0, 0.0)])
    assert before == encode(kept)


def test_a_gap_is_not_walked_through() -> None:
    kept = walked(Way(TEN).to((300.0, 0.0)).fixes)
    (after,) = taken(kept, Way(kept.last.at + timedelta(minutes=25), (700.0, 0.0)).fixes if kept.last else [])

    assert after is not None
    assert not after.continued
    assert kept.trail is not None
    assert 1 == len(kept.trail.points)


def test_a_slow_tracker_has_no_gaps() -> None:
    found = taken(Movement(), Way(TEN, step_s=600).to((6_000.0, 0.0), speed_mps=1.0).fixes)

    assert [True] * (len(found) - 1) == [one is not None and one.continued for one in found[1:]]


def test_the_line_is_thinned_and_forgets() -> None:
    way = Way(TEN, step_s=20)
    for _ in range(30):
        way.to((500.0, 0.0), (0.0, 0.0))
    trail = walked(way.fixes).trail

    assert trail is not None
    assert len(trail.points) <= TRAIL_MAX
    assert trail.points[-1][0] - trail.points[0][0] <= TRAIL_S
    apart = [
        (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
        for one, other in zip(trail.points, trail.points[1:], strict=False)
    ]
    assert min(apart) >= (MERGED_M - 1) ** 2


def test_where_she_stays_is_known_in_spite_of_one_fix_elsewhere() -> None:
    way = Way(TEN).to((400.0, 0.0)).stay(30)
    fixes = way.fixes
    came_at = fixes[-31].at
    fixes[-10] = fix(fixes[-10].at, 480.0, 0.0)
    still = walked(fixes).still

    assert still is not None
    assert abs((still.at - came_at).total_seconds()) <= 120


def test_a_restart_between_any_two_fixes_changes_nothing() -> None:
    way = Way(TEN).to((900.0, 0.0)).stay(10).to((9_000.0, 0.0), speed_mps=9.0).stay(3).to((9_000.0, 400.0))
    fixes = [*way.fixes[:7], fix(way.fixes[7].at, 5_000.0, 0.0), *way.fixes[8:]]
    kept, again = Movement(), Movement()
    for one in points(fixes):
        assert take(kept, one) == take(again, one)
        again = decode(encode(again))

    assert encode(kept) == encode(again)


def on(ground: Ground, minutes: Sequence[tuple[float, bool]], mode: Mode = Mode.FOOT) -> Ground:
    """A minute each, so many metres long, on known ground or not."""
    for number, (length_m, known) in enumerate(minutes):
        (point,) = points([fix(TEN + timedelta(minutes=number), 0.0, 0.0)])
        on_ground(ground, Taken(point, 60.0, length_m, mode, continued=number > 0), known=known, days=1 if known else 0)
    return ground


def test_unknown_ground_counts_from_where_she_left_what_she_knows() -> None:
    ground = on(Ground(), [(60.0, True)] * 3 + [(60.0, False)] * 11)

    assert (True, 600.0, 600.0) == (ground.seen, ground.unknown_s, ground.unknown_m)
    assert TEN + timedelta(minutes=3) == ground.unknown_at


def test_one_fix_on_known_ground_does_not_bring_her_back_and_staying_there_does() -> None:
    strays = [(60.0, True)] + [(60.0, False)] * 10
    once, back = on(Ground(), [*strays, (60.0, True), (60.0, False)]), on(Ground(), [*strays, *[(60.0, True)] * 12])

    assert once.unknown_at is not None
    assert once.unknown_s >= 480.0
    assert (None, 0.0, 0.0) == (back.unknown_at, back.unknown_s, back.unknown_m)


def test_who_was_not_seen_to_leave_is_not_said_to_have_left() -> None:
    assert not on(Ground(), [(60.0, False)] * 10).seen


def test_a_ride_is_no_walk_on_unknown_ground() -> None:
    ground = on(Ground(), [(60.0, True)] + [(600.0, False)] * 10, Mode.VEHICLE)

    assert (True, 0.0) == (ground.by_vehicle, ground.unknown_s)
