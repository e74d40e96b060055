"""What other rooms and people ask of history: keep, last known place, track, forget."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.devices import service as devices
from app.geo.model import Point
from app.geo.quality import Known, Place, assumed_accuracy_m
from app.history import walk
from app.history.freshness import whereabouts
from app.history.model import SAID, KnownBy, Nearby, Position, Track, TrackPoint, Whereabouts
from app.history.store import partitions, questions, said
from app.history.store import passages as passage_store
from app.history.store import positions as store
from app.history.thinning import thinned
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import InvalidInput
from app.kit.ids import CityId, DeviceId, WearerId
from app.tags import service as tags

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
PASSAGE_S = 60
"""A tag that is near is heard within this time: after twice that she has gone on."""

SAID_S = 60
"""Somebody who is found walks on, or is taken along: what was said is soon where she was."""

TRACK_SPAN = timedelta(hours=24)
TRACK_SPAN_MAX = timedelta(days=31)
POINTS_MIN = 2
POINTS = 2_000
POINTS_MAX = 10_000
TRACK_ROWS_MAX = 10_000
"""Stored places read for one answer, a week of one a minute: what is beyond is the next part. Reading and thinning so
many took a quarter of a second on one core."""

FORGOTTEN_MAX = 5_000
"""Rows deleted in one transaction, so that retention never keeps the writer from devices for long."""

append = store.append
refuse = store.refuse
keep_surveys = store.keep_surveys


def last_known(connection: Connection, wearer_ids: Iterable[WearerId]) -> dict[WearerId, Position]:
    """The newest place of each wearer, by the time of the fix, when a detector last heard her tag, or of which somebody
    said it; a wearer without any is absent. No question of who may see it is asked here."""
    wanted = list(wearer_ids)
    found = store.last_of_wearers(connection, wanted)
    for wearer_id, lately in questions.lately_of_wearers(connection, wanted).items():
        passage = walk.newest(lately)
        known = found.get(wearer_id)
        if passage is not None and (known is None or passage.last_at > known.fix_at):
            found[wearer_id] = walk.position_of(passage)
    for wearer_id, told in said.last_of_wearers(connection, wanted).items():
        known = found.get(wearer_id)
        if known is None or told.at > known.fix_at:
            found[wearer_id] = walk.position_said(told)
    return found


def last_of_devices(connection: Connection, device_ids: Iterable[DeviceId]) -> dict[DeviceId, Known]:
    """What judging the next fix of each device needs to know, made from its newest position."""
    found = store.last_of_devices(connection, device_ids)
    return {device_id: Known(_place(position)) for device_id, position in found.items()}


def where_is(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Whereabouts:
    """The wearer's last known place for somebody who may see it; the look is a row in the same transaction. Raises
    `NotFound`."""
    households.visible_wearer(connection, viewer, wearer_id, Scope.PLACE, now)
    households.look(connection, viewer, wearer_id, Purpose.PLACE, now)
    position = last_known(connection, [wearer_id]).get(wearer_id)
    if position is None or position.known_by is KnownBy.DETECTOR:
        return whereabouts(position, PASSAGE_S, now)
    if position.known_by in SAID:
        return whereabouts(position, SAID_S, now)
    return whereabouts(position, devices.intervals_of(connection, [position.device_id])[position.device_id], now)


def look_at_track(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    """Writes down that the viewer is about to see the wearer's track. Raises `NotFound` for who may not."""
    households.visible_wearer(connection, viewer, wearer_id, Scope.TRACK, now)
    households.look(connection, viewer, wearer_id, Purpose.TRACK, now)


def track(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    from_at: datetime,
    until_at: datetime,
    points_max: int,
    now: datetime,
) -> Track:
    """Where the wearer was from `from_at` up to, not including, `until_at`, in at most `points_max` points.

    Raises `NotFound` for who may not see it. The look must be
    committed before (`look_at_track`): it is a write and this is much to read, so they are two transactions, and the
    row is there whatever becomes of the answer.
    """
    households.visible_wearer(connection, viewer, wearer_id, Scope.TRACK, now)
    points, next_at = store.track(connection, wearer_id, from_at, until_at, TRACK_ROWS_MAX)
    passages = questions.of_wearer(connection, wearer_id, from_at, next_at or until_at, TRACK_ROWS_MAX)
    if len(passages) == TRACK_ROWS_MAX and passages[-1].opened_at > from_at:
        next_at = passages[-1].opened_at
        points = [point for point in points if point.at < next_at]
        passages = [one for one in passages if one.opened_at < next_at]
    names = tags.placed_now(connection, {one.detector_id for one in passages})
    heard = walk.points_of(passages, {key: one.name for key, one in names.items()}, from_at)
    points = walk.merged(points, heard)
    shown = thinned(points, points_max)
    return Track(points=shown, left_out=len(points) - len(shown), next_at=next_at)


def recorded(connection: Connection, wearer_id: WearerId, from_at: datetime, until_at: datetime) -> list[TrackPoint]:
    """All measured places of the wearer from `from_at` up to, not including, `until_at`, in order of time: positions,
    and passages that touch the span, but doubtful ones. For the house itself: who may see them is not asked. What is
    learnt of them must not be made up by a stranger, so that what people said is left out.
    """
    points: list[TrackPoint] = []
    part_from: datetime | None = from_at
    while part_from is not None:
        part, part_from = store.track(connection, wearer_id, part_from, until_at, TRACK_ROWS_MAX)
        points += [point for point in part if point.known_by not in SAID]
    passages = questions.of_wearer(connection, wearer_id, from_at, until_at, TRACK_ROWS_MAX)
    return walk.merged(points, walk.points_of(passages, {}, from_at))


def span(from_at: datetime | None, until_at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The span that is asked for: until now where its end is not told, of 24 hours where its beginning is not told.

    Raises `InvalidInput` for one that is none, or longer than one question may be.
    """
    until = now if until_at is None else until_at
    if not EARLIEST <= until <= LATEST:
        raise InvalidInput("Nothing is kept of that time.", "until")
    begin = until - TRACK_SPAN if from_at is None else from_at
    if begin >= until:
        raise InvalidInput("The span must begin before it ends.", "from")
    if until - begin > TRACK_SPAN_MAX:
        raise InvalidInput(f"Ask for {TRACK_SPAN_MAX.days} days at most.", "from")
    return begin, until


def near(
    connection: Connection,
    city_id: CityId,
    centre: Point,
    radius_m: float,
    from_at: datetime,
    until_at: datetime,
    limit: int,
) -> list[Nearby]:
    """Positions of a city within `radius_m` of a point between two times, newest first. Who may ask, and why, is the
    caller's to settle."""
    return store.near(connection, city_id, centre, radius_m, from_at, until_at, limit)


def forget_before(connection: Connection, before: datetime) -> int:
    """Deletes positions whose fix, passages whose beginning, what people said of moments that, and refused fixes whose
    receipt is older; how many.

    Call again until it is 0: one call deletes a bounded number.
    """
    partitions.drop_before(connection, before)
    refused = store.forget_refused_before(connection, before, FORGOTTEN_MAX)
    passed = passage_store.forget_before(connection, before, FORGOTTEN_MAX)
    told = said.forget_before(connection, before, FORGOTTEN_MAX)
    return refused + passed + told + store.forget_before(connection, before, FORGOTTEN_MAX)


def make_room(connection: Connection, from_at: datetime, now: datetime) -> None:
    """Makes the tables of the months from `from_at` until some time after now, where history lies in such."""
    partitions.make(connection, from_at, now)


def forget_surveys_before(connection: Connection, before: datetime) -> int:
    """Deletes surveys received earlier; how many. Call again until it is 0."""
    return store.forget_surveys_before(connection, before, FORGOTTEN_MAX)


def _place(position: Position) -> Place:
    accuracy_m = position.accuracy_m
    assumed_m = assumed_accuracy_m(position.known_by) if accuracy_m is None else accuracy_m
    return Place(position.fix_at, position.lat_deg, position.lon_deg, assumed_m)
