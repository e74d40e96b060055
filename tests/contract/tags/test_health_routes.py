"""How detectors are and were, through the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.kit.ids import CityId
from app.tags import service
from app.tags.model import Detector, DetectorKind, DetectorTrouble
from app.tags.registration import DetectorDraft
from beacon_ingest.messages import DetectorUnit
from tests.build import NOW, minutes
from tests.contract.tags.test_hearing import word
from tests.contract.web import ELSEWHERE, HERE, Town, town

STATES = "/v1/detectors/states"


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


def register(here: Town, name: str, city_id: CityId = HERE, kind: DetectorKind = DetectorKind.FIXED) -> Detector:
    with here.database.transaction() as connection:
        draft = DetectorDraft(kind=kind, name=name, lat_deg=34.757, lon_deg=134.841)
        return service.register_detector(connection, city_id, draft, NOW)


def hear(here: Town, *units: DetectorUnit) -> None:
    with here.database.transaction() as connection:
        service.save_hearing(connection, units, max(unit.received_at for unit in units))


def wait_until(here: Town, minute: float) -> None:
    """Lets time go by and the job look."""
    here.clock.pass_by(NOW + minutes(minute) - here.clock())
    with here.database.transaction() as connection:
        service.judge_detectors(connection, None, here.clock())


def ask(here: Town, name: str, path: str, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.get(path, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer.json()


def iso(minute: float) -> str:
    return (NOW + minutes(minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def five(here: Town) -> dict[str, Detector]:
    """Detectors that are each in another state 400 minutes after `NOW`."""
    names = ("never_heard", "silent", "deaf", "clock_wrong", "up")
    found = {name: register(here, name) for name in names}
    hear(here, word(found["silent"], 5, sightings=1, battery_pct=80.0))
    for name in ("deaf", "clock_wrong", "up"):
        hear(here, word(found[name], 10, strangers=2))
    hear(
        here, word(found["deaf"], 399), word(found["clock_wrong"], 399, 3, 4, 500.0), word(found["up"], 399, 3, 4, 1.0)
    )
    wait_until(here, 400)
    return found


def test_each_detector_is_shown_with_its_state_and_since_when(here: Town, five: dict[str, Detector]) -> None:
    items = ask(here, "Operator", STATES)["items"]

    expected = [
        ("never_heard", iso(0)), ("silent", iso(5)), ("deaf", iso(10)), ("clock_wrong", iso(399)), ("up", None),
    ]  # fmt: skip
    assert expected == [(one["state"], one["since"]) for one in items]
    assert list(five) == [one["name"] for one in items]
    assert {
        "id": str(five["clock_wrong"].id), "name": "clock_wrong", "kind": "fixed", "state": "clock_wrong",
        "since": iso(399), "heard_at": iso(399), "hearing_at": iso(399), "skew_s": 500.0, "battery_pct": None,
        "sightings": 3, "strangers": 6,
    } == items[3]  # fmt: skip


def test_detectors_in_one_state_are_asked_for(here: Town, five: dict[str, Detector]) -> None:
    for state in five:
        assert [state] == [one["name"] for one in ask(here, "Clerk", f"{STATES}?state={state}")["items"]]
    ask(here, "Clerk", f"{STATES}?state=asleep", 400)


def test_the_state_of_a_past_minute_is_what_it_was_then(here: Town, five: dict[str, Detector]) -> None:
    hear(here, word(five["never_heard"], 410), word(five["silent"], 411))
    wait_until(here, 412)

    def states_at(minute: float) -> list[str]:
        return [one["state"] for one in ask(here, "Clerk", f"{STATES}?at={iso(minute)}")["items"]]

    assert ["never_heard", "up", "up", "up", "up"] == states_at(4)
    assert ["never_heard", "silent", "deaf", "up", "up"] == states_at(398)
    assert ["never_heard", "silent"] == states_at(409)[:2]
    assert ["up", "silent"] == states_at(410)[:2]
    assert ["up", "up"] == states_at(411)[:2]


def test_what_is_known_of_a_detector_now_is_not_told_of_another_moment(here: Town, five: dict[str, Detector]) -> None:
    (one,) = ask(here, "Clerk", f"{STATES}?state=silent&at={iso(399)}")["items"]

    assert {None} == {one[name] for name in ("heard_at", "hearing_at", "skew_s", "battery_pct", "sightings")}


def test_only_moments_that_have_been_can_be_asked_for(here: Town, five: dict[str, Detector]) -> None:
    assert [] == ask(here, "Clerk", f"{STATES}?at={iso(-1)}")["items"]
    for at in (iso(401), "0001-01-01T00:00:00Z", "2026-04-01T12:00:00", "yesterday"):
        ask(here, "Clerk", f"{STATES}?at={at}", 400)


def test_states_are_read_page_by_page(here: Town, five: dict[str, Detector]) -> None:
    first = ask(here, "Clerk", f"{STATES}?limit=3")
    rest = ask(here, "Clerk", f"{STATES}?limit=3&cursor={first['next']}")

    assert list(five) == [one["name"] for one in first["items"] + rest["items"]]
    assert rest["next"] is None
    ask(here, "Clerk", f"{STATES}?cursor=nonsense", 400)


def test_an_ended_detector_is_not_there_any_more_in_past_minutes_too(here: Town, five: dict[str, Detector]) -> None:
    silent = five["silent"].id
    with here.database.transaction() as connection:
        service.end_detector(connection, silent, NOW + minutes(401))
    wait_until(here, 401)

    for query in ("", f"&at={iso(400)}"):
        assert [] == ask(here, "Clerk", f"{STATES}?state=silent{query}")["items"]
    ask(here, "Clerk", f"/v1/detectors/{silent}/spells", 404)
    with here.database.transaction() as connection:
        # The house itself still must know it: who was not seen that day was perhaps not seen because of it.
        assert {silent: (DetectorTrouble.SILENT,)} == service.state_at(connection, [silent], NOW + minutes(400))


def test_staff_see_the_detectors_of_their_city_and_bridges_are_none(here: Town) -> None:
    register(here, "gate")
    register(here, "hospital", ELSEWHERE)
    register(here, "server", kind=DetectorKind.BRIDGE)
    shown = {
        name: [one["name"] for one in ask(here, name, STATES)["items"]] for name in ("Clerk", "Farclerk", "Boss")
    }  # fmt: skip

    assert {"Clerk": ["gate"], "Farclerk": ["hospital"], "Boss": ["gate", "hospital"]} == shown
    ask(here, "Hanako", STATES, 403)


def test_all_that_a_detector_said_of_itself_is_shown(here: Town) -> None:
    gate = register(here, "gate")
    path = f"/v1/detectors/{gate.id}/health"
    unknown = ask(here, "Clerk", path)
    assert (None, None, 0, 0) == tuple(unknown[name] for name in ("heard_at", "skew_s", "sightings", "strangers"))

    said = {
        "uptime_s": 60.0, "battery_pct": 80.0, "signal_pct": 40.0, "firmware": "1.2", "free_pct": 70.0, "load": 0.5,
    }  # fmt: skip
    hear(here, word(gate, 1, 2, 3, -4.0, **said))

    heard = {"heard_at": iso(1), "hearing_at": iso(1), "skew_s": -4.0, "sightings": 2, "strangers": 3}
    assert {"detector_id": str(gate.id)} | said | heard == ask(here, "Clerk", path)


def test_spells_are_listed_newest_first_and_page_by_page(here: Town) -> None:
    gate = register(here, "gate")
    for minute in (10, 20, 30):
        hear(here, word(gate, minute))
        wait_until(here, minute + 5)
    path = f"/v1/detectors/{gate.id}/spells"
    first = ask(here, "Clerk", f"{path}?limit=2")
    rest = ask(here, "Clerk", f"{path}?limit=2&cursor={first['next']}")

    expected = [("silent", iso(30), None), ("silent", iso(20), iso(30)), ("silent", iso(10), iso(20))]
    found = [(one["trouble"], one["from_at"], one["until_at"]) for one in first["items"] + rest["items"]]
    assert expected == found
    assert rest["next"] is None
    between = ask(here, "Clerk", f"{path}?from={iso(12)}&until={iso(20)}")["items"]
    assert [iso(10)] == [one["from_at"] for one in between]
    ask(here, "Clerk", f"{path}?cursor=nonsense", 400)


def test_two_troubles_that_began_together_are_both_shown_over_a_page_break(here: Town) -> None:
    gate = register(here, "gate")
    hear(here, word(gate, 1, skew_s=500.0))
    wait_until(here, 10)
    path = f"/v1/detectors/{gate.id}/spells?limit=1"
    first = ask(here, "Clerk", path)
    second = ask(here, "Clerk", f"{path}&cursor={first['next']}")

    assert [("silent", iso(1)), ("clock_wrong", iso(1))] == [
        (one["trouble"], one["from_at"]) for one in first["items"] + second["items"]
    ]


def test_the_hours_in_which_it_heard_anybody_are_counted(here: Town) -> None:
    gate = register(here, "gate")
    hear(here, word(gate, 1, 1, 2), word(gate, 59, 1), word(gate, 60, 0, 7), word(gate, 121), word(gate, 180, 1))
    here.clock.pass_by(timedelta(days=1))
    path = f"/v1/detectors/{gate.id}/hours"

    def counted(query: str = "") -> list[tuple[str, int, int]]:
        items = ask(here, "Clerk", path + query)["items"]
        return [(one["at"], one["sightings"], one["strangers"]) for one in items]

    assert [(iso(0), 2, 2), (iso(60), 0, 7), (iso(180), 1, 0)] == counted()
    assert [(iso(60), 0, 7)] == counted(f"?from={iso(75)}&until={iso(180)}")


def test_a_span_that_is_none_is_refused(here: Town) -> None:
    gate = register(here, "gate")
    for span in (
        f"from={iso(10)}&until={iso(10)}",
        f"from={iso(-200_000)}&until={iso(0)}",
        "until=9999-12-31T23:59:59Z",
        "until=0001-01-01T00:00:00Z",
        "from=yesterday",
    ):
        for what in ("spells", "hours"):
            ask(here, "Clerk", f"/v1/detectors/{gate.id}/{what}?{span}", 400)


def test_what_is_of_another_city_answers_like_what_never_was(here: Town) -> None:
    gate = register(here, "gate")
    for what in ("health", "spells", "hours"):
        unknown = ask(here, "Farclerk", f"/v1/detectors/{uuid4()}/{what}", 404)

        assert unknown == ask(here, "Farclerk", f"/v1/detectors/{gate.id}/{what}", 404)
        ask(here, "Boss", f"/v1/detectors/{gate.id}/{what}")
