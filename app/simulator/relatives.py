"""What families do when their phones ring: two of them act, as people do, after a while and through the API.

A son takes the SOS of his mother, and ends it when he has been there. A daughter whose mother left home asks her watch
to report every 20 seconds. All others read what came and let it be.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from msgspec import Struct

from app.simulator.api import Api, ApiRefusal
from app.simulator.pace import PacedClock, sleep_for
from app.simulator.people import FAMILY, RELATIVES
from app.simulator.setup import Settled

THINKS_S = 45.0
"""Time of the simulation from the ring to the tap."""

IS_THERE_S = 40 * 60.0
"""Time of the simulation from the tap until he has been there and all is well."""

SON = "makoto.ito"

NEWS_OF_PASSAGES = frozenset(
    {
        "news.passage",
        "news.passage_near",
        "news.passage_visit",
        "news.passages",
        "news.passages_more",
        "news.arrived",
        "news.was_there",
    }
)
"""They come by the dozen, and nobody has to do anything."""


class Ring(Struct, frozen=True, kw_only=True):
    """A push as it appears on somebody's phone. `about` is `alert:<id>`; `who` is the key of the relative; by `receipt`
    the phone says that it showed it.
    """

    who: str
    title: str
    body: str
    about: str
    kind: str
    level: str
    receipt: str = ""

    @property
    def alert_id(self) -> str:
        """The alert that it is about."""
        return self.about.partition(":")[2]


def ring_of(token: str, message: dict[str, Any]) -> Ring:
    """What a phone makes of an FCM message (firebase.google.com, FCM v1, `Message`)."""
    shown, data = message.get("notification", {}), message.get("data", {})
    return Ring(
        who=next((one.key for one in RELATIVES if one.push_token == token), token),
        title=str(shown.get("title", "")),
        body=str(shown.get("body", "")),
        about=str(data.get("about", "")),
        kind=str(data.get("kind", "")),
        level=str(data.get("level", "")),
        receipt=str(data.get("receipt", "")),
    )


class Relatives:
    """The families of a settled town."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        settled: Settled,
        clock: PacedClock,
        say: Callable[[str], None],
        passed: Callable[[str], None],
    ) -> None:
        self._http = http
        self._settled = settled
        self._clock = clock
        self._say = say
        self._passed = passed
        self._apis = {key: Api(http, account.token) for key, account in settled.accounts.items()}

    async def run(self, rings: "asyncio.Queue[Ring]") -> None:
        """Hears every ring; lives until it is cancelled."""
        async with asyncio.TaskGroup() as acts:
            while True:
                ring = await rings.get()
                acts.create_task(self._say_it_was_shown(ring))
                account = self._settled.accounts.get(ring.who)
                if ring.kind in NEWS_OF_PASSAGES:
                    self._passed(ring.title)
                    continue
                self._say(f"push to {account.name if account else ring.who}: {ring.title} / {ring.body}")
                acts.create_task(self._act(ring))

    async def _say_it_was_shown(self, ring: Ring) -> None:
        """The phone itself, signed in or not."""
        if ring.receipt:
            with suppress(httpx.HTTPError):  # The service is away: a phone cannot help it.
                await self._http.post(f"/v1/receipts/{ring.receipt}", json={"what": "shown"})

    async def _act(self, ring: Ring) -> None:
        try:
            match ring.who, ring.kind:
                case who, "alert.sos" if who == SON:
                    await self._takes(ring)
                case who, "alert.geofence_exit" if who == FAMILY.key:
                    await self._follows(ring)
        except (ApiRefusal, httpx.HTTPError) as error:  # A script may have been quicker; people shrug.
            self._say(f"{ring.who} could not do it: {error}")

    async def _takes(self, ring: Ring) -> None:
        await sleep_for(self._clock, THINKS_S)
        api, name = self._apis[ring.who], self._settled.accounts[ring.who].name
        alert = await api.post(f"/v1/alerts/{ring.alert_id}/acknowledge")
        self._say(f"{name} sees to it: {alert['kind']} of {alert['wearer_name']}")
        await sleep_for(self._clock, IS_THERE_S)
        alert = await api.post(f"/v1/alerts/{ring.alert_id}/resolve")
        self._say(f"{name} says that it is over: {alert['kind']} of {alert['wearer_name']}")

    async def _follows(self, ring: Ring) -> None:
        await sleep_for(self._clock, THINKS_S)
        api = self._apis[ring.who]
        alert = await api.get(f"/v1/alerts/{ring.alert_id}")
        tracker = next(one for one in self._settled.trackers if one.wearer_id == alert["wearer"])
        await api.post(f"/v1/devices/{tracker.device_id}/commands", kind="live_on")
        self._say(f"{self._settled.accounts[ring.who].name} asks the watch of {alert['wearer_name']} for live mode")
