"""Which months are to be closed or looked at again, and how far runs are."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.billing.documents import first_of
from app.billing.model import Gap, Run
from app.billing.service.closing import begin, next_step
from app.billing.store import runs
from app.kit.calendar import add_months, local_date
from app.kit.errors import NotFound
from app.kit.ids import CityId
from app.programmes.service import months

LOOKED_BACK_MONTHS = 13
"""So many closed months are looked through for corrections when one is closed by itself; a clerk may ask for any."""


def plan_closing(connection: Connection, close_day: int, now: datetime) -> Callable[[Connection], object] | None:
    """What is to be written next of what closes by itself from `close_day` of the month on (0: nothing does), and of
    the runs that somebody began; None for nothing. Reads only.
    """
    step = next_step(connection, now)
    if step is not None:
        return step
    today = local_date(now)
    if not close_day or today.day < close_day:
        return None
    month = last_month(now)
    for city_id in runs.cities_without(connection, month):
        return lambda c: begin_all(c, city_id, month, now)
    return None


def last_month(now: datetime) -> str:
    """The last month that is over in Japan."""
    return f"{add_months(local_date(now).replace(day=1), -1):%Y-%m}"


def begin_all(connection: Connection, city_id: CityId, month: str, now: datetime) -> None:
    """Begins the run of a month, and of each closed one before it of whose wearers something was noted since."""
    begin(connection, city_id, month, None, now)
    oldest = f"{add_months(first_of(month), -LOOKED_BACK_MONTHS):%Y-%m}"
    for earlier in runs.months_of(connection, city_id, oldest):
        last = runs.last(connection, city_id, earlier)
        if earlier < month and last is not None and months.changed_since(
            connection, city_id, last.started_at, None, 1
        ):  # fmt: skip
            begin(connection, city_id, earlier, None, now)


def closings(connection: Connection, viewer: Viewer, before: tuple[str, int] | None, count: int) -> list[Run]:
    """Up to `count` runs of the viewer's city, newest month first."""
    return runs.newest(connection, viewer.city_id, before, count)


def gaps(connection: Connection, viewer: Viewer, run_id: UUID, after: UUID | None, count: int) -> list[Gap]:
    """Up to `count` contracts that a run of the viewer's city could not bill. Raises `NotFound`."""
    run = runs.one(connection, run_id)
    if run is None or run.city_id != viewer.city_id:
        raise NotFound
    return runs.gaps_of(connection, run_id, after, count)
