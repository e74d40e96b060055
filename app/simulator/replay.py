"""A recorded outing is played into a running server, as the device that is named."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
from msgspec import Struct

from app.simulator.playback import Planned, Shift, hints_of, planned
from app.simulator.players import PhonePlayer, WatchPlayer
from app.simulator.radio import WatchLine
from app.simulator.tracks import Fault, Track, read

FORMATS = ("owntracks", "osmand", "watch")
FAULTS_SHOWN = 20


class ReplayReport(Struct, frozen=True, kw_only=True):
    """What became of a track: how many fixes there were, how many the server took, what could not be read, and why it
    ended early, if it did. Where a connection broke, `taken` counts what was sent over it before.
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
    player: PhonePlayer | WatchPlayer
    if format == "watch":
        player = WatchPlayer(WatchLine(httpx.URL(url).host, tcp_port or 0, device_id))
    else:
        player = PhonePlayer(url, format, device_id, key, transport)
    taken, stopped = await _play(player, plan)
    hints = hints_of(plan, speed, shift, whole_seconds=format == "watch")
    return ReplayReport(fixes=len(plan), taken=taken, faults=track.faults, stopped=stopped, hints=hints)


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


async def _play(player: PhonePlayer | WatchPlayer, plan: list[Planned]) -> tuple[int, str | None]:
    """How many fixes were taken, and why it stopped, if it did."""
    loop = asyncio.get_running_loop()
    async with player:
        refusal = await player.begin()
        if refusal is not None:
            return 0, refusal
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
