"""Searches over HTTP, through the real application."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.geo import service as geo
from app.geo.model import FencePurpose, GeofenceDraft, Point, Shape
from app.households import service as households
from app.households.model import Scope, Wearer
from app.households.tables import look
from app.jobs import run_all
from app.missing.grid import cell_at
from app.missing.tables import search, search_fact
from tests.build import HOME, NOW
from tests.contract.history.test_routes import walk
from tests.contract.web import HERE, Town, town
from tests.unit.missing.build import off

SEARCHES = "/v1/searches"


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running."""
    with town(where) as one:
        yield one


@pytest.fixture
def hana(here: Town) -> Wearer:
    """Hanako's mother, who has a garden and wears nothing."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "Tanaka", [here.people["Hanako"].id], NOW)
        hana = households.create_wearer(connection, home.id, "Hana", by=here.people["Hanako"].id, now=NOW)
        shape = Shape(centre=Point(*off(0, 2_000)), radius_m=100.0)
        geo.create(connection, hana, GeofenceDraft(name="畑", shape=shape, purpose=FencePurpose.PLACE), NOW)
        return hana


def ask(here: Town, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """The answer to what this person asks, which must have this status."""
    answer = here.client.request(method, path, json=body, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def opened(here: Town, hana: Wearer, name: str = "Hanako", **more: Any) -> str:
    """The id of a search for her, who was last seen at home two hours ago."""
    lat_deg, lon_deg = off(0, 0)
    last = {"at": (NOW - timedelta(hours=2)).isoformat(), "lat_deg": lat_deg, "lon_deg": lon_deg}
    body = {"wearer": str(hana.id), "reason": "She did not come home", "last": last} | more
    found: str = ask(here, name, "POST", SEARCHES, body)["id"]
    return found


def tell(here: Town, search_id: str, at: Any = None, status: int = 201, **fact: Any) -> Any:
    body = {"fact": fact} | ({} if at is None else {"at": at.isoformat()})
    return ask(here, "Hanako", "POST", f"{SEARCHES}/{search_id}/facts", body, status)


def looks(here: Town) -> list[str]:
    with here.database.transaction() as connection:
        return list(connection.execute(sa.select(look.c.purpose)).scalars())


def probability(shown: Any, east_m: float, north_m: float) -> float:
    """Of the cell so far from home, as the map shows it."""
    cell = f"{cell_at(*off(east_m, north_m)):x}"
    found = [one["properties"]["probability"] for one in shown["features"] if one["id"] == cell]
    return found[0] if found else 0.0


def the_map(here: Town, search_id: str, query: str = "share=0.999&cells=5000") -> Any:
    return ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/map?{query}")


def test_a_search_is_opened_from_where_she_was_last_seen(here: Town, hana: Wearer) -> None:
    shown = ask(here, "Hanako", "GET", f"{SEARCHES}/{opened(here, hana)}")

    assert ("Hana", "open", "She did not come home", "Hanako", 0) == tuple(
        shown[name] for name in ("wearer_name", "state", "reason", "opened_by", "facts")
    )
    assert (HOME.lat_deg, "typed", "2026-04-01T01:00:00Z") == (
        pytest.approx(shown["last"]["lat_deg"]), shown["last"]["known_by"], shown["last"]["at"]
    )  # fmt: skip
    assert (None, None, None) == (shown["find"], shown["closed_at"], shown["ended"])
    assert ["search"] == looks(here)


def test_without_a_place_it_begins_at_the_last_one_that_is_known(here: Town, hana: Wearer) -> None:
    walk(here, hana, range(20, 40))
    shown = ask(here, "Hanako", "POST", SEARCHES, {"wearer": str(hana.id), "reason": "gone"})

    assert ("gnss", "2026-04-01T02:40:00Z") == (shown["last"]["known_by"], shown["last"]["at"])


def test_a_search_may_begin_before_anything_is_known_and_its_map_says_so(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana, last=None)

    assert ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}")["last"] is None
    refused = ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/map", status=409)
    assert "Nobody has said where she was last seen." == refused["detail"]
    lat_deg, lon_deg = off(0, 0)
    tell(here, search_id, kind="sighting", lat_deg=lat_deg, lon_deg=lon_deg)
    assert 0 < probability(the_map(here, search_id), 0, 0)


def test_who_opens_a_second_one_joins_the_first(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    lat_deg, lon_deg = off(0, 500)
    seen = {"at": (NOW - timedelta(minutes=50)).isoformat(), "lat_deg": lat_deg, "lon_deg": lon_deg}

    assert search_id == opened(here, hana, reason="I saw her at the shop", last=seen)
    facts = ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/facts")["items"]
    assert [("note", "I saw her at the shop"), ("sighting", "I saw her at the shop")] == [
        (one["fact"]["kind"], one["fact"]["says"]) for one in facts
    ]
    assert "2026-04-01T02:10:00Z" == the_map(here, search_id)["known"]["last"]["at"]


def test_without_a_consent_there_is_no_search(here: Town, hana: Wearer) -> None:
    """She is known to the office, and where she is is not."""
    search_id = opened(here, hana)
    for name in ("Taro", "Faraway", "Clerk", "Farclerk", "Operator", "Boss"):
        sees_nothing(here, hana, name, search_id)

    assert ["search"] == looks(here)


def sees_nothing(here: Town, hana: Wearer, name: str, search_id: str) -> None:
    """Whatever they ask, they are told what they are told of a search that there never was."""
    body = {"fact": {"kind": "note", "says": "?"}}
    unknown = ask(here, name, "GET", f"{SEARCHES}/{uuid4()}", status=404)
    for method, path, content in (
        ("GET", "", None), ("GET", "/map", None), ("GET", "/sectors", None), ("GET", "/facts", None),
        ("POST", "/facts", body), ("POST", "/close", {"ended": "called_off"}), ("DELETE", f"/facts/{uuid4()}", None),
    ):  # fmt: skip
        assert unknown == ask(here, name, method, f"{SEARCHES}/{search_id}{path}", content, 404)
    assert unknown == ask(here, name, "POST", SEARCHES, {"wearer": str(hana.id), "reason": "why"}, 404)
    assert [] == ask(here, name, "GET", SEARCHES)["items"]


def test_by_consent_the_call_centre_searches_with_the_family(here: Town, hana: Wearer) -> None:
    with here.database.transaction() as connection:
        households.give_consent(
            connection, hana.id, scopes=[Scope.PLACE], account_id=here.people["Operator"].id,
            by=here.people["Hanako"].id, now=NOW,
        )  # fmt: skip
    search_id = opened(here, hana, name="Operator")

    assert [search_id] == [one["id"] for one in ask(here, "Hanako", "GET", SEARCHES)["items"]]
    ask(here, "Operator", "GET", f"{SEARCHES}/{search_id}/map")
    listed = ask(here, "Hanako", "GET", f"/v1/wearers/{hana.id}/looks")["items"]
    assert [("Operator", "search")] == [(one["viewer_name"], one["purpose"]) for one in listed]


def test_the_map_is_geojson_the_most_probable_cell_first(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    answer = here.client.get(f"{SEARCHES}/{search_id}/map?share=0.8", headers=here.headers_of("Hanako"))
    shown = answer.json()
    held = [one["properties"]["probability"] for one in shown["features"]]
    first = shown["features"][0]
    ring = first["geometry"]["coordinates"][0]

    assert answer.headers["content-type"].startswith("application/geo+json")
    assert ("FeatureCollection", "Feature", "Polygon") == (shown["type"], first["type"], first["geometry"]["type"])
    assert (7, ring[0], 1, 1.0) == (
        len(ring), ring[-1], first["properties"]["rank"], first["properties"]["relative"]
    )  # fmt: skip
    assert held == sorted(held, reverse=True)
    assert 0.8 <= shown["mass"] == pytest.approx(sum(held))
    assert first["id"] == f"{cell_at(*off(0, 0)):x}"
    assert all(134 < lon < 136 and 34 < lat < 36 for lon, lat in ring)


def test_the_map_says_what_it_was_made_of(here: Town, hana: Wearer) -> None:
    known = the_map(here, opened(here, hana))["known"]

    assert (7_200, 9_420, None, 1, 0, 1.0, 0) == tuple(
        known[name] for name in ("age_s", "reach_m", "heading_deg", "places", "detectors", "tag_lost", "sweeps")
    )


def test_so_many_cells_as_are_asked_for(here: Town, hana: Wearer) -> None:
    shown = the_map(here, opened(here, hana), "cells=20")

    assert 20 == len(shown["features"])
    assert shown["mass"] == pytest.approx(sum(one["properties"]["probability"] for one in shown["features"]))
    assert 20 < shown["cells"]


def test_what_cannot_be_shown_is_a_problem(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    for query in ("share=0.4", "share=1", "cells=0", "cells=5001", "share=x"):
        ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/map?{query}", status=400)


def test_sectors_are_ranked_and_named_by_her_own_places(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    answer = ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/sectors?limit=60")
    items = answer["items"]

    assert list(range(1, 61)) == [one["rank"] for one in items]
    assert [one["cumulative"] for one in items] == sorted(one["cumulative"] for one in items)
    assert "畑" in {one["name"] for one in items}
    assert all(0.5 < one["area_km2"] < 0.8 for one in items[:10])
    assert answer["known"]["places"] == 1
    assert 7 * items[0]["area_km2"] == pytest.approx(
        ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/sectors?resolution=7")["items"][0]["area_km2"], rel=0.01
    )
    ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/sectors?resolution=9", status=400)


def sweep_of(east_m: float) -> list[dict[str, Any]]:
    """Searchers who just walked up and down a block east of home."""
    points = []
    for leg in range(40):
        lat_deg, lon_deg = off(east_m + 150 * (leg % 2), -150 + 8 * leg)
        at = NOW - timedelta(minutes=60 - leg)
        points.append({"at": at.isoformat(), "lat_deg": lat_deg, "lon_deg": lon_deg})
    return points


def test_where_searchers_looked_she_is_less_probable(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    before = the_map(here, search_id)
    told = tell(here, search_id, kind="sweep", points=sweep_of(900), width_m=40)
    after = the_map(here, search_id)

    assert ("sweep", "Hanako", 0.7) == (told["fact"]["kind"], told["by"], told["fact"]["pod"])
    assert told["at"] == "2026-04-01T02:39:00Z"
    assert probability(after, 975, 0) < 0.8 * probability(before, 975, 0)
    assert probability(after, -975, 0) > probability(before, -975, 0)
    assert (0, 1) == (before["known"]["sweeps"], after["known"]["sweeps"])


def test_a_sighting_begins_the_map_anew_and_one_that_was_wrong_is_taken_back(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    lat_deg, lon_deg = off(5_000, 0)
    before = the_map(here, search_id)
    told = tell(
        here,
        search_id,
        NOW - timedelta(minutes=10),
        kind="sighting",
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        says="by a guard",
    )
    moved = the_map(here, search_id)
    ask(here, "Hanako", "DELETE", f"{SEARCHES}/{search_id}/facts/{told['id']}", status=204)
    back = the_map(here, search_id)

    assert f"{cell_at(lat_deg, lon_deg):x}" == moved["features"][0]["id"]
    assert (600, 840) == (moved["known"]["age_s"], moved["known"]["reach_m"])
    assert before == back
    ask(here, "Hanako", "DELETE", f"{SEARCHES}/{search_id}/facts/{told['id']}", status=404)
    with here.database.transaction() as connection:
        assert connection.execute(sa.select(search_fact.c.withdrawn_at)).scalar_one() == NOW


def test_a_fact_of_another_search_is_none(here: Town, hana: Wearer) -> None:
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "Ito", [here.people["Taro"].id], NOW)
        other = households.create_wearer(connection, home.id, "Ume", by=here.people["Taro"].id, now=NOW)
    theirs, own = opened(here, other, name="Taro"), opened(here, hana)
    fact = tell(here, own, kind="note", says="hers")

    ask(here, "Taro", "DELETE", f"{SEARCHES}/{theirs}/facts/{fact['id']}", status=404)
    ask(here, "Taro", "DELETE", f"{SEARCHES}/{own}/facts/{fact['id']}", status=404)
    assert 1 == len(ask(here, "Hanako", "GET", f"{SEARCHES}/{own}/facts")["items"])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "sweep", "points": [], "width_m": 40}, ""),
    ({"kind": "sweep", "points": sweep_of(0), "width_m": 0}, ""),
    ({"kind": "sweep", "points": sweep_of(0), "width_m": 40, "pod": 1}, ""),
    ({"kind": "sweep", "points": sweep_of(0)[::-1], "width_m": 40}, "fact.points[1].at"),
    ({"kind": "heading", "heading_deg": 360}, ""),
    ({"kind": "place", "name": "", "lat_deg": 34, "lon_deg": 134}, ""),
    ({"kind": "sighting", "lat_deg": 91, "lon_deg": 134}, ""),
    ({"kind": "note", "says": "x", "more": 1}, ""),
    ({"kind": "guess"}, ""),
    ({"kind": "terrain", "ground": "lava", "corners": []}, ""),
]


def test_what_cannot_be_meant_is_a_problem_and_no_fact(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    for fact, where in REFUSED:
        problem = tell(here, search_id, status=400, **fact)

        assert not where or [where] == [one["where"] for one in problem["errors"]], fact
    assert [] == ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/facts")["items"]


def test_a_place_yet_to_come_or_long_past_is_refused(here: Town, hana: Wearer) -> None:
    for minutes in (-10, 31 * 24 * 60):
        last = {"at": (NOW - timedelta(minutes=minutes)).isoformat(), "lat_deg": 34.7, "lon_deg": 134.8}
        body = {"wearer": str(hana.id), "reason": "gone", "last": last}

        assert "last.at" == ask(here, "Hanako", "POST", SEARCHES, body, 400)["errors"][0]["where"]


def test_facts_come_in_pages_oldest_first(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    for number in range(5):
        tell(here, search_id, kind="note", says=f"{number}")
    seen, cursor = [], ""
    while cursor is not None:
        part = ask(here, "Hanako", "GET", f"{SEARCHES}/{search_id}/facts?limit=2{cursor and '&cursor=' + cursor}")
        seen += [one["fact"]["says"] for one in part["items"]]
        cursor = part["next"]

    assert list("01234") == seen


def test_who_was_found_closes_the_search_and_rates_its_map(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    lat_deg, lon_deg = off(0, 2_100)
    here.clock.pass_by(timedelta(minutes=30))
    find = {"lat_deg": lat_deg, "lon_deg": lon_deg, "at": (NOW + timedelta(minutes=20)).isoformat()}
    shown = ask(here, "Hanako", "POST", f"{SEARCHES}/{search_id}/close", {"ended": "found_well", "find": find})

    assert ("closed", "found_well", "Hanako") == (shown["state"], shown["ended"], shown["closed_by"])
    assert 1 > shown["find"]["score"] > shown["find"]["score_newest_rings"] > 0.9
    assert shown["find"]["score_first_rings"] == shown["find"]["score_newest_rings"]
    refused = ask(here, "Hanako", "POST", f"{SEARCHES}/{search_id}/close", {"ended": "called_off"}, 409)
    assert "This search is closed." == refused["detail"]
    tell(here, search_id, status=409, kind="note", says="late")
    assert search_id != opened(here, hana)


def test_the_map_of_a_closed_search_stays_as_it_was(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    before = the_map(here, search_id)
    ask(here, "Hanako", "POST", f"{SEARCHES}/{search_id}/close", {"ended": "came_back"})
    here.clock.pass_by(timedelta(hours=5))

    assert before == the_map(here, search_id)


def test_who_came_back_was_found_nowhere(here: Town, hana: Wearer) -> None:
    body = {"ended": "came_back", "find": {"lat_deg": 34.7, "lon_deg": 134.8}}

    ask(here, "Hanako", "POST", f"{SEARCHES}/{opened(here, hana)}/close", body, 400)


def test_open_and_closed_searches_are_listed_newest_first(here: Town, hana: Wearer) -> None:
    first = opened(here, hana)
    ask(here, "Hanako", "POST", f"{SEARCHES}/{first}/close", {"ended": "called_off"})
    here.clock.pass_by(timedelta(minutes=1))
    second = opened(here, hana)

    def listed(query: str = "") -> list[str]:
        return [one["id"] for one in ask(here, "Hanako", "GET", f"{SEARCHES}{query}")["items"]]

    assert [second, first] == listed()
    assert ([second], [first]) == (listed("?state=open"), listed("?state=closed"))
    page = ask(here, "Hanako", "GET", f"{SEARCHES}?limit=1")
    assert [first] == listed(f"?limit=1&cursor={page['next']}")


def test_after_the_time_of_retention_places_are_gone_and_the_score_stays(here: Town, hana: Wearer) -> None:
    search_id = opened(here, hana)
    tell(here, search_id, kind="sighting", lat_deg=34.7, lon_deg=134.8)
    find = {"lat_deg": 34.7, "lon_deg": 134.8}
    ask(here, "Hanako", "POST", f"{SEARCHES}/{search_id}/close", {"ended": "found_hurt", "find": find})
    later = NOW + timedelta(days=Settings().retention_days, minutes=1)
    with here.database.transaction() as connection:
        run_all(connection, Settings(), later)
        row = connection.execute(sa.select(search)).one()
        facts = connection.execute(sa.select(search_fact)).all()

    assert ([], None, None, "", "found_hurt") == (facts, row.last_lat_deg, row.find_lat_deg, row.reason, row.ended)
    assert row.score is not None


def test_who_is_no_longer_watched_is_no_longer_searched_for(here: Town, hana: Wearer) -> None:
    opened(here, hana)
    ask(here, "Hanako", "DELETE", f"/v1/wearers/{hana.id}", status=204)
    with here.database.transaction() as connection:
        run_all(connection, Settings(), NOW)
        row = connection.execute(sa.select(search)).one()

    assert (NOW, "called_off", None) == (row.closed_at, row.ended, row.closed_by)
