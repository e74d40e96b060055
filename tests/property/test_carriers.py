"""However devices are handed round, nobody's time with one overlaps another's, and the past stays as it was."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.devices.carriers import carrier_at, carrier_now, handed_to, released
from app.devices.model import Carrier
from app.kit.errors import Conflict
from app.kit.ids import ContactId, DeviceId, WearerId, new_id
from tests.build import NOW

DEVICE = DeviceId(new_id())
WEARERS = [WearerId(new_id()) for _ in range(3)]
CONTACT = ContactId(new_id())
MINUTES = 30

moments = st.integers(0, MINUTES).map(lambda minute: NOW + timedelta(minutes=minute))
carriers = st.builds(
    lambda wearer_id, from_at: Carrier(
        device_id=DEVICE,
        wearer_id=wearer_id,
        contact_id=None if wearer_id else CONTACT,
        from_at=from_at,
        until_at=None,
    ),
    st.sampled_from([*WEARERS, None]),
    moments,
)
steps = st.lists(carriers | moments, max_size=12)


def stepped(history: list[Carrier], step: object) -> list[Carrier]:
    """The history after a device was handed to somebody or, at a moment no earlier than the last one, given back."""
    if isinstance(step, Carrier):
        try:
            return handed_to(history, step)
        except Conflict:
            return history
    latest = max((one.until_at or one.from_at for one in history), default=NOW)
    assert isinstance(step, type(NOW))
    return released(history, max(step, latest))


@given(steps)
def test_times_follow_each_other_and_never_overlap(steps: list[object]) -> None:
    history: list[Carrier] = []
    for step in steps:
        history = stepped(history, step)

        for one, following in pairwise(history):
            assert one.until_at is not None
            assert one.from_at < one.until_at <= following.from_at
        assert all(one.until_at is None or one.from_at < one.until_at for one in history)


@given(steps)
def test_one_carries_it_at_a_moment_exactly_if_one_interval_holds_it(steps: list[object]) -> None:
    history: list[Carrier] = []
    for step in steps:
        history = stepped(history, step)

    for minute in range(-1, MINUTES + 2):
        moment = NOW + timedelta(minutes=minute)
        holding = [one for one in history if one.from_at <= moment and (one.until_at is None or moment < one.until_at)]
        carrier = carrier_at(history, moment)
        assert holding == ([] if carrier is None else [carrier])


@given(steps, carriers)
def test_handing_over_changes_nothing_before_its_moment(steps: list[object], new: Carrier) -> None:
    before: list[Carrier] = []
    for step in steps:
        before = stepped(before, step)
    after = stepped(before, new)

    for minute in range(MINUTES):
        moment = NOW + timedelta(minutes=minute)
        if moment < new.from_at:
            assert _who(before, moment) == _who(after, moment)
    if after != before:
        assert new == carrier_now(after)


def _who(history: list[Carrier], moment: object) -> object:
    assert isinstance(moment, type(NOW))
    carrier = carrier_at(history, moment)
    return carrier and (carrier.wearer_id, carrier.contact_id)
