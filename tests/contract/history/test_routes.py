"""The routes of places through the real application."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.devices import service as devices
from app.history.service import positions as service
from app.history.tables import area_question
from app.households import service as households
from app.households.model import Wearer
from app.households.tables import look
from app.kit.ids import DeviceId
from tests.build import HOME, NOW
from tests.contract.history.build import a_position
from tests.contract.web import HERE, Town, town


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


@pytest.fixture
def hana(here: Town) -> Wearer:
    """Hanako's mother."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "Tanaka", [here.people["Hanako"].id], NOW)
        return households.create_wearer(connection, home.id, "Hana", by=here.people["Hanako"].id, now=NOW)


def watch_of(connection: Connection, wearer: Wearer) -> DeviceId:
    device, _ = devices.enrol(
        connection, city_id=HERE, format="watch", external_id="8800000015", name="watch", interval_s=300, now=NOW
    )
    devices.assign(connection, device.id, wearer_id=wearer.id, now=NOW, from_at=NOW - timedelta(days=1))
    return device.id


def walk(here: Town, wearer: Wearer, minutes: range) -> None:
    """Positions at these minutes before NOW, each received a minute later."""
    with here.database.transaction() as connection:
        device_id = watch_of(connection, wearer)
        late = timedelta(minutes=1)
        service.append(
            connection,
            [
                a_position(device_id, wearer.id, minutes=-one, received_at=NOW - timedelta(minutes=one) + late)
                for one in minutes
            ],
        )


def looks(here: Town) -> list[str]:
    with here.database.transaction() as connection:
        return list(connection.execute(sa.select(look.c.purpose)).scalars())


def ask(here: Town, name: str, path: str, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.get(path, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer.json()


def stamp(moment: datetime) -> str:
    return quote(moment.isoformat())


def test_beside_a_place_stand_how_it_is_known_how_sure_and_how_old(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(2, 60))

    assert ask(here, "Hanako", f"/v1/wearers/{hana.id}/position") == {
        "wearer": str(hana.id),
        "state": "fresh",
        "lat_deg": HOME.lat_deg,
        "lon_deg": HOME.lon_deg,
        "accuracy_m": 12.0,
        "known_by": "gnss",
        "at": "2026-04-01T02:58:00Z",
        "received_at": "2026-04-01T02:59:00Z",
        "age_s": 120,
    }
    assert ["place"] == looks(here)


def test_where_nothing_is_known_the_answer_says_so(here: Town, hana: Wearer) -> None:
    answer = ask(here, "Hanako", f"/v1/wearers/{hana.id}/position")

    assert ("unknown", None, None, None) == (answer["state"], answer["lat_deg"], answer["at"], answer["age_s"])


def test_an_old_place_is_called_stale(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(30, 60))

    assert "stale" == ask(here, "Hanako", f"/v1/wearers/{hana.id}/position")["state"]


@pytest.mark.parametrize("name", ["Taro", "Faraway", "Clerk", "Farclerk", "Operator", "Boss"])
@pytest.mark.parametrize("what", ["position", "track"])
def test_without_a_consent_her_place_is_like_that_of_nobody(here: Town, hana: Wearer, name: str, what: str) -> None:
    unknown = ask(here, name, f"/v1/wearers/{uuid4()}/{what}", 404)

    assert unknown == ask(here, name, f"/v1/wearers/{hana.id}/{what}", 404)
    assert [] == looks(here)


@pytest.mark.parametrize("what", ["position", "track"])
def test_nobody_signed_in_sees_nothing(here: Town, hana: Wearer, what: str) -> None:
    assert here.client.get(f"/v1/wearers/{hana.id}/{what}").status_code == 401


def test_a_track_is_the_last_day_unless_told_otherwise(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(1, 26 * 60, 60))
    answer = ask(here, "Hanako", f"/v1/wearers/{hana.id}/track")

    assert 24 == len(answer["items"])
    assert (0, None) == (answer["left_out"], answer["next"])
    assert {
        "at": "2026-04-01T02:59:00Z",
        "received_at": "2026-04-01T03:00:00Z",
        "lat_deg": HOME.lat_deg,
        "lon_deg": HOME.lon_deg,
        "accuracy_m": 12.0,
        "known_by": "gnss",
        "until": None,
        "detector": None,
    } == answer["items"][-1]
    assert ["track"] == looks(here)


def test_a_track_between_two_times_in_japanese_time(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(1, 120))
    span = f"from={quote('2026-04-01T11:00:00+09:00')}&until={quote('2026-04-01T11:30:00+09:00')}"
    items = ask(here, "Hanako", f"/v1/wearers/{hana.id}/track?{span}")["items"]

    assert (30, "2026-04-01T02:00:00Z", "2026-04-01T02:29:00Z") == (len(items), items[0]["at"], items[-1]["at"])


def test_a_track_is_thinned_to_the_points_that_are_asked_for(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(1, 101))
    answer = ask(here, "Hanako", f"/v1/wearers/{hana.id}/track?points=5")

    assert (5, 95) == (len(answer["items"]), answer["left_out"])


def test_a_long_track_goes_on_where_the_part_before_ended(
    here: Town, hana: Wearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "TRACK_ROWS_MAX", 40)
    walk(here, hana, range(1, 101))
    path = f"/v1/wearers/{hana.id}/track?until={stamp(NOW)}"
    seen, cursor = [], ""
    while cursor is not None:
        part = ask(here, "Hanako", f"{path}&cursor={cursor}" if cursor else path)
        seen += [point["at"] for point in part["items"]]
        cursor = part["next"]

    assert 100 == len(seen)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-04-01T11:00:00",
        "until=2026-04-01",
        f"from={stamp(NOW)}&until={stamp(NOW)}",
        f"from={stamp(NOW - timedelta(days=32))}",
        "until=0001-01-01T00:00:00Z",
        f"until={quote('0001-01-01T00:00:00+14:00')}",
        f"until={quote('9999-12-31T23:59:59-14:00')}",
        f"from={quote('9999-12-31T23:59:59-14:00')}",
        f"from={quote('0001-01-01T00:00:00+14:00')}",
        "points=1",
        "points=10001",
        "points=many",
        "cursor=xyz",
        "cursor=kbMyMDI2LTA0LTAxVDAwOjAwOjAw",
        "cursor=kQE",
    ],
)
def test_what_cannot_be_meant_is_a_problem_and_no_look(here: Town, hana: Wearer, query: str) -> None:
    answer = here.client.get(f"/v1/wearers/{hana.id}/track?{query}", headers=here.headers_of("Hanako"))

    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [] == looks(here)


def test_a_cursor_of_another_span_is_refused(here: Town, hana: Wearer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TRACK_ROWS_MAX", 10)
    walk(here, hana, range(1, 61))
    cursor = ask(here, "Hanako", f"/v1/wearers/{hana.id}/track")["next"]
    later = stamp(NOW - timedelta(minutes=10))

    ask(here, "Hanako", f"/v1/wearers/{hana.id}/track?from={later}&cursor={cursor}", 400)


def test_the_family_can_read_who_looked(here: Town, hana: Wearer) -> None:
    ask(here, "Hanako", f"/v1/wearers/{hana.id}/position")
    ask(here, "Hanako", f"/v1/wearers/{hana.id}/track")
    ask(here, "Hanako", f"/v1/wearers/{hana.id}/track")
    items = ask(here, "Hanako", f"/v1/wearers/{hana.id}/looks")["items"]

    assert ["place", "track"] == sorted(one["purpose"] for one in items)


def area(here: Town, reason: str, status: int) -> Any:
    span = {"from_at": (NOW - timedelta(hours=1)).isoformat(), "until_at": NOW.isoformat()}
    question = {"lat_deg": HOME.lat_deg, "lon_deg": HOME.lon_deg, "radius_m": 500, **span, "reason": reason}
    answer = here.client.post("/v1/area-questions", json=question, headers=here.headers_of("Operator"))
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize("reason", ["", "捜", "      ", "\u3000\u3000\u3000"])
def test_who_was_near_is_not_told_without_a_reason(here: Town, reason: str) -> None:
    assert area(here, reason, 400)["errors"][0]["where"] == "reason"

    with here.database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(area_question)).scalar_one() == 0


@pytest.mark.parametrize("reason", ["捜索", "行方不明", "Looking for somebody"])
def test_a_reason_is_kept_as_it_was_written_however_short_a_language_is(here: Town, reason: str) -> None:
    assert area(here, reason, 200)["items"] == []

    with here.database.transaction() as connection:
        assert connection.execute(sa.select(area_question.c.reason)).scalar_one() == reason
