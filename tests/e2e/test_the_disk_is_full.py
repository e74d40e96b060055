"""The disk is full, or can only be read: whoever is told "done" is right, all others hear that they must come again, and
with room again everything goes on by itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.devices import service as devices
from app.history.tables import position
from app.kit.ids import DeviceId
from tests.build import KAKOGAWA
from tests.e2e.stage import Stage, at_home

pytestmark = pytest.mark.sqlite

PLACES_MAX = 3_000


def full(connection: Connection) -> None:
    """Not one page more, as on a full disk."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def read_only(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only=ON")


class Phone:
    """Her second device, and which of its places the service said that it has."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._second = stage, 0
        self.taken: list[datetime] = []

    async def enrol(self) -> None:
        """Hana carries it from now on, and the edge knows it."""

        def work(connection: Connection) -> tuple[DeviceId, str | None]:
            phone, key = devices.enrol(
                connection, city_id=KAKOGAWA, format="owntracks", external_id="hana", name="電話", now=self._stage.now
            )
            since = self._stage.now - timedelta(seconds=PLACES_MAX)
            devices.assign(connection, phone.id, self._stage.town.hana.id, now=self._stage.now, from_at=since)
            return phone.id, key

        self._id, key = await self._stage.write(work)
        assert key is not None
        self._key = key
        await self._stage.until_known("hana", key)

    async def send(self) -> httpx.Response:
        """The answer to a place a second after the last one."""
        self._second += 1
        at = self._stage.now + timedelta(seconds=self._second - PLACES_MAX)
        body = {"_type": "location", "lat": 34.757, "lon": 134.841, "acc": 12, "tst": int(at.timestamp())}
        answer = await self._stage.owntracks("hana", self._key, body)
        if answer.is_success:
            self.taken.append(at)
        return answer

    async def until(self, wanted: int) -> httpx.Response:
        """Sends until an answer has this status."""
        for _ in range(PLACES_MAX):
            answer = await self.send()
            if answer.status_code == wanted:
                return answer
        raise AssertionError(f"never answered {wanted}")

    async def stored(self) -> list[datetime]:
        """What is in the history."""
        query = sa.select(position.c.fix_at).where(position.c.device_id == self._id).order_by(position.c.fix_at)
        return await self._stage.database.read(lambda c: list(c.execute(query).scalars()))


@pytest.mark.parametrize("trouble", [full, read_only])
async def test_what_was_acknowledged_is_there_and_service_comes_back_by_itself(
    stage: Stage, trouble: Callable[[Connection], None]
) -> None:
    stage.clock.pass_by(timedelta(seconds=PLACES_MAX))
    phone = Phone(stage)
    await phone.enrol()
    await phone.until(200)
    sa.event.listen(stage.database.engine, "begin", trouble)
    refused = await phone.until(503)
    watch = await stage.connect_watch()
    watch.say(at_home("AL", stage.now, status="00010000"))

    assert int(refused.headers["Retry-After"]) > 0
    assert "stored" in refused.json()["detail"]
    assert phone.taken == await phone.stored()

    sa.event.remove(stage.database.engine, "begin", trouble)
    await phone.until(200)
    assert phone.taken == await phone.stored()
    again = await stage.connect_watch()
    assert "AL" == await again.tell(at_home("AL", stage.now, status="00010000"))
    assert ["sos"] == [alert["kind"] for alert in await stage.alerts(stage.town.daughter)]
