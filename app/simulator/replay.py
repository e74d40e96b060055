"""A recorded outing is played into a running server, as the device that is named.

`now`: the first fix is now, every later one is stamped with the moment at which it is sent; at a higher speed the
person moves faster. `end`: the fixes keep their true distances in time, and the last is stamped with the moment at
which it is sent; at a higher speed the first ones arrive late. `none`: recorded times are sent as they are.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

import httpx
from msgspec import Struct

from app.simulator import frames
from app.simulator.frames import Surroundings, WatchSays
from app.simulator.radio import WatchLine
from app.simulator.receivers import Measured
from app.simulator.streets import Origin, Spot
from app.simulator.tracks import Fault, Track, TrackFix, read

Shift = Literal["now", "end", "none"]
FORMATS = ("owntracks", "osmand", "watch")

TIMEOUT_S = 30.0
TRIES = 5
WAIT_S = 2.0
"""Before a report is tried again that was not taken, unless the server says how long."""
WAIT_S_MAX = 30.0
SPEED_MPS_MAX = 100.0
"""Faster than this the server takes a fix for impossible (geo/quality)."""
FAULTS_SHOWN = 20


class ReplayReport(Struct, frozen=True, kw_only=True):
    """What became of a track: how many fixes there were, how many the server took, what could not be read, and why it
    ended early, if it did.
    """

    fixes: int = 0
    taken: int = 0
    faults: tuple[Fault, ...] = ()
    stopped: str | None = None
    hints: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there was something to play and the server took all of it."""
        return self.stopped is None and self.fixes > 0 and self.taken == self.fixes

    def summary(self) -> str:
        """Lines for people."""
        lines = [f"{self.taken} of {self.fixes} fixes were taken."]
        lines += [f"{fault.where}: {fault.why}" for fault in self.faults[:FAULTS_SHOWN]]
        if len(self.faults) > FAULTS_SHOWN:
            lines.append(f"and {len(self.faults) - FAULTS_SHOWN} more that could not be read.")
        lines += self.hints
        if self.stopped is not None:
            lines.append(f"It ended early: {self.stopped}")
        return "\n".join(lines)


class Planned(Struct, frozen=True):
    """A fix with the time it is stamped with and the real seconds from the start at which it is sent."""

    fix: TrackFix
    stamp: datetime
    after_s: float


async def replay(
    *,
    file: Path,
    device_id: str,
    key: str | None,
    format: str,
    url: str,
    tcp_port: int | None,
    speed: float,
    clock: Callable[[], datetime],
    user: str | None = None,
    shift: Shift = "now",
    transport: httpx.AsyncBaseTransport | None = None,
) -> ReplayReport:
    """Plays the track in `file`, with real waiting between its fixes, and reports. Never raises for what it was given.

    `device_id` is what the device calls itself in `format`, as it was enrolled. `transport` takes the place of the
    network for the formats over HTTP.
    """
    try:
        text = await asyncio.to_thread(file.read_text, encoding="utf-8-sig", errors="replace")
    except OSError as error:
        return ReplayReport(stopped=f"the file cannot be read: {error.strerror or error}")
    track = _of_user(read(file.name, text), user)
    if isinstance(track, str):
        return ReplayReport(stopped=track)
    fault = _fault(format, speed, tcp_port, url)
    if not track.fixes:
        fault = fault or "there is nothing in it to play"
    if fault is not None:
        return ReplayReport(fixes=len(track.fixes), faults=track.faults, stopped=fault)
    plan = planned(track.fixes, clock(), speed, shift)
    player: _HttpPlayer | _WatchPlayer
    if format == "watch":
        player = _WatchPlayer(WatchLine(httpx.URL(url).host, tcp_port or 0, device_id))
    else:
        player = _HttpPlayer(url, format, device_id, key, transport)
    taken, stopped = await _play(player, plan)
    hints = hints_of(plan, speed, shift, whole_seconds=format == "watch")
    return ReplayReport(fixes=len(plan), taken=taken, faults=track.faults, stopped=stopped, hints=hints)


def planned(fixes: Iterable[TrackFix], now: datetime, speed: float, shift: Shift) -> list[Planned]:
    """When each fix is sent, and what time it is stamped with."""
    fixes = list(fixes)
    if not fixes:
        return []
    first, last = fixes[0].at, fixes[-1].at
    to_end = now + (last - first) / speed - last

    def stamp(fix: TrackFix) -> datetime:
        match shift:
            case "now":
                return now + (fix.at - first) / speed
            case "end":
                return fix.at + to_end
            case "none":
                return fix.at

    return [Planned(fix, stamp(fix), (fix.at - first).total_seconds() / speed) for fix in fixes]


def hints_of(plan: Sequence[Planned], speed: float, shift: Shift, *, whole_seconds: bool) -> tuple[str, ...]:
    """What people should know who wonder why the server did not make of it what they thought."""
    if shift != "now" or speed <= 1:
        return ()
    hints = []
    too_fast = sum(1 for one, other in pairwise(plan) if _speed_mps(one, other) > SPEED_MPS_MAX)
    if too_fast:
        hints.append(
            f"At this speed {too_fast} fixes move faster than {SPEED_MPS_MAX:.0f} m/s, which the server takes for"
            " impossible; --shift end keeps their true times."
        )
    same = len(plan) - len({one.stamp.replace(microsecond=0) for one in plan})
    if whole_seconds and same:
        hints.append(f"This format knows whole seconds only: {same} fixes share theirs with another and are lost.")
    return tuple(hints)


def _of_user(track: Track, user: str | None) -> Track | str:
    """The rows to be played, or why they are not known."""
    users = track.users()
    if user is not None:
        if user not in users:
            return f"there is nobody called {user!r} in it; there are: {', '.join(users) or 'nobody'}"
        return Track(fixes=tuple(fix for fix in track.fixes if fix.user == user), faults=track.faults)
    if len(users) > 1:
        return f"there are several people in it; name one with --user: {', '.join(users)}"
    return track


def _fault(format: str, speed: float, tcp_port: int | None, url: str) -> str | None:
    """What is wrong with what was asked for."""
    if format not in FORMATS:
        return f"the formats are {', '.join(FORMATS)}"
    if not speed > 0:
        return "the speed must be more than 0"
    if format == "watch" and tcp_port is None:
        return "a watch speaks over TCP: give --tcp-port"
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        host = ""
    return None if host else f"{url!r} is no address"


def _speed_mps(one: Planned, other: Planned) -> float:
    """Straight speed between two fixes by their stamps, m/s."""
    start = Origin(one.fix.lat_deg, one.fix.lon_deg)
    east_deg = start.degrees(Spot(1.0, 0.0))[1] - start.lon_deg
    north_deg = start.degrees(Spot(0.0, 1.0))[0] - start.lat_deg
    east_m = (other.fix.lon_deg - one.fix.lon_deg) / east_deg
    north_m = (other.fix.lat_deg - one.fix.lat_deg) / north_deg
    seconds = max((other.stamp - one.stamp).total_seconds(), 1.0)
    return float((east_m**2 + north_m**2) ** 0.5 / seconds)


async def _play(player: "_HttpPlayer | _WatchPlayer", plan: list[Planned]) -> tuple[int, str | None]:
    """How many fixes were taken, and why it stopped, if it did."""
    loop = asyncio.get_running_loop()
    async with player:
        began_s = loop.time()
        for count, one in enumerate(plan):
            wait_s = began_s + one.after_s - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            refusal = await player.send(one)
            if refusal is not None:
                return count, refusal
        refusal = await player.finish()
        return (len(plan), None) if refusal is None else (0, refusal)


class _HttpPlayer:
    """A phone with OwnTracks or OsmAnd. A report that was not taken for a passing reason is tried again."""

    def __init__(
        self, url: str, format: str, device_id: str, key: str | None, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._format, self._device_id, self._key = format, device_id, key
        with_key = format == "owntracks" and key is not None
        auth = httpx.BasicAuth(device_id, key or "") if with_key else None
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, auth=auth, transport=transport)

    async def __aenter__(self) -> "_HttpPlayer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

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


class _WatchPlayer:
    """A SeTracker watch: places have no answer in this protocol, so a heartbeat at the end tells that all arrived."""

    def __init__(self, line: WatchLine) -> None:
        self._line = line
        self._around = Surroundings(cells=(), access_points=())

    async def __aenter__(self) -> "_WatchPlayer":
        await self._line.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.close()

    async def send(self, one: Planned) -> str | None:
        """None when it left, else why not."""
        measured = _measured(one)
        content = frames.watch_position("UD", one.stamp, WatchSays(), measured, None, self._around)
        return None if await self._line.send(content) else "there is no connection, or the watch is not known there"

    async def finish(self) -> str | None:
        """None when the server answered the heartbeat, and so has stored what came before it."""
        if await self._line.send("LK"):
            while (content := await self._line.heard(TIMEOUT_S)) is not None:
                if content.partition(",")[0] == "LK":
                    return None
        return "the server did not answer; the watch may not be known there"


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
