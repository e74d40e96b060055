"""Phones, watches and detectors that speak to two edges as behind a proxy, and somebody who asks the web; who they are
answered by may fail at any moment. What was not acknowledged is said again.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import httpx

from app.simulator.fcm_standin import FcmStandIn
from tests.build import PASSWORD
from tests.chaos import crew, poles
from tests.chaos.crew import PATIENCE_S, Cast, Phone
from tests.chaos.many import Process
from tests.chaos.poles import BODIES_MAX, Pole
from tests.waiting import until

GIVE_UP_S = 2.0
"""Who is not answered for so long asks another edge."""


class Load:
    """Everybody who speaks. `pause_s` is how long each waits after an answer."""

    def __init__(
        self, cast: Cast, detectors: Sequence[Pole], phones: FcmStandIn, edges: Sequence[Process], web: Process,
        pause_s: float,
    ) -> None:  # fmt: skip
        self.cast, self.poles, self.web, self._phones, self._edges = cast, detectors, web, phones, edges
        self._pause_s = pause_s
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._presses: list[asyncio.Task[None]] = []
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often who was answered what."""
        self.served: Counter[str] = Counter()
        """How often each was served, by name."""

    def start(self) -> None:
        """They begin."""
        speakers = [self._phone(one, number) for number, one in enumerate(self.cast.phones)]
        speakers += [self._pole(one, number) for number, one in enumerate(self.poles)]
        self._tasks = [asyncio.ensure_future(one) for one in [*speakers, self._ask()]]

    async def stop(self) -> None:
        """They end when they have been answered or have given up."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    def press(self, note: Callable[[float], object]) -> None:
        """The next watch presses SOS until that is acknowledged; notes the seconds until the family's phone had it."""
        self._presses.append(asyncio.ensure_future(self._press(len(self._presses), note)))

    async def all_told(self) -> None:
        """Everybody who pressed was answered, and a phone has it."""
        await asyncio.gather(*self._presses)

    async def until_served(self) -> None:
        """Each phone and detector is answered anew, and who asks the web is signed in: a sign-in that a fault cuts short
        counts as a failed one, and the fifth must wait.
        """
        await until(lambda: self.answers["web", 200], PATIENCE_S)
        before = self.served.copy()
        await until(lambda: all(self.served[name] != before[name] for name in self._speaking()), PATIENCE_S)

    def _speaking(self) -> list[str]:
        still = [one for one in self.poles if one.number < BODIES_MAX]
        return [*(one.device.external_id for one in self.cast.phones), *(one.detector.external_id for one in still)]

    def _turns(self, number: int) -> Iterator[Process]:
        """Which edge next, as long as there is something to say."""
        edges = itertools.islice(itertools.cycle(self._edges), number, None)
        return itertools.takewhile(lambda _: not self._stopping, edges)

    async def _phone(self, phone: Phone, number: int) -> None:
        headers = crew.credentials(phone)
        async with httpx.AsyncClient(headers=headers, timeout=GIVE_UP_S) as client:
            for edge in self._turns(number):
                if await self._said(client, edge, "owntracks", json=crew.place(phone, self.cast)):
                    crew.taken(phone)
                    self.served[phone.device.external_id] += 1

    async def _pole(self, pole: Pole, number: int) -> None:
        headers = {"Authorization": f"Bearer {pole.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=GIVE_UP_S) as client:
            for edge in self._turns(number):
                if pole.number == BODIES_MAX:
                    return
                if await self._said(client, edge, "gateway", content=poles.heard(pole, self.cast.start)):
                    poles.taken(pole)
                    self.served[pole.detector.external_id] += 1

    async def _said(self, client: httpx.AsyncClient, edge: Process, path: str, **body: Any) -> bool:
        try:
            answer = await client.post(f"{edge.url}/ingest/{path}", **body)
        except httpx.HTTPError:
            await asyncio.sleep(0.02)
            return False
        self.answers[path, answer.status_code] += 1
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) > 0
        await asyncio.sleep(self._pause_s)
        return answer.status_code == 200

    async def _press(self, number: int, note: Callable[[float], object]) -> None:
        loop = asyncio.get_running_loop()
        presser, began_s = self.cast.pressers[number], loop.time()
        async with asyncio.timeout(4 * PATIENCE_S):
            for edge in self._turns(number):
                with suppress(TimeoutError):
                    await asyncio.wait_for(crew.press(presser, edge), GIVE_UP_S)
                if presser.answered:
                    break
                await asyncio.sleep(0.02)
            while not self._stopping and not any(push.token == f"phone-of-w{number}" for push in self._phones.received):
                await asyncio.sleep(0.02)
        note(loop.time() - began_s)

    async def _ask(self) -> None:
        """Somebody at the desk asks for the alerts, again and again."""
        async with httpx.AsyncClient(timeout=GIVE_UP_S) as client:
            while not self._stopping:
                with suppress(httpx.HTTPError):
                    answer = await self._asked(client)
                    self.answers["web", answer.status_code] += 1
                await asyncio.sleep(self._pause_s)

    async def _asked(self, client: httpx.AsyncClient) -> httpx.Response:
        if "authorization" not in client.headers:
            body = {"email": self.cast.town.daughter.email, "password": PASSWORD}
            answer = await client.post(f"{self.web.url}/v1/sign-in", json=body)
            if answer.status_code == 200:
                client.headers["authorization"] = f"Bearer {answer.json()['token']}"
            return answer
        return await client.get(f"{self.web.url}/v1/alerts")
