"""How all decoders read what devices write: numbers, times, places, names, and messages made of them.

Nothing here raises for bad input. A value that is absent or cannot be true comes back as UNSET (unknown); where its
absence costs a message, a sentence is appended to `troubles`, which the decoder hands back as refusals.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from beacon_ingest.messages import AccessPoint, Cell, Fix, FixSource, Health, Survey

MPS_PER_KNOT: Final = 1852 / 3600
MPS_PER_KMH: Final = 1 / 3.6

EARLIEST: Final = datetime(2010, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2070, 1, 1, tzinfo=UTC)
"""No device that this product may meet measured anything outside of these: a clock that says so is not set."""

_EPOCH_MS_FROM: Final = 1e11
"""Epoch numbers from here on are milliseconds: as seconds they would lie after the year 5000."""

_NUMBER_CHARACTERS_MAX: Final = 40
_NAME_CHARACTERS_MAX: Final = 200
_SPEED_MPS_MAX: Final = 1000.0
_ACCURACY_M_MAX: Final = 1e6
_DATE_BLANK_OFFSET: Final = re.compile(r"(T.*) (\d\d:?\d\d)$")
_MAC_SEPARATORS: Final = str.maketrans("", "", ":-.")
_MAC: Final = re.compile(r"[0-9a-f]{12}")

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}

_UNREADABLE: Final = "\ufffd"
_AFTER_THE_END: Final = "\0 \t\r\n"
_BACKSLASH: Final = "\\u005c"
_NO_ESCAPE: Final = re.compile(r'\\(?!["/bfnrt]|u[0-9A-Fa-f]{4})')
_OTHER_HALF: Final = (re.compile(r"(?<=\ufffd)\\(?!u005c)"), re.compile(r"(?<=[^\0-\x7f])\\(?!u005c)"))
"""A backslash that is half a character: some in Shift_JIS end in one (95 5C), and the quote behind ends the text. Where
the first does not do, the second also takes those behind what only looks like a character of UTF-8.
"""

_json_decoder = msgspec.json.Decoder()


def document(body: bytes) -> tuple[object, str | None]:
    """The JSON value of a body and None, or None and the reason why there is none.

    The strict, quick reader comes first. What it refuses is tried again with Python's own, which takes NaN, Infinity,
    control characters and a byte order mark, then with its escapes mended: the one bad value is then refused by itself
    and not the whole body with it. What is no UTF-8 and what is no escape become U+FFFD, which is in no name
    (`name`); a number of more digits than any is infinite, which is no number (`number`).
    """
    try:
        return _json_decoder.decode(body), None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    except RecursionError:
        return None, "the JSON is nested too deeply"
    trouble = ""
    for text in _readings(body):
        try:
            return json.loads(text, strict=False, parse_int=_whole), None
        except RecursionError:
            return None, "the JSON is nested too deeply"
        except json.JSONDecodeError as error:
            trouble = trouble or f"the body is not JSON (at character {error.pos})"
    half = _not_utf8_at(body)
    return None, trouble if half is None else f"the body is not UTF-8 (at byte {half})"


def _readings(body: bytes) -> Iterator[str]:
    """What a body may mean that is not quite JSON, the likeliest first."""
    # Firmware in C may send the end of its text along.
    text = body.decode("utf-8-sig", "replace").rstrip(_AFTER_THE_END)
    yield text
    text = text.replace("\\\\", _BACKSLASH)
    yield _NO_ESCAPE.sub(_UNREADABLE, text)
    if _not_utf8_at(body) is not None:
        for half in _OTHER_HALF:
            yield _NO_ESCAPE.sub(_UNREADABLE, half.sub(_UNREADABLE, text))


def _not_utf8_at(body: bytes) -> int | None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _NUMBER_CHARACTERS_MAX else math.inf


def number(value: object) -> float | None:
    """A finite number from a number or from text, else None. True and False are no numbers."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        if len(value) > _NUMBER_CHARACTERS_MAX or "_" in value:
            return None
    elif isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def within(value: object, low: float, high: float) -> float | UnsetType:
    """A number from `low` to `high`, else unknown."""
    result = number(value)
    return result if result is not None and low <= result <= high else UNSET


def whole(value: object, low: int, high: int) -> int | UnsetType:
    """A whole number from `low` to `high`, else unknown."""
    result = number(value)
    return int(result) if result is not None and low <= result <= high and result == int(result) else UNSET


def flag(value: object) -> bool | UnsetType:
    """Yes or no, from a truth value, 1 or 0, or such text, else unknown."""
    if isinstance(value, bool):
        return value
    return UNSET if value is None else _FLAGS.get(str(value).strip().lower(), UNSET)


def name(value: object) -> str | None:
    """A printable name of 1 to 200 characters (a number becomes its digits), else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**40:
        return str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    # Half-read characters, line breaks and the like would make two devices look alike, or break the database.
    return text if 0 < len(text) <= _NAME_CHARACTERS_MAX and text.isprintable() and _UNREADABLE not in text else None


def utc(value: object, troubles: list[str]) -> datetime | UnsetType | None:
    """A moment in UTC; UNSET when none is stated; None, with a trouble, when it cannot be read or cannot be true.

    Numbers are seconds or milliseconds since 1970. Text without a zone is UTC: nobody knows better.
    """
    if value is None or value == "":
        return UNSET
    stated = moment(value)
    if stated is None:
        troubles.append(f"the time {shown(value)} cannot be read")
        return None
    return believed(stated, troubles)


def believed(moment: datetime, troubles: list[str]) -> datetime | None:
    """The moment, or None with a trouble when no device can have measured anything then."""
    if EARLIEST <= moment < LATEST:
        return moment
    troubles.append(f"the time {moment.isoformat()} cannot be true: the clock of the device is not set")
    return None


def moment(value: object) -> datetime | None:
    """A moment in UTC as it is stated, however wrong the clock; None when it cannot be read or none is stated.

    What is read is what `utc` reads.
    """
    epoch = number(value)
    try:
        if epoch is not None:
            return datetime.fromtimestamp(epoch / 1000 if abs(epoch) >= _EPOCH_MS_FROM else epoch, tz=UTC)
        if not isinstance(value, str) or len(value) > _NUMBER_CHARACTERS_MAX:
            return None
        # A form turns the plus of "+09:00" into a blank when the client did not escape it.
        stated = datetime.fromisoformat(_DATE_BLANK_OFFSET.sub(r"\1+\2", value.strip()))
        return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def shown(value: object) -> str:
    """The value as it may stand in a reason: short, quoted, harmless."""
    text = str(value)
    return ascii(text if len(text) <= _NUMBER_CHARACTERS_MAX else text[:_NUMBER_CHARACTERS_MAX] + "…")


def place(lat: object, lon: object, troubles: list[str]) -> tuple[float, float] | None:
    """Latitude and longitude in degrees (WGS 84), or None.

    Neither stated, or both exactly 0 (how devices write that they do not know), is None without a trouble.
    """
    if lat in (None, "") and lon in (None, ""):
        return None
    lat_deg, lon_deg = number(lat), number(lon)
    if lat_deg is None or lon_deg is None:
        troubles.append(f"{shown(lat)}, {shown(lon)} is no place: both must be numbers")
        return None
    if abs(lat_deg) > 90 or abs(lon_deg) > 180:
        troubles.append(f"{lat_deg:g}, {lon_deg:g} is no place on earth")
        return None
    return None if lat_deg == 0 and lon_deg == 0 else (lat_deg, lon_deg)


def fix(
    *,
    device: str,
    at: datetime | UnsetType | None,
    where: tuple[float, float] | None,
    accuracy_m: float | UnsetType = UNSET,
    altitude_m: float | UnsetType = UNSET,
    speed_mps: float | UnsetType = UNSET,
    heading_deg: float | UnsetType = UNSET,
    source: FixSource | UnsetType = UNSET,
    satellites: int | UnsetType = UNSET,
    buffered: bool | UnsetType = UNSET,
) -> tuple[Fix, ...]:
    """One fix, or none: without a place, or with a time that cannot be true (`at` None), it would mislead."""
    if where is None or at is None:
        return ()
    return (
        Fix(
            device=device,
            lat_deg=where[0],
            lon_deg=where[1],
            at=at,
            accuracy_m=accuracy_m if accuracy_m is not UNSET and 0 < accuracy_m <= _ACCURACY_M_MAX else UNSET,
            altitude_m=altitude_m if altitude_m is not UNSET and -1000 <= altitude_m <= 100_000 else UNSET,
            speed_mps=speed_mps if speed_mps is not UNSET and 0 <= speed_mps <= _SPEED_MPS_MAX else UNSET,
            heading_deg=heading_deg % 360 if heading_deg is not UNSET and 0 <= heading_deg <= 360 else UNSET,
            source=source,
            satellites=satellites,
            buffered=buffered,
        ),
    )


def health(
    *,
    device: str,
    at: datetime | UnsetType | None = UNSET,
    battery_pct: float | UnsetType = UNSET,
    charging: bool | UnsetType = UNSET,
    signal_pct: float | UnsetType = UNSET,
    steps: int | UnsetType = UNSET,
    wearing: bool | UnsetType = UNSET,
    firmware: str | UnsetType = UNSET,
) -> tuple[Health, ...]:
    """One message about the device, or none when nothing is known of it."""
    facts = (battery_pct, charging, signal_pct, steps, wearing, firmware)
    if all(fact is UNSET for fact in facts):
        return ()
    return (
        Health(
            device=device,
            at=UNSET if at is None else at,
            battery_pct=battery_pct,
            charging=charging,
            signal_pct=signal_pct,
            steps=steps,
            wearing=wearing,
            firmware=firmware,
        ),
    )


def cell(mcc: object, mnc: object, lac: object, cid: object, rssi_dbm: object = None) -> Cell | None:
    """One radio cell, or None when a number lies outside of what the networks use (3GPP TS 23.003)."""
    country, network = whole(mcc, 1, 999), whole(mnc, 0, 999)
    # All ones means "deleted", 0 "none"; cell numbers have 16 bits in 2G, 28 in 3G and 4G, 36 in 5G.
    area, number_of_cell = whole(lac, 1, 0xFFFFFF), whole(cid, 1, 2**36 - 2)
    if country is UNSET or network is UNSET or area is UNSET or number_of_cell is UNSET:
        return None
    if area in (0xFFFE, 0xFFFF) or number_of_cell == 0xFFFFFFF:
        return None
    return Cell(mcc=country, mnc=network, lac=area, cid=number_of_cell, rssi_dbm=whole(rssi_dbm, -150, -20))


def access_point(mac: object, rssi_dbm: object = None) -> AccessPoint | None:
    """One Wi-Fi access point, or None when `mac` is no address of one."""
    digits = mac.translate(_MAC_SEPARATORS).lower() if isinstance(mac, str) else ""
    if _MAC.fullmatch(digits) is None or digits in ("0" * 12, "f" * 12):
        return None
    return AccessPoint(mac=digits, rssi_dbm=whole(rssi_dbm, -127, -1))


def survey(
    *,
    device: str,
    at: datetime | UnsetType | None,
    cells: tuple[Cell, ...],
    access_points: tuple[AccessPoint, ...],
) -> tuple[Survey, ...]:
    """What was heard instead of a fix, or none when nothing was."""
    if not cells and not access_points:
        return ()
    return (Survey(device=device, at=UNSET if at is None else at, cells=cells, access_points=access_points),)
