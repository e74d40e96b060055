"""Requests of OwnTracks: every captured one, and the cases that the captured ones do not have."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.owntracks import decode
from beacon_ingest.messages import Alarm, Answer, Fix, Health
from tests.unit.beacon_ingest.captured import captured

AT = datetime(2019, 3, 6, 12, 21, 18, tzinfo=UTC)
TST = 1551874878
PLACE = {"_type": "location", "tid": "ha", "tst": TST, "lat": 35.6, "lon": 139.7}
FIX = Fix(device="ha", at=AT, lat_deg=35.6, lon_deg=139.7)


def posted(body: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(body).encode()))


@pytest.mark.parametrize("row", captured("owntracks")["vectors"], ids=lambda row: row["id"])
def test_every_captured_request_gives_what_its_fields_say(row: dict[str, Any]) -> None:
    derived = row["derived"]
    said = decode(HttpRequest(body=bytes.fromhex(row["input"]["body_hex"])))
    (fix,) = [message for message in said.messages if isinstance(message, Fix)]
    health = [message for message in said.messages if isinstance(message, Health)]

    assert derived["device"] == said.device
    assert said.refusals == ()
    assert said.stamped
    assert (derived["lat"], derived["lon"]) == (fix.lat_deg, fix.lon_deg)
    assert datetime.fromisoformat(derived["time"]) == fix.at
    assert derived.get("accuracy_m", UNSET) == fix.accuracy_m
    assert derived.get("altitude_m", UNSET) == fix.altitude_m
    assert derived.get("course_deg", UNSET) == fix.heading_deg
    assert (pytest.approx(derived["speed_kmh"] / 3.6) if "speed_kmh" in derived else UNSET) == fix.speed_mps
    assert ([derived["battery_pct"]] if "battery_pct" in derived else []) == [said.battery_pct for said in health]


def test_the_topic_names_the_device_before_the_two_characters_do() -> None:
    assert posted({**PLACE, "topic": "owntracks/hanako/phone"}).device == "owntracks/hanako/phone"
    assert posted(PLACE).device == "ha"


def test_a_body_that_names_no_device_leaves_it_to_the_credential() -> None:
    said = posted({"_type": "location", "tst": TST, "lat": 35.6, "lon": 139.7})

    assert said.device is None
    assert said.messages == (Fix(device="", at=AT, lat_deg=35.6, lon_deg=139.7),)


def test_numbers_may_be_text_and_milliseconds_are_understood() -> None:
    said = posted(
        {"_type": "location", "tid": "ha", "tst": str(TST * 1000), "lat": "35.6", "lon": "139.7", "vel": "36"}
    )

    assert said.messages == (Fix(device="ha", at=AT, lat_deg=35.6, lon_deg=139.7, speed_mps=10.0),)


@pytest.mark.parametrize(("bs", "charging"), [(0, UNSET), (1, False), (2, True), (3, True), (9, UNSET), ("2", True)])
def test_the_battery_status_says_whether_it_charges(bs: object, charging: object) -> None:
    said = posted({**PLACE, "batt": 46, "bs": bs})

    assert said.messages[1] == Health(device="ha", at=AT, battery_pct=46, charging=charging)  # type: ignore[arg-type]


def test_a_place_on_request_is_also_an_answer() -> None:
    assert posted({**PLACE, "t": "r"}).messages == (FIX, Answer(device="ha", command="reportLocation", at=AT))


def test_a_tracker_says_that_its_battery_is_low() -> None:
    assert posted({**PLACE, "t": "9"}).messages == (FIX, Alarm(device="ha", kinds=("low_battery",), at=AT))


@pytest.mark.parametrize("trigger", ["p", "1", "2", "3", "e", "s", 9, [], None])
def test_other_triggers_are_no_alarm(trigger: object) -> None:
    assert posted({**PLACE, "t": trigger}).messages == (FIX,)


@pytest.mark.parametrize("trigger", ["l", "L"])
def test_an_old_place_that_a_tracker_repeats_is_no_fix(trigger: str) -> None:
    assert posted({**PLACE, "t": trigger}) == Decoded(device="ha", stamped=True)


@pytest.mark.parametrize(("event", "kind"), [("enter", "fence_enter"), ("leave", "fence_exit")])
def test_a_fence_of_the_phone_gives_its_place_and_an_alarm(event: str, kind: str) -> None:
    crossing = {**PLACE, "_type": "transition", "wtst": 5, "event": event, "acc": 12, "desc": "自宅"}
    said = posted(crossing)

    fix = Fix(device="ha", at=AT, lat_deg=35.6, lon_deg=139.7, accuracy_m=12)
    assert said.messages == (fix, Alarm(device="ha", kinds=(kind,), at=AT))


def test_a_fence_around_a_beacon_has_no_place() -> None:
    said = posted({"_type": "transition", "tid": "ha", "tst": TST, "event": "leave", "acc": 0})

    assert said.messages == (Alarm(device="ha", kinds=("fence_exit",), at=AT),)
    assert said.refusals == ()


def test_a_transition_that_is_neither_in_nor_out_keeps_its_place() -> None:
    said = posted({**PLACE, "_type": "transition", "event": ["leave"]})

    assert said.messages == (FIX,)
    assert len(said.refusals) == 1


def test_counted_steps_are_an_answer_and_no_state_of_the_device() -> None:
    said = posted({"_type": "steps", "tid": "ha", "tst": TST, "steps": 120, "from": TST - 60, "to": TST})

    assert said.messages == (Answer(device="ha", command="reportSteps", at=AT, result="120"),)


@pytest.mark.parametrize(
    "kind", ["lwt", "card", "waypoint", "waypoints", "status", "dump", "configuration", "cmd", "beacon"]
)
def test_what_says_nothing_of_a_person_is_taken_politely(kind: str) -> None:
    assert posted({"_type": kind, "tid": "ha", "tst": TST}) == Decoded(device="ha")


@pytest.mark.parametrize("body", [b"", b"  \n", b"[]"])
def test_an_empty_body_is_part_of_the_protocol(body: bytes) -> None:
    assert decode(HttpRequest(body=body)) == Decoded()


def test_an_encrypted_message_is_refused_with_the_cure() -> None:
    said = posted({"_type": "encrypted", "data": "AAAA"})

    assert [refusal.why for refusal in said.refusals] == [
        "encrypted: this service holds no key; clear the encryption key in the app"
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"5",
        b'"x"',
        b"{}",
        b'{"_type":"what"}',
        b'{"_type":["location"]}',
        b'{"_type":"location","tst":1551874878}',
        b'{"_type":"location","tst":1551874878,"lat":35}',
        b'{"_type":"location","tst":1551874878,"lat":NaN,"lon":1}',
        b'{"_type":"location","tst":1551874878,"lat":"nan","lon":1}',
        b'{"_type":"location","tst":1551874878,"lat":[35],"lon":{}}',
        b'{"_type":"location","tst":1551874878,"lat":true,"lon":1}',
        b'{"_type":"location","tst":1551874878,"lat":1' + b"0" * 400 + b',"lon":1}',
        b'{"_type":"location","tst":0,"lat":35,"lon":139}',
        b'{"_type":"location","tst":[],"lat":35,"lon":139}',
        b'{"_type":"\\ud800"}',
        b"\xff\xfe{}",
        b'{"a":' * 50_000,
        b"[[" * 50_000,
    ],
)
def test_bad_input_is_refused_and_nothing_is_made_of_it(body: bytes) -> None:
    said = decode(HttpRequest(body=body))

    assert said.messages == ()
    assert len(said.refusals) == 1


def test_a_byte_order_mark_does_no_harm() -> None:
    assert decode(HttpRequest(body=b"\xef\xbb\xbf" + json.dumps(PLACE).encode())).messages == (FIX,)


def test_a_lone_surrogate_in_a_name_costs_only_the_name() -> None:
    body = json.dumps({**PLACE, "topic": "owntracks/\ud800"}).encode()

    assert decode(HttpRequest(body=body)).messages == (FIX,)


def test_one_bad_element_of_a_batch_costs_only_itself() -> None:
    said = posted([PLACE, {**PLACE, "lat": 91}, None, {**PLACE, "tst": TST + 1}])

    assert [message.at for message in said.messages] == [AT, AT.replace(second=19)]
    assert [refusal.row for refusal in said.refusals] == [1, 2]
    assert said.device == "ha"
    assert not said.stamped


def test_a_batch_of_several_devices_names_none_of_them_as_its_own() -> None:
    said = posted([PLACE, {**PLACE, "tid": "ta"}])

    assert said.device is None
    assert [message.device for message in said.messages] == ["ha", "ta"]
