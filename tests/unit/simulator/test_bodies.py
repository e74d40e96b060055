"""What detectors send means to the edge's decoders what was heard."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import UNSET

from app.simulator import adverts, bodies
from app.simulator.hearing import Heard
from beacon_ingest.decoders import gateway, minew, theengs
from beacon_ingest.decoders.decoded import Decoded, HttpRequest
from beacon_ingest.listeners.credentials import is_signed
from beacon_ingest.messages import Fix, Health, TagName
from tests.build import NOW

UUID_1 = UUID("8f1d2c3a-9b47-4e0c-a6d5-2e71b80c4f19")
HEARD = (
    Heard(2.5, "c0ffee000001", adverts.ibeacon(UUID_1, 1, 2), -71),
    Heard(3.25, "c0ffee000002", adverts.eddystone_uid(bytes(range(16))), -80),
    Heard(4.0, "c0ffee000002", adverts.eddystone_tlm(3_000, 4.0), -81),
    Heard(5.0, "c0ffee000003", adverts.altbeacon(bytes(range(20))), -90),
    Heard(6.0, "c0ffee000004", adverts.named("mimamori"), -66),
)
NAMES = (
    TagName("ibeacon", f"{UUID_1}/1/2"),
    TagName("eddystone-uid", bytes(range(16)).hex()),
    TagName("mac", "c0ffee000002"),
    TagName("altbeacon", bytes(range(20)).hex()),
    TagName("mac", "c0ffee000004"),
)


def request(body: bytes) -> HttpRequest:
    return HttpRequest(method="POST", body=body)


def what(decoded: Decoded) -> list[tuple[object, ...]]:
    """Names, signals, addresses and batteries of what was sighted."""
    assert () == decoded.refusals
    return [(one.tag, one.rssi_dbm, one.mac, one.battery_pct) for one in decoded.sightings]


def expected() -> list[tuple[object, ...]]:
    batteries = (UNSET, UNSET, 100.0, UNSET, UNSET)
    return [(name, one.rssi_dbm, one.mac, pct) for name, one, pct in zip(NAMES, HEARD, batteries, strict=True)]


def test_our_own_form_carries_all_that_was_heard_with_its_times() -> None:
    decoded = gateway.decode(request(bodies.gateway_body("pole-1", 7, NOW, 10.0, HEARD)))

    assert expected() == what(decoded)
    assert ("pole-1", NOW + timedelta(seconds=10), True) == (decoded.device, decoded.sent_at, decoded.stamped)
    assert [NOW + timedelta(seconds=one.at_s) for one in HEARD] == [one.at for one in decoded.sightings]


def test_a_vehicle_tells_where_it_is() -> None:
    decoded = gateway.decode(request(bodies.gateway_body("bus-1", 1, NOW, 10.0, HEARD, (34.7571234, 134.8412345))))
    (fix,) = [message for message in decoded.messages if isinstance(message, Fix)]

    assert (34.757123, 134.841235, 8.0) == (fix.lat_deg, fix.lon_deg, fix.accuracy_m)


def test_who_heard_nobody_says_in_every_format_that_it_is_there() -> None:
    alive = (
        gateway.decode(request(bodies.gateway_body("pole-1", 1, NOW, 10.0, ()))),
        minew.decode(request(bodies.minew_body("ac233f000001", NOW, 10.0, ()))),
        theengs.decode(request(bodies.theengs_body({"OMG_library": ()}, ["OMG_library"]))),
    )

    assert [("pole-1", 1), ("ac233f000001", 1), ("OMG_library", 1)] == [
        (one.device, sum(isinstance(message, Health) for message in one.messages)) for one in alive
    ]
    assert not any(one.sightings for one in alive)


def test_two_bodies_of_one_second_differ_by_their_number() -> None:
    assert bodies.gateway_body("pole-1", 1, NOW, 10.0, ()) != bodies.gateway_body("pole-1", 2, NOW, 10.0, ())


def test_a_minew_gateway_names_itself_by_its_address_and_takes_ibeacons_apart() -> None:
    body = bodies.minew_body("ac233f000001", NOW, 10.0, HEARD)
    decoded = minew.decode(request(body))

    assert expected() == what(decoded)
    assert "ac233f000001" == decoded.device
    assert b'"ibeaconMinor":2' in body
    assert [NOW + timedelta(seconds=one.at_s) for one in HEARD] == [one.at for one in decoded.sightings]


def test_a_broker_speaks_for_several_gateways_without_times() -> None:
    body = bodies.theengs_body({"OMG_library": HEARD, "OMG_station": HEARD[:1], "OMG_community": ()}, ["OMG_community"])
    decoded = theengs.decode(request(body))
    found = {
        name: [one for one in decoded.sightings if one.detector == name] for name in ("OMG_library", "OMG_station")
    }

    assert [row[:3] for row in expected()] == [row[:3] for row in what(decoded)[: len(HEARD)]]
    assert (len(HEARD), 1) == (len(found["OMG_library"]), len(found["OMG_station"]))
    assert ["OMG_community"] == [message.device for message in decoded.messages if isinstance(message, Health)]
    assert all(one.at is UNSET for one in decoded.sightings)


def test_a_clock_that_was_never_set_is_in_1970() -> None:
    decoded = gateway.decode(request(bodies.gateway_body("pole-5", 1, bodies.EPOCH, 10.0, HEARD)))

    assert {1970} == {one.at.year for one in decoded.sightings if one.at is not UNSET}


@pytest.mark.parametrize(("key", "fits"), [("secret", True), ("other", False)])
def test_a_signature_is_that_of_the_body_with_the_key(key: str, *, fits: bool) -> None:
    body = bodies.gateway_body("pole-1", 1, NOW, 10.0, HEARD)

    assert fits is is_signed(bodies.signature(key, body).encode(), b"secret", body)
