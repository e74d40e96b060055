"""Advertisements as tags, phones and shops broadcast them, byte for byte. Pure.

Sources: Bluetooth Core Specification, Supplement, part A (structures); Apple's Proximity Beacon Specification
(iBeacon); the AltBeacon specification; google/eddystone (UID, TLM); furiousMAC/continuity (what Apple's phones say
nearby); Google's Fast Pair specification (service data FE2C).
"""

import struct
from random import Random
from uuid import UUID

FLAGS = bytes((0x02, 0x01, 0x06))
APPLE, TOWN_COMPANY = 0x004C, 0x0118
"""Company numbers in manufacturer data; the second is that of Radius Networks, who published AltBeacon."""
EDDYSTONE, FAST_PAIR = 0xFEAA, 0xFE2C
AT_1_M_DBM = -59
"""What is heard of all our tags at 1 m."""
EDDYSTONE_AT_0_M_DBM = AT_1_M_DBM + 41


def ibeacon(uuid: UUID, major: int, minor: int) -> bytes:
    """An iBeacon."""
    content = struct.pack(">BB16sHHb", 0x02, 0x15, uuid.bytes, major, minor, AT_1_M_DBM)
    return FLAGS + manufacturer(APPLE, content)


def altbeacon(identity: bytes) -> bytes:
    """An AltBeacon with its 20 bytes of identity."""
    return FLAGS + manufacturer(TOWN_COMPANY, struct.pack(">2s20sbB", b"\xbe\xac", identity, AT_1_M_DBM, 0))


def eddystone_uid(identity: bytes) -> bytes:
    """An Eddystone-UID with its 16 bytes of namespace and instance."""
    return _eddystone(struct.pack(">Bb16s2x", 0x00, EDDYSTONE_AT_0_M_DBM, identity))


def eddystone_tlm(millivolts: int, since_s: float) -> bytes:
    """A plain Eddystone-TLM: battery, temperature (not measured), advertisements and tenths of a second since start."""
    return _eddystone(struct.pack(">BBHHII", 0x20, 0x00, millivolts, 0x8000, int(since_s), int(since_s * 10)))


def named(name: str) -> bytes:
    """A tag that is known by its address: flags and a short name."""
    return FLAGS + _structure(0x09, name.encode())


def apple_nearby(random: Random) -> bytes:
    """What an iPhone says of itself all day (continuity message 10, "nearby info"), with bytes that change."""
    message = bytes((0x10, 0x05, random.choice((0x01, 0x17, 0x1B)), 0x1C)) + random.randbytes(3)
    return bytes((0x02, 0x01, 0x1A)) + manufacturer(APPLE, message)


def apple_finding(random: Random) -> bytes:
    """What a lost-item tag of Apple's network broadcasts away from its owner (continuity message 12)."""
    return manufacturer(APPLE, bytes((0x12, 0x19, 0x10)) + random.randbytes(24))


def fast_pair(random: Random) -> bytes:
    """What Android earphones say."""
    return FLAGS + _structure(0x16, struct.pack("<H", FAST_PAIR) + random.randbytes(3))


def manufacturer(company: int, content: bytes) -> bytes:
    """A structure of manufacturer data."""
    return _structure(0xFF, struct.pack("<H", company) + content)


def structures(adv: bytes) -> list[tuple[int, bytes]]:
    """The structures of an advertisement of ours: type and content.

    >>> structures(named("a"))
    [(1, b'\\x06'), (9, b'a')]
    """
    found = []
    start = 0
    while start < len(adv):
        after = start + 1 + adv[start]
        found.append((adv[start + 1], adv[start + 2 : after]))
        start = after
    return found


def _eddystone(frame: bytes) -> bytes:
    service = struct.pack("<H", EDDYSTONE)
    return FLAGS + _structure(0x03, service) + _structure(0x16, service + frame)


def _structure(kind: int, content: bytes) -> bytes:
    return bytes((len(content) + 1, kind)) + content
