"""Messages of OpenMQTTGateway and Theengs Gateway: every captured one, and the cases that those do not have."""

import json
from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.theengs import decode
from beacon_ingest.messages import Health, Sighting, TagName
from tests.unit.beacon_ingest.captured import captured, gateway_bodies

ROWS = [row for row in captured("ble_gateway_payloads")["vectors"] if row["group"] == "omg"]
TOPIC = "home/pole-12/BTtoMQTT/AABBCCDDEE01"
IBEACON = {
    "id": "AA:BB:CC:DD:EE:01",
    "rssi": -79,
    "mfid": "4c00",
    "uuid": "1de4b189115e45f6b44e509352269977",
    "major": 1,
    "minor": 10,
    "txpower": -66,
}
NAME = TagName("ibeacon", "1de4b189-115e-45f6-b44e-509352269977/1/10")
BY_MAC = TagName("mac", "aabbccddee01")
SIGHTING = Sighting(detector="pole-12", rssi_dbm=-79, tag=NAME, tx_power_dbm=-66, mac="aabbccddee01")


def message(payload: object, topic: object = TOPIC) -> dict[str, object]:
    return {"topic": topic, "payload": payload}


def posted(content: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(content).encode()))


def heard(**payload: object) -> Sighting:
    (sighting,) = posted(message(payload)).sightings
    return sighting


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_every_captured_message_gives_the_row_in_it(row: dict[str, Any]) -> None:
    (expected,) = row["expected"]["rows"]
    said = decode(HttpRequest(body=gateway_bodies([row])[0]))
    (sighting,) = said.sightings

    assert expected["gateway"] == said.device == sighting.detector
    assert (expected["tag_mac"], expected["rssi"], UNSET) == (sighting.mac, sighting.rssi_dbm, sighting.at)
    if "ibeacon" in expected:
        beacon = expected["ibeacon"]
        assert sighting.tag.scheme == "ibeacon"
        assert beacon["uuid"] == sighting.tag.id.split("/")[0].replace("-", "")
        assert [beacon["major"], beacon["minor"]] == [int(part) for part in sighting.tag.id.split("/")[1:]]
        assert beacon["tx_power_1m"] == sighting.tx_power_dbm
    elif "eddystone_uid" in expected:
        beacon = expected["eddystone_uid"]
        assert TagName("eddystone-uid", beacon["namespace"] + beacon["instance"]) == sighting.tag
        assert beacon["tx_power_0m"] == sighting.tx_power_dbm
    else:
        assert TagName("mac", expected["tag_mac"]) == sighting.tag
    assert said.refusals == ()


def test_the_payload_may_be_an_object_or_its_text() -> None:
    assert posted(message(IBEACON)) == posted(message(json.dumps(IBEACON)))
    assert posted(message(IBEACON)) == Decoded(device="pole-12", sightings=(SIGHTING,))


@pytest.mark.parametrize(
    ("topic", "gateway"),
    [
        (TOPIC, "pole-12"),
        ("city/east/pole-12/BTtoMQTT/AABBCCDDEE01", "pole-12"),
        ("/pole-12/BTtoMQTT/AABBCCDDEE01", "pole-12"),
        ("pole-12/BTtoMQTT/AABBCCDDEE01", "pole-12"),
        ("home/pole-12/BTtoMQTT", "pole-12"),
        ("pole-12/BTtoMQTT", "pole-12"),
        ("home/pole-12/BTtoMQTT/east/AABBCCDDEE01", "pole-12"),
        ("home/BTtoMQTT/BTtoMQTT/AABBCCDDEE01", "BTtoMQTT"),
        ("home/pole-12/heard/AABBCCDDEE01", "pole-12"),
    ],
)
def test_the_gateway_is_the_level_before_what_was_heard(topic: str, gateway: str) -> None:
    assert gateway == posted(message(IBEACON, topic)).device


@pytest.mark.parametrize(
    "topic", [None, 5, "", "BTtoMQTT/AABBCCDDEE01", "a/heard", "BTtoMQTT", "LWT", "home//BTtoMQTT/x", "a/\n/BTtoMQTT/x"]
)
def test_without_a_name_of_the_gateway_the_message_is_refused(topic: object) -> None:
    said = posted(message(IBEACON, topic))

    assert (said.device, said.sightings, said.messages) == (None, (), ())
    assert [refusal.row for refusal in said.refusals] == [0]


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        ({"mfid": "5900"}, BY_MAC),
        ({"mfid": "4C00"}, NAME),
        ({"mfid": None}, BY_MAC),
        ({"major": "1"}, NAME),
        ({"major": -1}, BY_MAC),
        ({"uuid": "1de4b189"}, BY_MAC),
        ({"id": "1de4b189-115e-45f6-b44e-509352269977"}, NAME),
        ({"id": None}, NAME),
    ],
)
def test_an_ibeacon_needs_apples_number_and_all_of_its_parts(odd: dict[str, object], name: TagName) -> None:
    assert name == heard(**{**IBEACON, **odd}).tag


@pytest.mark.parametrize(
    ("odd", "mac"),
    [
        ({}, "aabbccddee01"),
        ({"id": "1de4b189-115e-45f6-b44e-509352269977", "mac": "AA:BB:CC:DD:EE:02"}, "aabbccddee02"),
        ({"id": "1de4b189115e45f6b44e509352269977", "mac": "AA:BB:CC:DD:EE:02"}, "aabbccddee02"),
        ({"id": "1de4b189115e45f6b44e509352269977"}, UNSET),
        ({"id": None, "mac": "AA:BB:CC:DD:EE:02"}, "aabbccddee02"),
        ({"mac": "AA:BB:CC:DD:EE:02"}, "aabbccddee01"),
    ],
)
def test_the_address_is_the_id_unless_the_id_is_a_uuid(odd: dict[str, object], mac: object) -> None:
    assert mac == heard(**{**IBEACON, **odd}).mac


@pytest.mark.parametrize("uuid", ["0xfeaa", "feaa", "FEAA", "0000feaa-0000-1000-8000-00805f9b34fb", " 0xFEAA "])
def test_a_service_is_written_in_several_ways(uuid: str) -> None:
    said = heard(id="AA:BB:CC:DD:EE:01", servicedatauuid=uuid, servicedata="00e312345678901234678901000000000001")

    assert said.tag == TagName("eddystone-uid", "12345678901234678901000000000001")


@pytest.mark.parametrize("uuid", [None, 5, "", "feab", "fe", "0xzzzz", "0000feaa-0000-1000-8000-00805f9b34fc"])
def test_data_of_another_service_names_nobody(uuid: object) -> None:
    said = heard(id="AA:BB:CC:DD:EE:01", servicedatauuid=uuid, servicedata="00e312345678901234678901000000000001")

    assert said.tag == BY_MAC


EDDYSTONE = "00e312345678901234678901000000000001"
TELEMETRY = "20000b1813000000146700002ac4"


@pytest.mark.parametrize(
    ("uuids", "data", "battery_pct"),
    [
        (["0xfeaa"], [EDDYSTONE], UNSET),
        (["0xfeaa"], EDDYSTONE, UNSET),
        ("0xfeaa", [EDDYSTONE, TELEMETRY], 84),
        (["0xfeaa", "0xfeaa"], [TELEMETRY, EDDYSTONE], 84),
        (["0x180f", "0xfeaa"], ["64", EDDYSTONE], UNSET),
        ([None, "feaa", 5], [EDDYSTONE, EDDYSTONE], UNSET),
    ],
)
def test_data_of_several_services_may_come_as_lists(uuids: object, data: object, battery_pct: object) -> None:
    said = heard(id="AA:BB:CC:DD:EE:01", servicedatauuid=uuids, servicedata=data)

    assert said.tag == TagName("eddystone-uid", "12345678901234678901000000000001")
    assert battery_pct == said.battery_pct


def test_data_in_a_list_belongs_to_the_service_at_its_place() -> None:
    said = heard(id="AA:BB:CC:DD:EE:01", servicedatauuid=["0xfeaa", "0x180f"], servicedata=["64", EDDYSTONE])

    assert said.tag == BY_MAC


def test_data_of_several_makers_may_come_as_a_list() -> None:
    ibeacon = "4c0002151de4b189115e45f6b44e5093522699770001000abe"

    assert heard(id="AA:BB:CC:DD:EE:01", manufacturerdata=["5900ff", ibeacon]).tag == NAME


def test_a_battery_is_told_by_the_gateway_or_by_the_frame() -> None:
    telemetry = {"id": "AA:BB:CC:DD:EE:01", "servicedatauuid": "0xfeaa", "servicedata": "20000b1813000000146700002ac4"}

    assert heard(**telemetry).battery_pct == 84
    assert heard(**telemetry, batt=50).battery_pct == 50
    assert heard(**telemetry, batt=500).battery_pct == 84


@pytest.mark.parametrize("data", ["zz", 5, [], "", "4c", "ff" * 300])
def test_pieces_that_cannot_be_read_leave_the_address(data: object) -> None:
    said = heard(id="AA:BB:CC:DD:EE:01", manufacturerdata=data, servicedatauuid="feaa", servicedata=data)

    assert (said.tag, said.tx_power_dbm) == (BY_MAC, UNSET)


def test_the_power_of_what_is_no_ibeacon_is_not_believed() -> None:
    assert heard(id="AA:BB:CC:DD:EE:01", txpower=-12).tx_power_dbm is UNSET
    assert heard(**{**IBEACON, "txpower": 12}).tx_power_dbm == 12
    assert heard(**{**IBEACON, "txpower": 300}).tx_power_dbm is UNSET


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (message("online", "home/pole-12/LWT"), (Health(device="pole-12"),)),
        (message("offline", "home/pole-12/LWT"), ()),
        (message(None, "home/pole-12/LWT"), ()),
        (message({"id": "AA:BB:CC:DD:EE:01", "presence": "absent"}), (Health(device="pole-12"),)),
        (
            message({"uptime": 60, "version": "v1.5", "freemem": 9}, "home/pole-12/SYStoMQTT"),
            (Health(device="pole-12", firmware="v1.5", uptime_s=60),),
        ),
    ],
)
def test_what_only_says_that_the_gateway_is_there(content: Any, messages: Any) -> None:
    assert Decoded(device="pole-12", messages=messages) == posted(content)


def test_one_body_may_carry_several_gateways() -> None:
    said = posted(
        [
            message(IBEACON),
            message("online", "home/pole-12/LWT"),
            message({"id": "AA:BB:CC:DD:EE:01", "presence": "absent"}, "home/pole-13/BTtoMQTT/x"),
            message({"id": "AA:BB:CC:DD:EE:02", "presence": "absent"}, "home/pole-13/BTtoMQTT/x"),
            message(IBEACON, "home/pole-14/BTtoMQTT/x"),
        ]
    )

    assert said.device is None
    assert [sighting.detector for sighting in said.sightings] == ["pole-12", "pole-14"]
    assert said.messages == (Health(device="pole-13"),)


@pytest.mark.parametrize(
    "bad",
    [None, 5, {}, message(None), message("nonsense"), message([]), message({}), message({"id": 5}), message("\ud800")],
)
def test_a_bad_element_costs_only_itself_and_is_named(bad: object) -> None:
    said = posted([message(IBEACON), bad, message(IBEACON)])

    assert said.sightings == (SIGHTING, SIGHTING)
    assert [refusal.row for refusal in said.refusals] == [1]
    assert said.device == "pole-12"


def test_without_a_time_equal_bytes_may_be_news() -> None:
    assert not posted(message(IBEACON)).stamped


@pytest.mark.parametrize("content", [b"", b"null", b"5", b"\xff", b"[" * 100_000])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    said = decode(HttpRequest(body=content))

    assert (said.messages, said.sightings, len(said.refusals)) == ((), (), 1)
