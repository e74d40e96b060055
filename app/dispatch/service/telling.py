"""Who is told what of an incident: her contacts, the crews of units, the control room of the city."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts import escalation
from app.alerts.duty import on_duty
from app.alerts.store import alerts as alerts_store
from app.alerts.store import policies
from app.db.session import hint
from app.dispatch.model import Incident
from app.dispatch.store import duty
from app.households import service as households
from app.kit.ids import AccountId, UnitId
from app.push import outbox
from app.push.model import Address, Level
from app.push.render import DRILL

KEPT = {Level.URGENT: timedelta(hours=2), Level.NOTICE: timedelta(hours=2), Level.NEWS: timedelta(hours=6)}
"""After this long a message that could not be delivered is no longer worth delivering."""


def to_contacts(
    connection: Connection, one: Incident, kind: str, name: str, now: datetime, *, level: Level = Level.URGENT,
    params: Mapping[str, str] | None = None, besides: AccountId | None = None,
) -> None:  # fmt: skip
    """Tells those of her contacts who may know of her alerts. `name` says which telling it is: each is told once."""
    people = [told.account_id for told in households.told(connection, one.wearer_id, now)]
    _put(connection, one, kind, name, [each for each in people if each != besides], level, now, params)


def to_units(
    connection: Connection, one: Incident, unit_ids: Collection[UnitId], kind: str, name: str, now: datetime, *,
    level: Level = Level.URGENT, params: Mapping[str, str] | None = None, about: str = "",
) -> None:  # fmt: skip
    """Tells everybody who is on duty in these units. The wearer is not named to who does not go."""
    people = [each for crew in duty.guards_of(connection, unit_ids).values() for each in crew]
    _put(connection, one, kind, name, people, level, now, params, about=about or offers_of(one), names_her=False)


def to_desk(
    connection: Connection, one: Incident, kind: str, name: str, now: datetime,
    params: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Tells the control room: who of the city is on duty and can be reached, or else all operators; and lets them see
    her, as for an emergency that goes on to them.
    """
    people = desk(connection, one, now)
    let_in = households.let_in(connection, one.wearer_id, people, now)
    _put(connection, one, kind, name, [each for each in people if each in let_in], Level.URGENT, now, params)


def desk(connection: Connection, one: Incident, now: datetime) -> list[AccountId]:
    """Who answers for the city now and can be reached."""
    shifts = policies.shifts(connection, [one.city_id]).get(one.city_id, [])
    for people in (on_duty(shifts, now, _zone(connection, one)), alerts_store.staff_of(connection, one.city_id)):
        reached = accounts.addresses_of(connection, people)
        if reached:
            return [each for each in people if each in reached]
    return []


def take_back_offers(connection: Connection, one: Incident, now: datetime) -> None:
    """What asks units and was not sent yet does not go out."""
    outbox.cancel(connection, offers_of(one), now)


def offers_of(one: Incident) -> str:
    """What the offers of an incident are called on phones of guards: what becomes of them takes their place."""
    return f"offer:{one.id}"


class Telling(Struct, frozen=True, kw_only=True):
    """Something that some people are told of an incident. `about` is what it is called on their phones; empty: as all
    offers of the incident to one who does not go.
    """

    kind: str
    name: str
    people: Collection[AccountId]
    level: Level
    params: Mapping[str, str] = {}
    about: str = ""
    names_her: bool = True


def tell(connection: Connection, one: Incident, tellings: Sequence[Telling], now: datetime) -> None:
    """Puts what people are told into the outbox, each over what rings with them."""
    found = accounts.addresses_of(connection, list({each for told in tellings for each in told.people}))
    if found:
        common = {"zone": _zone(connection, one).key, "at": now.isoformat(), "received": now.isoformat()}
        common |= {DRILL: "yes"} if one.is_drill else {}
        named = {"wearer": households.wearers_by_id(connection, [one.wearer_id])[one.wearer_id].name}
        notes = [
            outbox.Note(
                city_id=one.city_id,
                channel=address.channel,
                address_id=address.id,
                unique_key=f"{told.kind}:{one.id.hex}:{told.name}:{address.id.hex}",
                kind=told.kind,
                level=told.level,
                about=told.about or offers_of(one),
                params={**common, **(named if told.names_her else {}), **told.params},
                expires_at=now + KEPT[told.level],
            )
            for told in tellings
            for account_id in dict.fromkeys(told.people)
            for address in _first(found.get(account_id, []))
        ]
        outbox.put_all(connection, notes, now)
    hint(connection, "live", str(one.wearer_id))


def _put(
    connection: Connection, one: Incident, kind: str, name: str, people: Collection[AccountId], level: Level,
    now: datetime, params: Mapping[str, str] | None, *, about: str = "", names_her: bool = True,
) -> None:  # fmt: skip
    about = about or f"dispatch:{one.id}"
    told = Telling(
        kind=kind, name=name, people=people, level=level, params=params or {}, about=about, names_her=names_her
    )
    tell(connection, one, [told], now)


def _first(addresses: list[Address]) -> list[Address]:
    """Where it rings; else the gateway of the town, else the mailbox."""
    for channels in escalation.RUNGS:
        found = [address for address in addresses if address.channel in channels]
        if found:
            return found
    return []


def _zone(connection: Connection, one: Incident) -> ZoneInfo:
    return alerts_store.zone_of(connection, one.wearer_id)
