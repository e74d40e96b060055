"""Whatever is sent to the HTTP edge: it answers, with no 5xx but 503, and what it lets through can be stored."""

import asyncio
import gzip
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon_ingest.counters import Reason
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.formats import FORMATS
from beacon_ingest.stream import StreamFull
from tests.unit.beacon_ingest.captured import captured, gateway_bodies, http_bodies
from tests.unit.beacon_ingest.edge import EVERYBODY, Edge, entry
from tests.unit.beacon_ingest.poles import POLES, STRANGER, TAGS, bearer, body, item, signed

KEYS = {
    "owntracks": [b"Bearer hana-key", b"Basic aGFuYTpoYW5hLWtleQ=="],
    "osmand": [b"Bearer phone-key", b"Bearer locked-key"],
    "traccar": [b"Bearer car-key", b"Bearer forwarder-key"],
    **{name: [bearer(one).encode() for one in POLES if one.format == name] for name in ("gateway", "minew", "theengs")},
}
ODD = {
    "owntracks": b'{"_type":"location","lat":34.7,"lon":134.8,"tst":1775010000,"topic":"\\ud800","batt":1e400}',
    "osmand": b'{"device_id":"phone-1","location":{"alarm":"sos","timestamp":-9e99,"coords":{"latitude":NaN}}}',
    "traccar": b'[{"device":{"uniqueId":"358000000000001"},"position":{"latitude":34.7,"longitude":1e999}}]',
    "gateway": b'{"detector":"gate","seq":1e400,"sent_at":"9999-12-31T23:59:59-23:59","place":{"lat_deg":NaN},"items":['
    b'{"mac":"\\ud800","at":-9e99},{"adv":"0","at":253402300799.9},{"tag":{"scheme":"mac","id":5},"button_count":-1}]}',
    "minew": b'[{"type":"Gateway","mac":"AC233FC00002","gatewayFree":1e99},{"mac":"AC233FA00001","rawData":"02","rssi":1e9,'
    b'"timestamp":"0001-01-01T00:00:00+23:59"},{"rawData":"0","mac":5},{"type":"iBeacon","ibeaconUuid":7,"ibeaconMajor":-1}]',
    "theengs": b'[{"topic":"home/OMG_POLE12/BTtoMQTT/x","payload":{"id":"\\ud800","rssi":NaN}},{"topic":"","payload":"{"}]',
}


def read(name: str, body: bytes) -> Decoded:
    """What a captured body says."""
    decode = FORMATS[name].decode_request
    assert decode is not None
    return decode(HttpRequest(body=body), None)


def whole(name: str) -> list[bytes]:
    """Captured bodies of a format; of our own form some like those that detectors send."""
    groups = {"minew": ("minew", "minew-binary"), "theengs": ("omg",)}
    if name in groups:
        return gateway_bodies(
            [row for row in captured("ble_gateway_payloads")["vectors"] if row["group"] in groups[name]]
        )
    if name == "gateway":
        return [
            body([item(at="2026-04-01T02:59:58Z", button_count=3), STRANGER], sent_at="2026-04-01T02:59:59Z"),
            body([item(), STRANGER, 5], detector=None),
            body([item(at="9999-12-31T23:59:59-23:59"), item(at="0001-01-01T00:00:00+23:59"), item(at=253402300799.9)]),
            body(detector="corner", uptime_s=60, health={"battery_pct": 5}, place={"lat_deg": 34.7, "lon_deg": 134.8}),
        ]
    return [one.encode() for one in http_bodies({"traccar": "traccar_forward"}.get(name, name))]


BODIES = {name: [ODD[name], *whole(name)] for name in KEYS}
NAMED = sorted(
    {
        (name, said.device)
        for name in ("osmand", "traccar")
        for body in BODIES[name]
        if (said := read(name, body)).device
    }
)
EVERYBODY_CAPTURED = [
    *EVERYBODY,
    *POLES,
    *(entry(100 + number, name, device) for number, (name, device) in enumerate(NAMED) if device != "phone-1"),
]
QUERIES = [
    b"",
    b"id=phone-1&lat=34.7&lon=134.8",
    b"key=locked-key&id=phone-2&location=34.7,134.8&timestamp=5&alarm=sos",
    b"id=phone-1&lat=%ff&timestamp=99999999999999999999&cell=1,2",
]
HEADERS = [
    b"authorization", b"content-type", b"content-encoding", b"content-length", b"mimamori-signature", b"mimamori-detector"
]  # fmt: skip


@st.composite
def mostly(draw: st.DrawFn, usual: st.SearchStrategy[Any], seldom: st.SearchStrategy[Any]) -> Any:
    """The usual, and one time in eight what nobody expects."""
    return draw(seldom if draw(st.integers(0, 7)) == 5 else usual)


json_bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
).map(lambda value: msgspec.json.encode(value))


@st.composite
def spoiled(draw: st.DrawFn, body: bytes) -> bytes:
    """A body with a few bytes of it changed or gone."""
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=6)) + body[at + draw(st.integers(0, 6)) :]


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The scope of a request and what is received of it: nearly right, or wrong in one or two ways."""
    name = draw(st.sampled_from(sorted(KEYS)))
    content = draw(st.sampled_from(BODIES[name]))
    content = draw(
        mostly(st.one_of(st.just(content), spoiled(content)), st.one_of(st.binary(max_size=200), json_bodies))
    )
    headers: list[tuple[bytes, bytes]] = []
    if draw(st.integers(0, 7)) == 5:
        content = gzip.compress(content)
        headers.append((b"content-encoding", b"gzip"))
    if name == "gateway" and draw(st.integers(0, 3)) == 2:
        headers += [(word.replace("_", "-").encode(), value.encode()) for word, value in signed(content).items()]
    else:
        headers.append((b"authorization", draw(mostly(st.sampled_from(KEYS[name]), st.binary(max_size=60)))))
    headers += draw(mostly(st.just([]), st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=20)))))
    cut = draw(mostly(st.just(len(content)), st.integers(0, len(content))))
    events = [
        {"type": "http.request", "body": content[:cut], "more_body": cut < len(content)},
        {"type": "http.request", "body": content[cut:]},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http",
        "method": draw(mostly(st.just("POST"), st.text(max_size=8) | st.just("GET"))),
        "path": draw(mostly(st.just(f"/ingest/{name}"), st.text(max_size=30))),
        "query_string": draw(mostly(st.sampled_from(QUERIES), st.binary(max_size=60))) if name == "osmand" else b"",
        "headers": headers,
    }
    return scope, draw(mostly(st.just(events), st.permutations(events)))


@settings(max_examples=500, deadline=None)
@given(requests(), mostly(st.none(), st.sampled_from([StreamFull(1), RuntimeError("the store")])))
def test_the_http_edge_answers_whatever_it_is_sent_and_never_with_an_error_of_ours(
    request: tuple[dict[str, Any], list[dict[str, Any]]], trouble: Exception | None
) -> None:
    scope, events = request
    edge = Edge(EVERYBODY_CAPTURED, tags=TAGS)
    edge.stream.trouble = trouble
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    asyncio.run(edge.http(scope, receive, send))

    if not sent:
        assert sum(edge.counted(name, Reason.GONE) for name in FORMATS) == 1
    else:
        assert [event["type"] for event in sent] == ["http.response.start", "http.response.body"]
        assert sent[0]["status"] in (200, 400, 401, 404, 405, 413, 415, 429, 503)
        assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(sent[1]["body"])
    for unit in edge.stream.units:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(unit), type=type(unit)) == unit
        assert STRANGER["mac"].encode() not in msgspec.json.encode(unit)
