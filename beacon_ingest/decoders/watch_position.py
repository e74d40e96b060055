"""The position data of the watch protocol: the fields after `UD`, `AL` and `WT`, as messages.

Source: Appendix I of the vendor's guide (www.4p-touch.com, Beesure GPS SeTracker server protocol, 2025), read against
captured frames. Fields: ddmmyy, hhmmss (UTC), A or V, latitude, N|S, longitude, E|W, km/h, course, altitude m,
satellites, signal %, battery %, steps, rolls, status, then cells and access points, then in some firmware the accuracy
in m.

**A and V.** Only A makes a fix. V is "invalid" by the guide, and where a V frame carries a place that looks real it is
the last known one: in the captured frames a V frame repeats to the last digit what an A frame said 86 s before, and the
guide says the same of the place in an SOS. Given out as a fix with the time of the frame, it would keep someone at home
who left an hour ago. So a V frame becomes a survey, for a resolver, and its alarms and health.

**Status.** Bits 0-15 are states, 16-31 alarms. Every alarm bit is reported. Bit 22 is "abnormal heart rate" in the
guide and a fall in Traccar: we report a fall, because somebody must look either way, and a missed fall is the worse
error. Other high bits become `other`. A status of four digits (old frames) has states only. States are never alarms:
bit 0 is set for hours while the battery is low. Bit 3 is called worn by some and removed by others, so `wearing` is
told only by the alarm bit for removal.

**Numbers that mean nothing.** Altitude is 0 in frames from Graz and Stuttgart, course is 0 when there is none,
satellites 0 cannot be: all three are unknown at 0. The signal of a cell has no known unit (strongest first it runs down
from 153, or from 42), so no `rssi_dbm` is made of it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import UNSET, UnsetType

from beacon_ingest.decoders import reading
from beacon_ingest.decoders.alarm_names import in_order
from beacon_ingest.messages import AccessPoint, Alarm, Cell, Fix, Message, Survey

_ALARM_BITS: Final = {
    16: "sos",
    17: "low_battery",
    18: "fence_exit",
    19: "fence_enter",
    20: "removed",
    21: "fall",
    22: "fall",
}
_STATUS: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_DIGITS: Final = re.compile(r"[0-9]{6}")
_HEX_LETTER: Final = re.compile(r"[A-Fa-f]")

_CELLS_MAX: Final = 32
_ACCESS_POINTS_MAX: Final = 64
_CELL_COUNT: Final = 16
_FIRST_CELL: Final = 20

_GPS_ROLLOVER: Final = timedelta(weeks=1024)
"""A receiver that counts weeks in ten bits falls back by this much."""
_ROLLOVER_CERTAIN_WITHIN: Final = timedelta(days=1)


def read_position(
    device: str, fields: list[str], *, is_alarm: bool, buffered: bool, received_at: datetime | None
) -> tuple[tuple[Message, ...], list[str], datetime | None]:
    """The messages of one position, the troubles in it, and its time if it has one that can be true.

    `is_alarm` frames always carry an alarm: of kind `other` when they do not say which. `received_at` is used for one
    thing: a time that is 1024 weeks before it is a receiver's week count run over, and put right.
    """
    troubles: list[str] = []
    fields = [field.strip() for field in fields]
    at = _time(fields, received_at, troubles)
    kinds = _alarms(fields, troubles)
    if is_alarm and not kinds:
        kinds = ("other",)
    fixes: tuple[Fix, ...] = ()
    if fields[2:3] == ["A"]:
        fixes = _fix(device, at, fields, buffered, troubles)
    elif fields[2:3] != ["V"]:
        troubles.append("neither A nor V: not position data")
    alarms = (Alarm(device=device, kinds=kinds, at=UNSET if at is None else at),) if kinds else ()
    health = reading.health(
        device=device,
        at=at,
        battery_pct=reading.within(_field(fields, 12), 0, 100),
        signal_pct=reading.within(_field(fields, 11), 0, 100),
        steps=reading.whole(_field(fields, 13), 0, 10**9),
        wearing=False if "removed" in kinds else UNSET,
    )
    heard = () if fixes else _survey(device, at, fields)
    return (*fixes, *alarms, *health, *heard), troubles, at


def _fix(device: str, at: datetime | None, fields: list[str], buffered: bool, troubles: list[str]) -> tuple[Fix, ...]:
    kmh = reading.within(_field(fields, 7), 0, 4000)
    return reading.fix(
        device=device,
        at=at,
        where=_place(fields, troubles),
        accuracy_m=_accuracy_m(fields[_after_cells(fields) :]),
        altitude_m=reading.within(_field(fields, 9), -1e9, 1e9) or UNSET,
        speed_mps=UNSET if kmh is UNSET else kmh * reading.MPS_PER_KMH,
        heading_deg=reading.within(_field(fields, 8), 0, 360) or UNSET,
        source="gnss",
        satellites=reading.whole(_field(fields, 10), 1, 200),
        buffered=True if buffered else UNSET,
    )


def _survey(device: str, at: datetime | None, fields: list[str]) -> tuple[Survey, ...]:
    after_cells = _after_cells(fields)
    return reading.survey(
        device=device,
        at=at,
        cells=_cells(fields[:after_cells]),
        access_points=_access_points(fields[after_cells:]),
    )


def _field(fields: list[str], index: int) -> str | None:
    return fields[index] if index < len(fields) else None


def _time(fields: list[str], received_at: datetime | None, troubles: list[str]) -> datetime | None:
    day, clock = _field(fields, 0) or "", _field(fields, 1) or ""
    moment = None
    if _DIGITS.fullmatch(day) and _DIGITS.fullmatch(clock):
        try:
            moment = datetime(
                2000 + int(day[4:]),
                int(day[2:4]),
                int(day[:2]),
                int(clock[:2]),
                int(clock[2:4]),
                int(clock[4:]),
                tzinfo=UTC,
            )
        except ValueError:
            moment = None
    if moment is None:
        troubles.append(f"the time {reading.shown(f'{day},{clock}')} cannot be read")
        return None
    if received_at is not None and abs(moment + _GPS_ROLLOVER - received_at) <= _ROLLOVER_CERTAIN_WITHIN:
        return moment + _GPS_ROLLOVER
    return reading.believed(moment, troubles)


def _alarms(fields: list[str], troubles: list[str]) -> tuple[str, ...]:
    text = _field(fields, 15) or ""
    if _STATUS.fullmatch(text) is None:
        troubles.append(f"the status {reading.shown(text)} is no hex number")
        return ()
    status = int(text, 16)
    return in_order(_ALARM_BITS.get(bit, "other") for bit in range(16, 32) if status >> bit & 1)


def _place(fields: list[str], troubles: list[str]) -> tuple[float, float] | None:
    """The place in degrees. S and W make it negative, whatever sign it has; without a letter the sign counts."""
    where = reading.place(_field(fields, 3), _field(fields, 5), troubles)
    if where is None:
        return None
    lat_deg, lon_deg = where
    return (
        -abs(lat_deg) if _field(fields, 4) == "S" else lat_deg,
        -abs(lon_deg) if _field(fields, 6) == "W" else lon_deg,
    )


def _after_cells(fields: list[str]) -> int:
    """The index of the field after the cells: count, timing advance, MCC, MNC, then LAC, cell and signal of each."""
    count = reading.whole(_field(fields, _CELL_COUNT), 1, _CELLS_MAX)
    return _CELL_COUNT + 1 if count is UNSET else min(_FIRST_CELL + 3 * count, len(fields))


def _cells(fields: list[str]) -> tuple[Cell, ...]:
    """The cells at the end of these fields.

    LAC and cell are decimal, or hex in firmware that shows it by a letter in any of them.
    """
    areas, numbers = fields[_FIRST_CELL::3], fields[_FIRST_CELL + 1 :: 3]
    base = 16 if any(_HEX_LETTER.search(text) for text in (*areas, *numbers)) else 10
    mcc, mnc = _field(fields, _FIRST_CELL - 2), _field(fields, _FIRST_CELL - 1)
    read = [
        reading.cell(mcc, mnc, _whole(area, base), _whole(number, base))
        for area, number in zip(areas, numbers, strict=False)
    ]
    return tuple(cell for cell in read if cell is not None)


def _whole(text: str, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None


def _access_points(fields: list[str]) -> tuple[AccessPoint, ...]:
    """Every address that a signal follows. Names are not counted on: they may hold commas and brackets."""
    found: list[AccessPoint] = []
    for index, text in enumerate(fields[:-1]):
        if len(found) == _ACCESS_POINTS_MAX:
            break
        if _MAC.fullmatch(text) and (fields[index + 1] == "" or reading.number(fields[index + 1]) is not None):
            point = reading.access_point(text, fields[index + 1])
            if point is not None:
                found.append(point)
    return tuple(found)


def _accuracy_m(fields: list[str]) -> float | UnsetType:
    """The last field, in firmware that writes a number of access points, name, address and signal of each, an accuracy.

    Other firmware leaves the number empty and ends in `00` or `10`, which is no accuracy.
    """
    count = reading.whole(_field(fields, 0), 0, _ACCESS_POINTS_MAX)
    if count is UNSET or len(fields) < 2 + 3 * count:
        return UNSET
    ends_in_one_more = _MAC.fullmatch(fields[-3]) is not None if count else len(fields) == 2
    return reading.within(fields[-1], 0, 1e9) if ends_in_one_more else UNSET
