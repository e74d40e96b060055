"""An incident as it is kept."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from app.dispatch import hours, standing
from app.dispatch.hours import Limit
from app.dispatch.incident import ENDED, LOOKED_FOR, IncidentState
from app.dispatch.timeline import Moments
from app.kit.ids import AccountId, AlertId, CityId, IncidentId, UnitId, WearerId
from app.programmes.model import Starter

LIVE_EVERY = timedelta(minutes=15)
"""Live mode ends by itself after 20 minutes; it is asked for again before."""

SWEEP_EVERY = timedelta(minutes=5)
"""So often the search is told where those went who look for her."""


class Incident(Struct, frozen=True, kw_only=True):
    """Somebody is sent to a wearer. The moments are those of the timeline, corrections counted in. `granted` hours were
    agreed to, `asked` is the number up to which the contact was asked. Timers that are None have nothing to do.
    """

    id: IncidentId
    city_id: CityId
    wearer_id: WearerId
    state: IncidentState
    is_drill: bool
    starter: Starter
    requested_by: AccountId | None
    reason: str
    alert_id: AlertId | None = None
    contract_id: UUID | None = None
    limit: Limit = Limit()
    granted: int = 1
    asked: int = 1
    quota_number: int | None = None
    unit_id: UnitId | None = None
    round: int = 0
    wave: int = 0
    requested_at: datetime
    state_at: datetime
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    found_at: datetime | None = None
    served_until: datetime | None = None
    closed_at: datetime | None = None
    offers_at: datetime | None = None
    standing_at: datetime | None = None
    hours_at: datetime | None = None
    live_at: datetime | None = None
    sweep_at: datetime | None = None
    swept_until: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """The first of its timers."""
        timers = (self.offers_at, self.standing_at, self.hours_at, self.live_at, self.sweep_at)
        return min((one for one in timers if one is not None), default=None)

    @property
    def is_over(self) -> bool:
        """Whether nothing happens any more."""
        return self.state in ENDED


def moved(one: Incident, state: IncidentState, now: datetime) -> Incident:
    """The incident in another state since now, with the timers of that state. One that is over has none."""
    if state in ENDED:
        return replace(
            one, state=state, state_at=now, closed_at=now, offers_at=None, standing_at=None, hours_at=None,
            live_at=None, sweep_at=None,
        )  # fmt: skip
    searches = state is IncidentState.SEARCHING
    return timed(
        replace(
            one,
            state=state,
            state_at=now,
            standing_at=standing.told_at(state, now),
            offers_at=one.offers_at if state in LOOKED_FOR else None,
            sweep_at=now + SWEEP_EVERY if searches else None,
            swept_until=(one.swept_until or now) if searches else one.swept_until,
        )
    )


def timed(one: Incident) -> Incident:
    """The incident with the timer of its hours: the next question, or the end of what was granted. Who is found, or is
    not to be found, is not timed any more: nobody leaves her alone because an hour is over.
    """
    if one.departed_at is None or one.state not in TIMED:
        return replace(one, hours_at=None)
    asks = hours.asks_at(one.departed_at, one.granted, one.limit) if one.asked <= one.granted else None
    return replace(one, hours_at=asks or hours.ends_at(one.departed_at, one.granted, one.limit))


TIMED = frozenset({
    IncidentState.OFFERING, IncidentState.NOBODY, IncidentState.ACCEPTED, IncidentState.EN_ROUTE,
    IncidentState.ON_SCENE, IncidentState.SEARCHING,
})  # fmt: skip
"""In these the clock of the hours is looked at, once somebody had set out."""


def with_moments(one: Incident, found: Moments) -> Incident:
    """The incident with what its timeline says."""
    return timed(
        replace(
            one,
            departed_at=found.departed_at,
            arrived_at=found.arrived_at,
            found_at=found.found_at,
            served_until=found.served_until,
        )
    )
