"""Nobody mutes from afar, whatever else is known; and what is put back is as it was."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.geo.measure import distance_m, travelled
from app.watch.movement import company
from app.watch.movement.company import Beside
from app.watch.movement.moving import Movement, Point
from tests.build import NOW

HERE = (34.757, 134.841)
others = st.lists(
    st.builds(
        lambda who, device, towards, length, seconds, accuracy: Beside(
            contact_id=UUID(int=who),
            device_id=UUID(int=device),
            point=Point(NOW + timedelta(seconds=seconds), *travelled(*HERE, towards, length), accuracy),
        ),
        st.integers(0, 3), st.integers(0, 3), st.floats(0, 359), st.floats(0, 600), st.integers(-900, 900),
        st.floats(1, 400),
    ),
    max_size=8,
)  # fmt: skip
steps = st.sampled_from([20.0, 60.0, 300.0])


@given(others, steps, st.floats(1, 150))
def test_company_is_near_in_place_and_time_and_not_at_home(
    some: list[Beside], step_s: float, accuracy_m: float
) -> None:
    movement, here = Movement(step_s=step_s), Point(NOW, *HERE, accuracy_m)
    found = company.company(movement, here, some, lambda point: distance_m(*HERE, point.lat_deg, point.lon_deg), 50.0)
    fits = {
        one.contact_id
        for one in some
        if 50.0 < distance_m(*HERE, one.point.lat_deg, one.point.lon_deg) <= 60.0 + accuracy_m + one.point.accuracy_m
        and abs(one.point.at - NOW) <= timedelta(minutes=10 if step_s > 150 else 5)
        and one.point.accuracy_m <= 150.0
    }

    assert found is None or found in fits


@given(others, steps)
def test_who_is_not_there_changes_nothing(some: list[Beside], step_s: float) -> None:
    """Places of somebody else, far from her, neither give nor take company."""
    movement, here = Movement(step_s=step_s), Point(NOW, *HERE, 10.0)
    far = Beside(contact_id=UUID(int=99), device_id=UUID(int=99), point=Point(NOW, 35.0, 135.0, 10.0))
    with_far = company.company(movement, here, [*some, far], lambda _: None, 50.0)

    assert company.company(movement, here, some, lambda _: None, 50.0) == with_far


@given(st.integers(0, 1), st.integers(1, 600))
def test_what_is_put_back_is_as_before_it_began(before: int, minutes: int) -> None:
    earlier = NOW - timedelta(minutes=minutes)
    movement = Movement(level=before, level_at=earlier if before else None)
    told = Movement(level=before + 1, level_at=earlier if before else NOW)
    company.put_back(told, [NOW])

    assert (movement.level, movement.level_at) == (told.level, told.level_at)
