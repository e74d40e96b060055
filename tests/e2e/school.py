"""A school with detectors at its gates, a boy who wears a tag, and the clerk who registered them over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa
from msgspec import Struct

from app.accounts.model import Account
from app.devices import service as devices
from app.households import service as households
from app.households.model import Wearer
from app.push.model import MessageState
from app.push.tables import message
from tests.build import HOME, METRES_PER_DEGREE
from tests.e2e.stage import Receiver, Stage
from tests.unit.beacon_ingest.poles import STRANGER_MAC, STRANGER_UUID, TOWN_UUID, ibeacon
from tests.waiting import until

HALF_PAST_SEVEN = datetime(2026, 4, 1, 22, 30, tzinfo=UTC)
"""On a Thursday morning in Japan."""

SCHOOL_DAYS = [1, 2, 3, 4, 5]
STRANGER = {"rssi_dbm": -75, "adv": ibeacon(STRANGER_UUID), "mac": STRANGER_MAC}
"""What the phone of somebody who passes by is heard as."""


class School(Struct, kw_only=True):
    """Two gates 40 m apart; the tag of Taro, who is the boy of Hana's family."""

    taro: Wearer
    tag: str
    gate: Receiver
    corner: Receiver
    clerk: httpx.AsyncClient


async def a_school(stage: Stage) -> School:
    """The school, known to the edge."""
    clerk = await stage.sign_in(stage.town.clerk)
    await stage.write(lambda c: devices.release(c, stage.town.watch.id, stage.now))  # Its silence is another story.
    taro = await child(stage, "タロウ")
    tag = await registered_tag(clerk, 2, taro)
    gate = await registered_detector(clerk, "東門")
    corner = await registered_detector(clerk, "角の電柱", north_m=40)
    await until_known(stage, corner)
    return School(taro=taro, tag=tag, gate=gate, corner=corner, clerk=clerk)


async def child(stage: Stage, name: str) -> Wearer:
    """A child of Hana's household, about whom her daughter and son are told."""
    daughter, son = stage.town.daughter, stage.town.son

    def work(connection: Any) -> Wearer:
        one = households.create_wearer(connection, stage.town.hana.household_id, name, by=daughter.id, now=stage.now)
        for account in (daughter, son):
            households.add_contact(
                connection, one.id, account.name, account_id=account.id, by=daughter.id, now=stage.now
            )
        return one

    made: Wearer = await stage.write(work)
    return made


async def registered_tag(
    clerk: httpx.AsyncClient, minor: int, wearer: Wearer | None = None, vendor: str = "Aruku"
) -> str:
    """The id of a tag of the town, which somebody wears or nobody."""
    body = {"vendor": vendor, "scheme": "ibeacon", "identity": f"{TOWN_UUID}/1/{minor}"}
    tag_id: str = taken(await clerk.post("/v1/tags", json=body), 201)["id"]
    if wearer is not None:
        taken(await clerk.put(f"/v1/tags/{tag_id}/wearer", json={"wearer_id": str(wearer.id)}))
    return tag_id


async def registered_detector(clerk: httpx.AsyncClient, name: str, *, north_m: float = 0.0, **more: object) -> Receiver:
    """A detector so many metres north of the middle of the town, fixed unless it says otherwise."""
    body = {
        "kind": "fixed", "name": name, "lat_deg": HOME.lat_deg + north_m / METRES_PER_DEGREE, "lon_deg": HOME.lon_deg
    }  # fmt: skip
    made = taken(await clerk.post("/v1/detectors", json=body | more), 201)
    return Receiver(id=made["detector"]["id"], external_id=made["detector"]["external_id"], key=made["key"])


async def until_known(stage: Stage, detector: Receiver) -> None:
    """Waits until the edge knows a detector that was registered, and all that was registered before it."""

    async def is_known() -> bool:
        return (await stage.gateway(detector)).status_code != 401

    await until(is_known)


async def until_told(stage: Stage, account: Account, times: int) -> None:
    """Waits until somebody's phone got so many pushes, and until that is written down."""
    await stage.until(lambda: len(stage.pushes(account)) == times)
    await until_written_down(stage)


async def until_written_down(stage: Stage) -> None:
    """Waits until nothing is being sent: a clock that goes on before has the last one sent later than it was, and the
    next one held.
    """

    async def is_written_down() -> bool:
        query = sa.select(message.c.id).where(message.c.state == MessageState.SENDING)
        sending = await stage.database.read(lambda connection: connection.execute(query).first())
        return sending is None

    await until(is_written_down)


def heard(at: datetime | None = None, minor: int = 2, **more: Any) -> dict[str, Any]:
    """An advertisement of a tag of the town, by default of Taro's."""
    item = {"rssi_dbm": -66, "adv": ibeacon(minor=minor), "mac": f"ac233fa000{minor:02x}"}
    return item | ({} if at is None else {"at": at.isoformat()}) | more


def taken(answer: httpx.Response, status: int = 200) -> Any:
    """What was answered, which must be with this status."""
    assert status == answer.status_code, answer.text
    return answer.json()


async def expected(stage: Stage, school: School, by: Account) -> dict[str, Any]:
    """Her family expects him at the gate on school days, from 7:45 to 8:30."""
    body = {
        "name": "小学校", "detectors": [school.gate.id], "weekdays": SCHOOL_DAYS, "from_time": "07:45",
        "by_time": "08:30",
    }  # fmt: skip
    app = await stage.sign_in(by)
    made: dict[str, Any] = taken(await app.post(f"/v1/wearers/{school.taro.id}/expectations", json=body), 201)
    return made


async def beating(
    stage: Stage, detectors: Sequence[Receiver], minutes: int, items: Sequence[Mapping[str, Any]] = (STRANGER,)
) -> None:
    """Lets time go by, minute by minute, in which these detectors say that they are there and hear passers-by."""
    for _ in range(minutes):
        for one in detectors:
            taken(await stage.gateway(one, items))
        await stage.pass_by(1)


async def passages(school: School, detector: Receiver) -> list[dict[str, Any]]:
    """What the clerk sees of what a detector heard, newest first."""
    items: list[dict[str, Any]] = taken(await school.clerk.get(f"/v1/detectors/{detector.id}/passages"))["items"]
    return items


def moment(text: str) -> datetime:
    """A moment of an answer."""
    return datetime.fromisoformat(text)


def span(stage: Stage, hours: float = 24) -> dict[str, str]:
    """The parameters of a track of the last hours."""
    return {"from": (stage.now - timedelta(hours=hours)).isoformat(), "until": stage.now.isoformat()}
