"""Requests of OsmAnd and Traccar Client: every captured one, and the cases that the captured ones do not have."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from msgspec import UNSET

from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.osmand import decode
from beacon_ingest.messages import AccessPoint, Alarm, Cell, Fix, Health, Survey
from tests.unit.beacon_ingest.captured import captured

NOW = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
AT = datetime(2013, 8, 22, 13, 14, 27, tzinfo=UTC)


def request_of(row: dict[str, Any]) -> HttpRequest:
    given = row["input"]
    headers = {name.lower(): value for name, value in given["headers"].items()}
    body = bytes.fromhex(given["body_hex"] or "")
    return HttpRequest(method=given["method"], uri=given["uri"], headers=headers, body=body)


def query(text: str, received_at: datetime | None = None) -> Decoded:
    return decode(HttpRequest(method="GET", uri=f"/ingest/osmand?{text}"), received_at)


def posted(body: object) -> Decoded:
    return decode(HttpRequest(body=json.dumps(body).encode(), headers={"content-type": "application/json"}))


@pytest.mark.parametrize("row", captured("osmand")["vectors"], ids=lambda row: row["id"])
def test_every_captured_request_gives_what_its_fields_say(row: dict[str, Any]) -> None:
    derived = row["derived"]
    said = decode(request_of(row))
    fixes = [message for message in said.messages if isinstance(message, Fix)]
    health = [message for message in said.messages if isinstance(message, Health)]

    assert derived["device"] == said.device
    assert said.refusals == ()
    assert ("time" in derived) is said.stamped
    if "lat" not in derived:
        assert fixes == []
        return
    (fix,) = fixes
    assert (derived["lat"], derived["lon"]) == (fix.lat_deg, fix.lon_deg)
    if "time" in derived and "local time" not in derived["time"]:
        assert datetime.fromisoformat(derived["time"]) == fix.at
    assert derived.get("accuracy_m", UNSET) == fix.accuracy_m
    assert derived.get("altitude_m", UNSET) == fix.altitude_m
    assert derived.get("course_deg", UNSET) == fix.heading_deg
    knots = derived.get("speed_knots")
    assert derived.get("speed_mps", UNSET if knots is None else pytest.approx(knots * 1852 / 3600)) == fix.speed_mps
    if "battery_pct" in derived or "charging" in derived:
        assert derived.get("battery_pct", UNSET) == health[0].battery_pct
        assert derived.get("charging", UNSET) == health[0].charging


def test_cells_and_access_points_without_a_place_are_a_survey() -> None:
    row = captured("osmand")["vectors"][2]
    survey = Survey(
        device="123456",
        at=AT,
        cells=(Cell(mcc=257, mnc=2, lac=16, cid=2224), Cell(mcc=257, mnc=2, lac=16, cid=2223, rssi_dbm=-90)),
        access_points=(AccessPoint(mac="001422012345", rssi_dbm=-80), AccessPoint(mac="001cb3098515", rssi_dbm=-70)),
    )

    assert (survey,) == decode(request_of(row)).messages


@pytest.mark.parametrize(
    "text",
    [
        "1377177267",
        "1377177267.0",
        "1377177267000",
        "2013-08-22T13:14:27Z",
        "2013-08-22T13:14:27",
        "2013-08-22T22:14:27%2B09:00",
        "2013-08-22T22:14:27+09:00",
        "2013-08-22 13:14:27",
        "2013-08-22+13%3A14%3A27",
    ],
)
def test_a_time_is_read_in_every_form_and_without_a_zone_as_utc(text: str) -> None:
    said = query(f"id=1&lat=35&lon=139&timestamp={text}")

    assert (Fix(device="1", at=AT, lat_deg=35, lon_deg=139),) == said.messages
    assert said.stamped


def test_a_request_without_a_time_speaks_of_now() -> None:
    assert query("id=1&lat=35&lon=139", NOW).messages == (Fix(device="1", at=NOW, lat_deg=35, lon_deg=139),)
    assert query("id=1&lat=35&lon=139").messages == (Fix(device="1", lat_deg=35, lon_deg=139),)
    assert not query("id=1&lat=35&lon=139", NOW).stamped


@pytest.mark.parametrize("time", ["0", "-5", "3471292800", "1377177267000000", "soon", "1e400", "nan", "9" * 50])
def test_a_time_that_cannot_be_true_costs_the_fix_and_never_the_alarm(time: str) -> None:
    said = query(f"id=1&lat=35&lon=139&alarm=sos&timestamp={time}", NOW)

    assert said.messages == (Alarm(device="1", kinds=("sos",)),)
    assert len(said.refusals) == 1
    assert not said.stamped


@pytest.mark.parametrize(
    "place", ["lat=0&lon=0", "lat=0.0&lon=-0", "", "lat=35&lon=139&valid=false", "valid=0&lat=1&lon=2"]
)
def test_no_place_is_no_fix_and_no_refusal(place: str) -> None:
    said = query(f"id=1&timestamp=1377177267&batt=50&{place}")

    assert said.messages == (Health(device="1", at=AT, battery_pct=50),)
    assert said.refusals == ()


@pytest.mark.parametrize(
    "place",
    ["lat=91&lon=0", "lat=0&lon=181", "lat=nan&lon=1", "lat=Infinity&lon=1", "lat=35", "lat=x&lon=1", "location=35"],
)
def test_a_place_that_is_none_is_refused_and_the_rest_stays(place: str) -> None:
    said = query(f"id=1&timestamp=1377177267&batt=50&{place}")

    assert said.messages == (Health(device="1", at=AT, battery_pct=50),)
    assert len(said.refusals) == 1


def test_values_that_cannot_be_true_are_unknown() -> None:
    said = query("id=1&lat=35&lon=139&speed=-1&bearing=-1&accuracy=0&altitude=1e300&batt=-1&sat=0&charge=maybe")

    assert said.messages == (Fix(device="1", lat_deg=35, lon_deg=139),)


def test_a_form_in_the_body_is_read_and_the_address_may_carry_a_key_beside_it() -> None:
    request = HttpRequest(uri="/ingest/osmand?key=secret", body=b"deviceid=1&lat=35&lon=139&speed=36&charge=true")
    said = decode(request)

    assert said.messages == (
        Fix(device="1", lat_deg=35, lon_deg=139, speed_mps=36 * (1852 / 3600)),
        Health(device="1", charging=True),
    )


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("sos", ("sos",)),
        ("SOS", ("sos",)),
        ("fallDown", ("fall",)),
        ("fall_down", ("fall",)),
        ("lowBattery,sos", ("sos", "low_battery")),
        ("powerOff", ("power_off",)),
        ("powerCut", ("mains_failure",)),
        ("removing", ("removed",)),
        ("tampering", ("tamper",)),
        ("geofenceEnter", ("fence_enter",)),
        ("geofenceExit", ("fence_exit",)),
        ("fault", ("fault",)),
        ("general", ("other",)),
        ("hardBraking", ("other",)),
        ("true", ("other",)),
        ("転倒", ("other",)),
    ],
)
def test_alarms_are_told_with_and_without_a_place(text: str, kinds: tuple[str, ...]) -> None:
    assert query(f"id=1&timestamp=1377177267&alarm={quote(text)}").messages == (Alarm(device="1", kinds=kinds, at=AT),)
    assert query(f"id=1&lat=35&lon=139&alarm={quote(text)}").messages[1] == Alarm(device="1", kinds=kinds)


@pytest.mark.parametrize("text", ["", "false", "0", ",", "none"])
def test_an_empty_alarm_is_none(text: str) -> None:
    assert query(f"id=1&alarm={text}").messages == ()


@pytest.mark.parametrize(
    "text", ["", "lat=60.0&lon=30.0", "id=&lat=60&lon=30", "id=%00&lat=1&lon=2", "id=%ff&lat=1&lon=2"]
)
def test_a_request_that_names_no_device_is_refused(text: str) -> None:
    said = query(text)

    assert said.device is None
    assert len(said.refusals) == 1
    assert said.messages == ()


def test_one_bad_cell_does_not_spoil_the_others() -> None:
    said = query("id=1&cell=440,10,4097,77&cell=440,10&cell=0,0,0,0&wifi=00-14-22-01-23-45,-80&wifi=nonsense")

    assert said.messages == (
        Survey(
            device="1",
            cells=(Cell(mcc=440, mnc=10, lac=4097, cid=77),),
            access_points=(AccessPoint(mac="001422012345", rssi_dbm=-80),),
        ),
    )
    assert len(said.refusals) == 3


def test_the_sos_button_of_the_phone_arrives_without_a_place() -> None:
    said = posted({"device_id": "1", "location": {"timestamp": "2013-08-22T13:14:27Z", "alarm": "sos"}})

    assert said.messages == (Alarm(device="1", kinds=("sos",), at=AT),)


@pytest.mark.parametrize("beside", [{}, {"alarm": "lowBattery"}, {"alarm": "sos"}, {"event": "motionchange"}])
def test_the_sos_button_of_traccar_client_speaks_among_the_extras(beside: dict[str, str]) -> None:
    """The app asks for a position with `extras: {'alarm': 'sos'}` (traccar-client, lib/quick_actions.dart)."""
    location = {"timestamp": "2013-08-22T13:14:27Z", **beside, "extras": {"alarm": "sos"}}

    said = posted({"device_id": "1", "location": location})

    kinds = ("sos", "low_battery") if beside.get("alarm") == "lowBattery" else ("sos",)
    assert said.messages == (Alarm(device="1", kinds=kinds, at=AT),)


@pytest.mark.parametrize("extras", [None, [], "sos", {"alarm": None}, {"alarm": {}}, {}])
def test_extras_without_an_alarm_say_nothing(extras: object) -> None:
    location = {"timestamp": "2013-08-22T13:14:27Z", "extras": extras}

    assert posted({"device_id": "1", "location": location}).messages == ()


def test_unknown_values_of_the_phone_are_left_out() -> None:
    coords = {"latitude": 35, "longitude": 139, "speed": -1, "heading": -1, "accuracy": -1, "altitude": None}
    said = posted({"device_id": 7, "location": {"coords": coords, "battery": {"level": -1}}})

    assert said.messages == (Fix(device="7", lat_deg=35, lon_deg=139),)


def test_a_battery_level_is_a_percentage_without_the_dust_of_floats() -> None:
    said = posted({"device_id": "1", "location": {"battery": {"level": 0.57, "is_charging": True}}})

    assert said.messages == (Health(device="1", battery_pct=57.0, charging=True),)


def test_a_batch_of_phones_positions_keeps_what_can_be_read() -> None:
    good = {"coords": {"latitude": 35, "longitude": 139}}
    said = posted([{"device_id": "1", "location": [good, 5, good]}, "x", {"device_id": "1", "location": good}])

    assert said.messages == (Fix(device="1", lat_deg=35, lon_deg=139),) * 3
    assert [refusal.row for refusal in said.refusals] == [1, 3]
    assert said.device == "1"


@pytest.mark.parametrize(
    "body", [b"{", b"[]]", b'{"device_id":"1"}', b'{"location":{}}', b"[" * 100_000, b'{"device_id":"\xff"}', b"[1]"]
)
def test_json_that_is_none_or_says_nothing_is_refused(body: bytes) -> None:
    said = decode(HttpRequest(body=body))

    assert said.messages == ()
    assert len(said.refusals) == 1


def test_one_number_that_json_does_not_know_costs_only_itself() -> None:
    body = b'{"device_id":"1","location":{"coords":{"latitude":35,"longitude":139,"speed":Infinity,"accuracy":1e999}}}'

    assert decode(HttpRequest(body=body)).messages == (Fix(device="1", lat_deg=35, lon_deg=139),)


def test_more_parameters_than_any_device_sends_are_refused() -> None:
    said = query("&".join(["cell=440,10,4097,77"] * 1000))

    assert [refusal.why for refusal in said.refusals] == ["more than 200 parameters"]
