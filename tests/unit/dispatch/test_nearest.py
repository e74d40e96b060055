"""Who goes first, and why."""

from typing import Any
from uuid import UUID

import pytest
from h3.api import basic_int

from app.dispatch.nearest import ANY, Candidate, Free, KnownFrom, Needs, ranked
from app.dispatch.units import Areas, Capability, UnitKind, Work
from app.kit.ids import CompanyId, UnitId
from tests.build import HOME, NOW
from tests.unit.dispatch.build import at_m, free

HALF_AN_HOUR_S = 1800


def order(*units: Free, needs: Needs = ANY) -> list[int]:
    return [one.unit_id.int for one in candidates(*units, needs=needs)]


def candidates(*units: Free, needs: Needs = ANY) -> list[Candidate]:
    return ranked(units, HOME.lat_deg, HOME.lon_deg, needs, NOW)


def figures(one: Candidate) -> tuple[object, ...]:
    """How it is known where it is, how far that is, how old, and for what it counts: whole metres and seconds."""
    shown = (None if number is None else round(number) for number in (one.distance_m, one.age_s, one.counted_m))
    return one.known_from, *shown


def test_the_nearest_goes_first() -> None:
    assert [2, 3, 1] == order(free(1, 900), free(2, 100), free(3, -500))


def test_a_place_that_is_old_counts_as_farther() -> None:
    """Ten minutes are 600 m: 500 m known now come before 100 m known ten minutes ago."""
    assert [2, 1] == order(free(1, 100, age_s=600), free(2, 500))
    assert [1, 2] == order(free(1, 100, age_s=300), free(2, 500))


def test_who_has_not_told_for_half_an_hour_comes_after_all_who_have() -> None:
    assert [2, 3, 1] == order(free(1, 10, age_s=HALF_AN_HOUR_S + 1), free(2, 40_000), free(3, base_m=41_000))
    assert [1, 2] == order(free(1, 10, age_s=HALF_AN_HOUR_S), free(2, 40_000))


def test_a_unit_of_which_no_place_is_known_is_taken_to_be_at_its_base() -> None:
    found = candidates(free(1, base_m=500), free(2, 2_400), free(3, 2_600))

    assert [2, 1, 3] == [one.unit_id.int for one in found]
    assert (KnownFrom.BASE, 500, None, 2_500) == figures(found[1])


def test_one_of_which_nothing_is_known_is_asked_last_and_says_so() -> None:
    *_, last = candidates(free(1), free(2, 50_000, age_s=2 * HALF_AN_HOUR_S))

    assert (1, (KnownFrom.NOWHERE, None, None, None)) == (last.unit_id.int, figures(last))


def test_a_candidate_explains_itself() -> None:
    (one,) = candidates(free(7, 1_000, age_s=120, name="第一機動", kind=UnitKind.CAR))

    assert ("第一機動", UnitKind.CAR, "Keibi", KnownFrom.PHONE, 120.0, True, True) == (
        one.name, one.kind, one.company_name, one.known_from, one.age_s, one.in_area, one.is_sure
    )  # fmt: skip
    assert (KnownFrom.PHONE, 1_000, 120, 1_120) == figures(one)


def test_a_phone_whose_clock_is_ahead_makes_no_place_better_than_new() -> None:
    (one,) = candidates(free(1, 100, age_s=-90))

    assert (KnownFrom.PHONE, 100, 0, 100) == figures(one)


def test_of_equals_the_one_registered_first_goes() -> None:
    assert [1, 2, 3] == order(free(3, 100), free(1, 100), free(2, 100))


@pytest.mark.parametrize(
    ("needs", "has"),
    [
        ({"capabilities": {Capability.AED}}, {"capabilities": {Capability.AED, Capability.CAR}}),
        ({"capabilities": {Capability.AED, Capability.WOMAN}}, {"capabilities": {Capability.WOMAN, Capability.AED}}),
        ({"kinds": {UnitKind.CAR, UnitKind.PAIR}}, {"kind": UnitKind.PAIR}),
        ({"companies": {CompanyId(UUID(int=8))}}, {"company_id": CompanyId(UUID(int=8))}),
        ({"without": {UnitId(UUID(int=1))}}, {}),
    ],
    ids=["can", "can both", "kind", "company", "asked before"],
)
def test_only_those_go_who_fit(needs: dict[str, Any], has: dict[str, Any]) -> None:
    needed: dict[str, Any] = {name: frozenset(value) for name, value in needs.items()}
    able: dict[str, Any] = {name: frozenset(value) if isinstance(value, set) else value for name, value in has.items()}
    other: dict[str, Any] = {"capabilities": frozenset({Capability.AED})} if "capabilities" in needs else {}
    if needs == {"capabilities": {Capability.AED}}:
        other = {}

    assert [2] == order(free(1, 10, **other), free(2, 500, **able), needs=Needs(**needed))


def test_guard_work_and_visits_are_never_mixed() -> None:
    guard, visitor = free(1, 10), free(2, 20, work=Work.VISIT)

    assert [1] == order(guard, visitor)
    assert [2] == order(guard, visitor, needs=Needs(work=Work.VISIT))


def test_who_is_known_to_be_too_far_is_not_asked() -> None:
    needs = Needs(within_m=1_000)

    assert [1, 3] == order(free(1, 900, age_s=600), free(2, 1_100), free(3), needs=needs)


SQUARE = [at_m(-1_000), at_m(1_000), (at_m(1_000)[0], HOME.lon_deg + 0.01), (at_m(-1_000)[0], HOME.lon_deg + 0.01)]
SQUARE = [(lat, lon - 0.005) for lat, lon in SQUARE]
ELSEWHERE = [(lat + 0.1, lon) for lat, lon in SQUARE]
h3: Any = basic_int  # It comes without types.
HERE_CELL = f"{h3.latlng_to_cell(HOME.lat_deg, HOME.lon_deg, 7):x}"
OTHER_CELL = f"{h3.latlng_to_cell(HOME.lat_deg + 0.1, HOME.lon_deg, 7):x}"


@pytest.mark.parametrize(
    ("areas", "ward", "expected"),
    [
        (None, None, True),
        (Areas(), None, True),
        (Areas(polygons=[SQUARE]), None, True),
        (Areas(polygons=[ELSEWHERE]), None, False),
        (Areas(polygons=[ELSEWHERE, SQUARE]), None, True),
        (Areas(cells=[HERE_CELL]), None, True),
        (Areas(cells=[OTHER_CELL]), None, False),
        (Areas(wards=["中央区"]), "中央区", True),
        (Areas(wards=["中央区"]), "北区", False),
        (Areas(wards=["中央区"]), None, None),
        (Areas(wards=["中央区"], cells=[HERE_CELL]), None, True),
        (Areas(wards=["中央区"], cells=[OTHER_CELL]), "北区", False),
    ],
    ids=[
        "everywhere", "nothing said", "in a polygon", "outside", "in one of two", "in a cell", "in another cell",
        "in the ward", "in another ward", "nobody knows the ward", "the cell says it", "neither",
    ],
)  # fmt: skip
def test_units_go_where_they_work(areas: Areas | None, ward: str | None, expected: bool | None) -> None:
    """Where only the ward could say and nobody knows it, somebody who may be of another is better than nobody."""
    found = candidates(free(1, 10, areas=areas), needs=Needs(ward=ward))

    assert ([] if expected is False else [expected]) == [one.in_area for one in found]
