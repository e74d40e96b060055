"""What an installer sets in a detector. Pure."""

from uuid import UUID

from msgspec import Struct

from app.tags.keys import detector_key
from app.tags.model import Detector, DetectorFormat, DetectorKind

_EXAMPLE = """\
curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' {url} -d '{{"detector": "{name}", "seq": 1, \
"items": [{{"rssi_dbm": -60, "mac": "ac233fa0001b", \
"adv": "0201061aff4c000215e2c56db5dffb48d2b060d0f5a71096e000010002c5"}}]}}'"""


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
    example: str | None


def provisioned(detector: Detector, secret: bytes, base_url: str) -> Provisioning:
    """The sheet of a detector; `base_url` is where it reaches this service.

    The signed form, for networks without TLS, is of our own format only. The example's name is the id, which needs no
    quoting in a shell whatever the detector calls itself.
    """
    key = detector_key(secret, detector.id, detector.key_generation)
    url = f"{base_url.rstrip('/')}/ingest/{detector.format}"
    ours = detector.format == "gateway"
    signed = {"Mimamori-Detector": str(detector.id), "Mimamori-Signature": "sha256=HEX"}
    return Provisioning(
        detector_id=detector.id,
        external_id=detector.external_id,
        format=detector.format,
        kind=detector.kind,
        name=detector.name,
        url=url,
        key=key,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        signed_headers=signed if ours else {},
        interval_s=detector.interval_s,
        example=_EXAMPLE.format(name=detector.id, key=key, url=url) if ours else None,
    )
