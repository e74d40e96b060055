"""Contracts of wearers, what is known of her for all of them, and what was used: the shapes of rows."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.kit.ids import AbsenceId, AccountId, CityId, ContractId, PriceConsentId, UsageId, WearerId
from app.programmes.model import Absence, Item, PlaceTold, Residence, Terms, TurnOut


class Contract(Struct, frozen=True, kw_only=True):
    """A wearer under a scheme. `terms` are whole: with where she lived and when she was away.

    `version` held when it was entered; `tariff` is the digest of the scheme as its file said then. In force from
    `began_on` to `ended_on`, both included.
    """

    id: ContractId
    city_id: CityId
    wearer_id: WearerId
    scheme: str
    version: str
    tariff: str
    began_on: date
    ended_on: date | None
    terms: Terms
    insured: bool
    created_by: AccountId
    created_at: datetime
    withdrawn_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.withdrawn_at is None and self.began_on <= day and (self.ended_on is None or day <= self.ended_on)


class KnownAbsence(Struct, frozen=True, kw_only=True):
    """Days in which a wearer was in hospital or a home, or after which she had died."""

    id: AbsenceId
    absence: Absence


class What(StrEnum):
    """What a change was about."""

    CONTRACT = "contract"
    RESIDENCE = "residence"
    ABSENCE = "absence"


class Change(Struct, frozen=True, kw_only=True):
    """Who changed what, and why: only what is different, before and after."""

    id: UUID
    city_id: CityId
    wearer_id: WearerId
    contract_id: ContractId | None
    what: What
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    by: AccountId
    at: datetime


class Kind(StrEnum):
    """What was used."""

    TURN_OUT = "turn_out"
    PLACE_TOLD = "place_told"
    ITEM = "item"


Facts = TurnOut | PlaceTold | Item
FACTS: dict[Kind, type[TurnOut] | type[PlaceTold] | type[Item]] = {
    Kind.TURN_OUT: TurnOut, Kind.PLACE_TOLD: PlaceTold, Kind.ITEM: Item
}  # fmt: skip
"""What a row of each kind keeps."""


class Used(Struct, frozen=True, kw_only=True):
    """A row of usage. `on` is the day in Japan that decides its month; None as `facts`: it never happened.

    `corrects` is the row in whose place this one counts; `by` is None where the house itself recorded it.
    """

    id: UsageId
    city_id: CityId
    wearer_id: WearerId
    contract_id: ContractId
    kind: Kind
    on: date
    at: datetime
    facts: Facts | None
    tariff: str
    source: str
    corrects: UsageId | None = None
    reason: str = ""
    by: AccountId | None = None
    recorded_at: datetime


class PriceConsent(Struct, frozen=True, kw_only=True):
    """Somebody was shown a price and agreed to it."""

    id: PriceConsentId
    city_id: CityId
    wearer_id: WearerId
    contract_id: ContractId
    quote: str
    shown: dict[str, Any]
    by: AccountId
    source: str
    at: datetime


def whole(terms: Terms, residence: Sequence[Residence], absences: Sequence[Absence]) -> Terms:
    """The terms of a contract with what is known of the wearer herself."""
    return msgspec.structs.replace(terms, residence=list(residence), absences=list(absences))


def own(terms: Terms) -> Terms:
    """The terms without what is known of the wearer for all her contracts: as the row keeps them."""
    return whole(terms, [], [])


def began_on(terms: Terms, today: date) -> date:
    """The first day on which anything of a contract counts."""
    days = [day for day in (terms.contracted_on, terms.installed_on, terms.received_on) if day is not None]
    return min(days, default=today)


def overlap(one: Contract, other: Contract) -> bool:
    """Whether two contracts are in use on the same days. The day on which one ends and the other begins does not count,
    nor what was signed before the device was there.
    """
    (first, last), (since, until) = _in_use(one), _in_use(other)
    return (first, last) == (since, until) or (first < until and since < last)


def _in_use(one: Contract) -> tuple[date, date]:
    terms = one.terms
    days = [day for day in (terms.contracted_on, terms.installed_on, terms.received_on) if day is not None]
    return max(days, default=one.began_on), one.ended_on or date.max


def last_on(terms: Terms) -> date | None:
    """The last day on which anything of a contract can be owed; None while it goes on.

    >>> last_on(Terms(ended_on=date(2026, 3, 10), end_decided_on=date(2026, 4, 2)))
    datetime.date(2026, 4, 2)
    """
    return None if terms.ended_on is None else max(terms.ended_on, terms.end_decided_on or terms.ended_on)


def difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is different, before and after; what is on one side only is absent on the other.

    >>> difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    ({'b': 2}, {'b': 3, 'c': 4})
    """
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}
