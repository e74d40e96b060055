"""The phones of passers-by leave no trace: no file in the data folder and no line of a log holds an address or a name
of theirs in any spelling, while the real service runs, after kill -9 and after it came up again.
"""

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx

from app.db.engine import FILE_NAME, sqlite_engine
from app.simulator.fcm_standin import FcmStandIn
from tests.build import PASSWORD, town
from tests.chaos.crew import Server
from tests.e2e.passers import Passer, items, passers
from tests.e2e.school import heard, registered_detector, registered_tag, taken
from tests.e2e.stage import Receiver
from tests.unit.beacon_ingest.poles import TOWN_UUID, ibeacon

MINEW_MAC = "ac233fc00002"


def binary(crowd: list[Passer]) -> bytes:
    """What a Minew gateway sends in BINARY-LONG."""
    heard_of = b""
    for one in crowd:
        adv = bytes.fromhex(ibeacon(str(one.uuid)))
        heard_of += one.mac + (1).to_bytes(2, "big") + bytes((len(adv),)) + adv + b"\x00\xb8"
    body = bytes.fromhex(MINEW_MAC) + len(crowd).to_bytes(2, "big") + heard_of + b"\xdd"
    return b"\xbb\x01" + (len(body) + 6).to_bytes(4, "big") + body


async def walk_by(client: httpx.AsyncClient, crowd: list[Passer], gate: Receiver, minew: Receiver, broker: str) -> None:
    """The crowd is heard by every kind of detector, in bodies that can be read and in others, with keys and without."""

    async def say(format: str, content: bytes, key: str, status: int, **headers: str) -> None:
        answer = await client.post(
            f"/ingest/{format}", content=content, headers={"Authorization": f"Bearer {key}", **headers}
        )
        assert status == answer.status_code, (format, content[:200], answer.text)

    one = crowd[0]
    body = {"detector": gate.external_id, "seq": 1, "sent_at": datetime.now(UTC).isoformat()}
    body["items"] = [heard(), *(item for passer in crowd for item in items(passer))]
    ours = json.dumps(body).encode()
    for _ in range(2):
        await say("gateway", ours, gate.key, 200)
    await say("gateway", gzip.compress(ours), gate.key, 200, **{"content-encoding": "gzip"})
    await say("gateway", ours, "somebody", 401)
    await say("gateway", ours[:-9], gate.key, 400)
    await say("gateway", json.dumps({"detector": one.colons, "items": items(one)}).encode(), gate.key, 401)
    await say("gateway", json.dumps({"items": one.colons}).encode(), gate.key, 200)
    rows: list[object] = [{"type": "Gateway", "mac": MINEW_MAC.upper()}, one.colons]
    rows += [{"mac": each.mac.hex().upper(), "rawData": ibeacon(str(each.uuid)), "rssi": -60} for each in crowd]
    rows += [{"type": "iBeacon", "mac": each.mac.hex(), "ibeaconUuid": each.uuid.hex.upper()} for each in crowd]
    await say("minew", json.dumps(rows).encode(), minew.key, 200)
    await say("minew", binary(crowd), minew.key, 200)
    await say("minew", binary(crowd)[:-7], minew.key, 200)
    topic = f"home/{gate.external_id}/BTtoMQTT/{one.mac.hex().upper()}"
    payload = {"id": one.colons, "rssi": -79, "uuid": one.uuid.hex, "major": 1, "minor": 2, "model_id": "IBEACON"}
    await say("theengs", json.dumps({"topic": topic, "payload": payload}).encode(), broker, 401)
    topic = f"home/pole/BTtoMQTT/{one.mac.hex().upper()}"
    for said in (payload, json.dumps(payload), {"id": one.colons, "manufacturerdata": f"4c000215{one.uuid.hex}"}):
        await say("theengs", json.dumps({"topic": topic, "payload": said}).encode(), broker, 200)
    for path in (f"/ingest/{one.mac.hex()}", f"/ingest/gateway?mac={one.colons}", f"/v1/tags?vendor={one.colons}"):
        assert (await client.post(path, content=ours)).status_code in (401, 404, 415)


async def test_nothing_on_disk_and_in_the_log_knows_who_passed_by(migrated_file: Path, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    data.mkdir()
    shutil.copy(migrated_file, data / FILE_NAME)
    engine = sqlite_engine(data)
    with engine.begin() as connection:
        cast = town(connection, datetime.now(UTC))
    engine.dispose()
    phones = FcmStandIn()
    phones.start()
    server = Server(tmp_path, phones, log_level="debug", output=log)
    crowd = passers(30)

    def search(when: str) -> None:
        """Every file of the data folder and the log; that the search finds anything is seen by the town's own tag."""
        files = {path: path.read_bytes() for path in [*data.rglob("*"), log] if path.is_file()}
        assert any(tag_id.bytes in content for content in files.values()), when
        assert any(f"{TOWN_UUID}/1/2".encode() in content for content in files.values()), when
        for path, content in files.items():
            small = content.lower()
            found = [trace for one in crowd for trace in one.traces() if trace in content or trace in small]
            assert [] == found, f"{path.name} {when}"

    try:
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
            credentials = {"email": cast.clerk.email, "password": PASSWORD}
            token = taken(await client.post("/v1/sign-in", json=credentials))["token"]
            client.headers["Authorization"] = f"Bearer {token}"
            tag_id = UUID(await registered_tag(client, 2, cast.hana))
            gate = await registered_detector(client, "東門")
            minew = await registered_detector(client, "西門", format="minew", external_id=MINEW_MAC)
            await registered_detector(client, "北門", format="theengs", external_id="pole")
            broker = await registered_detector(client, "町の中継", format="theengs", kind="bridge", external_id="town")
            await walk_by(client, crowd, gate, minew, broker.key)
            health = taken(await client.get(f"/v1/detectors/{gate.id}/health"))
            assert (1, 5 * len(crowd)) == (health["sightings"], health["strangers"])
            assert 1 == len(taken(await client.get(f"/v1/detectors/{gate.id}/passages"))["items"])
            assert (data / f"{FILE_NAME}-wal").stat().st_size > 0
            search("while it runs")
        server.kill()
        await server.died()
        search("after kill -9")
        await server.start()
        await server.stop()
        search("after it came up again and ended in order")
        assert b"/v1/detectors/{detector_id}/health" in log.read_bytes(), "the log tells what was asked"
    finally:
        server.kill()
        phones.stop()
