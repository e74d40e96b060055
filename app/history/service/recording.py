"""What detectors heard becomes passages: joined with what is stored, attributed, placed, doubted, written.

One call takes everything that a group of units says, so that each touched passage is written once a group.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.engine import Connection

from app.devices.carriers import carrier_at
from app.geo.cells import cell_of, hour_of
from app.history.going import Going, OfTag, OpenKey, lengthened, may_contradict
from app.history.model import Began, KnownBy, Passage, Position, Spot
from app.history.service import doubting
from app.history.service.beginning import begun, cell_at
from app.history.service.company import keep_company
from app.history.service.gathering import Touched, gather
from app.history.service.standing import spot_of
from app.history.store import opened, positions
from app.history.store import passages as store
from app.kit.ids import CityId, DetectorId, DeviceId, PassageId, TagId, new_id
from app.tags import heard as heard_set
from app.tags import service as tags
from app.tags.passages import Joined, Stretch, join, stretches, taught_interval_s
from beacon_ingest.messages import DetectorUnit, Fix

KEPT_OPEN = timedelta(minutes=5)
"""A passage stays among the open ones so long after it is over, so that what comes a little late meets it there and
nobody has to search the history.
"""

LATE = timedelta(minutes=2)
"""What is told later than this may contradict what is already history."""

CLOSED_AT_ONCE = 1_000


class _Changes(Struct):
    """What is to be written."""

    opened: dict[PassageId, tuple[Passage, datetime]] = msgspec.field(default_factory=dict)
    closed: list[Passage] = msgspec.field(default_factory=list)
    gone_open: list[Passage] = msgspec.field(default_factory=list)
    gone_closed: list[Passage] = msgspec.field(default_factory=list)
    merged: list[Passage] = msgspec.field(default_factory=list)
    late: list[Passage] = msgspec.field(default_factory=list)
    began: list[Began] = msgspec.field(default_factory=list)
    taught: list[tuple[UUID, float]] = msgspec.field(default_factory=list)


def record(connection: Connection, units: Sequence[DetectorUnit], now: datetime) -> list[Began]:
    """Takes in what detectors heard; the passages that are news, in order of time. A repeat changes nothing."""
    tags.queue_up(connection, (tag.tag for unit in units for tag in unit.tags))
    touched, lent = gather(connection, units)
    if lent:
        keep_company(connection, lent, now)
    if not touched:
        return []
    known = opened.of(connection, {key[:2] for key in touched})
    open_from_s, recent_s = (now - KEPT_OPEN).timestamp(), (now - LATE).timestamp()
    longer: list[tuple[OpenKey, OfTag, Going]] = []
    fresh: list[tuple[OpenKey, OfTag, Going]] = []
    others: dict[OpenKey, Touched] = {}
    changes = _Changes()
    begins: list[tuple[OpenKey, Passage, int, int, int]] = []
    for key, one in touched.items():
        of_tag = one.of_tag = known[key[:2]]
        before = of_tag.get(key[2])
        if before is None:
            found = begun(one, recent_s)
            if found is None:
                others[key] = one
                continue
            passage, going = found
            close_s = ceil(going.last_s + one.tag.gap_s)
            begins.append((key, passage, going.first_s, going.last_s, close_s))
            fresh.append((key, of_tag, going))
            changes.began.append(Began(passage, one.detector.name, one.detector.kind))
            continue
        tag = one.tag
        after = lengthened(before, one.seconds, one.rssi_dbm_max, tag.gap_s, tag.cuts_s, open_from_s)
        if after is None:
            others[key] = one
            continue
        one.until_s = before.last_s
        if after != before:
            longer.append((key, of_tag, after))
    if others:
        by_key = {
            _key(one): one
            for one in store.open_of(connection, [key for key, one in others.items() if key[2] in one.of_tag])
        }
        for key, one in others.items():
            _join(connection, changes, one, by_key.get(key), now)
    store.lengthen(connection, longer)
    store.begin(connection, begins)
    _write(connection, changes)
    became: dict[OpenKey, Going | None] = {_key(one): None for one in changes.gone_open}
    became |= {_key(one): _going(one) for one, _ in changes.opened.values()}
    opened.changed(connection, became, longer + fresh)
    _doubt(connection, changes, touched)
    store.save_closed(connection, changes.closed)
    tags.teach_intervals(connection, changes.taught)
    return sorted(changes.began, key=lambda one: one.passage.opened_at)


def append_vehicles(connection: Connection, units: Iterable[DetectorUnit]) -> None:
    """Keeps where detectors that move were, by their own word. It is nobody's place."""
    positions.append(
        connection, [_vehicle_position(unit, unit.fix) for unit in units if not isinstance(unit.fix, UnsetType)]
    )


def _vehicle_position(unit: DetectorUnit, fix: Fix) -> Position:
    at = unit.received_at if isinstance(fix.at, UnsetType) else fix.at
    return Position(
        city_id=CityId(unit.city),
        device_id=DeviceId(unit.device_id),
        fix_at=at,
        ordinal=0,
        wearer_id=None,
        contact_id=None,
        received_at=unit.received_at,
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        accuracy_m=None if fix.accuracy_m is UNSET else fix.accuracy_m,
        altitude_m=None,
        speed_mps=None if fix.speed_mps is UNSET else fix.speed_mps,
        heading_deg=None,
        known_by=KnownBy.GNSS,
        cell=cell_of(fix.lat_deg, fix.lon_deg),
        hour=hour_of(at),
    )


def _going(one: Passage, doubtful: Collection[UUID] = ()) -> Going:
    first_s, last_s = _second(one.opened_at), _second(one.last_at)
    is_doubtful = one.doubtful or one.id in doubtful
    return Going(first_s, last_s, one.heard, one.rssi_dbm_max, one.lat_deg, one.lon_deg, is_doubtful)


def _key(one: Passage) -> OpenKey:
    return one.city_id, one.tag_id.bytes, one.detector_id.bytes


def _join(connection: Connection, changes: _Changes, one: Touched, current: Passage | None, now: datetime) -> None:
    """Joins what was heard with what is stored of this tag and detector."""
    gap, cuts = one.tag.gap_s, one.tag.cuts_s
    news = stretches(one.seconds, one.rssi_dbm_max, gap, cuts)
    stored = [] if current is None else [current]
    if news[0].first_s <= (_second(now - KEPT_OPEN) if current is None else _second(current.opened_at) - 1):
        from_at = _moment(news[0].first_s - gap)
        until_at = _moment(news[-1].last_s + gap)
        stored += store.closed_near(connection, one.tag_id, one.unit.device_id, from_at, until_at)
    by_id = {part.id: part for part in stored}
    if stored:
        parts = join([_stretch(part) for part in stored], news, gap, cuts)
    else:  # The usual case: a passage begins.
        parts = [Joined(stretch=part, before=()) for part in news]
    last = parts[-1]
    for place, part in enumerate(parts):
        before = [by_id[PassageId(before_id)] for before_id in part.before]
        close_at = _moment(part.stretch.last_s + gap)
        is_open = part is last and close_at > now - KEPT_OPEN
        is_news = len(before) != 1 or part.stretch != _stretch(before[0])
        if not is_news and is_open is (before[0] is current):
            continue
        passage = _passage(connection, part.stretch, before, one)
        gone = [old for old in before if old is not current]
        changes.gone_closed += gone
        changes.merged += [old for old in gone if old.id != passage.id]
        if is_news and passage.opened_at < now - LATE:
            changes.late.append(passage)
        if current in before and not (is_open and passage.id == current.id):
            changes.gone_open.append(current)
        if is_open:
            changes.opened[passage.id] = (passage, close_at)
        else:
            changes.closed.append(passage)
            following_s = None if part is last else parts[place + 1].stretch.first_s
            _teach(changes.taught, one.tag_id, part.stretch, following_s)
        if part.is_new:
            changes.began.append(Began(passage, one.detector.name, one.detector.kind))


def _passage(connection: Connection, stretch: Stretch, before: Sequence[Passage], one: Touched) -> Passage:
    """The stored form of a stretch. A place that is known stays."""
    opened_at = _moment(stretch.first_s)
    placed = next((old for old in before if old.lat_deg is not None), None)
    if before and before[0].opened_at == opened_at:
        wearer_id = before[0].wearer_id
    else:
        carrier = carrier_at(one.tag.carriers, opened_at)
        wearer_id = None if carrier is None else carrier.wearer_id
    spot: Passage | Spot | None = placed
    if placed is None:
        spot = spot_of(connection, one.unit.device_id, one.detector, opened_at)
    skew_s: Any = one.unit.report.skew_s
    return Passage(
        city_id=one.tag.city_id,
        tag_id=TagId(one.tag_id),
        detector_id=DetectorId(one.unit.device_id),
        id=PassageId(stretch.id or new_id()),
        opened_at=opened_at,
        wearer_id=wearer_id,
        last_at=_moment(stretch.last_s),
        heard=heard_set.to_bytes(stretch.heard),
        rssi_dbm_max=stretch.rssi_dbm_max,
        lat_deg=None if spot is None else spot.lat_deg,
        lon_deg=None if spot is None else spot.lon_deg,
        accuracy_m=None if spot is None else spot.accuracy_m,
        cell=_cell(spot),
        doubtful=any(old.doubtful for old in before),
        received_at=min((old.received_at for old in before), default=one.unit.received_at),
        skew_s=before[0].skew_s if before else (None if skew_s is UNSET else skew_s),
    )


def _cell(spot: Passage | Spot | None) -> int | None:
    if spot is None or isinstance(spot, Passage):
        return None if spot is None else spot.cell
    return cell_at(spot.lat_deg, spot.lon_deg)


def _at_spot(passage: Passage, spot: Spot | None) -> Passage:
    if spot is None:
        return passage
    cell = cell_at(spot.lat_deg, spot.lon_deg)
    return msgspec.structs.replace(
        passage, lat_deg=spot.lat_deg, lon_deg=spot.lon_deg, accuracy_m=spot.accuracy_m, cell=cell
    )


def _doubt(
    connection: Connection,
    changes: _Changes,
    touched: Mapping[OpenKey, Touched],
) -> None:
    """Marks what cannot be true together, and keeps it for the staff. What is open is stored already; few tags need a
    closer look.
    """
    suspects = {one.tag_id for one in (*changes.closed, *changes.late)}
    for key, one in touched.items():
        until_s = one.until_s
        if one.of_tag.elsewhere_s(key[2]) <= until_s:  # The usual case.
            continue
        mine = one.of_tag.get(key[2])
        if mine is not None and may_contradict(mine, one.of_tag.values(), until_s, one.detector.range_m):
            suspects.add(TagId(one.tag_id))
    if not suspects:
        return
    doubtful, now_open = doubting.mark(connection, suspects, touched, changes.late, changes.closed)
    opened.changed(connection, {_key(one): _going(one, doubtful) for one in now_open})
    changes.closed[:] = [_doubted(one, doubtful) for one in changes.closed]
    changes.began[:] = [Began(_doubted(one.passage, doubtful), one.detector_name, one.kind) for one in changes.began]


def _doubted(one: Passage, doubtful: Collection[UUID]) -> Passage:
    return msgspec.structs.replace(one, doubtful=True) if one.id in doubtful else one


def _write(connection: Connection, changes: _Changes) -> None:
    store.remove_open(connection, changes.gone_open)
    store.remove_closed(connection, changes.gone_closed)
    store.save_gone(connection, changes.merged)
    store.save_open(connection, list(changes.opened.values()))


def close_over(connection: Connection, now: datetime) -> int:
    """Moves what has been over for a while into the history; how many it looked at. Call again until it is 0."""
    before = now - KEPT_OPEN
    found = store.over(connection, before, CLOSED_AT_ONCE)
    if not found:
        return 0
    tags.queue_up(connection, {one.tag_id for one in found})
    found = store.as_they_are(connection, found)
    over, later = _sorted_out(connection, found, before)
    store.put_off(connection, later)
    placed = tags.placed(connection, {one.detector_id for one in over if one.lat_deg is None})
    taught: list[tuple[UUID, float]] = []
    closed = []
    for one in over:
        _teach(taught, one.tag_id, _stretch(one), None)
        detector = placed.get(one.detector_id)
        # A bus may tell where it was later than what it heard there.
        spot = None if detector is None else spot_of(connection, one.detector_id, detector, one.opened_at)
        closed.append(_at_spot(one, spot))
    store.remove_open(connection, over)
    opened.changed(connection, {_key(one): None for one in over})
    store.save_closed(connection, closed)
    tags.teach_intervals(connection, taught)
    return len(found)


def _sorted_out(
    connection: Connection, found: Sequence[Passage], before: datetime
) -> tuple[list[Passage], list[tuple[OpenKey, int]]]:
    """Those that were over at `before`; and the keys of the others, which were heard since the timer was set, with when
    they will be. A tag in a drawer beside a detector is looked at every few minutes.
    """
    worn = tags.worn(connection, {one.tag_id for one in found})
    over: list[Passage] = []
    later: list[tuple[OpenKey, int]] = []
    for one in found:
        tag = worn.get(one.tag_id)
        close_s = _second(one.last_at) if tag is None else ceil(_second(one.last_at) + tag.gap_s)
        if close_s <= before.timestamp():
            over.append(one)
        else:
            later.append((_key(one), close_s))
    return over, later


def _teach(taught: list[tuple[UUID, float]], tag_id: UUID, ended: Stretch, following_s: int | None) -> None:
    interval_s = taught_interval_s(ended, following_s)
    if interval_s is not None:
        taught.append((tag_id, interval_s))


def last_heard(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of these tags was last heard, as far as it is still among the open passages or in the history."""
    return store.last_heard(connection, tag_ids)


def _stretch(one: Passage) -> Stretch:
    first_s = _second(one.opened_at)
    return Stretch(
        first_s=first_s,
        last_s=_second(one.last_at),
        heard=heard_set.from_bytes(one.heard, first_s),
        rssi_dbm_max=one.rssi_dbm_max,
        id=one.id,
    )


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)
