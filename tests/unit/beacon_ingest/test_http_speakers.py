import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.decoders import formats
from tests.unit.beacon_ingest.edge import CAR, EVERYBODY, HANA, LOCKED_PHONE, OTHER_CAR, PHONE, Edge
from tests.unit.beacon_ingest.requests import LOCATION, QUERY, basic, forwarded


@pytest.mark.parametrize("authorization", ["Bearer hana-key", "bearer hana-key", basic("hana", "hana-key")])
async def test_an_owntracks_phone_speaks_with_its_key_whatever_its_label_says(authorization: str) -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization=authorization)

    assert (answer.status, answer.body) == (200, b"[]")
    assert answer.headers[b"content-type"] == b"application/json"
    assert edge.stream.places == [(HANA.device_id, 34.76, 134.84)]
    assert edge.counted("owntracks", Reason.ACCEPTED) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_osmand_phone_enrolled_without_a_key_is_known_by_its_id(method: str) -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/osmand", query=QUERY, method=method)

    assert (answer.status, answer.body) == (200, b"")
    assert edge.stream.places == [(PHONE.device_id, 34.76, 134.84)]


async def test_an_osmand_phone_may_show_its_key_in_the_query_and_the_key_goes_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    real = formats.FORMATS["osmand"]

    def decode(request, received_at):  # type: ignore[no-untyped-def]
        seen.append(request)
        return real.decode_request(request, received_at)  # type: ignore[misc]

    rows = {**formats.FORMATS, "osmand": msgspec.structs.replace(real, decode_request=decode)}
    monkeypatch.setattr("beacon_ingest.listeners.http.FORMATS", rows)
    edge = Edge()
    query = b"id=phone-2&lat=34.76&lon=134.84&timestamp=1775010000"

    with_key = await edge.ask("/ingest/osmand", query=b"key=locked%2Dkey&" + query, method="GET")

    assert with_key.status == 200
    assert edge.stream.places == [(LOCKED_PHONE.device_id, 34.76, 134.84)]
    assert seen[0].uri == "/ingest/osmand?" + query.decode()
    assert "authorization" not in seen[0].headers

    again_in_a_header = await edge.ask("/ingest/osmand", query=query, authorization="Bearer locked-key")

    assert again_in_a_header.status == 200
    assert edge.stream.units[0].ingest_ids == edge.stream.units[1].ingest_ids


async def test_a_key_in_the_query_counts_for_osmand_only() -> None:
    edge = Edge()

    assert (await edge.ask("/ingest/owntracks", LOCATION, query=b"key=hana-key")).status == 401
    assert (await edge.ask("/ingest/traccar", forwarded(CAR.external_id), query=b"key=car-key")).status == 401
    assert edge.stream.units == []


async def test_a_tracker_behind_traccar_speaks_with_its_own_key() -> None:
    edge = Edge()

    answer = await edge.ask("/ingest/traccar", forwarded(CAR.external_id), authorization="Bearer car-key")

    assert (answer.status, answer.body) == (200, b"")
    assert edge.stream.places == [(CAR.device_id, 34.7, 134.8)]


async def test_a_forwarder_speaks_for_the_devices_of_its_format_and_city() -> None:
    edge = Edge()
    body = forwarded(CAR.external_id, OTHER_CAR.external_id)

    answer = await edge.ask("/ingest/traccar", body, authorization="Bearer forwarder-key")

    assert answer.status == 200
    assert [unit.device_id for unit in edge.stream.units] == [CAR.device_id, OTHER_CAR.device_id]
    assert len({unit.ingest_ids for unit in edge.stream.units}) == 2


async def test_a_stranger_in_a_forwarded_list_costs_only_itself() -> None:
    edge = Edge()
    body = forwarded("999", CAR.external_id, "358000000000003")

    answer = await edge.ask("/ingest/traccar", body, authorization="Bearer forwarder-key")

    assert answer.status == 200
    assert [unit.device_id for unit in edge.stream.units] == [CAR.device_id]
    assert edge.counted("traccar", Reason.UNKNOWN_DEVICE) == 2


TARO = basic("taro", "hana-key")
REFUSED = {
    "no key where one is needed": ("owntracks", LOCATION, b"", {}, Reason.BAD_KEY),
    "a key of nobody": ("owntracks", LOCATION, b"", {"authorization": "Bearer guess"}, Reason.BAD_KEY),
    "an empty key": ("owntracks", LOCATION, b"", {"authorization": "Bearer"}, Reason.BAD_KEY),
    "a scheme of no use": ("owntracks", LOCATION, b"", {"authorization": "Digest x"}, Reason.BAD_KEY),
    "Basic that is not base64": ("owntracks", LOCATION, b"", {"authorization": "Basic ÿ!"}, Reason.BAD_KEY),
    "Basic with another user": ("owntracks", LOCATION, b"", {"authorization": TARO}, Reason.BAD_KEY),
    "a key of another format": ("owntracks", LOCATION, b"", {"authorization": "Bearer car-key"}, Reason.BAD_KEY),
    "an unknown phone": ("osmand", b"", QUERY.replace(b"phone-1", b"phone-9"), {}, Reason.UNKNOWN_DEVICE),
    "a locked phone": ("osmand", b"", QUERY.replace(b"phone-1", b"phone-2"), {}, Reason.UNKNOWN_DEVICE),
    "a wrong key where none is needed": ("osmand", b"", QUERY + b"&key=guess", {}, Reason.BAD_KEY),
    "a wrong key beside a right one": (
        "osmand", b"", QUERY + b"&key=phone-key", {"authorization": "Bearer guess"}, Reason.BAD_KEY
    ),
    "a phone with the key of another": ("osmand", b"", QUERY + b"&key=locked-key", {}, Reason.OTHER_DEVICE),
    "a tracker without a key": ("traccar", forwarded("358000000000001"), b"", {}, Reason.BAD_KEY),
    "a tracker with the key of another": (
        "traccar", forwarded("358000000000002"), b"", {"authorization": "Bearer car-key"}, Reason.OTHER_DEVICE
    ),
    "a list of others' trackers": (
        "traccar", forwarded("358000000000002", "358000000000003"), b"", {"authorization": "Bearer car-key"},
        Reason.OTHER_DEVICE,
    ),
    "a forwarder for an unknown tracker": (
        "traccar", forwarded("999"), b"", {"authorization": "Bearer forwarder-key"}, Reason.UNKNOWN_DEVICE
    ),
    "a forwarder for another city": (
        "traccar", forwarded("358000000000003"), b"", {"authorization": "Bearer forwarder-key"}, Reason.UNKNOWN_DEVICE
    ),
    "a forwarder for itself": (
        "traccar", forwarded("town-traccar"), b"", {"authorization": "Bearer forwarder-key"}, Reason.UNKNOWN_DEVICE
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", REFUSED)
async def test_whoever_may_not_speak_is_refused_and_counted_and_told_nothing(who: str) -> None:
    format, body, query, headers, reason = REFUSED[who]
    edge = Edge()
    nobody = await edge.ask("/ingest/owntracks", LOCATION)
    before = edge.counted(format, reason)

    answer = await edge.ask(f"/ingest/{format}", body, query=query, **headers)

    assert answer.status == 401
    assert (answer.headers, answer.body) == (nobody.headers, nobody.body)
    assert answer.headers[b"content-type"] == b"application/problem+json"
    assert b"www-authenticate" in answer.headers
    assert edge.stream.units == []
    assert edge.counted(format, reason) == before + 1


async def test_a_refused_device_is_not_registered_by_itself() -> None:
    edge = Edge()
    for _ in range(3):
        await edge.ask("/ingest/osmand", query=QUERY.replace(b"phone-1", b"phone-9"))

    assert len(edge.registry) == len(EVERYBODY)
    assert edge.counted("osmand", Reason.UNKNOWN_DEVICE) == 3


async def test_an_edge_without_a_snapshot_drops_nothing() -> None:
    edge = Edge(entries=None)

    answer = await edge.ask("/ingest/owntracks", LOCATION, authorization="Bearer hana-key")

    assert answer.status == 503
    assert answer.headers[b"retry-after"] == b"5"
    assert edge.counted("owntracks", Reason.NOT_READY) == 1
