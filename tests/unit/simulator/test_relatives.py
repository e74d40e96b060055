"""Phones of the town say what they showed, as real ones do."""

import asyncio
import json

import httpx

from app.kit.clock import FastClock
from app.simulator.people import FAMILY
from app.simulator.relatives import Relatives, Ring
from app.simulator.setup import Settled
from app.simulator.town import town_of
from tests.build import NOW
from tests.waiting import until


async def test_every_phone_says_that_it_showed_what_came_also_when_nobody_hears_it() -> None:
    said: list[tuple[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        said.append((request.url.path, json.loads(request.content)))
        if len(said) == 1:
            raise httpx.ConnectError("away")
        return httpx.Response(204)

    rings: asyncio.Queue[Ring] = asyncio.Queue()
    for kind, receipt in (("news.passage", "one"), ("alert.other", "two"), ("alert.other", "")):
        ring = Ring(who=FAMILY.key, title="", body="", about="", kind=kind, level="news", receipt=receipt)
        rings.put_nowait(ring)
    settled = Settled(town=town_of(1), accounts={}, trackers=())
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://town") as http:
        relatives = Relatives(http, settled, FastClock(NOW, 1.0), lambda _: None, lambda _: None)
        running = asyncio.create_task(relatives.run(rings))
        await until(lambda: len(said) == 2 and rings.empty())
        running.cancel()

    assert said == [("/v1/receipts/one", {"what": "shown"}), ("/v1/receipts/two", {"what": "shown"})]
