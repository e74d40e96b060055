"""Who was near a place, asked with a reason; and passages that cannot both be true."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody
from msgspec import Meta, Struct

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.geo.model import Point
from app.history import service
from app.history.model import KnownBy
from app.history.service.questions import AREA_RADIUS_M_MAX, ShownDoubt
from app.kit.clock import Clock
from app.kit.errors import Overloaded
from app.kit.ids import CityId
from beacon_ingest.messages import Utc


class AreaQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was within `radius_m` of a point between two times, and why somebody wants to know."""

    lat_deg: Annotated[float, Meta(ge=-90, le=90, description="WGS-84 latitude, degrees")]
    lon_deg: Annotated[float, Meta(ge=-180, le=180, description="WGS-84 longitude, degrees")]
    radius_m: Annotated[float, Meta(gt=0, le=AREA_RADIUS_M_MAX, description="metres")]
    from_at: Utc
    until_at: Annotated[Utc, Meta(description="moment after the last; 24 hours after `from_at` at most")]
    reason: Annotated[
        str,
        # Two characters can be a whole word in Japanese, and any number of blanks is none.
        Meta(min_length=2, max_length=500, pattern=r"\S", description="kept with the question; not blank"),
    ]
    city: (
        Annotated[int, Meta(ge=1, le=999_999, description="for administrators; one's own city where it is left out")]
        | None
    ) = None


class NearOut(Struct, frozen=True, kw_only=True):
    """Somebody near the point."""

    wearer: UUID
    at: datetime
    until: Annotated[datetime | None, Meta(description="until when a detector heard the tag; null for a fix")]
    distance_m: float
    accuracy_m: float | None
    known_by: KnownBy
    detector: str | None


class NearList(Struct, frozen=True, kw_only=True):
    """The newest 1,000 of those who were there."""

    items: list[NearOut]


class DoubtOut(Struct, frozen=True, kw_only=True):
    """Two passages of one tag that cannot both be true. Where the viewer may not see the place of whoever wore it only
    that there are: `passages` is empty, the rest null, and `at` the beginning of the hour. `tag` is told to the office
    all the same, which must find the tag that was copied.
    """

    id: UUID
    tag: UUID | None
    passages: list[UUID]
    distance_m: float | None
    apart_s: Annotated[float | None, Meta(description="seconds between them; negative while both heard it")]
    at: datetime


class _Key(Struct, frozen=True, array_like=True):
    """The last doubt that was shown. A time would tell more than may be shown."""

    id: UUID


@post(
    "/v1/area-questions",
    guards=[May(Action.AREA_READ)],
    operation_id="ask_area",
    summary="Who was near a place",
    tags=["places"],
    status_code=200,
)
async def ask_area(
    data: JSONBody[AreaQuestion],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> NearList:
    """For a search: wearers whose place the viewer may see by consent and who were near, by a fix or by a detector that
    heard their tag, newest first. The question and its reason are kept, and each of them counts as looked at.
    """
    now = clock()
    found = await database.write(
        lambda c: service.near_by(
            c,
            viewer,
            CityId(viewer.city_id if data.city is None else data.city),
            Point(data.lat_deg, data.lon_deg),
            data.radius_m,
            (data.from_at, data.until_at),
            data.reason,
            now,
        )
    )
    return NearList(
        items=[
            NearOut(
                wearer=one.wearer_id,
                at=one.at,
                until=one.until,
                distance_m=round(one.distance_m, 1),
                accuracy_m=one.accuracy_m,
                known_by=one.known_by,
                detector=one.detector,
            )
            for one in found
        ]
    )


@get(
    "/v1/doubts",
    guards=[May(Action.DETECTOR_READ)],
    operation_id="list_doubts",
    summary="Tags that were in two places at once",
    tags=["tags"],
    raises_problems=[Overloaded],  # A look is a write.
)
async def list_doubts(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DoubtOut]:
    """Passages of one tag at two detectors between which nobody travels so fast: somebody copied the tag, or a clock is
    wrong. They moved nobody. For the staff of the city, newest first. Where and when it was is told only of those whose
    place the viewer may see by consent; each of them counts as looked at. Which tag it was is told to clerks and
    administrators too, as they may list it.
    """
    now, key = clock(), decode_cursor(cursor, _Key)
    before = None if key is None else key.id
    found = await database.write(lambda c: service.doubts(c, viewer, before, limit + 1, now))
    return page([_shown(one) for one in found], limit, lambda one: _Key(one.id))


def _shown(shown: ShownDoubt) -> DoubtOut:
    one = shown.doubt
    if shown.hidden:
        hour = one.at.replace(minute=0, second=0, microsecond=0)
        return DoubtOut(id=shown.id, tag=shown.tag_id, passages=[], distance_m=None, apart_s=None, at=hour)
    return DoubtOut(
        id=shown.id,
        tag=shown.tag_id,
        passages=[one.passage_id, one.other_id],
        distance_m=round(one.distance_m),
        apart_s=one.apart_s,
        at=one.at,
    )


ROUTES: list[HTTPRouteHandler] = [ask_area, list_doubts]
