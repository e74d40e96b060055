"""Traces are off unless they are asked for; then they say what kind of thing took how long, and nothing of anybody."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from structlog.testing import LogCapture

from app import traces
from app.config import Settings
from app.devices import service as devices
from app.embedded import running
from tests.build import KAKOGAWA, PASSWORD
from tests.collector import Collector, facts
from tests.e2e.scaled import a_scaled_stage
from tests.e2e.stage import Stage, at_home

ATTRIBUTES = {
    "http.request.method", "http.route", "http.response.status_code", "mimamori.pieces", "mimamori.commit_s",
    "mimamori.partition", "mimamori.units", "mimamori.sent",
}  # fmt: skip
NAMES = {
    "transaction", "batch", "push fcm", "GET", "POST /ingest/owntracks", "GET /ingest/osmand", "POST /ingest/",
    "POST /v1/sign-in", "GET /v1/wearers/{wearer_id}/position", "GET /v1/alerts", "GET /s/{code}",
}  # fmt: skip


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    yield one
    one.close()


async def a_day(stage: Stage) -> list[str]:
    """What devices, the family and somebody curious do; what of it is nobody else's business."""

    def enrol(c: Connection) -> tuple[str, str]:
        keys = []
        for format in ("owntracks", "osmand"):
            phone, key = devices.enrol(
                c, city_id=KAKOGAWA, format=format, external_id=f"hana-{format}", name="電話", now=stage.now
            )
            devices.assign(c, phone.id, stage.town.hana.id, now=stage.now)
            assert key is not None
            keys.append(key)
        return keys[0], keys[1]

    key, osmand_key = await stage.write(enrol)
    await stage.until_known("hana-owntracks", key)
    seconds = int((await stage.pass_by(1)).timestamp())
    body = {"_type": "location", "tst": seconds, "lat": 34.757, "lon": 134.841, "acc": 10}
    assert (await stage.owntracks("hana-owntracks", key, body)).is_success
    query = {"id": "hana-osmand", "key": osmand_key, "timestamp": str(seconds), "lat": "34.758", "lon": "134.842"}
    await stage.http.get("/ingest/osmand", params=query)
    await stage.http.post("/ingest/hana-secret", content=b"x")
    await stage.http.get("/s/hana-secret-code")
    await stage.http.get("/hana-secret-path")
    watch = await stage.connect_watch()
    watch.say(at_home("AL", await stage.pass_by(1), status="00010000"))
    assert "AL" == await watch.answer()
    await stage.until(lambda: len(stage.pushes(stage.town.daughter)) == 1)
    daughter = await stage.sign_in(stage.town.daughter)
    assert (await daughter.get(f"/v1/wearers/{stage.town.hana.id}/position")).is_success
    await stage.alerts(stage.town.daughter)
    await stage.hang_up()
    ids = [stage.town.hana.id, stage.town.watch.id, stage.town.daughter.id]
    return [
        "hana", "34.75", "134.84", "1234567890", PASSWORD, "example.org", "ハナ", "secret", key, osmand_key,
        daughter.headers["Authorization"].removeprefix("Bearer "), *map(str, ids), *(one.hex for one in ids),
    ]  # fmt: skip


@pytest.mark.postgresql
async def test_many_processes_trace_a_message_from_the_door_to_the_commit_and_nothing_of_her(
    where: str, tmp_path: Path, collector: Collector
) -> None:
    async with a_scaled_stage(where, tmp_path, otlp_url=collector.url) as stage:
        private = await a_day(stage)
        await stage.worked_off()
    spans = list(collector.spans())

    assert {"mimamori edge", "mimamori web", "mimamori worker"} == {process for process, _ in spans}
    assert NAMES == {span["name"] for _, span in spans}
    assert ATTRIBUTES == {key for _, span in spans for key in facts(span)}
    text = "".join(str(body) for body in collector.bodies)
    assert [] == [word for word in private if word in text]
    assert not any("events" in span or "message" in span["status"] for _, span in spans)

    (said,) = [
        span for _, span in spans
        if span["name"] == "POST /ingest/owntracks" and facts(span)["http.response.status_code"] == "200"
        if any(span["spanId"] == link["spanId"] for _, one in spans for link in one.get("links", ()))
    ]  # fmt: skip
    batches = [span for process, span in spans if process == "mimamori worker" and span["name"] == "batch"]
    assert {said["traceId"]} <= {link["traceId"] for span in batches for link in span.get("links", ())}
    assert said["traceId"] not in {span["traceId"] for span in batches}


@pytest.mark.sqlite
async def test_one_process_traces_too_and_none_of_those_who_only_ask_how_it_does(
    where: Path, collector: Collector
) -> None:
    settings = Settings(data=str(where), otlp_url=collector.url)
    async with running(settings) as service:
        transport = httpx.ASGITransport(app=service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://stage") as client:
            client.headers["traceparent"] = f"00-{'ab' * 16}-{'cd' * 8}-01"
            for path in ("/health/ready", "/metrics", "/v1/me"):
                await client.get(path)
        await service.database.write(lambda c: c.execute(sa.select(1)).scalar_one())
    found = [(process, span["name"]) for process, span in collector.spans()]

    assert {("mimamori serve", "GET /v1/me"), ("mimamori serve", "transaction")} == set(found)
    assert "ab" * 16 not in {bytes.hex(span.trace_id) for body in collector.bodies for span in _of(body)}


def _of(body):
    return [span for one in body.resource_spans for scope in one.scope_spans for span in scope.spans]


@pytest.mark.sqlite
async def test_a_share_of_nothing_traces_nothing_and_a_collector_that_is_away_harms_nobody(
    where: Path, collector: Collector, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = LogCapture()
    all_levels = structlog.make_filtering_bound_logger(0)  # Whatever level another test has set.
    monkeypatch.setattr(traces, "log", structlog.wrap_logger(None, processors=[said], wrapper_class=all_levels))
    for changes in ({"otlp_url": collector.url, "otlp_share": 0.0}, {"otlp_url": "http://127.0.0.1:1/secret"}):
        async with running(Settings(data=str(where), **changes)) as service:
            await service.database.write(lambda c: c.execute(sa.select(1)).scalar_one())
    assert [] == collector.bodies
    seen = capsys.readouterr()
    assert {"traces_not_sent"} == {entry["event"] for entry in said.entries}
    assert "secret" not in seen.out + seen.err + str(said.entries)


@pytest.mark.sqlite
def test_unless_it_is_asked_for_nothing_of_it_is_loaded(where: Path) -> None:
    program = (
        "import asyncio, sys\nimport app.scaled\nfrom app.config import Settings\nfrom app.embedded import running\n"
        "async def main():\n    async with running(Settings(data=sys.argv[1])):\n        pass\n"
        "asyncio.run(main())\nprint([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    answer = subprocess.run([sys.executable, "-c", program, str(where)], capture_output=True, text=True, check=True)
    assert "[]" == answer.stdout.splitlines()[-1]
