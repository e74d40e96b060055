"""The detectors as they work: they hear who is near, put it together and post it to the edge, as real ones do.

All are moved by one task, so that a fast clock on a small machine cannot make a storm. Time goes in steps of ten
seconds of the town: in each it is decided who hears whom, and then those may post who have something to say, at most
`BODIES_PER_S` in a real second; what cannot go out in this step goes out with what is heard in the next, in one body.
Who hears nobody only says that it is there, as often as the answer to its last body asked for.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random

import httpx

from app.simulator import bodies
from app.simulator.detectors import Detector
from app.simulator.hearing import Broadcaster, Heard, heard_between
from app.simulator.outings import Day
from app.simulator.pace import PacedClock, sleep_until
from app.simulator.setup_tags import Fitted, Mounted, WornTag
from app.simulator.strangers import Stranger, strangers_of
from app.simulator.streets import Origin, Spot

STEP_S = 10.0
BODIES_PER_S = 20.0
"""Real seconds, all detectors together. With it the whole demo, service included, takes some 15 % of one core."""
KEPT_MAX = 2_000
"""Advertisements that a detector keeps while it cannot send; the oldest go first."""
FIRST = -1.0
"""Before all that was heard since the beginning."""
WILL_NEVER_BE_TAKEN = frozenset({400, 413, 422})


class Sender:
    """What posts bodies: a detector, or the broker that forwards for several."""

    def __init__(
        self, mounted: Sequence[Mounted], key: str, http: httpx.AsyncClient, begun_at: datetime, origin: Origin
    ) -> None:
        self.mounted = mounted
        self.began = asyncio.Event()
        """Set when the service has taken its first body."""
        self.due_s = 0.0
        """When it must speak although it hears nobody."""
        self.heard: dict[str, deque[Heard]] = {one.detector.key: deque(maxlen=KEPT_MAX) for one in mounted}
        self._key = key
        self._http = http
        self._begun_at = begun_at
        self._origin = origin
        self._interval_s = float(mounted[0].detector.interval_s)
        self._seq = 0

    @property
    def first(self) -> Detector:
        """The detector, or the first of them."""
        return self.mounted[0].detector

    def lives(self, since_s: float) -> bool:
        """Whether it still works."""
        return self.first.stops_at_s is None or since_s < self.first.stops_at_s

    def waits_since_s(self, since_s: float) -> float | None:
        """Since when it has something to say; None when it has nothing. What knows no times goes first."""
        oldest = [heard[0].at_s for heard in self.heard.values() if heard]
        if oldest:
            return min(oldest) if self.first.format != "theengs" else FIRST
        return self.due_s if since_s >= self.due_s else None

    async def speak(self, since_s: float) -> None:
        """Posts what there is. What is not taken is kept and goes with the next body, which says when that is sent: the
        edge would take the old time of an old body for a wrong clock.
        """
        self._seq += 1
        body = self._body(since_s)
        try:
            response = await self._http.post(f"/ingest/{self.first.format}", content=body, headers=self._headers(body))
        except httpx.HTTPError:
            return
        if response.is_success:
            self.began.set()
        if response.is_success or response.status_code in WILL_NEVER_BE_TAKEN:
            for heard in self.heard.values():
                heard.clear()
            self._interval_s = float(response.headers.get("Mimamori-Interval-S", self._interval_s))
            self.due_s = since_s + self._interval_s

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self.first.signed:
            signed = {
                "Mimamori-Detector": self.mounted[0].own_name,
                "Mimamori-Signature": bodies.signature(self._key, body),
            }
            return headers | signed
        return headers | {"Authorization": f"Bearer {self._key}"}

    def _body(self, since_s: float) -> bytes:
        one = self.mounted[0]
        begun_at = self._begun_at if self.first.clock_was_set else bodies.EPOCH
        match self.first.format:
            case "gateway":
                place = None if self.first.path is None else self._origin.degrees(self.first.at(since_s))
                heard = self.heard[self.first.key]
                return bodies.gateway_body(one.own_name, self._seq, begun_at, since_s, heard, place)
            case "minew":
                return bodies.minew_body(one.own_name, begun_at, since_s, self.heard[self.first.key])
            case "theengs":
                heard_by = {other.own_name: self.heard[other.detector.key] for other in self.mounted}
                return bodies.theengs_body(heard_by, [name for name, heard in heard_by.items() if not heard])


class Detecting:
    """All detectors of a town."""

    def __init__(self, fitted: Fitted, clock: PacedClock, begun_at: datetime, http: httpx.AsyncClient) -> None:
        self._clock = clock
        self._begun_at = begun_at
        self._walkers: list[tuple[WornTag, Day]] = [(one, Day(one.life)) for one in fitted.tags]
        self._strangers: tuple[Stranger, ...] = strangers_of(fitted.town)
        self._random = Random(f"air/{fitted.town.seed}")
        self._heard_until_s = 0.0
        self.may_send = 0.0
        """Bodies that may go out now; the part of one is kept."""
        alone = [one for one in fitted.detectors if one.detector.format != "theengs"]
        bridged = [one for one in fitted.detectors if one.detector.format == "theengs"]
        origin = fitted.town.origin
        self.senders = [Sender([one], one.key, http, begun_at, origin) for one in alone]
        self.senders.append(Sender(bridged, fitted.bridge_key, http, begun_at, origin))

    async def all_began(self) -> None:
        """Returns when the service has heard every detector that goes on."""
        for sender in self.senders:
            if sender.first.stops_at_s is None:
                await sender.began.wait()

    async def run(self) -> None:
        """Works until it is cancelled."""
        self.may_send = float(len(self.senders))
        await self.speak(0.0)
        while True:
            await sleep_until(self._clock, self._at(self._heard_until_s + STEP_S))
            before_s = self._heard_until_s
            self.listen((self._clock() - self._begun_at).total_seconds())
            passed_s = (self._heard_until_s - before_s) / self._clock.speed
            self.may_send = self.allowance(passed_s)
            await self.speak(self._heard_until_s)

    def allowance(self, passed_s: float) -> float:
        """How many bodies may go out after so many real seconds more; what was not used is kept up to one of each."""
        return min(self.may_send + BODIES_PER_S * passed_s, float(len(self.senders)))

    def listen(self, since_s: float) -> None:
        """Decides who heard whom, in whole steps up to now."""
        while self._heard_until_s + STEP_S <= since_s:
            from_s, until_s = self._heard_until_s, self._heard_until_s + STEP_S
            self._heard_until_s = until_s
            living = {
                one.detector.key: (one.detector, sender)
                for sender in self.senders
                if sender.lives(until_s)
                for one in sender.mounted
            }
            ears = {key: detector.at((from_s + until_s) / 2) for key, (detector, _) in living.items()}
            outdoors = self._outdoors((from_s + until_s) / 2)
            for key, heard in heard_between(ears, outdoors, from_s, until_s, self._random).items():
                living[key][1].heard[key].extend(heard)

    async def speak(self, since_s: float) -> None:
        """Lets those post who have waited longest, as many as may."""
        waiting = [
            (waits_s, at)
            for at, sender in enumerate(self.senders)
            if (waits_s := sender.waits_since_s(since_s)) is not None and sender.lives(since_s)
        ]
        chosen = sorted(waiting)[: int(self.may_send)]
        self.may_send -= len(chosen)
        await asyncio.gather(*(self.senders[at].speak(since_s) for _, at in chosen))

    def _outdoors(self, since_s: float) -> Iterable[tuple[Broadcaster, Spot]]:
        for tag, day in self._walkers:
            truth = day.at(since_s)
            if not truth.indoors:
                yield tag.tag, truth.spot
        for one in self._strangers:
            yield one, one.at(since_s)

    def _at(self, since_s: float) -> datetime:
        return self._begun_at + timedelta(seconds=since_s)
