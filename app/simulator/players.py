"""Devices that play a recorded outing: a phone over HTTP, a watch over TCP. A player says why it cannot go on and does
not raise.
"""

import asyncio

import httpx

from app.simulator import frames
from app.simulator.frames import Surroundings, WatchSays
from app.simulator.playback import Planned
from app.simulator.radio import WatchLine
from app.simulator.receivers import Measured

TIMEOUT_S = 30.0
TRIES = 5
WAIT_S = 2.0
"""Before a report is tried again that was not taken, unless the server says how long."""
WAIT_S_MAX = 30.0


class PhonePlayer:
    """A phone with OwnTracks or OsmAnd. A report that was not taken for a passing reason is tried again."""

    def __init__(
        self, url: str, format: str, device_id: str, key: str | None, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._format, self._device_id, self._key = format, device_id, key
        with_key = format == "owntracks" and key is not None
        auth = httpx.BasicAuth(device_id, key or "") if with_key else None
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, auth=auth, transport=transport)

    async def __aenter__(self) -> "PhonePlayer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def begin(self) -> str | None:
        """Nothing is known before the first report."""
        return None

    async def send(self, one: Planned) -> str | None:
        """None when the server took it, else why it did not."""
        why = "it never answered"
        for _ in range(TRIES):
            try:
                response = await self._http.send(self._request(one))
            except httpx.HTTPError as error:
                why = f"the server cannot be reached: {error!r}"
                await asyncio.sleep(WAIT_S)
                continue
            if response.is_success:
                return None
            why = f"the server answered {response.status_code}: {_detail(response)}"
            if response.status_code not in (429, 503):
                return why
            await asyncio.sleep(_retry_after_s(response))
        return why

    async def finish(self) -> str | None:
        """Each report was answered by itself."""
        return None

    def _request(self, one: Planned) -> httpx.Request:
        measured = _measured(one)
        if self._format == "owntracks":
            body = frames.owntracks_location(
                measured, user=self._device_id, trigger="t", battery_pct=None, charging=False, sent_at=one.stamp
            )
            headers = {"Content-Type": "application/json"}
            return self._http.build_request("POST", "/ingest/owntracks", content=body, headers=headers)
        query = frames.osmand_query(
            self._device_id, one.stamp, measured, battery_pct=None, charging=False, key=self._key
        )
        return self._http.build_request("GET", f"/ingest/osmand?{query}")


class WatchPlayer:
    """A SeTracker watch. Places have no answer in this protocol: a heartbeat before them tells whether the watch is
    known, one after them that all have arrived.
    """

    def __init__(self, line: WatchLine) -> None:
        self._line = line
        self._around = Surroundings(cells=(), access_points=())

    async def __aenter__(self) -> "WatchPlayer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.close()

    async def begin(self) -> str | None:
        """None when the server answers, else why not."""
        if not await self._line.open():
            return "there is no connection"
        return None if await self._is_answered() else "the server does not answer; it may not know this watch"

    async def send(self, one: Planned) -> str | None:
        """None when it left, else why not."""
        content = frames.watch_position("UD", one.stamp, WatchSays(), _measured(one), None, self._around)
        return None if await self._line.send(content) else "the connection ended"

    async def finish(self) -> str | None:
        """None when everything has arrived."""
        return None if await self._is_answered() else "the connection ended; how much arrived is not known"

    async def _is_answered(self) -> bool:
        """Whether the server answers a heartbeat, and so has stored what came before it."""
        if await self._line.send("LK"):
            while (content := await self._line.heard(TIMEOUT_S)) is not None:
                if content.partition(",")[0] == "LK":
                    return True
        return False


def _measured(one: Planned) -> Measured:
    """The fix as frames take it."""
    return Measured(at=one.stamp, lat_deg=one.fix.lat_deg, lon_deg=one.fix.lon_deg, accuracy_m=one.fix.accuracy_m)


def _detail(response: httpx.Response) -> str:
    """The sentence of a problem, or the beginning of whatever came."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]


def _retry_after_s(response: httpx.Response) -> float:
    said = response.headers.get("retry-after", "")
    return min(float(said), WAIT_S_MAX) if said.isdecimal() else WAIT_S
