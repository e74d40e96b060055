"""What a finder does: she says that she is with her, writes, sends a photo, reads, and reports abuse.

Her secret is all that opens her thread. It is made of a key of the house, the sticker and what her form carried, so
that a form sent twice is one thread with one secret. Nothing here names anybody to her.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, TooMany
from app.kit.ids import LineId, ThreadId, new_id, secret_hash
from app.pictures import Picture
from app.stickers.model import Card, PhoneShown, Sticker, StickerState
from app.stickers.service import guarding, heard, practice
from app.stickers.service.stickers import card_of
from app.stickers.store import stickers
from app.stickers.store import threads as store
from app.stickers.threads import (
    FINDER_LINES_MAX,
    LINES_MAX,
    PHOTOS_MAX,
    THREADS_PER_FINDER_AND_HOUR,
    THREADS_PER_STICKER_AND_HOUR,
    WORDS_MAX,
    Begun,
    FinderLine,
    FinderSaid,
    FinderView,
    Line,
    Mode,
    Quiet,
    Side,
    Thread,
    ThreadAction,
    ThreadState,
    after,
    plain,
)
from app.stickers.threads import (
    said as kept,
)

OVER = "This thread is over."
ONCE_MIN, ONCE_MAX = 8, 64


def finder_key(detector_secret: bytes) -> bytes:
    """The key that finders' secrets are made with."""
    return hmac.digest(detector_secret, b"finder", hashlib.sha256)


def begin(
    connection: Connection, sticker: Sticker, *, said: FinderSaid, language: str, mark: bytes, once: str, key: bytes,
    now: datetime,
) -> Begun:  # fmt: skip
    """Somebody says that she is with whoever wears this sticker. Her thread, and the secret that opens it; the family
    is told in the same transaction. The same `once` again is the same thread. `mark`: 32 bytes that are the same when
    she comes again (a digest of what her connection shows).

    No thread where too many began within an hour, or while the city has blocked her. Raises `InvalidInput`.
    """
    told, secret = kept(said), secret_of(key, sticker, once)
    digest = secret_hash(secret)
    known = store.by_secret(connection, digest)
    if known is not None:
        if not known.at(now).goes_on:  # A page of long ago: its tap must not vanish in a thread that is over.
            raise InvalidInput("This form was sent before; load the page again.", "once")
        return Begun(secret=secret, thread=known.at(now))
    current = stickers.by_id(connection, sticker.id)
    if current is None or (current.state, current.wearer_id) != (StickerState.ISSUED, sticker.wearer_id):
        raise InvalidInput("This sticker is not in use any more; load the page again.", "once")
    quiet = _quiet(connection, sticker, mark, now)
    if quiet is not None:
        return Begun(quiet=quiet)
    assert sticker.wearer_id is not None, "a sticker is found only while it is somebody's"
    exercise = practice.going_on(connection, sticker, now)
    thread = Thread(
        id=ThreadId(new_id()),
        city_id=sticker.city_id,
        wearer_id=sticker.wearer_id,
        sticker_id=sticker.id,
        mode=exercise.mode,
        state=ThreadState.OPEN,
        language=language,
        begun_at=now,
        newest_at=now,
        told_at=now,
        drill_id=exercise.drill_id,
        begun_by=exercise.begun_by,
    )
    if not store.insert(connection, thread, digest, mark):  # The other one of a double tap was quicker.
        return Begun(secret=secret, thread=store.by_secret(connection, digest))
    _add(connection, thread, told, _digest(once), now)
    if thread.mode is Mode.REAL:
        thread = heard.begun(connection, thread, sticker, told, now)
    else:
        practice.tell(connection, thread, sticker, now)
    heard.hint_of(connection, thread)
    return Begun(secret=secret, thread=thread)


def again(connection: Connection, secret: str, sticker: Sticker, now: datetime) -> bool:
    """Whether this secret opens a thread about whoever wears this sticker that goes on, so that going back and tapping
    again begins no second one. Where the alert was ended meanwhile, the family hears of it anew. A thread of a test or
    an exercise that is over is none for her.
    """
    thread = _of(connection, secret, now, hold=True) if secret else None
    if thread is None or not thread.goes_on or thread.wearer_id != sticker.wearer_id:
        return False
    if thread.mode is Mode.REAL:
        heard.again(connection, thread, sticker, store.lines(connection, thread.id), now)
        return True
    exercise = practice.going_on(connection, sticker, now)
    return (thread.mode, thread.drill_id) == (exercise.mode, exercise.drill_id)


def in_earnest(connection: Connection, secret: str, now: datetime) -> bool:
    """Whether this secret opens a thread that goes on: where a family tried its stickers or a city exercised, its
    finder says that she needs help, and the family is alerted as ever. What was written before stays in the thread.
    """
    thread = _of(connection, secret, now, hold=True)
    if thread is None or not thread.goes_on:
        return False
    sticker = stickers.by_id(connection, thread.sticker_id)
    if thread.mode is Mode.REAL or sticker is None:
        return True
    lines = [line for line in store.lines(connection, thread.id) if line.side is Side.FINDER]
    states = frozenset(state for line in lines for state in line.states)
    place = next((line.place for line in reversed(lines) if line.place is not None), None)
    real = replace(thread, mode=Mode.REAL, drill_id=None, begun_by=None, newest_at=now)
    store.save(connection, real)
    heard.begun(connection, real, sticker, FinderSaid(states=states, place=place), now)
    heard.hint_of(connection, real)
    return True


def secret_of(key: bytes, sticker: Sticker, once: str) -> str:
    """The secret of the thread that this form begins. Raises `InvalidInput` for a form that is none of ours."""
    if not ONCE_MIN <= len(once) <= ONCE_MAX or not once.isascii():
        raise InvalidInput("This form cannot be sent; load the page again.", "once")
    digest = hmac.digest(key, sticker.id.bytes + once.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def of_secret(connection: Connection, secret: str, now: datetime) -> FinderView | None:
    """What this secret opens; None for one that is unknown, or whose thread has been over for a day."""
    thread = _of(connection, secret, now)
    if thread is None:
        return None
    begin = FinderView(mode=thread.mode, state=thread.state, begun_at=thread.begun_at)
    if not thread.goes_on:
        return replace(begin, last_code=thread.last_code, last_words=thread.last_words)
    card = card_of(connection, thread.wearer_id)
    return replace(
        begin,
        lines=tuple(_shown(line) for line in store.lines(connection, thread.id)),
        nickname=card.nickname,
        helps=card.helps,
        illness=card.illness if card.shows_illness else "",
        phone=_phone(connection, card),
        coming=thread.state is ThreadState.COMING,
        arrives_at=thread.arrives_at,
        guard_comes=heard.guard_comes(connection, thread),
    )


def say(connection: Connection, secret: str, said: FinderSaid, once: str, now: datetime) -> FinderView | None:
    """The thread after the finder wrote; None where there is no such thread. What she sent before (`once`) changes
    nothing. Raises `InvalidInput`, `Conflict` when it is over, and `TooMany`.
    """
    told = kept(said)
    thread = _held(connection, secret, now)
    if thread is None:
        return None
    if told.is_empty:
        raise InvalidInput("Say something.", "words")
    before = _room(connection, thread)
    if _add(connection, thread, told, _digest(once), now):
        heard.said(connection, thread, told, before, now)
    return of_secret(connection, secret, now)


def add_photo(connection: Connection, secret: str, photo: Picture, once: str, now: datetime) -> FinderView | None:
    """The thread with one photo more. Raises as `say`."""
    thread = _held(connection, secret, now)
    if thread is None:
        return None
    before = _room(connection, thread)
    if sum(line.has_photo for line in before) >= PHOTOS_MAX:
        raise TooMany(f"At most {PHOTOS_MAX} photos.", 3600)
    line = Line(id=LineId(new_id()), thread_id=thread.id, side=Side.FINDER, at=now)
    if store.add_line(connection, line, _digest(once)):
        store.add_photo(connection, line.id, photo)
        heard.said(connection, thread, FinderSaid(), before, now)
    return of_secret(connection, secret, now)


def report(connection: Connection, secret: str, reason: str, now: datetime) -> bool:
    """Whether there was such a thread; the city's staff is told that its finder feels abused. Raises `InvalidInput`."""
    thread = _of(connection, secret, now)
    if thread is None:
        return False
    guarding.add_report(connection, thread, Side.FINDER, None, plain(reason, WORDS_MAX, "reason"), now)
    return True


def _quiet(connection: Connection, sticker: Sticker, mark: bytes, now: datetime) -> Quiet | None:
    if guarding.is_blocked(connection, sticker.id, mark, now):
        return Quiet.BLOCKED
    lately, hers = store.begun_since(connection, sticker.id, mark, now - timedelta(hours=1))
    is_enough = lately >= THREADS_PER_STICKER_AND_HOUR or hers >= THREADS_PER_FINDER_AND_HOUR
    return Quiet.TOO_MANY if is_enough else None


def _of(connection: Connection, secret: str, now: datetime, *, hold: bool = False) -> Thread | None:
    thread = store.by_secret(connection, secret_hash(secret), hold=hold)
    return None if thread is None or thread.is_gone(now) else thread.at(now)


def _held(connection: Connection, secret: str, now: datetime) -> Thread | None:
    thread = _of(connection, secret, now, hold=True)
    if thread is not None and not thread.goes_on:
        raise Conflict(OVER)
    return thread


def _room(connection: Connection, thread: Thread) -> list[Line]:
    lines = store.lines(connection, thread.id)
    hers = sum(line.side is Side.FINDER for line in lines)
    if hers >= FINDER_LINES_MAX or len(lines) >= LINES_MAX:
        raise TooMany("This board is full. Telephone the city, or 110 or 119.", 3600)
    return lines


def _add(connection: Connection, thread: Thread, told: FinderSaid, once: bytes, now: datetime) -> bool:
    """Whether the line is new."""
    if told.is_empty:
        return False
    after(thread.state, ThreadAction.WRITE)
    line = Line(
        id=LineId(new_id()),
        thread_id=thread.id,
        side=Side.FINDER,
        at=now,
        states=told.states,
        words=told.words,
        place=told.place,
        typed_place=told.typed_place,
    )
    return store.add_line(connection, line, once)


def _digest(once: str) -> bytes:
    return hashlib.sha256(once.encode("utf-8", "surrogatepass")).digest()


def _phone(connection: Connection, card: Card) -> str:
    if card.phone_shown is PhoneShown.NEVER or card.contact_id is None:
        return ""
    contact = households.contacts_by_id(connection, [card.contact_id]).get(card.contact_id)
    return "" if contact is None or contact.wearer_id != card.wearer_id else contact.phone


def _shown(line: Line) -> FinderLine:
    return FinderLine(
        side=line.side,
        at=line.at,
        words=line.words,
        states=line.states,
        typed_place=line.typed_place,
        shared_place=line.place is not None,
        has_photo=line.has_photo,
    )
