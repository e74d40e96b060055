"""Bodies of our own batch form, from what is well formed to what hardly is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Refusal
from beacon_ingest.decoders.gateway import decode
from beacon_ingest.messages import Fix, Health, Sighting, TagName

UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825"
ADV = "0201061aff4c000215fda50693a4e24fb1afcfc6eb0764782500010002c5"
TLM = "0201060303aafe1116aafe20000b1813000000146700002ac4"
MAC = "ac233fa03208"
NAME = TagName("ibeacon", f"{UUID}/1/2")
BY_MAC = TagName("mac", MAC)
AT = datetime(2026, 4, 1, 8, 12, 5, tzinfo=UTC)
SENT = AT + timedelta(seconds=7)
ITEM: dict[str, Any] = {"rssi_dbm": -67, "at": "2026-04-01T08:12:05Z", "adv": ADV, "mac": MAC}
SIGHTING = Sighting(detector="gate-east", at=AT, rssi_dbm=-67, tag=NAME, tx_power_dbm=-59, mac=MAC)


def body(*items: object, **more: object) -> dict[str, object]:
    return {"detector": "gate-east", "seq": 17, "sent_at": "2026-04-01T08:12:12Z", "items": list(items), **more}


def posted(content: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(content).encode()))


def one(**item: object) -> Sighting:
    """The sighting of an item, read alone and beside a row that makes the reader careful: the same."""
    (quick,) = posted(body(item)).sightings
    (careful,) = posted(body(item, None)).sightings
    assert quick == careful
    return quick


def test_a_batch_is_what_its_detector_heard() -> None:
    assert posted(body(ITEM)) == Decoded(device="gate-east", sightings=(SIGHTING,), stamped=True, sent_at=SENT)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"adv": ADV}, NAME),
        ({"adv": ADV.upper()}, NAME),
        ({"adv": ADV, "tag": {"scheme": "mac", "id": MAC}, "mac": MAC}, NAME),
        ({"tag": {"scheme": "ibeacon", "id": f"{UUID.upper()}:1:2"}, "mac": MAC}, NAME),
        ({"tag": {"scheme": "mac", "id": "AC:23:3F:A0:32:08"}}, BY_MAC),
        ({"tag": {"scheme": "owl", "id": "1"}, "mac": MAC}, BY_MAC),
        ({"tag": {"scheme": "mac"}, "mac": MAC}, BY_MAC),
        ({"tag": "mac", "mac": MAC}, BY_MAC),
        ({"mac": "AC-23-3F-A0-32-08"}, BY_MAC),
        ({"adv": "02011a020a0c0aff4c001005441cbd08c5", "mac": MAC}, BY_MAC),
        ({"adv": "no hex", "mac": MAC}, BY_MAC),
        ({"adv": 5, "mac": MAC}, BY_MAC),
        ({"adv": "", "mac": MAC}, BY_MAC),
        ({"adv": "0d16e1ffa10264000832a03f23ac"}, BY_MAC),
    ],
)
def test_an_item_is_named_by_its_advertisement_then_its_tag_then_its_address(item: Any, name: TagName) -> None:
    assert name == one(**item).tag


@pytest.mark.parametrize(
    ("item", "mac"),
    [
        ({"adv": ADV}, UNSET),
        ({"adv": ADV, "mac": "AC:23:3F:A0:32:08"}, MAC),
        ({"adv": ADV, "mac": "000000000000"}, UNSET),
        ({"adv": ADV, "mac": 5}, UNSET),
        ({"tag": {"scheme": "mac", "id": MAC}}, MAC),
        ({"tag": {"scheme": "rpa", "id": MAC}}, UNSET),
    ],
)
def test_the_address_is_told_where_it_is_known(item: Any, mac: object) -> None:
    assert mac == one(**item).mac


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        ("2026-04-01T08:12:05Z", AT),
        ("2026-04-01T17:12:05+09:00", AT),
        ("2026-04-01T08:12:05", AT),
        ("2026-04-01 17:12:05+0900", AT),
        (AT.timestamp(), AT),
        (int(AT.timestamp() * 1000), AT),
        (str(int(AT.timestamp())), AT),
        ("1970-01-01T00:00:12Z", datetime(1970, 1, 1, 0, 0, 12, tzinfo=UTC)),
        (12, datetime(1970, 1, 1, 0, 0, 12, tzinfo=UTC)),
        ("2012-01-01T00:00:00Z", datetime(2012, 1, 1, tzinfo=UTC)),
        (None, SENT),
        ("", SENT),
        ("noon", SENT),
        ({"odd": True}, SENT),
        (1e300, SENT),
        ("0001-01-01T00:00:00+09:00", SENT),
    ],
)
def test_a_time_is_passed_on_as_it_is_stated(stated: object, at: datetime) -> None:
    assert at == one(**{**ITEM, "at": stated}).at


def test_without_any_time_the_sighting_has_none() -> None:
    said = posted({"detector": "gate-east", "items": [{"adv": ADV}]})

    assert said.sightings[0].at is UNSET
    assert said.sent_at is UNSET


@pytest.mark.parametrize(
    ("stated", "dbm"),
    [
        (-67, -67.0),
        (-61.5, -61.5),
        ("-71", -71.0),
        (20, 20.0),
        (127, UNSET),
        (-128, UNSET),
        ("strong", UNSET),
        (None, UNSET),
        (True, UNSET),
        ([], UNSET),
        (1e999, UNSET),
    ],
)
def test_a_signal_that_cannot_be_is_unknown_and_the_tag_was_heard(stated: object, dbm: object) -> None:
    said = posted(body({"adv": ADV, "rssi_dbm": stated}))

    assert [dbm] == [sighting.rssi_dbm for sighting in said.sightings]
    assert said.refusals == ()


@pytest.mark.parametrize(("stated", "pct"), [(64, 64.0), (0, 0.0), (101, UNSET), (-1, UNSET), ("x", UNSET)])
def test_a_battery_is_from_nothing_to_full(stated: object, pct: object) -> None:
    assert pct == one(adv=ADV, battery_pct=stated).battery_pct


@pytest.mark.parametrize(
    ("stated", "count"), [(0, 0), (3, 3), ("3", 3), (-1, UNSET), (1.5, UNSET), (2**40, UNSET), (2**70, UNSET)]
)
def test_a_button_is_counted_in_whole_numbers(stated: object, count: object) -> None:
    assert count == one(adv=ADV, button_count=stated).button_count


def test_a_battery_report_belongs_to_the_address_that_sent_it() -> None:
    said = one(adv=TLM, mac=MAC)

    assert (said.tag, said.battery_pct, said.mac) == (BY_MAC, 84.0, MAC)


def test_what_the_item_states_of_the_battery_wins_over_the_frame() -> None:
    assert one(adv=TLM, mac=MAC, battery_pct=12).battery_pct == 12


@pytest.mark.parametrize(
    "bad", [None, 5, "text", [], {}, {"rssi_dbm": -5}, {"adv": TLM}, {"mac": 112233445566}, {"adv": "zz", "tag": {}}]
)
def test_a_bad_row_costs_only_itself_and_is_named(bad: object) -> None:
    said = posted(body(ITEM, bad, ITEM))

    assert said.sightings == (SIGHTING, SIGHTING)
    assert [refusal.row for refusal in said.refusals] == [1]
    assert said.refusals[0].why
    assert (said.device, said.sent_at) == ("gate-east", SENT)


@pytest.mark.parametrize(
    ("content", "stamped"),
    [
        (body(ITEM), True),
        (body(), True),
        ({"detector": "d", "sent_at": 12}, True),
        ({"detector": "d", "seq": 1, "items": [ITEM]}, True),
        ({"detector": "d", "seq": 1, "uptime_s": 4.5}, True),
        ({"detector": "d", "seq": 1, "items": []}, False),
        ({"detector": "d", "items": [ITEM]}, False),
        ({"detector": "d", "uptime_s": 4.5}, False),
        ({"detector": "d", "sent_at": "noon", "items": [ITEM]}, False),
    ],
)
def test_a_unit_is_stamped_when_equal_bytes_can_only_say_the_same(content: Any, stamped: bool) -> None:
    assert stamped is posted(content).stamped


def test_a_body_without_items_is_a_heartbeat() -> None:
    assert posted(body()).messages == (Health(device="gate-east", at=SENT),)
    assert posted({"detector": "gate-east"}).messages == (Health(device="gate-east"),)
    assert posted({"detector": "gate-east", "items": None}).messages == (Health(device="gate-east"),)


def test_a_body_of_bad_rows_only_still_says_that_the_detector_is_there() -> None:
    assert posted(body(None)).messages == (Health(device="gate-east", at=SENT),)


def test_a_batch_without_a_word_about_the_detector_gives_no_health() -> None:
    assert posted(body(ITEM)).messages == ()


def test_the_health_of_a_detector_is_read_value_by_value() -> None:
    health = {
        "battery_pct": 80,
        "charging": 1,
        "signal_pct": "55",
        "firmware": " 1.4 ",
        "free_pct": 98,
        "load": 0.05,
        "odd": [],
    }
    expected = Health(
        device="gate-east",
        at=SENT,
        battery_pct=80,
        charging=True,
        signal_pct=55,
        firmware="1.4",
        uptime_s=86400,
        free_pct=98,
        load=0.05,
    )

    assert posted(body(ITEM, health=health, uptime_s=86400)).messages == (expected,)
    assert posted(body(ITEM, health={**health, "uptime_s": 86400})).messages == (expected,)
    assert posted(body(ITEM, health={"battery_pct": 300, "firmware": 5.5, "load": "much"})).messages == ()
    assert posted(body(ITEM, health="good")).messages == ()


def test_a_detector_that_moves_says_where_it_is() -> None:
    place = {"lat_deg": 34.757, "lon_deg": 134.841, "accuracy_m": 8, "at": "2026-04-01T08:12:05Z"}
    fix = Fix(device="gate-east", at=AT, lat_deg=34.757, lon_deg=134.841, accuracy_m=8, source="gnss")

    assert posted(body(ITEM, place=place)).messages == (fix,)
    assert posted(body(ITEM, place={**place, "at": None})).messages[0].at == SENT


@pytest.mark.parametrize("place", [5, [], {"lat_deg": 91, "lon_deg": 134}, {"lat_deg": "north", "lon_deg": 1}])
def test_a_place_that_cannot_be_costs_only_itself(place: object) -> None:
    said = posted(body(ITEM, place=place))

    assert said.messages == ()
    assert said.sightings == (SIGHTING,)
    assert ["place" in refusal.why for refusal in said.refusals] == [True]


def test_a_detector_that_does_not_know_where_it_is_says_no_place() -> None:
    assert posted(body(ITEM, place={"lat_deg": 0, "lon_deg": 0})) == posted(body(ITEM))


@pytest.mark.parametrize("detector", [None, "", [], {}, 1.5, "a\nb"])
def test_a_detector_without_a_readable_name_is_left_to_its_credential(detector: object) -> None:
    said = posted(body(ITEM, detector=detector))

    assert said.device is None
    assert [sighting.detector for sighting in said.sightings] == [UNSET]
    assert said.refusals == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the body is not JSON (at character 0)"),
        (b"\xff\xfe{}", "the body is not UTF-8 (at byte 0)"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
        (b"5", "not a JSON object"),
        (b"[{}]", "not a JSON object"),
        (b"{}", "neither detector nor items in the body"),
        (b'{"seq":1,"items":[]}', "neither detector nor items in the body"),
    ],
)
def test_what_is_no_batch_is_refused_and_nothing_is_made_of_it(content: bytes, why: str) -> None:
    assert decode(HttpRequest(body=content)) == Decoded(refusals=(Refusal(row=0, why=why),))


def test_items_that_are_no_list_are_refused_and_the_detector_is_there() -> None:
    said = posted({"detector": "gate-east", "items": {"0": ITEM}})

    assert [refusal.why for refusal in said.refusals] == ["items must be a list"]
    assert said.messages == (Health(device="gate-east"),)
