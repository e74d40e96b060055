"""Advertisements: every captured one, and the cases that the captured ones do not have."""

from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.advertisement import NOTHING, Heard, battery_pct, decode, rssi, sighting
from beacon_ingest.messages import TagName
from tests.unit.beacon_ingest.captured import captured

UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
IBEACON = "1aff4c000215fda50693a4e24fb1afcfc6eb0764782500010002c5"
NAME = TagName("ibeacon", f"{UUID}/1/2")
FLAGS = "020106"
EDDYSTONE_UID = "1516aafe00e7000102030405060708090102030405 06".replace(" ", "")


def heard(digits: str) -> Heard:
    return decode(bytes.fromhex(digits))


def expected_name(frame: dict[str, Any]) -> TagName | None:
    """What a captured row says that the frame calls itself, in our spelling."""
    match frame.get("frame"):
        case "ibeacon":
            uuid = frame["uuid"]
            dashed = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
            return TagName("ibeacon", f"{dashed}/{frame['major']}/{frame['minor']}")
        case "altbeacon":
            return TagName("altbeacon", frame["beacon_id"])
        case "eddystone-uid":
            return TagName("eddystone-uid", frame["namespace"] + frame["instance"])
        case "eddystone-eid":
            return TagName("eddystone-eid", frame["eid"])
        case "minew-ffe1":
            return TagName("mac", frame["mac"])
    return None


def expected_power(frame: dict[str, Any]) -> object:
    return next(frame[key] for key in ("tx_power_1m", "ref_rssi_1m", "tx_power_0m") if key in frame)


FRAMES = captured("ble_frames")["vectors"]
READ = [(row, row["expected"]) for row in FRAMES if row["group"] != "capture" and row["expected"] is not None]
READ += [(row, row["expected"]["decoded"]) for row in FRAMES if row["group"] == "capture"]
NAMED = [(row, frame) for row, frame in READ if frame is not None and expected_name(frame) is not None]
NAMELESS = [row for row in FRAMES if row["id"] not in {named["id"] for named, _ in NAMED}]


@pytest.mark.parametrize(("row", "frame"), NAMED, ids=[row["id"] for row, _ in NAMED])
def test_every_captured_tag_is_read_as_what_it_calls_itself(row: dict[str, Any], frame: dict[str, Any]) -> None:
    said = sighting(bytes.fromhex(row["raw_hex"]))

    assert said is not None
    assert expected_name(frame) == said.tag
    assert frame.get("mac", UNSET) == said.mac
    assert frame.get("rssi", UNSET) == said.rssi_dbm
    assert frame.get("battery_percent", UNSET) == said.battery_pct
    if frame["frame"] != "minew-ffe1":
        assert expected_power(frame) == said.tx_power_dbm


@pytest.mark.parametrize("row", NAMELESS, ids=lambda row: row["id"])
def test_every_other_captured_advertisement_names_nobody(row: dict[str, Any]) -> None:
    assert sighting(bytes.fromhex(row["raw_hex"])) is None
    assert decode(bytes.fromhex(row["raw_hex"])).name is None


def test_the_captured_advertisements_hold_tags_and_strangers() -> None:
    kinds = {name.scheme for _, frame in NAMED if (name := expected_name(frame))}

    assert {"ibeacon", "altbeacon", "eddystone-uid", "eddystone-eid", "mac"} == kinds
    assert len(NAMELESS) > 30


@pytest.mark.parametrize(
    ("digits", "pct"),
    [
        ("1116aafe20000b1813000000146700002ac4", 84.0),
        ("1116aafe20000000130000001467 00002ac4".replace(" ", ""), UNSET),
        ("1116aafe20010b1813000000146700002ac4", UNSET),
        ("1016aafe20000b1813000000146700002a", UNSET),
    ],
)
def test_plain_telemetry_tells_a_battery_and_no_name(digits: str, pct: object) -> None:
    assert Heard(battery_pct=pct) == heard(digits)


@pytest.mark.parametrize(
    ("millivolts", "pct"), [(0, UNSET), (1, 0.0), (2000, 0.0), (2500, 50.0), (3000, 100.0), (65535, 100.0)]
)
def test_a_cell_is_full_at_three_volts_and_empty_at_two(millivolts: int, pct: object) -> None:
    assert pct == battery_pct(millivolts)


@pytest.mark.parametrize(("byte", "dbm"), [(0xC5, -59), (0x00, 0), (0x1A, 26), (0x7F, 127), (0x80, -128)])
def test_what_stands_for_the_power_of_an_ibeacon_is_passed_on(byte: int, dbm: object) -> None:
    assert dbm == heard(f"{FLAGS}{IBEACON[:-2]}{byte:02x}").tx_power_dbm
    assert dbm == heard(f"{IBEACON[:-2]}{byte:02x}").tx_power_dbm


@pytest.mark.parametrize(("byte", "dbm"), [(0xB5, -75.0), (0x14, 20.0), (0x15, UNSET), (0x7F, UNSET), (0x80, UNSET)])
def test_a_signal_that_cannot_be_is_unknown(byte: int, dbm: object) -> None:
    assert dbm == rssi(byte)


@pytest.mark.parametrize(
    "digits",
    [
        IBEACON,
        FLAGS + IBEACON,
        "020104" + IBEACON,
        IBEACON + FLAGS,
        FLAGS + IBEACON + "00" * 31,
        "00" + IBEACON,
        "0000" + FLAGS + "0000" + IBEACON,
        "05ff4c001000" + IBEACON,
        # A byte of the maker's behind the power.
        "1bff4c000215fda50693a4e24fb1afcfc6eb0764782500010002c564",
        # The second name is not the tag's first word.
        IBEACON + EDDYSTONE_UID,
    ],
)
def test_an_ibeacon_is_found_wherever_it_stands(digits: str) -> None:
    assert NAME == heard(digits).name


def test_the_name_the_battery_and_the_address_of_one_advertisement_are_put_together() -> None:
    minew = "0d16e1ffa10264000832a03f23ac"

    both = Heard(name=NAME, tx_power_dbm=-59, battery_pct=100.0, mac="ac233fa03208")
    assert both == heard(IBEACON + minew) == heard(minew + IBEACON)


@pytest.mark.parametrize(
    ("digits", "pct", "mac"),
    [
        ("0d16e1ffa10264000832a03f23ac", 100.0, "ac233fa03208"),
        ("0d16e1ffa108630832a03f23ac4d4e", 99.0, "ac233fa03208"),
        ("1016e1ffa101641c8a2f51000000000000", 100.0, None),
        ("0d16e1ffa102650008 32a03f23ac".replace(" ", ""), UNSET, "ac233fa03208"),
        ("0616e1ffa10132", 50.0, None),
        ("0516e1ffa101", UNSET, None),
        ("0d16e1ffa20264000832a03f23ac", UNSET, None),
    ],
)
def test_a_frame_of_minew_tells_battery_and_address(digits: str, pct: object, mac: str | None) -> None:
    assert Heard(battery_pct=pct, mac=mac) == heard(digits)


@pytest.mark.parametrize("digits", [IBEACON, FLAGS + IBEACON, EDDYSTONE_UID, "0d16aafe30e34549445f74657374"])
def test_nothing_is_read_past_a_structure_or_the_end(digits: str) -> None:
    whole = bytes.fromhex(digits)
    start = 3 if digits.startswith(FLAGS) else 0

    assert decode(whole).name is not None
    assert [NOTHING] * len(whole) == [decode(whole[:cut]) for cut in range(len(whole))]
    shorter = bytearray(whole)
    shorter[start] -= 1
    assert decode(bytes(shorter)).name is None


def test_an_altbeacon_may_lack_its_last_byte() -> None:
    frame = "1aff1801beac2f234454cf6d4a0fadf2f4911ba9ffa600010002c5"

    assert Heard(TagName("altbeacon", "2f234454cf6d4a0fadf2f4911ba9ffa600010002"), -59) == heard(frame)


def test_what_is_longer_than_any_advertisement_is_none() -> None:
    assert heard("00" * 1623 + IBEACON).name == NAME
    assert heard("00" * 1624 + IBEACON) is NOTHING


@pytest.mark.parametrize(
    "digits",
    [
        # Two reports in one event, a length that is not the event's, one of the data that is not the data's.
        "043e2a02020001433ea2c96b6a1e02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000640000c5b3",
        "043e2b02010001433ea2c96b6a1e02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000640000c5b3",
        "043e2a02010001433ea2c96b6a1f02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000640000c5b3",
        "043e0202",
        "00123b6a1a64cfaa",
        "05123b6a1a64cfaa" + FLAGS + IBEACON,
    ],
)
def test_a_wrapping_that_does_not_fit_is_not_opened(digits: str) -> None:
    assert sighting(bytes.fromhex(digits)) is None


def test_a_battery_report_with_an_address_beside_it_is_of_that_address() -> None:
    said = sighting(bytes.fromhex("04123b6a1a64cfaa1116aafe20000b1813000000146700002ac4"))

    assert said is not None
    assert (said.tag, said.battery_pct) == (TagName("mac", "123b6a1a64cf"), 84.0)
