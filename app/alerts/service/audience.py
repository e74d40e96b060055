"""Who is meant by the steps of plans, asked for many alerts at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts import escalation
from app.alerts.duty import on_duty
from app.alerts.policies import Step, Who
from app.alerts.preferences import PLAIN, waits_until, willing
from app.alerts.store import alerts as store
from app.alerts.store import escalating, policies
from app.alerts.store.escalating import Run
from app.households import service as households
from app.kit.ids import AccountId, CityId, WearerId
from app.push.model import Address, Level


class Audience:
    """Everybody who may be told of some alerts now, and how they are reached. It lives for one transaction."""

    def __init__(self, connection: Connection, runs: Sequence[Run], now: datetime) -> None:
        self._connection, self._now = connection, now
        wearer_ids = {run.alert.wearer_id for run in runs}
        told = households.told_of(connection, wearer_ids, now, households.TOLD_OF_ALERTS)
        self._contacts = {wearer_id: [one.account_id for one in some] for wearer_id, some in told.items()}
        self._who = store.who(connection, wearer_ids)
        acks = escalating.acks(connection, [run.alert.id for run in runs])
        self._took = {run.alert.id: _sees_to_it(run, acks.get(run.alert.id, {}), now) for run in runs}
        self._addresses: dict[AccountId, list[Address]] = {}
        self._asked: set[AccountId] = set()
        self._ask(one for some in self._contacts.values() for one in some)
        self._preferences = policies.preferences(connection, self._asked)
        self._let_in: dict[WearerId, frozenset[AccountId]] = {}
        self._duty: dict[CityId, list[AccountId]] = {}
        self._staff: dict[CityId, list[AccountId]] = {}

    def contacts(self, run: Run) -> list[AccountId]:
        """Her contacts who may know of it, in order."""
        return list(dict.fromkeys(self._contacts.get(run.alert.wearer_id, ())))

    def people(self, run: Run, step: Step) -> tuple[list[AccountId], list[AccountId]]:
        """Whom a step means, each once and in order, but for those who took the alert already; and the contacts among
        them who do not want to hear of it. Whoever of the city is among them is let in.
        """
        meant = self.contacts(run) if Who.CONTACTS in step.who else []
        if step.places:
            meant = [meant[place - 1] for place in step.places if place <= len(meant)]
        reachable = {one for one in meant if self.addresses(one)}
        contacts = willing(meant, self._preferences, reachable, run.alert.kind, run.alert.level)
        staff: list[AccountId] = []
        is_urgent = run.alert.level is Level.URGENT  # Nobody is let in for less.
        if is_urgent and (Who.ON_DUTY in step.who or Who.DESK in step.who):
            staff = self._reached(self._on_duty(run))
        if is_urgent and Who.DESK in step.who and not staff:
            staff = self._reached(self._desk(run))
        if staff:  # Only whoever is told, and so can be reached, is let in.
            let_in = households.let_in(self._connection, run.alert.wearer_id, staff, self._now)
            staff = [one for one in staff if one in let_in]
        found = dict.fromkeys([*contacts, *staff])
        return [one for one in found if not self.took(run, one)], [one for one in meant if one not in contacts]

    def rungs(self, run: Run, step: Step, account_id: AccountId) -> list[list[Address]]:
        """The addresses of somebody in the order in which they are tried at a step."""
        wanted = self._preferences.get(account_id, PLAIN).channels
        urgent = run.alert.level is Level.URGENT
        return escalation.rungs(self.addresses(account_id), step, wanted, urgent=urgent)

    def held_until(self, run: Run, account_id: AccountId) -> datetime | None:
        """When the hours are over in which somebody does not want to hear of such an alert."""
        preference = self._preferences.get(account_id, PLAIN)
        return waits_until(preference, run.alert.level, self._now, self._who[run.alert.wearer_id].zone)

    def may_know(self, run: Run, account_id: AccountId) -> bool:
        """Whether somebody who was told may still know of it."""
        wearer_id = run.alert.wearer_id
        if account_id in self._contacts.get(wearer_id, ()):
            return True
        if wearer_id not in self._let_in:
            self._let_in[wearer_id] = households.let_in_now(self._connection, wearer_id, self._now)
        return account_id in self._let_in[wearer_id]

    def took(self, run: Run, account_id: AccountId) -> bool:
        """Whether somebody took the alert."""
        return account_id in self._took.get(run.alert.id, ())

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


def _sees_to_it(run: Run, acks: Mapping[AccountId, datetime], now: datetime) -> set[AccountId]:
    """Who took the alert and is left in peace; not for longer than an alert may be forgotten that is taken."""
    since = now - timedelta(seconds=run.plan.forgotten_s)
    return {account_id for account_id, at in acks.items() if at > since}
