"""Abuse is reported, by either side, and stopped by the city."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts.service.telling import KEPT
from app.kit.ids import AccountId, ReportId, StickerId, new_id
from app.push import outbox
from app.push.model import Level
from app.stickers.store import reports as store
from app.stickers.store import stickers
from app.stickers.store.reports import Report
from app.stickers.threads import Side, Thread


def is_blocked(connection: Connection, sticker_id: StickerId, mark: bytes, now: datetime) -> bool:
    """Whether the city lets whoever has this mark begin no thread on this sticker."""
    return store.is_blocked(connection, sticker_id, mark, now)


def add_report(
    connection: Connection, thread: Thread, side: Side, by: AccountId | None, reason: str, now: datetime
) -> None:
    """Keeps a report and tells the city's operators; one of each side waits at a time."""
    if store.is_open(connection, thread.id, side):
        return
    one = Report(
        id=ReportId(new_id()), city_id=thread.city_id, thread_id=thread.id, side=side, reason=reason, at=now, by=by
    )
    store.add(connection, one)
    sticker = stickers.by_id(connection, thread.sticker_id)
    assert sticker is not None, "the thread's row refers to it"
    kind = "staff.board_reported"
    notes = [
        outbox.Note(
            city_id=thread.city_id,
            address_id=address.id,
            channel=address.channel,
            unique_key=f"{kind}:{one.id.hex}:{address.id.hex}",
            kind=kind,
            level=Level.NOTICE,
            about=f"report:{one.id.hex}",
            params={"number": sticker.number},
            expires_at=now + KEPT[Level.NOTICE],
        )
        for address in accounts.staff_addresses(connection, thread.city_id)
    ]
    outbox.put_all(connection, notes, now)
