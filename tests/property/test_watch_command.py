"""Whatever stands in a file of tracks or fences, `mimamori watch` ends in order."""

import json
import tempfile
from pathlib import Path

from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.cli import main
from app.watch.drawn import fences_of

ODD_CELLS = (
    "", "hana", "花子", "0", "-0", "90", "-90", "180", "-180.0", "1e400", "nan", "inf", "１２", "34.7", "134.8", "91", "0x1F", "1_0", '"', '""', "\x00",
    "2026-04-01T00:00:00Z", "2026-04-01T09:00:00+09:00", "2026-04-01", "20260401", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "2026-W14-3", "1711929600", "user", "lat", "lon", "time", "accuracy",
)  # fmt: skip
odd = st.one_of(st.sampled_from(ODD_CELLS), st.text(max_size=6))
good = st.builds(
    lambda user, day, minute, lat, lon, accuracy: f"{user},2026-04-{day:02}T09:{minute:02}:00Z,{lat},{lon},{accuracy}",
    st.sampled_from(["hana", "taro"]),
    st.integers(1, 30),
    st.integers(0, 59),
    st.sampled_from([34.757, 34.76, 89.9999, -90.0, 0.0]),
    st.sampled_from([134.841, 134.85, 180.0, -180.0, 0.0]),
    st.sampled_from(["", "12", "0", "9999"]),
)
rows = st.lists(st.one_of(good, st.lists(odd, max_size=7).map(",".join)), max_size=12)


@settings(max_examples=60)
@given(st.one_of(rows.map(lambda some: "\n".join(some).encode("utf-8", "replace")), st.binary(max_size=60)))
@example(b"a,9999-12-31T23:59:59.999999Z,34,134\na,0001-01-01T00:00:00Z,34,134")
@example(b'"' + 200_000 * b"x" + b"\n")
def test_any_file_of_tracks_ends_in_order(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tracks.csv"
        file.write_bytes(body)
        result = CliRunner().invoke(
            main, ["watch", str(file), "--summary", "--learn-days", "1", "--zone", "America/Lima"]
        )

    assert result.exit_code in (0, 2), result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (2 if not lines else 0) == result.exit_code
    assert [] == [line for line in lines[:-1] if "rule" not in line]


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(
        ["type", "features", "properties", "geometry", "coordinates", "user", "name", "radius_m", "purpose"]), inner, max_size=5)),
    max_leaves=12,
)  # fmt: skip


@given(json_like, json_like, st.sampled_from(["Point", "Polygon", "Feature", 7]), json_like)
def test_any_file_of_fences_is_fences_and_faults(
    whole: object, properties: object, kind: object, coordinates: object
) -> None:
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
    named = {**feature, "properties": {"user": "hana", "name": properties, "radius_m": 100}}
    drawn = fences_of(json.dumps({"type": "FeatureCollection", "features": [whole, feature, named]}).encode())

    assert sum(len(some) for some in drawn.by_user.values()) + len(drawn.faults) == 3
