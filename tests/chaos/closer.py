"""A process that closes a month and is killed at a statement, before a commit or right after one, by the number of the
moment: always the real SIGKILL, always somewhere else.
"""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.billing.service import work_off
from app.db.engine import open_engine

APRIL = datetime(2026, 4, 1, 3, tzinfo=UTC)
WEARERS_A_PAGE = 3


def close(where: Path | str, run_id: UUID, moment: int | None) -> None:
    """Works on the run until it is closed, or until the moment of its end."""
    reader, writer = open_engine(where, read_only=True), open_engine(where)
    if moment is not None:
        die_at(writer, moment)
    work_off(reader, writer, run_id, lambda: APRIL, WEARERS_A_PAGE)
    reader.dispose()
    writer.dispose()


def die_at(engine: Engine, moment: int) -> None:
    """Lets this process be killed when so many moments are over: each statement is one, so are the ends of commits."""
    left = moment

    def over(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(engine, "before_cursor_execute", over)
    sa.event.listen(engine, "after_cursor_execute", over)
    sa.event.listen(engine, "commit", over)
    sa.event.listen(engine, "checkin", over)
