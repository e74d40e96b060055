"""Live events for open apps: what happens to alerts, that a place has changed, and that somebody wrote on a board.

Server-sent events. An alert's event carries the number of its history line as id, so that `Last-Event-ID` brings back
what was missed, by query from the history: the truth is in the tables, hints only say when to look. A change of place
carries no place: the app asks for it, and that look is noted. The staff of a city hear when one of its tags was in two
places at once.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.auth import May
from app.accounts.model import Role, Viewer
from app.accounts.permissions import Action, allowed
from app.alerts.service import viewing
from app.alerts.store import alerts as alert_store
from app.db.engine import Database
from app.households import service as households
from app.households.model import Scope
from app.kit.clock import Clock

EVENT_STREAM = "text/event-stream"
COMMENT_EVERY_S = 15.0
"""A line of nothing this often keeps proxies from closing the stream and tells the app that it is alive."""

CHECK_EVERY = timedelta(seconds=60)
"""How often it is asked again whether the viewer still is signed in and whose places they may see."""

LastEventId = Annotated[
    int | None,
    HeaderParameter(name="Last-Event-ID", ge=0, le=2**63 - 1, description="number of the last event that was received"),
]


class PlaceChanged(Struct, frozen=True, kw_only=True):
    """A wearer's place is newer than before: ask for it."""

    wearer: UUID


class BoardChanged(Struct, frozen=True, kw_only=True):
    """Somebody began or wrote on a board about a wearer: ask for it."""

    wearer: UUID


class TagDoubted(Struct, frozen=True, kw_only=True):
    """A tag of this city was heard at two places between which nobody travels so fast: see `/v1/doubts`."""

    city: int


class _Inbox:
    """What hints said since the stream last looked."""

    def __init__(self, viewer: Viewer) -> None:
        self._staff_of = viewer.city_id if allowed(viewer.role, Action.DETECTOR_READ) else None
        self._everywhere = viewer.role is Role.ADMINISTRATOR
        self.doubts: set[int] = set()
        self.places: set[str] = set()
        self.boards: set[str] = set()
        self.visible: frozenset[str] = frozenset()
        """Whose places may be spoken of."""
        self.told_of: frozenset[str] = frozenset()
        """Whose boards may be, as their alerts."""
        self.alerts = False
        self.something = asyncio.Event()

    def on_place(self, wearer_id: str) -> None:
        if wearer_id in self.visible:
            self.places.add(wearer_id)
            self.something.set()

    def on_board(self, wearer_id: str) -> None:
        if wearer_id in self.told_of:
            self.boards.add(wearer_id)
            self.something.set()

    def on_alert(self, _wearer_id: str) -> None:
        self.alerts = True
        self.something.set()

    def on_doubt(self, city_id: str) -> None:
        if self._staff_of is not None and (self._everywhere or int(city_id) == self._staff_of):
            self.doubts.add(int(city_id))
            self.something.set()

    def take_doubts(self) -> list[int]:
        doubts, self.doubts = sorted(self.doubts), set()
        return doubts

    def take_places(self) -> list[str]:
        places, self.places = sorted(self.places), set()
        return places

    def take_boards(self) -> list[str]:
        boards, self.boards = sorted(self.boards), set()
        return boards


@get(
    "/v1/events",
    guards=[May(Action.ALERT_READ)],
    tags=["live"],
    operation_id="events",
    summary="What happens, as it happens (server-sent events)",
    media_type=EVENT_STREAM,
    responses={200: ResponseSpec(str, generate_examples=False, description="The events", media_type=EVENT_STREAM)},
)
async def events(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    last_event_id: LastEventId = None,
) -> ServerSentEvent:
    """Events `alert` (data: number, what, alert; the id is the number), `place` (data: wearer, no place), `board`
    (data: wearer, no words) and, for the staff of a city, `doubt` (data: city), a comment every 15 s.

    With `Last-Event-ID`, what happened to alerts since comes first. The stream ends when the sign-in does.
    """
    return ServerSentEvent(_stream(viewer, database, clock, last_event_id))


async def _stream(
    viewer: Viewer, database: Database, clock: Clock, last_number: int | None
) -> AsyncIterator[ServerSentEventMessage]:
    inbox = _Inbox(viewer)
    topics = {
        "live": inbox.on_alert, "place": inbox.on_place, "board": inbox.on_board, "doubt": inbox.on_doubt
    }  # fmt: skip
    stops = [database.listen(topic, listener) for topic, listener in topics.items()]
    try:
        number = last_number if last_number is not None else await database.read(alert_store.last_number)
        inbox.alerts = last_number is not None
        checked_at, welcomed = clock() - CHECK_EVERY, False
        comment_s = asyncio.get_running_loop().time() + COMMENT_EVERY_S
        while True:
            now = clock()
            if now - checked_at >= CHECK_EVERY:
                checked_at = now
                if not await database.read(lambda c, now=now: accounts.is_signed_in(c, viewer.sign_in_id, now)):  # type: ignore[misc]
                    return
                inbox.visible = await _seen_by(database, viewer, Scope.PLACE, now)
                inbox.told_of = await _seen_by(database, viewer, Scope.ALERTS, now)
            if not welcomed:  # From now on nothing is missed: it is known whose places may be spoken of.
                welcomed = True
                yield ServerSentEventMessage(data=None, comment="welcome")
            inbox.something.clear()
            while inbox.alerts:
                inbox.alerts = False
                for event in await _alerts_after(database, viewer, number, clock):
                    number = event.number
                    inbox.alerts = True  # There may be more than one page of them.
                    yield ServerSentEventMessage(event="alert", id=number, data=_text(event))
            for city_id in inbox.take_doubts():
                yield ServerSentEventMessage(event="doubt", data=_text(TagDoubted(city=city_id)))
            for wearer_id in inbox.take_places():
                yield ServerSentEventMessage(event="place", data=_text(PlaceChanged(wearer=UUID(wearer_id))))
            for wearer_id in inbox.take_boards():
                yield ServerSentEventMessage(event="board", data=_text(BoardChanged(wearer=UUID(wearer_id))))
            try:
                async with asyncio.timeout_at(comment_s):  # Also where something that concerns nobody here wakes it.
                    await inbox.something.wait()
            except TimeoutError:
                comment_s += COMMENT_EVERY_S
                yield ServerSentEventMessage(data=None, comment="still here")
    finally:
        for stop in stops:
            stop()


async def _seen_by(database: Database, viewer: Viewer, scope: Scope, now: datetime) -> frozenset[str]:
    ids = await database.read(lambda c: households.visible_wearer_ids(c, viewer, scope, now))
    return frozenset(str(wearer_id) for wearer_id in ids)


async def _alerts_after(database: Database, viewer: Viewer, number: int, clock: Clock) -> list[viewing.LiveEvent]:
    now = clock()
    return await database.read(lambda c: viewing.events_after(c, viewer, number, now))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


ROUTES = [events]
