"""What the family said is fine: taken in from an alert, listed, and taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db.page import Page, page
from app.history import service as history
from app.households import service as households
from app.households.model import Purpose, Scope
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AlertId, AllowanceId, WearerId, new_id
from app.push.render import moment_of
from app.watch import store
from app.watch.model import KeptAllowance, Place, Reason
from app.watch.movement import allowances as fine
from app.watch.movement.allowances import Allowance, FineScope
from app.watch.store import allowances as kept

ALLOWANCES_MAX = 50
"""Of one wearer: rules look at each of them for every position."""
KEPT_OVER = timedelta(days=1)
FORGOTTEN_AT_ONCE = 500
AT_FIRST = timedelta(seconds=30)
SHE_IS_THERE = timedelta(minutes=30)
"""A place older than this is not where she is now."""


class Told(Struct, frozen=True, kw_only=True):
    """What was told and is said to be fine: an alert as far as it teaches."""

    alert_id: AlertId
    wearer_id: WearerId
    subject: str
    happened_at: datetime
    reasons: Sequence[Reason]
    place: Place | None


class ShownAllowance(Struct, frozen=True, kw_only=True):
    """Something that is fine, who said so, and whether the viewer may see where it is, and the alert."""

    kept: KeptAllowance
    said_by: str
    shows_place: bool
    shows_alert: bool


def allow(connection: Connection, viewer: Viewer, told: Told, scope: FineScope, now: datetime) -> bool:
    """Takes in that what was told is fine; whether that is new. May be asked for by whoever may answer the alert.

    Raises `Conflict` where nothing can follow from it: her day is over, no place is known, a fence told it or an hour
    was unusual and "here" is no answer to that, or too much is fine already.
    """
    if kept.of_alert(connection, told.alert_id, scope):
        return False
    if len(kept.after(connection, told.wearer_id, None, ALLOWANCES_MAX, now)) >= ALLOWANCES_MAX:
        raise Conflict(f"{ALLOWANCES_MAX} things are fine already; take one back first.")
    if scope not in fine.offered([one.code for one in told.reasons], placed=told.place is not None):
        raise Conflict("That cannot be said of this alert; say that it is fine today.")
    zone = store.zones_of(connection, [told.wearer_id])[told.wearer_id]
    if scope is FineScope.TODAY:
        if now >= fine.day_ends(told.happened_at, zone):
            raise Conflict("The day on which that was told is over.")
        found = [fine.this_day(told.subject, now, zone)]
    else:
        found = _lasting(connection, told, zone, now, for_good=scope is FineScope.ALWAYS)
    kept.add(
        connection,
        [
            KeptAllowance(
                id=AllowanceId(new_id()),
                wearer_id=told.wearer_id,
                alert_id=told.alert_id,
                scope=scope,
                said_by=viewer.account_id,
                allowance=one,
            )
            for one in found
        ],
    )
    return True


def _lasting(connection: Connection, told: Told, zone: ZoneInfo, now: datetime, *, for_good: bool) -> list[Allowance]:
    """The place where it was told, and, for good, the hour."""
    found: dict[str, Allowance] = {}
    for reason in told.reasons:
        if for_good and reason.code in fine.HOURS:
            left_at = moment_of(reason.params.get("since")) or told.happened_at
            found[reason.code] = fine.this_hour(reason.code, left_at, now, zone, subject=told.subject)
        if reason.code in fine.PLACES and told.place is not None:
            walked = _walked(connection, told, told.place, now)
            found["place"] = fine.this_place(walked, now, subject=told.subject, for_good=for_good)
    return list(found.values())


def _walked(connection: Connection, told: Told, place: Place, now: datetime) -> list[tuple[float, float]]:
    """Where she was when it was first told, where that became more, and where she is now, as far as that is known: it
    is what those who say that it is fine see on the map.
    """
    begins, ends = told.happened_at - AT_FIRST, told.happened_at + AT_FIRST
    first = [(one.lat_deg, one.lon_deg) for one in history.recorded(connection, told.wearer_id, begins, ends)]
    last = store.state_of(connection, told.wearer_id).place
    is_now = last is not None and now - last.at <= SHE_IS_THERE
    there = [(last.lat_deg, last.lon_deg)] if last is not None and is_now else []
    return [*first[:1], (place.lat_deg, place.lon_deg), *there]


def allowances(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, last: AllowanceId | None, limit: int, now: datetime
) -> Page[ShownAllowance]:
    """A page of what is fine now, oldest first, for those who manage her or see her alerts. Places are shown to those
    who may see hers, and that is noted as a look. Raises `NotFound`.
    """
    households.attended_wearer(connection, viewer, wearer_id, now)
    found = kept.after(connection, wearer_id, last, limit + 1, now)
    shown = _shown(connection, viewer, wearer_id, found, now)
    if any(one.shows_place for one in shown[:limit]):
        households.look(connection, viewer, wearer_id, Purpose.ALERT, now)
    return page(shown, limit, lambda one: one.kept.id)


def take_back(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, allowance_id: AllowanceId, now: datetime
) -> None:
    """What was fine is told again from now on. For those who may say that something is fine. Raises `NotFound`."""
    households.attended_wearer(connection, viewer, wearer_id, now)
    if not kept.end(connection, wearer_id, now, allowance_id):
        raise NotFound


def forget_allowances(connection: Connection, now: datetime) -> None:
    """Deletes what is over, some of it."""
    kept.forget_before(connection, now - KEPT_OVER, FORGOTTEN_AT_ONCE)


def _shown(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, found: Sequence[KeptAllowance], now: datetime
) -> list[ShownAllowance]:
    names = kept.names(connection, {one.said_by for one in found})
    places, alerts = (
        wearer_id in households.visible_wearer_ids(connection, viewer, scope, now, [wearer_id])
        for scope in (Scope.PLACE, Scope.ALERTS)
    )
    return [
        ShownAllowance(
            kept=one,
            said_by=names.get(one.said_by, ""),
            shows_place=places and one.allowance.lat_deg is not None,
            shows_alert=alerts,
        )
        for one in found
    ]
