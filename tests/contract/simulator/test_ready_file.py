"""The ready file appears whole, in one move."""

import stat
from pathlib import Path

import msgspec

from app.simulator.ready import write

CONTENT = {"base_url": "http://127.0.0.1:8000", "trackers": [{"id": "haru"}]}


def test_the_file_appears_whole_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text("old")
    write(file, CONTENT)

    assert CONTENT == msgspec.json.decode(file.read_bytes())
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(tmp_path.iterdir())
