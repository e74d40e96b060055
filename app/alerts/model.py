"""Alerts and what happens to them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.kit.ids import AccountId, AlertId, CityId, WearerId
from app.push.model import Level
from app.watch.model import AlertKind, Place, Reason


class AlertState(StrEnum):
    """Open until somebody takes it; acknowledged until it is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


class AlertAction(StrEnum):
    """What people and the service do to an alert. Cancelling says that there was nothing to see to."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    REOPEN = "reopen"


class What(StrEnum):
    """One line of an alert's history."""

    OPENED = "opened"
    EVIDENCE = "evidence"
    RAISED = "raised"
    TOLD = "told"
    ESCALATED = "escalated"
    SUPPRESSED = "suppressed"
    DISPATCH_ASKED = "dispatch_asked"
    DISPATCH_REFUSED = "dispatch_refused"
    """Its plan asks for a guard, and the scheme lets nobody be sent so: only a registered contact may ask, say."""
    DISPATCHED = "dispatched"
    """A unit has accepted: a guard goes."""
    NOBODY_REACHABLE = "nobody_reachable"
    ACKNOWLEDGED = "acknowledged"
    ON_THE_WAY = "on_the_way"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


class Via(StrEnum):
    """From where somebody answered: signed in to an app, or by the button of a message, without signing in."""

    APP = "app"
    MESSAGE = "message"


class Alert(Struct, frozen=True, kw_only=True):
    """Something people must see to. `happened_at` is when it happened, `opened_at` when we heard of it."""

    id: AlertId
    city_id: CityId
    wearer_id: WearerId
    kind: AlertKind
    subject: str
    level: Level
    state: AlertState
    happened_at: datetime
    opened_at: datetime
    changed_at: datetime
    reasons: tuple[Reason, ...]
    place: Place | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: AccountId | None = None
    acknowledged_via: Via | None = None
    ended_at: datetime | None = None
    ended_by: AccountId | None = None


class Words(Struct, frozen=True, kw_only=True):
    """What is said of an alert: the kind of message, and what the catalogues put into it."""

    kind: str
    params: Mapping[str, str]


class Line(Struct, frozen=True, kw_only=True):
    """A line to be added to a history."""

    alert_id: AlertId
    what: What
    account_id: AccountId | None = None
    detail: Mapping[str, str] = {}


class HistoryLine(Struct, frozen=True, kw_only=True):
    """What happened to an alert, when, and by whom (None: by the service itself)."""

    number: int
    alert_id: AlertId
    what: What
    at: datetime
    account_id: AccountId | None = None
    detail: Mapping[str, str] = {}
