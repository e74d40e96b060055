"""The devices that people carry: when they report what, and how they obey. They know the truth only through what they
measure, and speak only through `radio`.

A device looks around every half minute of its own time. Outdoors it reports often; indoors there are no satellites, so
a watch tells what it hears around, and a phone only that it is alive. Each tries itself out at the door in the
beginning, with one fix.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import httpx
import msgspec

from app.simulator import frames
from app.simulator.frames import Surroundings, WatchSays
from app.simulator.outings import ROUND_S, Day, Whereabouts, presses_sos_at_s
from app.simulator.pace import PacedClock, left_s, sleep_until
from app.simulator.people import Device
from app.simulator.radio import PhoneLine, Report, WatchLine
from app.simulator.receivers import Measured, Receiver, battery, steps
from app.simulator.setup import Tracker

LOOK_S = 30.0
FIRST_WITHIN_S = 5.0
"""In which all devices speak for the first time."""
OUTDOORS_S = 60.0
"""How often a device that is outdoors reports."""
ASKED_FOR_S, ASKED_EVERY_S = 180.0, 20.0
"""What `CR` makes a watch do: fixes for about three minutes, 20 s apart."""
ALARM_AGAIN_S = 30.0
BUFFER_MAX = 200


class Carried:
    """What every device has: its wearer's day, a receiver, a battery, and the time since the town began to live."""

    def __init__(self, tracker: Tracker, clock: PacedClock, begun_at: datetime) -> None:
        resident = tracker.resident
        self.tracker = tracker
        self.began = asyncio.Event()
        """Set when the service has taken its first report."""
        self.day = Day(resident.life)
        self._clock = clock
        self._begun_at = begun_at
        self._receiver = Receiver(resident.life.seed, resident.life.origin)
        self._walked_m = 0.0
        self._looked_at_s = 0.0
        self._fixed = False
        self._phase_s = Random(resident.life.seed).uniform(0, FIRST_WITHIN_S)

    def since_s(self) -> float:
        """Seconds of the simulation since the town began to live."""
        return (self._clock() - self._begun_at).total_seconds()

    def at(self, since_s: float) -> datetime:
        """The moment of the simulation so many seconds after the beginning."""
        return self._begun_at + timedelta(seconds=since_s)

    def look(self, since_s: float) -> Whereabouts:
        """The truth now; also counts the steps since the last look."""
        truth = self.day.at(since_s)
        self._walked_m += truth.speed_mps * (since_s - self._looked_at_s) if truth.speed_mps < 2 else 0.0
        self._looked_at_s = since_s
        return truth

    def fix(self, truth: Whereabouts, since_s: float) -> Measured | None:
        """A fix where satellites are seen, which is outdoors and when it is first tried out."""
        if truth.indoors and self._fixed:
            return None
        self._fixed = True
        return self._receiver.fix(truth, self.stamp(since_s))

    def stamp(self, since_s: float) -> datetime:
        """The moment as a device writes it, in whole seconds."""
        return self.at(since_s).replace(microsecond=0)

    def power(self, since_s: float) -> tuple[float, bool]:
        """Charge in percent, and whether it is being charged."""
        return battery(self.tracker.resident.person.battery_pct, since_s)

    def steps(self) -> int:
        """Steps so far."""
        return steps(self._walked_m)


class Watch(Carried):
    """A SeTracker watch: heartbeats, places, SOS until it is answered, and what it keeps while it has no network."""

    def __init__(self, tracker: Tracker, clock: PacedClock, begun_at: datetime, line: WatchLine) -> None:
        super().__init__(tracker, clock, begun_at)
        self._line = line
        self._around: Surroundings = frames.surroundings(tracker.resident.life.seed)
        self._interval_s = float(tracker.resident.interval_s)
        self._asked_until_s = 0.0
        self._link_due_s = self._place_due_s = self._phase_s
        self._round = 0
        self._alarm: str | None = None
        self._alarm_due_s = 0.0
        self._open_again_s = 0.0
        self._last: Measured | None = None
        self._kept: list[str] = []

    async def run(self) -> None:
        """Lives until it is cancelled."""
        try:
            while True:
                await self._turn()
        finally:
            await self._line.close()

    async def _turn(self) -> None:
        since_s = self.since_s()
        await self._mind_network(since_s)
        due_s = min(self._link_due_s, self._place_due_s, self._alarm_due_s if self._alarm else since_s + LOOK_S)
        due_at = self.at(min(due_s, since_s + LOOK_S))
        if self._line.is_open:
            content = await self._line.heard(left_s(self._clock, due_at))
            if content is not None:
                await self._obey(content)
        else:
            await sleep_until(self._clock, due_at)
        await self._do_what_is_due(self.since_s())

    async def _mind_network(self, since_s: float) -> None:
        online = self.day.is_online(since_s)
        if not online:
            await self._line.close()
        elif not self._line.is_open and since_s >= self._open_again_s:
            self._open_again_s = since_s + LOOK_S
            if await self._line.open():
                self._link_due_s = min(self._link_due_s, max(since_s, self._phase_s))
                await self._send_kept()

    async def _send_kept(self) -> None:
        """Sends what was measured without network, as `UD2`, oldest first."""
        while self._kept and await self._line.send(self._kept[0]):
            del self._kept[0]

    async def _do_what_is_due(self, since_s: float) -> None:
        truth = self.look(since_s)
        if truth.indoors is False:  # It moves: a watch notices by itself that it should report more often.
            self._place_due_s = min(self._place_due_s, since_s + self._every_s(truth, since_s))
        pressed_s = presses_sos_at_s(self.day.life, self._round)
        if pressed_s is not None and since_s >= pressed_s:
            self._round = int(since_s // ROUND_S) + 1
            self._alarm, self._alarm_due_s = self._position("AL", truth, since_s, frames.SOS), since_s
        if self._alarm and since_s >= self._alarm_due_s:
            self._alarm_due_s = since_s + ALARM_AGAIN_S
            await self._line.send(self._alarm)
        if since_s >= self._place_due_s:
            self._place_due_s = since_s + self._every_s(truth, since_s)
            await self._report(truth, since_s)
        if since_s >= self._link_due_s:  # After the place, so that its answer says that both have arrived.
            self._link_due_s = since_s + self.tracker.resident.interval_s
            await self._line.send(frames.watch_link(self._says(since_s)))

    async def _report(self, truth: Whereabouts, since_s: float) -> None:
        status = frames.MOVING if truth.speed_mps else 0
        if not await self._line.send(self._position("UD", truth, since_s, status)) and not truth.indoors:
            self._kept = [*self._kept, self._position("UD2", truth, since_s, status)][-BUFFER_MAX:]

    async def _obey(self, content: str) -> None:
        """Takes an answer or a command of the server."""
        word, _, rest = content.partition(",")
        match word:
            case "LK":
                self.began.set()
            case "AL":
                self._alarm = None
            case "CR":
                self._asked_until_s = self.since_s() + ASKED_FOR_S
                self._place_due_s = self.since_s()
                await self._line.send("CR")
            case "UPLOAD" if rest.isdecimal():
                self._interval_s = float(rest)
                self._place_due_s = min(self._place_due_s, self.since_s() + self._interval_s)
                await self._line.send("UPLOAD")

    def _every_s(self, truth: Whereabouts, since_s: float) -> float:
        if since_s < self._asked_until_s:
            return min(ASKED_EVERY_S, self._interval_s)
        return self._interval_s if truth.indoors else min(self._interval_s, OUTDOORS_S)

    def _says(self, since_s: float, status: int = 0) -> WatchSays:
        return WatchSays(battery_pct=self.power(since_s)[0], steps=self.steps(), signal_pct=80, status=status)

    def _position(self, word: str, truth: Whereabouts, since_s: float, status: int) -> str:
        fix = self.fix(truth, since_s) if word != "AL" else None
        self._last = fix or self._last
        return frames.watch_position(word, self.at(since_s), self._says(since_s, status), fix, self._last, self._around)


class Phone(Carried):
    """A phone with one of the apps: a report every minute outdoors, a sign of life at rest."""

    def __init__(self, tracker: Tracker, clock: PacedClock, begun_at: datetime, http: httpx.AsyncClient) -> None:
        super().__init__(tracker, clock, begun_at)
        own_tracks = tracker.resident.person.device is Device.OWNTRACKS
        basic = (tracker.resident.external_id, tracker.key) if own_tracks else None
        self._line = PhoneLine(http, basic=basic, on_reply=self.obey if own_tracks else None)
        self._due_s = self._phase_s
        self._interval_s: float | None = None
        """Set while it is in live mode."""
        self._asked = False
        self._last: Measured | None = None

    async def run(self) -> None:
        """Lives until it is cancelled."""
        while True:
            await sleep_until(self._clock, self.at(min(self._due_s, self.since_s() + LOOK_S)))
            since_s = self.since_s()
            truth = self.look(since_s)
            if not truth.indoors:
                self._due_s = min(self._due_s, since_s + OUTDOORS_S)
            if since_s >= self._due_s:
                self._due_s = since_s + self._every_s(truth)
                await self._report(truth, since_s, "t")
            while self._asked:
                self._asked = False
                await self._report(truth, since_s, "r")

    async def _report(self, truth: Whereabouts, since_s: float, trigger: str) -> None:
        live = trigger == "r" or self._interval_s is not None
        fix = self._receiver.fix(truth, self.stamp(since_s)) if live else self.fix(truth, since_s)
        self._last = fix or self._last
        if await self._line.send(self._request(fix, since_s, trigger if fix else "p")):
            self.began.set()

    def _every_s(self, truth: Whereabouts) -> float:
        if self._interval_s is not None:
            return self._interval_s
        return float(self.tracker.resident.interval_s) if truth.indoors else OUTDOORS_S

    def _request(self, fix: Measured | None, since_s: float, trigger: str) -> Report:
        """The report as the app of this phone words it. OwnTracks at rest sends its last place again, with its time."""
        charge_pct, charging = self.power(since_s)
        external_id, at = self.tracker.resident.external_id, self.stamp(since_s)
        match self.tracker.resident.person.device:
            case Device.OWNTRACKS:
                place = fix or self._last
                assert place is not None, "the first report has a fix"
                body = frames.owntracks_location(
                    place, user=external_id, trigger=trigger, battery_pct=charge_pct, charging=charging, sent_at=at,
                    monitoring=1 if self._interval_s is None else 2,
                )  # fmt: skip
                return Report(path="/ingest/owntracks", body=body)
            case Device.TRACCAR_CLIENT:
                body = frames.traccar_client_body(external_id, at, fix, battery_pct=charge_pct, charging=charging)
                return Report(path=f"/ingest/osmand?key={self.tracker.key}", body=body)
            case _:
                query = frames.osmand_query(
                    external_id, at, fix, battery_pct=charge_pct, charging=charging, key=self.tracker.key
                )
                return Report(path=f"/ingest/osmand?{query}")

    def obey(self, reply: bytes) -> None:
        """Takes the commands that OwnTracks is answered with."""
        for command in _commands(reply):
            if command.get("action") == "reportLocation":
                self._asked = True
            configuration = command.get("configuration")
            if isinstance(configuration, dict):
                live = configuration.get("monitoring") == 2
                self._interval_s = float(configuration.get("locatorInterval", OUTDOORS_S)) if live else None
                self._due_s = min(self._due_s, self.since_s() + (self._interval_s or OUTDOORS_S))


def _commands(reply: bytes) -> Iterator[dict[str, object]]:
    """The `cmd` objects in a reply of the server."""
    said = msgspec.json.decode(reply) if reply else []
    for one in said if isinstance(said, list) else []:
        if isinstance(one, dict) and one.get("_type") == "cmd":
            yield one
