"""Detector batches over HTTP: processor time a sighting until passages are durable, against a floor from the same run.

The floor is what cannot be left out: our own decoding of the same bodies, and for each group of bodies that the server
committed together one `executemany` of plain `sqlite3` with rows made beforehand, one row for each passage that the
group touches, into the same table with the same indexes, and a commit to disk.
"""

import asyncio
import gc
import itertools
import os
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db.engine import open_engine, sqlite_engine
from app.geo.cells import cell_of
from app.history.tables import open_passage
from app.kit.ids import new_id
from app.tags import tables as tags
from app.tags.keys import detector_key
from beacon_ingest.decoders.decoded import HttpRequest
from beacon_ingest.decoders.formats import FORMATS
from bench import town, traffic
from bench.load import Outcome, drive
from bench.measure import Measurement
from bench.positions import CLIENT_CORE, CONNECTIONS, SERVER_CORE, _pin

SEED = 3
DETECTORS, TAGS = 400, 4_000
WARM_BODIES, BODIES, TURN_BODIES = 2_400, 3_000, 500
PAIRS = int(os.environ.get("MIMAMORI_BENCH_PAIRS", "3"))
RATIO_MAX = 2.0

BEHIND_S = 60.0
"""The traffic begins so long ago, because it goes on faster than the clock: more than 120 s off nobody is believed."""

PITCH_DEG = 1e-4


class Town(Struct, frozen=True):
    """What was built: the ids of its tags and detectors by their numbers, and who wears each tag."""

    secret: str
    tag_ids: list[UUID]
    detector_ids: list[UUID]
    wearer_ids: list[UUID]


class Served(Struct, frozen=True):
    """What the server took: processor time in seconds, user and system."""

    cpu_s: float
    outcome: Outcome
    groups: list[int]


def build(where: Path | str, secret: str | None = None) -> Town:
    """A town with a tag on each wearer and a grid of detectors around its centre, each beside the next."""
    wearer_ids = town.build(where, TAGS)
    now = datetime.now(UTC) - timedelta(days=1)
    built = Town(
        secret or secrets.token_hex(32),
        [new_id() for _ in range(TAGS)],
        [new_id() for _ in range(DETECTORS)],
        wearer_ids,
    )
    engine = open_engine(where)
    with engine.begin() as connection:
        register_tags(connection, range(TAGS), wearer_ids, built.tag_ids)
        connection.execute(
            sa.insert(tags.detector),
            [
                {
                    "id": key, "city_id": town.CITY, "format": "gateway", "external_id": traffic.detector_name(n),
                    "kind": "fixed", "name": f"pole {n}", "lat_deg": _place(n)[0], "lon_deg": _place(n)[1],
                    "range_m": 50.0, "interval_s": 60, "deaf_after_s": 21_600, "key_generation": 1, "created_at": now,
                }
                for n, key in enumerate(built.detector_ids)
            ],
        )  # fmt: skip
    engine.dispose()
    return built


def register_tags(
    connection: Connection, numbers: range, wearer_ids: Iterable[UUID], ids: Sequence[UUID] | None = None
) -> None:
    """The tags of these numbers, each worn by the next of the wearers."""
    since = datetime.now(UTC) - timedelta(days=1)
    ids = ids or [new_id() for _ in numbers]
    connection.execute(
        sa.insert(tags.tag),
        [
            {
                "id": key, "city_id": town.CITY, "vendor": "bench", "scheme": "ibeacon", "mac": traffic.mac(n),
                "identity": traffic.identity(n), "name": f"t{n}", "interval_s": 1.0, "created_at": since,
            }
            for key, n in zip(ids, numbers, strict=True)
        ],
    )  # fmt: skip
    connection.execute(
        sa.insert(tags.tag_carrier),
        [
            {"tag_id": key, "wearer_id": wearer, "from_at": since, "until_at": None}
            for key, wearer in zip(ids, wearer_ids, strict=False)
        ],
    )


def _place(detector: int) -> tuple[float, float]:
    row, column = divmod(detector, 20)
    return town.LAT + row * PITCH_DEG, town.LON + column * PITCH_DEG


def requests(built: Town, bodies: Sequence[traffic.Body], began_at: float) -> list[bytes]:
    """The bodies as whole HTTP requests, each with its detector's own key."""
    heads = [
        "POST /ingest/gateway HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {detector_key(built.secret.encode(), key, 1)}\r\n"
        for key in built.detector_ids
    ]
    made = []
    for body in bodies:
        content = body.json(began_at)
        made.append(f"{heads[body.detector]}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return made


class Server:
    """`serve` on the town's database, in a process of its own."""

    def __init__(self, folder: Path, built: Town) -> None:
        self._folder = folder
        self._groups = folder / "groups.jsonl"
        ready = folder / "ready.json"
        command = [
            sys.executable, "-m", "bench.served", str(self._groups), "serve", "--data", str(folder), "--port", "0",
            "--ready-file", str(ready),
        ]  # fmt: skip
        environment = {**os.environ, "MIMAMORI_LOG_LEVEL": "error", "MIMAMORI_DETECTOR_SECRET": built.secret}
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: _pin(SERVER_CORE),
        )  # fmt: skip
        while not ready.exists():
            if self._process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        self._port = int(msgspec.json.decode(ready.read_bytes())["base_url"].rsplit(":", 1)[1])
        self._known_groups = 0

    def take(self, made: Sequence[bytes]) -> Served:
        """Sends these requests, as fast as they are taken."""
        before_s = _cpu_s(self._process.pid)
        outcome = _send(self._port, made)
        cpu_s = _cpu_s(self._process.pid) - before_s
        if outcome.refused:
            raise RuntimeError(f"{outcome.refused} bodies were refused: the figure would be wrong")
        groups = [int(line) for line in self._groups.read_text(encoding="ascii").split()]
        new, self._known_groups = groups[self._known_groups :], len(groups)
        return Served(cpu_s, outcome, new)

    def stop(self) -> int:
        """Ends it; how many passages there are then."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        passages, buried = _stored(self._folder)
        if buried:
            raise RuntimeError(f"{buried} bodies were buried: the figure would be wrong")
        return passages


def _send(port: int, made: Sequence[bytes]) -> Outcome:
    return asyncio.run(drive("127.0.0.1", port, iter(made), connections=CONNECTIONS, seconds=600.0))


def _cpu_s(pid: int) -> float:
    """User and system time of a process and all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _stored(folder: Path) -> tuple[int, int]:
    """How many passages there are now, and how many dead letters."""
    engine = sqlite_engine(folder)
    with engine.connect() as connection:
        passages, buried = connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM open_passage) + (SELECT count(*) FROM passage),"
            " (SELECT count(*) FROM dead_letter)"
        ).one()
    engine.dispose()
    return passages, buried


def grouped(groups: Sequence[int], bodies: Sequence[traffic.Body]) -> Iterator[Sequence[traffic.Body]]:
    """The bodies in groups as the server committed them."""
    rest, start = list(groups), 0
    while start < len(bodies):
        size = rest.pop(0) if rest else CONNECTIONS
        yield bodies[start : start + size]
        start += size


class Floor:
    """What cannot be left out, on a database of its own."""

    def __init__(self, folder: Path, built: Town, began_at: float) -> None:
        self._built = built
        self._began_at = began_at
        self._passages: dict[tuple[int, int], tuple[bytes, float, int]] = {}
        self._engine = sqlite_engine(folder)
        self._raw = self._engine.raw_connection()
        self._statement = _statement()

    def take(self, bodies: Sequence[traffic.Body], groups: Sequence[int]) -> tuple[float, float]:
        """Processor seconds of decoding these bodies, and of writing the passages that they touch."""
        work = [
            (
                [HttpRequest(body=body.json(self._began_at)) for body in group],
                _rows(self._built, group, self._began_at, self._passages),
            )
            for group in grouped(groups, bodies)
        ]
        decode = FORMATS["gateway"].decode_request
        assert decode is not None
        cursor = self._raw.cursor()
        _pin(SERVER_CORE)
        gc.collect()
        gc.freeze()
        decoding_s = writing_s = 0.0
        for group, rows in work:
            begin_s = time.process_time()
            for body in group:
                decode(body)
            decoded_s = time.process_time()
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(self._statement, rows)
            cursor.execute("COMMIT")
            decoding_s += decoded_s - begin_s
            writing_s += time.process_time() - decoded_s
        gc.unfreeze()
        _pin(CLIENT_CORE)
        cursor.close()
        return decoding_s, writing_s

    def close(self) -> None:
        """Lets go of the database."""
        self._raw.close()
        self._engine.dispose()


def _statement() -> str:
    names = [column.name for column in open_passage.c]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[3:])
    return (
        f"INSERT INTO open_passage ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (city_id, tag_id, detector_id) DO UPDATE SET {changes}"
    )


def _rows(
    built: Town,
    group: Sequence[traffic.Body],
    began_at: float,
    passages: dict[tuple[int, int], tuple[bytes, float, int]],
) -> list[tuple[object, ...]]:
    """A row for each passage that the group touches, as it is stored; `passages` are those known so far: id, when it
    began, seconds heard.
    """
    rows: dict[tuple[int, int], tuple[object, ...]] = {}
    for body in group:
        sent_at = began_at + body.sent_s
        lat_deg, lon_deg = _place(body.detector)
        for tag in body.tags:
            heard = [item for item in body.items if item.tag == tag]
            key = tag, body.detector
            known = passages.get(key)
            if known is None or sent_at - known[1] > 2 * traffic.AWAY_S:
                known = (new_id().bytes, sent_at - heard[0].before_s, 0)
            known = passages[key] = (known[0], known[1], known[2] | (1 << int(sent_at - known[1])))
            last_at = int(sent_at - heard[-1].before_s)
            rows[key] = (
                town.CITY, built.tag_ids[tag].bytes, built.detector_ids[body.detector].bytes, known[0],
                int(known[1]) * 1_000_000, built.wearer_ids[tag].bytes, last_at * 1_000_000,
                b"\0" + known[2].to_bytes(6, "little"), max(item.rssi_dbm for item in heard), lat_deg, lon_deg, 50.0,
                cell_of(lat_deg, lon_deg), 0, int(sent_at * 1e6), -BEHIND_S,
                (last_at + 60) * 1_000_000,
            )  # fmt: skip
    return list(rows.values())


def measure() -> Iterator[Measurement]:
    """The median of pairs, each of a server and a floor that take the same bodies in turn."""
    bodies = list(itertools.islice(traffic.bodies(SEED, DETECTORS, TAGS), WARM_BODIES + BODIES))
    _pin(CLIENT_CORE)
    pairs = sorted((_pair(bodies) for _ in range(PAIRS)), key=lambda pair: pair.ratio)
    one = pairs[len(pairs) // 2]
    yield Measurement(
        name="detectors.cpu_per_sighting", value=_us(one.cpu_s), unit="µs", floor=_us(one.floor_s), ratio=one.ratio,
        budget=RATIO_MAX, ok=one.ratio <= RATIO_MAX,
    )  # fmt: skip
    yield Measurement(name="detectors.floor_decoding", value=_us(one.decoding_s), unit="µs a sighting")
    yield Measurement(name="detectors.floor_writing", value=_us(one.writing_s), unit="µs a sighting")
    yield Measurement(name="detectors.rate", value=BODIES * traffic.ITEMS / one.seconds, unit="sightings/s")
    yield Measurement(name="detectors.group", value=statistics.mean(one.groups), unit="bodies a commit, mean")
    yield Measurement(name="detectors.passages", value=one.passages, unit=f"of {TAGS} tags, {DETECTORS} poles")


class Pair(Struct):
    """One server and its floor: processor seconds of both, and the seconds that the server took."""

    cpu_s: float = 0.0
    decoding_s: float = 0.0
    writing_s: float = 0.0
    seconds: float = 0.0
    groups: list[int] = []
    passages: int = 0

    @property
    def floor_s(self) -> float:
        return self.decoding_s + self.writing_s

    @property
    def ratio(self) -> float:
        return self.cpu_s / self.floor_s


def _pair(bodies: Sequence[traffic.Body]) -> Pair:
    """Both are asked in turn, since a shared machine is not as fast in one second as in the next."""
    pair = Pair()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        built = build(Path(folder))
        build(Path(other))
        server = Server(Path(folder), built)
        began_at = time.time() - BEHIND_S
        floor = Floor(Path(other), built, began_at)
        made = requests(built, bodies, began_at)
        try:
            floor.take(bodies[:WARM_BODIES], server.take(made[:WARM_BODIES]).groups)
            for start in range(WARM_BODIES, WARM_BODIES + BODIES, TURN_BODIES):
                end = start + TURN_BODIES
                served = server.take(made[start:end])
                decoding_s, writing_s = floor.take(bodies[start:end], served.groups)
                pair.cpu_s += served.cpu_s
                pair.seconds += served.outcome.seconds
                pair.decoding_s += decoding_s
                pair.writing_s += writing_s
                pair.groups += served.groups
        finally:
            pair.passages = server.stop()
            floor.close()
    return pair


def _us(seconds: float) -> float:
    """Microseconds a sighting."""
    return seconds / (BODIES * traffic.ITEMS) * 1e6
