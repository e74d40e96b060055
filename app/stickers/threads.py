"""The thread between one finder and a family: what states it has, who may do what to it, how much fits in, and how long
it is kept. Pure.

A thread belongs to one finder; two people who find her have two. It ends when she is handed over, when somebody closes
it, or by itself when nobody has written for hours. After that the finder reads one last line for a day, then nothing.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from app.kit import machine
from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, AlertId, CityId, DrillId, LineId, StickerId, ThreadId, WearerId
from app.pictures import Size

WORDS_MAX = 500
PLACE_WORDS_MAX = 200
LINES_MAX = 200
"""Lines of one thread. The last ones are kept for the family: a finder stops earlier."""
FINDER_LINES_MAX = 120
PHOTOS_MAX = 3
PHOTO_SIZE = Size(side_px=1280, bytes_max=600_000)
THREADS_PER_STICKER_AND_HOUR = 10
"""More than this is no crowd of helpers: the page still says what to do, and the family is told no more often."""
THREADS_PER_FINDER_AND_HOUR = 3
"""Of one mark on one sticker: a phone with a copy of the code cannot use up what is for those who are with her."""
EXPIRES_AFTER = timedelta(hours=12)
"""Since anybody last wrote."""
LAST_LINE_FOR = timedelta(hours=24)
"""So long after the end the finder reads the last line; then her secret and her mark are deleted."""
KEPT_DAYS = 30
"""So long after the end a thread is kept, with its lines and photos; less where a city keeps places for less long."""
TOLD_AGAIN_AFTER = timedelta(seconds=60)
"""What a finder writes is told at once, and what she writes within a minute of that, together when it is over."""
TEST_FOR = timedelta(minutes=30)
DRILL_MAX = timedelta(hours=24)
BLOCK_HOURS_MAX = 24 * 30


class ThreadState(StrEnum):
    """A thread goes on as long as it is open, or somebody comes."""

    OPEN = "open"
    COMING = "coming"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    EXPIRED = "expired"


class ThreadAction(StrEnum):
    """What is done to a thread."""

    WRITE = "write"
    COME = "come"
    HAND_OVER = "hand_over"
    CLOSE = "close"
    BLOCK = "block"
    EXPIRE = "expire"


class Side(StrEnum):
    """Who writes or acts: the finder, somebody of the family, the city, or the service itself."""

    FINDER = "finder"
    FAMILY = "family"
    CITY = "city"
    SERVICE = "service"


class Mode(StrEnum):
    """What a thread is: the real thing, a family that tries its stickers, or an exercise of the city."""

    REAL = "real"
    TEST = "test"
    DRILL = "drill"


class HerState(StrEnum):
    """How she seems to whoever is with her."""

    CALM = "calm"
    HURT = "hurt"
    COLD = "cold"
    LOST = "lost"


class LastWords(StrEnum):
    """What a family may say at the end in words that the finder's page has in her language."""

    HOME_SAFE = "home_safe"
    WITH_US = "with_us"
    THANKS = "thanks"


_S, _A = ThreadState, ThreadAction

GOING_ON = frozenset({_S.OPEN, _S.COMING})
ENDED = frozenset(_S) - GOING_ON

TRANSITIONS: Mapping[tuple[ThreadState, ThreadAction], ThreadState] = {
    (_S.OPEN, _A.WRITE): _S.OPEN,
    (_S.COMING, _A.WRITE): _S.COMING,
    (_S.OPEN, _A.COME): _S.COMING,
    (_S.COMING, _A.COME): _S.COMING,
    **{(before, _A.HAND_OVER): _S.HANDED_OVER for before in (_S.OPEN, _S.COMING)},
    **{(before, _A.CLOSE): _S.CLOSED for before in (_S.OPEN, _S.COMING)},
    **{(before, _A.BLOCK): _S.CLOSED for before in _S},
    **{(before, _A.EXPIRE): _S.EXPIRED for before in (_S.OPEN, _S.COMING)},
}

MAY: Mapping[ThreadAction, frozenset[Side]] = {
    _A.WRITE: frozenset({Side.FINDER, Side.FAMILY, Side.CITY}),
    _A.COME: frozenset({Side.FAMILY, Side.CITY}),
    _A.HAND_OVER: frozenset({Side.FAMILY, Side.CITY}),
    _A.CLOSE: frozenset({Side.FAMILY, Side.CITY, Side.SERVICE}),
    _A.BLOCK: frozenset({Side.CITY}),
    _A.EXPIRE: frozenset({Side.SERVICE}),
}


def after(state: ThreadState, action: ThreadAction) -> ThreadState:
    """The state after `action`. Raises `Conflict` when that is not possible any more."""
    return machine.step(TRANSITIONS, state, action)


def may(side: Side, action: ThreadAction) -> bool:
    """Whether this side may do this at all."""
    return side in MAY[action]


class SharedPlace(Struct, frozen=True, kw_only=True):
    """Where a finder's phone says that it is, and how sure (metres, 68 %)."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float


class FinderSaid(Struct, frozen=True, kw_only=True):
    """What a finder says at once: how she seems, a few words, and where they are (by the phone, or typed)."""

    states: frozenset[HerState] = frozenset()
    words: str = ""
    place: SharedPlace | None = None
    typed_place: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return not self.states and not self.words and self.place is None and not self.typed_place


class Thread(Struct, frozen=True, kw_only=True):
    """One finder's thread. `begun_by`: whose test it is. `told_at`: when the family was last told of what the finder
    wrote, or will be, where that is in the future. `blocked`: the city ended it as abuse.
    """

    id: ThreadId
    city_id: CityId
    wearer_id: WearerId
    sticker_id: StickerId
    mode: Mode
    state: ThreadState
    language: str
    begun_at: datetime
    newest_at: datetime
    told_at: datetime
    alert_id: AlertId | None = None
    drill_id: DrillId | None = None
    begun_by: AccountId | None = None
    coming_by: AccountId | None = None
    coming_at: datetime | None = None
    arrives_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: AccountId | None = None
    last_code: LastWords | None = None
    last_words: str = ""
    blocked: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether anything can still be written."""
        return self.state in GOING_ON

    def at(self, now: datetime) -> "Thread":
        """The thread as it is at a moment, whether or not the job that lets threads expire has come by."""
        if self.goes_on and now - self.newest_at >= EXPIRES_AFTER:
            return replace(self, state=ThreadState.EXPIRED, ended_at=self.newest_at + EXPIRES_AFTER)
        return self

    def is_gone(self, now: datetime) -> bool:
        """Whether its finder is to find nothing any more."""
        ended_at = self.at(now).ended_at
        return ended_at is not None and now - ended_at >= LAST_LINE_FOR


class Line(Struct, frozen=True, kw_only=True):
    """What one side wrote at once. `account_id`: who of the family or the city."""

    id: LineId
    thread_id: ThreadId
    side: Side
    at: datetime
    account_id: AccountId | None = None
    states: frozenset[HerState] = frozenset()
    words: str = ""
    place: SharedPlace | None = None
    typed_place: str = ""
    has_photo: bool = False


class FinderLine(Struct, frozen=True, kw_only=True):
    """A line as the finder reads it: whether it is her own, the family's or the city's, and nobody's name."""

    side: Side
    at: datetime
    words: str
    states: frozenset[HerState]
    typed_place: str
    shared_place: bool
    has_photo: bool


class FinderView(Struct, frozen=True, kw_only=True):
    """All that a finder may know. While the thread goes on: the lines, what the family chose to show, the telephone of
    a contact where it is shown, whether somebody comes and when, whether a guard comes. After its end only how it
    ended and the last line.
    """

    mode: Mode
    state: ThreadState
    begun_at: datetime
    lines: tuple[FinderLine, ...] = ()
    nickname: str = ""
    helps: str = ""
    illness: str = ""
    phone: str = ""
    coming: bool = False
    arrives_at: datetime | None = None
    guard_comes: bool = False
    last_code: LastWords | None = None
    last_words: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether she can write."""
        return self.state in GOING_ON


class Quiet(StrEnum):
    """Why no thread was begun: too many in an hour, or the city has blocked whoever this is for a while."""

    TOO_MANY = "too_many"
    BLOCKED = "blocked"


class Begun(Struct, frozen=True, kw_only=True):
    """What came of "I am with this person": the finder's secret and her thread; or why there is none."""

    secret: str = ""
    thread: Thread | None = None
    quiet: Quiet | None = None


def plain(text: str, length_max: int, where: str) -> str:
    """Words as they are kept: NFC, line breaks as they are, no other control characters and no marks that turn the
    direction of writing. Raises `InvalidInput` for `where` when they are too long.

    >>> plain(" I am\\x00 here\\r\\nwith her \\u202e", 500, "words")
    'I am here\\nwith her'
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join("".join(one for one in line if _is_kept(one)).strip() for line in lines).strip()
    if len(kept) > length_max:
        raise InvalidInput(f"At most {length_max} characters.", where)
    return kept


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in _TURNING


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def said(one: FinderSaid) -> FinderSaid:
    """What a finder said, as it is kept. A place that cannot be is left out: it must not cost her the rest. Raises
    `InvalidInput` for words that are too long.
    """
    place = one.place
    if place is not None and not (
        -90 <= place.lat_deg <= 90 and -180 <= place.lon_deg <= 180 and 0 <= place.accuracy_m <= 100_000
    ):
        place = None
    return FinderSaid(
        states=one.states,
        words=plain(one.words, WORDS_MAX, "words"),
        place=place,
        typed_place=plain(one.typed_place, PLACE_WORDS_MAX, "typed_place"),
    )


def told_when(told_at: datetime, now: datetime) -> datetime:
    """When what is written now is told, after something was told at `told_at`, or waits to be told then."""
    if told_at > now:
        return told_at
    return max(now, told_at + TOLD_AGAIN_AFTER)
