"""`mimamori demo`: a town in one command. A script signs in, speaks as a tracker, and sees the outing that goes wrong.

Detectors hear the children on their way to school; whoever else passes leaves no trace.
"""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.simulator.strangers import TURNS_S, traces
from app.simulator.town import town_of

PATIENCE_S = 120.0
SPEED = 60.0


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What `condition` gives, once it gives something."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def test_a_script_finds_its_way_through_the_demo(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "app.cli", "demo", "--speed", "60", "--ready-file", str(ready)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        town = json.loads(ready.read_text())
        family = town["accounts"]["family"]
        with httpx.Client(base_url=town["base_url"], timeout=30) as client:
            credentials = {"email": family["email"], "password": family["password"]}
            signed_in = client.post("/v1/sign-in", json=credentials).json()
            client.headers["Authorization"] = f"Bearer {signed_in['token']}"
            phone = next(one for one in town["trackers"] if one["format"] == "owntracks")
            place = f"/v1/wearers/{phone['wearer']}/position"
            before = client.get(place).json()
            user = b64encode(f"{phone['id']}:{phone['key']}".encode()).decode()
            fix = {"_type": "location", "lat": 34.7612, "lon": 134.8399, "acc": 9, "tst": int(time.time())}
            taken = client.post("/ingest/owntracks", json=fix, headers={"Authorization": f"Basic {user}"})
            after = client.get(place)
            wrong = until(
                lambda: [
                    one
                    for one in client.get("/v1/alerts").json()["items"]
                    if (one["kind"], one["level"]) == ("movement", "urgent")
                ]
            )
            pressed = until(lambda: [one for one in client.get("/v1/alerts").json()["items"] if one["kind"] == "sos"])
            docs = client.get("/docs").text
            quotes = [client.get(f"/v1/wearers/{one['wearer']}/quote") for one in town["trackers"]]
            sticker = town["stickers"][0]
            page = client.get(sticker["url"])
            client.headers["Authorization"] = f"Bearer {town['accounts']['clerk']['token']}"
            whose = client.get(f"/v1/sticker-register/numbers/{sticker['number']}").json()
            register = client.get("/v1/sticker-register").json()["items"]
            client.headers["Authorization"] = f"Bearer {town['accounts']['guard']['token']}"
            duty = client.get("/v1/me/duty").json()
            client.headers["Authorization"] = f"Bearer {town['accounts']['control_room']['token']}"
            units = client.get("/v1/units").json()["items"]
            waits = client.get(f"/v1/units/{duty['unit']}/place").json()["place"]
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)

    assert {"watch", "owntracks", "osmand"} == {one["format"] for one in town["trackers"]}
    assert 12 == len(town["trackers"])
    assert 200 == taken.status_code
    assert before != after.json(), "the place is another one after the fix"
    assert "outside_fence" in {reason["code"] for reason in wrong[0]["reasons"]}
    assert pressed
    prices = [one.json()["quote"] for one in quotes if one.status_code == 200 and one.json()["quote"]]
    assert [("kobe", 6, 6600)] == [(one["scheme"], one["free_left"], one["unit_yen"]) for one in prices]
    first, second = town["units"]
    assert (first["id"], True, "はりま警備保障") == (duty["unit"], first["on_duty"], duty["proof"]["company_name"])
    assert [(first["id"], True), (second["id"], False)] == [(one["id"], one["is_complete"]) for one in units]
    assert (first["lat_deg"], first["lon_deg"]) == (waits["lat_deg"], waits["lon_deg"])
    assert f"Sticker {sticker['number']}, to scan: {sticker['url']}\n" in output
    assert (200, True) == (page.status_code, page.headers["content-type"].startswith("text/html"))
    assert "<form" in page.text, "it is in use"
    assert (sticker["wearer"], "コート", "issued") == (whose["whose"]["wearer"], whose["stuck_on"], whose["state"])
    assert [(sticker["wearer"], [one["number"] for one in town["stickers"]])] == [
        (one["wearer"], one["stickers"]) for one in register
    ]
    assert "https://" not in docs.replace("https://www.apache.org", "")
    assert 0 == process.returncode, output[-2000:]
    assert "Traceback" not in output
    assert "push to" in output


def spellings(trace: bytes) -> Iterator[bytes]:
    """How an address or a name of 6 or 16 bytes could lie in a file: as it is, turned round, and as text."""
    yield from (trace, trace[::-1])
    texts = [trace.hex(), *(trace.hex(mark) for mark in ":-")]
    texts += [str(UUID(bytes=trace))] if len(trace) == 16 else []
    for text in texts:
        yield from (text.encode(), text.upper().encode())


def found_in(files: list[Path], trace: bytes) -> list[str]:
    """In which of these files a trace lies."""
    contents = [(file.name, file.read_bytes()) for file in files]
    return [name for name, content in contents if any(one in content for one in spellings(trace))]


def test_families_hear_of_passages_and_of_who_did_not_arrive_and_strangers_leave_no_trace(tmp_path: Path) -> None:
    ready, folder, told = tmp_path / "ready.json", tmp_path / "temporary", tmp_path / "told.txt"
    folder.mkdir()
    command = [sys.executable, "-m", "app.cli", "demo", "--speed", str(SPEED), "--ready-file", str(ready)]
    with told.open("wb") as output:
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        town, began_s = json.loads(ready.read_text()), time.monotonic()
        by_at = max(datetime.fromisoformat(one["by"]) for one in town["expectations"])
        wait_s = (by_at - datetime.fromisoformat(town["clock"]["now"])).total_seconds() / SPEED
        family = {"Authorization": f"Bearer {town['accounts']['family']['token']}"}
        clerk = {"Authorization": f"Bearer {town['accounts']['clerk']['token']}"}
        with httpx.Client(base_url=town["base_url"], timeout=30) as client:

            def missed() -> list[dict[str, Any]]:
                alerts = client.get("/v1/alerts", headers=family).json()["items"]
                return [one for one in alerts if one["kind"] == "arrival"]

            arrivals = until(lambda: len(missed()) >= 2 and missed(), PATIENCE_S + wait_s)
            states = client.get("/v1/detectors/states", params={"limit": 200}, headers=clerk).json()["items"]
        until(lambda: "まだ着いていません" in told.read_text())
        files = [file for file in folder.rglob("*") if file.is_file()] + [told]
        strangers = list(traces(town_of(1), (time.monotonic() - began_s) * SPEED + TURNS_S))
        left = {trace.hex(): where for trace in strangers if (where := found_in(files, trace))}
        own = found_in(files, bytes.fromhex(town["tags"][0]["mac"]))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    output_text = told.read_text()

    assert 40 == len(town["detectors"])
    assert 30 == len(town["tags"])
    assert "passage: 佐藤 葵さんが" in output_text, "only the family's own phone is told of her"
    assert "佐藤 葵さんが「小学校」に着きました" in output_text
    assert "佐藤 大翔さんが「小学校」に着きました" not in output_text
    missing = {one["wearer"]: one["name"] for one in town["expectations"] if not one["arrives"]}
    assert missing.keys() == {one["wearer"] for one in arrivals}
    assert {("urgent", "not_arrived"), ("notice", "detectors_down")} == {
        (one["level"], one["reasons"][0]["code"]) for one in arrivals
    }
    troubled = {one["name"]: one["state"] for one in states if one["state"] != "up"}
    assert {"児童館前": "silent", "若葉町の角": "clock_wrong"} == troubled
    assert 100 < sum(one["strangers"] for one in states), "they were heard"
    assert own, "what is registered is found, so that the search looks in the right place"
    assert {} == left
    assert 0 == process.returncode
    assert "Traceback" not in output_text


def test_the_demo_ends_by_itself_when_its_time_is_over() -> None:
    command = [sys.executable, "-m", "app.cli", "demo", "--for", "2"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert (0, "") == (ended.returncode, ended.stderr)
    assert "12 devices and 40 detectors report" in ended.stdout
