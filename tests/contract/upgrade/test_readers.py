"""Two versions work on one stream and one database: each reads what the other one wrote."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import inspect, msgpack
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import AlertState, What
from app.config import Settings
from app.db import intents
from app.db.intents import intend
from app.households.model import Purpose
from app.push.model import Level
from app.tags import heard
from app.watch.catalogue import decode_state, encode_state
from app.watch.model import AlertKind, WatchState
from beacon_ingest import jetstream, messages
from beacon_ingest.partitions import Subjects, parts_of
from beacon_ingest.units import ingest_ids
from tests.build import NOW, minutes
from tests.contract.stream.units import a_detector_unit
from tests.contract.upgrade import as_it_was
from tests.contract.upgrade.values import says_all, values

FIRST_SAID: Mapping[type[Enum], frozenset[str]] = {
    What: frozenset(
        {"escalated", "on_the_way", "dispatch_asked", "dispatch_refused", "dispatched", "reopened", "suppressed"}
    ),
    Purpose: frozenset({"board", "dispatch", "register", "search"}),
    AlertKind: frozenset({"sticker"}),
}
"""Words that this version is the first to write into rows, by their enumeration. Until all processes are of this version,
those of the one before fail at the rows that hold them: what is in hand is a dead letter, what is asked for an error.
"""


def everything(type: Any) -> list[Any]:
    return list(values(inspect.type_info(type)))


def hexes(names: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in names)


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


@pytest.mark.parametrize("unit", everything(messages.Unit) + everything(messages.DetectorUnit))
def test_an_older_worker_reads_what_a_newer_edge_says(unit: messages.Unit | messages.DetectorUnit) -> None:
    envelope = msgpack.decode(jetstream.packed(unit), type=as_it_was.Envelope)
    read = msgpack.decode(envelope.unit, type=as_it_was.DetectorUnit if envelope.of_detector else as_it_was.Unit)

    assert (unit.city, unit.device_id, unit.format, unit.received_at) == (
        envelope.city, envelope.device_id, envelope.format, envelope.received_at
    )  # fmt: skip
    assert says_all(plain(unit), plain(read))


@pytest.mark.parametrize("unit", everything(as_it_was.Unit) + everything(as_it_was.DetectorUnit))
def test_a_newer_worker_reads_all_that_an_older_edge_said(unit: as_it_was.Unit | as_it_was.DetectorUnit) -> None:
    of_detector = isinstance(unit, as_it_was.DetectorUnit)
    envelope = as_it_was.Envelope(
        unit.city, unit.device_id, unit.format, unit.received_at, of_detector, msgspec.Raw(msgpack.encode(unit))
    )
    read = jetstream.unpacked(jetstream.envelope_of(msgpack.encode(envelope)))

    assert says_all(plain(read), plain(unit))


@pytest.mark.parametrize("state", everything(WatchState))
def test_an_older_worker_reads_the_state_that_a_newer_one_kept(state: WatchState) -> None:
    read = msgpack.decode(encode_state(state), type=as_it_was.WatchState)

    assert says_all(plain(state), plain(read))


@pytest.mark.parametrize("state", everything(as_it_was.WatchState))
def test_a_newer_worker_reads_all_of_the_state_that_an_older_one_kept(state: as_it_was.WatchState) -> None:
    assert says_all(plain(decode_state(msgpack.encode(state))), plain(state))


@pytest.mark.parametrize("words", [AlertKind, AlertState, What, Level, Purpose])
def test_rows_hold_no_word_that_an_older_process_does_not_know(words: type[Enum]) -> None:
    new = {str(getattr(one, "value", one)) for one in words} - as_it_was.WORDS[words.__name__]

    assert new == FIRST_SAID.get(words, frozenset()), "read it first, write it a version later; or list it"


def test_what_two_versions_call_a_unit_and_where_they_put_it_is_the_same() -> None:
    """A device repeats itself to an edge of the other version; what concerns one wearer stays in one partition."""
    device = UUID(int=7)
    named = [
        hexes(
            ingest_ids(
                device, "owntracks", b"a body", stamped=stamped, repeat_window_s=600, received_at=NOW, said_at=said_at
            )
        )
        for stamped, said_at in ((True, NOW), (True, None), (False, None))
    ]

    assert named == [
        ("1ff88a3009bb8f124997731314588a66",),
        ("aa79f485f53347b77e4eb16b92f8f0c2",),
        ("69cc8a30741b2009945ea31e74ef83d6", "69cc87d8561f6df6eae4520be8c4ed2f"),
    ]
    parts = parts_of(a_detector_unit(1, 2, 9), Subjects(), 4)
    assert [(one.partition, *hexes(one.unit.ingest_ids)) for one in parts] == [
        (3, "f4015c4988e6d1b2d219c885906f4103", "01c1593f66963e5951d164b37e7b1fff"),
        (3, "f4015c49ff3968ad91173653960cdc4e", "01c1593f18e2aba554af1fa07a4f1474"),
        (1, "f4015c4992d3c47c2ae2f2c262b61c78", "01c1593f8adbce69c261c2f86b27524d"),
    ]


def test_a_passage_that_an_older_worker_began_is_read_by_a_newer_one() -> None:
    assert heard.to_bytes(heard.heard_at([1000, 1003, 1100])).hex() == "0009000000000000000000000010"
    assert heard.to_bytes(heard.heard_at([1000, 1003, 11000])).hex() == f"0401{'00' * 77}02"


def test_an_intent_of_a_newer_version_waits_for_a_process_that_knows_it(connection: Connection) -> None:
    intend(connection, "of a newer version", "once", {}, NOW)
    jobs.carry_out_intents(connection, Settings(), NOW)

    assert [] == intents.due(connection, NOW + minutes(0.4))
    assert ["of a newer version"] == [one.kind for one in intents.due(connection, NOW + minutes(1))]
