"""Whatever somebody carries and however many fences she has: what is kept of her is 4 KB or less, and says no less than
it must.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.geo.model import FencePurpose, Geofence, Point
from app.geo.quality import Known
from app.geo.quality import Place as Fixed
from app.kit.ids import GeofenceId
from app.watch import catalogue
from app.watch.catalogue import encode_state
from app.watch.fitting import BYTES_MAX, decoded, encoded
from app.watch.model import (
    ArrivalState,
    DeviceState,
    FenceState,
    Outcome,
    Side,
    Spread,
    TagState,
    Told,
    WatchState,
)
from app.watch.movement.moving import Ground, Movement, Other, Peaks, Trail
from app.watch.movement.moving import Point as Where
from tests.build import NOW, minutes
from tests.unit.watch.build import HANA, heard, seen, subject

moments = st.integers(0, 600).map(lambda count: NOW - timedelta(minutes=count))
maybe = st.none() | moments
shapes = st.integers(-(2**63), 2**63 - 1)
fences = st.builds(
    FenceState,
    side=st.sampled_from(Side),
    shape=shapes,
    inside_last_at=maybe,
    outside_first_at=maybe,
    outside_last_at=maybe,
    outside_count=st.integers(0, 9),
    spread=st.none() | st.tuples(*[st.floats(-90, 90)] * 4).map(lambda four: Spread(*four)),
    untold_at=maybe,
    vetoed_at=maybe,
    crossed_at=maybe,
)
settled = st.builds(
    lambda side, shape, at: (
        FenceState(side=side, shape=shape, inside_last_at=at)
        if side is Side.INSIDE
        else FenceState(side=side, shape=shape, outside_last_at=at)
    ),
    st.sampled_from([Side.INSIDE, Side.OUTSIDE]), shapes, st.just(NOW),
)  # fmt: skip
fixed = st.builds(Fixed, moments, st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 500))
devices = st.builds(
    DeviceState,
    known=st.none() | st.builds(Known, fixed, st.none() | fixed, maybe, st.integers(0, 3)),
    heard_at=maybe,
    silent=st.booleans(),
    battery_low=st.booleans(),
    removed=st.booleans(),
    conditions_at=maybe,
)
points = st.builds(
    Where, moments, st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 150), st.integers(0, 2**32 - 1)
)
RULES = ["unfamiliar", "off_route", "pacing", "lapping", "random", "not_back", "stuck", "unusual_hour", "beyond_range"]
movements = st.builds(
    Movement,
    last=points,
    held=st.none() | points,
    still=points,
    trail=st.lists(
        st.tuples(st.integers(0, 2_700), st.integers(-9_000, 9_000), st.integers(-9_000, 9_000)), max_size=64
    ).map(lambda line: Trail(NOW, 34.7, 134.8, line)),
    ground=st.builds(Ground, st.booleans(), maybe, st.floats(0, 9e3), st.floats(0, 9e3)),
    out_at=maybe,
    peaks=st.lists(
        st.builds(
            Peaks, st.integers(700_000, 750_000), st.fixed_dictionaries(dict.fromkeys(RULES, st.integers(0, 255)))
        ),
        max_size=2,
    ),
    ghost=st.none() | points,
    others=st.lists(st.builds(Other, points, points, st.integers(0, 9)), max_size=4),
)


def keys(values: Any, count: int) -> Any:
    return st.dictionaries(st.integers(0, 2**128 - 1).map(lambda one: UUID(int=one).hex), values, max_size=count)


states = st.builds(
    WatchState,
    judged_at=maybe,
    fences=keys(fences, 30) | keys(settled, 30),
    devices=keys(devices, 8),
    told=st.lists(st.builds(Told, st.integers(0, 2**63), moments), max_size=40),
    arrivals=keys(st.builds(ArrivalState, day=st.integers(0, 750_000), due_at=maybe), 20),
    tags=keys(
        st.builds(
            TagState, heard_at=moments, detectors=st.lists(st.binary(min_size=16, max_size=16), max_size=5).map(tuple)
        ),
        8,
    ),
    movement=st.none() | movements,
)


@settings(max_examples=150, deadline=None)
@given(states)
def test_it_fits_whatever_it_is(state: WatchState) -> None:
    raw, whole = encoded(state)
    again = decoded(raw)

    assert len(raw) <= BYTES_MAX
    if whole:
        assert again == state
    for key, one in again.fences.items():
        assert one == state.fences[key]
    assert again.devices.items() <= state.devices.items()
    assert encoded(again)[1] or not whole


@settings(max_examples=60, deadline=None)
@given(keys(settled, 30), movements)
def test_a_usual_wearer_with_all_her_fences_loses_nothing(some: dict[str, FenceState], movement: Movement) -> None:
    """30 fences, two trackers, and all that there is of a walk."""
    two = {str(number) * 32: DeviceState(heard_at=NOW, known=Known(Fixed(NOW, 34.7, 134.8, 10.0))) for number in (1, 2)}
    state = WatchState(judged_at=NOW, fences=some, devices=two, movement=movement)

    if len(encode_state(WatchState(movement=movement))) <= 2_400:
        assert encoded(state)[1]
        assert decoded(encoded(state)[0]) == state


def test_thirty_fences_are_left_and_come_back_to_as_few_are() -> None:
    """The state is stored and read with each fix."""
    some = tuple(
        Geofence(
            id=GeofenceId(UUID(int=number)), wearer_id=HANA, name=f"fence {number}", purpose=FencePurpose.PLACE,
            centre=Point(34.757, 134.841), radius_m=100.0 + number, created_at=NOW,
        )
        for number in range(30)
    )  # fmt: skip
    told: list[tuple[Outcome, str]] = []
    state, who, sizes = WatchState(), subject(*some), []
    for number, metres in enumerate([*[0.0] * 6, *[300.0 + 60 * step for step in range(40)], *[0.0] * 6]):
        at = NOW + minutes(number)
        other = replace(heard(at), device_id=UUID(int=99))
        events, failures = catalogue.fold(state, [heard(at), other, seen(metres, at=at)], who, at)
        assert [] == failures
        told += [(one.outcome, one.subject) for one in events if one.rule.startswith("geofence")]
        raw, _ = encoded(state)
        sizes.append(len(raw))
        state = decoded(raw)

    assert max(sizes) <= BYTES_MAX
    everywhere = {f"fence:{one.id.hex}" for one in some}
    assert everywhere == {about for outcome, about in told if outcome is Outcome.BEGAN}
    assert everywhere == {about for outcome, about in told if outcome is Outcome.OVER}
    assert 60 == len(told)
