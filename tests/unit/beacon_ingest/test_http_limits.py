import asyncio
import gzip
from typing import Any

import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.limits import LIMITS, Limit
from tests.unit.beacon_ingest.edge import HANA, Edge
from tests.unit.beacon_ingest.requests import LOCATION, QUERY


def small(**more: object) -> dict[str, Limit]:
    """The limits of OwnTracks, but for some."""
    return {"owntracks": msgspec.structs.replace(LIMITS["owntracks"], **more)}


@pytest.mark.parametrize("parts", [[b"x" * 101], [b"x" * 50, b"x" * 50, b"x"], [b"x" * 60] * 1000])
async def test_a_body_over_the_limit_is_refused_however_it_comes(parts: list[bytes]) -> None:
    edge = Edge(limits=small(unit_bytes_max=100))

    answer = await edge.ask("/ingest/owntracks", parts, authorization="Bearer hana-key")

    assert answer.status == 413
    assert edge.counted("owntracks", Reason.TOO_LARGE) == 1


async def test_no_more_of_a_body_is_read_than_shows_that_it_is_too_large() -> None:
    edge = Edge(limits=small(unit_bytes_max=100))
    read = 0

    async def receive() -> Any:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 60, "more_body": read < 50}

    async def send(event: Any) -> None:
        return None

    headers = [(b"authorization", b"Bearer hana-key")]
    scope = {"type": "http", "method": "POST", "path": "/ingest/owntracks", "query_string": b"", "headers": headers}
    await edge.http(scope, receive, send)

    assert read == 2


async def test_a_body_in_many_pieces_is_one_body() -> None:
    edge = Edge(limits=small(unit_bytes_max=len(LOCATION)))
    pieces = [LOCATION[at : at + 1] for at in range(len(LOCATION))]

    answer = await edge.ask("/ingest/owntracks", pieces, authorization="Bearer hana-key")

    assert answer.status == 200
    assert edge.stream.places == [(HANA.device_id, 34.76, 134.84)]


async def test_more_rows_than_the_limit_are_refused() -> None:
    edge = Edge(limits=small(rows_max=2))
    body = b"[" + b",".join([LOCATION] * 3) + b"]"

    answer = await edge.ask("/ingest/owntracks", body, authorization="Bearer hana-key")

    assert answer.status == 413
    assert edge.stream.units == []


async def test_gzip_is_inflated() -> None:
    edge = Edge()
    headers = {"authorization": "Bearer hana-key", "content_encoding": "gzip"}

    answer = await edge.ask("/ingest/owntracks", gzip.compress(LOCATION, mtime=0), **headers)

    assert answer.status == 200
    assert edge.stream.places == [(HANA.device_id, 34.76, 134.84)]


async def test_a_body_that_inflates_past_the_limit_is_refused() -> None:
    edge = Edge()
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"authorization": "Bearer hana-key", "content_encoding": "gzip"}

    assert len(bomb) < LIMITS["owntracks"].unit_bytes_max
    assert (await edge.ask("/ingest/owntracks", bomb, **headers)).status == 413


@pytest.mark.parametrize("body", [LOCATION, gzip.compress(LOCATION, mtime=0)[:-9], b""])
async def test_a_body_that_is_not_the_gzip_it_claims_to_be_is_refused(body: bytes) -> None:
    edge = Edge()
    headers = {"authorization": "Bearer hana-key", "content_encoding": "gzip"}

    assert (await edge.ask("/ingest/owntracks", body, **headers)).status == 400
    assert edge.stream.units == []


async def test_other_encodings_are_refused() -> None:
    edge = Edge()
    headers = {"authorization": "Bearer hana-key", "content_encoding": "br"}

    answer = await edge.ask("/ingest/owntracks", LOCATION, **headers)

    assert answer.status == 415
    assert answer.headers[b"accept-encoding"] == b"gzip"


async def test_a_device_that_runs_wild_is_told_when_to_come_back_and_others_are_not() -> None:
    limits = {"osmand": msgspec.structs.replace(LIMITS["osmand"], units_per_s=0.25, burst_units=2)}
    edge = Edge(limits=limits)
    statuses = [(await edge.ask("/ingest/osmand", query=QUERY)).status for _ in range(2)]

    refused = await edge.ask("/ingest/osmand", query=QUERY)

    assert statuses == [200, 200]
    assert refused.status == 429
    assert refused.headers[b"retry-after"] == b"4"
    assert len(edge.stream.units) == 2
    other = QUERY.replace(b"phone-1", b"phone-2") + b"&key=locked-key"
    assert (await edge.ask("/ingest/osmand", query=other)).status == 200

    edge.now_s += 4

    assert (await edge.ask("/ingest/osmand", query=QUERY)).status == 200


async def test_an_alarm_is_never_too_fast() -> None:
    limits = {"osmand": msgspec.structs.replace(LIMITS["osmand"], units_per_s=0.25, burst_units=1)}
    edge = Edge(limits=limits)
    await edge.ask("/ingest/osmand", query=QUERY)

    assert (await edge.ask("/ingest/osmand", query=QUERY)).status == 429
    assert (await edge.ask("/ingest/osmand", query=QUERY + b"&alarm=sos")).status == 200


async def test_a_body_whose_rest_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beacon_ingest.listeners.http.BODY_S", 0)
    edge = Edge()
    events = [{"type": "http.request", "body": LOCATION[:20], "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop() if events else await asyncio.Event().wait()

    async def send(event: Any) -> None:
        sent.append(event)

    headers = [(b"authorization", b"Bearer hana-key")]
    scope = {"type": "http", "method": "POST", "path": "/ingest/owntracks", "query_string": b"", "headers": headers}
    await edge.http(scope, receive, send)

    assert sent[0]["status"] == 408
    assert edge.stream.units == []
