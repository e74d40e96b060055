"""The demo: a town is settled, begins to live, and is shown, until its time is over."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import httpx
from rich.console import Console

from app.kit.clock import FastClock
from app.simulator.api import Api
from app.simulator.detecting import Detecting
from app.simulator.devices import Phone, Watch
from app.simulator.people import FAMILY, STAFF, Device
from app.simulator.radio import WatchLine
from app.simulator.ready import ready, write
from app.simulator.relatives import Relatives, Ring, ring_of
from app.simulator.setup import Settled, SignIn, Tracker, settle
from app.simulator.setup_guards import Waiting, station
from app.simulator.setup_stickers import Stuck, give_stickers
from app.simulator.setup_tags import fit_out
from app.simulator.town import town_of
from app.simulator.view import View

OnPush = Callable[[str, dict[str, Any]], None]
TIMEOUT_S = 30.0
BEGIN_S = 120.0
"""Real seconds in which every device must have been heard; beyond, the service is not there."""
ANYWHERE = ("0.0.0.0", "::", "")
"""Addresses to listen on that are none to connect to."""


class PushService(Protocol):
    """Where the families' phones hear from us: calls back with address and message, on a thread of its own."""

    def listen(self, on_push: OnPush | None) -> None:
        """From now on every push taken is told to `on_push`."""
        ...


async def run_demo(
    *,
    base_url: str,
    tcp_watch_port: int,
    host: str,
    admin_token: str,
    clock: FastClock,
    seed: int,
    duration_s: float | None,
    ready_file: Path | None,
    fcm: PushService,
    console: Console | None = None,
) -> None:
    """Runs the town of `seed` against a running service; returns after `duration_s` real seconds, or when cancelled.

    `clock` is also the service's; it hurries from the moment the town begins to live.
    """
    console = console or Console()
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
    async with httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_S, limits=limits) as http:
        settled = await settle(http, admin_token, town_of(seed))
        fitted = await fit_out(http, admin_token, settled, clock())
        guarded = await station(http, admin_token, settled, clock())
        stickers = await give_stickers(http, settled, clock())
        _introduce(console, settled, stickers, base_url, host, tcp_watch_port)
        view = View(console, clock, settled, headline=f"Mimamori demo  {base_url}")
        rings: asyncio.Queue[Ring] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        fcm.listen(lambda token, message: _pass_on(loop, rings, ring_of(token, message)))
        try:
            async with asyncio.TaskGroup() as life:
                tasks = [life.create_task(Relatives(http, settled, clock, view.say, view.passed).run(rings))]
                operator = Api(http, settled.accounts[STAFF["operator"].key].token)
                tasks.append(life.create_task(view.follow(operator)))
                if view.is_live:
                    tasks += [life.create_task(view.show()), life.create_task(view.look(operator))]
                clock.hurry()
                devices = _devices(settled, clock, http, host, tcp_watch_port)
                detecting = Detecting(fitted, clock, clock(), http)
                waiting = Waiting(http, settled, clock)
                tasks += [life.create_task(one.run()) for one in (*devices, detecting, waiting)]
                async with asyncio.timeout(BEGIN_S):
                    for device in devices:
                        await device.began.wait()
                    await detecting.all_began()
                if ready_file is not None:
                    town = (settled, fitted, guarded, stickers)
                    write(ready_file, ready(*town, base_url, tcp_watch_port, admin_token, clock))
                view.say(f"{len(devices)} devices and {len(fitted.detectors)} detectors report")
                await _time_is_over(duration_s)
                for task in tasks:
                    task.cancel()
        finally:
            fcm.listen(None)


async def _time_is_over(duration_s: float | None) -> None:
    if duration_s is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(duration_s)


def _pass_on(loop: asyncio.AbstractEventLoop, rings: "asyncio.Queue[Ring]", ring: Ring) -> None:
    with suppress(RuntimeError):  # The loop is closed: nobody listens any more.
        loop.call_soon_threadsafe(rings.put_nowait, ring)


def _devices(
    settled: Settled, clock: FastClock, http: httpx.AsyncClient, host: str, tcp_watch_port: int
) -> list[Watch | Phone]:
    begun_at = clock()

    def device(tracker: Tracker) -> Watch | Phone:
        if tracker.resident.person.device is Device.WATCH:
            reached = "localhost" if host in ANYWHERE else host
            line = WatchLine(reached, tcp_watch_port, tracker.resident.external_id)
            return Watch(tracker, clock, begun_at, line)
        return Phone(tracker, clock, begun_at, http)

    return [device(tracker) for tracker in settled.trackers]


def _introduce(
    console: Console, settled: Settled, stickers: Sequence[Stuck], base_url: str, host: str, tcp_watch_port: int
) -> None:
    """Prints where everything is and who can sign in."""
    lines = [
        f"Mimamori demo, town of seed {settled.town.seed}",
        f"  API   {base_url}/docs",
        f"  HTTP  {base_url}/ingest/owntracks, {base_url}/ingest/osmand (devices)",
        f"        {base_url}/ingest/gateway, {base_url}/ingest/minew, {base_url}/ingest/theengs (detectors)",
        f"  TCP   {host}:{tcp_watch_port} (SeTracker watches)",
        *(f"  Sticker {one.number}, to scan: {one.url}" for one in stickers[:1]),
        "Sign-ins:",
    ]
    staff = [settled.accounts[person.key] for person in STAFF.values()]
    lines += [_sign_in(one) for one in (settled.accounts[FAMILY.key], *staff)]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _sign_in(one: SignIn) -> str:
    return f"  {one.role:<12} {one.email:<24} {one.password}"
