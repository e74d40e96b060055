"""Tracks as people have them: with and without headings, users and accuracies, and with rows that cannot be read."""

from datetime import UTC, datetime

import pytest

from app.simulator.tracks import Fault, TrackFix, last_lines, read, read_rows

FIRST = TrackFix(at=datetime(2026, 4, 1, 3, 0, tzinfo=UTC), lat_deg=34.757, lon_deg=134.841, accuracy_m=12.0)
SECOND = TrackFix(at=datetime(2026, 4, 1, 3, 1, tzinfo=UTC), lat_deg=34.758, lon_deg=134.842, accuracy_m=8.0)


def gpx(points: str) -> str:
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "t_iso8601,lat,lon,accuracy\n2026-04-01T03:00:00Z,34.757,134.841,12\n2026-04-01T03:01:00Z,34.758,134.842,8\n",
        "2026-04-01T12:00:00+09:00,34.757,134.841,12\n2026-04-01T12:01:00+09:00,34.758,134.842,8",
        "lon,lat,accuracy,time\n134.841,34.757,12,2026-04-01T03:00:00\n134.842,34.758,8,2026-04-01T03:01:00\n",
        "\ufeffTime, Latitude , Longitude,Accuracy\r\n\r\n2026-04-01 03:00:00Z, 34.757 ,134.841,12\r\n"
        "2026-04-01 03:01:00Z,34.758,134.842,8\r\n",
    ],
)
def test_columns_are_found_with_and_without_headings(text: str) -> None:
    track = read("walk.csv", text)

    assert (FIRST, SECOND) == track.fixes
    assert () == track.faults


def test_the_accuracy_may_be_missing() -> None:
    track = read("walk.csv", "2026-04-01T03:00:00Z,34.757,134.841\n2026-04-01T03:01:00Z,34.758,134.842,\n")

    assert [None, None] == [fix.accuracy_m for fix in track.fixes]
    assert () == track.faults


@pytest.mark.parametrize("heading", ["", "user,t_iso8601,lat,lon,accuracy\n"])
def test_users_are_kept_apart(heading: str) -> None:
    rows = "e01,2026-04-01T03:00:00Z,34.757,134.841,12\ne00,2026-04-01T03:01:00Z,34.758,134.842,8\n"
    track = read("walks.csv", heading + rows)

    assert ["e00", "e01"] == track.users()
    assert ["e01", "e00"] == [fix.user for fix in track.fixes]


def test_a_row_that_cannot_be_read_is_named_by_its_line_and_costs_only_itself() -> None:
    track = read(
        "walk.csv",
        "time,lat,lon,accuracy\n2026-04-01T03:00:00Z,34.757,134.841,12\nyesterday,34.757,134.841,12\n\n"
        "2026-04-01T03:00:30Z,91,134.841,12\n2026-04-01T03:00:31Z,34.757\n2026-04-01T03:00:32Z,34.7,134.8,wide\n"
        "2026-04-01T03:00:33Z,nan,134.8\n2026-04-01T03:01:00Z,34.758,134.842,8\n",
    )

    assert (FIRST, SECOND) == track.fixes
    assert ["line 3", "line 5", "line 6", "line 7", "line 8"] == [fault.where for fault in track.faults]
    assert Fault("line 3", "'yesterday' is no time") == track.faults[0]


def test_fixes_come_in_order_of_time() -> None:
    track = read("walk.csv", "2026-04-01T03:01:00Z,34.758,134.842,8\n2026-04-01T03:00:00Z,34.757,134.841,12\n")

    assert (FIRST, SECOND) == track.fixes


@pytest.mark.parametrize("name", ["walk.gpx", "walk.txt"])
def test_the_points_of_a_gpx_track_are_read(name: str) -> None:
    track = read(
        name,
        gpx(
            '<trkpt lat="34.757" lon="134.841"><time>2026-04-01T12:00:00+09:00</time></trkpt>'
            '<trkpt lat="34.7575" lon="134.8415"/>'
            '<trkpt lat="95" lon="134.8415"><time>2026-04-01T03:00:30Z</time></trkpt>'
            '<trkpt lat="34.758" lon="134.842"><time>2026-04-01T03:01:00Z</time></trkpt>'
        ),
    )

    assert [FIRST.at, SECOND.at] == [fix.at for fix in track.fixes]
    assert [(34.757, 134.841), (34.758, 134.842)] == [(fix.lat_deg, fix.lon_deg) for fix in track.fixes]
    assert (Fault("point 2", "it has no time"), Fault("point 3", "it is no place on Earth")) == track.faults


@pytest.mark.parametrize("text", ["<gpx", gpx(""), gpx('<trkpt lat="north" lon="1"/>')])
def test_a_file_that_is_no_track_says_so(text: str) -> None:
    track = read("walk.gpx", text)

    assert () == track.fixes
    assert ["the file"] == [fault.where for fault in track.faults]


@pytest.mark.parametrize("text", ["", "\n\n", "time,lat,lon\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    track = read("walk.csv", text)

    assert ((), ()) == (track.fixes, track.faults)


def test_a_stray_quotation_mark_swallows_no_other_row() -> None:
    track = read(
        "walk.csv",
        'a,2026-04-01T03:00:00Z,34.757,134.841,12\n"a,2026-04-01T03:00:30Z,34.757,134.841\n'
        '"a","2026-04-01T03:01:00Z",34.758,134.842,8\n',
    )

    assert [FIRST.at, SECOND.at] == [fix.at for fix in track.fixes]
    assert ["line 2"] == [fault.where for fault in track.faults]


def test_somebody_may_be_called_like_a_day() -> None:
    track = read("walk.csv", "20260401,2026-04-01T03:00:00Z,34.757,134.841,12\n")

    assert ["20260401"] == track.users()
    assert [FIRST.at] == [fix.at for fix in track.fixes]


def test_the_last_line_of_everybody_is_known_before_the_rows_are_read() -> None:
    lines = ["user,t,lat,lon", "a,1,2,3", "", "b,1,2,3", "a,yesterday,2,3", '"c,d",1,2,3', "x"]

    assert {"a": 5, "b": 4, "c,d": 6, "x": 7} == last_lines(lines)


def test_rows_come_in_the_order_of_their_lines() -> None:
    rows = list(read_rows(["2026-04-01T03:01:00Z,34.758,134.842,8", "north", "2026-04-01T03:00:00Z,34.757,134.841,12"]))

    assert [(1, SECOND), (3, FIRST)] == [rows[0], rows[2]]
    assert (2, "'north' is no time") == rows[1]
