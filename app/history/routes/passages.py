"""What detectors heard: a detector's passages, a tag's, and the feed of a vendor's tags."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.history import service
from app.history.service.feeding import Doubtful, FedPassage, From, Moments, Until, moments
from app.history.service.questions import ShownPassage
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from beacon_ingest.messages import Utc


class PassageOut(Struct, frozen=True, kw_only=True):
    """One tag near one detector without a gap. `id`, `tag` and `wearer` are null where the viewer may not see her
    place, `wearer` for the tag's vendor too.
    """

    id: UUID | None
    detector: UUID
    detector_name: str
    tag: UUID | None
    wearer: UUID | None
    from_at: From
    until_at: Until
    moments: Moments
    rssi_dbm_max: Annotated[float | None, Meta(description="the strongest signal, dBm")]
    doubtful: Doubtful
    received_at: Annotated[datetime, Meta(description="when we first heard of it")]


class Feed(Struct, frozen=True, kw_only=True):
    """Part of a feed. `next` is where to go on, also when there is nothing here: keep it and ask again. There may be
    more as long as it changes.
    """

    items: list[FedPassage]
    next: str


class _Key(Struct, frozen=True, array_like=True):
    """The sort key of a list of passages, newest first."""

    at: Utc
    id: UUID


@get(
    "/v1/detectors/{detector_id:uuid}/passages",
    guards=[May(Action.DETECTOR_READ)],
    operation_id="list_passages_of_detector",
    summary="What a detector heard",
    tags=["detectors"],
    raises_problems=[Overloaded],  # A look is a write.
)
async def list_passages_of_detector(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[PassageOut]:
    """Passages of the last 31 days, newest first, for the staff of the detector's city. Whose tag it was is told only
    of those whose place the viewer may see by consent; each of them counts as looked at. Of a detector in a home the
    others are left out.
    """
    now, before = clock(), _before(cursor)
    found = await database.write(lambda c: service.passages_of_detector(c, viewer, detector_id, before, limit + 1, now))
    return _page(found, limit)


@get(
    "/v1/tags/{tag_id:uuid}/passages",
    guards=[May(Action.PASSAGE_READ)],
    operation_id="list_passages_of_tag",
    summary="Where a tag was heard",
    tags=["tags"],
    raises_problems=[Overloaded],
)
async def list_passages_of_tag(
    tag_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[PassageOut]:
    """Passages of the last 31 days, newest first: for the tag's vendor, and for those of its city's staff who may see
    its wearer's place. Her family reads them as part of her track. Each wearer counts as looked at.
    """
    now, before = clock(), _before(cursor)
    found = await database.write(lambda c: service.passages_of_tag(c, viewer, tag_id, before, limit + 1, now))
    return _page(found, limit)


@get(
    "/v1/passages",
    guards=[May(Action.FEED_READ)],
    operation_id="read_feed",
    summary="Passages of a vendor's own tags",
    tags=["tags"],
    raises_problems=[Overloaded],
)
async def read_feed(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Feed:
    """Passages that are over, in the order in which they were written, so that who goes on from `next` misses nothing,
    however late it came in. For the vendor of the tags, in its city, nobody else's tags. A passage is over some six
    minutes after its last sighting.
    """
    now = clock()
    after = service.serial_of(cursor) or 0
    found = await database.write(lambda c: service.feed(c, viewer, after, limit, now))
    return Feed(items=[service.fed(*one) for one in found.items], next=service.cursor_of(found.last))


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    key = decode_cursor(cursor, _Key)
    return None if key is None else (key.at, key.id)


def _page(found: Sequence[ShownPassage], limit: int) -> Page[PassageOut]:
    part = page(found, limit, lambda one: _Key(one.passage.opened_at, one.passage.id))
    return Page(items=[_shown(one) for one in part.items], next=part.next)


def _shown(shown: ShownPassage) -> PassageOut:
    one = shown.passage
    return PassageOut(
        id=None if shown.hidden else one.id,
        detector=one.detector_id,
        detector_name=shown.detector,
        tag=None if shown.hidden else one.tag_id,
        wearer=shown.wearer_id,
        from_at=one.opened_at,
        until_at=one.last_at,
        moments=moments(one),
        rssi_dbm_max=one.rssi_dbm_max,
        doubtful=one.doubtful,
        received_at=one.received_at,
    )


ROUTES: list[HTTPRouteHandler] = [list_passages_of_detector, list_passages_of_tag, read_feed]
