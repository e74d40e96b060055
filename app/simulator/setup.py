"""A town is entered into the service, over its public API, as the people in its offices and families would do it.

The office makes accounts, households, wearers and contacts, enrols the devices and hands them over; families draw the
geofences and let the call centre see; everybody registers a phone.
"""

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress

import httpx
from msgspec import Struct

from app.simulator.api import Api, ApiRefusal, sign_in
from app.simulator.people import FAMILY, RELATIVES, STAFF, Person, Relative, members_of
from app.simulator.streets import Origin
from app.simulator.town import Circle, Resident, Town

SCHEME = "kobe"
SCHEME_TRIES, SCHEME_EVERY_S = 40, 0.25
SCOPES = ["place", "track", "alerts", "health"]
WORDS = ("mori", "kaze", "yuki", "sora", "hana", "tsuki", "kawa", "yama", "umi", "niwa", "hoshi", "asa", "michi", "ame")


class SignIn(Struct, frozen=True, kw_only=True):
    """An account that can be used now."""

    role: str
    name: str
    id: str
    email: str
    password: str
    token: str


class Tracker(Struct, frozen=True, kw_only=True):
    """A device that is enrolled and carried. Ids are the service's, `key` is its secret."""

    resident: Resident
    wearer_id: str
    device_id: str
    key: str


class Settled(Struct, frozen=True, kw_only=True):
    """A town that the service knows. `accounts` are by the key of the person."""

    town: Town
    accounts: Mapping[str, SignIn]
    trackers: tuple[Tracker, ...]


async def settle(http: httpx.AsyncClient, admin_token: str, town: Town) -> Settled:
    """Enters the town. Raises `ApiRefusal` when the service does not take it."""
    office = Api(http, admin_token)
    roles = [(relative, "family") for relative in RELATIVES] + [(person, role) for role, person in STAFF.items()]
    made = await asyncio.gather(*(_account(http, office, person, role) for person, role in roles))
    accounts = {person.key: account for (person, _), account in zip(roles, made, strict=True)}
    names = list(dict.fromkeys(resident.person.household for resident in town.residents))
    entered = await asyncio.gather(*(_household(office, name, accounts) for name in names))
    households = dict(zip(names, entered, strict=True))
    trackers = []
    for resident in town.residents:  # One after the other, so that lists show them in the order of the town.
        wearer_id = await _wearer(office, resident.person, households, accounts)
        trackers.append(await _tracker(office, resident, wearer_id))
    await asyncio.gather(*(_family_settings(http, accounts, one, town.origin) for one in trackers))
    for one in in_sight_of_family(trackers)[:1]:
        await _enrol(office, one)
    return Settled(town=town, accounts=accounts, trackers=tuple(trackers))


async def _account(http: httpx.AsyncClient, office: Api, person: Relative, role: str) -> SignIn:
    password = "-".join((*(secrets.choice(WORDS) for _ in range(3)), f"{secrets.randbelow(10**6):06}"))
    made = await office.post("/v1/accounts", email=person.email, name=person.name, role=role, password=password)
    token = await sign_in(http, person.email, password, "demo")
    await Api(http, token).post(
        "/v1/me/addresses", channel="fcm", kind="token", value=person.push_token, shows_details=True
    )
    return SignIn(
        role=role, name=person.name, id=str(made["id"]), email=person.email, password=password, token=token
    )  # fmt: skip


async def _household(office: Api, name: str, accounts: Mapping[str, SignIn]) -> str:
    members = [accounts[relative.key].id for relative in members_of(name)]
    return str((await office.post("/v1/households", name=f"{name}家", members=members))["id"])


async def _wearer(office: Api, person: Person, households: Mapping[str, str], accounts: Mapping[str, SignIn]) -> str:
    """The id of the wearer, entered with her contacts in order."""
    made = await office.post(
        "/v1/wearers",
        household_id=households[person.household],
        name=person.name,
        born_on=f"{person.born}-04-02",
        note=person.note,
    )
    wearer_id = str(made["id"])
    for kin in person.contacts:
        account = accounts[kin.relative]
        await office.post(
            f"/v1/wearers/{wearer_id}/contacts",
            name=account.name,
            relation=kin.relation,
            account_id=account.id,
            scopes=SCOPES,
        )
    return wearer_id


async def _tracker(office: Api, resident: Resident, wearer_id: str) -> Tracker:
    enrolled = await office.post(
        "/v1/devices",
        format=resident.person.device.speaks,
        external_id=resident.external_id,
        name=f"{resident.person.name} ({resident.person.device.value})",
        interval_s=resident.interval_s,
    )
    device_id = str(enrolled["device"]["id"])
    await office.put(f"/v1/devices/{device_id}/carrier", wearer_id=wearer_id)
    return Tracker(resident=resident, wearer_id=wearer_id, device_id=device_id, key=str(enrolled["key"]))


async def _family_settings(
    http: httpx.AsyncClient, accounts: Mapping[str, SignIn], tracker: Tracker, origin: Origin
) -> None:
    """A member of the household draws the geofences and lets the call centre see where she is."""
    member = members_of(tracker.resident.person.household)[0]
    family = Api(http, accounts[member.key].token)
    for fence in tracker.resident.fences:
        await family.post(f"/v1/wearers/{tracker.wearer_id}/geofences", **_fence(fence, origin))
    await family.post(
        f"/v1/wearers/{tracker.wearer_id}/consents", role="operator", scopes=["place", "alerts", "health"]
    )


async def _enrol(office: Api, tracker: Tracker) -> None:
    """A wearer whom the main family account is told of is under a scheme with turn-outs, so that it can see a price."""
    for _ in range(SCHEME_TRIES):
        with suppress(ApiRefusal):  # The service reads its schemes when it begins; that may be a moment from now.
            await office.get(f"/v1/schemes/{SCHEME}")
            break
        await asyncio.sleep(SCHEME_EVERY_S)
    terms = {"scheme": SCHEME, "devices": 1}
    await office.post(f"/v1/wearers/{tracker.wearer_id}/contracts", terms=terms, insured=False)


def _fence(fence: Circle, origin: Origin) -> dict[str, object]:
    lat_deg, lon_deg = origin.degrees(fence.centre)
    return {
        "name": fence.name,
        "purpose": fence.purpose,
        "shape": {
            "type": "circle", "lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6), "radius_m": fence.radius_m
        },
        "tell_exit": fence.tell_exit,
        "tell_enter": fence.tell_enter,
    }  # fmt: skip


def in_sight_of_family(trackers: Iterable[Tracker]) -> list[Tracker]:
    """The trackers of whose wearers the main family account is told."""
    return [one for one in trackers if any(kin.relative == FAMILY.key for kin in one.resident.person.contacts)]
