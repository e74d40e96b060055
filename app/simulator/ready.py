"""The ready file: everything that a script must know to use the demo, as JSON, written in one move."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.kit.clock import FastClock
from app.simulator.detectors import CHILDREN_HOUSE
from app.simulator.people import FAMILY, STAFF, Part
from app.simulator.setup import Settled, SignIn, Tracker
from app.simulator.setup_guards import Guarded, Stationed
from app.simulator.setup_stickers import Stuck
from app.simulator.setup_tags import Expected, Fitted, Mounted, WornTag
from app.simulator.streets import Origin, Spot


def ready(
    settled: Settled,
    fitted: Fitted,
    guarded: Guarded,
    stickers: Sequence[Stuck],
    base_url: str,
    tcp_watch_port: int,
    admin_token: str,
    clock: FastClock,
) -> dict[str, Any]:
    """The content of the ready file (DESIGN section 9), with all families besides the one of `accounts`.

    `id` of a tracker is what it calls itself, `device` its id in the API, `home` where its wearer lives. `clock` is the
    town's own time at this moment and how many times as fast as the machine's it goes from now on.

    `id` of a detector is what it calls itself, `detector` its id in the API; the place of a vehicle is where its round
    begins. `bridge` is the broker that may speak for all detectors of the format `theengs`. `expectations` say which
    children should pass which detectors, from when and by when. In the unit that is `on_duty` is the account `guard`;
    its place is where it waits. `url` of a sticker is what its QR holds; `number` is printed beside it.
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
        "detectors": [_detector(one, fitted.town.origin) for one in fitted.detectors],
        "bridge": {"key": fitted.bridge_key, "format": "theengs"},
        "tags": [_tag(one) for one in fitted.tags],
        "expectations": [_expectation(one, fitted.detectors) for one in fitted.expected],
        "companies": [{"id": guarded.id, "code": guarded.code, "name": guarded.name}],
        "units": [_unit(one, guarded, fitted.town.origin) for one in guarded.units],
        "stickers": [{"url": one.url, "number": one.number, "wearer": one.wearer_id} for one in stickers],
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
    return {
        "id": one.resident.external_id,
        "key": one.key,
        "format": one.resident.person.device.speaks,
        "wearer": one.wearer_id,
        "device": one.device_id,
        "home": _place(life.origin, life.home_spot),
    }


def _detector(one: Mounted, origin: Origin) -> dict[str, Any]:
    return {
        "id": one.own_name,
        "key": one.key,
        "format": one.detector.format,
        "detector": one.id,
        "name": one.detector.name,
        "kind": one.detector.kind,
    } | _place(origin, one.detector.spot)


def _tag(one: WornTag) -> dict[str, Any]:
    tag = one.tag
    return {"id": one.id, "scheme": tag.scheme, "identity": tag.identity, "mac": tag.mac, "wearer": one.wearer_id}


def _expectation(one: Expected, detectors: Sequence[Mounted]) -> dict[str, Any]:
    child = one.pupil.child
    return {
        "wearer": one.wearer_id,
        "name": child.expected_as,
        "detectors": [other.own_name for other in detectors if other.detector.key in child.expected_at],
        "from": one.from_at.isoformat(),
        "by": one.by_at.isoformat(),
        "arrives": child.part is Part.GOES_TO_SCHOOL and CHILDREN_HOUSE not in child.expected_at,
    }


def _unit(one: Stationed, guarded: Guarded, origin: Origin) -> dict[str, Any]:
    return {
        "id": one.id,
        "company": guarded.id,
        "name": one.name,
        "kind": one.kind,
        "on_duty": one.on_duty,
    } | _place(origin, one.spot)


def _place(origin: Origin, spot: Spot) -> dict[str, float]:
    lat_deg, lon_deg = origin.degrees(spot)
    return {"lat_deg": round(lat_deg, 6), "lon_deg": round(lon_deg, 6)}
