"""Frames of watches, one at a time: every captured one, and the cases that the captured ones do not have."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded
from beacon_ingest.decoders.watch import decode_frame
from beacon_ingest.messages import Alarm, Answer, Fix, Health, Message, Survey
from tests.unit.beacon_ingest.captured import captured

VECTORS: list[dict[str, Any]] = captured("watch")["vectors"]
POSITIONS = [row for row in VECTORS if "fixTime" in (row["traccar_output"].get("positions") or [{}])[0]]
STATUS_WORDS: list[dict[str, Any]] = captured("watch_status_bits")["vectors"]
VENDOR_BITS = {16: "sos", 17: "low_battery", 18: "fence_exit", 19: "fence_enter", 20: "removed", 21: "fall"}

OUTSIDE = "[3G*9705141740*005A*{},190723,190707,A,36.815109,N,10.1792312,E,36,127.9,21.0,5,100,53,12,0,{},0,0,58.0]"
INSIDE = (
    "[3G*9705141740*0000*{},190723,190707,V,00.000000,N,00.0000000,E,0,0,0,0,100,53,12,0,{},1,0,440,10,4097,1234567,20,"
    "2,Cafe, [2F],34:a1:ed:e1:91:4f,-71,,36:A2:e1:ed:a1:de,-72,0.0]"
)
AT = datetime(2023, 7, 19, 19, 7, 7, tzinfo=UTC)

Kind = TypeVar("Kind", bound=Message)


def decoded(text: str, received_at: datetime | None = None) -> Decoded:
    return decode_frame(text.encode(), received_at)


def of(kind: type[Kind], said: Decoded) -> Kind | None:
    found = [message for message in said.messages if isinstance(message, kind)]
    assert len(found) <= 1
    return found[0] if found else None


def captured_text(row: dict[str, Any]) -> str:
    return bytes.fromhex(row["input"]["hex"]).decode("utf-8", "replace")


def status_of(text: str) -> int:
    return int(text.split("*", 2)[2].split(",")[16], 16)


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["id"])
def test_every_captured_frame_is_read_without_a_refusal(row: dict[str, Any]) -> None:
    said = decode_frame(bytes.fromhex(row["input"]["hex"]))

    assert row["traccar_output"]["ids"] == [said.device]
    assert said.refusals == ()


@pytest.mark.parametrize("row", POSITIONS, ids=lambda row: row["id"])
def test_only_a_valid_position_becomes_a_fix(row: dict[str, Any]) -> None:
    """The other server keeps the place of a V frame, and 0,0 where it has none; we say nothing of a place that is not
    known.
    """
    observed = row["traccar_output"]["positions"][0]
    said = of(Fix, decoded(captured_text(row)))

    if not observed["valid"]:
        assert said is None
        return
    assert said is not None
    assert observed["latitude"] == pytest.approx(said.lat_deg)
    assert observed["longitude"] == pytest.approx(said.lon_deg)
    assert datetime.fromisoformat(observed["fixTime"]) == said.at
    assert observed["speedKnots"] * 1852 / 3600 == pytest.approx(said.speed_mps, rel=1e-4)
    assert (observed["course"] or UNSET) == said.heading_deg
    assert (observed["altitude"] or UNSET) == said.altitude_m
    assert (observed["attributes"]["sat"] or UNSET) == said.satellites
    assert said.source == "gnss"


@pytest.mark.parametrize("row", POSITIONS, ids=lambda row: row["id"])
def test_battery_signal_and_steps_come_with_every_position(row: dict[str, Any]) -> None:
    observed = row["traccar_output"]["positions"][0]
    said = of(Health, decoded(captured_text(row)))

    assert said is not None
    assert observed["attributes"]["batteryLevel"] == said.battery_pct
    assert observed["attributes"]["rssi"] == said.signal_pct
    assert observed["attributes"]["steps"] == said.steps
    assert datetime.fromisoformat(observed["deviceTime"]) == said.at


@pytest.mark.parametrize("row", POSITIONS, ids=lambda row: row["id"])
def test_alarms_are_the_vendors_alarm_bits_and_never_states(row: dict[str, Any]) -> None:
    """The other server gives the first bit set, states among them; 0001 in an old alarm frame is a state, the alarm
    unknown.
    """
    text = captured_text(row)
    bits = {kind for bit, kind in VENDOR_BITS.items() if status_of(text) >> bit & 1}
    is_alarm_frame = text.split(",")[0].split("*")[-1].startswith("AL")
    expected = bits or ({"other"} if is_alarm_frame else set())
    said = of(Alarm, decoded(text))

    assert expected == (set(said.kinds) if said else set())


@pytest.mark.parametrize("row", POSITIONS, ids=lambda row: row["id"])
def test_what_was_heard_is_told_when_there_is_no_fix(row: dict[str, Any]) -> None:
    observed = row["traccar_output"]["positions"][0]
    network = observed.get("network", {})
    said = of(Survey, decoded(captured_text(row)))

    if observed["valid"]:
        assert said is None
        return
    assert said is not None
    # Nothing is said of the signal of cells: 153 and 42 cannot both be -dBm, as the other server has it.
    cells = {
        (c["mobileCountryCode"], c["mobileNetworkCode"], c["locationAreaCode"], c["cellId"])
        for c in network.get("cellTowers", ())
    }
    assert cells == {(cell.mcc, cell.mnc, cell.lac, cell.cid) for cell in said.cells}
    points = {(p["macAddress"].replace(":", ""), p["signalStrength"]) for p in network.get("wifiAccessPoints", ())}
    assert points == {(point.mac, point.rssi_dbm) for point in said.access_points}


@pytest.mark.parametrize("row", STATUS_WORDS, ids=lambda row: row["status"])
def test_every_alarm_bit_of_a_status_word_is_reported(row: dict[str, Any]) -> None:
    """The other server loses the SOS in 00010001 and the fall in 00200001 behind the state of the battery."""
    said = of(Alarm, decoded(row["frame"]))

    assert said is not None
    assert set(row["alarms_by_vendor_bits"] or ["other"]) == set(said.kinds)
    assert datetime(2020, 1, 31, 18, 42, 51, tzinfo=UTC) == said.at
    assert of(Fix, decoded(row["frame"])) is None


def test_sos_comes_first_and_fall_second() -> None:
    said = of(Alarm, decoded(INSIDE.format("AL", "003F001F")))

    assert said is not None
    assert said.kinds == ("sos", "fall", "low_battery", "removed", "fence_enter", "fence_exit")


def test_bit_22_counts_as_a_fall_and_unknown_alarm_bits_as_other() -> None:
    fall, unknown = decoded(INSIDE.format("AL", "00400000")), decoded(INSIDE.format("AL", "80000000"))

    assert of(Alarm, fall).kinds == ("fall",)  # type: ignore[union-attr]
    assert of(Alarm, unknown).kinds == ("other",)  # type: ignore[union-attr]


def test_an_alarm_bit_in_a_position_report_is_an_alarm_too() -> None:
    said = decoded(OUTSIDE.format("UD", "00010000"))

    assert Alarm(device="9705141740", kinds=("sos",), at=AT) == of(Alarm, said)
    assert said.answer is None


def test_an_alarm_that_cannot_be_read_is_still_an_alarm() -> None:
    said = decoded("[3G*9705141740*0006*AL,foo]")

    assert Alarm(device="9705141740", kinds=("other",)) == of(Alarm, said)
    assert said.answer == b"[3G*9705141740*0002*AL]"
    assert said.refusals
    assert not said.stamped


def test_an_alarm_with_an_unset_clock_keeps_its_kind_and_loses_its_time() -> None:
    said = decoded(OUTSIDE.format("AL", "00010000").replace("190723,190707", "010180,000000"))

    assert Alarm(device="9705141740", kinds=("sos",)) == of(Alarm, said)
    assert of(Fix, said) is None
    assert len(said.refusals) == 1


def test_a_place_that_cannot_be_read_does_not_spoil_the_alarm() -> None:
    said = decoded(OUTSIDE.format("AL", "00010000").replace("36.815109", "136.815109"))

    assert of(Alarm, said).kinds == ("sos",)  # type: ignore[union-attr]
    assert of(Fix, said) is None
    assert [refusal.why for refusal in said.refusals] == ["136.815, 10.1792 is no place on earth"]


def test_a_whole_position_is_read_in_si_units() -> None:
    said = decoded(OUTSIDE.format("UD_LTE", "00000000"))

    fix = Fix(
        device="9705141740", at=AT, lat_deg=36.815109, lon_deg=10.1792312, accuracy_m=58.0, altitude_m=21.0,
        speed_mps=10.0, heading_deg=127.9, source="gnss", satellites=5,
    )  # fmt: skip
    assert (fix, Health(device="9705141740", at=AT, battery_pct=53, signal_pct=100, steps=12)) == said.messages
    assert said.stamped


def test_a_survey_survives_commas_and_brackets_in_names() -> None:
    said = of(Survey, decoded(INSIDE.format("UD", "00000000")))

    assert said is not None
    assert [(cell.mcc, cell.mnc, cell.lac, cell.cid) for cell in said.cells] == [(440, 10, 4097, 1234567)]
    assert [(p.mac, p.rssi_dbm) for p in said.access_points] == [("34a1ede1914f", -71), ("36a2e1eda1de", -72)]


def test_cells_in_hex_are_known_by_their_letters() -> None:
    said = of(Survey, decoded(INSIDE.format("UD", "00000000").replace("4097,1234567", "1001,12D687")))

    assert said is not None
    assert [(cell.lac, cell.cid) for cell in said.cells] == [(4097, 1234567)]


def test_cells_that_no_network_has_are_left_out() -> None:
    frame = INSIDE.format("UD", "00000000").replace("440,10,4097", "FFFF,FFFF,FFFE")
    said = of(Survey, decoded(frame))

    assert said is not None
    assert said.cells == ()


@pytest.mark.parametrize(
    ("tail", "accuracy_m"),
    [
        ("0,0,58.0", 58.0),
        ("1,1,440,10,4097,77,20,1,home,34:a1:ed:e1:91:4f,-71,8.5", 8.5),
        ("1,1,440,10,4097,77,20,1,ho,me,34:a1:ed:e1:91:4f,-71,8.5", 8.5),
        ("0,0,0.0", UNSET),
        ("0,0", UNSET),
        ("1,1,440,10,4097,77,20", UNSET),
        ("1,1,440,10,4097,77,20,,10", UNSET),
        ("0,1,0,0,,10", UNSET),
        ("0,1,,,,00", UNSET),
        ("1,1,440,10,4097,77,20,1,home,34:a1:ed:e1:91:4f,-71", UNSET),
        ("", UNSET),
    ],
)
def test_the_accuracy_is_taken_only_where_the_firmware_writes_one(tail: str, accuracy_m: object) -> None:
    said = of(Fix, decoded(OUTSIDE.format("UD", "00000000").replace("0,0,58.0]", tail + "]")))

    assert said is not None
    assert accuracy_m == said.accuracy_m


@pytest.mark.parametrize(
    ("written", "lat_deg", "lon_deg"),
    [
        ("33.48,S,70.76,W", -33.48, -70.76),
        ("-33.48,N,-70.76,E", -33.48, -70.76),
        ("-33.48,S,-70.76,W", -33.48, -70.76),
        ("-33.48,,-70.76,", -33.48, -70.76),
        (" 9.95,N, 070.76,E", 9.95, 70.76),
        ("35,N,139,E", 35.0, 139.0),
    ],
)
def test_signs_and_letters_of_a_place_agree_in_the_end(written: str, lat_deg: float, lon_deg: float) -> None:
    said = of(Fix, decoded(OUTSIDE.format("UD", "00000000").replace("36.815109,N,10.1792312,E", written)))

    assert said is not None
    assert (lat_deg, lon_deg) == (said.lat_deg, said.lon_deg)


def test_zero_zero_is_never_a_place_even_when_called_valid() -> None:
    said = decoded(OUTSIDE.format("UD", "00000000").replace("36.815109,N,10.1792312,E", "0.0,N,0.0,E"))

    assert of(Fix, said) is None
    assert said.refusals == ()


def test_a_report_from_the_backlog_says_so() -> None:
    late, live = decoded(OUTSIDE.format("UD2", "00000000")), decoded(OUTSIDE.format("UD", "00000000"))

    assert of(Fix, late).buffered is True  # type: ignore[union-attr]
    assert of(Fix, live).buffered is UNSET  # type: ignore[union-attr]


def test_a_run_over_week_count_is_put_right_only_when_that_gives_the_present() -> None:
    frame = OUTSIDE.format("UD", "00000000").replace("190723", "031203")
    present = datetime(2023, 7, 19, 19, 8, tzinfo=UTC)

    assert of(Fix, decoded(frame, present)).at == AT  # type: ignore[union-attr]
    assert of(Fix, decoded(frame, present + timedelta(days=3))) is None
    assert of(Fix, decoded(frame)) is None


def test_only_the_alarm_bit_says_that_the_watch_is_off() -> None:
    off, state = decoded(INSIDE.format("AL", "00100000")), decoded(INSIDE.format("UD", "00000008"))

    assert of(Health, off).wearing is False  # type: ignore[union-attr]
    assert of(Health, state).wearing is UNSET  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("frame", "answer", "durable"),
    [
        ("[3G*8800000015*0002*LK]", b"[3G*8800000015*0002*LK]", False),
        ("[3G*8800000015*000D*LK,50,100,100]", b"[3G*8800000015*0002*LK]", True),
        ("[ZJ*014111001350304*0034*0009*LK,0,0,19]", b"[ZJ*014111001350304*0034*0002*LK]", True),
        ("[3G*8800000015*0003*TKQ]", b"[3G*8800000015*0003*TKQ]", False),
        ("[3G*8800000015*0004*TKQ2]", b"[3G*8800000015*0004*TKQ2]", False),
        ("[3G*8800000015*0004*INIT]", b"[3G*8800000015*0006*INIT,1]", False),
        ("[3G*8800000015*0013*CONFIG,TY:G75,UL:600]", b"[3G*8800000015*0008*CONFIG,1]", False),
        ("[3G*8800000015*0013*bphrt,120,79,73,,,,]", b"[3G*8800000015*0005*bphrt]", False),
        ("[3G*8800000015*000e*TK,#!AMR\n..]", b"[3G*8800000015*0004*TK,0]", False),
    ],
)
def test_the_protocol_gets_its_answers(frame: str, answer: bytes, durable: bool) -> None:
    said = decoded(frame)

    assert answer == said.answer
    assert durable is said.durable


@pytest.mark.parametrize("word", ["AL", "AL_LTE", "AL_WCDMA", "ALCUSTOMER1"])
def test_an_alarm_is_answered_with_its_own_word_after_the_commit(word: str) -> None:
    said = decoded(INSIDE.format(word, "00010000"))

    assert f"[3G*9705141740*{len(word):04x}*{word}]".encode() == said.answer
    assert said.durable


def test_an_alarm_word_that_is_no_word_is_answered_plainly() -> None:
    said = decoded(INSIDE.format("ALé*", "00010000"))

    assert said.answer == b"[3G*9705141740*0002*AL]"


@pytest.mark.parametrize("word", ["UD", "UD2", "UD_LTE", "WT"])
def test_position_reports_have_no_answer(word: str) -> None:
    assert decoded(OUTSIDE.format(word, "00000000")).answer is None


@pytest.mark.parametrize("content", ["JXTK,0,watch_7,1,6,#!AMR..", "img,5,160429110950,..", "heart,71", "oxygen,0,98"])
def test_what_is_not_kept_is_not_said_to_have_arrived(content: str) -> None:
    said = decoded(f"[3G*9705141740*0000*{content}]")

    assert Decoded(device="9705141740", durable=False) == said


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("CR", Answer(device="5678901234", command="CR")),
        ("UPLOAD", Answer(device="5678901234", command="UPLOAD")),
        ("SOS1,ok", Answer(device="5678901234", command="SOS1", result="ok")),
        ("rcapture", Answer(device="5678901234", command="rcapture")),
        ("TK,1", Answer(device="5678901234", command="TK", result="1")),
        ("TS,ver:G4C;\nID:1,2", Answer(device="5678901234", command="TS", result="ver:G4C; ID:1,2")),
    ],
)
def test_a_reply_to_a_command_is_an_answer(content: str, answer: Answer) -> None:
    said = decoded(f"[3G*5678901234*{len(content):04x}*{content}]")

    assert (answer,) == said.messages
    assert said.answer is None


def test_the_version_a_watch_replies_with_is_its_firmware() -> None:
    said = decoded("[3G*8800000015*0028*VERNO,G29_BASE_V1.00_2014.04.23_17.46.49]")

    assert of(Health, said).firmware == "G29_BASE_V1.00_2014.04.23_17.46.49"  # type: ignore[union-attr]


def test_a_link_tells_steps_and_battery_and_two_numbers_tell_nothing() -> None:
    assert (Health(device="1234567890", steps=1234, battery_pct=85),) == decoded(
        "[3G*1234567890*0*LK,1234,0,85]"
    ).messages
    assert (Health(device="1234567890", steps=1234),) == decoded("[3G*1234567890*0*LK,1234,0,255]").messages
    assert decoded("[SG*1234567890*0009*LK,0,100]").messages == ()


@pytest.mark.parametrize(
    "frame", [b"", b"[", b"[]", b"[3G*1]", b"[3G*123456*0002*LK", b"[3G*123456*XYZ*LK]", b"[3G*123456*0003*XYZ]"]
)
def test_what_is_no_frame_or_no_known_word_is_refused(frame: bytes) -> None:
    said = decode_frame(frame)

    assert len(said.refusals) == 1
    assert said.messages == ()
    assert said.answer is None
