"""What became of each message about an alert: who was told over which channel, and whether it came to them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.alerts.service import telling, viewing
from app.kit.ids import AlertId
from app.push import outbox
from app.push.fate import Sent


class Told(Struct, frozen=True, kw_only=True):
    """A message and whom it was for, by name; None for whoever is not known any more."""

    name: str | None
    sent: Sent


def told(
    connection: Connection, viewer: Viewer, alert_id: AlertId, before: tuple[datetime, UUID] | None, limit: int,
    now: datetime,
) -> list[Told]:  # fmt: skip
    """The messages about an alert that the viewer may see, the newest first. Raises `NotFound`.

    Read where they lie and not copied into the history: what phones say would be a write for each.
    """
    alert = viewing.visible(connection, viewer, alert_id, now)
    messages = outbox.became_about(connection, telling.about(alert), before, limit)
    names = accounts.names_at(connection, {one.address_id for one in messages})
    return [Told(name=names.get(one.address_id), sent=one) for one in messages]
