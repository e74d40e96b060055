"""A wearer's watch settings."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.kit.clock import Clock
from app.kit.ids import WearerId
from app.watch import service
from app.watch.model import WatchSettings


class WatchSettingsPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is absent stays."""

    geofence: bool | UnsetType = UNSET
    battery: bool | UnsetType = UNSET
    battery_low_pct: (
        Annotated[int, Meta(ge=5, le=50, description="low at this charge or under, percent")] | UnsetType
    ) = UNSET
    removed: bool | UnsetType = UNSET
    silence: bool | UnsetType = UNSET
    silence_s_min: (
        Annotated[int, Meta(ge=300, le=86_400, description="silence is told after this many seconds at the earliest")]
        | UnsetType
    ) = UNSET


@get(
    "/v1/wearers/{wearer_id:uuid}/watches",
    guards=[May(Action.WEARER_READ)],
    tags=["watches"],
    operation_id="get_watch_settings",
    summary="What is watched for a wearer",
)
async def get_watch_settings(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WatchSettings:
    """The settings in force, for those who may know of this wearer. SOS and fall cannot be switched off."""
    now = clock()
    return await database.read(lambda c: service.settings(c, viewer, WearerId(wearer_id), now))


@patch(
    "/v1/wearers/{wearer_id:uuid}/watches",
    guards=[May(Action.WATCH_WRITE)],
    tags=["watches"],
    operation_id="change_watch_settings",
    summary="Change what is watched for a wearer",
)
async def change_watch_settings(
    wearer_id: FromPath[UUID],
    data: JSONBody[WatchSettingsPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> WatchSettings:
    """The settings as they are from now on. For members of the household and the clerk of the city."""
    now = clock()
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    return await database.write(
        lambda c: service.change_settings(
            c,
            viewer,
            WearerId(wearer_id),
            msgspec.structs.replace(service.settings(c, viewer, WearerId(wearer_id), now), **changes),
            now,
        )
    )


ROUTES = [get_watch_settings, change_watch_settings]
