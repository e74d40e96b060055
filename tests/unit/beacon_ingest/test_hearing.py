from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from beacon_ingest.clocks import Clocks
from beacon_ingest.hearing import times_of, unit_of
from beacon_ingest.messages import DetectorUnit, Fix, Health, Message, Sighting, TagHeard, TagName
from beacon_ingest.registry import TagEntry, Tags
from tests.build import NOW
from tests.unit.beacon_ingest.poles import (
    FACTORY_MAC,
    FACTORY_TAG,
    GATE,
    HANA_MAC,
    HANA_TAG,
    MAC_TAG,
    STRANGER_MAC,
    STRANGER_UUID,
    TAGS,
    TARO_TAG,
    sighted,
)

STRANGER = TagName("ibeacon", f"{STRANGER_UUID}/1/2")
LONG_AGO = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def heard(
    *sightings: Sighting,
    sent_at: datetime | UnsetType = UNSET,
    buffers: bool = True,
    messages: Iterable[Message] = (),
    tags: Sequence[TagEntry] = TAGS,
    clocks: Clocks | None = None,
) -> DetectorUnit:
    """The unit of a body with these sightings, received NOW."""
    known = Tags()
    known.replace(tags, 1)
    times = times_of(GATE, sightings, sent_at, NOW, buffers=buffers, clocks=clocks or Clocks())
    return unit_of(GATE, b"body", sightings, messages, known, times, stamped=True, repeat_window_s=10)


def when(unit: DetectorUnit, tag: TagEntry = HANA_TAG) -> list[float]:
    """The seconds before NOW in which a tag was heard, in order."""
    (found,) = [one for one in unit.tags if one.tag == tag.tag_id]
    return [NOW.timestamp() - second for second in found.heard_s]


# Who is who.


def test_strangers_are_counted_and_nothing_of_them_goes_on() -> None:
    unit = heard(
        sighted(STRANGER, mac=STRANGER_MAC, rssi_dbm=-50),
        sighted(TagName("mac", STRANGER_MAC), mac=STRANGER_MAC, battery_pct=7, button_count=3),
        sighted(HANA_TAG, mac=HANA_MAC, rssi_dbm=-70),
        sighted(TagName("rpa", "5e8b7a6c4d3e")),
    )

    assert (1, 3) == (unit.report.sightings, unit.report.strangers)
    assert [HANA_TAG.tag_id] == [one.tag for one in unit.tags]
    written = msgspec.json.encode(unit).lower() + msgspec.msgpack.encode(unit) + repr(unit).lower().encode()
    for trace in (STRANGER_MAC, "5e8b7a6c4d3e", STRANGER_UUID):
        assert trace.encode() not in written
        assert bytes.fromhex(trace.replace("-", "")) not in written
        assert bytes.fromhex(trace.replace("-", ""))[::-1] not in written


def test_a_body_of_strangers_alone_is_a_number() -> None:
    unit = heard(*[sighted(STRANGER, mac=STRANGER_MAC)] * 40)

    assert ((), 0, 40) == (unit.tags, unit.report.sightings, unit.report.strangers)


def test_what_is_heard_of_a_tag_is_put_together_with_its_strongest_signal() -> None:
    unit = heard(
        sighted(HANA_TAG, ago(9), rssi_dbm=-80),
        sighted(HANA_TAG, ago(3), rssi_dbm=-61),
        sighted(HANA_TAG, ago(3)),
        sighted(HANA_TAG, ago(5), rssi_dbm=-75),
        sighted(TARO_TAG, ago(5), rssi_dbm=-90),
        sent_at=NOW,
    )

    hana, taro = unit.tags
    assert ([9, 5, 3], -61) == (when(unit), hana.rssi_dbm_max)
    assert ([5], -90) == (when(unit, TARO_TAG), taro.rssi_dbm_max)
    assert 5 == unit.report.sightings


def test_a_charge_that_one_of_many_sightings_tells_is_kept() -> None:
    (hana,) = heard(sighted(HANA_TAG), sighted(HANA_TAG, battery_pct=80), sighted(HANA_TAG)).tags

    assert 80 == hana.battery_pct


def test_a_signal_that_nobody_measured_stays_unknown() -> None:
    (hana,) = heard(sighted(HANA_TAG)).tags

    assert TagHeard(tag=HANA_TAG.tag_id, city=HANA_TAG.city, heard_s=(int(NOW.timestamp()),)) == hana


def test_an_identity_of_the_factory_counts_only_with_the_address_of_the_tag_that_is_meant() -> None:
    unit = heard(
        sighted(FACTORY_TAG, mac=FACTORY_MAC),
        sighted(FACTORY_TAG, mac=STRANGER_MAC),
        sighted(FACTORY_TAG),
    )

    assert [FACTORY_TAG.tag_id] == [one.tag for one in unit.tags]
    assert (1, 2) == (unit.report.sightings, unit.report.strangers)


def test_a_tag_that_is_known_by_its_address_is_found_whatever_it_broadcasts() -> None:
    unit = heard(sighted(MAC_TAG), sighted(STRANGER, mac=MAC_TAG.name.id))

    assert [(MAC_TAG.tag_id, 2)] == [(one.tag, unit.report.sightings) for one in unit.tags]


def test_a_battery_report_belongs_to_the_tag_that_was_heard_from_the_same_address() -> None:
    battery = sighted(TagName("mac", "ac233fa0009f"), ago(1), mac="ac233fa0009f", battery_pct=81, rssi_dbm=-40)
    named = sighted(TARO_TAG, ago(4), mac="ac233fa0009f", rssi_dbm=-70)

    for body in ((battery, named), (named, battery)):
        unit = heard(*body, sent_at=NOW)

        (taro,) = unit.tags
        assert (TARO_TAG.tag_id, 81, -40) == (taro.tag, taro.battery_pct, taro.rssi_dbm_max)
        assert [4, 1] == when(unit, TARO_TAG)
        assert (2, 0) == (unit.report.sightings, unit.report.strangers)


def test_a_battery_report_of_an_address_that_named_nobody_is_a_strangers() -> None:
    unit = heard(
        sighted(TagName("mac", STRANGER_MAC), mac=STRANGER_MAC, battery_pct=81), sighted(TARO_TAG, mac="ac233fa0009f")
    )

    assert UNSET is unit.tags[0].battery_pct
    assert (1, 1) == (unit.report.sightings, unit.report.strangers)


def test_each_press_is_told_once_with_the_seconds_from_when_until_when_it_was_heard() -> None:
    unit = heard(
        sighted(HANA_TAG, ago(2), button_count=5),
        sighted(HANA_TAG, ago(8), button_count=5),
        sighted(HANA_TAG, ago(4), button_count=5),
        sighted(HANA_TAG, ago(1), button_count=6),
        sighted(HANA_TAG, ago(30)),
        sent_at=NOW,
    )

    now_s = int(NOW.timestamp())
    assert {(5, now_s - 8, now_s - 2), (6, now_s - 1, now_s - 1)} == set(unit.tags[0].buttons)


# When it was.


@pytest.mark.parametrize("skew_s", [-120, -30, 0, 30, 120])
def test_a_clock_that_is_nearly_right_is_believed_and_its_error_is_told(skew_s: float) -> None:
    unit = heard(sighted(HANA_TAG, ago(20 - skew_s)), sent_at=ago(-skew_s))

    assert skew_s == unit.report.skew_s
    assert [max(0, 20 - skew_s)] == when(unit)


@pytest.mark.parametrize("skew_s", [-86_400.0, -121.0, 121.0, 3_000_000.0])
def test_a_clock_that_is_wrong_tells_only_how_long_ago_it_was(skew_s: float) -> None:
    sent_at = ago(-skew_s)
    unit = heard(
        sighted(HANA_TAG, sent_at),
        sighted(HANA_TAG, sent_at - timedelta(seconds=8)),
        sighted(HANA_TAG, sent_at - timedelta(seconds=600)),
        sent_at=sent_at,
    )

    assert skew_s == unit.report.skew_s
    assert [600, 8, 0] == when(unit)


def test_a_gateway_that_thinks_it_is_1970_is_heard_now() -> None:
    unit = heard(sighted(HANA_TAG, LONG_AGO - timedelta(seconds=4)), sighted(HANA_TAG, LONG_AGO), sent_at=LONG_AGO)

    assert [4, 0] == when(unit)
    assert (LONG_AGO - NOW).total_seconds() == unit.report.skew_s


@pytest.mark.parametrize(
    ("seconds", "buffers", "expected"),
    [(600, False, 600), (601, False, 0), (601, True, 601), (86_400, True, 86_400), (-1, True, 0), (-86_400, False, 0)],
)
def test_distances_within_a_body_are_believed_of_a_wrong_clock_as_far_as_the_format_keeps_anything(
    seconds: float, buffers: bool, expected: float
) -> None:
    unit = heard(sighted(HANA_TAG, LONG_AGO - timedelta(seconds=seconds)), sent_at=LONG_AGO, buffers=buffers)

    assert [expected] == when(unit)


def test_a_body_that_does_not_say_when_it_was_sent_was_sent_with_its_newest_sighting() -> None:
    unit = heard(sighted(HANA_TAG, LONG_AGO - timedelta(seconds=9)), sighted(TARO_TAG, LONG_AGO))

    assert ([9], [0]) == (when(unit), when(unit, TARO_TAG))
    assert (LONG_AGO - NOW).total_seconds() == unit.report.skew_s


def test_a_body_without_any_time_is_of_now_and_says_nothing_of_the_clock() -> None:
    unit = heard(sighted(HANA_TAG))

    assert [0] == when(unit)
    assert UNSET is unit.report.skew_s


@pytest.mark.parametrize(
    ("buffers", "hours", "believed"), [(True, 0.5, True), (True, 24 * 7, True), (False, 0.5, False)]
)
def test_what_was_kept_waiting_is_believed_of_a_right_clock_where_the_format_keeps_anything(
    buffers: bool, hours: float, believed: bool
) -> None:
    unit = heard(sighted(HANA_TAG, ago(hours * 3600)), sighted(TARO_TAG, ago(2)), sent_at=NOW, buffers=buffers)

    assert [hours * 3600 if believed else 0] == when(unit)
    assert [2] == when(unit, TARO_TAG)


def test_what_is_older_than_a_repeat_would_be_recognised_is_not_kept_and_never_put_at_now() -> None:
    unit = heard(sighted(HANA_TAG, ago(7 * 86_400 + 1)), sighted(TARO_TAG, ago(5)), sent_at=NOW)

    assert [TARO_TAG.tag_id] == [one.tag for one in unit.tags]


def test_a_body_of_a_right_clock_that_was_sent_before_that_is_a_replay_and_says_nothing() -> None:
    clocks = Clocks()
    heard(sighted(HANA_TAG, NOW), sent_at=NOW, clocks=clocks)

    unit = heard(sighted(HANA_TAG, ago(8 * 86_400)), sighted(HANA_TAG), sent_at=ago(8 * 86_400), clocks=clocks)

    assert () == unit.tags


def test_a_time_before_the_clock_was_set_is_that_of_the_body() -> None:
    unit = heard(sighted(HANA_TAG, LONG_AGO), sent_at=NOW)

    assert [0] == when(unit)


def test_what_is_to_come_is_now() -> None:
    unit = heard(sighted(HANA_TAG, ago(-60)), sighted(TARO_TAG, ago(-86_400)), sent_at=NOW)

    assert ([0], [0]) == (when(unit), when(unit, TARO_TAG))


# What a detector says of itself.


@pytest.mark.parametrize(("sent_at", "at"), [(NOW, 5), (LONG_AGO, 5), (UNSET, 0)])
def test_the_place_of_a_detector_is_of_the_time_that_is_believed(sent_at: datetime | UnsetType, at: float) -> None:
    clock = NOW if isinstance(sent_at, UnsetType) else sent_at
    place = Fix(device="bus", at=clock - timedelta(seconds=5), lat_deg=34.7, lon_deg=134.8)

    unit = heard(sent_at=sent_at, messages=[place])

    assert isinstance(unit.fix, Fix)
    assert (34.7, 134.8, ago(at)) == (unit.fix.lat_deg, unit.fix.lon_deg, unit.fix.at)


def test_what_a_detector_says_of_its_health_goes_on() -> None:
    health = Health(device="gate", at=NOW, battery_pct=50)

    unit = heard(messages=[health], sent_at=NOW)

    assert (health, (), UNSET) == (unit.health, unit.tags, unit.fix)
    assert (GATE.device_id, GATE.city, "gateway", NOW) == (unit.device_id, unit.city, unit.format, unit.received_at)


def test_a_body_that_only_now_came_through_keeps_its_times_and_is_no_wrong_clock() -> None:
    clocks = Clocks()
    heard(sighted(HANA_TAG, NOW), sent_at=NOW, clocks=clocks)

    late = heard(sighted(HANA_TAG, ago(3_700)), sighted(HANA_TAG), sent_at=ago(3_600), clocks=clocks)

    assert [3_700, 3_600] == when(late)
    assert late.report.skew_s is UNSET


@pytest.mark.parametrize("buffers", [True, False])
@pytest.mark.parametrize(
    "before_s", [0, 0.000001, 0.25, 1, 118.5, 119.75, 3_600.5, 43_199.999, 43_200, 43_200.5, 86_400.25, 600_000.75]
)
def test_a_believed_time_counts_as_the_second_that_it_lies_in(before_s: float, buffers: bool) -> None:
    at = ago(before_s)
    unit = heard(sighted(HANA_TAG, at), sent_at=NOW, buffers=buffers)

    expected = at if buffers or before_s < 120 else NOW
    assert [int(expected.timestamp())] == [second for one in unit.tags for second in one.heard_s]


def test_the_name_of_a_unit_begins_with_the_time_at_which_it_was_sent() -> None:
    """So that what is sent together is stored together; a repeat, whenever it comes, says the same time."""
    names = [heard(sent_at=ago(seconds)).ingest_ids[0] for seconds in (3, 2, 1)]

    assert names == sorted(names)
    assert heard(sent_at=ago(2)).ingest_ids == (names[1],)
