"""JSON as devices write it: what is bad in it costs only itself."""

import json
import math
from collections.abc import Callable

import pytest
from msgspec import UNSET

from beacon_ingest.decoders import gateway, minew, owntracks, theengs
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.reading import document, name
from beacon_ingest.messages import Fix

HALF = "\N{REPLACEMENT CHARACTER}"
SHIFT_JIS = "駅前の表".encode("cp932")
"""Its last byte is a backslash, and the two before it look like a character of UTF-8."""

BAD = [
    b'"' + "表".encode("cp932") + b'"',
    b'"\xff\xfe"',
    b'"' + SHIFT_JIS + b'"',
    b'"' + SHIFT_JIS[:-1] + b'"',
    b"9" * 5000,
    b"-" + b"9" * 5000,
    rb'"\x41"',
    rb'"\u12"',
    b'"\x00"',
]

GATEWAY = b'{"detector":"gate-east","items":[{"mac":"ac233fa03208"},{"mac":"ac233fa03209","bleName":%b,"rssi_dbm":%b}]}'
MINEW = (
    b'[{"type":"Gateway","mac":"AC233FC00001"},{"mac":"AC233FA03208"},{"mac":"AC233FA03209","bleName":%b,"rssi":%b}]'
)
THEENGS = (
    b'[{"topic":"home/p1/BTtoMQTT/x","payload":{"id":"AC:23:3F:A0:32:08"}},'
    b'{"topic":"home/p1/BTtoMQTT/x","payload":{"id":"AC:23:3F:A0:32:09","name":%b,"rssi":%b}}]'
)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("decode", "body"), [(gateway.decode, GATEWAY), (minew.decode, MINEW), (theengs.decode, THEENGS)]
)
def test_a_value_that_cannot_be_read_costs_only_itself(
    decode: Callable[[HttpRequest], Decoded], body: bytes, bad: bytes
) -> None:
    said = decode(HttpRequest(body=body % (bad, bad)))

    assert [sighting.tag.id for sighting in said.sightings] == ["ac233fa03208", "ac233fa03209"]
    assert said.sightings[1].rssi_dbm is UNSET
    assert said.refusals == ()


def test_a_network_named_in_shift_jis_costs_no_position() -> None:
    body = b'{"_type":"location","tid":"ha","tst":1551874878,"SSID":"%b","lat":35.6,"lon":139.7}' % SHIFT_JIS
    (fix,) = owntracks.decode(HttpRequest(body=body)).messages

    assert isinstance(fix, Fix)
    assert (fix.device, fix.lat_deg, fix.lon_deg) == ("ha", 35.6, 139.7)


def test_a_time_of_too_many_digits_is_not_taken_for_none() -> None:
    body = b'{"_type":"location","tid":"ha","tst":%b,"lat":35.6,"lon":139.7}' % (b"1" * 5000)
    said = owntracks.decode(HttpRequest(body=body))

    assert said.messages == ()
    assert [refusal.why for refusal in said.refusals] == ["the time 'inf' cannot be read"]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'["a","\xff"]', ["a", HALF]),
        (b'["%b","b"]' % "表".encode("cp932"), [HALF + HALF, "b"]),
        ('["あ\\"x","'.encode() + "表".encode("cp932") + b'","b"]', ['あ"x', HALF + HALF, "b"]),
        (rb'["\x41","\n\"\\\u0041"]', [HALF + "x41", '\n"\\A']),
        (b'["\xff\\\\","\\x"]', [HALF + "\\", HALF + "x"]),
        (rb'["\\\\x","\\\x","\""]', ["\\\\x", "\\" + HALF + "x", '"']),
        (b"[1,%b]" % (b"7" * 5000), [1, math.inf]),
        (b"[1]\0\0\r\n\0", [1]),
        (b"\xef\xbb\xbf[1]\0", [1]),
    ],
)
def test_what_is_mended(body: bytes, value: object) -> None:
    assert (value, None) == document(body)


@pytest.mark.parametrize("written", BAD[:4] + BAD[6:])
def test_what_was_mended_names_nobody(written: bytes) -> None:
    read, _ = document(b"[%b]" % written)

    assert isinstance(read, list)
    assert name(read[0]) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'[{"a":1},{"a":}]', "the body is not JSON (at character 14)"),
        (b"[1]\0[2]", "the body is not JSON (at character 3)"),
        (rb'["\x41"', "the body is not JSON (at character 2)"),
        (b'["\xff"', "the body is not UTF-8 (at byte 2)"),
        ('["あ\\"]'.encode(), "the body is not JSON (at character 1)"),
        (b"\0\0", "the body is not JSON (at character 0)"),
    ],
)
def test_what_is_no_json_is_said_with_its_place(body: bytes, why: str) -> None:
    assert (None, why) == document(body)


def test_good_json_is_read_as_it_stands() -> None:
    value = {"a": [1, -2.5, None, True, "表\\x41 \ufffd\\"], "b": {}}

    assert (value, None) == document(json.dumps(value).encode())
    assert (value, None) == document(json.dumps(value, ensure_ascii=False).encode())
