"""What people ask about passages and areas: only what they may see is shown, and every look is a row."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.devices.carriers import carrier_now
from app.devices.store.holders import sight
from app.geo.model import Point
from app.history.model import Doubt, KnownBy, Passage
from app.history.service.positions import EARLIEST, LATEST
from app.history.store import positions, questions
from app.history.store.questions import Fed
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import CityId, DetectorId, WearerId
from app.tags import service as tags
from app.tags.service.views import visible_detector

PASSAGES_SPAN = timedelta(days=31)
AREA_SPAN_MAX = timedelta(hours=24)
AREA_RADIUS_M_MAX = 5_000.0
AREA_FOUND_MAX = 1_000


class ShownPassage(Struct, frozen=True, kw_only=True):
    """A passage as somebody may see it: without tag and wearer where those are not theirs to know."""

    passage: Passage
    detector: str
    hidden: bool


class Feeding(Struct, frozen=True, kw_only=True):
    """Part of a feed, each passage with the detector's name, and the number of the last one that was looked at."""

    items: list[tuple[Fed, str]]
    last: int


class Near(Struct, frozen=True, kw_only=True):
    """Somebody near a point: when, how far, how it is known; at a detector with its name and until when."""

    wearer_id: WearerId
    at: datetime
    until: datetime | None
    distance_m: float
    accuracy_m: float | None
    known_by: KnownBy
    detector: str | None


def passages_of_detector(
    connection: Connection,
    viewer: Viewer,
    detector_id: UUID,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> list[ShownPassage]:
    """What a detector of the viewer's city heard in the last 31 days, newest first. Raises `NotFound`.

    Whose tag it was is told of those only whose place the viewer may see; each of them counts as looked at.
    """
    visible_detector(connection, viewer, DetectorId(detector_id))
    found = questions.of_detector(connection, detector_id, before, now - PASSAGES_SPAN, limit)
    return _shown(connection, viewer, found, now)


def passages_of_tag(
    connection: Connection,
    viewer: Viewer,
    tag_id: UUID,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> list[ShownPassage]:
    """Where a tag was heard in the last 31 days, newest first: for its vendor, and for those of its city's staff who
    may see the place of whoever wears it. Raises `NotFound`.

    What it was heard of others who wore it before is left out where the viewer may not see them.
    """
    known = questions.tags_of(connection, [tag_id]).get(tag_id)
    if known is None or not _in_charge(viewer, CityId(known[0])) or viewer.vendor not in (None, known[1]):
        raise NotFound
    worn = carrier_now(tags.worn(connection, [tag_id])[tag_id].carriers)
    if worn is not None and worn.wearer_id not in _may_see(connection, viewer, [worn.wearer_id], now):
        raise NotFound
    found = questions.of_tag(connection, tag_id, before, now - PASSAGES_SPAN, limit)
    may_see = _may_see(connection, viewer, [one.wearer_id for one in found if one.wearer_id is not None], now)
    found = [one for one in found if one.wearer_id is None or one.wearer_id in may_see]
    _note(connection, viewer, found, now)
    names = tags.placed(connection, {one.detector_id for one in found})
    return [ShownPassage(passage=one, detector=names[one.detector_id].name, hidden=False) for one in found]


def feed(connection: Connection, viewer: Viewer, after: int, limit: int, now: datetime) -> Feeding:
    """Closed passages of the viewer's own tags after the number `after`, with the detector's name, in the order in
    which they were written: nothing that is written late is missed.
    """
    if viewer.vendor is None:
        return Feeding(items=[], last=after)
    found = questions.feed(connection, viewer.city_id, viewer.vendor, after, limit)
    wearers = {one.passage.wearer_id for one in found if one.passage.wearer_id is not None}
    may_see = _may_see(connection, viewer, wearers, now)
    shown = [one for one in found if one.passage.wearer_id is None or one.passage.wearer_id in may_see]
    _note(connection, viewer, [one.passage for one in shown], now)
    names = tags.placed(connection, {one.passage.detector_id for one in shown})
    return Feeding(
        items=[(one, names[one.passage.detector_id].name) for one in shown], last=found[-1].serial if found else after
    )


def near_by(
    connection: Connection,
    viewer: Viewer,
    city_id: CityId,
    centre: Point,
    radius_m: float,
    span: tuple[datetime, datetime],
    reason: str,
    now: datetime,
) -> list[Near]:
    """Everybody whose place the viewer may see and who was within `radius_m` metres of a point between two times,
    newest first; who asked and why is kept, and each of them counts as looked at. Raises `InvalidInput`, `NotFound`.
    """
    from_at, until_at = span
    if not EARLIEST <= from_at <= LATEST:
        raise InvalidInput("Nothing is kept of that time.", "from_at")
    if not from_at < until_at <= from_at + AREA_SPAN_MAX:
        raise InvalidInput(f"Ask for {AREA_SPAN_MAX.days * 24} hours at most, from before until.", "until")
    if not _in_charge(viewer, city_id):
        raise NotFound
    found = [
        *_near_positions(connection, city_id, centre, radius_m, span),
        *_near_passages(connection, city_id, centre, radius_m, span),
    ]
    may_see = households.visible_wearer_ids(connection, viewer, Scope.PLACE, now, {one.wearer_id for one in found})
    shown = sorted((one for one in found if one.wearer_id in may_see), key=lambda one: one.at, reverse=True)
    shown = shown[:AREA_FOUND_MAX]
    for wearer_id in {one.wearer_id for one in shown}:
        households.look(connection, viewer, wearer_id, Purpose.AREA, now)
    questions.note_question(connection, city_id, viewer.account_id, centre, radius_m, span, reason, len(shown), now)
    return shown


def doubts(
    connection: Connection, viewer: Viewer, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[UUID, Doubt]]:
    """Passages of the tags of the viewer's city that cannot both be true, newest first."""
    city_id = None if viewer.role is Role.ADMINISTRATOR else viewer.city_id
    return questions.doubts(connection, city_id, before, limit)


def _near_positions(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, span: tuple[datetime, datetime]
) -> Iterable[Near]:
    for one in positions.near(connection, city_id, centre, radius_m, *span, AREA_FOUND_MAX):
        if one.wearer_id is not None:
            yield Near(
                wearer_id=one.wearer_id,
                at=one.at,
                until=None,
                distance_m=one.distance_m,
                accuracy_m=one.accuracy_m,
                known_by=one.known_by,
                detector=None,
            )


def _near_passages(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, span: tuple[datetime, datetime]
) -> Iterable[Near]:
    found = questions.near(connection, city_id, centre, radius_m, *span)
    names = tags.placed(connection, {one.detector_id for one, _ in found})
    for one, distance_m in found:
        if one.wearer_id is not None and not one.doubtful:
            yield Near(
                wearer_id=one.wearer_id,
                at=one.opened_at,
                until=one.last_at,
                distance_m=distance_m,
                accuracy_m=one.accuracy_m,
                known_by=KnownBy.DETECTOR,
                detector=names[one.detector_id].name,
            )


def _shown(connection: Connection, viewer: Viewer, found: Sequence[Passage], now: datetime) -> list[ShownPassage]:
    may_see = _may_see(connection, viewer, [one.wearer_id for one in found if one.wearer_id is not None], now)
    open_to = [one for one in found if one.wearer_id is None or one.wearer_id in may_see]
    _note(connection, viewer, open_to, now)
    known = {one.id for one in open_to}
    names = tags.placed(connection, {one.detector_id for one in found})
    return [
        ShownPassage(passage=one, detector=names[one.detector_id].name, hidden=one.id not in known) for one in found
    ]


def _may_see(
    connection: Connection, viewer: Viewer, wearer_ids: Collection[WearerId], now: datetime
) -> Collection[WearerId]:
    """Those of these wearers whose passages the viewer may see: by consent to their place; the vendor of their tag all
    but those who are hidden from it.
    """
    if viewer.role is Role.VENDOR:
        return set(wearer_ids) - sight(connection, viewer, wearer_ids, now).hidden
    return households.visible_wearer_ids(connection, viewer, Scope.PLACE, now, wearer_ids)


def _note(connection: Connection, viewer: Viewer, found: Iterable[Passage], now: datetime) -> None:
    for wearer_id in {one.wearer_id for one in found if one.wearer_id is not None}:
        households.look(connection, viewer, wearer_id, Purpose.PASSAGE, now)


def _in_charge(viewer: Viewer, city_id: CityId) -> bool:
    return viewer.role is Role.ADMINISTRATOR or viewer.city_id == city_id
