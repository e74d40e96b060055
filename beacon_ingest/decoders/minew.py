"""Minew gateways G1, G2, MG3, MG4 over HTTP: JSON-LONG, JSON-RAW and BINARY-LONG, told apart by their first bytes.

JSON is a list. A row of type `Gateway` (JSON-LONG: `mac`, `timestamp`, `gatewayFree`, `gatewayLoad`) or with a member
`gateway` (JSON-RAW) says which gateway heard the rows after it; without one the body does not name its detector. The
other rows have `mac`, `rssi`, `timestamp`, and `rawData` (may be empty), or the parts of an iBeacon already taken
apart, or readings of a sensor, whose address is all that is read. Sources: reelyactive/barnowl-minew at 272df34 (MIT)
and the messages in `tests/frames`. Times are ISO 8601 in any zone or milliseconds, and are passed on as stated: the
clocks of these gateways are never to be believed by themselves.

A body whose gateway or rows state their times is stamped: bodies that are equal to the last byte say the same. Of
BINARY-LONG, which has no time, equal bytes are a repeat for the format's window only.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from beacon_ingest.decoders import advertisement, minew_binary, reading, tag_names
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Refusal
from beacon_ingest.messages import Health, Message, Sighting, TagName


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What one body says. Its rows are counted from 0, the gateway's own among them; in BINARY-LONG packets are."""
    body = request.body
    if body.startswith(minew_binary.FIRST_BYTES):
        return _binary(body)
    document, trouble = reading.document(body)
    if trouble is not None:
        return Decoded(refusals=(Refusal(row=0, why=f"neither BINARY-LONG nor JSON: {trouble}"),))
    return _rows(document if isinstance(document, list) else [document])


def _binary(body: bytes) -> Decoded:
    gateway = minew_binary.gateway(body)
    sightings: list[Sighting] = []
    refusals: list[Refusal] = []
    for row, packet in enumerate(minew_binary.packets(body)):
        if isinstance(packet, minew_binary.Cut):
            refusals.append(Refusal(row=row, why=packet.why))
            continue
        heard = advertisement.decode(packet.adv)
        told = _sighting(gateway, heard, None, packet.mac, packet.rssi_dbm)
        if told is None:
            refusals.append(Refusal(row=row, why="names no tag: no packet of one, and no address"))
        else:
            sightings.append(told)
    alive = () if sightings or refusals else (Health(device=gateway or ""),)
    return Decoded(device=gateway, messages=alive, sightings=tuple(sightings), refusals=tuple(refusals))


def _rows(rows: list[Any]) -> Decoded:
    gateway: str | None = None
    gateways: set[str] = set()
    sent_at: datetime | UnsetType = UNSET
    messages: list[Message] = []
    sightings: list[Sighting] = []
    refusals: list[Refusal] = []
    timed: list[bool] = []
    for row, content in enumerate(rows):
        if not isinstance(content, dict):
            refusals.append(Refusal(row=row, why="not a JSON object"))
            continue
        at = reading.moment(content.get("timestamp"))
        timed.append(at is not None)
        if content.get("type") == "Gateway" or "gateway" in content:
            gateway = tag_names.mac(content.get("gateway") or content.get("mac"))
            if gateway is None:
                refusals.append(Refusal(row=row, why="the address of the gateway cannot be read"))
            else:
                gateways.add(gateway)
            sent_at = at or sent_at
            messages += _health(gateway, at, content)
        elif (told := _heard(gateway, at, content)) is None:
            refusals.append(Refusal(row=row, why="names no tag: neither rawData nor iBeacon nor mac can be read"))
        else:
            sightings.append(told)
    if not (messages or sightings) and (gateways or not refusals):
        messages.append(Health(device=gateway or "", at=sent_at))
    return Decoded(
        device=gateways.pop() if len(gateways) == 1 else None,
        messages=tuple(messages),
        sightings=tuple(sightings),
        refusals=tuple(refusals),
        stamped=sent_at is not UNSET or (bool(timed) and all(timed)),
        sent_at=sent_at,
    )


def _health(gateway: str | None, at: datetime | None, content: dict[str, Any]) -> tuple[Health, ...]:
    """How the gateway is, where it says so: how much of its memory is free, in percent, and its load average."""
    free_pct = reading.within(content.get("gatewayFree"), 0, 100)
    load = reading.within(content.get("gatewayLoad"), 0, 1e6)
    if free_pct is UNSET and load is UNSET:
        return ()
    return (Health(device=gateway or "", at=at or UNSET, free_pct=free_pct, load=load),)


def _heard(gateway: str | None, at: datetime | None, content: dict[str, Any]) -> Sighting | None:
    """What a row says was heard; None when it names nobody."""
    heard = _raw(content.get("rawData"))
    battery_pct = reading.within(content.get("battery"), 0, 100)
    ibeacon = tag_names.ibeacon(content.get("ibeaconUuid"), content.get("ibeaconMajor"), content.get("ibeaconMinor"))
    if heard.name is None and ibeacon is not None:
        power = advertisement.power_at_1_m(content.get("ibeaconTxPower"))
        # An iBeacon has no battery in it: the gateway writes 0 where it did not hear of one.
        battery_pct = battery_pct or UNSET
        heard = advertisement.Heard(name=ibeacon, tx_power_dbm=power, battery_pct=heard.battery_pct)
    rssi_dbm = reading.within(content.get("rssi"), -127, 20)
    return _sighting(gateway, heard, at, tag_names.mac(content.get("mac")), rssi_dbm, battery_pct)


def _raw(raw_data: object) -> advertisement.Heard:
    try:
        return advertisement.decode(bytes.fromhex(raw_data)) if isinstance(raw_data, str) else advertisement.NOTHING
    except ValueError:
        return advertisement.NOTHING


def _sighting(
    gateway: str | None,
    heard: advertisement.Heard,
    at: datetime | None,
    mac: str | None,
    rssi_dbm: float | UnsetType,
    battery_pct: float | UnsetType = UNSET,
) -> Sighting | None:
    mac = mac or heard.mac
    name = heard.name or (TagName("mac", mac) if mac else None)
    if name is None:
        return None
    return Sighting(
        detector=gateway or UNSET,
        at=at or UNSET,
        rssi_dbm=rssi_dbm,
        tag=name,
        tx_power_dbm=heard.tx_power_dbm,
        battery_pct=heard.battery_pct if battery_pct is UNSET else battery_pct,
        button_count=heard.button_count,
        mac=mac or UNSET,
    )
