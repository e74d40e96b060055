"""What the family hears of passages and arrivals: observations in, alerts and messages out, on a real database."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app import jobs
from app.accounts import service as accounts
from app.alerts.model import Alert, AlertState
from app.alerts.preferences import Preference
from app.alerts.service import acting, raising, telling
from app.alerts.store import alerts as alert_store
from app.alerts.store import policies
from app.config import Settings
from app.households import service as households
from app.households.model import Scope
from app.households.tables import consent
from app.push import render
from app.push.model import AddressKind, Channel, Level
from app.push.tables import address, message
from app.tags import service as tags
from app.tags.model import Detector, DetectorKind, DetectorTrouble
from app.tags.tables import detector, detector_spell
from app.watch import service as watch
from app.watch import store
from app.watch.model import AlarmHeard, HealthHeard, Observation, WatchSettings
from tests.build import viewer
from tests.contract.watch.conftest import DAWN, School
from tests.unit.watch.build import TAG, clock, minutes, passed

SETTINGS = Settings()


def feed(school: School, *observations: Observation, now: datetime | None = None) -> None:
    """Each observation as the pipeline hands it on."""
    hana = school.town.hana
    for one in observations:
        at = now or one.received_at
        kept = watch.load(school.connection, {hana.id: hana.city_id})
        raising.raise_all(school.connection, watch.look(school.connection, kept, {hana.id: [one]}, at), at)


def gate(school: School, at: datetime, received_at: datetime | None = None, **different: object) -> Observation:
    return passed(at, received_at=received_at, detector_id=school.east.id, **different)


def tick(school: School, now: datetime) -> None:
    jobs.judge_silence(school.connection, SETTINGS, now)


def messages(school: School, state: str = "waiting") -> list[str]:
    """The titles of what waits for the daughter's phone, in the order of being put there."""
    query = sa.select(message).where(message.c.state == state).order_by(message.c.created_at, message.c.id)
    rows = school.connection.execute(query).all()
    first = {row.address_id for row in rows[:1]}
    return [render.title_and_body(row.kind, "ja", row.params).title for row in rows if row.address_id in first]


def count(school: School) -> int:
    return school.connection.execute(sa.select(sa.func.count()).select_from(message)).scalar_one()


def alerts(school: School) -> list[Alert]:
    return list(reversed(alert_store.newest(school.connection, [school.town.hana.id], states=[], before=None, limit=9)))


def down(school: School, since: datetime, gates: Sequence[Detector] = ()) -> None:
    """These gates, or both, say nothing from then on."""
    rows = [
        {"detector_id": one.id, "trouble": DetectorTrouble.SILENT.value, "from_at": since, "until_at": None}
        for one in gates or (school.east, school.west)
    ]
    school.connection.execute(sa.insert(detector_spell), rows)


def test_a_passage_is_told_to_both_phones_and_is_no_alert(school: School) -> None:
    feed(school, gate(school, clock("8:12")))

    assert ["ハナさんが東門を通過しました（08:12）"] == messages(school)
    assert (2, []) == (count(school), alerts(school))
    (level,) = set(school.connection.execute(sa.select(message.c.level)).scalars())
    assert Level.NEWS.value == level


@pytest.mark.parametrize("kind", [DetectorKind.VEHICLE, DetectorKind.FACILITY])
def test_news_of_every_kind_of_detector_is_cancelled_for_who_may_not_hear_of_her_any_more(
    school: School, kind: DetectorKind
) -> None:
    feed(school, gate(school, clock("8:12"), kind=kind))
    telling.forget_news(school.connection, school.town.hana.id, clock("8:13"))

    assert (0, 1) == (len(messages(school)), len(messages(school, "cancelled")))


def test_the_same_passage_again_is_told_to_nobody_even_when_the_state_is_lost(school: School) -> None:
    feed(school, gate(school, clock("8:12")), gate(school, clock("8:12")))
    school.connection.execute(sa.text("DELETE FROM watch_state"))
    feed(school, gate(school, clock("8:12")))

    assert 2 == count(school)


def test_late_news_of_a_passage_says_both_times(school: School) -> None:
    feed(school, gate(school, clock("8:12"), clock("8:50")))

    (row, _other) = school.connection.execute(sa.select(message)).all()
    body = render.title_and_body(row.kind, "ja", row.params).body
    assert body.endswith("これは08:12のことで、知らせが届いたのは08:50です。")


@pytest.mark.parametrize(
    ("scopes", "phones"), [({Scope.ALERTS}, 2), ({Scope.ALERTS, Scope.PLACE}, 3), ({Scope.PLACE}, 2)]
)
def test_only_who_may_see_places_and_hear_of_alerts_is_told_where_she_passes(
    school: School, scopes: set[Scope], phones: int
) -> None:
    c, hana, aunt = school.connection, school.town.hana, school.town.outsider
    households.add_contact(c, hana.id, aunt.name, account_id=aunt.id, by=school.town.daughter.id, now=DAWN)
    c.execute(sa.update(consent).where(consent.c.account_id == aunt.id).values(scopes=sorted(scopes)))
    accounts.add_address(c, aunt.id, Channel.FCM, AddressKind.TOKEN, "phone of her aunt", "ja", DAWN)
    feed(school, gate(school, clock("8:12")))

    assert phones == count(school)


def test_where_she_passes_costs_the_town_no_sms_unless_somebody_chose_that(school: School) -> None:
    c, son = school.connection, school.town.son
    accounts.add_address(c, son.id, Channel.WEBHOOK, AddressKind.GATEWAY, "sms of her son", "ja", DAWN)
    c.execute(sa.update(address).where(address.c.channel == "webhook").values(confirmed_at=DAWN))
    feed(school, gate(school, clock("8:12")))
    assert {"fcm"} == set(c.execute(sa.select(message.c.channel)).scalars())

    policies.put_preference(c, son.id, Preference(channels=[Channel.WEBHOOK]), DAWN)
    feed(school, gate(school, clock("9:12")))
    chosen = sa.select(message.c.channel).order_by(message.c.id)
    assert ["fcm", "fcm", "fcm", "webhook"] == list(c.execute(chosen).scalars())


def test_an_arrival_is_one_message_and_not_two(school: School) -> None:
    school.expect()
    feed(school, gate(school, clock("8:12")))
    tick(school, clock("8:40"))

    assert ["ハナさんが「学校の正門」に着きました（08:12）"] == messages(school)
    assert [] == alerts(school)


def test_not_arrived_is_an_urgent_alert_that_the_late_arrival_resolves(school: School) -> None:
    school.expect()
    tick(school, clock("8:34"))
    assert [] == alerts(school)
    tick(school, clock("8:35"))
    tick(school, clock("8:36"))
    (alert,) = alerts(school)
    assert ("arrival", Level.URGENT, AlertState.OPEN) == (alert.kind, alert.level, alert.state)

    feed(school, gate(school, clock("8:41")))

    assert [AlertState.RESOLVED] == [one.state for one in alerts(school)]
    assert ["ハナさんが「学校の正門」に着きました（08:41）"] == messages(school)
    assert ["ハナさんが「学校の正門」にまだ着いていません"] == messages(school, "cancelled")


def test_one_who_was_never_heard_is_missed_as_well(school: School) -> None:
    school.connection.execute(sa.text("DELETE FROM watch_state"))
    school.expect()

    assert {school.town.hana.id} == set(store.due_subjects(school.connection, clock("8:35"), 10))
    tick(school, clock("8:35"))
    assert ["arrival"] == [one.kind for one in alerts(school)]


def test_the_late_arrival_is_told_also_when_somebody_resolved_the_alert_meanwhile(school: School) -> None:
    school.expect()
    tick(school, clock("8:35"))
    acting.resolve(school.connection, viewer(school.town.daughter), alerts(school)[0].id, clock("8:36"))
    feed(school, gate(school, clock("8:41")))

    assert "ハナさんが「学校の正門」に着きました（08:41）" in messages(school)
    assert {AlertState.RESOLVED} == {one.state for one in alerts(school)}


def test_what_nobody_resolved_yesterday_does_not_swallow_today(school: School) -> None:
    school.expect()
    for day in (1, 2):
        tick(school, clock("8:35", day=day))

    assert [AlertState.OPEN] * 2 == [one.state for one in alerts(school)]


def test_when_both_gates_were_dead_the_family_hears_that_instead(school: School) -> None:
    school.expect()
    down(school, clock("7:50"))
    tick(school, clock("8:35"))

    (alert,) = alerts(school)
    assert (Level.NOTICE, ["detectors_down"]) == (alert.level, [reason.code for reason in alert.reasons])
    (row, _other) = school.connection.execute(sa.select(message)).all()
    assert "東門、西門の検知器が07:50から動いていなかったため" in render.title_and_body(row.kind, "ja", row.params).body


def test_when_one_of_two_gates_was_dead_the_urgent_message_names_it(school: School) -> None:
    school.expect()
    down(school, clock("7:50"), [school.west])
    tick(school, clock("8:35"))

    (alert,) = alerts(school)
    assert (Level.URGENT, ["not_arrived", "detectors_down"]) == (alert.level, [one.code for one in alert.reasons])
    (row, _other) = school.connection.execute(sa.select(message)).all()
    worded = render.title_and_body(row.kind, "ja", row.params)
    assert "ハナさんが「学校の正門」にまだ着いていません" == worded.title
    assert "西門の検知器は07:50から動いていませんでした。" in worded.body
    assert "東門" not in worded.body


def test_a_gate_that_speaks_rarely_is_waited_for_until_its_silence_would_be_known(school: School) -> None:
    tags.change_detector(school.connection, school.west.id, {"interval_s": 300})
    school.expect()
    tick(school, clock("8:45:59"))
    assert [] == alerts(school)
    tick(school, clock("8:46"))
    assert ["arrival"] == [one.kind for one in alerts(school)]


def test_a_gate_whose_interval_is_changed_is_waited_for_from_the_next_day_on(school: School) -> None:
    school.expect()
    tags.change_detector(school.connection, school.west.id, {"interval_s": 300})
    tick(school, clock("8:35"))
    tick(school, clock("8:45", day=2))
    assert 1 == len(alerts(school))
    tick(school, clock("8:46", day=2))
    assert 2 == len(alerts(school))


def test_gates_that_were_taken_down_are_dead_gates(school: School) -> None:
    school.expect()
    school.connection.execute(sa.update(detector).values(ended_at=clock("6:00")))
    tick(school, clock("8:35"))

    assert [["detectors_down"]] == [[reason.code for reason in one.reasons] for one in alerts(school)]


def test_when_we_were_down_ourselves_the_family_hears_that(school: School) -> None:
    jobs.come_up(school.connection, DAWN)
    jobs.beat(school.connection, SETTINGS, clock("8:00"))
    school.expect()
    jobs.come_up(school.connection, clock("8:20"))
    tick(school, clock("8:35"))

    (alert,) = alerts(school)
    assert ["service_down"] == [reason.code for reason in alert.reasons]
    (row, _other) = school.connection.execute(sa.select(message)).all()
    assert "08:00から08:20まで止まっていたため" in render.title_and_body(row.kind, "ja", row.params).body


def test_ending_an_expectation_calls_its_alerts_off_and_asks_no_more(school: School) -> None:
    one = school.expect()
    tick(school, clock("8:35"))
    tick(school, clock("8:35", day=2))
    watch.end_expectation(school.connection, viewer(school.town.daughter), school.town.hana.id, one.id, clock("9:00"))
    jobs.carry_out_intents(school.connection, SETTINGS, clock("9:00"))
    tick(school, clock("8:35", day=3))

    assert [AlertState.CANCELLED] * 2 == [one.state for one in alerts(school)]


def test_a_wearer_who_ended_is_expected_nowhere(school: School) -> None:
    school.expect()
    feed(school, gate(school, clock("7:00")))
    households.end_wearer(school.connection, viewer(school.town.daughter), school.town.hana.id, clock("7:30"))
    jobs.carry_out_intents(school.connection, SETTINGS, clock("7:30"))
    for now in (clock("8:35"), clock("8:35", day=5)):
        tick(school, now)

    assert [] == alerts(school)
    assert {"cancelled"} == set(school.connection.execute(sa.select(message.c.state)).scalars())
    assert {None} == set(school.connection.execute(sa.text("SELECT due_at FROM watch_state")).scalars())


def test_news_that_waits_is_not_told_to_somebody_she_was_hidden_from_meanwhile(school: School) -> None:
    feed(school, gate(school, clock("8:12")))
    c, son = school.connection, school.town.son
    households.protect(c, school.town.hana.id, son.name, account_id=son.id, by=school.town.clerk.id, now=clock("8:13"))
    jobs.carry_out_intents(c, SETTINGS, clock("8:13"))

    assert ["cancelled", "waiting"] == sorted(c.execute(sa.select(message.c.state)).scalars())


def test_an_expectation_is_known_to_the_very_next_passage_and_so_is_another_zone(school: School) -> None:
    feed(school, gate(school, clock("7:00")))
    school.expect()
    feed(school, gate(school, clock("8:12")))
    assert 1 == len(news(school, "news.arrived"))

    accounts.change_city(school.connection, school.town.hana.city_id, None, "Pacific/Auckland")
    feed(school, gate(school, clock("4:12", day=2)))
    assert 2 == len(news(school, "news.arrived"))


def news(school: School, kind: str) -> set[str]:
    query = sa.select(message.c.unique_key).where(message.c.kind == kind)
    return {key.rsplit(":", 1)[0] for key in school.connection.execute(query).scalars()}


def test_a_silent_tag_is_told_when_history_does_not_know_better(school: School) -> None:
    feed(school, gate(school, clock("8:12")))
    tick(school, clock("20:11", day=2))
    assert [] == alerts(school)

    tick(school, clock("20:12", day=2))
    (alert,) = alerts(school)
    assert ("silent", TAG.hex, ["tag_silent"]) == (
        alert.kind,
        alert.subject,
        [reason.code for reason in alert.reasons],
    )
    feed(school, gate(school, clock("21:00", day=2)))
    assert [AlertState.RESOLVED] == [one.state for one in alerts(school)]


def test_fewer_hours_of_silence_count_from_when_they_were_set(school: School) -> None:
    feed(school, gate(school, clock("8:12")))
    by, hana = viewer(school.town.daughter), school.town.hana
    watch.change_settings(school.connection, by, hana.id, WatchSettings(tag_silence_h=6), clock("9:00"))
    tick(school, clock("14:12"))

    assert [["tag_silent"]] == [[reason.code for reason in one.reasons] for one in alerts(school)]


def test_dead_gates_are_named_instead_of_the_tag(school: School) -> None:
    feed(school, gate(school, clock("8:12")))
    down(school, clock("9:00"))
    tick(school, clock("20:12", day=2))

    assert [["tag_unheard"]] == [[reason.code for reason in one.reasons] for one in alerts(school)]


def test_a_tag_that_was_given_back_is_not_silent(school: School) -> None:
    feed(school, gate(school, clock("8:12")))
    watch.forget_device(school.connection, school.town.hana.id, TAG)
    tick(school, clock("20:12", day=5))

    assert [] == alerts(school)


def test_a_press_of_a_tag_and_its_battery_alert_like_a_devices(school: School) -> None:
    feed(school, gate(school, clock("8:12"), lat_deg=34.7, lon_deg=134.8))
    at = clock("8:13")
    feed(school, AlarmHeard(device_id=TAG, at=at, received_at=at, kinds=("sos",)))
    feed(school, HealthHeard(device_id=TAG, at=at, received_at=at, battery_pct=9.0, of_tag=True))
    tick(school, at + minutes(60))

    assert ["sos", "battery"] == [one.kind for one in alerts(school)]
    assert "ハナさんのみまもりタグの電池が残りわずかです" in messages(school)
    (sos, _battery) = alerts(school)
    assert sos.place is not None
    assert (34.7, clock("8:12")) == (sos.place.lat_deg, sos.place.at)


def test_many_children_at_one_gate_are_told_each_with_their_own_message(school: School) -> None:
    walk = [gate(school, clock("8:12") + timedelta(seconds=n), tag_id=UUID(int=n + 1)) for n in range(20)]
    feed(school, *walk)

    assert 40 == count(school)


@pytest.fixture
def counted(school: School) -> Iterator[list[str]]:
    """The statements that are run."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement.split(maxsplit=2)[0])

    sa.event.listen(school.connection.engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(school.connection.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("passages", [1, 20])
def test_what_is_told_costs_six_statements_however_many_passed(
    school: School, counted: list[str], passages: int
) -> None:
    """Ten thousand children pass a gate within twenty minutes."""
    hana, now = school.town.hana, clock("8:12")
    walk = [gate(school, now, tag_id=UUID(int=n + 1)) for n in range(passages)]
    feed(school, gate(school, clock("8:00")))
    kept = watch.load(school.connection, {hana.id: hana.city_id})
    events = watch.look(school.connection, kept, {hana.id: walk}, now)
    counted.clear()
    raising.raise_all(school.connection, events, now)

    assert [*["SELECT"] * 5, "INSERT"] == counted
    assert 2 + 2 * passages == count(school)
