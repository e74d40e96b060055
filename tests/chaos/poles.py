"""Detectors that keep on telling what they heard until they are answered, and what must be true of it after kills."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx
import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.history.tables import open_passage, passage
from app.kit.ids import TagId, WearerId
from app.push.tables import address, message
from app.simulator.fcm_standin import FcmStandIn
from app.tags import service as tags
from app.tags.keys import detector_key
from app.tags.model import Detector, DetectorKind
from app.tags.passages import GAP_S_MIN
from app.tags.registration import DetectorDraft
from app.tags.tables import detector_health
from app.watch.passage import AGAIN_AFTER
from tests.build import HOME, KAKOGAWA, METRES_PER_DEGREE
from tests.chaos.crew import Server
from tests.unit.beacon_ingest.poles import STRANGER, TOWN_UUID, ibeacon

STEP_S = 5
"""The time between two bodies of a pole that catches up on what it kept."""

AWAY, TURN = 16, 48
"""Of each 48 bodies a tag is in 32 and then away for 16, which is 80 s: longer than the gap of a passage."""

BODIES_MAX = 100 * 60 // STEP_S - 10
"""A pole that catches up comes to the present after so many."""

Second = tuple[TagId, UUID, int]
"""A tag that a detector heard in a second since 1970."""


class Pole(Struct, kw_only=True):
    """A detector, what it told and which of it was acknowledged. `live`: it tells what it hears now; others catch up
    on what they kept. What was not acknowledged is sent again as it was.
    """

    detector: Detector
    key: str
    live: bool
    tag_ids: list[TagId]
    number: int = 0
    body: bytes = b""
    told: list[Second] = []
    acknowledged: set[Second] = msgspec.field(default_factory=set)
    counted: int = 0


def poles_of(connection: Connection, secret: bytes, wearers: list[WearerId], now: datetime) -> list[Pole]:
    """Four poles 20 m apart, two of them live, and a tag for each wearer."""
    tag_ids = []
    for minor, wearer_id in enumerate(wearers):
        identity = f"{TOWN_UUID}/1/{minor}"
        tag = tags.register_tag(
            connection, city_id=KAKOGAWA, vendor="Aruku", scheme="ibeacon", identity=identity, now=now
        )
        # Since a little before: what is heard on both sides of a hand-over is two passages.
        tags.assign_tag(connection, tag.id, wearer_id, now=now, from_at=now - timedelta(minutes=1))
        tag_ids.append(tag.id)
    poles = []
    for number in range(4):
        lat_deg = HOME.lat_deg + 20 * number / METRES_PER_DEGREE
        draft = DetectorDraft(kind=DetectorKind.FIXED, name=f"柱{number}", lat_deg=lat_deg, lon_deg=HOME.lon_deg)
        one = tags.register_detector(connection, KAKOGAWA, draft, now)
        key = detector_key(secret, one.id, one.key_generation)
        poles.append(Pole(detector=one, key=key, live=number % 2 == 0, tag_ids=tag_ids))
    return poles


async def keep_hearing(pole: Pole, start: datetime, server: Server) -> None:
    """Sends bodies one after the other until the server is gone; a tag is told again in the body after."""
    headers = {"Authorization": f"Bearer {pole.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        while pole.number < BODIES_MAX:
            try:
                answer = await client.post("/ingest/gateway", content=heard(pole, start))
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                taken(pole)


def heard(pole: Pole, start: datetime) -> bytes:
    """What it tells next: the same until it was taken."""
    if not pole.body:
        _hear(pole, start)
    return pole.body


def taken(pole: Pole) -> None:
    """What it told was acknowledged."""
    pole.acknowledged.update(pole.told)
    pole.counted += len(pole.told)
    pole.number, pole.body = pole.number + 1, b""


def _hear(pole: Pole, start: datetime) -> None:
    """Writes the next body: who is near, half of them also as they were a moment before."""
    now = datetime.now(UTC).replace(microsecond=0)
    at = now if pole.live else start + timedelta(seconds=STEP_S * pole.number)
    items: list[dict[str, Any]] = [dict(STRANGER)]
    pole.told = []
    for minor, tag_id in enumerate(pole.tag_ids):
        if (pole.number + AWAY * minor) % TURN < AWAY:
            continue
        for earlier in range(1 + minor % 2):
            heard_at = at - timedelta(seconds=earlier)
            items.append({"rssi_dbm": -60 - minor, "adv": ibeacon(minor=minor), "at": heard_at.isoformat()})
            pole.told.append((tag_id, pole.detector.id, int(heard_at.timestamp())))
    content = {"detector": pole.detector.external_id, "seq": pole.number, "sent_at": now.isoformat(), "items": items}
    pole.body = json.dumps(content).encode()


def check_passages(connection: Connection, poles: list[Pole]) -> None:
    """Every acknowledged sighting is in a passage, no two of which overlap or touch; nothing was counted twice."""
    spans: dict[tuple[UUID, UUID], list[tuple[int, int]]] = defaultdict(list)
    for table in (open_passage, passage):
        for row in connection.execute(
            sa.select(table.c.tag_id, table.c.detector_id, table.c.opened_at, table.c.last_at)
        ):
            span = int(row.opened_at.timestamp()), int(row.last_at.timestamp())
            spans[row.tag_id, row.detector_id].append(span)
    for pole in poles:
        for tag_id, detector_id, second in pole.acknowledged:
            held = [one for one in spans[tag_id, detector_id] if one[0] <= second <= one[1]]
            assert 1 == len(held), f"an acknowledged sighting is in {len(held)} passages"
    for some in spans.values():
        in_order = sorted(some)
        for before, after in pairwise(in_order):
            assert after[0] - before[1] > GAP_S_MIN, "two passages are one"
    counted = dict(connection.execute(sa.select(detector_health.c.detector_id, detector_health.c.sightings)).all())
    for pole in poles:
        waiting = len(pole.told) if pole.body else 0  # Whether the last body came in nobody knows.
        assert counted[pole.detector.id] in (pole.counted, pole.counted + waiting)
    assert sum(len(pole.acknowledged) for pole in poles) > 100
    assert any(len(some) > 1 for some in spans.values()), "somebody was away long enough to pass twice"


def check_notices(connection: Connection, phones: FcmStandIn) -> None:
    """At most one notice for a tag at a detector in ten minutes of its own time; all that count as sent were pushed."""
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    query = sa.select(address.c.value, message.c.kind, message.c.params, message.c.state).join(
        address, address.c.id == message.c.address_id
    )
    states, lines = [], 0
    for row in connection.execute(query.where(message.c.kind.startswith("news.passage"))):
        if row.kind != "news.passage":
            lines += 1  # Of several that waited; it may have been pushed as one of them before.
            continue
        moments[row.value, row.params["detector"]].append(datetime.fromisoformat(row.params["at"]))
        states.append(row.state)
    for times in moments.values():
        in_order = sorted(times)
        assert all(after - before >= AGAIN_AFTER for before, after in pairwise(in_order))
    # Newer news takes the place of what waits, or says it as well; too much of it waits for up to an hour; and whoever
    # was sending some may have died.
    told_otherwise = {"cancelled", "bundled", "waiting", "sending"}
    assert set(states) <= {"sent"} | told_otherwise, set(states)
    assert "sent" in states or lines
    # A push that was on its way when the process was killed is sent again, and is the same one on the phone.
    pushed = {
        (push.token, push.message["notification"]["title"])
        for push in phones.received
        if push.message["data"]["kind"] == "news.passage"
    }
    assert states.count("sent") <= len(pushed) <= len(states) + lines
