import gzip
import json
from datetime import timedelta

import msgspec
import pytest

from beacon_ingest.counters import Reason
from beacon_ingest.limits import LIMITS, Limit
from beacon_ingest.messages import Health
from beacon_ingest.stream import StreamFull
from tests.unit.beacon_ingest.captured import captured, gateway_bodies
from tests.unit.beacon_ingest.edge import EVERYBODY
from tests.unit.beacon_ingest.poles import (
    BRIDGE,
    BROKER,
    CORNER,
    GATE,
    HANA_TAG,
    MINEW,
    POLES,
    STRANGER,
    TARO_TAG,
    THEENGS,
    bearer,
    body,
    item,
    signed,
    tag,
    town_edge,
    units,
)


def slow(**more: object) -> dict[str, Limit]:
    """The limits of our own form, but for some."""
    return {"gateway": msgspec.structs.replace(LIMITS["gateway"], **more)}


def frames(group: str) -> list[bytes]:
    """Captured bodies of one kind."""
    return gateway_bodies([row for row in captured("ble_gateway_payloads")["vectors"] if row["group"] == group])


async def test_a_detector_shows_its_key_and_hears_what_became_of_its_rows_and_how_often_to_send() -> None:
    edge = town_edge()
    items = [item(), "not an item", STRANGER, {"rssi_dbm": -60, "adv": "020106"}, item(minor=3, mac=None)]

    answer = await edge.ask("/ingest/gateway", body(items), authorization=bearer(GATE))

    told = json.loads(answer.body)
    assert 200 == answer.status
    assert b"application/json" == answer.headers[b"content-type"]
    assert b"30" == answer.headers[b"mimamori-interval-s"]
    assert {"accepted", "rejected"} == set(told)
    assert 3 == told["accepted"]
    assert [1, 3] == [one["row"] for one in told["rejected"]]
    assert all(one["why"] for one in told["rejected"])
    (unit,) = units(edge)
    assert (GATE.device_id, [HANA_TAG.tag_id, TARO_TAG.tag_id]) == (unit.device_id, [one.tag for one in unit.tags])
    assert (2, 1) == (unit.report.sightings, unit.report.strangers)
    assert (1, 1) == (edge.counted("gateway", Reason.ACCEPTED), edge.counted("gateway", Reason.PARTLY))


@pytest.mark.parametrize("name", ["gate", str(GATE.device_id), None])
async def test_a_detector_may_call_itself_by_either_name_or_none(name: str | None) -> None:
    edge = town_edge()

    answer = await edge.ask("/ingest/gateway", body([item()], detector=name), authorization=bearer(GATE))

    assert (200, [GATE.device_id]) == (answer.status, [one.device_id for one in units(edge)])


async def test_the_answer_does_not_tell_whether_a_tag_is_registered() -> None:
    edge = town_edge()

    ours = await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))
    theirs = await edge.ask("/ingest/gateway", body([STRANGER]), authorization=bearer(GATE))

    assert (ours.status, ours.headers, ours.body) == (theirs.status, theirs.headers, theirs.body)


# Signed bodies.


@pytest.mark.parametrize("name", ["gate", str(GATE.device_id)])
async def test_a_body_may_be_signed_instead_of_showing_the_key(name: str) -> None:
    edge = town_edge()
    content = body([item()])

    answer = await edge.ask("/ingest/gateway", content, **signed(content, detector=name))

    assert (200, [GATE.device_id]) == (answer.status, [one.device_id for one in units(edge)])


async def test_what_is_signed_are_the_bytes_that_were_sent_also_of_gzip() -> None:
    edge = town_edge()
    packed = gzip.compress(body([item()]), mtime=0)

    taken = await edge.ask("/ingest/gateway", packed, content_encoding="gzip", **signed(packed))
    refused = await edge.ask("/ingest/gateway", packed, content_encoding="gzip", **signed(body([item()])))

    assert (200, 401) == (taken.status, refused.status)
    assert 1 == len(units(edge))


async def test_a_signature_in_capitals_is_the_same() -> None:
    edge = town_edge()
    content = body([item()])
    headers = signed(content)
    headers["mimamori_signature"] = "SHA256=" + headers["mimamori_signature"].removeprefix("sha256=").upper()

    assert 200 == (await edge.ask("/ingest/gateway", content, **headers)).status


CONTENT = body([item()])
SIGNED = signed(CONTENT)
REFUSED: dict[str, tuple[str, bytes, dict[str, str], Reason]] = {
    "nobody": ("gateway", CONTENT, {}, Reason.BAD_KEY),
    "a key of nobody": ("gateway", CONTENT, {"authorization": "Bearer x"}, Reason.BAD_KEY),
    "the key of a phone": ("gateway", CONTENT, {"authorization": "Bearer hana-key"}, Reason.BAD_KEY),
    "a detector of another format": ("gateway", CONTENT, {"authorization": bearer(MINEW)}, Reason.BAD_KEY),
    "a detector at a phone's door": ("owntracks", CONTENT, {"authorization": bearer(GATE)}, Reason.BAD_KEY),
    "a key in the place of the signature": (
        "gateway", CONTENT, {"mimamori_signature": "key-of-gate", "mimamori_detector": "gate"}, Reason.BAD_KEY
    ),
    "a signature of another body": ("gateway", body([item(), item()]), SIGNED, Reason.BAD_KEY),
    "a signature with another key": ("gateway", CONTENT, signed(CONTENT, key="key-of-corner"), Reason.BAD_KEY),
    "a signature that is cut": (
        "gateway", CONTENT, SIGNED | {"mimamori_signature": SIGNED["mimamori_signature"][:-1]}, Reason.BAD_KEY
    ),
    "a signature that is empty": ("gateway", CONTENT, SIGNED | {"mimamori_signature": ""}, Reason.BAD_KEY),
    "a signature that is no text": ("gateway", CONTENT, SIGNED | {"mimamori_signature": "sha256=\xff"}, Reason.BAD_KEY),
    "a signature without a name": (
        "gateway", CONTENT, {"mimamori_signature": SIGNED["mimamori_signature"]}, Reason.BAD_KEY
    ),
    "a signature of an unknown detector": ("gateway", CONTENT, SIGNED | {"mimamori_detector": "x"}, Reason.BAD_KEY),
    "a signature of another city's detector": (
        "gateway", CONTENT, SIGNED | {"mimamori_detector": "far-gate"}, Reason.BAD_KEY
    ),
    "a right signature beside a wrong key": (
        "gateway", CONTENT, SIGNED | {"authorization": "Bearer x"}, Reason.BAD_KEY
    ),
    "a signature of a format that is not signed": (
        "minew", CONTENT, signed(CONTENT, "key-of-ac233fc00002", "ac233fc00002"), Reason.BAD_KEY
    ),
    "a detector for another": (
        "gateway", body([item()], detector="corner"), {"authorization": bearer(GATE)}, Reason.UNKNOWN_DEVICE
    ),
    "a detector that signs for another": (
        "gateway",
        body([item()], detector="corner"),
        signed(body([item()], detector="corner")),
        Reason.UNKNOWN_DEVICE,
    ),
    "a bridge for an unknown detector": (
        "gateway", body([item()], detector="x"), {"authorization": bearer(BRIDGE)}, Reason.UNKNOWN_DEVICE
    ),
    "a bridge for another city": (
        "gateway", body([item()], detector="far-gate"), {"authorization": bearer(BRIDGE)}, Reason.UNKNOWN_DEVICE
    ),
    "a bridge for another format": (
        "gateway", body([item()], detector="ac233fc00002"), {"authorization": bearer(BRIDGE)}, Reason.UNKNOWN_DEVICE
    ),
    "a bridge for itself": (
        "gateway", body([item()], detector="town-server"), {"authorization": bearer(BRIDGE)}, Reason.UNKNOWN_DEVICE
    ),
    "a bridge for nobody": (
        "gateway", body([item()], detector=None), {"authorization": bearer(BRIDGE)}, Reason.UNKNOWN_DEVICE
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", REFUSED)
async def test_whoever_may_not_speak_is_refused_with_the_same_bytes_and_counted(who: str) -> None:
    format, content, headers, reason = REFUSED[who]
    edge = town_edge(entries=(*POLES, *EVERYBODY))
    nobody = await edge.ask("/ingest/owntracks", b"{}")
    before = edge.counted(format, reason)

    answer = await edge.ask(f"/ingest/{format}", content, **headers)

    assert (401, nobody.headers, nobody.body) == (answer.status, answer.headers, answer.body)
    assert [] == edge.stream.units
    assert before + 1 == edge.counted(format, reason)


# A server that speaks for others.


async def test_a_bridge_speaks_for_the_detectors_of_its_format_and_city() -> None:
    edge = town_edge()

    for one in (GATE, CORNER):
        content = body([item()], detector=one.external_id)
        assert 200 == (await edge.ask("/ingest/gateway", content, authorization=bearer(BRIDGE))).status

    assert [GATE.device_id, CORNER.device_id] == [one.device_id for one in units(edge)]


async def test_a_broker_forwards_what_many_detectors_heard_and_those_it_may_not_speak_for_are_left_out() -> None:
    heard = [json.loads(frame) for frame in frames("omg")]
    known = tag(1, "ibeacon", "1de4b189-115e-45f6-b44e-509352269977/1/10")
    edge = town_edge(tags=[known])

    answer = await edge.ask("/ingest/theengs", json.dumps(heard).encode(), authorization=bearer(BROKER))

    assert (200, b"") == (answer.status, answer.body)
    (unit,) = units(edge)
    assert (THEENGS.device_id, [known.tag_id]) == (unit.device_id, [one.tag for one in unit.tags])
    assert 2 == unit.report.sightings + unit.report.strangers
    assert edge.counted("theengs", Reason.UNKNOWN_DEVICE) > 0


async def test_a_minew_gateway_is_known_by_its_key_and_must_be_the_one_it_says() -> None:
    own, other = frames("minew")[1], frames("minew")[0]
    edge = town_edge()

    assert 200 == (await edge.ask("/ingest/minew", own, authorization=bearer(MINEW))).status
    assert 401 == (await edge.ask("/ingest/minew", other, authorization=bearer(MINEW))).status
    assert [MINEW.device_id] == [one.device_id for one in units(edge)]


# What a body holds.


async def test_a_heartbeat_is_a_word_of_the_detector() -> None:
    edge = town_edge()
    content = body(uptime_s=3600, health={"battery_pct": 88})

    answer = await edge.ask("/ingest/gateway", content, authorization=bearer(GATE))

    assert {"accepted": 0, "rejected": []} == json.loads(answer.body)
    (unit,) = units(edge)
    assert isinstance(unit.health, Health)
    assert ((), 88, 3600) == (unit.tags, unit.health.battery_pct, unit.health.uptime_s)


async def test_a_body_of_bad_rows_only_is_a_heartbeat_that_names_each_row() -> None:
    edge = town_edge()

    answer = await edge.ask("/ingest/gateway", body([1, {}, {"adv": "zz"}]), authorization=bearer(GATE))

    told = json.loads(answer.body)
    assert (200, 0, [0, 1, 2]) == (answer.status, told["accepted"], [one["row"] for one in told["rejected"]])
    (unit,) = units(edge)
    assert ((), 0, 0) == (unit.tags, unit.report.sightings, unit.report.strangers)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"items": []}', b"\xff\xfe", b'"gate"'])
async def test_a_body_of_which_nothing_can_be_read_is_a_400(content: bytes) -> None:
    edge = town_edge()

    answer = await edge.ask("/ingest/gateway", content, authorization=bearer(GATE))

    assert 400 == answer.status == json.loads(answer.body)["status"]
    assert json.loads(answer.body)["errors"][0]["why"]
    assert [] == edge.stream.units
    assert 1 == edge.counted("gateway", Reason.UNREADABLE)


async def test_the_same_body_again_has_the_same_name_and_another_number_another() -> None:
    edge = town_edge()
    for content in (body([item()]), body([item()]), body([item()], seq=8)):
        await edge.ask("/ingest/gateway", content, authorization=bearer(GATE))
    edge.now = edge.now.replace(year=2027)
    await edge.ask(
        "/ingest/gateway", gzip.compress(body([item()])), authorization=bearer(GATE), content_encoding="gzip"
    )

    first, again, other, in_a_year = (unit.ingest_ids for unit in units(edge))
    assert first == again == in_a_year
    assert not set(first) & set(other)


async def test_a_press_is_told_with_its_count() -> None:
    edge = town_edge()

    await edge.ask("/ingest/gateway", body([item(button_count=4)]), authorization=bearer(GATE))

    now_s = int(edge.now.timestamp())
    assert ((4, now_s, now_s),) == units(edge)[0].tags[0].buttons


async def test_a_row_that_is_too_old_is_named_and_not_kept() -> None:
    edge = town_edge()
    items = [item(), {"rssi_dbm": -70}, item(at=(edge.now - timedelta(days=8)).isoformat()), item()]

    answer = await edge.ask("/ingest/gateway", body(items, sent_at=edge.now.isoformat()), authorization=bearer(GATE))

    told = json.loads(answer.body)
    assert (2, [1, 2]) == (told["accepted"], [one["row"] for one in told["rejected"]])
    assert "7 days" in told["rejected"][1]["why"]


async def test_one_detector_named_in_two_ways_is_one_unit() -> None:
    edge = town_edge()
    rows = [
        {"topic": f"home/{name}/BTtoMQTT/X", "payload": {"id": "AA:BB:CC:DD:EE:01", "rssi": -70}}
        for name in (THEENGS.external_id, str(THEENGS.device_id))
    ]

    answer = await edge.ask("/ingest/theengs", json.dumps(rows).encode(), authorization=bearer(BROKER))

    assert 200 == answer.status
    (unit,) = units(edge)
    assert 2 == unit.report.sightings + unit.report.strangers


async def test_a_broker_that_says_that_a_gateway_is_gone_is_no_sign_of_its_life() -> None:
    edge = town_edge()
    will = json.dumps({"topic": "home/OMG_POLE12/LWT", "payload": "offline"}).encode()

    answer = await edge.ask("/ingest/theengs", will, authorization=bearer(BROKER))

    assert (200, []) == (answer.status, units(edge))


async def test_a_body_of_which_nothing_can_be_read_is_refused_also_where_it_says_who_it_is() -> None:
    edge = town_edge()
    cut = bytes.fromhex("bb0100000034ac233fc000020001fee150bada5500011a0201060303e1ff1216")

    answer = await edge.ask("/ingest/minew", cut, authorization=bearer(MINEW))

    assert (400, []) == (answer.status, units(edge))


# When nothing can be taken.


async def test_without_the_register_of_tags_nobody_is_taken_for_a_stranger() -> None:
    edge = town_edge(tags=None)

    refused = await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))
    edge.tags.replace([HANA_TAG], 1)
    taken = await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))

    assert (503, b"5", 200) == (refused.status, refused.headers[b"retry-after"], taken.status)
    assert 1 == edge.counted("gateway", Reason.NOT_READY)
    assert 1 == len(units(edge))


@pytest.mark.parametrize("trouble", [StreamFull(retry_after_s=7), RuntimeError("the disk")])
async def test_what_cannot_be_stored_is_not_acknowledged(trouble: Exception) -> None:
    edge = town_edge()
    edge.stream.trouble = trouble

    answer = await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))

    assert 503 == answer.status
    assert b"retry-after" in answer.headers
    assert 0 == edge.counted("gateway", Reason.ACCEPTED)


async def test_more_rows_than_the_limit_are_refused_as_a_whole() -> None:
    edge = town_edge(limits=slow(rows_max=2))

    answer = await edge.ask("/ingest/gateway", body([item()] * 3), authorization=bearer(GATE))

    assert (413, []) == (answer.status, edge.stream.units)
    assert 200 == (await edge.ask("/ingest/gateway", body([item()] * 2), authorization=bearer(GATE))).status


async def test_a_detector_that_runs_wild_is_told_when_to_come_back_and_others_are_not() -> None:
    edge = town_edge(limits=slow(units_per_s=0.25, burst_units=1))
    said = body([item()])
    first = await edge.ask("/ingest/gateway", said, authorization=bearer(GATE))

    refused = await edge.ask("/ingest/gateway", said, authorization=bearer(GATE))
    other = await edge.ask("/ingest/gateway", body([item()], detector="corner"), authorization=bearer(CORNER))

    assert (200, 429, 200) == (first.status, refused.status, other.status)
    assert b"4" == refused.headers[b"retry-after"]
    edge.now_s += 4
    assert 200 == (await edge.ask("/ingest/gateway", said, authorization=bearer(GATE))).status


async def test_a_press_is_never_too_fast() -> None:
    edge = town_edge(limits=slow(units_per_s=0.25, burst_units=1))
    await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))

    pressed = await edge.ask("/ingest/gateway", body([item(button_count=1)]), authorization=bearer(GATE))
    quiet = await edge.ask("/ingest/gateway", body([item()]), authorization=bearer(GATE))

    assert (200, 429) == (pressed.status, quiet.status)
