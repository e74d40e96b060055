"""The short way of a passage that begins comes to the passage that joining gives, and is taken only where it may be."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import asdict

from app.history.going import OfTag
from app.history.service import recording
from app.history.service.beginning import begun
from app.history.service.gathering import Touched
from app.kit.ids import CityId, TagId, WearerId, new_id
from app.tags.heard import from_bytes
from app.tags.model import DetectorKind, TagCarrier
from app.tags.passages import cuts_of, gap_s, stretches
from app.tags.snapshot import Placed, Worn
from beacon_ingest.messages import DetectorReport, DetectorUnit

START_S = 1_775_000_000
START = datetime.fromtimestamp(START_S, UTC)
CITY = CityId(282_103)
EARLIER_S = START_S - 1_000.0

seconds = st.lists(st.integers(0, 300), min_size=1, max_size=8, unique=True).map(
    lambda found: tuple(START_S + one for one in sorted(found))
)
powers = st.none() | st.integers(-100, -30).map(float)
places = st.none() | st.tuples(st.floats(34, 35), st.floats(134, 135))
handed_over = st.lists(st.integers(-50, 350), max_size=2, unique=True).map(sorted)


def touched(
    heard: tuple[int, ...],
    rssi_dbm: float | None = None,
    place: tuple[float, float] | None = (34.75, 134.84),
    kind: DetectorKind = DetectorKind.FIXED,
    handed: list[int] | None = None,
    skew_s: Any = UNSET,
) -> Touched:
    """What was heard of a tag that somebody else was handed at each second of `handed`."""
    moments = [START + timedelta(seconds=one) for one in handed or ()]
    since = [START - timedelta(days=1), *moments]
    carriers = tuple(
        TagCarrier(tag_id=TagId(UUID(int=7)), wearer_id=WearerId(new_id()), from_at=from_at, until_at=until_at)
        for from_at, until_at in zip(since, [*moments, None], strict=True)
    )
    tag = Worn(city_id=CITY, interval_s=1.0, carriers=carriers, cuts_s=cuts_of(carriers), gap_s=gap_s(1.0))
    unit = DetectorUnit(
        ingest_ids=(b"a",), city=CITY, device_id=new_id(), format="gateway", received_at=START,
        report=DetectorReport(skew_s=skew_s),
    )  # fmt: skip
    lat_deg, lon_deg = place or (None, None)
    detector = Placed(city_id=CITY, kind=kind, name="gate", lat_deg=lat_deg, lon_deg=lon_deg, range_m=40.0)
    return Touched(UUID(int=7), tag, unit, detector, heard, rssi_dbm, OfTag())


@given(seconds, powers, places, handed_over, st.just(UNSET) | st.floats(-60, 60))
def test_a_passage_that_begins_is_the_passage_that_joining_gives(
    heard: tuple[int, ...], rssi_dbm: float | None, place: tuple[float, float] | None, handed: list[int], skew_s: Any
) -> None:
    one = touched(heard, rssi_dbm, place, handed=handed, skew_s=skew_s)
    found = begun(one, EARLIER_S)

    parts = stretches(heard, rssi_dbm, one.tag.gap_s, one.tag.cuts_s)
    if heard[-1] - heard[0] <= one.tag.gap_s:
        assert (found is not None) is (len(parts) == 1)
    if found is not None:
        passage, going = found
        none: Any = None  # Where a detector stands, nothing is read.
        joined = recording._passage(none, parts[0], [], one)
        assert asdict(passage) | {"id": None} == asdict(joined) | {"id": None}
        assert going == recording._going(passage)
        assert from_bytes(going.heard, going.first_s) == parts[0].heard


def test_what_the_history_may_know_of_takes_the_long_way() -> None:
    assert begun(touched((START_S,)), START_S) is None
    assert begun(touched((START_S,)), START_S - 1) is not None


@pytest.mark.parametrize("kind", [DetectorKind.VEHICLE, DetectorKind.PHONE])
def test_where_a_detector_that_moves_was_must_be_looked_up(kind: DetectorKind) -> None:
    assert begun(touched((START_S,), kind=kind), EARLIER_S) is None


def test_two_passages_in_one_body_take_the_long_way() -> None:
    assert begun(touched((START_S, START_S + 61)), EARLIER_S) is None
