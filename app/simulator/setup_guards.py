"""A security company comes to the town, over the public API: the office enters it, its control room makes two units,
and its guard goes on duty and tells where he is.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import httpx
from msgspec import Struct

from app.simulator.api import Api, ApiRefusal
from app.simulator.pace import PacedClock, sleep_for
from app.simulator.people import STAFF
from app.simulator.setup import Settled
from app.simulator.streets import Origin, Spot

COMPANY = {
    "code": "harima",
    "name": "はりま警備保障",
    "phone": "079-000-0000",
    "licence": "兵庫県公安委員会 第63000000号",
}
ON_FOOT, BY_CAR = Spot(-250.0, 300.0), Spot(600.0, -450.0)
"""Where the two units wait."""
TELLS_EVERY_S = 300.0
"""Simulated seconds between two places that the guard's phone tells while he waits."""


class Stationed(Struct, frozen=True, kw_only=True):
    """A unit that the service knows, and where it waits."""

    id: str
    name: str
    kind: str
    on_duty: bool
    spot: Spot


class Guarded(Struct, frozen=True, kw_only=True):
    """A company that the service knows, and its units."""

    id: str
    code: str
    name: str
    units: tuple[Stationed, ...]


async def station(http: httpx.AsyncClient, admin_token: str, settled: Settled, now: datetime) -> Guarded:
    """Enters the company with two units; the guard of the town is on duty in the first. Raises `ApiRefusal` when the
    service does not take it.
    """
    office = Api(http, admin_token)
    guard, control = (settled.accounts[STAFF[role].key] for role in ("guard", "control_room"))
    company = await office.post("/v1/companies", **COMPANY)
    for one, badge in ((guard, "1001"), (control, "0001")):
        await office.put(f"/v1/companies/{company['id']}/crew/{one.id}", badge=badge)
    room, origin = Api(http, control.token), settled.town.origin
    walks = await room.post(
        "/v1/units", name="機動一号", kind="guard", capabilities=["first_aid", "dementia"], check_every_min=20,
        base=_base(origin, ON_FOOT, "駅前待機所"),
    )  # fmt: skip
    drives = await room.post(
        "/v1/units", name="車両二号", kind="car", capabilities=["car", "aed", "first_aid"], check_every_min=30,
        base=_base(origin, BY_CAR, "本社"), vehicle="白い軽自動車",
    )  # fmt: skip
    phone = Api(http, guard.token)
    await phone.put("/v1/me/duty", unit=walks["id"])
    await _tell(phone, origin, now)
    units = ((walks, ON_FOOT, True), (drives, BY_CAR, False))
    return Guarded(
        id=str(company["id"]),
        code=COMPANY["code"],
        name=COMPANY["name"],
        units=tuple(
            Stationed(id=str(unit["id"]), name=str(unit["name"]), kind=str(unit["kind"]), on_duty=on, spot=spot)
            for unit, spot, on in units
        ),
    )


class Waiting:
    """The guard's phone while he waits. When he is sent somewhere or goes off duty, whoever plays him speaks for it."""

    def __init__(self, http: httpx.AsyncClient, settled: Settled, clock: PacedClock) -> None:
        self._phone = Api(http, settled.accounts[STAFF["guard"].key].token)
        self._origin = settled.town.origin
        self._clock = clock

    async def run(self) -> None:
        """Tells the same place every five minutes, until it is cancelled."""
        while True:
            await sleep_for(self._clock, TELLS_EVERY_S)
            with suppress(ApiRefusal, httpx.HTTPError, asyncio.TimeoutError):
                duty = await self._phone.get("/v1/me/duty")
                if duty["unit"] is not None and duty["out_since"] is None:
                    await _tell(self._phone, self._origin, self._clock())


async def _tell(phone: Api, origin: Origin, now: datetime) -> None:
    lat_deg, lon_deg = origin.degrees(ON_FOOT)
    place = {"at": now.isoformat(), "lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6), "accuracy_m": 12.0}
    await phone.post("/v1/me/places", places=[place])


def _base(origin: Origin, spot: Spot, name: str) -> dict[str, object]:
    lat_deg, lon_deg = origin.degrees(spot)
    return {"lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6), "name": name}
