"""Where a wearer is expected: set and ended by those who look after her, read by those who may know of her."""

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.accounts.names import one_line
from app.db import intents
from app.db.page import Page, page
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import ExpectationId, WearerId, new_id
from app.watch import store
from app.watch.model import DETECTORS_MAX, Expectation
from app.watch.service import looking

EXPECTATIONS_MAX = 20
"""Of one wearer: what is kept of each is a part of the state that every position brings forward."""

EXPECTATION_ENDED = "expectation_ended"
"""Intent: an alert that she did not come is over, since nobody waits for her there any more."""


class Draft(Struct, frozen=True, kw_only=True):
    """An expectation that is asked for; its fields are those of `Expectation`."""

    name: str
    detector_ids: Sequence[UUID]
    weekdays: int
    from_time: time
    by_time: time
    tell_arrival: bool = True


def expectations(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, last: ExpectationId | None, limit: int, now: datetime
) -> Page[Expectation]:
    """A page of where the wearer is expected, oldest first. Raises `NotFound` for who may not know of her."""
    households.visible_wearer(connection, viewer, wearer_id, None, now)
    return page(store.expectations_after(connection, wearer_id, last, limit + 1), limit, lambda one: one.id)


def expect(connection: Connection, viewer: Viewer, wearer_id: WearerId, draft: Draft, now: datetime) -> Expectation:
    """The new expectation, which counts from the next time that begins after now.

    Raises `NotFound` for those who do not manage the wearer, `InvalidInput` naming what cannot be meant (a detector
    that is not one of her city's: `detectors[2]`), `Conflict` when there are many.
    """
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    if draft.by_time <= draft.from_time:
        raise InvalidInput(
            "The time by which she must be there must be later than that from which she may be.", "by_time"
        )
    if not 0 < draft.weekdays < 1 << 7:
        raise InvalidInput("Name at least one day of the week.", "weekdays")
    detector_ids = list(dict.fromkeys(draft.detector_ids))
    if not 0 < len(detector_ids) <= DETECTORS_MAX:
        raise InvalidInput(f"Name one to {DETECTORS_MAX} detectors.", "detectors")
    here = store.detectors_in_force(connection, wearer.city_id, detector_ids)
    for number, detector_id in enumerate(draft.detector_ids):
        if detector_id not in here:
            raise InvalidInput("There is no such detector in the wearer's city.", f"detectors[{number}]")
    if len(store.expectations_after(connection, wearer_id, None, EXPECTATIONS_MAX)) >= EXPECTATIONS_MAX:
        raise Conflict(f"There are {EXPECTATIONS_MAX} expectations already; end one first.")
    one = Expectation(
        id=ExpectationId(new_id()),
        wearer_id=wearer_id,
        name=one_line(draft.name, "name"),
        detector_ids=tuple(detector_ids),
        weekdays=draft.weekdays,
        from_time=draft.from_time,
        by_time=draft.by_time,
        tell_arrival=draft.tell_arrival,
        created_at=now,
    )
    store.add_expectation(connection, wearer.city_id, one)
    looking.set_timers(connection, wearer_id, wearer.city_id, now)
    return one


def end_expectation(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, expectation_id: ExpectationId, now: datetime
) -> None:
    """Ends an expectation: nothing is told of it any more. Raises `NotFound`."""
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    if not store.end_expectations(connection, wearer_id, now, expectation_id):
        raise NotFound
    looking.set_timers(connection, wearer_id, wearer.city_id, now)
    payload = {"wearer_id": str(wearer_id), "expectation_id": str(expectation_id)}
    intents.intend(connection, EXPECTATION_ENDED, str(expectation_id), payload, now)
