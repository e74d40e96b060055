"""The service as edges, webs and workers on PostgreSQL and NATS: the same stories as in one process."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import scaled
from app.accounts.model import Role
from app.config import InvalidSettings, Settings
from app.devices import service as devices
from app.history.tables import position
from app.kit.clock import SharedClock, system_clock
from app.scaled import PROCESSES
from tests.broker import running_nats
from tests.build import KAKOGAWA, NOW, account
from tests.e2e.scaled import ScaledStage, a_scaled_stage
from tests.e2e.stage import at_home
from tests.waiting import until
from tests.watchman import Watchman

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def stage(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScaledStage]:
    monkeypatch.setattr(scaled, "EVERY_S", 0.2)
    async with a_scaled_stage(where, tmp_path) as stage:
        yield stage


async def test_she_leaves_the_garden_at_night_and_the_family_sees_to_it(stage: ScaledStage) -> None:
    heard: list[str] = []
    stage.web.database.listen("live", heard.append)
    watch = await stage.connect_watch()

    async def report(north_m: float) -> None:
        watch.say(at_home("UD", await stage.pass_by(3), north_m=north_m))
        assert "LK" == await watch.tell("LK,0,0,64")
        await stage.worked_off()

    await stage.pass_by(14 * 60)  # Two in the morning in Japan.
    for north_m in (0, 10, 1500, 5, 0):
        await report(north_m)
    assert [] == await stage.alerts(stage.town.daughter)
    for north_m in (250, 400, 550):
        await report(north_m)
    await stage.until(lambda: bool(stage.pushes(stage.town.daughter)) and bool(stage.pushes(stage.town.son)))
    await stage.until(lambda: str(stage.town.hana.id) in heard)  # An open app at the web looks at once.

    daughter = await stage.sign_in(stage.town.daughter)
    (alert,) = (await daughter.get("/v1/alerts")).json()["items"]
    assert ("movement", "urgent", "open") == (alert["kind"], alert["level"], alert["state"])
    taken = await daughter.post(f"/v1/alerts/{alert['id']}/acknowledge")
    assert "acknowledged" == taken.json()["state"]
    await stage.until(lambda: "佐藤 美咲さん" in stage.pushes(stage.town.son)[-1][0])

    command = f"/v1/devices/{stage.town.watch.id}/commands"
    assert (await daughter.post(command, json={"kind": "locate"})).is_success
    assert "CR" == await watch.asked("CR")  # Outside it is asked for a fix a minute besides.
    watch.say("CR")
    assert "LK" == await watch.tell("LK,0,0,64")
    await stage.worked_off()
    orders = (await daughter.get(command)).json()["items"]
    assert ["answered"] == [one["state"] for one in orders if one["kind"] == "locate"]


async def test_a_new_phone_is_known_at_the_edge_and_speaks_for_whoever_carries_it(stage: ScaledStage) -> None:
    def enrol(c):
        phone, key = devices.enrol(
            c, city_id=KAKOGAWA, format="owntracks", external_id="phone1", name="phone", now=stage.now
        )
        devices.assign(c, phone.id, stage.town.hana.id, now=stage.now)
        return key

    key = await stage.write(enrol)
    await stage.until_known("phone1", key)
    now = await stage.pass_by(1)
    body = {"_type": "location", "tst": int(now.timestamp()), "lat": 34.757, "lon": 134.841, "acc": 10}
    assert (await stage.owntracks("phone1", key, body)).is_success
    await stage.worked_off()

    daughter = await stage.sign_in(stage.town.daughter)
    place = (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).json()
    assert 34.757 == place["lat_deg"]


async def test_each_process_says_how_it_does_and_what_it_does_not(stage: ScaledStage) -> None:
    for service in (stage.edge, *stage.workers):
        app = stage.client_of(service)
        await stage.until_ready(service)
        assert {"alive": True} == (await app.get("/health/live")).json()
        assert 404 == (await app.get("/v1/alerts")).status_code
        assert (await app.get("/metrics")).is_success
    assert 404 == (await stage.client_of(stage.web).post("/ingest/owntracks", json={})).status_code

    await stage.server.end()
    key = {"Authorization": "Basic eDp5"}
    for service in (stage.edge, *stage.workers):
        await stage.until_ready(service, missing=["stream"])
    assert 401 == (await stage.http.post("/ingest/owntracks", json={}, headers=key)).status_code
    await stage.server.start()
    for service in (stage.edge, *stage.workers):
        await stage.until_ready(service)


async def test_they_audit_together_and_every_number_that_they_tell_is_in_the_page(stage: ScaledStage) -> None:
    watch = await stage.connect_watch()
    watch.say(at_home("UD", stage.now))
    assert "LK" == await watch.tell("LK,0,0,64")
    await stage.worked_off()
    text = await stage.until_told("mimamori_audit_clean 1.0")

    names = {
        name for name in re.findall(r"^# TYPE (mimamori_\w+)", text, re.MULTILINE) if not name.endswith("_created")
    }
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    explained = {
        name
        for row in re.findall(r"^\| (`mimamori_.*?) \|", page, re.MULTILINE)
        for name in re.findall(r"mimamori_\w+", row)
    }
    assert explained == names
    assert any(float(count) for count in re.findall(r"^mimamori_worked_units_total (\S+)", text, re.MULTILINE))


async def test_when_all_workers_are_gone_the_webs_say_nothing_to_the_watchman(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaled, "EVERY_S", 0.1)
    watchman = Watchman()
    async with a_scaled_stage(where, tmp_path, watchman_url=watchman.url) as stage:
        await stage.until(lambda: watchman.heard > 2)
        await stage.fleet.aclose()
        stage.workers = ()
        stage.clock.pass_by(timedelta(minutes=2))  # Nobody notes any more that the service is up.
        await stage.until_told("mimamori_audit_clean 0.0")
        heard, ages = watchman.heard, [0.0]
        while sum(later < age for age, later in pairwise(ages)) < 3:  # So often it was seen anew.
            text = await stage.until_told("mimamori_audit_clean 0.0")
            ages += map(float, re.findall(r"^mimamori_audit_age_seconds (\S+)", text, re.MULTILINE))
    assert heard == watchman.heard
    watchman.close()


async def test_what_a_worker_could_not_digest_is_replayed_once_and_in_its_place(stage: ScaledStage) -> None:
    """Her SOS met a defect; an operator replays it when the program is mended, and the family is told of it."""
    watch = await stage.connect_watch()
    administrator = await stage.sign_in(
        await stage.write(lambda c: account(c, "administrator", "管理者", Role.ADMINISTRATOR))
    )

    async def alter(how: str) -> None:
        await stage.write(lambda c: c.execute(sa.text(f"ALTER TABLE position {how}")))

    async def told(word: str, north_m: float, status: str = "00000000") -> None:
        watch.say(at_home(word, await stage.pass_by(1), north_m=north_m, status=status))
        assert "LK" == await watch.tell("LK,0,0,64")
        await stage.worked_off()

    def places(connection: Connection) -> list[tuple[float, float]]:
        rows = connection.execute(sa.select(position.c.fix_at, position.c.lat_deg).order_by(position.c.fix_at))
        return [((row.fix_at - NOW).total_seconds(), round((row.lat_deg - 34.757) * 111_195)) for row in rows]

    await alter("ADD CONSTRAINT defect CHECK (abs(lat_deg - 34.75718) > 0.00003)")
    await told("UD", 0)
    watch.say(sos := at_home("AL", await stage.pass_by(1), north_m=20, status="00010000"))
    assert "AL" == await watch.answer()
    await told("UD", 10)
    assert [(60, 0), (180, 10)] == await stage.database.read(places)
    assert [] == await stage.alerts(stage.town.daughter)

    (letter,) = (await administrator.get("/v1/dead-letters")).json()["items"]
    assert (str(stage.town.watch.id), "watch") == (letter["device_id"], letter["format"])
    replay = f"/v1/dead-letters/{letter['id']}/replay"
    assert 403 == (await (await stage.sign_in(stage.town.daughter)).post(replay)).status_code
    assert "CheckViolation" in (await administrator.post(replay)).json()["error"]
    await alter("DROP CONSTRAINT defect")
    answers = await asyncio.gather(*(administrator.post(replay) for _ in range(2)))
    assert [200, 404] == sorted(one.status_code for one in answers)

    watch.say(sos)
    assert "AL" == await watch.answer()
    await stage.worked_off()
    assert [(60, 0), (120, 20), (180, 10)] == await stage.database.read(places)
    (alert,) = await stage.alerts(stage.town.daughter)
    assert ("sos", "open") == (alert["kind"], alert["state"])
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    daughter = await stage.sign_in(stage.town.daughter)
    assert (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).json()["lat_deg"] == pytest.approx(
        34.757 + 10 / 111_195, abs=1e-6
    )


async def test_without_the_stream_nothing_is_acknowledged_and_all_is_taken_later(stage: ScaledStage) -> None:
    now = await stage.pass_by(1)

    def enrol(c):
        phone, key = devices.enrol(c, city_id=KAKOGAWA, format="owntracks", external_id="phone1", name="phone", now=now)
        devices.assign(c, phone.id, stage.town.hana.id, now=now)
        return key

    key = await stage.write(enrol)
    await stage.until_known("phone1", key)
    await stage.server.end()
    await stage.until_ready(stage.edge, missing=["stream"])
    body = {"_type": "location", "tst": int(now.timestamp()), "lat": 34.757, "lon": 134.841, "acc": 10}
    answer = await stage.owntracks("phone1", key, body)
    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])

    await stage.server.start()
    await stage.until_ready(stage.edge)
    assert (await stage.owntracks("phone1", key, body)).is_success
    await stage.worked_off()
    daughter = await stage.sign_in(stage.town.daughter)
    assert (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).is_success


@pytest.mark.parametrize("process", ["web", "worker"])
async def test_a_process_goes_by_the_clock_of_the_database(
    process: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaled, "CLOCK_S", 0.1)
    clock = SharedClock(lambda: system_clock() + timedelta(hours=1))
    async with running_nats() as server:
        settings = Settings(database=where, nats=server.url, detector_secret="s" * 40, partitions=4)
        async with PROCESSES[process](settings, clock):
            assert abs(clock() - system_clock()) < timedelta(minutes=1)
            clock.tell(system_clock() - timedelta(hours=1))
            await until(lambda: abs(clock() - system_clock()) < timedelta(minutes=1))


@pytest.mark.parametrize("process", ["edge", "web", "worker"])
async def test_no_process_starts_on_a_server_that_acknowledges_what_is_not_on_its_disk(
    process: str, where: str
) -> None:
    async with running_nats(sync_interval="2m") as server:
        settings = Settings(
            database=where, nats=server.url, nats_monitoring=server.monitoring, detector_secret="s" * 40, partitions=4
        )
        with pytest.raises(InvalidSettings, match="sync_interval: always"):
            async with PROCESSES[process](settings):
                pass


@pytest.mark.parametrize(
    ("process", "missing"),
    [("edge", "nats"), ("edge", "detector_secret"), ("web", "database"), ("worker", "database"), ("worker", "nats")],
)
async def test_no_process_starts_without_what_all_share(process: str, missing: str, where: str) -> None:
    given = {"database": where, "nats": "nats://127.0.0.1:1", "detector_secret": "s" * 40}
    del given[missing]
    with pytest.raises(InvalidSettings, match=missing):
        async with PROCESSES[process](Settings(**given)):
            pass
