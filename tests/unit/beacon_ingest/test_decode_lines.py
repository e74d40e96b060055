"""`mimamori decode` as a function of lines."""

import json
from typing import Any

import pytest

from beacon_ingest.decode import UnknownFormat, decode_lines, list_formats
from beacon_ingest.decoders.formats import FORMATS

LINK = "[3G*9705141740*0009*LK,0,0,53]"
PLACE = '{"_type":"location","tid":"ha","tst":1551874878,"lat":35.6,"lon":139.7}'
QUERY = "id=1&lat=35.6&lon=139.7"
ADV = "0201061aff4c000215fda50693a4e24fb1afcfc6eb0764782500010002c5"
TAG = {"scheme": "ibeacon", "id": "fda50693-a4e2-4fb1-afcf-c6eb07647825/1/2"}
BATCH = {"detector": "gate-east", "uptime_s": 5, "items": [{"adv": ADV, "rssi_dbm": -70}, {}]}
BATCH_TOLD = [
    {"type": "health", "device": "gate-east", "uptime_s": 5, "line": 1},
    {"type": "sighting", "detector": "gate-east", "rssi_dbm": -70, "tag": TAG, "tx_power_dbm": -59, "line": 1},
    {"line": 1, "error": "row 1: names no tag: neither adv nor tag nor mac can be read"},
]
MINEW = "bb0100000034ac233fffffff0001fee150bada5500011a0201060303e1ff1216e1ffa1034affe7004500fa55daba50e1fe00b8dd"


def told(name: str, *lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decode_lines(name, lines)]


def test_the_table_and_the_command_name_the_same_formats() -> None:
    formats = ["osmand", "owntracks", "traccar", "watch", "gateway", "minew", "theengs"]

    assert formats == [row.name for row in FORMATS.values()]
    assert [*formats, "advertisement"] == list_formats()


@pytest.mark.parametrize("row", FORMATS.values(), ids=lambda row: row.name)
def test_a_row_has_all_that_its_transport_needs(row: Any) -> None:
    is_http = row.transport == "http"

    assert is_http is (row.decode_request is not None)
    assert is_http is (row.framer is None)
    assert is_http is (row.decode_frame is None)
    assert row.repeat_window_s > 0
    assert row.about
    assert row.acknowledges


def test_an_unknown_format_is_refused_at_once_with_the_names_of_the_others() -> None:
    with pytest.raises(UnknownFormat, match="'gt07'; there are: osmand, owntracks, traccar, watch, gateway, "):
        decode_lines("gt07", [])


def test_the_type_comes_first_and_the_line_is_counted_from_one() -> None:
    lines = list(decode_lines("owntracks", ["", PLACE]))

    assert lines == [
        b'{"type":"fix","device":"ha","lat_deg":35.6,"lon_deg":139.7,"at":"2019-03-06T12:21:18Z","line":2}'
    ]


def test_a_line_that_does_not_decode_is_an_error_and_the_next_one_is_read() -> None:
    lines = told("owntracks", "nonsense", '{"_type":"lwt"}', PLACE)

    assert lines[0] == {"line": 1, "error": "the body is not JSON (at character 0)"}
    assert [line["line"] for line in lines] == [1, 3]


def test_a_bad_row_of_a_list_says_which() -> None:
    assert told("owntracks", f"[{PLACE},5]")[1] == {"line": 1, "error": "row 1: not a JSON object"}


@pytest.mark.parametrize(
    "line",
    [
        QUERY,
        f"/?{QUERY}",
        f"/ingest/osmand?{QUERY}",
        f"GET /?{QUERY} HTTP/1.1",
        f"https://mimamori.example/ingest/osmand?{QUERY}",
        f"?{QUERY}",
        f"GET ?{QUERY} HTTP/1.1",
        QUERY.encode().hex(),
        f"/?{QUERY}".encode().hex().upper(),
        json.dumps({"method": "GET", "uri": f"/?{QUERY}", "headers": {}, "body": None}),
        json.dumps({"method": "POST", "uri": "/", "headers": {"Content-Type": "x"}, "body": QUERY}),
        json.dumps({"body": QUERY}),
        json.dumps({"device_id": "1", "location": {"coords": {"latitude": 35.6, "longitude": 139.7}}}),
        json.dumps(
            {"uri": "/", "body": {"device_id": "1", "location": {"coords": {"latitude": 35.6, "longitude": 139.7}}}}
        ),
    ],
)
def test_an_http_line_is_a_query_a_body_or_a_request_in_text_or_hex(line: str) -> None:
    assert told("osmand", line) == [{"type": "fix", "device": "1", "lat_deg": 35.6, "lon_deg": 139.7, "line": 1}]


def test_a_header_counts_whatever_the_case_of_its_name() -> None:
    line = json.dumps({"uri": "/", "headers": {"Content-Type": "application/json"}, "body": "nonsense"})

    assert told("osmand", line) == [{"line": 1, "error": "the body is not JSON (at character 0)"}]


def test_lines_of_a_tcp_format_are_one_connection() -> None:
    lines = told("watch", LINK + LINK, LINK[:9], LINK[9:].encode().hex(), "[3G*9705141740*0003*TKQ]\n", LINK)

    assert [line["line"] for line in lines] == [1, 1, 3, 5]
    assert {line["battery_pct"] for line in lines} == {53}


def test_a_line_of_bytes_that_are_no_text_goes_through_unchanged() -> None:
    binary = "[3G*9705141740*0009*TK,\udcff\udc80]"

    assert told("watch", binary + LINK)[0]["line"] == 1
    assert told("owntracks", "\udcff\ud800")[0]["error"] == "the body is not JSON (at character 0)"


def test_garbage_and_a_frame_without_an_end_are_errors() -> None:
    assert told("watch", "hello", LINK, LINK[:-1]) == [
        {"line": 1, "error": "5 bytes belong to no frame"},
        {"type": "health", "device": "9705141740", "battery_pct": 53.0, "steps": 0, "line": 2},
        {"line": 3, "error": "the connection ends within a frame: 29 bytes of it"},
    ]


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(BATCH),
        json.dumps(BATCH).encode().hex(),
        json.dumps({"topic": "town/gate-east/batch", "payload": BATCH}),
        json.dumps({"topic": "town/gate-east/batch", "payload": json.dumps(BATCH)}),
        json.dumps({"topic": "town/gate-east/batch", "payload": json.dumps(BATCH).encode().hex()}),
        json.dumps({"topic": "town/gate-east/batch", "payload": BATCH, "qos": 1}).encode().hex(),
        json.dumps({"method": "POST", "uri": "/ingest/gateway", "headers": {}, "body": json.dumps(BATCH)}),
    ],
)
def test_a_line_of_a_detector_is_a_body_or_a_message_of_a_broker(line: str) -> None:
    assert told("gateway", line) == BATCH_TOLD


def test_sightings_come_after_the_other_messages_and_name_their_detector_if_anything_does() -> None:
    lines = told("gateway", json.dumps({"items": [{"adv": ADV}], "health": {"battery_pct": 5}}))

    assert lines == [
        {"type": "health", "battery_pct": 5, "line": 1},
        {"type": "sighting", "tag": TAG, "tx_power_dbm": -59, "line": 1},
    ]


@pytest.mark.parametrize("line", [MINEW, MINEW.upper(), json.dumps({"topic": "gw/status", "payload": MINEW})])
def test_a_binary_message_of_a_gateway_is_hex(line: str) -> None:
    assert [row["detector"] for row in told("minew", line)] == ["ac233fffffff"]


def test_a_message_of_theengs_is_read_with_its_topic() -> None:
    payload = {"id": "AA:BB:CC:DD:EE:01", "rssi": -80}
    line = json.dumps({"topic": "home/pole-12/BTtoMQTT/AABBCCDDEE01", "payload": payload})
    tag = {"scheme": "mac", "id": "aabbccddee01"}

    assert told("theengs", line) == [
        {"type": "sighting", "detector": "pole-12", "rssi_dbm": -80, "tag": tag, "mac": "aabbccddee01", "line": 1}
    ]


def test_an_advertisement_is_one_sighting_without_a_detector() -> None:
    lines = told("advertisement", ADV, "0bff4c0010061a1e16ec7f61", "", "no hex", f" {ADV.upper()}\n")

    assert lines == [
        {"type": "sighting", "tag": TAG, "tx_power_dbm": -59, "line": 1},
        {"line": 2, "error": "the advertisement names no tag"},
        {"line": 3, "error": "the advertisement names no tag"},
        {"line": 4, "error": "an advertisement is written in hex digits"},
        {"type": "sighting", "tag": TAG, "tx_power_dbm": -59, "line": 5},
    ]
