"""What becomes of what a finder says: an alert, a place in the history, a message to whoever sees to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.alerts.service import finding, raising
from app.db.session import hint
from app.history import service as history
from app.history.model import KnownBy
from app.kit.errors import InvalidInput
from app.push.model import Level
from app.stickers.model import Sticker
from app.stickers.store import stickers
from app.stickers.store import threads as store
from app.stickers.threads import (
    FinderSaid,
    HerState,
    Line,
    Mode,
    SharedPlace,
    Side,
    Thread,
    told_when,
)
from app.watch.model import AlertKind, Place, Reason, WatchEvent

RULE = "finder"
UNKNOWN = "-"


def begun(connection: Connection, thread: Thread, sticker: Sticker, told: FinderSaid, now: datetime) -> Thread:
    """Somebody is with her: the alert is raised. Where one is open already, it has one reason more, and whoever sees to
    it hears that somebody else is there.
    """
    _keep_place(connection, thread, told.place, now)
    before = finding.going_on(connection, thread.wearer_id)
    raising.raise_all(connection, [_event(thread, sticker, told.states, told.place, "", now)], now)
    thread = _with_alert(connection, thread)
    if before is not None:
        _tell(connection, thread, now, hurt=HerState.HURT in told.states)
    return thread


def again(
    connection: Connection, thread: Thread, sticker: Sticker, lines: Sequence[Line], now: datetime
) -> None:  # fmt: skip
    """The same finder says once more that somebody is with her: where the alert is over, it is a new one."""
    if finding.going_on(connection, thread.wearer_id) is None:
        event = _event(thread, sticker, _states(lines), None, f":{now.isoformat()}", now)
        raising.raise_all(connection, [event], now)
        _with_alert(connection, replace(thread, newest_at=now))


def said(connection: Connection, thread: Thread, told: FinderSaid, before: Sequence[Line], now: datetime) -> None:
    """The finder wrote: whoever sees to the alert hears of it; at once, and as of an emergency, when she is hurt and
    this finder had not said so. If the alert was over by then, it is a new one.
    """
    thread = replace(thread, newest_at=now)
    if thread.mode is Mode.REAL:
        _keep_place(connection, thread, told.place, now)
        is_hurt = HerState.HURT in told.states and HerState.HURT not in _states(before)
        goes_on = finding.going_on(connection, thread.wearer_id) is not None
        if is_hurt or (told.place is not None and goes_on):
            sticker = stickers.by_id(connection, thread.sticker_id)
            assert sticker is not None, "the thread's row refers to it"
            states = told.states | _states(before) if is_hurt else None
            event = _event(thread, sticker, states, told.place, f":{now.isoformat()}", now)
            raising.raise_all(connection, [event], now)
            thread = _with_alert(connection, thread)
        if goes_on or not is_hurt:
            thread = _tell(connection, thread, now, hurt=is_hurt)
    store.save(connection, thread)
    hint_of(connection, thread)


def _tell(connection: Connection, thread: Thread, now: datetime, *, hurt: bool) -> Thread:
    """Says that there is something new, or that she is hurt, and nothing of what was written."""
    if thread.alert_id is None:
        return thread
    due = now if hurt else told_when(thread.told_at, now)
    finding.tell(
        connection,
        thread.wearer_id,
        thread.alert_id,
        "board.hurt" if hurt else "board.line",
        thread.id.hex,
        level=Level.URGENT if hurt else Level.NOTICE,
        params={"at": now.isoformat(), "received": now.isoformat()},
        now=now,
        not_before=due if due > now else None,
    )
    return thread if hurt else replace(thread, told_at=due)


def guard_comes(connection: Connection, thread: Thread) -> bool:
    """Whether a guard was sent for the alert of this thread."""
    return thread.alert_id is not None and finding.guard_goes(connection, thread.alert_id)


def hint_of(connection: Connection, thread: Thread) -> None:
    """Open apps look at the board again."""
    hint(connection, "board", str(thread.wearer_id))


def _event(
    thread: Thread, sticker: Sticker, states: Iterable[HerState] | None, place: SharedPlace | None, cause: str,
    now: datetime,
) -> WatchEvent:  # fmt: skip
    """`states` None: there is no reason more, only a place."""
    params = {"stuck_on": sticker.stuck_on or UNKNOWN, "seems": ",".join(sorted(states or ())) or UNKNOWN}
    return WatchEvent(
        wearer_id=thread.wearer_id,
        kind=AlertKind.STICKER,
        rule=RULE,
        subject=finding.SUBJECT,
        level=Level.URGENT,
        cause=f"sticker:{thread.id.hex}{cause}",
        at=now,
        received_at=now,
        reasons=() if states is None else (Reason(code=RULE, params=params),),
        place=None
        if place is None
        else Place(lat_deg=place.lat_deg, lon_deg=place.lon_deg, accuracy_m=place.accuracy_m, at=now),
    )


def _with_alert(connection: Connection, thread: Thread) -> Thread:
    alert = finding.going_on(connection, thread.wearer_id)
    if alert is None or alert.id == thread.alert_id:
        return thread
    thread = replace(thread, alert_id=alert.id)
    store.save(connection, thread)
    return thread


def _keep_place(connection: Connection, thread: Thread, place: SharedPlace | None, now: datetime) -> None:
    """Where they are goes into her history; a place that cannot be taken costs nothing else."""
    if place is None:
        return
    try:
        history.note_place(
            connection, city_id=thread.city_id, wearer_id=thread.wearer_id, source_id=thread.sticker_id, at=now,
            received_at=now, lat_deg=place.lat_deg, lon_deg=place.lon_deg, accuracy_m=place.accuracy_m,
            known_by=KnownBy.STICKER, now=now,
        )  # fmt: skip
    except InvalidInput:
        return


def _states(lines: Iterable[Line]) -> frozenset[HerState]:
    return frozenset(state for line in lines if line.side is Side.FINDER for state in line.states)
