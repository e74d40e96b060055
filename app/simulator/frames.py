"""What devices send, byte for byte: SeTracker frames, OwnTracks objects, OsmAnd queries, Traccar Client bodies. Pure.

Sources: the vendor's guide to the watch protocol (www.4p-touch.com, Beesure GPS SeTracker server protocol), the
OwnTracks booklet (tech/json, tech/http), www.traccar.org/osmand and the position objects of Traccar Client 9.
"""

import re
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from app.simulator.receivers import Measured

MPS_PER_KNOT = 1852 / 3600
KMH_PER_MPS = 3.6

MOVING, SOS = 1 << 4, 1 << 16
"""Bits of a watch's status: a state, and the alarm that matters most."""

FRAME = re.compile(rb"\[([0-9A-Za-z]{2})\*([0-9]{10,15})\*([0-9A-Fa-f]{4})\*([^\]]*)\]")
"""A frame of the server: manufacturer, device, length, content. Its commands never hold a bracket."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What is heard indoors around a home: radio cells (LAC, cell) and access points (name, address)."""

    cells: tuple[tuple[int, int], ...]
    access_points: tuple[tuple[str, str], ...]


class WatchSays(Struct, frozen=True, kw_only=True):
    """How a watch is when it speaks; what it does not say stays empty in the frame."""

    battery_pct: float | None = None
    steps: int | None = None
    signal_pct: int | None = None
    status: int = 0


def surroundings(seed: str) -> Surroundings:
    """What is heard around one home, always the same. Addresses are locally administered ones: no real device's."""
    random = Random(f"surroundings/{seed}")
    area = random.randrange(4000, 4200)
    cells = tuple((area, random.randrange(10**6, 10**8)) for _ in range(random.randint(1, 3)))
    access_points = tuple(
        (f"demo-{random.randrange(16**4):04x}", ":".join(("02", *(f"{random.randrange(256):02x}" for _ in range(5)))))
        for _ in range(random.randint(2, 5))
    )
    return Surroundings(cells=cells, access_points=access_points)


def watch_frame(device: str, content: str) -> bytes:
    """One frame from a watch: `[3G*ID*LLLL*content]`, with the length of the content in hex."""
    raw = content.encode("ascii")
    return f"[3G*{device}*{len(raw):04X}*".encode("ascii") + raw + b"]"


def watch_link(says: WatchSays) -> str:
    """The content of a heartbeat: steps, rolls, battery."""
    return f"LK,{_written(says.steps)},0,{_written(says.battery_pct)}"


def watch_position(
    word: str, at: datetime, says: WatchSays, fix: Measured | None, last: Measured | None, around: Surroundings
) -> str:
    """The content of `UD` (a place), `UD2` (one that was buffered) or `AL` (an alarm).

    Without a fix the frame is marked V, repeats the `last` known place as real watches do, and says what is heard
    around.
    """
    place = fix or last
    lat_deg, lon_deg = (place.lat_deg, place.lon_deg) if place else (0.0, 0.0)
    moment = at.astimezone(UTC)
    fields: list[str | int] = [
        word, moment.strftime("%d%m%y"), moment.strftime("%H%M%S"), "A" if fix else "V",
        f"{abs(lat_deg):.6f}", "N" if lat_deg >= 0 else "S", f"{abs(lon_deg):.7f}", "E" if lon_deg >= 0 else "W",
        f"{fix.speed_mps * KMH_PER_MPS if fix else 0:.2f}", f"{fix.heading_deg if fix else 0:.1f}", 0,
        fix.satellites if fix else 0, _written(says.signal_pct), _written(says.battery_pct), _written(says.steps), 0,
        f"{says.status:08X}",
        len(around.cells), *((1, 440, 10) if around.cells else ()),
    ]  # fmt: skip
    for number, (area, cell) in enumerate(around.cells):
        fields += [area, cell, 150 - 12 * number]
    points = () if fix else around.access_points
    fields.append(len(points))
    for number, (name, address) in enumerate(points):
        fields += [name, address, -48 - 7 * number]
    fields.append(f"{fix.accuracy_m:.1f}" if fix and fix.accuracy_m is not None else "0.0")
    return ",".join(str(field) for field in fields)


def owntracks_location(
    fix: Measured, *, user: str, trigger: str, battery_pct: float | None, charging: bool, sent_at: datetime,
    monitoring: int = 1,
) -> bytes:  # fmt: skip
    """A `location` object. `trigger`: t by timer, p ping, r reply to a request, u by hand. Speeds are km/h.

    Fields that are zero are left out, as the apps do.
    """
    body: dict[str, Any] = {
        "_type": "location", "tid": user[:2], "topic": f"owntracks/{user}/phone", "t": trigger, "conn": "m",
        "lat": round(fix.lat_deg, 6), "lon": round(fix.lon_deg, 6),
        "tst": _seconds(fix.at), "created_at": int(sent_at.timestamp()), "m": monitoring,
    }  # fmt: skip
    if fix.accuracy_m is not None:
        body["acc"] = round(fix.accuracy_m)
    if battery_pct is not None:
        body |= {"batt": round(battery_pct), "bs": 2 if charging else 1}
    if round(fix.speed_mps * KMH_PER_MPS):
        body |= {"vel": round(fix.speed_mps * KMH_PER_MPS), "cog": round(fix.heading_deg) % 360}
    return msgspec.json.encode(body)


def osmand_query(
    device: str, at: datetime, fix: Measured | None, *, battery_pct: float | None, charging: bool, key: str | None
) -> str:
    """The query of one report; without a fix it says only how the phone is. Speed is in knots.

    The time is in seconds, or in milliseconds where it is no whole second.
    """
    said: dict[str, object] = {"id": device, "timestamp": _seconds(at) if at.microsecond == 0 else _milliseconds(at)}
    if fix is not None:
        said |= {"lat": f"{fix.lat_deg:.6f}", "lon": f"{fix.lon_deg:.6f}"}
        if fix.accuracy_m is not None:
            said["accuracy"] = fix.accuracy_m
        if fix.speed_mps:
            said |= {"speed": f"{fix.speed_mps / MPS_PER_KNOT:.2f}", "bearing": f"{fix.heading_deg:.0f}"}
    if battery_pct is not None:
        said |= {"batt": round(battery_pct), "charge": str(charging).lower()}
    if key is not None:
        said["key"] = key
    return urlencode(said)


def traccar_client_body(
    device: str, at: datetime, fix: Measured | None, *, battery_pct: float, charging: bool
) -> bytes:
    """The body of one report. Without a fix there are no `coords`. Speed is in m/s, the battery a share of 1."""
    location: dict[str, Any] = {
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "is_moving": fix is not None and fix.speed_mps > 0,
        "event": "" if fix else "heartbeat",
        "battery": {"level": round(battery_pct / 100, 2), "is_charging": charging},
    }
    if fix is not None:
        location["coords"] = {
            "latitude": round(fix.lat_deg, 6), "longitude": round(fix.lon_deg, 6), "accuracy": fix.accuracy_m or 0,
            "speed": round(fix.speed_mps, 2), "heading": round(fix.heading_deg, 1),
        }  # fmt: skip
    return msgspec.json.encode({"location": location, "device_id": device})


def _written(value: float | None) -> str:
    return "" if value is None else str(round(value))


def _seconds(at: datetime) -> int | float:
    """Seconds since 1970; a fraction is kept, so that two fixes of one second stay two."""
    return int(at.timestamp()) if at.microsecond == 0 else round(at.timestamp(), 3)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
