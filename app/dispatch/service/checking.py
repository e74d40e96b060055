"""What is due of units: those who are out and have not said that all is well, and those who forgot to go off duty."""

from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.db.session import hint
from app.dispatch.checks import Stage, turned
from app.dispatch.store import duty, units, watching
from app.dispatch.store.watching import Due
from app.dispatch.units import Company, Unit
from app.kit.ids import AccountId
from app.push import outbox
from app.push.model import Address, Level

AT_ONCE_MAX = 200
KEPT = timedelta(hours=1)
"""After an hour nobody needs to hear of it any more: he has been told of again eleven times."""
DUTY_MAX = timedelta(hours=26)
"""Longer than the longest duty there is (24 h with a handing-over): who still is on has forgotten it."""
NEWEST_KEPT = timedelta(days=1)
"""A place this old says nothing of where a unit is."""


def look_after(connection: Connection, now: datetime) -> None:
    """Asks those who are out and were silent for their time; tells the control room of those who did not answer."""
    due = watching.due_checks(connection, now, AT_ONCE_MAX)
    for one in due:
        turn = turned(one.stage, now)
        if watching.turn_check(connection, one, turn):
            _tell(connection, one, turn.stage, now)
    if len(due) == AT_ONCE_MAX:
        hint(connection, "escalation")  # More may be due: the next turn comes right after this one.


def end_forgotten(connection: Connection, now: datetime) -> None:
    """Takes those off duty who forgot to say so: a place is kept of nobody who went home yesterday."""
    for unit_id, account_id in watching.forgotten_spells(connection, now - DUTY_MAX, AT_ONCE_MAX):
        units.unit_by_id(connection, unit_id, lock=True)
        if duty.task_of(connection, unit_id) is None:  # Another process may have sent it out meanwhile.
            duty.end(connection, unit_id, account_id, account_id, now)


def forget_before(connection: Connection, before: datetime, now: datetime) -> None:
    """Deletes trails of units and looks at them of before that, and newest places that are none any more."""
    watching.forget_places(connection, before, now - NEWEST_KEPT)


def control_room(connection: Connection, company: Company) -> list[AccountId]:
    """The people of a company's control room."""
    return [one.account_id for one in units.members(connection, company.id) if not one.is_guard]


def _tell(connection: Connection, due: Due, stage: Stage, now: datetime) -> None:
    unit = units.unit_by_id(connection, due.unit_id)
    company = None if unit is None else units.company_by_id(connection, unit.company_id)
    if unit is None or company is None:
        return
    guards = duty.guards_on(connection, unit.id)
    if stage is Stage.ASKED:
        addresses = accounts.addresses_of(connection, guards).values()
        _put(connection, unit, company, due, "unit.check_due", [one for each in addresses for one in each], guards, now)
        return
    found = accounts.addresses_of(connection, control_room(connection, company)).values()
    own = [one for each in found for one in each]
    # The town hears of it as well where the company cannot be reached, and where it has not stirred.
    told = own if own and due.stage is Stage.ASKED else own + accounts.staff_addresses(connection, unit.city_id)
    _put(connection, unit, company, due, "unit.check_missed", told, guards, now)


def _put(
    connection: Connection, unit: Unit, company: Company, due: Due, kind: str, addresses: list[Address],
    guards: list[AccountId], now: datetime,
) -> None:  # fmt: skip
    names = watching.names_of(connection, guards)
    about = f"check:{due.task_id}"
    params = {
        "unit": unit.name, "company": company.name, "since": due.checked_at.isoformat(), "received": now.isoformat(),
        "guards": "、".join(names[one] for one in guards), "zone": accounts.city(connection, unit.city_id).zone,
    }  # fmt: skip
    notes = [
        outbox.Note(
            city_id=unit.city_id,
            address_id=address.id,
            channel=address.channel,
            unique_key=f"{kind}:{due.task_id}:{due.due_at.isoformat()}:{address.id}",
            kind=kind,
            level=Level.URGENT,
            about=about,
            params=params,
            expires_at=now + KEPT,
        )
        for address in {address.id: address for address in addresses}.values()
    ]
    outbox.put_all(connection, notes, now)
