"""While a unit has an incident, its people see where the wearer is, and what she wears tells it often."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.devices import service as devices
from app.devices.commands import kinds_of
from app.devices.model import CommandKind
from app.dispatch.model import LIVE_EVERY, Incident
from app.dispatch.store import duty
from app.households import service as households
from app.kit.ids import WearerId


def begin(connection: Connection, one: Incident, now: datetime) -> None:
    """Lets the people of the unit see where she is; again lets them longer, and those who came on duty since."""
    if one.unit_id is not None:
        households.let_guards_in(connection, one.wearer_id, duty.guards_on(connection, one.unit_id), now)


def end(connection: Connection, one: Incident, now: datetime) -> None:
    """Nobody sees her for this any more."""
    households.let_guards_out(connection, one.wearer_id, now)


def live(connection: Connection, wearer_id: WearerId, now: datetime) -> datetime | None:
    """Has what she wears tell where it is all the time; when to ask again, None where nothing of hers can be asked."""
    return now + LIVE_EVERY if _order(connection, wearer_id, CommandKind.LIVE_ON, now) else None


def live_off(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Lets it go back to its own pace."""
    _order(connection, wearer_id, CommandKind.LIVE_OFF, now)


def _order(connection: Connection, wearer_id: WearerId, kind: CommandKind, now: datetime) -> int:
    able = [one.id for one in devices.devices_of_wearer(connection, wearer_id) if kind in kinds_of(one)]
    for device_id in able:
        devices.order(connection, device_id, kind, None, now)
    return len(able)
