"""What an installer sets in a detector. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from shlex import quote
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from app.tags.keys import detector_key
from app.tags.model import Detector, DetectorFormat, DetectorKind

_ADVERTISEMENT: Final = "0201061aff4c000215e2c56db5dffb48d2b060d0f5a71096e000010002c5"
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ANY_MAC: Final = "AC233FC00001"
_ANY_NAME: Final = "NAME-OF-A-DETECTOR"


class Note(Struct, frozen=True):
    """A sentence for the installer, in both languages."""

    text: str
    text_ja: str


UNREACHABLE: Final = Note(
    "No detector reaches this address: MIMAMORI_PUBLIC_URL should be set to the one under which this service is "
    "reached.",
    "このURLには検知器から接続できません。MIMAMORI_PUBLIC_URL に外部から接続できるURLを設定してください。",
)

_OF_FORMAT: Final[Mapping[DetectorFormat, tuple[Note, ...]]] = {
    "gateway": (),
    "minew": (
        Note(
            "Content-Type is what the gateway's format is: application/json for JSON-LONG and JSON-RAW, "
            "application/octet-stream for BINARY-LONG.",
            "Content-Type はゲートウェイの形式に合わせます。JSON-LONG・JSON-RAW は application/json、"
            "BINARY-LONG は application/octet-stream です。",
        ),
    ),
    "theengs": (
        Note(
            "Each MQTT message is sent as {topic, payload}, or several as a list of such. What it calls itself is the "
            "third level from the end of the topic.",
            "MQTTの各メッセージを {topic, payload} の形(複数なら配列)で送信します。"
            "トピックの末尾から3番目の階層が検知器の識別名です。",
        ),
    ),
}

_OF_BRIDGE: Final[Mapping[DetectorFormat, Note]] = {
    "gateway": Note(
        "Register each detector behind this bridge in the same city and format, with the text that it sends as "
        "`detector` as its external_id; one without is known by its id.",
        "中継の先にある検知器は、同じ市区町村・同じ方式で1台ずつ登録します。管理番号には各検知器が "
        "`detector` として送る文字列を入力してください(空欄なら登録時のID)。",
    ),
    "minew": Note(
        "Register each gateway behind this bridge in the same city and format, with its MAC address as its "
        "external_id.",
        "中継の先にあるゲートウェイは、同じ市区町村・同じ方式で1台ずつ登録します。管理番号には各ゲートウェイの"
        "MACアドレスを入力してください。",
    ),
    "theengs": Note(
        "Register each gateway behind this bridge in the same city and format, with its level of the topic (the third "
        "from the end) as its external_id.",
        "中継の先にあるゲートウェイは、同じ市区町村・同じ方式で1台ずつ登録します。管理番号にはトピックの"
        "末尾から3番目の階層の文字列を入力してください。",
    ),
}


class Provisioning(Struct, frozen=True, kw_only=True):
    """Where a detector sends what it hears, and how it says who it is. It can be made again at any time."""

    detector_id: UUID
    external_id: str
    format: DetectorFormat
    kind: DetectorKind
    name: str
    url: str
    key: str
    headers: dict[str, str]
    signed_headers: dict[str, str]
    interval_s: int
    example: str
    notes: tuple[Note, ...]
    warning: str | None
    warning_ja: str | None


def provisioned(detector: Detector, secret: bytes, base_url: str) -> Provisioning:
    """The sheet of a detector; `base_url` is where it reaches this service.

    The signed form, for networks without TLS, is of our own format only. A Minew gateway says itself of which kind its
    body is.
    """
    key = detector_key(secret, detector.id, detector.key_generation)
    url = f"{base_url.rstrip('/')}/ingest/{detector.format}"
    headers = {"Authorization": f"Bearer {key}"}
    if detector.format != "minew":
        headers["Content-Type"] = "application/json"
    reachable = is_reachable(base_url)
    signed = {"Mimamori-Detector": str(detector.id), "Mimamori-Signature": "sha256=HEX"}
    return Provisioning(
        detector_id=detector.id,
        external_id=detector.external_id,
        format=detector.format,
        kind=detector.kind,
        name=detector.name,
        url=url,
        key=key,
        headers=headers,
        signed_headers=signed if detector.format == "gateway" else {},
        interval_s=detector.interval_s,
        example=_example(detector, url, key),
        notes=tuple(_notes(detector)),
        warning=None if reachable else UNREACHABLE.text,
        warning_ja=None if reachable else UNREACHABLE.text_ja,
    )


def base_url_of(scheme: str, host: str) -> str | None:
    """The address under which a request came, from its scheme and its Host header; None for a header that names none.

    >>> base_url_of("https", "town.example:8443"), base_url_of("https", "a'b")
    ('https://town.example:8443', None)
    """
    return f"{scheme}://{host}" if _PLAIN_HOST.fullmatch(host) else None


def is_reachable(base_url: str) -> bool:
    """Whether an address can be one that other machines reach.

    >>> [is_reachable(f"http://{one}") for one in ("town.example", "localhost:8000", "[::1]", "10.0.0.7:0")]
    [True, False, False, False]
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if port == 0 or not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


def _notes(detector: Detector) -> Iterator[Note]:
    yield from _OF_FORMAT[detector.format]
    if detector.kind is DetectorKind.BRIDGE:
        yield _OF_BRIDGE[detector.format]


def _example(detector: Detector, url: str, key: str) -> str:
    """A command for a shell that sends one advertisement; of a bridge, with the name of any detector behind it."""
    body = json.dumps(_body(detector), ensure_ascii=False)
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json")
    return f"curl {' '.join(f'-H {quote(header)}' for header in headers)} {quote(url)} -d {quote(body)}"


def _body(detector: Detector) -> Any:
    """One advertisement in the format of the detector."""
    speaks_for_others = detector.kind is DetectorKind.BRIDGE
    match detector.format:
        case "gateway":
            item = {"rssi_dbm": -60, "mac": "ac233fa0001b", "adv": _ADVERTISEMENT}
            name = _ANY_NAME if speaks_for_others else str(detector.id)
            return {"detector": name, "seq": 1, "items": [item]}
        case "minew":
            mac = _ANY_MAC if speaks_for_others else detector.external_id.upper()
            gateway = {"type": "Gateway", "mac": mac, "gatewayFree": 98, "gatewayLoad": 0.05}
            heard = {"type": "Unknown", "mac": "AC233FA0001B", "bleName": "", "rssi": -60}
            return [gateway, heard | {"rawData": _ADVERTISEMENT.upper()}]
        case "theengs":
            name = _ANY_NAME if speaks_for_others else detector.external_id
            payload = {"id": "AC:23:3F:A0:00:1B", "rssi": -60, "manufacturerdata": _ADVERTISEMENT[10:]}
            return {"topic": f"home/{name}/BTtoMQTT/AC233FA0001B", "payload": payload}
