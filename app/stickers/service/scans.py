"""Looks at the pages of stickers: a quiet line for the family, that calls nobody."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db import locks
from app.households import service as households
from app.kit.ids import ScanId, WearerId, new_id
from app.stickers.model import Scan, Sticker
from app.stickers.store import scans

TOGETHER = timedelta(minutes=10)
"""Who reads the page, goes back and scans again is still the same one to the family."""


def note_scan(
    connection: Connection, sticker: Sticker, *, machine: bool, language: str, mark: bytes, times: int, now: datetime
) -> None:
    """Keeps that the page of a sticker was looked at; what happens within ten minutes is one."""
    if sticker.wearer_id is None:
        return
    locks.one_at_a_time(connection, f"scan {sticker.id}")
    if scans.once_more(connection, sticker.id, machine, now - TOGETHER, times, now):
        return
    scan = Scan(
        id=ScanId(new_id()), sticker_id=sticker.id, wearer_id=sticker.wearer_id, machine=machine, language=language,
        mark=mark, times=times, first_at=now, last_at=now,
    )  # fmt: skip
    scans.add(connection, scan)


def scans_of(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, before: UUID | None, count: int, now: datetime
) -> list[Scan]:
    """Up to `count` scans of her stickers, newest first, for those who manage her or see her alerts. Raises
    `NotFound`.
    """
    households.attended_wearer(connection, viewer, wearer_id, now)
    return scans.page(connection, wearer_id, before, count)


def forget_scans_before(connection: Connection, moment: datetime) -> None:
    """Deletes what is older."""
    scans.forget_before(connection, moment)
