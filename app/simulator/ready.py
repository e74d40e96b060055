"""The ready file: everything that a script must know to use the demo, as JSON, written in one move."""

import os
from pathlib import Path
from typing import Any

import msgspec

from app.kit.clock import FastClock
from app.simulator.people import FAMILY, STAFF
from app.simulator.setup import Settled, SignIn, Tracker


def ready(settled: Settled, base_url: str, tcp_watch_port: int, admin_token: str, clock: FastClock) -> dict[str, Any]:
    """The content of the ready file (DESIGN section 9), with all families besides the one of `accounts`.

    `id` of a tracker is what it calls itself, `device` its id in the API, `home` where its wearer lives. `clock` is the
    town's own time at this moment and how many times as fast as the machine's it goes from now on.
    """
    accounts: dict[str, Any] = {"family": _account(settled.accounts[FAMILY.key])}
    accounts |= {role: _account(settled.accounts[person.key]) for role, person in STAFF.items()}
    families = [_account(one) for key, one in settled.accounts.items() if one.role == "family" and key != FAMILY.key]
    return {
        "base_url": base_url,
        "tcp": {"watch": tcp_watch_port},
        "accounts": accounts,
        "families": families,
        "administrator": {"token": admin_token},
        "clock": {"now": clock().isoformat(), "speed": clock.speed},
        "trackers": [_tracker(one) for one in settled.trackers],
        "detectors": [],
        "tags": [],
        "stickers": [],
    }


def write(file: Path, content: dict[str, Any]) -> None:
    """Writes JSON in one move, so that who waits for the file never reads half of it. Only its owner may read it."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_bytes(msgspec.json.encode(content))
    os.replace(part, file)


def _account(one: SignIn) -> dict[str, str]:
    return {"email": one.email, "password": one.password, "token": one.token, "name": one.name}


def _tracker(one: Tracker) -> dict[str, Any]:
    life = one.resident.life
    lat_deg, lon_deg = life.origin.degrees(life.home_spot)
    return {
        "id": one.resident.external_id,
        "key": one.key,
        "format": one.resident.person.device.speaks,
        "wearer": one.wearer_id,
        "device": one.device_id,
        "home": {"lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6)},
    }
