"""How long a unit is usually at something; who takes longer is asked about. Pure.

The thresholds are those that dispatch centres use for "dispatched and not departed" (about four minutes); the others
are our own.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.dispatch.incident import IncidentState

USUALLY: Mapping[IncidentState, timedelta] = {
    IncidentState.NOBODY: timedelta(minutes=5),
    IncidentState.ACCEPTED: timedelta(minutes=4),
    IncidentState.EN_ROUTE: timedelta(minutes=40),
    IncidentState.ON_SCENE: timedelta(minutes=20),
    IncidentState.SEARCHING: timedelta(minutes=60),
    IncidentState.NOT_FOUND: timedelta(minutes=30),
    IncidentState.FOUND: timedelta(minutes=30),
    IncidentState.HANDED_OVER: timedelta(minutes=60),
}
"""At what the control room is told, and again as often as that time goes by."""


def told_at(state: IncidentState, since: datetime) -> datetime | None:
    """When the control room is to be told of a unit that does not get on; None where there is nothing to wait for."""
    usual = USUALLY.get(state)
    return None if usual is None else since + usual
