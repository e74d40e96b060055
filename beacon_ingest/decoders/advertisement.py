"""What one BLE advertisement says of the tag that sent it: its name, its battery.

An advertisement is a row of structures: length, type, content (Bluetooth Core Specification, Supplement, part A). Read
are iBeacon (Apple's company number only: the same layout under another number is another maker's), AltBeacon,
Eddystone UID, EID and plain TLM, and service data FFE1 of Minew (A1, version, battery in percent; sources in
`tests/frames`). All else (phones, earphones, sensors, encrypted TLM, URLs, finder networks) names nobody here.

Power is passed on as the frame states it: of iBeacon and AltBeacon what is heard at 1 m, of Eddystone what is sent, at
0 m (41 dB more). A positive byte in an iBeacon is no power, makers keep a battery voltage there: it is passed on, and
nobody may reckon a distance from it.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from beacon_ingest.decoders import reading, tag_names
from beacon_ingest.messages import Sighting, TagName

ADVERTISEMENT_BYTES_MAX: Final = 1650
"""Extended advertising carries no more (Core Specification 5.0, volume 6, part B, 2.3.4.9)."""

_FLAGS: Final = b"\x02\x01"
_IBEACON_STRUCTURE: Final = b"\x1a\xff\x4c\x00\x02\x15"
_IBEACON: Final = b"\x4c\x00\x02\x15"
_ALTBEACON: Final = b"\xbe\xac"
_EDDYSTONE: Final = b"\xaa\xfe"
_MINEW: Final = b"\xe1\xff"
_MINEW_NAMED: Final = 0x08
"""The version of Minew's frame that has a name after its address; in the others the address comes last."""

_BATTERY_FULL_MV: Final = 3000
_BATTERY_EMPTY_MV: Final = 2000


class Heard(Struct, frozen=True):
    """What one advertisement says. `mac` is the address that the tag writes into the frame itself, where it does."""

    name: TagName | None = None
    tx_power_dbm: int | UnsetType = UNSET
    battery_pct: float | UnsetType = UNSET
    button_count: int | UnsetType = UNSET
    mac: str | None = None


NOTHING: Final = Heard()


def decode(adv: bytes) -> Heard:
    """What the structures of an advertisement say; of several names the first. Nothing is read past a structure.

    An empty structure is padding: detectors put a scan response behind it. This runs for each sighting of a town, so
    the most common tag has a short way.
    """
    if len(adv) == 30 and adv[3:9] == _IBEACON_STRUCTURE and adv[:2] == _FLAGS:
        return _ibeacon(adv, 9)
    if len(adv) > ADVERTISEMENT_BYTES_MAX:
        return NOTHING
    found: list[Heard] = []
    start, end = 0, len(adv)
    while start < end:
        after = start + 1 + adv[start]
        if after > end:
            break
        kind = adv[start + 1] if after > start + 1 else 0
        if kind == 0xFF:
            found += _manufacturer(adv[start + 2 : after])
        elif kind == 0x16:
            found += _service(adv[start + 2 : after])
        start = after
    if len(found) < 2:
        return found[0] if found else NOTHING
    return _together(found)


def sighting(raw: bytes) -> Sighting | None:
    """What was sighted, of an advertisement as a tool wrote it down; None when it names no tag.

    It may be the bare advertisement, a whole HCI event of one LE advertising report (Core Specification, volume 4, part
    E, 7.7.65.2), or a record of an April Brother gateway (type, address, signal + 256, advertisement). With an address
    beside it, a frame that tells only a battery names the tag by that address; an address alone is anybody's.
    """
    mac, rssi_dbm, heard = None, None, NOTHING
    if raw[:2] == b"\x04\x3e" and len(raw) >= 15 and raw[2] == len(raw) - 3 and raw[3:5] == b"\x02\x01":
        # The event code and its length make this no advertisement, whatever is in it.
        if raw[13] == len(raw) - 15:
            mac, rssi_dbm, heard = raw[12:6:-1].hex(), raw[-1], decode(raw[14:-1])
    else:
        heard = decode(raw)
        if heard is NOTHING and len(raw) > 8 and raw[0] <= 4:
            mac, rssi_dbm, heard = raw[1:7].hex(), raw[7], decode(raw[8:])
    if heard is NOTHING:
        return None
    mac = tag_names.mac(mac) or heard.mac
    name = heard.name or (TagName("mac", mac) if mac else None)
    if name is None:
        return None
    return Sighting(
        rssi_dbm=UNSET if rssi_dbm is None else rssi(rssi_dbm),
        tag=name,
        tx_power_dbm=heard.tx_power_dbm,
        battery_pct=heard.battery_pct,
        button_count=heard.button_count,
        mac=mac or UNSET,
    )


def rssi(byte: int) -> float | UnsetType:
    """Signal in dBm from its byte, a signed number from -127 to 20; others say that it is not known."""
    dbm = _signed(byte)
    return float(dbm) if -127 <= dbm <= 20 else UNSET


def power_at_1_m(stated: object) -> int | UnsetType:
    """Power of an iBeacon as a gateway states it: the byte of the frame, as a signed number or as an unsigned one."""
    byte = reading.whole(stated, -128, 255)
    return byte if byte is UNSET else _signed(byte)


def battery_pct(millivolts: int) -> float | UnsetType:
    """Percent that is left in a CR2032 cell: 3000 mV and more is all, 2000 mV nothing, a straight line between.

    The voltage of such a cell stays near 3 V for most of its life and depends on cold and load, so that this says when
    to change it and not how many days are left. 0 mV is how a tag without a battery writes that it has none.

    >>> battery_pct(3300), battery_pct(2840), battery_pct(1800)
    (100.0, 84.0, 0.0)
    """
    if millivolts == 0:
        return UNSET
    share = (millivolts - _BATTERY_EMPTY_MV) / (_BATTERY_FULL_MV - _BATTERY_EMPTY_MV)
    return 100.0 * min(1.0, max(0.0, share))


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


# By their byte, because this is looked up for each sighting: what is heard at 1 m, and what is sent.
_POWER_AT_1_M: Final = tuple(_signed(byte) for byte in range(256))
_POWER_SENT: Final = tuple(dbm if -127 <= (dbm := _signed(byte)) <= 20 else UNSET for byte in range(256))


def _ibeacon(data: bytes, start: int) -> Heard:
    """From 16 bytes of UUID, 2 of major, 2 of minor, 1 of power, of which the first is at `start`."""
    digits = data[start : start + 16].hex()
    major = data[start + 16] << 8 | data[start + 17]
    minor = data[start + 18] << 8 | data[start + 19]
    name = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}/{major}/{minor}"
    return Heard(TagName("ibeacon", name), _POWER_AT_1_M[data[start + 20]])


def _manufacturer(data: bytes) -> tuple[Heard, ...]:
    if len(data) < 25:
        return ()
    if data.startswith(_IBEACON):
        return (_ibeacon(data, 4),)
    # The company is the maker's own. The reserved byte at the end is missing in some.
    if data[2:4] == _ALTBEACON:
        return (Heard(TagName("altbeacon", data[4:24].hex()), _POWER_AT_1_M[data[24]]),)
    return ()


def _service(data: bytes) -> tuple[Heard, ...]:
    service = data[:2]
    if service == _EDDYSTONE and len(data) >= 12:
        return _eddystone(data)
    if service == _MINEW and len(data) >= 5 and data[2] == 0xA1:
        address = data[5:11] if data[3] == _MINEW_NAMED else data[5:][-6:]
        battery = float(data[4]) if data[4] <= 100 else UNSET
        return (Heard(battery_pct=battery, mac=tag_names.mac(address[::-1].hex())),)
    return ()


def _eddystone(data: bytes) -> tuple[Heard, ...]:
    """Frames of Eddystone: type, then power and id; or of TLM version 0: version, millivolts."""
    kind = data[2]
    if kind == 0x00 and len(data) >= 20:
        return (Heard(TagName("eddystone-uid", data[4:20].hex()), _POWER_SENT[data[3]]),)
    if kind == 0x30:
        return (Heard(TagName("eddystone-eid", data[4:12].hex()), _POWER_SENT[data[3]]),)
    if kind == 0x20 and data[3] == 0x00 and len(data) >= 16:
        return (Heard(battery_pct=battery_pct(data[4] << 8 | data[5])),)
    return ()


def _together(found: list[Heard]) -> Heard:
    named = next((heard for heard in found if heard.name is not None), NOTHING)
    return Heard(
        name=named.name,
        tx_power_dbm=named.tx_power_dbm,
        battery_pct=next((heard.battery_pct for heard in found if heard.battery_pct is not UNSET), UNSET),
        mac=next((heard.mac for heard in found if heard.mac is not None), None),
    )
