"""BINARY-LONG of Minew gateways (G1): what was heard of each transmitter, without any time.

    bb 01 | length 4 | gateway 6 | transmitters 2 | each: address 6, packets 2 |
        each: length 1, advertisement, response 1, signal 1 | dd

Numbers are big-endian, the signal is a signed byte in dBm, the length counts the whole message. Source: the decoder and
the captured message of reelyactive/barnowl-minew at 272df34 (MIT, read and not copied). Firmware 2 and 3 say that this
is JSON, so that only the first bytes tell what a body is.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, UnsetType

from beacon_ingest.decoders import advertisement, tag_names

FIRST_BYTES: Final = b"\xbb\x01"
_HEAD_BYTES: Final = 14
_TRANSMITTER_BYTES: Final = 8
_PACKET_BYTES_AROUND: Final = 3
_END: Final = 0xDD


class Packet(Struct, frozen=True):
    """One advertisement heard; `mac` is None when the address is nobody's."""

    mac: str | None
    adv: bytes
    rssi_dbm: float | UnsetType


class Cut(Struct, frozen=True):
    """That the message ends before all that it announces; the last thing told of it."""

    why: str


def gateway(body: bytes) -> str | None:
    """The address of the gateway, where the body holds it."""
    return tag_names.mac(body[6:12].hex())


def packets(body: bytes) -> Iterator[Packet | Cut]:
    """The whole packets of the message in order, and a `Cut` where it ends too early."""
    if len(body) < _HEAD_BYTES:
        yield Cut("the message ends within its head")
        return
    transmitters, at = _number(body, 12), _HEAD_BYTES
    for transmitter in range(transmitters):
        if at + _TRANSMITTER_BYTES > len(body):
            yield Cut(f"the message ends at transmitter {transmitter + 1} of {transmitters}")
            return
        mac, count = tag_names.mac(body[at : at + 6].hex()), _number(body, at + 6)
        at += _TRANSMITTER_BYTES
        for packet in range(count):
            after = at + _PACKET_BYTES_AROUND + body[at] if at < len(body) else at + 1
            if after > len(body):
                yield Cut(f"the message ends at packet {packet + 1} of {count} of transmitter {transmitter + 1}")
                return
            yield Packet(mac, body[at + 1 : after - 2], advertisement.rssi(body[after - 1]))
            at = after
    if at >= len(body) or body[at] != _END:
        yield Cut("the message has no end where it should be")


def _number(body: bytes, at: int) -> int:
    return body[at] << 8 | body[at + 1]
