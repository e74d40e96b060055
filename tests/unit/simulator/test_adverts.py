"""What tags and strangers broadcast means to the edge's decoder what it should mean."""

from random import Random
from uuid import UUID

import pytest
from msgspec import UNSET

from app.simulator import adverts
from app.simulator.strangers import KINDS, strangers_of
from app.simulator.tags import TLM_EVERY, Tag, tags_of
from app.simulator.town import town_of
from beacon_ingest.decoders.advertisement import NOTHING, decode
from beacon_ingest.messages import TagName

TOWN = town_of(1)
LEGACY_BYTES_MAX = 31
"""What fits into one legacy advertisement (Core Specification, volume 6, part B, 2.3.1)."""


def test_an_ibeacon_is_named_by_its_uuid_and_numbers_and_states_what_is_heard_at_1_m() -> None:
    heard = decode(adverts.ibeacon(UUID("8f1d2c3a-9b47-4e0c-a6d5-2e71b80c4f19"), 258, 65_535))

    assert TagName("ibeacon", "8f1d2c3a-9b47-4e0c-a6d5-2e71b80c4f19/258/65535") == heard.name
    assert adverts.AT_1_M_DBM == heard.tx_power_dbm


def test_an_altbeacon_is_named_by_its_20_bytes() -> None:
    heard = decode(adverts.altbeacon(bytes(range(20))))

    assert TagName("altbeacon", bytes(range(20)).hex()) == heard.name
    assert adverts.AT_1_M_DBM == heard.tx_power_dbm


def test_an_eddystone_uid_is_named_by_its_16_bytes_and_states_what_it_sends() -> None:
    heard = decode(adverts.eddystone_uid(bytes(range(16))))

    assert TagName("eddystone-uid", bytes(range(16)).hex()) == heard.name
    assert adverts.AT_1_M_DBM + 41 == heard.tx_power_dbm


def test_an_eddystone_tlm_tells_the_battery_and_nobody() -> None:
    heard = decode(adverts.eddystone_tlm(2_840, 3_600.0))

    assert None is heard.name
    assert pytest.approx(84.0) == heard.battery_pct


def test_what_phones_earphones_and_finder_tags_say_names_nobody() -> None:
    for make in (adverts.apple_nearby, adverts.apple_finding, adverts.fast_pair):
        assert NOTHING == decode(make(Random(1)))


def frame(tag: Tag) -> TagName:
    """The name that a tag's advertisement gives it, or its address."""
    return decode(tag.adv(0.0, 0)).name or TagName("mac", tag.mac)


def test_every_tag_of_the_town_is_heard_as_it_is_registered() -> None:
    tags = tags_of(TOWN)

    assert 30 == len(tags)
    assert [TagName(tag.scheme, tag.identity) for tag in tags] == [frame(tag) for tag in tags]
    assert 30 == len({tag.mac for tag in tags}) == len({(tag.scheme, tag.identity) for tag in tags})
    assert {"ibeacon", "altbeacon", "eddystone-uid", "mac"} == {tag.scheme for tag in tags}


def test_an_eddystone_tag_tells_its_battery_now_and_then() -> None:
    tag = next(tag for tag in tags_of(TOWN) if tag.scheme == "eddystone-uid")
    told = [decode(tag.adv(0.0, number)).battery_pct is not UNSET for number in range(2 * TLM_EVERY)]

    assert 2 == told.count(True)


def test_everything_fits_into_one_advertisement() -> None:
    broadcasters = [*tags_of(TOWN), *strangers_of(TOWN)]

    assert all(len(one.adv(0.0, number)) <= LEGACY_BYTES_MAX for one in broadcasters for number in range(TLM_EVERY))


def test_no_stranger_calls_itself_as_a_tag_of_the_town_does() -> None:
    own = {tag.mac for tag in tags_of(TOWN)} | {tag.identity for tag in tags_of(TOWN)}
    strangers = strangers_of(TOWN)
    names = {heard.name.id for one in strangers if (heard := decode(one.adv(0.0, 0))).name is not None}

    assert len(KINDS) == len(strangers)
    assert 5 == len(names), "cats and shops have iBeacons of their own"
    assert own.isdisjoint(names | {one.address(0.0) for one in strangers})


def test_addresses_are_random_ones_of_which_phones_change_theirs() -> None:
    before, after = ({one.kind: one.address(since_s) for one in strangers_of(TOWN)} for since_s in (899.0, 901.0))

    assert {kind: before[kind] != after[kind] for kind in before} == {
        "iphone": True, "earphones": True, "finder": True, "cat": False, "shop": False
    }  # fmt: skip
    for one in strangers_of(TOWN):
        top_bits = int(one.address(0.0), 16) >> 46
        assert (0b11 if one.kind in ("cat", "shop") else 0b01) == top_bits
    assert {0b11} == {int(tag.mac, 16) >> 46 for tag in tags_of(TOWN)}
