"""Hana does not come home. Her tag is silent, poles have heard nothing, searchers look and find nobody; then a pole hears
her, and she is found: the map follows each fact, and in the end the search knows how good its map was.
"""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.devices import service as devices
from app.geo.measure import travelled
from app.missing.grid import cell_at
from tests.build import HOME
from tests.e2e.school import HALF_PAST_SEVEN, beating, heard, registered_detector, registered_tag, taken, until_known
from tests.e2e.stage import Receiver, Stage, a_stage

MINOR = 7


def off(east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude so many metres from home."""
    east = travelled(HOME.lat_deg, HOME.lon_deg, 90.0, east_m)
    return travelled(*east, 0.0, north_m)


class Search:
    """The search for Hana, as the app of her daughter sees it."""

    def __init__(self, stage: Stage, app: httpx.AsyncClient, search_id: str) -> None:
        self.stage, self.app, self.path = stage, app, f"/v1/searches/{search_id}"

    async def map(self) -> dict[str, Any]:
        shown: dict[str, Any] = taken(await self.app.get(f"{self.path}/map", params={"share": 0.999, "cells": 5000}))
        return shown

    async def tell(self, **fact: Any) -> None:
        taken(await self.app.post(f"{self.path}/facts", json={"fact": fact}), 201)

    async def close(self, east_m: float, north_m: float) -> dict[str, Any]:
        lat_deg, lon_deg = off(east_m, north_m)
        body = {"ended": "found_well", "find": {"lat_deg": lat_deg, "lon_deg": lon_deg}}
        shown: dict[str, Any] = taken(await self.app.post(f"{self.path}/close", json=body))
        return shown


def probability(shown: dict[str, Any], east_m: float, north_m: float) -> float:
    cell = f"{cell_at(*off(east_m, north_m)):x}"
    return sum(one["properties"]["probability"] for one in shown["features"] if one["id"] == cell)


async def poles(stage: Stage) -> list[Receiver]:
    """One at home, four that hear far in the north and one far in the east; all known to the edge. Hana wears a tag."""
    clerk = await stage.sign_in(stage.town.clerk)
    await stage.write(lambda c: devices.release(c, stage.town.watch.id, stage.now))
    await registered_tag(clerk, MINOR, stage.town.hana)
    home = await registered_detector(clerk, "家の前")
    north = [await registered_detector(clerk, f"北{n}", north_m=800 + 150 * n, range_m=300) for n in range(4)]
    lat_deg, lon_deg = off(2_500, 0)
    east = await registered_detector(clerk, "駅東", lat_deg=lat_deg, lon_deg=lon_deg)
    await until_known(stage, east)
    return [home, *north, east]


async def opened(stage: Stage) -> Search:
    app = await stage.sign_in(stage.town.daughter)
    body = {"wearer": str(stage.town.hana.id), "reason": "朝から帰りません"}
    return Search(stage, app, taken(await app.post("/v1/searches", json=body))["id"])


def a_block(now: datetime, east_m: float) -> list[dict[str, Any]]:
    """The way of searchers who walked up and down a block in the last ten minutes."""
    points = []
    for leg in range(30):
        lat_deg, lon_deg = off(east_m + 200 * (leg % 2), -150 + 10 * leg)
        at = now - timedelta(minutes=(30 - leg) / 3)
        points.append({"at": at.isoformat(), "lat_deg": lat_deg, "lon_deg": lon_deg})
    return points


async def test_the_map_follows_each_fact_until_she_is_found(where: Any, tmp_path: Any) -> None:
    async with a_stage(where, tmp_path, HALF_PAST_SEVEN) as stage:
        home, *north, east = await poles(stage)
        taken(await stage.gateway(home, [heard(stage.now, minor=MINOR)]))
        await beating(stage, [home, *north, east], 25)
        search = await opened(stage)

        first = await search.map()
        assert ("detector", 5) == (first["known"]["last"]["known_by"], first["known"]["detectors"])
        assert 0.1 == first["known"]["tag_lost"]
        assert 1_440 < first["known"]["age_s"] <= 1_560
        assert probability(first, 0, 1_100) < 0.8 * probability(first, 0, -1_100), (
            "four poles in the north heard nothing"
        )
        ranked = taken(await search.app.get(f"{search.path}/sectors"))["items"]
        assert ranked[0]["cumulative"] < ranked[-1]["cumulative"] <= 1.0

        await search.tell(kind="sweep", points=a_block(stage.now, -1_000), width_m=40)
        searched = await search.map()
        assert probability(searched, -900, 0) < 0.8 * probability(first, -900, 0)
        assert probability(searched, 0, -1_100) > probability(first, 0, -1_100)

        await beating(stage, [home, *north, east], 10)
        taken(await stage.gateway(east, [heard(stage.now, minor=MINOR)]))
        await stage.pass_by(5)
        moved = await search.map()
        assert f"{cell_at(*off(2_500, 0)):x}" == moved["features"][0]["id"], "the passage begins the map anew"
        assert ("2026-04-01T23:05:00Z", 0.0) == (moved["known"]["last"]["at"], probability(moved, -900, 0))

        await stage.pass_by(10)
        closed = await search.close(2_900, 300)
        assert ("closed", "found_well") == (closed["state"], closed["ended"])
        assert closed["find"]["score"] > closed["find"]["score_first_rings"] > 0.5
        assert closed["find"]["score"] == pytest.approx(1.0, abs=0.02)
        await nobody_else_learns(stage, search)


async def nobody_else_learns(stage: Stage, search: Search) -> None:
    """Others find no search; the family reads who looked."""
    for other in (stage.town.outsider, stage.town.stranger, stage.town.clerk):
        app = await stage.sign_in(other)
        assert [404, 404] == [(await app.get(f"{search.path}{part}")).status_code for part in ("", "/map")]
        assert [] == taken(await app.get("/v1/searches"))["items"]
    looks = taken(await search.app.get(f"/v1/wearers/{stage.town.hana.id}/looks"))["items"]
    assert {("佐藤 美咲", "search")} == {(one["viewer_name"], one["purpose"]) for one in looks}
