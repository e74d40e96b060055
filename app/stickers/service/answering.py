"""What a family and a city do on a board: read, write, come, take her over, thank, close.

Who sees her alerts sees her boards; where a finder says that they are, only who may see places, and each look is noted.
A test is seen by who began it, an exercise by who takes part and by the office. Neither holds a name of the finder.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.alerts.service import acting, finding
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import Conflict, InvalidInput, NotAllowed, NotFound, TooMany
from app.kit.ids import LineId, ThreadId, WearerId, new_id
from app.stickers.model import Sticker
from app.stickers.service import guarding, heard, practice
from app.stickers.store import drills, stickers
from app.stickers.store import threads as store
from app.stickers.threads import (
    GOING_ON,
    LINES_MAX,
    WORDS_MAX,
    LastWords,
    Line,
    Mode,
    Side,
    Thread,
    ThreadAction,
    after,
    may,
    plain,
)


class Shown(Struct, frozen=True, kw_only=True):
    """A board in a list: whose, which sticker, how many lines, and what those who write there are called."""

    thread: Thread
    wearer_name: str
    sticker: Sticker
    lines: int
    names: dict[UUID, str]
    guard_comes: bool


class Detail(Shown, frozen=True, kw_only=True):
    """A board with its lines; places are left out for who may not see them."""

    said: list[Line]
    places: bool


def listed(
    connection: Connection, viewer: Viewer, wearer_id: WearerId | None, before: tuple[datetime, UUID] | None,
    count: int, now: datetime,
) -> list[Shown]:  # fmt: skip
    """Up to `count` boards that the viewer may read, or only those about one wearer, newest first."""
    if wearer_id is None:
        seen = households.visible_wearer_ids(connection, viewer, Scope.ALERTS, now)
        exercises: Collection[UUID] = practice.drills_seen(connection, viewer)
    else:
        households.visible_wearer(connection, viewer, wearer_id, Scope.ALERTS, now)
        seen, exercises = frozenset({wearer_id}), []
    found = store.newest(connection, seen, viewer.account_id, exercises, before, count)
    return _shown(connection, [one.at(now) for one in found])


def read(connection: Connection, viewer: Viewer, thread_id: ThreadId, now: datetime) -> Detail:
    """One board. Where a finder says that they are is shown to who may see places, and is noted. Raises `NotFound`."""
    return _detail(connection, viewer, visible(connection, viewer, thread_id, now), now)


def photo(connection: Connection, viewer: Viewer, thread_id: ThreadId, line_id: LineId, now: datetime) -> bytes:
    """A photo of a board. Raises `NotFound`."""
    thread = visible(connection, viewer, thread_id, now)
    jpeg = store.photo(connection, thread.id, line_id)
    if jpeg is None:
        raise NotFound
    return jpeg


def write(connection: Connection, viewer: Viewer, thread_id: ThreadId, words: str, now: datetime) -> Detail:
    """The board with a line of the family's, or of the city's. Raises `NotFound`, `Conflict`, `InvalidInput`."""
    thread = _held(connection, viewer, thread_id, ThreadAction.WRITE, now)
    kept = plain(words, WORDS_MAX, "words")
    if not kept:
        raise InvalidInput("Write something.", "words")
    _add(connection, viewer, thread, kept, now)
    return _saved(connection, viewer, replace(thread, newest_at=now), now)


def come(
    connection: Connection, viewer: Viewer, thread_id: ThreadId, arrives_in: timedelta | None, now: datetime
) -> Detail:
    """Somebody is on the way, and the finder reads when. It takes the alert, as "on the way" does. Raises as
    `write`.
    """
    thread = _held(connection, viewer, thread_id, ThreadAction.COME, now)
    arrives_at = None if arrives_in is None else now + arrives_in
    coming = replace(
        thread,
        state=after(thread.state, ThreadAction.COME),
        coming_by=viewer.account_id,
        coming_at=now,
        arrives_at=arrives_at,
        newest_at=now,
    )
    shown = _saved(connection, viewer, coming, now)
    if _alert_goes_on(connection, thread):
        assert thread.alert_id is not None
        acting.go(connection, viewer, thread.alert_id, arrives_in, now)
    return shown


def hand_over(connection: Connection, viewer: Viewer, thread_id: ThreadId, now: datetime) -> Detail:
    """She was handed over to who came: the thread is over, and the alert, where no other finder is with her. Raises
    `NotFound`; `Conflict` when it is over otherwise.
    """
    thread = _held(connection, viewer, thread_id, ThreadAction.HAND_OVER, now)
    shown = _end(connection, viewer, thread, ThreadAction.HAND_OVER, now)
    others = [
        one
        for one in store.going_on_of(connection, thread.wearer_id, Mode.REAL)
        if one.id != thread.id and one.at(now).goes_on
    ]
    if not others and _alert_goes_on(connection, thread):
        assert thread.alert_id is not None
        acting.resolve(connection, viewer, thread.alert_id, now)
    return shown


def close(connection: Connection, viewer: Viewer, thread_id: ThreadId, now: datetime) -> Detail:
    """The thread is over without a hand-over; what becomes of the alert, people say there. Raises as `hand_over`."""
    thread = _held(connection, viewer, thread_id, ThreadAction.CLOSE, now)
    return _end(connection, viewer, thread, ThreadAction.CLOSE, now)


def thank(
    connection: Connection, viewer: Viewer, thread_id: ThreadId, code: LastWords | None, words: str, now: datetime
) -> Detail:
    """One last line, which the finder reads once it is over, for a day. Raises `Conflict` when there is one."""
    thread = visible(connection, viewer, thread_id, now, hold=True)
    kept = plain(words, WORDS_MAX, "words")
    if code is None and not kept:
        raise InvalidInput("Choose words, or write some.", "words")
    if thread.blocked:
        raise Conflict("The city has closed this board.")
    if (thread.last_code, thread.last_words) == (code, kept):
        return _detail(connection, viewer, thread, now)
    if thread.last_code is not None or thread.last_words:
        raise Conflict("There is a last line already.")
    return _saved(connection, viewer, replace(thread, last_code=code, last_words=kept), now)


def report(connection: Connection, viewer: Viewer, thread_id: ThreadId, reason: str, now: datetime) -> None:
    """Tells the city's staff that a board is abused. Raises `NotFound`."""
    thread = visible(connection, viewer, thread_id, now)
    kept = plain(reason, WORDS_MAX, "reason")
    if not kept:
        raise InvalidInput("Say what is wrong.", "reason")
    guarding.add_report(connection, thread, side_of(viewer), viewer.account_id, kept, now)


def block(connection: Connection, viewer: Viewer, thread_id: ThreadId, hours: int, now: datetime) -> Detail:
    """The city ends the thread, and who began it begins none on this sticker for so long. Raises `NotFound`."""
    if not may(side_of(viewer), ThreadAction.BLOCK):
        raise NotAllowed
    thread = visible(connection, viewer, thread_id, now, hold=True)
    blocked = guarding.block(connection, viewer, thread, hours, now)
    return _detail(connection, viewer, blocked, now)


def visible(
    connection: Connection, viewer: Viewer, thread_id: ThreadId, now: datetime, *, hold: bool = False
) -> Thread:
    """A thread that the viewer may read. Raises `NotFound`."""
    thread = store.by_id(connection, thread_id, hold=hold)
    if thread is None:
        raise NotFound
    if thread.mode is Mode.DRILL:
        if thread.drill_id not in practice.drills_seen(connection, viewer):
            raise NotFound
        return thread.at(now)
    if thread.mode is Mode.TEST and thread.begun_by != viewer.account_id:
        raise NotFound
    households.visible_wearer(connection, viewer, thread.wearer_id, Scope.ALERTS, now)
    return thread.at(now)


def side_of(viewer: Viewer) -> Side:
    """For whom the viewer writes."""
    return Side.FAMILY if viewer.role is Role.FAMILY else Side.CITY


def may_see_places(connection: Connection, viewer: Viewer, thread: Thread, now: datetime) -> bool:
    """Whether where the finder says that they are is shown; in an exercise it is nobody's place."""
    if thread.mode is Mode.DRILL:
        return True
    return bool(households.visible_wearer_ids(connection, viewer, Scope.PLACE, now, [thread.wearer_id]))


def _held(connection: Connection, viewer: Viewer, thread_id: ThreadId, action: ThreadAction, now: datetime) -> Thread:
    thread = visible(connection, viewer, thread_id, now, hold=True)
    assert may(side_of(viewer), action)
    after(thread.state, action)
    return thread


def _add(connection: Connection, viewer: Viewer, thread: Thread, words: str, now: datetime) -> None:
    if store.numbers_of_lines(connection, [thread.id]).get(thread.id, 0) >= LINES_MAX:
        raise TooMany("This board is full.", 3600)
    line = Line(
        id=LineId(new_id()), thread_id=thread.id, side=side_of(viewer), at=now, account_id=viewer.account_id,
        words=words,
    )  # fmt: skip
    store.add_line(connection, line)


def _end(connection: Connection, viewer: Viewer, thread: Thread, action: ThreadAction, now: datetime) -> Detail:
    ended = replace(thread, state=after(thread.state, action), ended_at=now, ended_by=viewer.account_id, newest_at=now)
    return _saved(connection, viewer, ended, now)


def _alert_goes_on(connection: Connection, thread: Thread) -> bool:
    alert = None if thread.mode is not Mode.REAL else finding.going_on(connection, thread.wearer_id)
    return alert is not None and alert.id == thread.alert_id


def _saved(connection: Connection, viewer: Viewer, thread: Thread, now: datetime) -> Detail:
    store.save(connection, thread)
    heard.hint_of(connection, thread)
    return _detail(connection, viewer, thread, now)


def _detail(connection: Connection, viewer: Viewer, thread: Thread, now: datetime) -> Detail:
    (shown,) = _shown(connection, [thread])
    lines, places = store.lines(connection, thread.id), may_see_places(connection, viewer, thread, now)
    if not places:
        lines = [replace(line, place=None, typed_place="") for line in lines]
    elif thread.mode is Mode.REAL and any(line.place is not None or line.typed_place for line in lines):
        households.look(connection, viewer, thread.wearer_id, Purpose.BOARD, now)
    names = shown.names | store.names_of(connection, {one.account_id for one in lines if one.account_id is not None})
    fields = {name: getattr(shown, name) for name in shown.__struct_fields__} | {"names": names}
    return Detail(**fields, said=lines, places=places)


def _shown(connection: Connection, found: Sequence[Thread]) -> list[Shown]:
    wearers = households.wearers_by_id(connection, {one.wearer_id for one in found})
    exercises = {one.drill_id for one in found if one.drill_id is not None}
    drilled = {key: drill.name for key in exercises if (drill := drills.drill(connection, key)) is not None}
    printed = {one.sticker_id: stickers.by_id(connection, one.sticker_id) for one in found}
    numbers = store.numbers_of_lines(connection, [one.id for one in found])
    people = {key for one in found for key in (one.coming_by, one.ended_by) if key is not None}
    names = store.names_of(connection, people)
    shown = []
    for one in found:
        sticker = printed[one.sticker_id]
        assert sticker is not None, "the thread's row refers to it"
        name = wearers[one.wearer_id].name if one.drill_id is None else drilled.get(one.drill_id, "")
        goes = one.state in GOING_ON and heard.guard_comes(connection, one)
        shown.append(
            Shown(
                thread=one, wearer_name=name, sticker=sticker, lines=numbers.get(one.id, 0), names=names,
                guard_comes=goes,
            )
        )  # fmt: skip
    return shown
