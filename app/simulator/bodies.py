"""What detectors send, byte for byte: our own batch form, Minew's JSON-LONG, and what a broker of OpenMQTTGateways
forwards. Pure.

Sources: DESIGN section 9 (`gateway`); reelyactive/barnowl-minew (JSON-LONG); docs/use/ble.md of 1technophile/
OpenMQTTGateway (`home/<gateway>/BTtoMQTT/<address>`).
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.simulator.adverts import APPLE, structures
from app.simulator.hearing import Heard

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MANUFACTURER, SERVICE = 0xFF, 0x16


def gateway_body(
    detector: str,
    seq: int,
    started_at: datetime,
    since_s: float,
    heard: Iterable[Heard],
    place: tuple[float, float] | None = None,
) -> bytes:
    """One body of ours. `started_at`: when the town began by its own clock; `place`: where it is, degrees."""
    body: dict[str, Any] = {
        "detector": detector,
        "seq": seq,
        "sent_at": _stamp(started_at, since_s),
        "uptime_s": round(since_s, 1),
        "health": {"firmware": "demo-1"},
    }
    if place is not None:
        body["place"] = {"lat_deg": round(place[0], 6), "lon_deg": round(place[1], 6), "accuracy_m": 8.0}
    body["items"] = [
        {"rssi_dbm": one.rssi_dbm, "at": _stamp(started_at, one.at_s), "mac": one.mac, "adv": one.adv.hex()}
        for one in heard
    ]
    return msgspec.json.encode(body)


def minew_body(address: str, started_at: datetime, since_s: float, heard: Iterable[Heard]) -> bytes:
    """One body of a Minew gateway: itself, then what it heard, iBeacons taken apart as its firmware does."""
    rows: list[dict[str, Any]] = [
        {
            "timestamp": _stamp(started_at, since_s), "type": "Gateway", "mac": address.upper(), "gatewayFree": 71,
            "gatewayLoad": 0.2,
        }
    ]  # fmt: skip
    for one in heard:
        row = {"timestamp": _stamp(started_at, one.at_s), "mac": one.mac.upper(), "rssi": one.rssi_dbm}
        rows.append(row | (_apart(one.adv) or {"type": "Unknown", "bleName": "", "rawData": one.adv.hex().upper()}))
    return msgspec.json.encode(rows)


def theengs_body(gateways: Mapping[str, Iterable[Heard]], alive: Iterable[str]) -> bytes:
    """What a broker forwards of its gateways: what each heard, and of some that they are there. It knows no times."""
    elements: list[dict[str, Any]] = [{"topic": f"home/{name}/LWT", "payload": "online"} for name in alive]
    elements += [
        {"topic": f"home/{name}/BTtoMQTT/{one.mac.upper()}", "payload": _pieces(one)}
        for name, heard in gateways.items()
        for one in heard
    ]
    return msgspec.json.encode(elements)


def signature(key: str, body: bytes) -> str:
    """The value of `Mimamori-Signature`."""
    return "sha256=" + hmac.digest(key.encode(), body, hashlib.sha256).hex()


def _stamp(started_at: datetime, since_s: float) -> str:
    return (started_at + timedelta(seconds=since_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ibeacon(adv: bytes) -> bytes | None:
    """The 21 bytes of an iBeacon after its header, if it is one."""
    head = APPLE.to_bytes(2, "little") + b"\x02\x15"
    contents = [content for kind, content in structures(adv) if kind == MANUFACTURER and content.startswith(head)]
    return contents[0][len(head) :] if contents else None


def _parts(ibeacon: bytes) -> tuple[str, int, int, int]:
    """UUID as 32 digits, major, minor, and what is heard at 1 m."""
    major, minor = int.from_bytes(ibeacon[16:18], "big"), int.from_bytes(ibeacon[18:20], "big")
    return ibeacon[:16].hex(), major, minor, ibeacon[20] - 256


def _apart(adv: bytes) -> dict[str, Any] | None:
    ibeacon = _ibeacon(adv)
    if ibeacon is None:
        return None
    uuid, major, minor, power_dbm = _parts(ibeacon)
    return {
        "type": "iBeacon", "bleName": "", "ibeaconUuid": uuid.upper(), "ibeaconMajor": major, "ibeaconMinor": minor,
        "ibeaconTxPower": power_dbm, "battery": 0,
    }  # fmt: skip


def _pieces(one: Heard) -> dict[str, Any]:
    """The payload for one advertisement: an iBeacon taken apart, of others their structures."""
    address = ":".join(one.mac[at : at + 2] for at in range(0, 12, 2)).upper()
    payload: dict[str, Any] = {"id": address, "mac_type": 1, "rssi": one.rssi_dbm}
    ibeacon = _ibeacon(one.adv)
    if ibeacon is not None:
        uuid, major, minor, power_dbm = _parts(ibeacon)
        return payload | {
            "model_id": "IBEACON", "mfid": "4c00", "uuid": str(UUID(uuid)), "major": major, "minor": minor,
            "txpower": power_dbm,
        }  # fmt: skip
    for kind, content in structures(one.adv):
        if kind == MANUFACTURER:
            payload["manufacturerdata"] = content.hex()
        elif kind == SERVICE:
            payload |= {"servicedatauuid": f"0x{content[1::-1].hex()}", "servicedata": content[2:].hex()}
    return payload
