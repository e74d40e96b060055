"""The page on sizing shows what is calculated, and the calculation is the one that the page states."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import sizing
from bench.sizing import KINDS, ROW_BYTES, Place, milli, size

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("table", sizing.TABLES, ids=lambda table: table.__name__)
def test_the_page_shows_what_is_calculated(table) -> None:
    assert table() in (DOCS / "sizing.md").read_text(encoding="utf-8")


def test_the_page_on_operations_shows_the_same() -> None:
    assert sizing.summary() in (DOCS / "operations.md").read_text(encoding="utf-8")


def test_a_town_by_hand() -> None:
    found = size(Place(name="town", trackers=500, detectors=1_475, tags=2_000))

    history = 500 * 432 * ROW_BYTES["position"] + 2_000 * 20 * ROW_BYTES["passage"]
    names = 500 * 432 + (1_475 * 8_640 - 80_000) + 80_000 * KINDS["one_tag_body"].units
    assert pytest.approx(30 * history / 1e9) == found.month_gb
    assert pytest.approx((90 * history + 7 * names * ROW_BYTES["name"]) / 1e9) == found.kept_gb
    heard = 2_000 * 20 * 2 / 86_400 * 4
    assert (
        pytest.approx(500 * 432 / 86_400 * 2 + (147.5 - heard) + heard * KINDS["one_tag_body"].units) == found.units_s
    )
    assert (2, 2) == (found.edges, found.workers)


def test_what_was_measured_is_met_at_the_points_where_it_was() -> None:
    assert [0, 34, 67, 180] == [round(milli((67, 180), 143, rate)) for rate in (0, 50, 100, 500)]
    assert 180 + 143 == milli((67, 180), 143, 1_500)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**7), st.integers(1, 10**5))
def test_more_trackers_need_no_less(trackers: int, detectors: int, tags: int, more: int) -> None:
    few = size(Place(name="", trackers=trackers, detectors=detectors, tags=tags))
    many = size(Place(name="", trackers=trackers + more, detectors=detectors, tags=tags))

    assert few.cores["edge"] <= many.cores["edge"]
    assert few.kept_gb < many.kept_gb
    assert few.inside_mbit < many.inside_mbit
