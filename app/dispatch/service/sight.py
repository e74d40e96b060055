"""Who may see an incident, and as what. For everybody else there is none: it answers like an unknown id."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.dispatch.incident import Actor
from app.dispatch.model import Incident
from app.dispatch.service.keeping import By
from app.dispatch.store import duty, incidents, units
from app.dispatch.units import Work
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import NotFound
from app.kit.ids import UnitId

OF_COMPANY = frozenset({Role.GUARD, Role.CONTROL_ROOM})
"""Who works for a security company."""

UNITS_MAX = 1_000
"""Of one company."""


def seat(connection: Connection, viewer: Viewer, one: Incident, now: datetime) -> By:
    """As what the viewer sees an incident: one of the unit that has it or had it while he was in it, or of its
    company's control room; or a contact, or the control room of the city, who may see the wearer's alerts. Raises
    `NotFound`.
    """
    if viewer.role in OF_COMPANY:
        unit_id = _unit_of(connection, viewer, one)
        if unit_id is None:  # By a consent he may look on, as others do whom the family lets see her alerts.
            households.visible_wearer(connection, viewer, one.wearer_id, Scope.ALERTS, now)
        return By(actor=Actor.GUARD, account_id=viewer.account_id, unit_id=unit_id)
    households.visible_wearer(connection, viewer, one.wearer_id, Scope.ALERTS, now)
    actor = Actor.CONTACT if viewer.role is Role.FAMILY else Actor.CONTROL
    return By(actor=actor, account_id=viewer.account_id)


def going(connection: Connection, viewer: Viewer, one: Incident, now: datetime) -> By:
    """As `seat`, for who reports what a unit does. Raises `NotFound` for a guard who only looks on."""
    by = seat(connection, viewer, one, now)
    if by.actor is Actor.GUARD and by.unit_id is None:
        raise NotFound
    return by


def units_now(connection: Connection, viewer: Viewer) -> list[UnitId]:
    """The units for which the viewer may answer now: the one he is on duty in, or those of the company whose control
    room he sits in.
    """
    company_id = units.company_of(connection, viewer.account_id)
    if company_id is None:
        return []
    if viewer.role is Role.CONTROL_ROOM:
        found = units.units(connection, None, company_id, None, UNITS_MAX)
        return [one.id for one in found if one.work is Work.GUARD]
    spell = duty.spell_of(connection, viewer.account_id)
    if spell is None or viewer.account_id not in duty.guards_on(connection, spell.unit_id):
        return []
    return [spell.unit_id]


def units_since(connection: Connection, viewer: Viewer, since: datetime) -> list[UnitId]:
    """Those, and the units that the viewer was on duty in since then."""
    mine = units_now(connection, viewer)
    spells = [] if viewer.role is not Role.GUARD else duty.spells_since(connection, viewer.account_id, since)
    if not spells or units.company_of(connection, viewer.account_id) is None:
        return mine
    return list(dict.fromkeys([*mine, *(spell.unit_id for spell in spells)]))


def _unit_of(connection: Connection, viewer: Viewer, one: Incident) -> UnitId | None:
    """The newest of the viewer's units that has or had the incident."""
    had: Sequence[UnitId] = incidents.had_by(connection, one.id)
    mine = set(units_since(connection, viewer, one.requested_at)) if had else set()
    return next((unit_id for unit_id in reversed(had) if unit_id in mine), None)
