"""What a viewer may see of tags and detectors and do with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.devices.store.holders import agreement, sight
from app.households import service as households
from app.kit.errors import NotFound
from app.kit.ids import CityId, ContactId, DetectorId, TagId, WearerId
from app.tags.model import Detector, DetectorKind, Tag, TagCarrier, TagLoan
from app.tags.registration import DetectorDraft
from app.tags.service.detectors import change_detector, register_detector
from app.tags.service.lending import lend_tag
from app.tags.service.tags import assign_tag, change_tag, register_tag
from app.tags.store import detectors, loans, tags
from beacon_ingest.messages import TagScheme

_OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})


class TagView(Struct, frozen=True, kw_only=True):
    """A tag as a viewer may see it, and who wears it now, or carries it as a contact."""

    tag: Tag
    carrier: TagCarrier | None
    loan: TagLoan | None = None


def visible_tags(
    connection: Connection,
    viewer: Viewer,
    *,
    wearer_id: WearerId | None,
    vendor: str | None,
    after: UUID | None,
    count: int,
    now: datetime,
) -> list[TagView]:
    """Up to `count` tags, in the order of their ids: the office's of its city, everybody else's of their people.

    Their people are the wearers whom they manage or may see the health of, and they themselves as contacts, as with
    devices.
    """
    if viewer.role in _OFFICE:
        found = tags.page_of_city(connection, viewer, wearer_id=wearer_id, vendor=vendor, after=after, count=count)
        return _views(connection, found)
    people = sight(connection, viewer, households.visible_wearer_ids(connection, viewer, None, now), now)
    found = tags.page_of_people(
        connection, viewer, people.managed | people.health,
        wearer_id=wearer_id, vendor=vendor, after=after, count=count,
    )  # fmt: skip
    return _views(connection, found)


def visible_tag(connection: Connection, viewer: Viewer, tag_id: TagId, now: datetime) -> TagView:
    """One of the tags of `visible_tags`. Raises `NotFound` for every other."""
    (view,) = _views(connection, [tags.by_id(connection, tag_id)])
    borrower = loans.borrowers(connection, [tag_id]).get(tag_id)
    about = [] if borrower is None else [borrower.about]
    people = sight(connection, viewer, [view.carrier.wearer_id] if view.carrier else about, now)
    if people.hidden:
        raise NotFound
    if viewer.role in _OFFICE:
        seen = view.tag.city_id == viewer.city_id or viewer.role is Role.ADMINISTRATOR
    else:
        own = borrower is not None and borrower.account_id == viewer.account_id
        seen = own or (view.carrier is not None and view.carrier.wearer_id in people.managed | people.health)
    if not seen:
        raise NotFound
    return view


def managed_tag(connection: Connection, viewer: Viewer, tag_id: TagId, now: datetime) -> Tag:
    """A tag that the viewer looks after: of the clerk's city, any for an administrator. Raises `NotFound`."""
    if viewer.role not in _OFFICE:
        raise NotFound
    return visible_tag(connection, viewer, tag_id, now).tag


def new_tag(
    connection: Connection,
    viewer: Viewer,
    *,
    city_id: CityId | None,
    vendor: str,
    scheme: TagScheme,
    identity: str,
    mac: str | None,
    name: str | None,
    interval_s: float,
    now: datetime,
) -> TagView:
    """A tag in the viewer's own city unless an administrator says another. Raises as `register_tag`."""
    tag = register_tag(
        connection,
        city_id=own_city(viewer, city_id),
        vendor=vendor,
        scheme=scheme,
        identity=identity,
        mac=mac,
        name=name,
        interval_s=interval_s,
        now=now,
    )
    return TagView(tag=tag, carrier=None)


def change_visible_tag(
    connection: Connection, viewer: Viewer, tag_id: TagId, name: str | None, vendor: str | None, now: datetime
) -> TagView:
    """A tag that the viewer looks after, with another name or vendor. Raises `NotFound`."""
    managed_tag(connection, viewer, tag_id, now)
    change_tag(connection, tag_id, name=name, vendor=vendor)
    return visible_tag(connection, viewer, tag_id, now)


def hand_over_tag(
    connection: Connection,
    viewer: Viewer,
    tag_id: TagId,
    wearer_id: WearerId,
    from_at: datetime | None,
    now: datetime,
) -> TagView:
    """The tag with whom it is handed to, by somebody who manages both. Raises as `assign_tag`."""
    managed_tag(connection, viewer, tag_id, now)
    households.managed_wearer(connection, viewer, wearer_id, now)
    assign_tag(connection, tag_id, wearer_id, now=now, from_at=from_at)
    return visible_tag(connection, viewer, tag_id, now)


def lend_visible_tag(
    connection: Connection, viewer: Viewer, tag_id: TagId, contact_id: ContactId, now: datetime
) -> TagView:
    """The tag with the contact who carries it from now on, by somebody who manages it and whose contact that is. Raises
    as `lend_tag`.
    """
    managed_tag(connection, viewer, tag_id, now)
    agreed = agreement(connection, contact_id)
    if agreed is None:
        raise NotFound
    households.managed_wearer(connection, viewer, agreed.wearer_id, now)
    lend_tag(connection, tag_id, contact_id, now)
    return visible_tag(connection, viewer, tag_id, now)


def visible_detectors(
    connection: Connection, viewer: Viewer, kind: DetectorKind | None, after: UUID | None, count: int
) -> list[Detector]:
    """Up to `count` detectors of the viewer's city (of every city for an administrator), in the order of their ids."""
    return detectors.page(connection, viewer, kind, after, count)


def visible_detector(connection: Connection, viewer: Viewer, detector_id: DetectorId) -> Detector:
    """One of the detectors of `visible_detectors`. Raises `NotFound` for every other."""
    detector = detectors.by_id(connection, detector_id)
    if detector.city_id != viewer.city_id and viewer.role is not Role.ADMINISTRATOR:
        raise NotFound
    return detector


def managed_detector(connection: Connection, viewer: Viewer, detector_id: DetectorId) -> Detector:
    """A detector that the viewer looks after: of the clerk's city, any for an administrator. Raises `NotFound`."""
    if viewer.role not in _OFFICE:
        raise NotFound
    return visible_detector(connection, viewer, detector_id)


def new_detector(
    connection: Connection, viewer: Viewer, city_id: CityId | None, draft: DetectorDraft, now: datetime
) -> Detector:
    """A detector in the viewer's own city unless an administrator says another. Raises as `register_detector`."""
    return register_detector(connection, own_city(viewer, city_id), draft, now)


def change_visible_detector(
    connection: Connection, viewer: Viewer, detector_id: DetectorId, changes: Mapping[str, Any]
) -> Detector:
    """A detector that the viewer looks after, with other values in some fields. Raises as `change_detector`."""
    managed_detector(connection, viewer, detector_id)
    return change_detector(connection, detector_id, changes)


def own_city(viewer: Viewer, city_id: CityId | None) -> CityId:
    """The city that is meant: the viewer's own, or any that an administrator names. Raises `NotFound`."""
    if city_id not in (None, viewer.city_id) and viewer.role is not Role.ADMINISTRATOR:
        raise NotFound
    return city_id or viewer.city_id


def _views(connection: Connection, found: Sequence[Tag]) -> list[TagView]:
    carriers = tags.carriers_now(connection, [tag.id for tag in found])
    lent = loans.borrowers(connection, [tag.id for tag in found])
    return [
        TagView(tag=tag, carrier=carriers.get(tag.id), loan=lent[tag.id].loan if tag.id in lent else None)
        for tag in found
    ]
