"""Messages of Minew gateways: every captured one, and the cases that the captured ones do not have."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders import advertisement, minew_binary
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Refusal
from beacon_ingest.decoders.minew import decode
from beacon_ingest.messages import Health, Sighting, TagName
from tests.unit.beacon_ingest.captured import captured, gateway_bodies

ROWS = [row for row in captured("ble_gateway_payloads")["vectors"] if row["group"] in ("minew", "minew-binary")]
ACCEPTED = [row for row in ROWS if row["expected"]["accept"]]
BINARY = {row["id"]: bytes.fromhex(row["body"]) for row in ROWS if row["encoding"] == "hex"}
AT = datetime(2026, 4, 1, 8, 12, 5, tzinfo=UTC)
HEADER = {"type": "Gateway", "mac": "AC233FC00001", "timestamp": "2026-04-01T08:12:06Z"}
SENT = AT.replace(second=6)
IBEACON = {
    "type": "iBeacon",
    "mac": "AC233FA03208",
    "ibeaconUuid": "FDA50693A4E24FB1AFCFC6EB07647825",
    "ibeaconMajor": 1,
    "ibeaconMinor": 2,
    "ibeaconTxPower": -59,
    "rssi": -70,
    "battery": 0,
    "timestamp": "2026-04-01T08:12:05.000Z",
}
NAME = TagName("ibeacon", "fda50693-a4e2-4fb1-afcf-c6eb07647825/1/2")


def posted(content: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(content).encode()))


def sent(row: dict[str, Any]) -> Decoded:
    return decode(HttpRequest(body=gateway_bodies([row])[0]))


def as_told(sighting: Sighting) -> tuple[object, ...]:
    return sighting.detector, sighting.mac, sighting.rssi_dbm, sighting.at


def as_expected(row: dict[str, Any]) -> tuple[object, ...]:
    at = datetime.fromisoformat(row["sender_time"]) if row["sender_time"] else UNSET
    return row["gateway"], row["tag_mac"], UNSET if row["rssi"] is None else row["rssi"], at


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row["id"])
def test_every_captured_message_gives_the_rows_in_it(row: dict[str, Any]) -> None:
    expected, said = row["expected"], sent(row)

    assert [as_expected(one) for one in expected["rows"]] == [as_told(sighting) for sighting in said.sightings]
    assert said.device == expected["rows"][0]["gateway"]
    assert len(said.refusals) == expected.get("dropped", 0)


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row["id"])
def test_every_row_is_named_by_its_packet_or_else_by_its_address(row: dict[str, Any]) -> None:
    for one, sighting in zip(row["expected"]["rows"], sent(row).sightings, strict=True):
        packet = advertisement.decode(bytes.fromhex(one["raw_hex"] or ""))

        assert (packet.name or TagName("mac", one["tag_mac"])) == sighting.tag
        if "battery_percent" in one:
            assert one["battery_percent"] == sighting.battery_pct


@pytest.mark.parametrize("row", [row for row in ACCEPTED if row["encoding"] == "hex"], ids=lambda row: row["id"])
def test_every_packet_of_a_binary_message_is_whole_and_no_more(row: dict[str, Any]) -> None:
    told = list(minew_binary.packets(BINARY[row["id"]]))

    assert [minew_binary.Packet] * len(told) == [type(packet) for packet in told]
    assert [(one["tag_mac"], one["raw_hex"] or "") for one in row["expected"]["rows"]] == [
        (packet.mac, packet.adv.hex()) for packet in told if isinstance(packet, minew_binary.Packet)
    ]


def test_the_real_capture_holds_two_ibeacons_and_an_eddystone() -> None:
    said = decode(HttpRequest(body=BINARY["minew-binary-02"]))

    assert [sighting.tag.scheme for sighting in said.sightings if sighting.tag.scheme != "mac"] == [
        "ibeacon",
        "eddystone-uid",
        "ibeacon",
    ]
    assert len({sighting.mac for sighting in said.sightings}) == 12


def test_a_gateway_says_how_it_is() -> None:
    (row,) = [row for row in ROWS if row["id"] == "minew-02"]
    at = datetime(2019, 8, 1, 5, 54, 25, tzinfo=UTC)

    assert sent(row).messages == (Health(device="ac233fc001ea", at=at, free_pct=98, load=0.05),)
    assert sent(row).sent_at == at


def test_bad_rows_cost_only_themselves_and_are_named() -> None:
    (row,) = [row for row in ROWS if row["id"] == "minew-05"]

    assert [refusal.row for refusal in sent(row).refusals] == [1, 2]


def test_without_a_header_the_detector_is_whoever_showed_the_key() -> None:
    (row,) = [row for row in ROWS if row["id"] == "minew-09"]
    said = sent(row)

    assert said.device is None
    assert [(sighting.detector, sighting.mac) for sighting in said.sightings] == [(UNSET, "aabbccddeeff")]
    assert said.refusals == ()


@pytest.mark.parametrize(("name", "whole"), [("minew-binary-03", 0), ("minew-binary-04", 1)])
def test_a_message_that_ends_too_early_is_refused_but_for_its_whole_rows(name: str, whole: int) -> None:
    said = decode(HttpRequest(body=BINARY[name]))

    assert whole == len(said.sightings)
    assert [whole] == [refusal.row for refusal in said.refusals]
    assert said.device == "ac233fffffff"


def test_an_ibeacon_that_the_gateway_took_apart_is_the_same_tag() -> None:
    expected = Sighting(detector="ac233fc00001", at=AT, rssi_dbm=-70, tag=NAME, tx_power_dbm=-59, mac="ac233fa03208")

    assert posted([HEADER, IBEACON]).sightings == (expected,)
    raw = {**IBEACON, "rawData": "1AFF4C000215FDA50693A4E24FB1AFCFC6EB0764782500010002C5"}
    assert posted([HEADER, raw]).sightings[0].tag == NAME


@pytest.mark.parametrize(("battery", "pct"), [(0, UNSET), (64, 64.0), (101, UNSET), ("64", 64.0)])
def test_no_battery_of_an_ibeacon_is_written_as_zero(battery: object, pct: object) -> None:
    assert pct == posted([HEADER, {**IBEACON, "battery": battery}]).sightings[0].battery_pct


def test_an_empty_battery_of_a_sensor_is_empty() -> None:
    assert posted([HEADER, {"type": "S1", "mac": "AC233FA03208", "battery": 0}]).sightings[0].battery_pct == 0


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        ({"ibeaconMajor": 70000}, TagName("mac", "ac233fa03208")),
        ({"ibeaconUuid": "FDA5"}, TagName("mac", "ac233fa03208")),
        ({"mac": None}, NAME),
        ({"ibeaconMinor": "2"}, NAME),
        ({"rawData": "zz"}, NAME),
        ({"rawData": []}, NAME),
    ],
)
def test_what_cannot_be_read_of_a_row_costs_only_itself(odd: dict[str, object], name: TagName) -> None:
    assert [name] == [sighting.tag for sighting in posted([HEADER, {**IBEACON, **odd}]).sightings]


@pytest.mark.parametrize(
    ("stated", "dbm"),
    [
        (-59, -59),
        (197, -59),
        ("-59", -59),
        (255, -1),
        (128, -128),
        (26, 26),
        (256, UNSET),
        (-129, UNSET),
        (None, UNSET),
    ],
)
def test_the_power_is_the_byte_of_the_frame_signed_or_not(stated: object, dbm: object) -> None:
    assert dbm == posted([HEADER, {**IBEACON, "ibeaconTxPower": stated}]).sightings[0].tx_power_dbm


@pytest.mark.parametrize(
    ("content", "stamped"),
    [
        ([HEADER, IBEACON], True),
        ([IBEACON], True),
        ([{"type": "Gateway", "mac": "AC233FC00001"}, IBEACON], False),
        ([{"type": "Gateway", "mac": "AC233FC00001"}], False),
        ([IBEACON, {**IBEACON, "timestamp": None}], False),
        ([], False),
    ],
)
def test_a_body_is_stamped_by_the_times_in_it(content: object, stamped: bool) -> None:
    assert stamped is posted(content).stamped


def test_a_clock_that_was_never_set_is_passed_on() -> None:
    said = posted([{**HEADER, "timestamp": "1970-01-01T00:00:09Z"}, {**IBEACON, "timestamp": 4000}])

    assert said.sent_at == datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)
    assert said.sightings[0].at == datetime(1970, 1, 1, 1, 6, 40, tzinfo=UTC)


def test_a_gateway_that_hears_nothing_is_there() -> None:
    empty = bytes.fromhex("bb010000000fac233fffffff0000dd")

    assert posted([HEADER]).messages == (Health(device="ac233fc00001", at=SENT),)
    assert posted(HEADER).messages == (Health(device="ac233fc00001", at=SENT),)
    assert posted([HEADER, None]).messages == (Health(device="ac233fc00001", at=SENT),)
    assert posted([]).messages == (Health(device=""),)
    assert decode(HttpRequest(body=empty)) == Decoded(device="ac233fffffff", messages=(Health(device="ac233fffffff"),))


def test_a_gateway_whose_address_cannot_be_read_is_refused_and_its_rows_are_kept() -> None:
    said = posted([{**HEADER, "mac": "gate"}, IBEACON])

    assert [refusal.row for refusal in said.refusals] == [0]
    assert (said.device, said.sightings[0].detector) == (None, UNSET)


def test_a_body_of_two_gateways_says_of_each_row_who_heard_it() -> None:
    said = posted([HEADER, IBEACON, {"gateway": "AC:23:3F:C0:00:02", "locator": "x"}, IBEACON])

    assert said.device is None
    assert [sighting.detector for sighting in said.sightings] == ["ac233fc00001", "ac233fc00002"]


@pytest.mark.parametrize("content", [b"", b"\xbb\x02", b"dd", b"\xff\xff", b"[" * 100_000])
def test_what_is_neither_is_refused(content: bytes) -> None:
    said = decode(HttpRequest(body=content))

    assert [refusal.why[:33] for refusal in said.refusals] == ["neither BINARY-LONG nor JSON: the"]
    assert (said.messages, said.sightings) == ((), ())


def test_a_message_cut_anywhere_keeps_the_rows_before_the_cut_and_says_that_it_is_cut() -> None:
    body = BINARY["minew-binary-02"]
    whole = decode(HttpRequest(body=body)).sightings

    for cut in range(2, len(body)):
        said = decode(HttpRequest(body=body[:cut]))

        assert whole[: len(said.sightings)] == said.sightings
        assert len(said.refusals) == 1
    assert len(decode(HttpRequest(body=body[:-1])).sightings) == len(whole)


def test_a_packet_of_nobody_is_refused_by_itself() -> None:
    nobody = BINARY["minew-binary-01"].replace(bytes.fromhex("fee150bada55"), bytes(6), 1)
    adv = bytes.fromhex("fa55daba50e1fe")
    said = decode(HttpRequest(body=nobody.replace(adv, bytes(7))))

    assert said == Decoded(
        device="ac233fffffff",
        refusals=(Refusal(row=0, why="names no tag: no packet of one, and no address"),),
    )
