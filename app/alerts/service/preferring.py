"""How people want to be told, as they set it themselves."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.alerts.preferences import PLAIN, Preference
from app.alerts.store import policies as store
from app.households import service as households
from app.kit.errors import Conflict


def preference(connection: Connection, viewer: Viewer) -> Preference:
    """How the viewer wants to be told."""
    return store.preferences(connection, [viewer.account_id]).get(viewer.account_id, PLAIN)


def put_preference(connection: Connection, viewer: Viewer, one: Preference, now: datetime) -> Preference:
    """Sets it. Raises `Conflict` for one who wants no urgent alerts and for whom nobody else would hear them: another
    contact of each of the wearers, who wants them, may know of them and can be reached.
    """
    if not one.urgent and not _covered(connection, viewer, now):
        raise Conflict("Nobody else would hear of an emergency. Somebody else must be able to be told first.")
    store.put_preference(connection, viewer.account_id, one, now)
    return one


def _covered(connection: Connection, viewer: Viewer, now: datetime) -> bool:
    wearer_ids = store.wearers_told(connection, viewer.account_id)
    told = households.told_of(connection, wearer_ids, now, households.TOLD_OF_ALERTS)
    others = {one.account_id for some in told.values() for one in some} - {viewer.account_id}
    preferences = store.preferences(connection, others)
    hear = {one for one in accounts.addresses_of(connection, others) if preferences.get(one, PLAIN).urgent}
    # Of whom nobody is told anyway, not even the viewer, nobody needs to be covered.
    mine = [some for some in told.values() if any(one.account_id == viewer.account_id for one in some)]
    return all(any(one.account_id in hear for one in some) for some in mine)
