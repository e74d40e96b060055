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
from app.history.store import positions, questions, said
from app.history.store.questions import Fed
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import CityId, DetectorId, TagId, WearerId
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.service.views import visible_detector

PASSAGES_SPAN = timedelta(days=31)
AREA_SPAN_MAX = timedelta(hours=24)
AREA_RADIUS_M_MAX = 5_000.0
AREA_FOUND_MAX = 1_000
_OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})


class ShownPassage(Struct, frozen=True, kw_only=True):
    """A passage as somebody may see it: hidden, so without its id, tag and wearer, where those are not theirs to know.
    `wearer_id` is whoever may be named.
    """

    passage: Passage
    detector: str
    hidden: bool
    wearer_id: WearerId | None


class ShownDoubt(Struct, frozen=True, kw_only=True):
    """A doubt as somebody may see it: hidden, so without passages, distance and exact time, where those are not theirs
    to know; `tag_id` is the tag where it may be named.
    """

    id: UUID
    doubt: Doubt
    hidden: bool
    tag_id: TagId | None


class Feeding(Struct, frozen=True, kw_only=True):
    """Part of a feed, each passage with the detector's name, and the number of the last one that was looked at.

    One that became part of another has neither passage nor name.
    """

    items: list[tuple[Fed, str | None]]
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

    Whose tag it was is told of those only whose place the viewer may see; each of them counts as looked at. Of one in a
    home the others are left out: that somebody comes and goes there tells who.
    """
    detector = visible_detector(connection, viewer, DetectorId(detector_id))
    since, may_see = now - PASSAGES_SPAN, None
    if detector.kind is DetectorKind.HOME:
        wearers = questions.wearers_at_detector(connection, detector_id, since)
        may_see = _may_see(connection, viewer, wearers, now)
    found = questions.of_detector(connection, detector_id, before, since, limit, may_see)
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
    carriers = tags.worn(connection, [tag_id])[tag_id].carriers
    worn = carrier_now(carriers)
    may_see = _may_see(connection, viewer, {one.wearer_id for one in carriers}, now)
    if worn is not None and worn.wearer_id not in may_see:
        raise NotFound
    found = questions.of_tag(connection, tag_id, before, now - PASSAGES_SPAN, limit, may_see)
    return _shown(connection, viewer, found, now)


def feed(connection: Connection, viewer: Viewer, after: int, limit: int, now: datetime) -> Feeding:
    """Closed passages of the viewer's own tags after the number `after`, with the detector's name, in the order in
    which they were written: nothing that is written late is missed. There may be more although there is none here.
    """
    if viewer.vendor is None:
        return Feeding(items=[], last=after)
    found, last = questions.feed(connection, viewer.city_id, viewer.vendor, after, limit)
    passages = [one.passage for one in found if one.passage is not None]
    may_see = _may_see(connection, viewer, {one.wearer_id for one in passages if one.wearer_id is not None}, now)
    passages = [one for one in passages if one.wearer_id is None or one.wearer_id in may_see]
    _note(connection, viewer, passages, now)
    placed = tags.placed(connection, {one.detector_id for one in passages})
    names: dict[UUID, str] = {one.id: placed[one.detector_id].name for one in passages}
    return Feeding(
        items=[(one, names.get(one.id)) for one in found if one.passage is None or one.id in names], last=last
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

    Of each of them the newest place of each way in which it is known, and the newest passage of each detector; where
    that is too much, at least the newest of each.
    """
    from_at, until_at = span
    if not EARLIEST <= from_at <= LATEST:
        raise InvalidInput("Nothing is kept of that time.", "from_at")
    if not from_at < until_at <= from_at + AREA_SPAN_MAX:
        raise InvalidInput(f"Ask for {AREA_SPAN_MAX.days * 24} hours at most, from before until.", "until_at")
    if not _in_charge(viewer, city_id):
        raise NotFound
    found = [
        *_near_positions(connection, city_id, centre, radius_m, span),
        *_near_passages(connection, city_id, centre, radius_m, span),
        *_near_said(connection, city_id, centre, radius_m, span),
    ]
    may_see = households.visible_wearer_ids(connection, viewer, Scope.PLACE, now, {one.wearer_id for one in found})
    shown = _newest_of_each([one for one in found if one.wearer_id in may_see])
    households.look_at_all(connection, viewer, {one.wearer_id for one in shown}, Purpose.AREA, now)
    questions.note_question(connection, city_id, viewer.account_id, centre, radius_m, span, reason, len(shown), now)
    return shown


def doubts(connection: Connection, viewer: Viewer, before: UUID | None, limit: int, now: datetime) -> list[ShownDoubt]:
    """Passages of the tags of the viewer's city that cannot both be true, newest first, after the doubt `before`:
    hidden unless the viewer may see the place of whoever wore the tag, who counts as looked at then.

    The office, which looks after the tags, is told which one it is: but for those of somebody hidden from the viewer.
    """
    city_id = None if viewer.role is Role.ADMINISTRATOR else viewer.city_id
    found = questions.doubts(connection, city_id, before, limit)
    wearers = {key: _wearers(doubt) for key, doubt in found}
    named = _named(connection, viewer, found, now)
    may_see = _may_see(connection, viewer, set().union(*wearers.values()), now)
    for wearer_id in {one for those in wearers.values() if those <= set(may_see) for one in those}:
        households.look(connection, viewer, wearer_id, Purpose.PASSAGE, now)
    shown = []
    for key, doubt in found:
        hidden = not wearers[key] <= set(may_see)
        tag_id = doubt.tag_id if not hidden or key in named else None
        shown.append(ShownDoubt(id=key, doubt=doubt, hidden=hidden, tag_id=tag_id))
    return shown


def _named(connection: Connection, viewer: Viewer, found: Sequence[tuple[UUID, Doubt]], now: datetime) -> set[UUID]:
    """Those doubts whose tag the viewer looks after and may know of, as in the list of tags."""
    if viewer.role not in _OFFICE:
        return set()
    worn = tags.worn(connection, {doubt.tag_id for _, doubt in found})
    concerned = {}
    for key, doubt in found:
        carrier = carrier_now(worn[doubt.tag_id].carriers)
        concerned[key] = _wearers(doubt) | ({carrier.wearer_id} if carrier is not None else set())
    hidden = sight(connection, viewer, set().union(*concerned.values()), now).hidden
    return {key for key, wearers in concerned.items() if not wearers & hidden}


def _wearers(doubt: Doubt) -> set[WearerId]:
    return {one for one in (doubt.wearer_id, doubt.other_wearer_id) if one is not None}


def _newest_of_each(found: Iterable[Near]) -> list[Near]:
    """At most `AREA_FOUND_MAX`, newest first; others of one wearer only where there is room."""
    ordered = sorted(found, key=lambda one: one.at, reverse=True)
    firsts = {one.wearer_id: one for one in reversed(ordered)}
    others = [one for one in ordered if firsts[one.wearer_id] is not one]
    shown = [*firsts.values(), *others][:AREA_FOUND_MAX]
    return sorted(shown, key=lambda one: one.at, reverse=True)


def _near_positions(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, span: tuple[datetime, datetime]
) -> Iterable[Near]:
    for one in positions.newest_near(connection, city_id, centre, radius_m, *span):
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
    found = sorted(questions.near(connection, city_id, centre, radius_m, *span), key=lambda found: found[0].opened_at)
    names = tags.placed(connection, {one.detector_id for one, _ in found})
    newest = {(one.wearer_id, one.detector_id): (one, away_m) for one, away_m in found if not one.doubtful}
    for one, distance_m in newest.values():
        if one.wearer_id is not None:
            yield Near(
                wearer_id=one.wearer_id,
                at=one.opened_at,
                until=one.last_at,
                distance_m=distance_m,
                accuracy_m=one.accuracy_m,
                known_by=KnownBy.DETECTOR,
                detector=names[one.detector_id].name,
            )


def _near_said(
    connection: Connection, city_id: CityId, centre: Point, radius_m: float, span: tuple[datetime, datetime]
) -> Iterable[Near]:
    for one, distance_m in said.newest_near(connection, city_id, centre, radius_m, *span):
        yield Near(
            wearer_id=one.wearer_id,
            at=one.at,
            until=None,
            distance_m=distance_m,
            accuracy_m=one.accuracy_m,
            known_by=one.known_by,
            detector=None,
        )


def _shown(connection: Connection, viewer: Viewer, found: Sequence[Passage], now: datetime) -> list[ShownPassage]:
    may_see = _may_see(connection, viewer, [one.wearer_id for one in found if one.wearer_id is not None], now)
    open_to = [one for one in found if one.wearer_id is None or one.wearer_id in may_see]
    _note(connection, viewer, open_to, now)
    known = {one.id for one in open_to}
    names = tags.placed(connection, {one.detector_id for one in found})
    # A vendor does not learn who wears its tag.
    named = set() if viewer.role is Role.VENDOR else known
    return [
        ShownPassage(
            passage=one,
            detector=names[one.detector_id].name,
            hidden=one.id not in known,
            wearer_id=one.wearer_id if one.id in named else None,
        )
        for one in found
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
    looked_at = {one.wearer_id for one in found if one.wearer_id is not None}
    households.look_at_all(connection, viewer, looked_at, Purpose.PASSAGE, now)


def _in_charge(viewer: Viewer, city_id: CityId) -> bool:
    return viewer.role is Role.ADMINISTRATOR or viewer.city_id == city_id
