"""What is known of a wearer for all her contracts: in which ward she lived, and when she did not use the service."""

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.names import one_line
from app.kit.calendar import local_date
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AbsenceId, ContractId, new_id
from app.programmes.contracts import Contract, KnownAbsence, What
from app.programmes.model import Absence, Residence
from app.programmes.service.contracting import contract, note
from app.programmes.spans import must_be_near
from app.programmes.store import contracts, people

RESIDENCES_MAX = 100
ABSENCES_MAX = 200


def absences(connection: Connection, one: Contract) -> list[KnownAbsence]:
    """When the wearer of a contract was away, with ids."""
    return people.absences(connection, [one.wearer_id]).get(one.wearer_id, [])


def live(
    connection: Connection, viewer: Viewer, contract_id: ContractId, since: date, ward: str | None, reason: str,
    now: datetime,
) -> list[Residence]:  # fmt: skip
    """Where the wearer of a contract lived, after it was said that she lives in `ward` since a day; None takes back
    what was said of that day. Raises `NotFound`, also for a day of which nothing was said, and `InvalidInput`.
    """
    one = _locked(connection, viewer, contract_id)
    known = people.residences(connection, [one.wearer_id]).get(one.wearer_id, [])
    before = next((found for found in known if found.since == since), None)
    if ward is None:
        if before is None:
            raise NotFound
        people.drop_residence(connection, one.wearer_id, since)
        _note(connection, one, What.RESIDENCE, before, None, reason, viewer, now)
        return people.residences(connection, [one.wearer_id]).get(one.wearer_id, [])
    must_be_near(since, "from")
    ward = one_line(ward, "ward")
    if before is None or before.ward != ward:
        if before is None and len(known) >= RESIDENCES_MAX:
            raise Conflict(f"There are {RESIDENCES_MAX} already.")
        after = Residence(since=since, ward=ward)
        people.put_residence(connection, one.wearer_id, after)
        _note(connection, one, What.RESIDENCE, before, after, reason, viewer, now)
    return people.residences(connection, [one.wearer_id]).get(one.wearer_id, [])


def be_away(
    connection: Connection, viewer: Viewer, contract_id: ContractId, absence: Absence, reason: str, now: datetime
) -> KnownAbsence:
    """A new absence of the wearer of a contract, known from today unless told otherwise. Raises `NotFound`,
    `InvalidInput`, and `Conflict` for one too many.
    """
    one = _locked(connection, viewer, contract_id)
    if len(absences(connection, one)) >= ABSENCES_MAX:
        raise Conflict(f"There are {ABSENCES_MAX} already.")
    new = KnownAbsence(id=AbsenceId(new_id()), absence=_sound(absence, now))
    people.put_absence(connection, one.wearer_id, new)
    _note(connection, one, What.ABSENCE, None, new.absence, reason, viewer, now)
    return new


def change_absence(
    connection: Connection, viewer: Viewer, contract_id: ContractId, absence_id: AbsenceId, absence: Absence | None,
    reason: str, now: datetime,
) -> KnownAbsence | None:  # fmt: skip
    """The absence as it is known now; None takes it back. Raises `NotFound`, `InvalidInput`."""
    one = _locked(connection, viewer, contract_id)
    before = next((found for found in absences(connection, one) if found.id == absence_id), None)
    if before is None:
        raise NotFound
    if absence is None:
        people.withdraw_absence(connection, one.wearer_id, absence_id, now)
        _note(connection, one, What.ABSENCE, before.absence, None, reason, viewer, now)
        return None
    after = KnownAbsence(id=absence_id, absence=_sound(absence, now))
    if after != before:
        people.put_absence(connection, one.wearer_id, after)
        _note(connection, one, What.ABSENCE, before.absence, after.absence, reason, viewer, now)
    return after


def _locked(connection: Connection, viewer: Viewer, contract_id: ContractId) -> Contract:
    one = contract(connection, viewer, contract_id)
    contracts.locked(connection, contract_id)
    return one


def _sound(absence: Absence, now: datetime) -> Absence:
    must_be_near(absence, "absence")
    if absence.until is not None and absence.until < absence.since:
        raise InvalidInput("It ends before it begins.", "absence.until")
    return msgspec.structs.replace(absence, known_on=absence.known_on or local_date(now))


def _note(
    connection: Connection, one: Contract, what: What, before: object, after: object, reason: str, viewer: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    note(connection, one, what, _plain(before), _plain(after), reason, viewer.account_id, now)


def _plain(value: object) -> dict[str, Any]:
    found: dict[str, Any] = {} if value is None else msgspec.to_builtins(value)
    return found
