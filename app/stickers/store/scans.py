"""Who looked at the pages of stickers: when and how often."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.ids import StickerId, WearerId
from app.stickers.model import Material, Scan
from app.stickers.tables import sticker, sticker_scan

FORGOTTEN_MAX = 2000


def add(connection: Connection, scan: Scan) -> None:
    """Keeps a scan."""
    row = {
        name: getattr(scan, name) for name in scan.__struct_fields__ if name not in ("number", "stuck_on", "material")
    }
    connection.execute(sa.insert(sticker_scan).values(**row))


def once_more(
    connection: Connection, sticker_id: StickerId, machine: bool, since: datetime, times: int, now: datetime
) -> bool:
    """Counts `times` more scans into the one that began after `since`; whether there is one."""
    newest = (
        sa.select(sticker_scan.c.id)
        .where(
            sticker_scan.c.sticker_id == sticker_id, sticker_scan.c.machine == machine, sticker_scan.c.first_at > since
        )
        .order_by(sticker_scan.c.id.desc())
        .limit(1)
    )
    changed = connection.execute(
        sa.update(sticker_scan)
        .where(sticker_scan.c.id == newest.scalar_subquery())
        .values(times=sticker_scan.c.times + times, last_at=now)
    )
    return changed.rowcount == 1


def page(connection: Connection, wearer_id: WearerId, before: UUID | None, count: int) -> list[Scan]:
    """Up to `count` scans of her stickers, newest first; `before` is the last one already shown."""
    query = (
        sa.select(*sticker_scan.c, sticker.c.number, sticker.c.stuck_on, sticker.c.material)
        .join(sticker, sticker.c.id == sticker_scan.c.sticker_id)
        .where(sticker_scan.c.wearer_id == wearer_id)
        .order_by(sticker_scan.c.id.desc())
        .limit(count)
    )
    if before is not None:
        query = query.where(sticker_scan.c.id < before)
    return [_scan_of(row._mapping) for row in connection.execute(query)]


def forget_before(connection: Connection, moment: datetime) -> None:
    """Deletes what is older, some thousand at a time."""
    old = sa.select(sticker_scan.c.id).where(sticker_scan.c.last_at < moment).limit(FORGOTTEN_MAX)
    connection.execute(sa.delete(sticker_scan).where(sticker_scan.c.id.in_(old)))


def _scan_of(row: Mapping[Any, Any]) -> Scan:
    return Scan(**{**row, "material": Material(row["material"])})
