"""Simulated detectors before a real edge: strangers end there, tags go on, nobody storms, nothing is lost."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.kit.clock import ManualClock, monotonic_s
from app.kit.ids import secret_hash
from app.simulator.detecting import BODIES_PER_S, STEP_S, Detecting
from app.simulator.detectors import CHILDREN_HOUSE, GATE, INTERVAL_S, NEVER_SET, detectors_of
from app.simulator.setup_tags import Fitted, Mounted, WornTag
from app.simulator.tags import tags_of
from app.simulator.town import town_of
from beacon_ingest.listeners.http import EdgeHttp
from beacon_ingest.messages import DetectorUnit, TagName
from beacon_ingest.registry import Entry, Registry, TagEntry, Tags
from beacon_ingest.stream import StreamFull
from tests.build import NOW
from tests.unit.beacon_ingest.edge import FakeDownlink

KAKOGAWA = 282103
TOWN = town_of(1)
KEYS = [one.key for one in detectors_of(TOWN)]
BRIDGE_KEY = "key-of-the-bridge"
SCHOOL_RUN_S = 1_200


class Clock(ManualClock):
    """A clock that stands still and says how fast it would go."""

    speed = 1.0


class Edge:
    """The edge with all detectors and tags of the town, and the detectors before it."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.units: list[DetectorUnit] = []
        self.trouble: Exception | None = None
        self.statuses: Counter[int] = Counter()
        registry, tags = Registry(), Tags()
        registry.replace([*(self._entry(number) for number in range(len(KEYS))), self._bridge()], 1)
        tags.replace(
            [
                TagEntry(tag_id=UUID(int=number), city=KAKOGAWA, name=TagName(tag.scheme, tag.identity), mac=tag.mac)
                for number, tag in enumerate(tags_of(TOWN))
            ],
            1,
        )
        edge = EdgeHttp(
            registry=registry, tags=tags, stream=self, downlink=FakeDownlink(), clock=self.clock, monotonic=monotonic_s
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=edge), base_url="http://edge", event_hooks={"response": [self._count]}
        )
        self.detecting = Detecting(_fitted(), self.clock, NOW, self.http)

    async def publish(self, unit: DetectorUnit) -> None:
        """Keeps the unit, unless there is trouble."""
        if self.trouble is not None:
            raise self.trouble
        self.units.append(unit)

    async def live(self, seconds: float) -> None:
        """Lets time go by in steps, in each of which all may speak who have something to say."""
        for _ in range(int(seconds / STEP_S)):
            self.clock.pass_by(timedelta(seconds=STEP_S))
            self.detecting.listen((self.clock() - NOW).total_seconds())
            self.detecting.may_send = float(len(self.detecting.senders))
            await self.detecting.speak((self.clock() - NOW).total_seconds())

    def of(self, key: str) -> list[DetectorUnit]:
        """What one detector said."""
        return [unit for unit in self.units if unit.device_id == _id(key)]

    async def _count(self, response: httpx.Response) -> None:
        self.statuses[response.status_code] += 1

    def _entry(self, number: int) -> Entry:
        detector = detectors_of(TOWN)[number]
        return Entry(
            device_id=_id(detector.key), city=KAKOGAWA, format=detector.format,
            external_id=detector.external_id or str(_id(detector.key)), key_hash=secret_hash(f"key-{detector.key}"),
            detector=True, secret=f"key-{detector.key}".encode(), interval_s=detector.interval_s,
        )  # fmt: skip

    def _bridge(self) -> Entry:
        return Entry(
            device_id=UUID(int=5000), city=KAKOGAWA, format="theengs", external_id="broker",
            key_hash=secret_hash(BRIDGE_KEY), forwarder=True, detector=True,
        )  # fmt: skip


def _id(key: str) -> UUID:
    return UUID(int=1000 + KEYS.index(key))


def _fitted() -> Fitted:
    lives = {one.person.key: one.life for one in TOWN.residents} | {one.child.key: one.life for one in TOWN.pupils}
    return Fitted(
        town=TOWN,
        detectors=tuple(
            Mounted(detector=one, id="", own_name=one.external_id or str(_id(one.key)), key=f"key-{one.key}")
            for one in detectors_of(TOWN)
        ),
        bridge_key=BRIDGE_KEY,
        tags=tuple(
            WornTag(tag=one, id="", wearer_id="", name="", life=lives[one.wearer]) for one in tags_of(TOWN)
        ),
        expected=(),
    )  # fmt: skip


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    """The edge and the detectors at the beginning."""
    made = Edge()
    yield made
    await made.http.aclose()


async def test_every_body_of_every_detector_is_taken_and_each_says_that_it_is_there(edge: Edge) -> None:
    await edge.live(2 * INTERVAL_S)

    assert {200} == edge.statuses.keys()
    assert {_id(key) for key in KEYS} == {unit.device_id for unit in edge.units}
    await edge.detecting.all_began()


async def test_the_gate_hears_the_children_who_come_to_school_and_not_the_one_who_does_not(edge: Edge) -> None:
    await edge.live(SCHOOL_RUN_S)
    wearers = [one.wearer for one in tags_of(TOWN)]
    heard = {wearers[tag.tag.int] for unit in edge.of(GATE) for tag in unit.tags}

    assert {one.child.key for one in TOWN.pupils} - {"hiroto"} <= heard
    assert "hiroto" not in heard
    assert "hiroto" in {wearers[tag.tag.int] for unit in edge.units for tag in unit.tags}


async def test_strangers_are_counted_at_the_edge(edge: Edge) -> None:
    await edge.live(SCHOOL_RUN_S)

    assert sum(unit.report.strangers for unit in edge.units) > 100


async def test_a_detector_that_fell_silent_says_nothing_more(edge: Edge) -> None:
    await edge.live(SCHOOL_RUN_S)
    last_at = max(unit.received_at for unit in edge.of(CHILDREN_HOUSE))

    assert last_at < NOW + timedelta(seconds=60)


async def test_the_clock_of_1970_is_off_and_its_sightings_are_placed_in_the_present(edge: Edge) -> None:
    await edge.live(SCHOOL_RUN_S)
    units = edge.of(NEVER_SET)
    seconds = [second for unit in units for tag in unit.tags for second in tag.heard_s]

    assert all(unit.report.skew_s < -50 * 365 * 86_400 for unit in units)
    assert seconds
    assert all(NOW.timestamp() <= second <= edge.clock().timestamp() for second in seconds)


async def test_vehicles_tell_where_they_are_in_every_body(edge: Edge) -> None:
    await edge.live(2 * INTERVAL_S)

    assert all(unit.fix for unit in edge.of("bus-1"))
    assert len({(unit.fix.lat_deg, unit.fix.lon_deg) for unit in edge.of("bus-1")}) > 1


async def test_what_could_not_be_stored_comes_again_and_nothing_of_it_is_lost(edge: Edge) -> None:
    quiet = Edge()
    await quiet.live(SCHOOL_RUN_S)
    await quiet.http.aclose()
    await edge.live(SCHOOL_RUN_S / 2)
    edge.trouble = StreamFull(0)
    await edge.live(SCHOOL_RUN_S / 4)
    edge.trouble = None
    await edge.live(SCHOOL_RUN_S / 4)

    def heard(one: Edge) -> Counter[tuple[UUID, int]]:
        return Counter((tag.tag, second) for unit in one.of(GATE) for tag in unit.tags for second in tag.heard_s)

    assert 503 in edge.statuses
    assert heard(quiet) == heard(edge)


async def test_who_may_not_speak_yet_speaks_later_with_all_that_it_heard_and_the_longest_waiting_goes_first(
    edge: Edge,
) -> None:
    edge.detecting.may_send = 3.0
    await edge.detecting.speak(0.0)

    assert 3 == edge.statuses.total()
    edge.detecting.may_send = 2.5
    await edge.detecting.speak(0.0)
    assert 5 == edge.statuses.total() == len({unit.device_id for unit in edge.units})
    assert pytest.approx(0.5) == edge.detecting.may_send


async def test_a_fast_clock_makes_no_storm(edge: Edge) -> None:
    assert pytest.approx(BODIES_PER_S / 3) == edge.detecting.allowance(STEP_S / 30)
    assert len(edge.detecting.senders) == edge.detecting.allowance(1_000.0)
