"""What holds for decoders whatever comes in: they never raise, their words can be sent on, and streams may be cut
anywhere.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UnsetType

from beacon_ingest.decode import decode_lines, list_formats
from beacon_ingest.decoders import advertisement, gateway, minew, osmand, owntracks, theengs, traccar_forward
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.watch import Framer, decode_frame, encode_command, escaped
from beacon_ingest.messages import Message, Sighting, decoder, encode
from tests.unit.beacon_ingest.captured import captured, gateway_bodies, http_bodies, watch_frames

HTTP: dict[str, Callable[[HttpRequest], Decoded]] = {
    "osmand": osmand.decode,
    "owntracks": owntracks.decode,
    "traccar_forward": traccar_forward.decode,
    "gateway": gateway.decode,
    "minew": minew.decode,
    "theengs": theengs.decode,
}
FRAMES = watch_frames()
BODIES = {name: [body.encode() for body in http_bodies(name)] for name in ("osmand", "owntracks", "traccar_forward")}
PAYLOADS = captured("ble_gateway_payloads")["vectors"]
ADVERTISEMENTS = [bytes.fromhex(row["raw_hex"]) for row in captured("ble_frames")["vectors"]]
ITEMS = [
    {"rssi_dbm": -50 - at, "adv": adv.hex(), "mac": f"ac233fa0{at:04x}", "at": "2026-04-01T08:12:05Z"}
    for at, adv in enumerate(ADVERTISEMENTS)
]
BODIES["minew"] = gateway_bodies([row for row in PAYLOADS if row["group"] != "omg"])
BODIES["theengs"] = gateway_bodies([row for row in PAYLOADS if row["group"] == "omg"])
BODIES["gateway"] = [
    json.dumps(
        {"detector": "gate-east", "seq": at, "sent_at": 1775010000, "health": {"load": 1}, "items": ITEMS[at:]}
    ).encode()
    for at in range(len(ITEMS))
]
SPELT = {
    "ibeacon": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/\d{1,5}/\d{1,5}"),
    "altbeacon": re.compile(r"[0-9a-f]{40}"),
    "eddystone-uid": re.compile(r"[0-9a-f]{32}"),
    "eddystone-eid": re.compile(r"[0-9a-f]{16}"),
    "mac": re.compile(r"[0-9a-f]{12}"),
    "rpa": re.compile(r"[0-9a-f]{12}"),
}
sighting_decoder = msgspec.json.Decoder(Sighting)
MEMBERS = [
    "detector",
    "items",
    "adv",
    "mac",
    "tag",
    "scheme",
    "id",
    "at",
    "timestamp",
    "rawData",
    "topic",
    "payload",
    "_type",
    "lat",
    "lon",
    "tst",
    "location",
    "coords",
    "latitude",
    "position",
    "device",
    "uniqueId",
    "attributes",
    "alarm",
]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.sampled_from(["location", "sos", "1e999", "ac233fa03208"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(), inner),
    max_leaves=20,
)


def sound(said: Decoded) -> None:
    """Every message survives the way to the stream and back, and keeps the ranges that readers rely on."""
    for message in said.messages:
        again: Message = decoder.decode(encode(message))
        assert message == again
        if message.__struct_config__.tag == "fix":
            fix = msgspec.structs.asdict(message)
            assert abs(fix["lat_deg"]) <= 90
            assert abs(fix["lon_deg"]) <= 180
            assert (fix["lat_deg"], fix["lon_deg"]) != (0, 0)
    for sighting in said.sightings:
        assert sighting == sighting_decoder.decode(encode(sighting))
        assert SPELT[sighting.tag.scheme].fullmatch(sighting.tag.id)
        assert isinstance(sighting.mac, UnsetType) or SPELT["mac"].fullmatch(sighting.mac)
        assert isinstance(sighting.rssi_dbm, UnsetType) or -127 <= sighting.rssi_dbm <= 20
        assert isinstance(sighting.battery_pct, UnsetType) or 0 <= sighting.battery_pct <= 100
        assert isinstance(sighting.at, UnsetType) or sighting.at.utcoffset() == timedelta(0)
    msgspec.json.encode(said.refusals)


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """A captured input with a few bytes changed, removed, doubled or cut off."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["replace", "insert", "remove", "cut"])):
            case "replace":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                data[at:at] = draw(
                    st.sampled_from([b"[", b"]", b",", b"*", b"-", b"9" * 30, b"\xff", b'"', b"{", b"null"])
                )
            case "remove":
                del data[at : at + draw(st.integers(1, 20))]
            case _:
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", HTTP)
@given(body=st.binary(), uri=st.text(), content_type=st.sampled_from(["", "application/json", "text/plain"]))
def test_any_request_is_read_or_refused(name: str, body: bytes, uri: str, content_type: str) -> None:
    sound(HTTP[name](HttpRequest(uri=uri, body=body, headers={"content-type": content_type})))


@pytest.mark.parametrize("name", HTTP)
@given(value=values)
def test_any_json_is_read_or_refused(name: str, value: object) -> None:
    sound(HTTP[name](HttpRequest(body=json.dumps(value).encode())))


@pytest.mark.parametrize("name", HTTP)
@given(data=st.data())
def test_a_damaged_request_is_read_or_refused(name: str, data: st.DataObject) -> None:
    body = data.draw(mutated(BODIES[name]))

    sound(HTTP[name](HttpRequest(body=body)))
    sound(HTTP[name](HttpRequest(uri=body.decode("utf-8", "replace"))))


@pytest.mark.parametrize("name", HTTP)
@given(data=st.data())
def test_a_captured_body_with_strange_values_in_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([body for body in BODIES[name] if body[:1] in b"{["]))
    document = json.loads(body)
    target = document
    while isinstance(target, dict | list) and target:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or data.draw(st.booleans()):
            target[key] = data.draw(values)
            break
        target = target[key]

    sound(HTTP[name](HttpRequest(body=json.dumps(document).encode())))


@given(frame=st.binary() | mutated(FRAMES))
def test_any_frame_is_read_or_refused(frame: bytes) -> None:
    sound(decode_frame(frame))


@given(data=st.data())
def test_an_alarm_frame_is_an_alarm_whatever_follows_its_word(data: st.DataObject) -> None:
    rest = data.draw(st.binary()).replace(b"]", b"")
    said = decode_frame(b"[3G*9705141740*0000*AL," + rest + b"]")

    assert [message for message in said.messages if message.__struct_config__.tag == "alarm"]
    assert said.answer == b"[3G*9705141740*0002*AL]"
    assert said.durable


@given(
    stream=st.lists(st.sampled_from(FRAMES) | mutated(FRAMES) | st.binary(max_size=30), max_size=6).map(b"".join),
    cuts=st.lists(st.integers(0, 4000)),
    frame_bytes_max=st.sampled_from([64, 300, 1500, 8192]),
)
def test_a_stream_cut_anywhere_gives_the_same_frames(stream: bytes, cuts: list[int], frame_bytes_max: int) -> None:
    whole, pieces = Framer(frame_bytes_max), Framer(frame_bytes_max)
    expected = whole.feed(stream)
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    actual = []
    for start, end in pairwise(ends):
        actual += pieces.feed(stream[start:end])

        assert pieces.pending < frame_bytes_max

    assert expected == actual
    assert (whole.dropped, whole.pending) == (pieces.dropped, pieces.pending)


def test_a_stream_fed_byte_by_byte_gives_the_same_messages() -> None:
    stream = b"".join(FRAMES)
    framer = Framer(8192)
    expected = [decode_frame(frame) for frame in Framer(8192).feed(stream)]
    actual = [decode_frame(frame) for byte in stream for frame in framer.feed(bytes((byte,)))]

    assert expected == actual
    assert len(expected) > len(FRAMES)


@given(frame=st.sampled_from(FRAMES), garbage=mutated(FRAMES))
def test_a_whole_frame_is_found_whatever_came_before_it(frame: bytes, garbage: bytes) -> None:
    framer = Framer(32_768)

    assert b"".join(framer.feed(garbage + frame)).endswith(frame)
    assert framer.pending == 0


@given(audio=st.binary(max_size=2000))
def test_binary_content_never_ends_its_frame(audio: bytes) -> None:
    frame = encode_command("SG", "5678901234", b"TK," + escaped(audio))

    assert Framer(8192).feed(frame) == [frame]


@pytest.mark.parametrize("name", list_formats())
@given(lines=st.lists(st.text() | st.sampled_from([frame.hex() for frame in [*FRAMES[:10], *ADVERTISEMENTS]])))
def test_any_lines_give_json_lines_with_the_number_of_their_line(name: str, lines: list[str]) -> None:
    for line in decode_lines(name, lines):
        told = json.loads(line)

        assert 1 <= told["line"] <= len(lines)
        assert ("type" in told) is not ("error" in told)


@given(adv=st.binary() | mutated(ADVERTISEMENTS))
def test_any_advertisement_names_a_tag_or_nobody(adv: bytes) -> None:
    heard, sighting = advertisement.decode(adv), advertisement.sighting(adv)

    if heard.name is not None:
        assert SPELT[heard.name.scheme].fullmatch(heard.name.id)
    if sighting is not None:
        sound(Decoded(sightings=(sighting,)))


@given(adv=st.sampled_from(ADVERTISEMENTS) | mutated(ADVERTISEMENTS))
def test_an_advertisement_is_the_same_behind_structures_that_name_nobody(adv: bytes) -> None:
    """The short way for the most common tag is no other than the long one."""
    assert advertisement.decode(adv) == advertisement.decode(b"\x00\x02\x01\x06\x00" + adv)


@given(body=st.sampled_from([body for body in BODIES["minew"] if body[:1] == b"\xbb"]), data=st.data())
def test_a_binary_message_cut_anywhere_gives_the_rows_before_the_cut(body: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(body)))
    whole, said = minew.decode(HttpRequest(body=body)), minew.decode(HttpRequest(body=body[:cut]))

    sound(said)
    assert whole.sightings[: len(said.sightings)] == said.sightings


def rows_of(name: str) -> list[object]:
    """Rows of one body that may come in any order."""
    rows = [json.loads(body) for body in BODIES[name] if body[:1] in b"{["]
    if name == "gateway":
        return [*ITEMS, None, {"mac": 5}]
    return rows if name == "theengs" else [row for body in rows for row in body[1:]]


@pytest.mark.parametrize("name", ["gateway", "minew", "theengs"])
@given(data=st.data())
def test_the_order_of_the_rows_does_not_matter_for_what_was_heard(name: str, data: st.DataObject) -> None:
    rows = rows_of(name)
    mixed = data.draw(st.permutations(rows))

    def heard(rows: list[object]) -> list[bytes]:
        body = {"detector": "gate-east", "items": rows} if name == "gateway" else rows
        return sorted(map(encode, HTTP[name](HttpRequest(body=json.dumps(body).encode())).sightings))

    assert heard(rows) == heard(mixed)
    assert len(heard(rows)) > 3


@given(items=st.lists(st.sampled_from(ITEMS) | st.fixed_dictionaries({}, optional=dict.fromkeys(ITEMS[0], values))))
def test_a_bad_row_changes_nothing_of_the_others(items: list[object]) -> None:
    """The reader of well-formed bodies and the careful one say the same."""
    alone = [gateway.decode(HttpRequest(body=json.dumps({"items": [item]}).encode())).sightings for item in items]
    together = gateway.decode(HttpRequest(body=json.dumps({"detector": "d", "items": [None, *items]}).encode()))

    assert [encode(one) for sightings in alone for one in sightings] == [
        encode(msgspec.structs.replace(one, detector=msgspec.UNSET)) for one in together.sightings
    ]
