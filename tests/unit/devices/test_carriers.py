"""Who carried a device when."""

from datetime import timedelta

import pytest

from app.devices.carriers import carrier_at, carrier_now, handed_to, released
from app.devices.model import Carrier
from app.kit.errors import Conflict
from app.kit.ids import ContactId, DeviceId, WearerId, new_id
from tests.build import NOW

DEVICE, HANA, KEN, AIKO = DeviceId(new_id()), WearerId(new_id()), WearerId(new_id()), ContactId(new_id())
HOUR = timedelta(hours=1)


def carried(
    from_h: int, until_h: int | None = None, wearer: WearerId | None = HANA, contact: ContactId | None = None
) -> Carrier:
    """Carried from and until so many hours after `NOW`."""
    return Carrier(
        device_id=DEVICE,
        wearer_id=wearer,
        contact_id=contact,
        from_at=NOW + from_h * HOUR,
        until_at=None if until_h is None else NOW + until_h * HOUR,
    )


def test_a_late_fix_belongs_to_whoever_carried_the_device_then() -> None:
    history = [carried(0, 2, HANA), carried(2, None, KEN)]

    assert history[0] == carrier_at(history, NOW + HOUR)


def test_the_moment_of_handing_over_belongs_to_the_new_carrier() -> None:
    history = [carried(0, 2, HANA), carried(2, None, KEN)]

    assert history[1] == carrier_at(history, NOW + 2 * HOUR)


def test_nobody_carries_a_device_before_the_first_after_the_last_and_in_between() -> None:
    history = [carried(0, 1), carried(2, 3, KEN)]

    assert [carrier_at(history, NOW + hours * HOUR) for hours in (-1, 1, 3)] == [None] * 3


def test_a_handed_over_device_changes_its_carrier_at_that_moment() -> None:
    assert [carried(0, 2), carried(2, None, KEN)] == handed_to([carried(0)], carried(2, None, KEN))


def test_a_device_that_was_given_back_is_handed_over_with_a_gap() -> None:
    assert [carried(0, 1), carried(2, None, KEN)] == handed_to([carried(0, 1)], carried(2, None, KEN))


def test_handing_a_device_to_whoever_carries_it_changes_nothing() -> None:
    history = [carried(0, 1, KEN), carried(1, None, None, AIKO)]

    assert history == handed_to(history, carried(2, None, None, AIKO))


def test_what_was_attributed_to_somebody_else_stays() -> None:
    with pytest.raises(Conflict):
        handed_to([carried(0, 2)], carried(1, None, KEN))
    with pytest.raises(Conflict):
        handed_to([carried(2)], carried(1, None, KEN))


def test_a_mistake_that_is_put_right_at_the_same_moment_leaves_no_trace() -> None:
    assert [carried(0, None, KEN)] == handed_to([carried(0)], carried(0, None, KEN))
    assert released([carried(0)], NOW) == []


def test_a_released_device_is_carried_by_nobody() -> None:
    history = released([carried(0)], NOW + HOUR)

    assert [carried(0, 1)] == history
    assert carrier_now(history) is None


def test_releasing_twice_is_releasing_once() -> None:
    assert [carried(0, 1)] == released([carried(0, 1)], NOW + 2 * HOUR)
    assert released([], NOW) == []
