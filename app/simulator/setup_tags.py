"""The town is fitted out with detectors and tags, over the public API, as its office and the families would do it.

The office enters the children, registers detectors and tags and hands the tags out; families say where their children
are expected.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import httpx
from msgspec import Struct

from app.kit.calendar import JST
from app.simulator.api import Api
from app.simulator.detectors import Detector, detectors_of
from app.simulator.outings import ROUND_S, Life, legs_of
from app.simulator.people import members_of
from app.simulator.setup import SCOPES, Settled, SignIn
from app.simulator.tags import Tag, tags_of
from app.simulator.town import Pupil, Town

BRIDGE = "town-broker"
FIRST_AT = timedelta(minutes=1)
"""From the making of an expectation to the beginning of its time, at least; the first child needs three minutes."""
ALL_ARE_THERE_S = 4 * 60.0
"""From the arrival of the last child to the time by which they are expected."""
AT_ONCE = 16
"""Calls at a time: more only wait in the service."""


class Mounted(Struct, frozen=True, kw_only=True):
    """A detector that the service knows. `own_name` is what it calls itself, `key` its secret."""

    detector: Detector
    id: str
    own_name: str
    key: str


class WornTag(Struct, frozen=True, kw_only=True):
    """A tag that is registered and worn, and where its wearer goes."""

    tag: Tag
    id: str
    wearer_id: str
    name: str
    life: Life


class Expected(Struct, frozen=True, kw_only=True):
    """A child that its family expects somewhere, between two moments."""

    pupil: Pupil
    wearer_id: str
    id: str
    from_at: datetime
    by_at: datetime


class Fitted(Struct, frozen=True, kw_only=True):
    """A town with detectors and tags. `bridge_key` is that of the broker that forwards for some of them."""

    town: Town
    detectors: tuple[Mounted, ...]
    bridge_key: str
    tags: tuple[WornTag, ...]
    expected: tuple[Expected, ...]


async def fit_out(http: httpx.AsyncClient, admin_token: str, settled: Settled, now: datetime) -> Fitted:
    """Fits the town out. Raises `ApiRefusal` when the service does not take it."""
    office, town, few = Api(http, admin_token), settled.town, asyncio.Semaphore(AT_ONCE)
    households = {one["name"]: str(one["id"]) for one in (await office.get("/v1/households", limit=200))["items"]}

    async def child(pupil: Pupil) -> str:
        async with few:
            return await _child(office, pupil, households, settled.accounts)

    async def mounted(detector: Detector) -> Mounted:
        async with few:
            return await _mounted(office, detector, town)

    async def worn(tag: Tag, name: str, wearer_id: str, life: Life) -> WornTag:
        async with few:
            return await _worn(office, tag, name, wearer_id, life)

    children = await asyncio.gather(*(child(pupil) for pupil in town.pupils))
    detectors = await asyncio.gather(*(mounted(one) for one in detectors_of(town)))
    bridge = await office.post("/v1/detectors", format="theengs", kind="bridge", name="放送局", external_id=BRIDGE)
    people = [(one.resident.person.name, one.wearer_id, one.resident.life) for one in settled.trackers]
    people += [(one.child.name, wearer_id, one.life) for one, wearer_id in zip(town.pupils, children, strict=True)]
    tags = await asyncio.gather(*(worn(tag, *who) for tag, who in zip(tags_of(town), people, strict=True)))
    from_at, by_at = school_time(town, now)

    async def expected(pupil: Pupil, wearer_id: str) -> Expected:
        async with few:
            latest_at = by_at + timedelta(seconds=pupil.child.waits_s)
            return await _expected(http, settled.accounts, detectors, pupil, wearer_id, from_at, latest_at)

    wanted = await asyncio.gather(*(expected(*one) for one in zip(town.pupils, children, strict=True)))
    return Fitted(
        town=town, detectors=tuple(detectors), bridge_key=str(bridge["key"]), tags=tuple(tags), expected=tuple(wanted)
    )


def school_time(town: Town, now: datetime) -> tuple[datetime, datetime]:
    """From when and by when the children are expected, whole minutes: in this round, or in the next one when the
    longest wait in this one goes on over midnight in Japan, since an expectation is of one day.
    """
    longest = timedelta(seconds=max(one.child.waits_s for one in town.pupils))
    for number in (0, 1):
        begins_at = now + timedelta(seconds=number * ROUND_S)
        from_at = _minute_after(begins_at + FIRST_AT)
        last_s = max(legs[0].until_s for one in town.pupils if (legs := legs_of(one.life, number)))
        by_at = _minute_after(begins_at + timedelta(seconds=last_s + ALL_ARE_THERE_S))
        if from_at.astimezone(JST).date() == (by_at + longest).astimezone(JST).date():
            return from_at, by_at
    raise AssertionError("two rounds cannot both go over midnight")


def _minute_after(moment: datetime) -> datetime:
    start = moment.replace(second=0, microsecond=0)
    return start + timedelta(minutes=math.ceil((moment - start).total_seconds() / 60))


async def _child(office: Api, pupil: Pupil, households: Mapping[str, str], accounts: Mapping[str, SignIn]) -> str:
    """The id of the child, entered with its contact."""
    child = pupil.child
    made = await office.post(
        "/v1/wearers", household_id=households[f"{child.household}家"], name=child.name, born_on=f"{child.born}-04-02"
    )
    account = accounts[child.kin.relative]
    await office.post(
        f"/v1/wearers/{made['id']}/contacts",
        name=account.name,
        relation=child.kin.relation,
        account_id=account.id,
        scopes=SCOPES,
    )
    return str(made["id"])


async def _mounted(office: Api, detector: Detector, town: Town) -> Mounted:
    lat_deg, lon_deg = town.origin.degrees(detector.spot)
    body: dict[str, Any] = {"format": detector.format, "kind": detector.kind, "name": detector.name}
    if detector.external_id is not None:
        body["external_id"] = detector.external_id
    if detector.path is None:
        body |= {"lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6)}
    made = await office.post("/v1/detectors", interval_s=detector.interval_s, **body)
    shown = made["detector"]
    return Mounted(detector=detector, id=str(shown["id"]), own_name=str(shown["external_id"]), key=str(made["key"]))


async def _worn(office: Api, tag: Tag, name: str, wearer_id: str, life: Life) -> WornTag:
    made = await office.post(
        "/v1/tags",
        vendor="見守りタグ工業",
        scheme=tag.scheme,
        identity=tag.identity,
        mac=tag.mac,
        name=f"{name}のタグ",
        interval_s=tag.interval_s,
    )
    await office.put(f"/v1/tags/{made['id']}/wearer", wearer_id=wearer_id)
    return WornTag(tag=tag, id=str(made["id"]), wearer_id=wearer_id, name=name, life=life)


async def _expected(
    http: httpx.AsyncClient,
    accounts: Mapping[str, SignIn],
    detectors: Sequence[Mounted],
    pupil: Pupil,
    wearer_id: str,
    from_at: datetime,
    by_at: datetime,
) -> Expected:
    """A member of the household lets the call centre see where the child is, and says where it is expected."""
    family = Api(http, accounts[members_of(pupil.child.household)[0].key].token)
    await family.post(f"/v1/wearers/{wearer_id}/consents", role="operator", scopes=["place", "alerts", "health"])
    made = await family.post(
        f"/v1/wearers/{wearer_id}/expectations",
        name=pupil.child.expected_as,
        detectors=[one.id for one in detectors if one.detector.key in pupil.child.expected_at],
        weekdays=[1, 2, 3, 4, 5, 6, 7],
        from_time=_clock_time(from_at),
        by_time=_clock_time(by_at),
    )
    return Expected(pupil=pupil, wearer_id=wearer_id, id=str(made["id"]), from_at=from_at, by_at=by_at)


def _clock_time(moment: datetime) -> str:
    at: time = moment.astimezone(JST).time()
    return f"{at:%H:%M}"
