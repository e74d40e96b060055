"""What may be registered as a detector, in its one spelling. Pure.

One detector and a file of a thousand go through the same rules: `checked` refuses at the first thing that is wrong,
`faults` names them all.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from app.accounts.names import one_line
from app.kit.errors import InvalidInput
from app.tags.identity import normalised_mac
from app.tags.model import DetectorFormat, DetectorKind
from app.tags.places import is_other_way_round
from app.tags.reasons import Reason, words

LENGTHS: Final[Mapping[str, int]] = {
    "external_id": 100, "name": 200, "address": 300, "camera_number": 100, "pole_type": 100, "pole_number": 100,
    "facing": 100, "power": 100, "line": 100, "iccid": 30, "mac": 20, "hardware": 100, "firmware": 100,
    "maintainer": 100, "note": 1000,
}  # fmt: skip
"""Characters that each text may have."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "lat_deg": (-90, 90), "lon_deg": (-180, 180), "range_m": (1, 2_000), "interval_s": (10, 86_400),
    "deaf_after_s": (600, 30 * 86_400), "height_m": (-10, 500),
}  # fmt: skip
"""The least and the most that each number may be."""

STAYING: Final = frozenset({DetectorKind.FIXED, DetectorKind.FACILITY, DetectorKind.HOME})
"""Kinds whose place is what a passage is worth."""

NAMED: Final = frozenset({"minew", "theengs"})
"""Formats in which a detector says who it is in words of its own; ours shows the id that it was given here."""

_PLACE: Final = frozenset({"lat_deg", "lon_deg"})
_ICCID = re.compile(r"[0-9]{18,22}f?")


class DetectorDraft(Struct, frozen=True, kw_only=True):
    """A detector as somebody describes it. The fields are those of `Detector`."""

    format: DetectorFormat = "gateway"
    external_id: str | None = None
    kind: DetectorKind
    name: str
    address: str | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    range_m: float = 50.0
    interval_s: int = 60
    deaf_after_s: int = 6 * 3600
    camera_number: str | None = None
    pole_type: str | None = None
    pole_number: str | None = None
    height_m: float | None = None
    facing: str | None = None
    power: str | None = None
    line: str | None = None
    iccid: str | None = None
    mac: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    installed_on: date | None = None
    permit_until: date | None = None
    maintainer: str | None = None
    inspected_on: date | None = None
    note: str | None = None


class Fault(Struct, frozen=True):
    """One thing that is wrong with a draft, and with which field."""

    field: str
    reason: Reason


def checked(draft: DetectorDraft, own_id: UUID | None = None) -> DetectorDraft:
    """The draft in its one spelling. Raises `InvalidInput` for the first thing that is wrong with it. `own_id` is that
    of a detector that is registered already.
    """
    plain = tidied(draft)
    for fault in faults(plain, own_id):
        raise InvalidInput(words(fault.reason, LIMITS.get(fault.field))[0], fault.field)
    return plain


def tidied(draft: DetectorDraft) -> DetectorDraft:
    """The draft with each text in its one spelling as far as it has one; what is empty is not said.

    A Minew gateway is known by its MAC: where only that is given, it is what it calls itself.
    """
    texts = {name: _tidy(getattr(draft, name)) for name in LENGTHS}
    if draft.format == "minew" and texts["external_id"] is None:
        texts["external_id"] = texts["mac"]
    macs = ["mac", "external_id"] if draft.format == "minew" else ["mac"]
    for name in macs:
        texts[name] = _mac(texts[name])
    if texts["iccid"] is not None:
        texts["iccid"] = _plain(texts["iccid"]).replace(" ", "").replace("-", "")
    return replace(draft, **texts | {"name": texts["name"] or ""})


def faults(draft: DetectorDraft, own_id: UUID | None = None) -> Iterator[Fault]:
    """Everything that is wrong with a tidied draft."""
    if not draft.name:
        yield Fault("name", Reason.EMPTY)
    for name, length in LENGTHS.items():
        text = getattr(draft, name)
        if text is None or text == "":
            continue
        if len(text) > length:
            yield Fault(name, Reason.TOO_LONG)
        elif not _is_one_line(text):
            yield Fault(name, Reason.NOT_ONE_LINE)
    swapped = is_other_way_round(draft.lat_deg, draft.lon_deg)
    for name, (least, most) in LIMITS.items():
        if swapped and name in _PLACE:
            continue
        number = getattr(draft, name)
        if number is not None and not (math.isfinite(number) and least <= number <= most):
            yield Fault(name, Reason.NOT_BETWEEN)
    if draft.external_id is not None and _is_id(draft.external_id) and draft.external_id != str(own_id):
        # The id is the name of a detector that states none: another one could speak in its place.
        yield Fault("external_id", Reason.NAME_OF_ANOTHER)
    yield from _faults_of_names(draft)
    yield from _faults_of_place(draft)


def own_name(draft: DetectorDraft, detector_id: UUID) -> str:
    """What the detector calls itself: what was stated, else its id."""
    return draft.external_id or str(detector_id)


def _faults_of_names(draft: DetectorDraft) -> Iterator[Fault]:
    if draft.format in NAMED and draft.external_id is None:
        yield Fault("external_id", Reason.NEEDS_NAME)
    if draft.format == "minew" and draft.external_id is not None and not _is_mac(draft.external_id):
        yield Fault("external_id", Reason.NOT_A_MAC)
    elif draft.mac is not None and not _is_mac(draft.mac):
        yield Fault("mac", Reason.NOT_A_MAC)
    if draft.iccid is not None and not _ICCID.fullmatch(draft.iccid):
        yield Fault("iccid", Reason.NOT_AN_ICCID)


def _faults_of_place(draft: DetectorDraft) -> Iterator[Fault]:
    if (draft.lat_deg is None) != (draft.lon_deg is None):
        yield Fault("lat_deg" if draft.lat_deg is None else "lon_deg", Reason.HALF_A_PLACE)
    elif draft.lat_deg is None and draft.kind in STAYING:
        yield Fault("lat_deg", Reason.NEEDS_PLACE)
    elif is_other_way_round(draft.lat_deg, draft.lon_deg):
        yield Fault("lat_deg", Reason.OTHER_WAY_ROUND)
    elif draft.lat_deg == 0 and draft.lon_deg == 0:
        yield Fault("lat_deg", Reason.NOT_A_PLACE)


def _tidy(text: str | None) -> str | None:
    """The text in Unicode form NFC without blanks around it; None when nothing is left."""
    return None if text is None else unicodedata.normalize("NFC", text).strip() or None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _mac(text: str | None) -> str | None:
    """The address in its one spelling; what is none stays for `faults` to find."""
    if text is None:
        return None
    try:
        return normalised_mac(text, "mac")
    except InvalidInput:
        return text


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_mac(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{12}", text) is not None


def _is_one_line(text: str) -> bool:
    try:
        one_line(text, "")
    except InvalidInput:
        return False
    return True
