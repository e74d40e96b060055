"""A recorded outing is played into a real edge, in each format."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.simulator.replay import ReplayReport, replay
from beacon_ingest.messages import Fix, Health
from beacon_ingest.stream import StreamFull
from tests.contract.simulator.conftest import Listening

ROWS = [
    "2015-07-22T15:00:00Z,34.757,134.841,12",
    "2015-07-22T15:00:30Z,34.7575,134.8415,9",
    "2015-07-22T15:01:00Z,34.758,134.842,31",
]
DEVICES = {"owntracks": "tadashi", "osmand": "shigeru", "watch": "yoshi"}


@pytest.fixture
def track(tmp_path: Path) -> Path:
    """A CSV of three fixes, 30 s apart."""
    file = tmp_path / "outing.csv"
    file.write_text("time,lat,lon,accuracy\n" + "\n".join(ROWS) + "\n")
    return file


async def played(edge: Listening, file: Path, format: str, **more: Any) -> ReplayReport:
    resident = edge.resident(DEVICES.get(format, "tadashi"))
    asked = {
        "device_id": resident.external_id,
        "key": f"key-of-{resident.person.key}",
        "url": "http://127.0.0.1:1",
        "tcp_port": edge.listener.port,
        "speed": 600.0,
        "clock": edge.clock,
        "transport": httpx.ASGITransport(app=edge.http),
        **more,
    }
    return await replay(file=file, format=format, **asked)


def places(edge: Listening) -> list[tuple[float, float, object]]:
    return [(fix.lat_deg, fix.lon_deg, fix.accuracy_m) for fix in edge.said(Fix) if isinstance(fix, Fix)]


@pytest.mark.parametrize("format", ["owntracks", "osmand", "watch"])
async def test_every_fix_arrives_and_nothing_else(edge: Listening, track: Path, format: str) -> None:
    report = await played(edge, track, format, speed=20.0)

    assert (3, 3, True) == (report.taken, report.fixes, report.ok), report
    assert [(34.757, 134.841, 12.0), (34.7575, 134.8415, 9.0), (34.758, 134.842, 31.0)] == places(edge)
    assert [] == edge.said(Health)
    assert "3 of 3 fixes were taken." == report.summary()


async def test_recorded_times_are_sent_as_they_are_when_that_is_wanted(edge: Listening, track: Path) -> None:
    await played(edge, track, "owntracks", shift="none")

    assert ["15:00:00", "15:00:30", "15:01:00"] == [
        f"{fix.at:%H:%M:%S}" for fix in edge.said(Fix) if isinstance(fix, Fix)
    ]


async def test_by_default_the_first_fix_is_now(edge: Listening, track: Path) -> None:
    now = edge.clock()
    await played(edge, track, "owntracks", clock=lambda: now)
    first, _, last = (fix.at for fix in edge.said(Fix) if isinstance(fix, Fix) and fix.at)

    assert abs(first - now) < timedelta(milliseconds=2)
    assert timedelta(seconds=0.1) == last - first


async def test_true_distances_in_time_are_kept_up_to_the_end(edge: Listening, track: Path) -> None:
    now = edge.clock()
    await played(edge, track, "owntracks", shift="end", clock=lambda: now)
    first, _, last = (fix.at for fix in edge.said(Fix) if isinstance(fix, Fix) and fix.at)

    assert timedelta(minutes=1) == last - first
    assert abs(last - now - timedelta(seconds=0.1)) < timedelta(milliseconds=2)


async def test_a_row_that_cannot_be_read_is_reported_and_the_rest_is_played(edge: Listening, tmp_path: Path) -> None:
    file = tmp_path / "outing.csv"
    file.write_text("\n".join([ROWS[0], "2015-07-22T15:00:30Z,north,134.8415,9", ROWS[2]]))
    report = await played(edge, file, "osmand")

    assert (2, True) == (report.taken, report.ok)
    assert "line 2: 'north', '134.8415' is no place on Earth" in report.summary()


async def test_one_of_several_people_must_be_named(edge: Listening, tmp_path: Path) -> None:
    file = tmp_path / "outings.csv"
    file.write_text("\n".join(f"e0{number},{row}" for number, row in enumerate(ROWS)))
    unnamed = await played(edge, file, "osmand")
    stranger = await played(edge, file, "osmand", user="e09")
    named = await played(edge, file, "osmand", user="e01")

    assert not unnamed.ok
    assert "--user: e00, e01, e02" in unnamed.summary()
    assert not stranger.ok
    assert (1, True) == (named.taken, named.ok)
    assert [(34.7575, 134.8415, 9.0)] == places(edge)


@pytest.mark.parametrize(
    ("format", "more"),
    [
        ("owntracks", {"key": "wrong"}),
        ("owntracks", {"key": None}),
        ("osmand", {"device_id": "nobody"}),
        ("watch", {"device_id": "1234567890"}),
    ],
)
async def test_a_device_that_is_not_known_is_told_and_nothing_is_played(
    edge: Listening, track: Path, format: str, more: dict[str, Any]
) -> None:
    report = await played(edge, track, format, **more)

    assert (0, False) == (report.taken, report.ok)
    assert "It ended early" in report.summary()
    assert [] == edge.units


async def test_a_report_that_is_not_taken_at_once_is_sent_again(edge: Listening, track: Path) -> None:
    edge.trouble, edge.troubles_left = StreamFull(0), 1
    report = await played(edge, track, "owntracks")

    assert (3, True) == (report.taken, report.ok)
    assert 1 == edge.refused


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"speed": 0.0}, "the speed must be more than 0"),
        ({"format": "traccar"}, "the formats are owntracks, osmand, watch"),
        ({"format": "watch", "tcp_port": None}, "--tcp-port"),
        ({"url": "nowhere"}, "is no address"),
        ({"file": Path("missing.csv")}, "cannot be read"),
    ],
)
async def test_what_cannot_be_played_is_said_before_anything_is_sent(
    edge: Listening, track: Path, more: dict[str, Any], why: str
) -> None:
    report = await played(edge, **{"file": track, "format": "owntracks", **more})

    assert not report.ok
    assert why in report.summary()
    assert [] == edge.units


async def test_an_empty_file_is_nothing_to_play(edge: Listening, tmp_path: Path) -> None:
    file = tmp_path / "outing.gpx"
    file.write_text("")
    report = await played(edge, file, "owntracks")

    assert not report.ok
    assert "nothing in it to play" in report.summary()
