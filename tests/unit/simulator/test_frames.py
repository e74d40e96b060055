"""What the simulated devices send means to the edge's decoders what it should mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import UNSET

from app.simulator import frames
from app.simulator.frames import Surroundings, WatchSays
from app.simulator.receivers import Measured
from beacon_ingest.decoders import osmand, owntracks, watch
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.decoders.watch_framing import encode_command
from beacon_ingest.messages import Alarm, Answer, Fix, Health, Message, Survey
from tests.build import NOW

WATCH_ID = "9705141740"
AROUND = Surroundings(cells=((4010, 55501), (4010, 55502)), access_points=(("demo-a1", "02:00:00:00:00:0a"),))
SAYS = WatchSays(battery_pct=76.4, steps=1234, signal_pct=80)
FIX = Measured(
    at=NOW, lat_deg=34.757123, lon_deg=134.841456, accuracy_m=12.5, speed_mps=1.25, heading_deg=45.0, satellites=9
)


def of_watch(content: str) -> Decoded:
    framer = watch.Framer(10_000)
    (frame,) = framer.feed(frames.watch_frame(WATCH_ID, content))

    assert framer.dropped == framer.pending == 0
    decoded = watch.decode_frame(frame, NOW)
    assert decoded.refusals == ()
    assert decoded.device == WATCH_ID
    return decoded


def one(kind: type[Message], decoded: Decoded) -> Any:
    (message,) = [message for message in decoded.messages if isinstance(message, kind)]
    return message


def place(fix: Fix) -> tuple[object, ...]:
    return fix.at, fix.lat_deg, fix.lon_deg, fix.accuracy_m


def test_a_heartbeat_tells_steps_and_battery_and_wants_an_answer() -> None:
    decoded = of_watch(frames.watch_link(SAYS))

    assert (1234, 76) == (one(Health, decoded).steps, one(Health, decoded).battery_pct)
    assert decoded.answer is not None


def test_a_place_of_a_watch_arrives_whole() -> None:
    decoded = of_watch(frames.watch_position("UD", NOW, SAYS, FIX, None, AROUND))
    fix = one(Fix, decoded)

    assert (NOW, 34.757123, 134.841456, 12.5) == place(fix)
    assert pytest.approx(1.25, abs=0.01) == fix.speed_mps
    assert (45.0, 9, UNSET) == (fix.heading_deg, fix.satellites, fix.buffered)
    assert [] == [message for message in decoded.messages if isinstance(message, Survey | Alarm)]


@pytest.mark.parametrize(("lat_deg", "lon_deg"), [(-33.9, 18.4), (34.7, -118.2), (-0.5, -0.25)])
def test_a_place_of_a_watch_south_or_west_stays_there(lat_deg: float, lon_deg: float) -> None:
    fix = Measured(at=NOW, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=None)
    found = one(Fix, of_watch(frames.watch_position("UD", NOW, SAYS, fix, None, AROUND)))

    assert (NOW, lat_deg, lon_deg, UNSET) == place(found)


def test_a_watch_indoors_sends_no_fix_although_the_frame_repeats_the_last_place() -> None:
    decoded = of_watch(frames.watch_position("UD", NOW, SAYS, None, FIX, AROUND))
    survey = one(Survey, decoded)

    assert [] == [message for message in decoded.messages if isinstance(message, Fix)]
    assert [(440, 10, 4010, 55501), (440, 10, 4010, 55502)] == [
        (cell.mcc, cell.mnc, cell.lac, cell.cid) for cell in survey.cells
    ]
    assert ["02000000000a"] == [point.mac for point in survey.access_points]


def test_an_sos_indoors_is_an_alarm_and_nothing_else_but_health_and_a_survey() -> None:
    content = frames.watch_position("AL", NOW, WatchSays(status=frames.SOS), None, FIX, AROUND)
    decoded = of_watch(content)

    assert (("sos",), NOW) == (one(Alarm, decoded).kinds, one(Alarm, decoded).at)
    assert [] == [message for message in decoded.messages if isinstance(message, Fix)]
    assert frames.watch_frame(WATCH_ID, "AL").lower() == (decoded.answer or b"").lower()


def test_a_buffered_place_says_that_it_is_late() -> None:
    assert one(Fix, of_watch(frames.watch_position("UD2", NOW, SAYS, FIX, None, AROUND))).buffered is True


def test_a_moving_watch_raises_no_alarm() -> None:
    decoded = of_watch(frames.watch_position("UD", NOW, WatchSays(status=frames.MOVING), FIX, None, AROUND))

    assert [] == [message for message in decoded.messages if isinstance(message, Alarm)]


def test_a_watch_that_knows_nothing_of_itself_says_nothing_of_itself() -> None:
    decoded = of_watch(frames.watch_position("UD", NOW, WatchSays(), FIX, None, AROUND))

    assert [Fix] == [type(message) for message in decoded.messages]


@pytest.mark.parametrize("word", ["CR", "UPLOAD"])
def test_the_echo_of_a_command_is_its_answer(word: str) -> None:
    assert word == one(Answer, of_watch(word)).command


def test_commands_of_the_server_are_read_by_the_watch() -> None:
    found = frames.FRAME.search(b"noise" + encode_command("3G", WATCH_ID, "UPLOAD,20"))

    assert found is not None
    assert (WATCH_ID.encode(), b"UPLOAD,20") == (found[2], found[4])


def test_what_is_heard_around_a_home_is_always_the_same_and_no_real_access_point() -> None:
    here = frames.surroundings("1/haru")

    assert here == frames.surroundings("1/haru")
    assert here != frames.surroundings("1/tome")
    assert all(int(address[:2], 16) & 2 for _, address in here.access_points)


def owntracks_of(**more: Any) -> Decoded:
    said = {"user": "tadashi", "trigger": "t", "battery_pct": 81.6, "charging": False, "sent_at": NOW, **more}
    decoded = owntracks.decode(HttpRequest(body=frames.owntracks_location(said.pop("fix", FIX), **said)), NOW)

    assert decoded.refusals == ()
    return decoded


def test_a_place_of_owntracks_arrives_whole() -> None:
    decoded = owntracks_of()
    fix, health = one(Fix, decoded), one(Health, decoded)

    assert ("owntracks/tadashi/phone", NOW, 34.757123, 134.841456, 12.0) == (fix.device, *place(fix))
    assert pytest.approx(1.25, abs=0.15) == fix.speed_mps
    assert (82, False) == (health.battery_pct, health.charging)


def test_owntracks_tells_that_it_charges_and_what_it_does_not_know_it_leaves_out() -> None:
    assert one(Health, owntracks_of(charging=True)).charging is True
    unknown = Measured(at=NOW, lat_deg=34.7, lon_deg=134.8, accuracy_m=None)
    decoded = owntracks_of(fix=unknown, battery_pct=None)

    assert (NOW, 34.7, 134.8, UNSET) == place(one(Fix, decoded))
    assert 1 == len(decoded.messages)


def test_owntracks_answers_the_question_where_it_is() -> None:
    assert "reportLocation" == one(Answer, owntracks_of(trigger="r")).command


def osmand_of(fix: Measured | None, at: datetime = NOW, key: str | None = None) -> Decoded:
    query = frames.osmand_query("55259101", at, fix, battery_pct=20.4, charging=True, key=key)
    decoded = osmand.decode(HttpRequest(method="GET", uri=f"/ingest/osmand?{query}"), NOW + timedelta(hours=1))

    assert decoded.refusals == ()
    assert decoded.device == "55259101"
    return decoded


def test_a_place_of_osmand_arrives_whole() -> None:
    decoded = osmand_of(FIX)
    fix, health = one(Fix, decoded), one(Health, decoded)

    assert (NOW, 34.757123, 134.841456, 12.5) == place(fix)
    assert pytest.approx(1.25, abs=0.01) == fix.speed_mps
    assert (20, True) == (health.battery_pct, health.charging)


def test_osmand_at_rest_says_only_how_it_is() -> None:
    decoded = osmand_of(None, key="secret")

    assert [Health] == [type(message) for message in decoded.messages]
    assert NOW == one(Health, decoded).at


@pytest.mark.parametrize("microsecond", [0, 250_000])
def test_fractions_of_a_second_survive_where_the_format_has_them(microsecond: int) -> None:
    at = datetime(2026, 4, 1, 3, 0, 7, microsecond, tzinfo=UTC)
    fix = Measured(at=at, lat_deg=34.7, lon_deg=134.8, accuracy_m=5)

    assert at == one(Fix, osmand_of(fix, at)).at
    assert at == one(Fix, owntracks_of(fix=fix)).at


def client_of(fix: Measured | None) -> Decoded:
    body = frames.traccar_client_body("53197717", NOW, fix, battery_pct=55.0, charging=False)
    request = HttpRequest(uri="/ingest/osmand", headers={"content-type": "application/json"}, body=body)
    decoded = osmand.decode(request, NOW + timedelta(hours=1))

    assert decoded.refusals == ()
    assert decoded.device == "53197717"
    return decoded


def test_a_place_of_traccar_client_arrives_whole() -> None:
    decoded = client_of(FIX)
    fix, health = one(Fix, decoded), one(Health, decoded)

    assert (NOW, 34.757123, 134.841456, 12.5) == place(fix)
    assert (1.25, 45.0) == (fix.speed_mps, fix.heading_deg)
    assert (55.0, False) == (health.battery_pct, health.charging)


def test_a_heartbeat_of_traccar_client_has_no_place() -> None:
    assert [Health] == [type(message) for message in client_of(None).messages]
