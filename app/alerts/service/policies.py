"""Who is told, as the office and families set it: the policies of a city and of wearers, and the duty table."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.alerts.duty import DUTY_ROLES, Shift, on_duty
from app.alerts.policies import DEFAULT, Calendar, Policy, faults
from app.alerts.store import alerts as alert_store
from app.alerts.store import policies as store
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, CityId, ShiftId, WearerId, new_id

SHIFTS_MAX = 500


class PolicyView(Struct, frozen=True, kw_only=True):
    """The rules that somebody set (null: nobody did), and those that count where none of them fits."""

    own: Policy | None
    changed_at: datetime | None
    changed_by: str | None
    otherwise: list[Policy]


class ShiftView(Struct, frozen=True, kw_only=True):
    """A row of the duty table; `is_on` now."""

    id: ShiftId
    account: AccountId
    name: str
    hours: Calendar
    from_on: date
    until_on: date | None
    is_on: bool


def policy(connection: Connection, viewer: Viewer) -> PolicyView:
    """The policy of the viewer's city."""
    return _view(connection, store.policy(connection, viewer.city_id, None), [DEFAULT])


def put_policy(connection: Connection, viewer: Viewer, one: Policy, now: datetime) -> PolicyView:
    """Sets the policy of the viewer's city, for alerts that are opened from now on. Raises `InvalidInput`."""
    _must_be_sound(one)
    store.put_policy(connection, viewer.city_id, None, one, viewer.account_id, now)
    return policy(connection, viewer)


def wearer_policy(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> PolicyView:
    """The policy of a wearer whom the viewer manages. Raises `NotFound`."""
    city_id = households.managed_wearer(connection, viewer, wearer_id, now).city_id
    city = store.policy(connection, city_id, None)
    otherwise = [DEFAULT] if city is None else [city.policy, DEFAULT]
    return _view(connection, store.policy(connection, city_id, wearer_id), otherwise)


def put_wearer_policy(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, one: Policy, now: datetime
) -> PolicyView:
    """Sets the policy of a wearer whom the viewer manages. Raises `NotFound`, `InvalidInput`."""
    city_id = households.managed_wearer(connection, viewer, wearer_id, now).city_id
    _must_be_sound(one)
    store.put_policy(connection, city_id, wearer_id, one, viewer.account_id, now)
    return wearer_policy(connection, viewer, wearer_id, now)


def drop_wearer_policy(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> None:
    """Lets the rules of the city count again for a wearer. Raises `NotFound`, also when there were no others."""
    city_id = households.managed_wearer(connection, viewer, wearer_id, now).city_id
    if not store.drop_policy(connection, city_id, wearer_id):
        raise NotFound


def duty(connection: Connection, viewer: Viewer, now: datetime) -> list[ShiftView]:
    """The duty table of the viewer's city, oldest row first."""
    return _duty(connection, viewer.city_id, now)


def _duty(connection: Connection, city_id: CityId, now: datetime) -> list[ShiftView]:
    shifts = store.shifts(connection, [city_id]).get(city_id, [])
    zone = ZoneInfo(accounts.city(connection, city_id).zone)
    names = alert_store.names(connection, [shift.account_id for shift in shifts])
    return [
        ShiftView(
            id=shift.id,
            account=shift.account_id,
            name=names[shift.account_id],
            hours=shift.hours,
            from_on=shift.from_on,
            until_on=shift.until_on,
            is_on=bool(on_duty([shift], now, zone)),
        )
        for shift in shifts
    ]


def add_shift(
    connection: Connection, viewer: Viewer, account_id: AccountId, hours: Calendar,
    from_on: date, until_on: date | None, now: datetime,
) -> ShiftView:  # fmt: skip
    """A new row of the duty table of the viewer's city (for administrators of any), for somebody who answers for it.

    Raises `NotFound` for accounts that are not of the city, `InvalidInput`, and `Conflict` when the table is full.
    """
    if until_on is not None and until_on < from_on:
        raise InvalidInput("It ends before it begins.", "until_on")
    one = accounts.managed_account(connection, viewer, account_id)
    if one.role not in DUTY_ROLES:
        raise InvalidInput("Only operators, clerks and administrators can be on duty.", "account")
    if len(store.shifts(connection, [one.city_id]).get(one.city_id, [])) >= SHIFTS_MAX:
        raise Conflict("The duty table is full; take old rows off it.")
    shift = Shift(id=ShiftId(new_id()), account_id=account_id, hours=hours, from_on=from_on, until_on=until_on)
    store.add_shift(connection, one.city_id, shift, viewer.account_id, now)
    (view,) = [view for view in _duty(connection, one.city_id, now) if view.id == shift.id]
    return view


def end_shift(connection: Connection, viewer: Viewer, shift_id: ShiftId, now: datetime) -> None:
    """Takes a row off the duty table of the viewer's city; of any city for administrators. Raises `NotFound`."""
    city_id = None if viewer.role is Role.ADMINISTRATOR else viewer.city_id
    if not store.end_shift(connection, city_id, shift_id, now):
        raise NotFound


def _must_be_sound(one: Policy) -> None:
    for where, why in faults(one):
        raise InvalidInput(why, where)


def _view(connection: Connection, kept: store.Kept | None, otherwise: list[Policy]) -> PolicyView:
    if kept is None:
        return PolicyView(own=None, changed_at=None, changed_by=None, otherwise=otherwise)
    name = alert_store.names(connection, [kept.changed_by]).get(kept.changed_by)
    return PolicyView(own=kept.policy, changed_at=kept.changed_at, changed_by=name, otherwise=otherwise)
