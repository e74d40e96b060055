import json
from uuid import UUID

import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.decoders import formats
from beacon_ingest.downlink import Order
from beacon_ingest.listeners.http import DOORS, EdgeHttp
from beacon_ingest.messages import Fix
from beacon_ingest.stream import StreamFull
from tests.unit.beacon_ingest.edge import CAR, HANA, Answered, Edge, FakeStream
from tests.unit.beacon_ingest.requests import LOCATION, QUERY, forwarded

BEARER = {"owntracks": "Bearer hana-key", "traccar": "Bearer car-key", "osmand": "Bearer phone-key"}


def order(number: int, kind: str, interval_s: int | None = None) -> Order:
    """An order for the phone of Hana."""
    return Order(id=UUID(int=number), device_id=HANA.device_id, kind=kind, interval_s=interval_s)  # type: ignore[arg-type]


def test_every_http_format_has_a_door() -> None:
    assert {name for name, form in formats.FORMATS.items() if form.transport == "http"} == set(DOORS)


# Acknowledged is durable.


async def test_the_answer_comes_only_after_the_unit_is_durable() -> None:
    said = []

    class Slow(FakeStream):
        async def publish(self, unit):  # type: ignore[no-untyped-def]
            said.append("durable")

    edge = Edge()
    edge.http = EdgeHttp(registry=edge.registry, stream=Slow(), clock=edge.clock, monotonic=edge.monotonic)
    events = [{"type": "http.request", "body": LOCATION, "more_body": False}]

    async def receive():  # type: ignore[no-untyped-def]
        return events.pop()

    async def send(event):  # type: ignore[no-untyped-def]
        said.append(event["type"])

    headers = [(b"authorization", b"Bearer hana-key")]
    scope = {"type": "http", "method": "POST", "path": "/ingest/owntracks", "query_string": b"", "headers": headers}
    await edge.http(scope, receive, send)

    assert said == ["durable", "http.response.start", "http.response.body"]


async def test_a_full_stream_is_a_503_that_says_when_to_come_back() -> None:
    edge = Edge()
    edge.stream.trouble = StreamFull(retry_after_s=7)

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    assert answer.status == 503
    assert answer.headers[b"retry-after"] == b"7"
    assert edge.counted("owntracks", Reason.FULL) == 1
    assert edge.counted("owntracks", Reason.ACCEPTED) == 0


async def test_what_fails_behind_the_stream_is_a_503_and_never_an_acknowledgement() -> None:
    edge = Edge()
    edge.stream.trouble = RuntimeError("the disk")

    answer = await edge.ask("/ingest/osmand", query=QUERY)

    assert answer.status == 503
    assert b"disk" not in answer.body
    assert edge.counted("osmand", Reason.NOT_STORED) == 1


async def test_the_same_body_again_has_the_same_name_and_another_body_another() -> None:
    edge = Edge()
    for body in (LOCATION, LOCATION, LOCATION.replace(b"1775010000", b"1775010001")):
        await edge.ask("/ingest/owntracks", body, authorization="Bearer hana-key")

    first, again, other = (unit.ingest_ids for unit in edge.stream.units)

    assert first == again
    assert not set(first) & set(other)


async def test_the_query_is_part_of_what_is_said() -> None:
    edge = Edge()
    for query in (QUERY, QUERY, QUERY + b"&batt=50"):
        await edge.ask("/ingest/osmand", query=query, method="GET")

    first, again, other = (unit.ingest_ids for unit in edge.stream.units)

    assert first == again
    assert not set(first) & set(other)


# What cannot be read.


async def test_a_body_of_which_nothing_can_be_read_is_a_400_that_says_which_row_and_why() -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/traccar", b"[1, 2]", authorization="Bearer car-key")

    problem = json.loads(answer.body)
    assert answer.status == problem["status"] == 400
    assert problem["type"] == "/problems/invalid-input"
    assert answer.headers[b"content-type"] == b"application/problem+json"
    assert [error["row"] for error in problem["errors"]] == [0, 1]
    assert all(error["why"] and error["where"] for error in problem["errors"])
    assert edge.counted("traccar", Reason.UNREADABLE) == 1


async def test_the_good_part_of_a_body_is_taken_and_answered_as_success() -> None:
    edge = Edge()
    body = b"[" + forwarded(CAR.external_id) + b", 7]"

    answer = await edge.ask("/ingest/traccar", body, authorization="Bearer car-key")

    assert answer.status == 200
    assert edge.stream.places == [(CAR.device_id, 34.7, 134.8)]
    assert edge.counted("traccar", Reason.PARTLY) == 1


@pytest.mark.parametrize("body", [b"", b'{"_type":"lwt","tst":1775010000}'])
async def test_a_body_that_rightly_says_nothing_is_fine(body: bytes) -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/owntracks", body, authorization="Bearer hana-key")

    assert (answer.status, answer.body) == (200, b"[]")
    assert edge.stream.units == []
    assert edge.counted("owntracks", Reason.NOTHING) == 1


async def test_a_decoder_that_breaks_costs_only_this_one_body(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request, received_at):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError("she lives at 1-2-3")

    rows = {
        **formats.FORMATS,
        "owntracks": msgspec.structs.replace(formats.FORMATS["owntracks"], decode_request=broken),
    }
    monkeypatch.setattr("beacon_ingest.listeners.http.FORMATS", rows)
    edge = Edge()

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    assert answer.status == 422
    assert b"1-2-3" not in answer.body
    assert edge.counted("owntracks", Reason.CRASHED) == 1


# Paths, methods, people who leave.


async def test_other_paths_are_not_found() -> None:
    edge = Edge()

    for path in ("/ingest", "/ingest/", "/ingest/watch", "/ingest/owntracks/x", "/", "/ingest//owntracks"):
        answer = await edge.ask(path, LOCATION, authorization="Bearer hana-key")
        assert (answer.status, json.loads(answer.body)["status"]) == (404, 404)


async def test_a_slash_at_the_end_is_fine() -> None:
    assert (await Edge().ask("/ingest/owntracks/", LOCATION, authorization="Bearer hana-key")).status == 200


@pytest.mark.parametrize(
    ("format", "method", "allowed"),
    [("owntracks", "GET", b"POST"), ("traccar", "PUT", b"POST"), ("osmand", "HEAD", b"GET, POST")],
)
async def test_other_methods_are_refused_with_those_there_are(format: str, method: str, allowed: bytes) -> None:
    answer = await Edge().ask(f"/ingest/{format}", method=method, query=QUERY, authorization=BEARER[format])

    assert answer.status == 405
    assert answer.headers[b"allow"] == allowed


@pytest.mark.parametrize("parts", [[], [LOCATION[:20]], [LOCATION[:20], LOCATION[20:]]])
async def test_nothing_is_taken_from_a_client_that_leaves_in_the_middle(parts: list[bytes]) -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/owntracks", parts, leaves=True, authorization="Bearer hana-key")

    assert answer == Answered()
    assert edge.stream.units == []
    assert edge.counted("owntracks", Reason.GONE) == 1


async def test_a_websocket_is_turned_away() -> None:
    sent = []

    async def send(event):  # type: ignore[no-untyped-def]
        sent.append(event)

    await Edge().http({"type": "websocket", "path": "/ingest/owntracks"}, None, send)  # type: ignore[arg-type]

    assert [event["type"] for event in sent] == ["websocket.close"]


async def test_an_answer_may_be_changed_by_others_without_changing_the_next_one() -> None:
    edge = Edge()
    events = [{"type": "http.request", "body": b"", "more_body": False}] * 2
    lengths = []

    async def receive():  # type: ignore[no-untyped-def]
        return events.pop()

    async def send(event):  # type: ignore[no-untyped-def]
        if "headers" in event:
            lengths.append(len(event["headers"]))
            event["headers"].append((b"x-added-by", b"a middleware"))

    headers = [(b"authorization", b"Bearer hana-key")]
    for _ in range(2):
        scope = {"type": "http", "method": "POST", "path": "/ingest/owntracks", "query_string": b"", "headers": headers}
        await edge.http(scope, receive, send)

    assert lengths[0] == lengths[1]


# Orders on the reply.


async def test_an_owntracks_phone_is_asked_for_its_place_on_the_reply() -> None:
    edge = Edge()
    edge.downlink.orders = [order(71, "locate")]

    first = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")
    second = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    assert json.loads(first.body) == [{"_type": "cmd", "action": "reportLocation"}]
    assert first.headers[b"content-length"] == b"%d" % len(first.body)
    assert second.body == b"[]"
    assert edge.downlink.orders == []


async def test_live_mode_is_a_configuration_and_so_is_its_end() -> None:
    edge = Edge()
    edge.downlink.orders = [order(71, "live_on", 20), order(72, "live_off", 600)]

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    on, off = json.loads(answer.body)
    assert (on["_type"], on["action"]) == ("cmd", "setConfiguration")
    assert on["configuration"] == {
        "_type": "configuration", "monitoring": 2, "locatorInterval": 20, "moveModeLocatorInterval": 20
    }  # fmt: skip
    assert off["configuration"] == {"_type": "configuration", "monitoring": 1, "locatorInterval": 600}


async def test_orders_are_kept_when_the_phone_hung_up_before_the_answer() -> None:
    edge = Edge()
    edge.downlink.orders = [order(71, "locate")]
    events = [{"type": "http.request", "body": LOCATION, "more_body": False}]

    async def receive():  # type: ignore[no-untyped-def]
        return events.pop()

    async def send(event):  # type: ignore[no-untyped-def]
        raise BrokenPipeError

    headers = [(b"authorization", b"Bearer hana-key")]
    scope = {"type": "http", "method": "POST", "path": "/ingest/owntracks", "query_string": b"", "headers": headers}
    await edge.http(scope, receive, send)

    assert len(edge.stream.units) == 1
    assert [one.id for one in edge.downlink.orders] == [UUID(int=71)]


async def test_orders_that_cannot_be_read_do_not_cost_the_acknowledgement() -> None:
    edge = Edge()
    edge.downlink.orders = [order(71, "locate")]
    edge.downlink.trouble = RuntimeError("busy")

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    assert (answer.status, answer.body) == (200, b"[]")
    assert len(edge.stream.units) == 1


async def test_what_the_captured_phone_sent_reaches_the_stream_as_it_was_decoded() -> None:
    edge = Edge()

    await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    unit = edge.stream.units[0]
    assert unit.received_at == edge.now
    assert isinstance(unit.messages[0], Fix)
    assert unit.messages[0].accuracy_m == 8
