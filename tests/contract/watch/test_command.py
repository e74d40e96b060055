"""`mimamori watch`: recorded positions in, alerts out, without a server."""

import json
import os
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.watch.replaying import Fix
from tests.unit.watch.movement.build import Way, clock, degrees, ordinary_days

FIELDS = ["user", "at", "kind", "rule", "level", "reason", "lat_deg", "lon_deg"]


@cache
def tracks() -> tuple[Fix, ...]:
    """Six ordinary days, and one on which she walks far from all that she knows."""
    away = Way(clock(6, "04:00")).until(clock(6, "10:00"), 600).to((0.0, 3_000.0)).stay(60)
    return (*ordinary_days(6), *away.fixes)


def rows(user: str, fixes: Sequence[Fix]) -> list[str]:
    return [f"{user},{one.at.isoformat()},{one.lat_deg:.7f},{one.lon_deg:.7f},{one.accuracy_m}" for one in fixes]


def watch(folder: Path, text: str | bytes, *options: str) -> Result:
    file = folder / "tracks.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CliRunner().invoke(main, ["watch", str(file), "--learn-days", "5", *options])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_what_would_have_been_told_is_one_json_a_line(tmp_path: Path) -> None:
    result = watch(tmp_path, "\n".join(["user,t_iso8601,lat,lon,accuracy", *rows("hana", tracks())]))
    told = lines(result)

    assert (0, "") == (result.exit_code, result.stderr)
    assert told
    assert all(list(one) == FIELDS for one in told)
    assert {("hana", "movement")} == {(one["user"], one["kind"]) for one in told}
    assert {one["level"] for one in told} <= {"notice", "urgent"}
    assert all(one["at"].startswith("2026-04-07T0") and one["at"].endswith("Z") for one in told)
    assert all(34.757 < one["lat_deg"] < 34.8 for one in told)
    assert "unfamiliar_on_foot" in {one["rule"] for one in told}
    assert "where there was no visit in four weeks" in told[0]["reason"]


def test_people_may_be_mixed_and_rows_in_any_order(tmp_path: Path) -> None:
    one, other = rows("hana", tracks()), rows("taro", tracks())
    apart = watch(tmp_path, "\n".join([*one, *other]))
    mixed = watch(tmp_path, "\n".join(row for pair in zip(reversed(other), one, strict=True) for row in pair))

    assert sorted(apart.stdout.splitlines()) == sorted(mixed.stdout.splitlines())
    assert {"hana", "taro"} == {one["user"] for one in lines(mixed)}


def test_columns_go_by_their_headings_and_users_may_be_absent(tmp_path: Path) -> None:
    whole = watch(tmp_path, "\n".join(rows("", tracks())))
    turned = [f"{one.lon_deg:.7f},{one.at.isoformat()},{one.accuracy_m},{one.lat_deg:.7f}" for one in tracks()]
    result = watch(tmp_path, "\n".join(["lon,time,accuracy,lat", *turned]))

    assert lines(result)
    assert whole.stdout == result.stdout


def test_a_line_that_cannot_be_read_costs_only_itself_and_is_named(tmp_path: Path) -> None:
    good = rows("hana", tracks())
    wrong = [
        "hana,yesterday,34,134",
        "hana,2026-04-03T01:00:00Z,nan,134",
        "hana,2026-04-03T01:00:00Z,91,134",
        '"x',
        "x",
    ]
    result = watch(tmp_path, "\n".join([*good[:3], *wrong, *good[3:]]))

    assert 0 == result.exit_code
    assert watch(tmp_path, "\n".join(good)).stdout == result.stdout
    said = result.stderr.splitlines()
    assert [f"line {number}" for number in range(4, 9)] == [line.split(":")[0] for line in said[:-1]]
    assert "line 4: 'yesterday' is no time" == said[0]
    assert "5 lines could not be read." == said[-1]


@pytest.mark.parametrize("text", ["", "user,t_iso8601,lat,lon\n", "a,b,c,d\n", "\x00\n\xff"], ids=repr)
def test_a_file_in_which_nothing_can_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    result = watch(tmp_path, text, "--summary")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "could be read" in result.stderr


@pytest.mark.parametrize("options", [["--zone", "Moon/Base"], ["--mode", "warm"], ["--step", "0"]], ids=" ".join)
def test_what_makes_no_sense_is_refused(tmp_path: Path, options: list[str]) -> None:
    assert 2 == watch(tmp_path, "a,2026-04-01T00:00:00Z,34,134", *options).exit_code


def test_the_summary_is_the_last_line_and_is_said_in_words(tmp_path: Path) -> None:
    text = "\n".join(rows("hana", tracks()))
    plain, result = watch(tmp_path, text), watch(tmp_path, text, "--summary")
    *told, last = lines(result)
    summary = last["summary"]

    assert lines(plain) == told
    assert (1, 2, 5) == (summary["persons"], summary["person_days"], summary["learning_days"])
    assert len(told) == summary["all"]["alerts"] == 2 * summary["all"]["per_person_day"]
    assert "2 person-days judged after 5 days of learning" in result.stderr


def test_hours_are_those_of_the_zone(tmp_path: Path) -> None:
    text = "\n".join(rows("hana", tracks()))
    here = lines(watch(tmp_path, text))[0]
    there = lines(watch(tmp_path, text, "--zone", "America/New_York"))[0]
    hour = int(here["at"][11:13])

    assert f"({(hour + 9) % 24:02}:" in here["reason"]
    assert f"({(hour - 4) % 24:02}:" in there["reason"]


def test_reasons_are_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    result = watch(tmp_path, "\n".join(rows("hana", tracks())), "--lang", "ja")

    assert all(any("ぁ" <= letter <= "ん" for letter in one["reason"]) for one in lines(result))


def test_leaving_a_fence_is_told_to_whom_it_belongs(tmp_path: Path) -> None:
    lat_deg, lon_deg = degrees(0.0, 0.0)
    home = {
        "type": "Feature",
        "properties": {"user": "hana", "name": "Home", "radius_m": 200, "purpose": "home"},
        "geometry": {"type": "Point", "coordinates": [lon_deg, lat_deg]},
    }
    fences = tmp_path / "fences.geojson"
    nobody, empty = {**home, "properties": {**home["properties"], "user": "nobody"}}, {}  # type: ignore[dict-item]
    fences.write_text(json.dumps({"type": "FeatureCollection", "features": [home, nobody, empty]}))
    text = "\n".join([*rows("hana", tracks()), *rows("taro", tracks())])
    result = watch(tmp_path, text, "--fences", str(fences))
    exits = [one for one in lines(result) if one["rule"] == "geofence_exit"]

    assert {("hana", "urgent")} == {(one["user"], one["level"]) for one in exits}
    assert 7 == len(exits), "six days at the shop, and the last one; fences need not learn"
    assert "fence 3: it has no properties" in result.stderr
    assert "fences of 'nobody': there is nobody called so" in result.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_names_are_read_as_excel_writes_them(tmp_path: Path, encoding: str) -> None:
    result = watch(tmp_path, "\n".join(rows("花", tracks())).encode(encoding))

    assert {"花"} == {one["user"] for one in lines(result)}


def test_names_that_cannot_be_read_stay_apart(tmp_path: Path) -> None:
    text = "\n".join([*rows("A", tracks()), *rows("B", tracks()), "花"]).encode()
    result = watch(tmp_path, text.replace(b"A,", b"\xff\x81,").replace(b"B,", b"\xff\x82,"))

    assert 2 == len({one["user"] for one in lines(result)})


def test_a_pipe_is_read_as_well(tmp_path: Path) -> None:
    text = "\n".join(rows("hana", tracks()))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    result = CliRunner().invoke(main, ["watch", str(pipe), "--learn-days", "5"])
    writer.join()

    assert watch(tmp_path, text).stdout == result.stdout != ""


def test_a_file_that_holds_no_fences_is_an_error_and_not_a_town_without_fences(tmp_path: Path) -> None:
    (tmp_path / "fences.geojson").write_text("type: FeatureCollection")
    result = watch(tmp_path, "a,2026-04-01T00:00:00Z,34,134", "--fences", str(tmp_path / "fences.geojson"))

    assert (2, "") == (result.exit_code, result.stdout)
    assert "this is no JSON" in result.stderr
