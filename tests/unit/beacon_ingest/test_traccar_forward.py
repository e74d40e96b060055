"""What a Traccar server forwards: every captured body, and the cases that the captured ones do not have."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.traccar_forward import decode
from beacon_ingest.messages import AccessPoint, Alarm, Cell, Fix, Health, Message, Survey
from tests.unit.beacon_ingest.captured import captured

VECTORS: list[dict[str, Any]] = captured("traccar_forward")["vectors"]
AT = datetime(2022, 12, 15, 0, 29, 26, tzinfo=UTC)
POSITION: dict[str, Any] = {
    "protocol": "gt06",
    "deviceTime": "2022-12-15T00:29:26.000+00:00",
    "fixTime": "2022-12-15T00:29:26.000+00:00",
    "valid": True,
    "latitude": 35.6,
    "longitude": 139.7,
    "altitude": 0.0,
    "speed": 0.0,
    "course": 0.0,
    "accuracy": 0.0,
    "network": None,
    "attributes": {},
}
FIX = Fix(device="1", at=AT, lat_deg=35.6, lon_deg=139.7, speed_mps=0.0)


def posted(body: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(body).encode()))


def forwarded(**changes: Any) -> tuple[Message, ...]:
    return posted({"device": {"uniqueId": "1"}, "position": {**POSITION, **changes}}).messages


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["from"])
def test_every_captured_position_gives_what_its_fields_say(row: dict[str, Any]) -> None:
    """The 0 of accuracy, altitude and course is that server's "unknown", and 0,0 or an invalid place is no place."""
    body = row["position_forward_body"]
    position = body["position"]
    said = posted(body)
    fixes = [message for message in said.messages if isinstance(message, Fix)]

    assert body["device"]["uniqueId"] == said.device
    assert said.refusals == ()
    assert said.stamped
    if not position["valid"]:
        assert fixes == []
        return
    (fix,) = fixes
    assert (position["latitude"], position["longitude"]) == (fix.lat_deg, fix.lon_deg)
    assert datetime.fromisoformat(position["fixTime"]) == fix.at
    assert position["speed"] * 1852 / 3600 == pytest.approx(fix.speed_mps)
    assert (position["accuracy"] or UNSET) == fix.accuracy_m
    assert (position["altitude"] or UNSET) == fix.altitude_m
    assert (position["course"] or UNSET) == fix.heading_deg
    assert position["attributes"].get("sat", UNSET) == fix.satellites
    assert position["attributes"].get("archive", UNSET) == fix.buffered


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["from"])
def test_every_captured_position_tells_how_the_device_is(row: dict[str, Any]) -> None:
    position = row["position_forward_body"]["position"]
    known = position["attributes"]
    health = [message for message in posted(row["position_forward_body"]).messages if isinstance(message, Health)]

    if not {"batteryLevel", "charge", "steps"} & known.keys():
        assert health == []
        return
    assert known.get("batteryLevel", UNSET) == health[0].battery_pct
    assert known.get("charge", UNSET) == health[0].charging
    assert known.get("steps", UNSET) == health[0].steps
    assert (known.get("rssi", UNSET) if position["protocol"] == "watch" else UNSET) == health[0].signal_pct
    assert datetime.fromisoformat(position["deviceTime"]) == health[0].at


def test_what_was_heard_is_told_when_there_is_no_fix() -> None:
    said = posted(VECTORS[0]["position_forward_body"])

    assert said.messages[-1] == Survey(
        device="9705141740",
        at=datetime(2023, 7, 26, 18, 51, 5, tzinfo=UTC),
        cells=(Cell(mcc=605, mnc=1, lac=10006, cid=65799), Cell(mcc=605, mnc=1, lac=10020, cid=4104)),
        access_points=(
            AccessPoint(mac="34e894e40618", rssi_dbm=-104),
            AccessPoint(mac="984827551820", rssi_dbm=-96),
            AccessPoint(mac="3460f9ec19f8", rssi_dbm=-82),
        ),
    )


def test_the_same_alarm_in_both_bodies_has_the_same_time() -> None:
    row = next(row for row in VECTORS if "event_forward_body" in row)
    alarm = Alarm(device="3177718238", kinds=("mains_failure",), at=AT)

    assert posted(row["position_forward_body"]).messages == (alarm,)
    assert posted(row["event_forward_body"]).messages == (alarm,)


def test_every_alarm_of_a_list_is_told_with_and_without_a_place() -> None:
    alarm = Alarm(device="1", kinds=("sos", "low_battery"), at=AT)

    assert forwarded(attributes={"alarm": "lowBattery,sos"}) == (FIX, alarm)
    assert forwarded(attributes={"alarm": "lowBattery,sos"}, valid=False) == (alarm,)
    assert forwarded(attributes={"alarm": "lowBattery,sos"}, latitude=0.0, longitude=0.0) == (alarm,)
    assert forwarded(attributes={"alarm": "lowBattery,sos"}, latitude=135.6) == (alarm,)


def test_an_event_of_an_alarm_tells_it_with_its_place() -> None:
    event = {"type": "alarm", "eventTime": "2026-01-01T00:00:00.000+00:00", "attributes": {"alarm": "sos"}}
    said = posted({"event": event, "device": {"uniqueId": "1"}, "position": POSITION})

    assert said.messages == (FIX, Alarm(device="1", kinds=("sos",), at=AT))


def test_an_event_without_a_position_has_its_own_time() -> None:
    event = {"type": "alarm", "eventTime": "2022-12-15T00:29:26.000+00:00"}
    said = posted({"event": event, "device": {"uniqueId": "1"}})

    assert said.messages == (Alarm(device="1", kinds=("other",), at=AT),)


@pytest.mark.parametrize("kind", ["geofenceExit", "deviceOffline", "deviceMoving", None, 5])
def test_the_judgements_of_the_other_server_are_not_ours(kind: object) -> None:
    event = {"type": kind, "eventTime": "2022-12-15T00:29:26.000+00:00"}

    assert posted({"event": event, "device": {"uniqueId": "1"}, "position": POSITION}) == Decoded(device="1")


def test_a_repeated_place_keeps_the_time_at_which_it_was_measured() -> None:
    fix, alarm = forwarded(deviceTime="2022-12-15T08:00:00.000+00:00", attributes={"alarm": "sos"})

    assert fix == FIX
    assert alarm == Alarm(device="1", kinds=("sos",), at=datetime(2022, 12, 15, 8, tzinfo=UTC))


def test_a_place_that_was_looked_up_says_from_what() -> None:
    network = {"cellTowers": [], "wifiAccessPoints": [{"macAddress": "34:60:f9:ec:19:f8", "signalStrength": -82}]}

    assert forwarded(attributes={"approximate": True}, network=network)[0].source == "wifi"  # type: ignore[union-attr]
    assert forwarded(attributes={"approximate": True})[0].source == "cell"  # type: ignore[union-attr]
    assert forwarded(attributes={"sat": 7})[0].source == "gnss"  # type: ignore[union-attr]
    assert forwarded()[0].source is UNSET  # type: ignore[union-attr]


def test_a_place_of_an_unset_clock_is_refused_and_its_alarm_kept() -> None:
    unset = "1970-01-01T00:00:00.000+00:00"
    position = {**POSITION, "fixTime": unset, "deviceTime": unset, "attributes": {"alarm": "sos"}}
    said = posted({"device": {"uniqueId": "1"}, "position": position})

    assert said.messages == (Alarm(device="1", kinds=("sos",)),)
    assert said.refusals
    assert not said.stamped


def test_the_firmware_is_told() -> None:
    assert forwarded(valid=False, attributes={"versionFw": "V1.2"}) == (Health(device="1", at=AT, firmware="V1.2"),)


@pytest.mark.parametrize(
    "network",
    [
        5,
        [],
        {"cellTowers": 5, "wifiAccessPoints": {}},
        {"cellTowers": [5, {}], "wifiAccessPoints": [None, {"macAddress": 5}]},
    ],
)
def test_a_network_of_a_wrong_shape_is_nothing(network: object) -> None:
    assert forwarded(valid=False, network=network) == ()


@pytest.mark.parametrize(
    "body",
    [
        None,
        5,
        {},
        {"device": 5, "position": POSITION},
        {"device": {"uniqueId": None}, "position": POSITION},
        {"device": {"uniqueId": "1"}},
        {"device": {"uniqueId": "1"}, "position": []},
        {"device": {"uniqueId": "1"}, "position": {**POSITION, "latitude": "NaN"}},
        {"device": {"uniqueId": "1"}, "position": {**POSITION, "latitude": None}},
    ],
)
def test_bad_input_is_refused_and_nothing_is_made_of_it(body: object) -> None:
    said = posted(body)

    assert said.messages == ()
    assert len(said.refusals) == 1


def test_one_bad_element_of_a_list_costs_only_itself() -> None:
    good = {"device": {"uniqueId": "1"}, "position": POSITION}
    said = posted([good, {"position": POSITION}, good])

    assert said.messages == (FIX, FIX)
    assert [refusal.row for refusal in said.refusals] == [1]
