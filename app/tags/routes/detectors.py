"""Detectors are registered, changed, given keys, ended."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.config import Settings
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import NotFound
from app.kit.ids import DetectorId
from app.tags import service
from app.tags.keys import detector_key
from app.tags.model import DetectorKind
from app.tags.provisioning import base_url_of, provisioned
from app.tags.routes.bodies import (
    DetectorIn,
    DetectorKeyOut,
    DetectorOut,
    DetectorPatch,
    ProvisioningOut,
    RegisteredOut,
    changes_of,
    city_of,
    detector_out,
    draft_of,
    provisioning_out,
)
from app.tags.service import views


@get(
    "/v1/detectors",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="list_detectors",
    summary="The detectors of your city",
)
async def list_detectors(
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    kind: FromQuery[DetectorKind | None] = None,
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[DetectorOut]:
    """For clerks and operators those of the own city, for administrators all, in the order of their ids."""
    after = decode_cursor(cursor, UUID)
    found = await database.read(lambda c: views.visible_detectors(c, viewer, kind, after, limit + 1))
    return page([detector_out(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/detectors",
    guards=[May(Action.DETECTOR_WRITE)],
    tags=["detectors"],
    operation_id="register_detector",
    summary="Register a detector",
    raises_problems=[NotFound],
)
async def register_detector(
    data: JSONBody[DetectorIn],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    detector_secret: NamedDependency[bytes],
) -> RegisteredOut:
    """The detector, which may speak within 10 s, and its key. For clerks and administrators.

    400 for one that stays where it is and has no place, and for a latitude and longitude of Japan that were taken for
    each other; 404 for another city, 409 when it is registered already.
    """
    now, draft = clock(), draft_of(data)
    one = await database.write(lambda c: views.new_detector(c, viewer, city_of(data.city_id), draft, now))
    return RegisteredOut(detector=detector_out(one), key=detector_key(detector_secret, one.id, one.key_generation))


@get(
    "/v1/detectors/{detector_id:uuid}",
    guards=[May(Action.DETECTOR_READ)],
    tags=["detectors"],
    operation_id="get_detector",
    summary="One detector",
)
async def get_detector(
    detector_id: FromPath[UUID], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> DetectorOut:
    """One of the detectors of the list; 404 for every other."""
    return detector_out(await database.read(lambda c: views.visible_detector(c, viewer, DetectorId(detector_id))))


@patch(
    "/v1/detectors/{detector_id:uuid}",
    guards=[May(Action.DETECTOR_WRITE)],
    tags=["detectors"],
    operation_id="change_detector",
    summary="Change a detector",
)
async def change_detector(
    detector_id: FromPath[UUID],
    data: JSONBody[DetectorPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> DetectorOut:
    """The detector as it is from now on; null takes a value away. For the clerk of its city.

    Passages that are over keep the place that it had. 400 as for a new one, 409 for a name that another has.
    """
    changes = changes_of(data)
    return detector_out(
        await database.write(lambda c: views.change_visible_detector(c, viewer, DetectorId(detector_id), changes))
    )


@delete(
    "/v1/detectors/{detector_id:uuid}",
    guards=[May(Action.DETECTOR_WRITE)],
    tags=["detectors"],
    operation_id="end_detector",
    summary="End a detector",
)
async def end_detector(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Nothing is heard from it any more. What it heard stays. For the clerk of its city."""
    now = clock()
    await database.write(
        lambda c: service.end_detector(c, views.managed_detector(c, viewer, DetectorId(detector_id)).id, now)
    )


@post(
    "/v1/detectors/{detector_id:uuid}/key",
    status_code=200,
    guards=[May(Action.DETECTOR_WRITE)],
    tags=["detectors"],
    operation_id="rotate_detector_key",
    summary="Give a detector a new key",
)
async def rotate_detector_key(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    detector_secret: NamedDependency[bytes],
) -> DetectorKeyOut:
    """The next key; the old one is refused within 10 s. For the clerk of its city."""
    one = await database.write(
        lambda c: service.rotate_detector_key(c, views.managed_detector(c, viewer, DetectorId(detector_id)).id)
    )
    return DetectorKeyOut(key=detector_key(detector_secret, one.id, one.key_generation))


@get(
    "/v1/detectors/{detector_id:uuid}/provisioning",
    guards=[May(Action.DETECTOR_WRITE)],
    tags=["detectors"],
    operation_id="provision_detector",
    summary="The file for the installer of a detector",
)
async def provision_detector(
    detector_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    detector_secret: NamedDependency[bytes],
    request: Request[Any, Any, Any],
) -> Response[ProvisioningOut]:
    """All that is set in the detector, its key among it, as a file to download; the same until it is given a new key.
    For the clerk of its city.

    The address in it is the public one of the settings, else that under which this was asked for.
    """
    one = await database.read(lambda c: views.managed_detector(c, viewer, DetectorId(detector_id)))
    asked_at = base_url_of(request.scope["scheme"], request.headers.get("host", ""))
    base_url = settings.public_url or asked_at or f"http://{settings.host}:{settings.port}"
    sheet = provisioning_out(provisioned(one, detector_secret, base_url))
    return Response(sheet, headers={"Content-Disposition": f'attachment; filename="detector-{one.id}.json"'})


ROUTES: list[HTTPRouteHandler] = [
    list_detectors,
    register_detector,
    get_detector,
    change_detector,
    end_detector,
    rotate_detector_key,
    provision_detector,
]
