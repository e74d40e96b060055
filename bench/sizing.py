"""How many processes, cores, gigabytes and megabits a place needs, calculated from what `few` and `scaled` measured.

    python -m bench.sizing

prints the tables of docs/sizing.md; a test sees that the page shows what is calculated. Pure: the measured figures are
constants here, each with the name of the measurement that it comes from.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

DAY_S: Final = 86_400.0
MONTH_DAYS: Final = 30

# Assumed. How devices behave and people live; change them to what your town does.
POSITIONS_A_DAY: Final = 432
"""Of a tracker: one a minute for 3 hours outside, one in 5 minutes for the other 21."""
BODY_EVERY_S: Final = 10.0
"""A detector sends what it heard, or that it heard nothing."""
PASSAGES_A_DAY: Final = 20
BODIES_A_PASSAGE: Final = 2
"""20 seconds near a detector fall into two bodies."""
PEAK_POSITIONS: Final = 2.0
PEAK_PASSAGES: Final = 4.0
"""The busiest minutes against the mean of the day: the way to school."""
BUSY_MAX: Final = 0.5
"""Of a core that a process may use in the busiest minutes; a machine that died leaves its work to the others."""
RETENTION_DAYS: Final = 90
NAMES_DAYS: Final = 7
EDGES_MIN: Final = 2
WORKERS_MIN: Final = 2
WEBS: Final = 2
WIRE: Final = 1.3
"""What TLS, TCP and HTTP's answer add to the bytes of a request."""


class Kind(Struct, frozen=True, kw_only=True):
    """What one message of a kind was measured to take: `bulk_us` in µs of processor, `few_milli` in thousandths of a
    core at 100 and at 500 a second, idle use included.
    """

    units: float
    request_bytes: float
    stream_bytes: float
    wal_bytes: float
    bulk_us: Mapping[str, float]
    few_milli: Mapping[str, tuple[float, float]]


class Place(Struct, frozen=True, kw_only=True):
    """A town, a prefecture, a nation."""

    name: str
    trackers: int
    detectors: int
    tags: int

    def positions_a_day(self) -> float:
        return float(self.trackers * POSITIONS_A_DAY)

    def passages_a_day(self) -> float:
        return float(self.tags * PASSAGES_A_DAY)

    def bodies_a_day(self) -> float:
        return self.detectors * DAY_S / BODY_EVERY_S

    def peak(self) -> dict[str, float]:
        """Messages a second of each kind in the busiest minutes. Where more tags pass than detectors send bodies, each
        is still counted as a body of its own.
        """
        heard = self.passages_a_day() * BODIES_A_PASSAGE / DAY_S * PEAK_PASSAGES
        return {
            "position": self.positions_a_day() / DAY_S * PEAK_POSITIONS,
            "quiet_body": max(0.0, self.detectors / BODY_EVERY_S - heard),
            "one_tag_body": heard,
        }


PARTS: Final = ("edge", "worker", "postgresql", "nats")

# Measured on 2026-11-28 (the page names machine and load) by `mimamori bench --only few` and `--only scaled`, the
# larger figure of two or three runs.
KINDS: Final[Mapping[str, Kind]] = {
    "position": Kind(
        units=1.0, request_bytes=293, stream_bytes=540, wal_bytes=1346,
        bulk_us={"edge": 143, "worker": 102, "postgresql": 29, "nats": 201},
        few_milli={"edge": (75, 161), "worker": (327, 254), "postgresql": (91, 76), "nats": (461, 593)},
    ),
    "quiet_body": Kind(
        units=1.0, request_bytes=1421, stream_bytes=456, wal_bytes=361,
        bulk_us={"edge": 223, "worker": 78, "postgresql": 17, "nats": 230},
        few_milli={"edge": (108, 206), "worker": (271, 195), "postgresql": (73, 55), "nats": (624, 587)},
    ),
    "one_tag_body": Kind(
        units=2.2, request_bytes=2115, stream_bytes=1048, wal_bytes=1145,
        bulk_us={"edge": 412, "worker": 254, "postgresql": 75, "nats": 432},
        few_milli={"edge": (109, 263), "worker": (223, 229), "postgresql": (85, 80), "nats": (364, 418)},
    ),
}  # fmt: skip
CROWD: Final = Kind(
    units=13.0, request_bytes=13933, stream_bytes=7524, wal_bytes=16708,
    bulk_us={"edge": 1603, "worker": 1917, "postgresql": 650, "nats": 1997}, few_milli={},
)  # fmt: skip
"""A body of 100 sightings of 18 tags at a time; the calculation counts each tag in a body of its own."""
EMBEDDED_MILLI: Final[Mapping[str, tuple[float, float]]] = {
    "position": (265, 330), "quiet_body": (179, 300), "one_tag_body": (276, 406),
}  # fmt: skip
IDLE_MILLI: Final = {"edge": 2.0, "worker": 15.5, "postgresql": 2.0, "nats": 57.5}
ROW_BYTES: Final = {"position": 264, "passage": 551, "name": 146}
ROW_BYTES_SQLITE: Final = {"position": 176, "passage": 411, "name": 79}
MEMORY_MB: Final = {"edge": 116, "worker": 136, "web": 111, "nats": 64, "serve": 131}
EDGE_TAG_KB: Final = 1.2


class Size(Struct, frozen=True, kw_only=True):
    """What a place needs in its busiest minutes, and of disks and lines."""

    cores: Mapping[str, float]
    edges: int
    workers: int
    units_s: float
    """Messages a second through the stream in the busiest minutes."""
    memory_gb: Mapping[str, float]
    month_gb: float
    kept_gb: float
    log_gb_a_day: float
    devices_mbit: float
    inside_mbit: float

    @property
    def all_cores(self) -> float:
        return sum(self.cores.values())


def milli(few: tuple[float, float], bulk_us: float, rate: float) -> float:
    """Thousandths of a core at so many messages a second: measured at 100 and at 500 and in a straight line between; in
    proportion below, where each message is alone; above, what a message takes in bulk comes on top.
    """
    if rate <= 100:
        return few[0] * rate / 100
    if rate <= 500:
        return few[0] + (few[1] - few[0]) * (rate - 100) / 400
    return max(few) + (rate - 500) * bulk_us / 1000


def size(place: Place) -> Size:
    """As many processes."""
    peak = place.peak()
    cores = {part: _milli_of(part, peak) / 1000 for part in PARTS}
    edges = max(EDGES_MIN, math.ceil(cores["edge"] / BUSY_MAX))
    workers = max(WORKERS_MIN, math.ceil(cores["worker"] / BUSY_MAX))
    stored = _stored_a_day(place, ROW_BYTES)
    per_day = _messages_a_day(place)
    return Size(
        cores=cores,
        edges=edges,
        workers=workers,
        units_s=sum(KINDS[kind].units * rate for kind, rate in peak.items()),
        memory_gb={
            "edge": (MEMORY_MB["edge"] + 2 * EDGE_TAG_KB * place.tags / 1000) / 1000,
            "worker": MEMORY_MB["worker"] / 1000,
            "web": MEMORY_MB["web"] / 1000,
            "nats": 2 * MEMORY_MB["nats"] / 1000,
            "postgresql": 1 + 2 * stored / 1e9,
        },
        month_gb=MONTH_DAYS * stored / 1e9,
        kept_gb=(RETENTION_DAYS * stored + NAMES_DAYS * _names_a_day(place, ROW_BYTES)) / 1e9,
        log_gb_a_day=sum(KINDS[k].wal_bytes * count for k, count in per_day.items()) / 1e9,
        devices_mbit=_devices_mbit(place),
        # To one server, from it to two, and to a worker.
        inside_mbit=sum(KINDS[k].stream_bytes * 4 * rate * 8 for k, rate in peak.items()) / 1e6,
    )


def _milli_of(part: str, peak: Mapping[str, float]) -> float:
    kinds = [(KINDS[kind], rate) for kind, rate in peak.items()]
    return IDLE_MILLI[part] + sum(milli(one.few_milli[part], one.bulk_us[part], rate) for one, rate in kinds)


def _messages_a_day(place: Place) -> dict[str, float]:
    heard = place.passages_a_day() * BODIES_A_PASSAGE
    return {
        "position": place.positions_a_day(),
        "quiet_body": max(0.0, place.bodies_a_day() - heard),
        "one_tag_body": heard,
    }


def _stored_a_day(place: Place, row: Mapping[str, float]) -> float:
    """Bytes of history."""
    return place.positions_a_day() * row["position"] + place.passages_a_day() * row["passage"]


def _names_a_day(place: Place, row: Mapping[str, float]) -> float:
    """Bytes of the names by which repeats are known."""
    units = sum(KINDS[kind].units * count for kind, count in _messages_a_day(place).items())
    return units * row["name"]


VILLAGE: Final = Place(name="a village", trackers=40, detectors=30, tags=60)
TOWN: Final = Place(name="a town like Kakogawa", trackers=500, detectors=1_475, tags=2_000)
PREFECTURE: Final = Place(name="a prefecture", trackers=20_000, detectors=30_000, tags=100_000)
NATION: Final = Place(name="a nation", trackers=1_000_000, detectors=700_000, tags=10_000_000)
STREAM_UNITS_S: Final = 3_000
"""What one stream acknowledged at one edge where everything shared two cores (2,800 to 3,400); more was not tried."""


def parts_of(place: Place, installations: int) -> Place:
    """One of so many equal installations of a place."""
    return Place(
        name=f"{place.name}, one of {installations}",
        trackers=place.trackers // installations,
        detectors=place.detectors // installations,
        tags=place.tags // installations,
    )


def installations(place: Place) -> int:
    """How many, so that none takes more into its stream than was measured."""
    return math.ceil(size(place).units_s / STREAM_UNITS_S)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def one_process() -> str:
    """Places for one process on SQLite."""
    rows = [
        [
            place.name, _inputs(place), f"{sum(place.peak().values()):.0f}", f"{_cores_of_one(place):.2f}",
            f"{MEMORY_MB['serve'] / 1000:.1f} GB", _gb(MONTH_DAYS * _stored_a_day(place, ROW_BYTES_SQLITE) / 1e9),
            _gb(_kept_of_one(place)),
        ]
        for place in (VILLAGE, TOWN)
    ]  # fmt: skip
    head = ["place", "trackers, detectors, tags", "messages/s at the peak", "cores", "memory", "history a month"]
    return table([*head, "disk in all"], rows)


def _cores_of_one(place: Place) -> float:
    return sum(milli(EMBEDDED_MILLI[kind], math.inf, rate) for kind, rate in place.peak().items()) / 1000


def _kept_of_one(place: Place) -> float:
    names = sum(_messages_a_day(place).values()) * ROW_BYTES_SQLITE["name"]
    return (RETENTION_DAYS * _stored_a_day(place, ROW_BYTES_SQLITE) + NAMES_DAYS * names) / 1e9


def _devices_mbit(place: Place) -> float:
    return sum(KINDS[kind].request_bytes * WIRE * rate * 8 for kind, rate in place.peak().items()) / 1e6


def many_processes() -> str:
    """Places for many processes."""
    rows = []
    for whole in (TOWN, PREFECTURE, NATION):
        count = installations(whole)
        places = [whole] if count == 1 else [whole, parts_of(whole, count)]
        rows += [_row(place, count if place is whole else 1) for place in places]
    head = [
        "place", "trackers, detectors, tags", "units/s at the peak", "installations", "edges, workers, webs",
        "cores: edges + workers + PostgreSQL + 3 NATS", "memory of an edge, PostgreSQL", "history a month",
        "disk in all", "PostgreSQL's log a day", "line to devices, inside",
    ]  # fmt: skip
    return table(head, rows)


def _row(place: Place, count: int) -> list[str]:
    one = size(parts_of(place, count)) if count > 1 else size(place)
    cores = " + ".join(f"{count * one.cores[part]:.1f}" for part in PARTS)
    total = count * one.all_cores
    return [
        place.name, _inputs(place), f"{count * one.units_s:,.0f}", str(count),
        f"{count * one.edges}, {count * one.workers}, {count * WEBS}", f"{cores} = {total:.1f}",
        f"{one.memory_gb['edge']:.1f}, {one.memory_gb['postgresql']:.0f} GB", _gb(count * one.month_gb),
        _gb(count * one.kept_gb), _gb(count * one.log_gb_a_day),
        f"{count * one.devices_mbit:,.0f}, {count * one.inside_mbit:,.0f} Mbit/s",
    ]  # fmt: skip


def _inputs(place: Place) -> str:
    return f"{place.trackers:,}, {place.detectors:,}, {place.tags:,}"


def _gb(gigabytes: float) -> str:
    return f"{gigabytes / 1000:,.1f} TB" if gigabytes >= 1000 else f"{gigabytes:,.1f} GB"


def example() -> str:
    """The cores of one installation of the prefecture, step by step."""
    place = parts_of(PREFECTURE, installations(PREFECTURE))
    lines = []
    for part in PARTS:
        terms = [f"{IDLE_MILLI[part]:.1f} idle"]
        for kind, rate in place.peak().items():
            one = KINDS[kind]
            few, bulk_us = one.few_milli[part], one.bulk_us[part]
            how = f"{max(few):.0f} + {rate - 500:.0f} × {bulk_us:.0f} µs" if rate > 500 else f"at {rate:.0f}/s"
            terms.append(f"{milli(few, bulk_us, rate):.0f} ({kind.replace('_', ' ')}, {how})")
        lines.append(f"- {part}: {' + '.join(terms)} = {_milli_of(part, place.peak()):.0f} thousandths of a core")
    return "\n".join(lines)


def summary() -> str:
    """The short table of the page on operations."""
    rows = []
    for place in (VILLAGE, TOWN):
        cores, kept = _cores_of_one(place), _kept_of_one(place)
        row = [
            place.name,
            _inputs(place),
            "one `serve` on SQLite",
            f"{cores:.2f}",
            f"{MEMORY_MB['serve'] / 1000:.1f} GB",
        ]
        rows.append([*row, _gb(kept), f"{_devices_mbit(place):.1f} Mbit/s"])
    for place in (TOWN, PREFECTURE, NATION):
        count = installations(place)
        one = size(parts_of(place, count)) if count > 1 else size(place)
        processes = f"{count * one.edges} edges, {count * one.workers} workers, {count * WEBS} webs"
        around = f"{count} PostgreSQL, {3 * count} NATS servers"
        memory = (
            one.edges * one.memory_gb["edge"] + one.workers * one.memory_gb["worker"] + WEBS * one.memory_gb["web"]
            + 3 * one.memory_gb["nats"] + one.memory_gb["postgresql"]
        )  # fmt: skip
        rows.append([
            place.name, _inputs(place), f"{processes}; {around}", f"{count * one.all_cores:,.1f}",
            f"{count * memory:,.0f} GB", _gb(count * one.kept_gb), f"{count * one.devices_mbit:,.0f} Mbit/s",
        ])  # fmt: skip
    head = ["place", "trackers, detectors, tags", "processes", "cores at the peak", "memory", "disk after 90 days"]
    return table([*head, "from devices"], rows)


def measured() -> str:
    """What a message was measured to take."""
    rows = [
        [
            kind.replace("_", " "), *(f"{one.bulk_us[part]:.0f}" for part in PARTS), f"{one.units:.1f}",
            f"{one.stream_bytes:.0f}", f"{one.wal_bytes:.0f}", f"{one.request_bytes:.0f}",
        ]
        for kind, one in {**KINDS, "18_tags_body": CROWD}.items()
    ]  # fmt: skip
    head = ["one", "edge", "worker", "PostgreSQL", "3 NATS", "units", "bytes in the stream", "of the log", "sent"]
    return table(head, rows)


def measured_few() -> str:
    """What a part was measured to take at few messages a second."""
    rows = []
    for kind, one in KINDS.items():
        few = [f"{one.few_milli[part][0]:.0f}, {one.few_milli[part][1]:.0f}" for part in PARTS]
        rows.append([kind.replace("_", " "), *few, "{:.0f}, {:.0f}".format(*EMBEDDED_MILLI[kind])])
    return table(["at 100/s, at 500/s", "edge", "worker", "PostgreSQL", "3 NATS", "`serve` on SQLite"], rows)


TABLES: Final = (measured, measured_few, one_process, many_processes, example)

if __name__ == "__main__":
    print("\n\n".join(one() for one in (summary, *TABLES)))
