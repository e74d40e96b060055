"""Abuse is reported, by either side, and stopped by the city."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.alerts.service.telling import KEPT
from app.kit.errors import NotFound
from app.kit.ids import AccountId, ReportId, StickerId, new_id
from app.push import outbox
from app.push.model import Level
from app.stickers.service.heard import hint_of
from app.stickers.store import reports as store
from app.stickers.store import stickers, threads
from app.stickers.store.reports import Report
from app.stickers.threads import WORDS_MAX, Side, Thread, ThreadAction, after, plain


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


def block(connection: Connection, viewer: Viewer, thread: Thread, hours: int, now: datetime) -> Thread:
    """The thread, ended as abuse; who has its mark begins none on this sticker for so long. Once more prolongs that as
    long as the mark is kept.
    """
    mark = threads.mark_of(connection, thread.id)
    if mark is not None:
        store.block(connection, thread.sticker_id, mark, now + timedelta(hours=hours), viewer.account_id, now)
    blocked = replace(
        thread,
        state=after(thread.state, ThreadAction.BLOCK),
        ended_at=thread.ended_at or now,
        ended_by=thread.ended_by or viewer.account_id,
        last_code=None,
        last_words="",
        blocked=True,
    )
    threads.save(connection, blocked)
    hint_of(connection, blocked)
    return blocked


def reports(
    connection: Connection, viewer: Viewer, *, only_open: bool, before: UUID | None, count: int
) -> list[Report]:
    """Up to `count` reports of the viewer's city, newest first."""
    return store.newest(connection, viewer.city_id, only_open=only_open, before=before, count=count)


def settle(
    connection: Connection, viewer: Viewer, report_id: ReportId, words: str, block_hours: int | None, now: datetime
) -> Report:
    """The report, with what became of it, and who began the thread blocked for so long. One that was settled stays as
    it is. Raises `NotFound`.
    """
    kept = plain(words, WORDS_MAX, "words")
    city_id = None if viewer.role is Role.ADMINISTRATOR else viewer.city_id
    settled = store.settle(connection, report_id, city_id, viewer.account_id, kept, now)
    if settled is None:
        raise NotFound
    if block_hours is not None:
        thread = threads.by_id(connection, settled.thread_id, hold=True)
        assert thread is not None, "the report's row refers to it"
        block(connection, viewer, thread, block_hours, now)
    return settled
