"""OpenMQTTGateway and Theengs Gateway, forwarded by their broker over HTTP: `{"topic", "payload"}`, or a list of such.

What was heard comes at `home/<gateway>/BTtoMQTT/<address>`; the gateway's name stands nowhere else, and no message has
a time. `payload` is the object or its text: an iBeacon taken apart (`mfid` 4c00, `uuid`, `major`, `minor`, `txpower`),
or `manufacturerdata`, or `servicedata` with `servicedatauuid`. The address is `id`; where the gateway is set to
`presenceUseBeaconUuid`, `id` is the UUID and the address is `mac`. Source: docs/use/ble.md of 1technophile/
OpenMQTTGateway, docs/use/use.md of theengs/gateway.

`presence: absent` says that a tag was not heard for some time: nobody saw it, but the gateway is there. So it is when
it says `online` at `home/<gateway>/LWT`, or how it is at `home/<gateway>/SYStoMQTT`; `offline` is the broker's word.
One body may carry several gateways: each message and sighting says its own. Power is believed of iBeacons only.
"""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, Struct

from beacon_ingest.decoders import advertisement, reading, tag_names
from beacon_ingest.decoders.advertisement import Heard
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Refusal
from beacon_ingest.messages import Health, Message, Sighting, TagName

_HEARD: Final = "BTtoMQTT"
_SYSTEM: Final = "SYStoMQTT"
_WILL: Final = "LWT"
_APPLE: Final = "4c00"
_UUID_DIGITS: Final = 32
_BASE_UUID: Final = "00001000800000805f9b34fb"
"""What follows a service's 16 bits in a whole UUID (Core Specification, volume 3, part B, 2.5.1)."""


class _Row(Struct, frozen=True, kw_only=True):
    """What one element says. `alive`: the gateway is there, whatever it heard."""

    gateway: str = ""
    sighting: Sighting | None = None
    health: Health | None = None
    alive: bool = False
    trouble: str | None = None


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What the elements of one body say; those of a gateway that only say that it is there give one `health`."""
    document, trouble = reading.document(request.body)
    if trouble is not None:
        return Decoded(refusals=(Refusal(row=0, why=trouble),))
    rows = [_row(element) for element in (document if isinstance(document, list) else [document])]
    gateways = {row.gateway for row in rows if row.gateway}
    messages: list[Message] = [row.health for row in rows if row.health is not None]
    told = {row.gateway for row in rows if row.sighting is not None or row.health is not None}
    silent = dict.fromkeys(row.gateway for row in rows if row.alive and row.gateway not in told)
    return Decoded(
        device=gateways.pop() if len(gateways) == 1 else None,
        messages=(*messages, *(Health(device=gateway) for gateway in silent)),
        sightings=tuple(row.sighting for row in rows if row.sighting is not None),
        refusals=tuple(Refusal(row=at, why=row.trouble) for at, row in enumerate(rows) if row.trouble is not None),
    )


def _row(element: object) -> _Row:
    if not isinstance(element, dict):
        return _Row(trouble="not a JSON object")
    topic, payload = element.get("topic"), element.get("payload")
    levels = topic.split("/") if isinstance(topic, str) else []
    gateway = reading.name(_gateway(levels))
    if gateway is None:
        return _Row(trouble="no topic that names a gateway: home/<gateway>/BTtoMQTT/<address>")
    if levels[-1] == _WILL:
        return _Row(gateway=gateway, alive=isinstance(payload, str) and payload.strip().lower() == "online")
    if isinstance(payload, str):
        payload, trouble = reading.document(payload.encode("utf-8", "replace"))
        if trouble is not None:
            return _Row(gateway=gateway, trouble=f"payload: {trouble}")
    if not isinstance(payload, dict):
        return _Row(gateway=gateway, trouble="the payload is not a JSON object")
    if levels[-1] == _SYSTEM:
        return _Row(gateway=gateway, health=_health(gateway, payload))
    if payload.get("presence") == "absent":
        return _Row(gateway=gateway, alive=True)
    sighting = _sighting(gateway, payload)
    if sighting is None:
        return _Row(gateway=gateway, trouble="names no tag: neither identity nor address can be read")
    return _Row(gateway=gateway, sighting=sighting)


def _gateway(levels: list[str]) -> str | None:
    """The level before the kind of message. What was heard may come without an address behind; its kind may be renamed,
    and then an address is there.
    """
    if levels[-1:] in ([_WILL], [_SYSTEM], [_HEARD]):
        return levels[-2] if len(levels) > 1 else None
    if _HEARD in levels:
        # The last, because a gateway may be called like this and the address may not.
        before = len(levels) - 2 - levels[::-1].index(_HEARD)
        return levels[before] if before >= 0 else None
    return levels[-3] if len(levels) > 2 else None


def _health(gateway: str, payload: dict[str, Any]) -> Health:
    return Health(
        device=gateway,
        firmware=reading.name(payload.get("version")) or UNSET,
        uptime_s=reading.within(payload.get("uptime"), 0, 1e10),
    )


def _sighting(gateway: str, payload: dict[str, Any]) -> Sighting | None:
    heard = _ibeacon(payload) or _undecoded(payload)
    mac = tag_names.mac(_address(payload)) or heard.mac
    name = heard.name or (TagName("mac", mac) if mac else None)
    if name is None:
        return None
    battery_pct = reading.within(payload.get("batt"), 0, 100)
    return Sighting(
        detector=gateway,
        rssi_dbm=reading.within(payload.get("rssi"), -127, 20),
        tag=name,
        tx_power_dbm=heard.tx_power_dbm,
        battery_pct=heard.battery_pct if battery_pct is UNSET else battery_pct,
        mac=mac or UNSET,
    )


def _address(payload: dict[str, Any]) -> object:
    stated = payload.get("id")
    if isinstance(stated, str) and len(stated.replace("-", "")) >= _UUID_DIGITS:
        return payload.get("mac")
    return stated or payload.get("mac")


def _ibeacon(payload: dict[str, Any]) -> Heard | None:
    """An iBeacon taken apart; the same layout under another company's number is none."""
    company = payload.get("mfid", _APPLE)
    if not isinstance(company, str) or company.lower() != _APPLE:
        return None
    name = tag_names.ibeacon(payload.get("uuid"), payload.get("major"), payload.get("minor"))
    return None if name is None else Heard(name, advertisement.power_at_1_m(payload.get("txpower")))


def _undecoded(payload: dict[str, Any]) -> Heard:
    """What the pieces of an advertisement that the gateway passes on say, put back into their structures."""
    structures = [_structure(0xFF, b"", content) for content in _each(payload.get("manufacturerdata"))]
    services = [_service_number(uuid) for uuid in _each(payload.get("servicedatauuid"))]
    contents = _each(payload.get("servicedata"))
    if len(services) == 1:
        services *= len(contents)
    structures += [
        _structure(0x16, service, content) for service, content in zip(services, contents, strict=False) if service
    ]
    return advertisement.decode(b"".join(structures))


def _each(stated: object) -> list[object]:
    """The pieces of one kind: a gateway that heard several may state them as a list, in the order of their services."""
    return stated if isinstance(stated, list) else [stated]


def _service_number(uuid: object) -> bytes:
    """The 16 bits of a service as they go over the air, from `0xfeaa`, `feaa` or the whole UUID; else nothing."""
    if not isinstance(uuid, str):
        return b""
    digits = uuid.strip().lower().removeprefix("0x").replace("-", "")
    if len(digits) == _UUID_DIGITS and digits.startswith("0000") and digits.endswith(_BASE_UUID):
        digits = digits[4:8]
    return _bytes(digits)[::-1] if len(digits) == 4 else b""


def _structure(kind: int, service: bytes, content: object) -> bytes:
    content = service + _bytes(content)
    return bytes((len(content) + 1, kind)) + content if 0 < len(content) < 255 else b""


def _bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
