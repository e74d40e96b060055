"""Whatever detectors say and whenever the job looks, the spells tell afterwards what was wrong in any minute."""

from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct
from sqlalchemy.engine import Connection

from app.accounts.tables import city
from app.db.dialect import tune_sqlite
from app.db.types import metadata
from app.kit.ids import DetectorId, new_id
from app.tags import service
from app.tags.model import DetectorTrouble, Spell
from app.tags.tables import detector, detector_health, detector_hour, detector_spell
from beacon_ingest.messages import DetectorReport, DetectorUnit
from tests.build import KAKOGAWA, NOW

SILENT, DEAF, CLOCK_WRONG = DetectorTrouble
SILENT_MIN, DEAF_MIN = 3, 6
TABLES = [city, detector, detector_health, detector_hour, detector_spell]


class Event(Struct, frozen=True):
    """A word of the detector or, where `hears` is None, a run of the job; so many minutes after `NOW`."""

    minute: int
    hears: bool | None
    skew_s: float | None = None


EVENTS = st.lists(
    st.builds(
        Event,
        minute=st.integers(1, 60),
        hears=st.sampled_from([None, None, True, False, False]),
        skew_s=st.sampled_from([None, None, 0.0, 500.0]),
    ),
    max_size=60,
    unique_by=lambda one: (one.minute, one.hears is None),
).map(lambda events: sorted(events, key=lambda one: (one.minute, one.hears is None)))
"""In each minute at most one word and then one run."""


class House:
    """One detector that was registered at `NOW`, and the real tables."""

    def __init__(self) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
        tune_sqlite(self.engine, read_only=False)
        metadata.create_all(self.engine, tables=TABLES)
        self.id = DetectorId(new_id())
        with self.engine.begin() as connection:
            connection.execute(sa.insert(city).values(id=KAKOGAWA, name="加古川市", zone="Asia/Tokyo", created_at=NOW))
            connection.execute(
                sa.insert(detector).values(
                    id=self.id, city_id=KAKOGAWA, format="gateway", external_id="east", kind="fixed", name="east",
                    range_m=50, interval_s=60, deaf_after_s=DEAF_MIN * 60, key_generation=1, created_at=NOW,
                )
            )  # fmt: skip

    def spells(self, events: list[Event], groups: int) -> list[Spell]:
        """What is stored after all that happened; so many words are kept together in one group."""
        with self.engine.connect() as connection:
            transaction = connection.begin()
            self._happen(connection, events, groups)
            found = service.spells_between(connection, [self.id], NOW - timedelta(days=1), NOW + timedelta(days=1))
            transaction.rollback()
        return found[self.id]

    def _happen(self, connection: Connection, events: list[Event], groups: int) -> None:
        waiting: list[DetectorUnit] = []
        for place, one in enumerate(events):
            if one.hears is not None:
                waiting.append(self._unit(one))
            following = events[place + 1 :]
            full = len(waiting) >= groups or not following or following[0].hears is None
            if waiting and full:
                # Within a group they come in any order.
                service.save_hearing(connection, waiting[::-1], at(one.minute))
                waiting.clear()
            if one.hears is None:
                service.judge_detectors(connection, None, at(one.minute))
                assert 0 == service.judge_detectors(connection, None, at(one.minute))

    def _unit(self, one: Event) -> DetectorUnit:
        skew_s = UNSET if one.skew_s is None else one.skew_s
        return DetectorUnit(
            ingest_ids=(new_id().bytes,),
            city=KAKOGAWA,
            device_id=self.id,
            format="gateway",
            received_at=at(one.minute),
            report=DetectorReport(strangers=int(bool(one.hears)), skew_s=skew_s),
        )


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


HOUSE = House()


def silences(words: list[Event], runs: list[int]) -> list[tuple[int, int]]:
    """The spans without a word in which the job looked after it had lasted too long, up to the next word."""
    edges = [0, *(word.minute for word in words), 10_000]
    return [(begin, end) for begin, end in pairwise(edges) if any(begin + SILENT_MIN <= run < end for run in runs)]


def expected_at(minute: int, events: list[Event]) -> dict[DetectorTrouble, bool]:
    """What must be said of a minute, by a look at all that happened. A trouble counts if the job looked while it could
    be known.
    """
    words = [one for one in events if one.hears is not None]
    runs = [one.minute for one in events if one.hears is None]
    quiet = silences(words, runs)
    return {
        SILENT: any(begin <= minute < end for begin, end in quiet),
        DEAF: _is_deaf(minute, words, runs, quiet),
        CLOCK_WRONG: _has_wrong_clock(minute, words, runs),
    }


def _is_deaf(minute: int, words: list[Event], runs: list[int], quiet: list[tuple[int, int]]) -> bool:
    """A run found that it speaks, and had for too long: since it last heard anybody, or was back from a silence. It is
    over when it hears somebody or falls silent.
    """
    hearing = [word.minute for word in words if word.hears]
    for run in runs:
        spoken = [word.minute for word in words if word.minute <= run]
        if not spoken or run - spoken[-1] >= SILENT_MIN:
            continue
        begin = max([0, *(one for one in hearing if one <= run), *(end for _begin, end in quiet if end <= run)])
        falls = [first for first, _end in quiet if first >= spoken[-1]]
        end = min([10_000, *(one for one in hearing if one > run), *falls])
        if spoken[-1] - begin >= DEAF_MIN and begin <= minute < end:
            return True
    return False


def _has_wrong_clock(minute: int, words: list[Event], runs: list[int]) -> bool:
    """From the last word before the run that saw it, up to the first word that tells a right time."""
    told = [word for word in words if word.skew_s is not None]
    for run in runs:
        last_told = [word for word in told if word.minute <= run]
        if last_told and last_told[-1].skew_s:
            begin = max(word.minute for word in words if word.minute <= run)
            end = min((word.minute for word in told if word.minute > begin and not word.skew_s), default=10_000)
            if begin <= minute < end:
                return True
    return False


@given(EVENTS, st.integers(1, 4))
def test_spells_of_one_trouble_never_overlap_and_none_is_empty(events: list[Event], groups: int) -> None:
    spells = HOUSE.spells(events, groups)

    for trouble in DetectorTrouble:
        own = [one for one in spells if one.trouble is trouble]
        assert all(one.until_at is None or one.until_at > one.from_at for one in own)
        for one, following in pairwise(own):
            assert one.until_at is not None
            assert one.until_at <= following.from_at
    assert all(one.from_at >= NOW for one in spells)


@settings(max_examples=300)
@given(EVENTS, st.integers(1, 4))
def test_the_state_of_every_minute_is_what_a_look_at_everything_says(events: list[Event], groups: int) -> None:
    spells = HOUSE.spells(events, groups)
    expected = {minute: expected_at(minute, events) for minute in range(62)}
    found = {
        minute: {
            trouble: any(
                one.trouble is trouble and one.from_at <= at(minute) and (one.until_at is None or at(minute) < one.until_at)
                for one in spells
            )
            for trouble in DetectorTrouble
        }
        for minute in range(62)
    }  # fmt: skip

    assert expected == found


def test_the_events_that_are_tried_bring_every_trouble() -> None:
    events = [
        Event(1, True, 500.0),
        *(Event(minute, False) for minute in range(2, 14)),
        Event(14, None),
        Event(20, None),
    ]

    assert [(DEAF, 1, 13), (CLOCK_WRONG, 13, None), (SILENT, 13, None)] == sorted(
        (
            (one.trouble, (one.from_at - NOW).seconds // 60, one.until_at and (one.until_at - NOW).seconds // 60)
            for one in HOUSE.spells(events, 1)
        ),
        key=lambda one: (one[1], one[0]),
    )  # fmt: skip
