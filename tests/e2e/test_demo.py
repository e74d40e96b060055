"""`mimamori demo`: a town in one command. A script signs in, speaks as a tracker, and sees the outing that goes wrong."""

import json
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 120.0


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` gives, once it gives something."""
    end = time.monotonic() + PATIENCE_S
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
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)

    assert {"watch", "owntracks", "osmand"} == {one["format"] for one in town["trackers"]}
    assert 12 == len(town["trackers"])
    assert 200 == taken.status_code
    assert before != after.json(), "the place is another one after the fix"
    assert "outside_fence" in {reason["code"] for reason in wrong[0]["reasons"]}
    assert pressed
    assert "https://" not in docs.replace("https://www.apache.org", "")
    assert 0 == process.returncode, output[-2000:]
    assert "Traceback" not in output
    assert "push to" in output
