"""What a family sets for a wearer."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service as households
from app.kit.ids import WearerId
from app.watch import store
from app.watch.model import WatchSettings
from app.watch.service import looking


def settings(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> WatchSettings:
    """The settings of a wearer for those who may know of her. Raises `NotFound`."""
    households.visible_wearer(connection, viewer, wearer_id, None, now)
    return store.settings_of(connection, [wearer_id]).get(wearer_id, WatchSettings())


def change_settings(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, changed: WatchSettings, now: datetime
) -> WatchSettings:
    """The settings as they are from now on. Raises `NotFound` for those who do not manage the wearer."""
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    store.save_settings(connection, wearer_id, changed, viewer.account_id, now)
    looking.set_timers(connection, wearer_id, wearer.city_id, now)
    return changed
