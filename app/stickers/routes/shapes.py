"""Boards as the family and the city read them. Nothing here is of the finder but what she wrote."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from app.stickers.service.answering import Detail, Shown
from app.stickers.threads import HerState, LastWords, Line, Mode, Side, ThreadState


class PlaceOut(Struct, frozen=True, kw_only=True):
    """Where the finder's phone said that it was; within `accuracy_m` of it with 68 % probability."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float


class LineOut(Struct, frozen=True, kw_only=True):
    """What one side wrote at once."""

    id: UUID
    side: Side
    at: datetime
    name: Annotated[str | None, Meta(description="who of the family or the city; the finder reads no name")]
    words: str
    states: list[HerState]
    place: PlaceOut | None
    typed_place: str
    has_photo: bool


class BoardOut(Struct, frozen=True, kw_only=True):
    """A board in a list."""

    id: UUID
    wearer: UUID
    wearer_name: Annotated[str, Meta(description="in an exercise, what it is called")]
    alert: UUID | None
    mode: Annotated[Mode, Meta(description="real; test: the family tries its stickers; drill: an exercise of the city")]
    state: ThreadState
    sticker: Annotated[str, Meta(description="the number that is printed on it")]
    stuck_on: str
    language: Annotated[str, Meta(description="in which the finder reads")]
    begun_at: datetime
    newest_at: datetime
    lines: int
    coming_by: str | None
    coming_at: datetime | None
    arrives_at: datetime | None
    guard_comes: bool
    ended_at: datetime | None
    ended_by: str | None
    last_code: LastWords | None
    last_words: str
    blocked: bool


class BoardDetail(BoardOut, frozen=True, kw_only=True):
    """A board with its lines, oldest first. `places`: whether you may see where the finder says that they are."""

    said: list[LineOut]
    places: bool


def board_of(shown: Shown) -> BoardOut:
    """A board as it is listed."""
    one = shown.thread
    return BoardOut(
        id=one.id,
        wearer=one.wearer_id,
        wearer_name=shown.wearer_name,
        alert=one.alert_id,
        mode=one.mode,
        state=one.state,
        sticker=shown.sticker.number,
        stuck_on=shown.sticker.stuck_on,
        language=one.language,
        begun_at=one.begun_at,
        newest_at=one.newest_at,
        lines=shown.lines,
        coming_by=None if one.coming_by is None else shown.names.get(one.coming_by),
        coming_at=one.coming_at,
        arrives_at=one.arrives_at,
        guard_comes=shown.guard_comes,
        ended_at=one.ended_at,
        ended_by=None if one.ended_by is None else shown.names.get(one.ended_by),
        last_code=one.last_code,
        last_words=one.last_words,
        blocked=one.blocked,
    )


def detail_of(detail: Detail) -> BoardDetail:
    """A board as it is read."""
    said = [_line(line, detail.names) for line in detail.said]
    return BoardDetail(**asdict(board_of(detail)), said=said, places=detail.places)


def _line(one: Line, names: dict[UUID, str]) -> LineOut:
    place = None
    if one.place is not None:
        place = PlaceOut(lat_deg=one.place.lat_deg, lon_deg=one.place.lon_deg, accuracy_m=one.place.accuracy_m)
    return LineOut(
        id=one.id,
        side=one.side,
        at=one.at,
        name=None if one.account_id is None else names.get(one.account_id),
        words=one.words,
        states=sorted(one.states),
        place=place,
        typed_place=one.typed_place,
        has_photo=one.has_photo,
    )
