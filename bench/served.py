"""`mimamori` with one thing added: at its end it writes down how many units each group commit held, so that a floor
can be given the same grouping.

    python -m bench.served GROUPS_FILE serve --data …
"""

import sys
from pathlib import Path

import msgspec
from sqlalchemy.engine import Connection

from app.cli import main
from app.db import writer
from app.db.writer import Work

sizes: list[int] = []
_run = writer.run_group


def _counted(connection: Connection, group: list[Work]) -> None:
    units = sum(work.runner is not None for work in group)
    if units:
        sizes.append(units)
    _run(connection, group)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    writer.run_group = _counted
    try:
        main(sys.argv[2:], standalone_mode=False)
    finally:
        target.write_bytes(msgspec.json.encode(sizes))
