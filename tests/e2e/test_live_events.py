"""An open app hears what happens, loses its connection, and hears what it missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Account
from app.config import Settings
from app.db.session import Hint
from app.kit.clock import ManualClock
from app.pipeline import process
from app.server import Site, serving
from tests.build import NOW, Town, a_fix, an_alarm, minutes, town, unit
from tests.contract.history.street import body, street

PATIENCE_S = 20.0
SECRET = "a secret of detectors that is long enough"


def settings_for(where: Path | str) -> Settings:
    if isinstance(where, str):
        return Settings(database=where, detector_secret=SECRET, port=0, log_level="error")
    return Settings(data=str(where), detector_secret=SECRET, port=0, log_level="error")


@pytest.fixture
async def site(where: Path | str) -> AsyncIterator[tuple[Site, Town, str, str]]:
    clock = ManualClock(NOW)
    async with serving(settings_for(where), clock) as site:
        here = await site.database.write(lambda c: town(c, NOW - minutes(60)))

        def sign_in(account):
            return lambda c: accounts.start_sign_in(c, account.id, "app", NOW, 90)

        daughter = await site.database.write(sign_in(here.daughter))
        outsider = await site.database.write(sign_in(here.outsider))
        yield site, here, daughter, outsider


@asynccontextmanager
async def listening(site: Site, token: str, last: str | None = None) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})
    async with (
        httpx.AsyncClient(base_url=site.base_url, timeout=PATIENCE_S) as client,
        client.stream("GET", "/v1/events", headers=headers) as answer,
    ):
        assert 200 == answer.status_code
        assert "text/event-stream" in answer.headers["content-type"]
        yield events_of(answer)


async def events_of(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """What the lines of a stream say, event by event."""
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            event[name or "comment"] = value.strip()
        elif event:
            yield event
            event = {}


async def hear(events: AsyncIterator[dict[str, str]]) -> dict[str, str]:
    """The next event."""
    return await asyncio.wait_for(anext(events), PATIENCE_S)


async def feed(site: Site, *units) -> None:
    await site.database.write(lambda c: process(c, list(units), NOW))


async def test_an_open_app_hears_alerts_and_that_a_place_changed_but_no_place(site) -> None:
    site, here, daughter, _ = site
    async with listening(site, daughter) as events:
        assert "welcome" == (await hear(events))["comment"]
        await feed(site, unit(here.watch, a_fix()))
        place = await hear(events)
        await feed(site, unit(here.watch, an_alarm("sos")))
        opened = await hear(events)

    assert "place" == place["event"]
    assert str(here.hana.id) in place["data"]
    assert "34.7" not in place["data"]
    assert "alert" == opened["event"]
    assert '"what":"opened"' in opened["data"]
    assert "lat_deg" not in opened["data"]


async def test_who_is_told_of_her_hears_that_somebody_wrote_on_a_board_and_nobody_else(site) -> None:
    site, here, daughter, outsider = site
    async with listening(site, daughter) as ours, listening(site, outsider) as theirs:
        await hear(ours)
        await hear(theirs)
        site.database.tell([Hint("board", str(here.hana.id)), Hint("board", str(here.hana.id))])
        site.database.tell([Hint("board", str(here.outsider.id))])

        assert ("board", f'{{"wearer":"{here.hana.id}"}}') == tuple((await hear(ours)).values())
        for events in (ours, theirs):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(events), 0.3)


async def test_what_was_missed_comes_first_after_coming_back(site) -> None:
    site, here, daughter, _ = site
    await feed(site, unit(here.watch, an_alarm("sos")))
    async with listening(site, daughter, "0") as events:
        assert "comment" in await hear(events)
        first, second = await hear(events), await hear(events)
    await feed(site, unit(here.watch, an_alarm("fall")))
    async with listening(site, daughter, second["id"]) as events:
        assert "comment" in await hear(events)
        third = await hear(events)

    assert int(first["id"]) < int(second["id"]) < int(third["id"])
    assert '"kind":"fall"' in third["data"]


async def test_a_proxy_sees_that_the_stream_lives_though_only_what_concerns_nobody_here_happens(
    site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many processes look again every few seconds without a reason."""
    site, _, daughter, _ = site
    monkeypatch.setattr("app.live.COMMENT_EVERY_S", 0.2)

    async def look_again() -> None:
        while True:
            site.database.tell([Hint("live")])
            await asyncio.sleep(0.02)

    async with listening(site, daughter) as events:
        looking = asyncio.ensure_future(look_again())
        heard = [(await hear(events))["comment"] for _ in range(3)]
        looking.cancel()

    assert ["welcome", "still here", "still here"] == heard


async def test_others_hear_nothing_of_it(site) -> None:
    site, here, daughter, outsider = site
    async with listening(site, outsider, "0") as theirs, listening(site, daughter) as ours:
        assert "comment" in await hear(theirs)
        assert "comment" in await hear(ours)
        await feed(site, unit(here.watch, a_fix(), an_alarm("sos")))
        await hear(ours)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(theirs), 0.3)


async def test_the_staff_hears_that_a_tag_was_in_two_places_and_the_family_does_not(where: Path | str) -> None:
    clock = ManualClock(NOW)
    async with serving(settings_for(where), clock) as site:
        here = await site.database.write(street)

        def sign_in(account: Account) -> Callable[[Connection], str]:
            return lambda c: accounts.start_sign_in(c, account.id, "app", NOW, 90)

        operator = await site.database.write(sign_in(here.town.operator))
        daughter = await site.database.write(sign_in(here.town.daughter))
        async with listening(site, operator) as staff, listening(site, daughter) as family:
            await hear(staff)
            await hear(family)

            await feed(site, body(here.gate, here.tag, [0]), body(here.far, here.tag, [1]))

            assert ("doubt", '{"city":282103}') == tuple((await hear(staff)).values())
            await feed(site, unit(here.town.watch, an_alarm("sos")))
            assert "alert" == (await hear(family))["event"]
