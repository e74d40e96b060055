"""Waves of offers: the nearest first, everybody at last, nobody twice who said no, and always an end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.dispatch import offers
from app.dispatch.offers import TRANSITIONS, WAVES, Offer, OfferAction, OfferState
from app.kit.errors import Conflict
from app.kit.ids import IncidentId, OfferId, UnitId, new_id
from app.kit.machine import step
from tests.build import NOW

INCIDENT = IncidentId(new_id())


def asked(plan: offers.Plan) -> list[Offer]:
    assert plan.expires_at is not None
    return [
        Offer(
            id=OfferId(new_id()), incident_id=INCIDENT, unit_id=one, round=1, wave=plan.wave, state=OfferState.OPEN,
            offered_at=NOW, expires_at=plan.expires_at,
        )
        for one in plan.units
    ]  # fmt: skip


def walked(units: list[UnitId], answers: list[OfferState]) -> list[list[UnitId]]:
    """Whom each wave asks when the units answer so, each time that they are asked."""
    found: list[list[UnitId]] = []
    made: list[Offer] = []
    wave = 0
    answer = dict(zip(units, answers, strict=True))
    for _ in range(10):
        plan = offers.next_wave(wave, units, made, NOW)
        if not plan.units:
            return found
        assert plan.wave > wave
        found.append(list(plan.units))
        made = [one for one in made if one.unit_id not in plan.units]
        made += [replace(one, state=answer[one.unit_id]) for one in asked(plan)]
        wave = plan.wave
    raise AssertionError("it never ends")


def test_seven_units_are_asked_one_then_three_then_all_who_did_not_say_no() -> None:
    units = [UnitId(new_id()) for _ in range(7)]
    no, silent = OfferState.DECLINED, OfferState.LAPSED

    assert walked(units, [silent, no, silent, silent, no, silent, silent]) == [
        units[:1], units[1:4], [units[0], units[2], units[3], units[4], units[5], units[6]]
    ]  # fmt: skip


def test_one_unit_that_stays_silent_is_asked_again_and_one_that_declines_is_not() -> None:
    (unit,) = [UnitId(new_id())]
    assert [[unit], [unit]] == walked([unit], [OfferState.LAPSED])
    assert [[unit]] == walked([unit], [OfferState.DECLINED])
    assert [] == walked([], [])


@given(st.lists(st.sampled_from([OfferState.DECLINED, OfferState.LAPSED]), max_size=30))
def test_everybody_is_asked_in_the_order_of_their_distance_before_nobody_is_said_to_come(
    answers: list[OfferState],
) -> None:
    units = [UnitId(new_id()) for _ in answers]
    waves = walked(units, answers)

    first = list(dict.fromkeys(one for wave in waves for one in wave))
    assert sorted(units) == sorted(first)
    assert len(waves) <= len(WAVES)
    assert all(wave == sorted(wave, key=units.index) for wave in waves)
    for one, answer in zip(units, answers, strict=True):
        times = sum(one in wave for wave in waves)
        assert times == 1 or (times == 2 and answer is OfferState.LAPSED)


def test_a_wave_has_an_end() -> None:
    plan = offers.next_wave(0, [UnitId(new_id())], [], NOW)

    assert NOW + WAVES[0].wait == plan.expires_at
    assert all(timedelta(0) < one.wait for one in WAVES)
    assert WAVES[-1].units is None


@pytest.mark.parametrize("state", sorted(OfferState))
def test_an_offer_that_another_unit_has_is_not_accepted_any_more(state: OfferState) -> None:
    try:
        taken = step(TRANSITIONS, state, OfferAction.ACCEPT)
    except Conflict:
        assert state not in offers.ACCEPTABLE
    else:
        assert (True, OfferState.ACCEPTED) == (state in offers.ACCEPTABLE, taken)
