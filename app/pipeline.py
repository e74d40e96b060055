"""THE HOT PATH on one screen: units of messages in; positions, passages, health, states, alerts and messages to people
out, in one transaction.

`process` is the runner that the group-commit writer calls with everything that waits. A repeat changes nothing. An
unexpected error is narrowed to its unit, which is kept as a dead letter and acknowledged: one bad integer never stops a
town. What a rule throws costs only that rule. Hints after the commit tell open apps to look.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from app.alerts.service import raising
from app.batch import sort_out, subjects, take_heard, those_heard
from app.db import session, units
from app.db.errors import plain
from app.devices import service as devices
from app.history import service as history
from app.tags import service as tags
from app.watch import service as watch
from beacon_ingest.messages import DetectorUnit, Unit

log = structlog.get_logger()


def process(
    connection: Connection, arrived: Sequence[Unit | DetectorUnit], now: datetime, *, alone: bool = False
) -> list[None]:
    """One outcome a unit: None, it is digested or kept as a dead letter. Raises only when the store itself fails: then
    nothing is acknowledged. `alone`: it is one unit that failed by itself before.
    """
    place = session.mark(connection)
    try:
        with session.savepoint(connection, anew=True):
            digest(connection, arrived, now)
    except sa.exc.OperationalError:  # The store, not the data: every unit must be sent again.
        raise
    except Exception as error:  # Narrowed by halves to the unit that cannot be digested; all others are committed.
        if connection.invalidated:
            raise
        session.forget_from(connection, place)
        if len(arrived) == 1 and not alone:  # Another worker may have been at the same: what it wrote is seen now.
            process(connection, arrived, now, alone=True)
        elif len(arrived) == 1:
            log.error("dead_letter", format=arrived[0].format, error=type(error).__name__)
            units.bury(connection, arrived[0], plain(error))
        else:
            half = len(arrived) // 2
            process(connection, arrived[:half], now)
            process(connection, arrived[half:], now)
    return [None] * len(arrived)


def digest(
    connection: Connection, arrived: Sequence[Unit | DetectorUnit], now: datetime, *, again: bool = False
) -> None:
    """The stages, in order. Each is a plain function over everything that arrived.

    `again`: an operator replays units that are known already; their own repeats stay repeats.
    """
    fresh = arrived if again else units.fresh(connection, arrived)
    if not fresh:
        return
    trackers = [unit for unit in fresh if isinstance(unit, Unit)]
    detectors = [unit for unit in fresh if isinstance(unit, DetectorUnit)]
    tags.save_hearing(connection, [unit for unit in detectors if not unit.share], now)
    history.append_vehicles(connection, detectors)
    began, signals = history.record(connection, detectors, now), history.signals(connection, detectors)
    carriers = devices.carried(connection, {unit.device_id for unit in trackers})
    kept = watch.load(connection, subjects(trackers, carriers) | those_heard(began, signals))
    batch = sort_out(trackers, carriers, {key: one.state for key, one in kept.items()})
    take_heard(batch, began, signals)
    history.append(connection, batch.positions)
    history.refuse(connection, batch.refused)
    history.keep_surveys(connection, batch.surveys)
    devices.save_health(connection, batch.health)
    for answer in batch.answers:
        devices.answered(connection, answer.device_id, answer.word, answer.result, answer.at, now)
    for unit in batch.orphans:
        units.bury(connection, unit, "An alarm of a device that nobody carried then.")
    events = watch.look(connection, kept, batch.observations, now)
    raising.raise_all(connection, events, now)
    for wearer_id in batch.moved:
        session.hint(connection, "place", str(wearer_id))
