"""Tags and detectors are registered, and the edge learns of it."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.db.session import Hint, take
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import CityId, TagId, new_id
from app.tags import service
from app.tags.model import Detector, DetectorKind, Tag
from app.tags.registration import DetectorDraft
from app.tags.snapshot import DetectorEntry, Placed, TagEntry
from app.tags.store import tags
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, Cast
from tests.contract.tags.conftest import GATE, UUID_OF_TOWN

FACTORY = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2"


def register(connection: Connection, **changes: Any) -> Tag:
    options = {
        "city_id": KAKOGAWA, "vendor": "Aruku", "scheme": "ibeacon", "identity": f"{UUID_OF_TOWN}/1/2", "now": NOW,
    }  # fmt: skip
    return service.register_tag(connection, **options | changes)


def test_a_registered_tag_is_an_entry_of_the_edge_until_it_ends(connection: Connection, tag: Tag) -> None:
    expected = TagEntry(
        tag_id=tag.id, city=KAKOGAWA, scheme="ibeacon", identity=f"{UUID_OF_TOWN}/1/2", mac=None, bound=False
    )

    assert [expected] == service.tag_entries(connection)
    service.end_tag(connection, tag.id, NOW)
    assert [] == service.tag_entries(connection)


def test_a_tag_is_registered_once_in_all_cities_and_again_when_it_ended(connection: Connection, tag: Tag) -> None:
    for change in ({}, {"city_id": CHIYODA}, {"mac": "ac233fa0001b"}):
        with pytest.raises(Conflict):
            register(connection, **change)

    service.end_tag(connection, tag.id, NOW)
    again = register(connection)

    assert [again.id] == [one.tag_id for one in service.tag_entries(connection)]


def test_tags_with_the_name_of_the_factory_are_told_apart_by_their_addresses(
    connection: Connection, cast: Cast
) -> None:
    with pytest.raises(InvalidInput, match="many tags"):
        register(connection, identity=FACTORY)
    for mac in ("ac233fa0001b", "ac233fa0001c"):
        register(connection, identity=FACTORY, mac=mac)

    with pytest.raises(Conflict):
        register(connection, identity=FACTORY, mac="AC:23:3F:A0:00:1B")
    found = [(one.mac, one.bound) for one in service.tag_entries(connection)]
    assert [("ac233fa0001b", True), ("ac233fa0001c", True)] == found


@pytest.mark.parametrize(
    "second",
    [
        {"scheme": "mac", "identity": "AC:23:3F:A0:00:1B"},
        {"scheme": "ibeacon", "identity": f"{UUID_OF_TOWN}/1/3", "mac": "ac233fa0001b"},
        {"scheme": "eddystone-uid", "identity": "1a" * 16, "mac": "ac233fa0001b", "city_id": CHIYODA},
    ],
)
@pytest.mark.parametrize(
    "first",
    [{"scheme": "mac", "identity": "ac233fa0001b"}, {"identity": f"{UUID_OF_TOWN}/1/2", "mac": "ac233fa0001b"}],
)
def test_an_address_belongs_to_one_tag_however_it_says_who_it_is(
    connection: Connection, cast: Cast, first: dict[str, Any], second: dict[str, Any]
) -> None:
    one = register(connection, **first)

    with pytest.raises(Conflict, match=r"registered already\.$"):
        register(connection, **second)
    assert [one.id] == [entry.tag_id for entry in service.tag_entries(connection)]
    service.end_tag(connection, one.id, NOW)
    again = register(connection, **second)
    assert [again.id] == [entry.tag_id for entry in service.tag_entries(connection)]


def test_the_database_itself_keeps_two_living_tags_from_having_one_address(connection: Connection, cast: Cast) -> None:
    one = register(connection, mac="ac233fa0001b")

    assert not tags.add(connection, replace(one, id=TagId(new_id()), identity=f"{UUID_OF_TOWN}/1/3"))
    assert tags.add(connection, replace(one, id=TagId(new_id()), identity=f"{UUID_OF_TOWN}/1/3", ended_at=NOW))
    assert tags.add(connection, replace(one, id=TagId(new_id()), identity=f"{UUID_OF_TOWN}/1/4", mac=None))
    assert tags.add(connection, replace(one, id=TagId(new_id()), identity=f"{UUID_OF_TOWN}/1/5", mac=None))


def test_a_tag_without_a_name_is_called_by_its_vendor_and_its_end(connection: Connection, cast: Cast) -> None:
    assert "Aruku 1/2" == register(connection).name
    assert "Aruku a0:00:1b" == register(connection, scheme="mac", identity="ac233fa0001b").name
    assert "赤い鈴" == register(connection, identity=f"{UUID_OF_TOWN}/1/3", name="赤い鈴").name


def test_a_city_that_does_not_use_the_service_registers_nothing(connection: Connection, cast: Cast) -> None:
    with pytest.raises(NotFound):
        register(connection, city_id=CityId(999_997))
    with pytest.raises(NotFound):
        service.register_detector(connection, CityId(999_997), GATE, NOW)


def test_a_registered_detector_is_an_entry_of_the_edge_until_it_ends(connection: Connection, gate: Detector) -> None:
    expected = DetectorEntry(
        detector_id=gate.id, city=KAKOGAWA, format="gateway", external_id=str(gate.id), key_generation=1,
        kind=DetectorKind.FIXED, interval_s=60, skew_s=None,
    )  # fmt: skip

    assert [expected] == service.detector_entries(connection)
    service.end_detector(connection, gate.id, NOW)
    assert [] == service.detector_entries(connection)


def test_a_detector_is_registered_once_in_its_format(connection: Connection, cast: Cast) -> None:
    named = replace(GATE, external_id="gate-1")
    service.register_detector(connection, KAKOGAWA, named, NOW)

    with pytest.raises(Conflict):
        service.register_detector(connection, CHIYODA, named, NOW)
    service.register_detector(connection, KAKOGAWA, replace(named, format="theengs"), NOW)


def test_every_change_that_the_edge_must_know_gives_another_number_and_a_hint(
    connection: Connection, tag: Tag, gate: Detector
) -> None:
    numbers = [service.registry_version(connection)]
    take(connection)
    for change in (
        lambda: register(connection, identity=f"{UUID_OF_TOWN}/1/3"),
        lambda: service.end_tag(connection, tag.id, NOW),
        lambda: service.register_detector(connection, KAKOGAWA, GATE, NOW),
        lambda: service.change_detector(connection, gate.id, {"interval_s": 30}),
        lambda: service.rotate_detector_key(connection, gate.id),
        lambda: service.end_detector(connection, gate.id, NOW),
    ):
        change()
        numbers.append(service.registry_version(connection))

        assert Hint("registry") in take(connection)
    assert numbers == sorted(set(numbers))


def test_a_new_key_is_the_next_generation(connection: Connection, gate: Detector) -> None:
    service.rotate_detector_key(connection, gate.id)

    assert [2] == [one.key_generation for one in service.detector_entries(connection)]


def test_where_a_detector_is_is_kept_until_it_changes(connection: Connection, gate: Detector) -> None:
    unknown = uuid4()
    expected = Placed(
        city_id=KAKOGAWA, kind=DetectorKind.FIXED, name="東門", lat_deg=34.757, lon_deg=134.841, range_m=50.0
    )
    assert {gate.id: expected} == service.placed(connection, [gate.id, unknown])

    service.change_detector(connection, gate.id, {"name": "西門", "lat_deg": 34.75, "range_m": 20.0})

    moved = replace(expected, name="西門", lat_deg=34.75, range_m=20.0)
    assert {gate.id: moved} == service.placed(connection, [gate.id, unknown])


def test_a_detector_that_ended_still_has_its_place_for_what_arrives_late(
    connection: Connection, gate: Detector
) -> None:
    service.end_detector(connection, gate.id, NOW)

    assert "東門" == service.placed(connection, [gate.id])[gate.id].name


def test_a_change_that_takes_the_place_away_is_refused(connection: Connection, gate: Detector) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.change_detector(connection, gate.id, {"lat_deg": None, "lon_deg": None})

    assert "lat_deg" == refused.value.where
    service.change_detector(connection, gate.id, {"lat_deg": None, "lon_deg": None, "kind": DetectorKind.VEHICLE})


def test_a_detector_cannot_take_the_name_of_another(connection: Connection, gate: Detector) -> None:
    draft = DetectorDraft(kind=DetectorKind.BRIDGE, name="bridge", external_id="bridge")
    service.register_detector(connection, KAKOGAWA, draft, NOW)

    with pytest.raises(Conflict):
        service.change_detector(connection, gate.id, {"external_id": "bridge"})
    assert "bridge-2" == service.change_detector(connection, gate.id, {"external_id": "bridge-2"}).external_id
    assert str(gate.id) == service.change_detector(connection, gate.id, {"external_id": None}).external_id


def test_no_detector_takes_the_id_of_another_as_its_name(connection: Connection, cast: Cast, gate: Detector) -> None:
    spellings = [str(gate.id), str(gate.id).upper(), gate.id.hex, f"{{{gate.id}}}"]
    for name in spellings:
        with pytest.raises(InvalidInput):
            service.register_detector(connection, KAKOGAWA, replace(GATE, external_id=name), NOW)

    other = service.register_detector(connection, KAKOGAWA, replace(GATE, external_id=None), NOW)
    with pytest.raises(InvalidInput) as refused:
        service.change_detector(connection, other.id, {"external_id": str(gate.id)})
    assert "external_id" == refused.value.where
    assert str(other.id) == service.change_detector(connection, other.id, {"name": "角"}).external_id
