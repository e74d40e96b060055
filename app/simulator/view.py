"""The town on a terminal: a table that lives where there is a screen, plain lines where there is none.

It shows what the service says, not what the simulator knows: it reads as the call centre's operator, by consent.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import Struct
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from app.kit.calendar import JST
from app.simulator.api import Api, ApiRefusal
from app.simulator.pace import PacedClock
from app.simulator.setup import Settled, Tracker
from app.simulator.streets import M_PER_DEG, Spot, apart_m
from app.simulator.town import HOME_RADIUS_M

NEWS_SHOWN, PASSAGES_SHOWN = 14, 6
LOOK_EVERY_S = 1.0
"""Real seconds between two looks at what has changed."""
DEVICES_EVERY = 5
"""Every so many looks also the devices and the detectors are asked for."""
TROUBLED_SHOWN = 4
PER_SECOND = 4.0


class Row(Struct, kw_only=True):
    """What is known of a wearer."""

    tracker: Tracker
    at: datetime | None = None
    accuracy_m: float | None = None
    from_home_m: float | None = None
    battery_pct: float | None = None


class View:
    """The terminal. `say` takes one line of news from anybody."""

    def __init__(self, console: Console, clock: PacedClock, settled: Settled, headline: str) -> None:
        self.is_live = console.is_terminal
        self._console = console
        self._clock = clock
        self._headline = headline
        self._rows = {one.wearer_id: Row(tracker=one) for one in settled.trackers}
        self._news: deque[str] = deque(maxlen=NEWS_SHOWN)
        self._passages: deque[str] = deque(maxlen=PASSAGES_SHOWN)
        self._states: Counter[str] = Counter()
        self._troubled: list[str] = []
        self._changed: set[str] = set(self._rows)
        self._something = asyncio.Event()
        self._something.set()

    def say(self, text: str) -> None:
        """One line of news."""
        line = f"{self._clock().astimezone(JST):%H:%M:%S}  {text}"
        if self.is_live:
            self._news.append(line)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def passed(self, title: str) -> None:
        """What a family's phone shows of a passage; several phones of one family show the same."""
        if title in self._passages:
            return
        self._passages.append(title)
        if not self.is_live:
            self.say(f"passage: {title}")

    async def show(self) -> None:
        """Draws until it is cancelled."""
        with Live(get_renderable=self.drawn, console=self._console, refresh_per_second=PER_SECOND):
            await asyncio.Event().wait()

    async def follow(self, operator: Api) -> None:
        """Hears live events until it is cancelled; after a break it catches up."""
        last: str | None = None
        while True:
            try:
                async for event in operator.events(last):
                    last = event.id or last
                    if event.name == "alert" and event.data["what"] != "told":  # The pushes are shown themselves.
                        self.say(told(event.data))
                    elif event.name == "place":
                        self._changed.add(str(event.data["wearer"]))
                        self._something.set()
            except (ApiRefusal, httpx.HTTPError) as error:
                self.say(f"live events: {error!r}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, operator: Api) -> None:
        """Asks for the places that changed and, now and then, for the devices, until it is cancelled."""
        turn = 0
        while True:
            await self._something.wait()
            self._something.clear()
            changed, self._changed = self._changed, set()
            try:
                for wearer_id in changed & self._rows.keys():
                    self.take_position(await operator.get(f"/v1/wearers/{wearer_id}/position"))
                if turn % DEVICES_EVERY == 0:
                    self.take_devices(await operator.get("/v1/devices", limit=200))
                    self.take_states(await operator.get("/v1/detectors/states", limit=200))
            except (ApiRefusal, httpx.HTTPError) as error:
                self.say(f"looking: {error!r}")
            turn += 1
            await asyncio.sleep(LOOK_EVERY_S)

    def take_position(self, position: Mapping[str, Any]) -> None:
        """Notes where a wearer is said to be."""
        row = self._rows[str(position["wearer"])]
        if position["at"] is None:
            return
        row.at = datetime.fromisoformat(position["at"]).astimezone(UTC)
        row.accuracy_m = position["accuracy_m"]
        life = row.tracker.resident.life
        home_lat_deg, home_lon_deg = life.origin.degrees(life.home_spot)
        north_m = (position["lat_deg"] - home_lat_deg) * M_PER_DEG
        east_per_deg_m = life.origin.degrees(Spot(1.0, 0.0))[1] - life.origin.lon_deg
        row.from_home_m = apart_m(Spot(0.0, 0.0), Spot((position["lon_deg"] - home_lon_deg) / east_per_deg_m, north_m))

    def take_devices(self, devices: Mapping[str, Any]) -> None:
        """Notes how the devices say they are."""
        for device in devices["items"]:
            carrier, health = device["carrier"] or {}, device["health"] or {}
            row = self._rows.get(str(carrier.get("wearer_id")))
            if row is not None and health.get("battery_pct") is not None:
                row.battery_pct = health["battery_pct"]

    def take_states(self, states: Mapping[str, Any]) -> None:
        """Notes how the detectors are said to be."""
        self._states = Counter(str(one["state"]) for one in states["items"])
        self._troubled = [f"{one['name']} {one['state']}" for one in states["items"] if one["state"] != "up"]

    def drawn(self) -> Group:
        """The whole picture."""
        now = self._clock()
        table = Table(title=f"{self._headline}   {now.astimezone(JST):%m-%d %H:%M}  (x{self._clock.speed:g})")
        for heading in ("wearer", "device", "last place", "where", "battery"):
            table.add_column(heading, no_wrap=True)
        for row in self._rows.values():
            resident = row.tracker.resident
            table.add_row(
                resident.person.name, resident.person.device.value, aged(row.at, now), whereabouts(row),
                "" if row.battery_pct is None else f"{row.battery_pct:.0f} %",
            )  # fmt: skip
        lines = [self._detectors(), *tuple(self._passages), *tuple(self._news)]
        return Group(table, *(Text(line, overflow="ellipsis", no_wrap=True) for line in lines))

    def _detectors(self) -> str:
        counted = ", ".join(f"{count} {state}" for state, count in self._states.most_common())
        return f"detectors: {counted or 'unknown'}" + "".join(f"; {one}" for one in self._troubled[:TROUBLED_SHOWN])


def aged(at: datetime | None, now: datetime) -> str:
    """How old a place is, in words.

    >>> moment = datetime(2026, 4, 1, tzinfo=UTC)
    >>> aged(None, moment), aged(moment, moment + timedelta(seconds=59)), aged(moment, moment + timedelta(hours=3))
    ('unknown', '59 s ago', '180 min ago')
    """
    if at is None:
        return "unknown"
    age = max(now - at, timedelta(0))
    return f"{age.seconds} s ago" if age < timedelta(minutes=1) else f"{age // timedelta(minutes=1)} min ago"


def whereabouts(row: Row) -> str:
    """Inside or outside of home, as far as the last place tells."""
    if row.from_home_m is None:
        return ""
    accuracy = "" if row.accuracy_m is None else f" ±{row.accuracy_m:.0f} m"
    return f"home{accuracy}" if row.from_home_m <= HOME_RADIUS_M else f"{row.from_home_m:.0f} m from home{accuracy}"


def told(event: Mapping[str, Any]) -> str:
    """A line of an alert's history in words."""
    alert, what = event["alert"], event["what"]
    reasons = [str(reason["en"]) for reason in alert["reasons"]]
    why = {"opened": " ".join(reasons), "evidence": reasons[-1] if reasons else "", "raised": " ".join(reasons)}
    line = f"alert {what}: {alert['kind']} ({alert['level']}) of {alert['wearer_name']}"
    return f"{line}: {why[what]}" if why.get(what) else line
