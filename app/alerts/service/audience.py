"""Who is meant by the steps of plans, asked for many alerts at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts.duty import on_duty
from app.alerts.policies import Step, Who
from app.alerts.store import alerts as store
from app.alerts.store import escalating, policies
from app.alerts.store.escalating import Run
from app.households import service as households
from app.households.model import Scope
from app.kit.ids import AccountId, CityId
from app.push.model import Address

ALERTS = frozenset({Scope.ALERTS})


class Audience:
    """Everybody who may be told of some alerts now, and how they are reached. It lives for one transaction."""

    def __init__(self, connection: Connection, runs: Sequence[Run], now: datetime) -> None:
        self._connection, self._now = connection, now
        wearer_ids = {run.alert.wearer_id for run in runs}
        told = households.told_of(connection, wearer_ids, now, ALERTS)
        self._contacts = {wearer_id: [one.account_id for one in some] for wearer_id, some in told.items()}
        self._who = store.who(connection, wearer_ids)
        self._acks = escalating.acks(connection, [run.alert.id for run in runs])
        self._addresses: dict[AccountId, list[Address]] = {}
        self._asked: set[AccountId] = set()
        self._ask(one for some in self._contacts.values() for one in some)
        self._duty: dict[CityId, list[AccountId]] = {}
        self._staff: dict[CityId, list[AccountId]] = {}

    def contacts(self, run: Run) -> list[AccountId]:
        """Her contacts who may know of it, in order."""
        return list(dict.fromkeys(self._contacts.get(run.alert.wearer_id, ())))

    def people(self, run: Run, step: Step) -> list[AccountId]:
        """Whom a step means, each once and in order, but for those who took the alert already. Whoever of the city is
        among them is let in.
        """
        contacts = self.contacts(run) if Who.CONTACTS in step.who else []
        if step.places:
            contacts = [contacts[place - 1] for place in step.places if place <= len(contacts)]
        staff: list[AccountId] = []
        if Who.ON_DUTY in step.who or Who.DESK in step.who:
            staff = self._reached(self._on_duty(run))
        if Who.DESK in step.who and not staff:
            staff = self._reached(self._desk(run))
        if staff:  # Only whoever is told, and so can be reached, is let in.
            let_in = households.let_in(self._connection, run.alert.wearer_id, staff, self._now)
            staff = [one for one in staff if one in let_in]
        found = dict.fromkeys([*contacts, *staff])
        return [one for one in found if one not in self._acks.get(run.alert.id, ())]

    def is_staff(self, run: Run, account_id: AccountId) -> bool:
        """Whether somebody is told for the city and not as a contact."""
        return account_id not in self._contacts.get(run.alert.wearer_id, ())

    def addresses(self, account_id: AccountId) -> list[Address]:
        """Where somebody can be reached."""
        self._ask([account_id])
        return self._addresses.get(account_id, [])

    def _reached(self, account_ids: Sequence[AccountId]) -> list[AccountId]:
        return [one for one in account_ids if self.addresses(one)]

    def _ask(self, account_ids: Iterable[AccountId]) -> None:
        new = set(account_ids) - self._asked
        if new:
            self._asked |= new
            self._addresses |= accounts.addresses_of(self._connection, new)

    def _on_duty(self, run: Run) -> list[AccountId]:
        city_id = run.alert.city_id
        if city_id not in self._duty:
            shifts = policies.shifts(self._connection, [city_id]).get(city_id, [])
            zone = self._who[run.alert.wearer_id].zone
            self._duty[city_id] = on_duty(shifts, self._now, zone)
            self._ask(self._duty[city_id])
        return self._duty[city_id]

    def _desk(self, run: Run) -> list[AccountId]:
        city_id = run.alert.city_id
        if city_id not in self._staff:
            self._staff[city_id] = store.staff_of(self._connection, city_id)
            self._ask(self._staff[city_id])
        return self._staff[city_id]
