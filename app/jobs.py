"""One table of all timed work, and one of what intents are carried out by.

A timer is a column in a row; a job only looks at what is due. A ticker wakes the jobs, nothing depends on it:
after a restart whatever is due is found by the first look. A job takes one transaction and limits what it does in it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts.service import acting, escalating, operating, raising, saying, telling
from app.alerts.store.straying import strayed
from app.billing import service as billing
from app.config import Settings
from app.db import dialect, intents, shards, units
from app.db.errors import begins_anew, plain
from app.db.session import hint, savepoint
from app.db.tables import heartbeat
from app.devices import service as devices
from app.dispatch import service as dispatch
from app.dispatch.service import checking
from app.geo.model import FencePurpose
from app.history import service as history
from app.households import service as households
from app.kit.ids import AccountId, AlertId, CityId, ContactId, DeviceId, GeofenceId, HouseholdId, TagId, WearerId
from app.missing import service as missing
from app.programmes import service as programmes
from app.push import outbox
from app.stickers import service as stickers
from app.tags import service as tags
from app.watch import service as watch
from app.watch.fence import fence_subject

log = structlog.get_logger()

MESSAGES_FORGOTTEN_MAX = 2000
"""Messages to people that are looked at in one turn of `forget`, the oldest ones."""
SURVEYS_KEPT = timedelta(days=2)
"""What devices heard around them is only for finding a place, and then goes."""

DOWN_AT_LEAST = timedelta(seconds=60)
"""A service that was away for less than this was not away."""

STALLED_AT_LEAST = timedelta(minutes=15)
"""A gap this long between two heartbeats of a running service: the machine slept, which is an outage as well."""


Change = Callable[[Connection], object]
"""What is to be written."""


class Job(Struct, frozen=True, kw_only=True):
    """Some timed work: how often it looks, and what it does in one transaction. What takes long to find out has a
    `plan`: it is made on a reader, while devices go on, and says what is then to be written; None for nothing.
    """

    name: str
    every_s: float
    work: Callable[[Connection, Settings, datetime], None]
    plan: Callable[[Connection, Settings, datetime], Change | None] | None = None
    at_once: bool = False
    """It looks for the first time when the process begins."""


def come_up(connection: Connection, now: datetime) -> None:
    """Notes that the service is up from now on, and since when it had been down: silence of devices is judged by it."""
    _note(connection, now, DOWN_AT_LEAST)


def beat(connection: Connection, settings: Settings, now: datetime) -> None:
    """Notes that the service still is up."""
    _note(connection, now, STALLED_AT_LEAST)


def _note(connection: Connection, now: datetime, outage: timedelta) -> None:
    table = heartbeat
    row = connection.execute(sa.select(table).where(table.c.name == "service")).one_or_none()
    values = {"at": now, "up_since": now, "down_since": now}
    if row is not None:
        was_down = now - row.at >= outage
        values["up_since"] = now if was_down else row.up_since
        values["down_since"] = row.at if was_down else row.down_since
    statement = dialect.insert(connection, table).values(name="service", **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def judge_silence(connection: Connection, settings: Settings, now: datetime) -> None:
    """Raises alerts for devices that were not heard for too long."""
    raising.raise_all(connection, watch.tick(connection, now), now)


def escalate(connection: Connection, settings: Settings, now: datetime) -> None:
    """Tells alerts on that nobody has taken, over the next channel and to the next people."""
    if escalating.work_off(connection, now):
        hint(connection, "escalation")  # Thousands may be due at once: the next turn comes right after this one.


def look_after_units(connection: Connection, settings: Settings, now: datetime) -> None:
    """Asks units that are out and were silent for too long whether all is well, and tells their control rooms; takes
    those off duty who forgot to say that it is over.
    """
    checking.look_after(connection, now)
    checking.end_forgotten(connection, now)


def go_on_with_incidents(connection: Connection, settings: Settings, now: datetime) -> None:
    """Offers turn-outs to the next units, asks for one more hour, and tells the control room who does not get on."""
    if dispatch.work_off(connection, now):
        hint(connection, "dispatch")


def judge_outages(connection: Connection, settings: Settings, now: datetime) -> None:
    """Notes which towns' devices, which fell silent together, are heard again."""
    watch.judge_outages(connection, now)


def judge_detectors(connection: Connection, settings: Settings, now: datetime) -> None:
    """Notes which detectors became silent or deaf, or have a wrong clock, and since when."""
    tags.judge_detectors(connection, tags.uptime(connection), now)


def close_passages(connection: Connection, settings: Settings, now: datetime) -> None:
    """Moves passages that are over into the history."""
    while history.close_over(connection, now):
        pass


def make_room(connection: Connection, settings: Settings, now: datetime) -> None:
    """Makes the tables of the months to come, and of those that retention keeps, for what comes late."""
    history.make_room(connection, now - timedelta(days=settings.retention_days), now)


def plan_schemes(connection: Connection, settings: Settings, now: datetime) -> Change | None:
    """Has the schemes say what their files say."""
    return programmes.plan_publishing(connection, settings.schemes_dir, now)


def judge_receipts(connection: Connection, settings: Settings, now: datetime) -> None:
    """Notes since when phones do not answer."""
    uptime = tags.uptime(connection)
    outbox.judge_receipts(connection, None if uptime is None else uptime.up_since, now)


def learn_intervals(connection: Connection, settings: Settings, now: datetime) -> None:
    """Takes over what passages taught about how often tags are heard."""
    tags.learn_intervals(connection)


def plan_learning(connection: Connection, settings: Settings, now: datetime) -> Change | None:
    """Works out what days that are over teach of where wearers go."""
    found = watch.work_out_days(connection, timedelta(days=settings.retention_days), now, strayed)
    return partial(watch.keep_learnt, found=found) if found else None


def plan_beginning(connection: Connection, settings: Settings, now: datetime) -> Change | None:
    """Finds wearers who were seen and of whom nothing is learnt yet."""
    found = watch.unknown_wearers(connection)
    return partial(watch.begin_learning, found=found, now=now) if found else None


def plan_closing(connection: Connection, settings: Settings, now: datetime) -> Change | None:
    """Works out the next step of a month that is being closed."""
    return billing.plan_closing(connection, settings.billing_close_day, now)


def _at_once(plan: Callable[[Connection, Settings, datetime], Change | None]) -> Callable[..., None]:
    """A plan, and what follows from it, in one transaction."""

    def work(connection: Connection, settings: Settings, now: datetime) -> None:
        change = plan(connection, settings, now)
        if change is not None:
            change(connection)

    return work


def carry_out_intents(connection: Connection, settings: Settings, now: datetime) -> None:
    """Does what was decided and not yet done; what fails is put off and does not hold up the rest. Raises what lost
    against another process: it is no failure, and the writer begins the whole work anew.
    """
    for one in intents.due(connection, now):
        try:
            with savepoint(connection):
                INTENTS[one.kind](connection, one.payload, now)
                intents.done(connection, one.id, now)
        except Exception as error:  # One intent that cannot be carried out must not keep the others from being.
            if begins_anew(error):
                raise
            log.error("intent_failed", kind=one.kind, error=type(error).__name__)
            intents.failed(connection, one, plain(error), now)


def look_after_commands(connection: Connection, settings: Settings, now: datetime) -> None:
    """Lets commands expire, and wakes the lines of devices whose commands became due (the end of live mode)."""
    devices.expire(connection, now)
    for device_id in devices.due_device_ids(connection, now):
        hint(connection, "command", str(device_id))


def forget(connection: Connection, settings: Settings, now: datetime) -> None:
    """Deletes what may no longer be kept, some thousand rows at a time."""
    history.forget_before(connection, now - timedelta(days=settings.retention_days))
    devices.forget_commands_before(connection, now - timedelta(days=settings.retention_days))
    history.forget_surveys_before(connection, now - SURVEYS_KEPT)
    history.forget_company_before(connection, now - history.COMPANY_KEPT)
    tags.forget_detector_history(connection, now - timedelta(days=settings.retention_days))
    outbox.forget_before(connection, now - timedelta(days=settings.retention_days), MESSAGES_FORGOTTEN_MAX)
    escalating.forget_before(connection, now - timedelta(days=settings.retention_days))
    watch.forget_allowances(connection, now)
    stickers.forget_scans_before(connection, now - timedelta(days=settings.retention_days))
    stickers.forget_boards(connection, settings.retention_days, now)
    missing.forget_before(connection, now - timedelta(days=settings.retention_days))
    checking.forget_before(connection, now - timedelta(days=settings.retention_days), now)
    dispatch.forget_before(connection, now - timedelta(days=settings.retention_days))
    units.forget_before(connection, now - units.KEPT)
    shards.gather(connection)  # Where nobody publishes the register: its changes do not pile up.
    accounts.forget_failures(connection, now)
    accounts.forget_sign_ins(connection, now)


def expire_boards(connection: Connection, settings: Settings, now: datetime) -> None:
    """Ends threads with finders in which nobody has written for hours."""
    stickers.expire_boards(connection, now)


JOBS: tuple[Job, ...] = (
    Job(name="beat", every_s=10, work=beat),
    Job(name="intents", every_s=2, work=carry_out_intents),
    Job(name="commands", every_s=2, work=look_after_commands),
    Job(name="escalation", every_s=2, work=escalate),
    Job(name="units", every_s=5, work=look_after_units),
    Job(name="dispatch", every_s=2, work=go_on_with_incidents),
    Job(name="silence", every_s=5, work=judge_silence),
    Job(name="outages", every_s=30, work=judge_outages),
    Job(name="passages", every_s=15, work=close_passages),
    Job(name="receipts", every_s=15, work=judge_receipts),
    Job(name="intervals", every_s=3600, work=learn_intervals),
    Job(name="partitions", every_s=3600, work=make_room),
    Job(name="detectors", every_s=30, work=judge_detectors),
    Job(name="unknown", every_s=300, work=_at_once(plan_beginning), plan=plan_beginning),
    Job(name="habits", every_s=3, work=_at_once(plan_learning), plan=plan_learning),
    Job(name="billing", every_s=2, work=_at_once(plan_closing), plan=plan_closing),
    Job(name="schemes", every_s=60, work=_at_once(plan_schemes), plan=plan_schemes, at_once=True),
    Job(name="boards", every_s=60, work=expire_boards),
    Job(name="forget", every_s=60, work=forget),
)


def _wearer_ended(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A wearer is no longer watched: nothing about her may go on."""
    wearer_id = WearerId(UUID(payload["wearer_id"]))
    stickers.close_boards(connection, wearer_id, now)  # First: whoever writes holds the thread, then her alerts.
    devices.release_all(connection, wearer_id, now)
    tags.release_all(connection, wearer_id, now)
    watch.forget_all(connection, wearer_id, now)
    dispatch.cancel_all(connection, wearer_id, now)
    missing.close_all(connection, wearer_id, now)
    stickers.withdraw_all(connection, wearer_id, now)
    acting.cancel_all(connection, wearer_id, now)  # Last: what was judged until then may have begun one more.


def _device_released(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A device is no longer carried by a wearer: what is said of it (silent, low battery) is over."""
    wearer_id, device_id = WearerId(UUID(payload["wearer_id"])), DeviceId(UUID(payload["device_id"]))
    watch.forget_device(connection, wearer_id, device_id)
    acting.cancel_all(connection, wearer_id, now, (device_id.hex,))


def _device_handed_on(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Somebody carried a device for a while already when it was told: what it measured then is hers."""
    wearer_id, contact_id = payload["wearer_id"], payload["contact_id"]
    history.attribute(
        connection,
        CityId(payload["city_id"]),
        DeviceId(UUID(payload["device_id"])),
        datetime.fromisoformat(payload["from_at"]),
        None if wearer_id is None else WearerId(UUID(wearer_id)),
        None if contact_id is None else ContactId(UUID(contact_id)),
    )


def _tag_handed_on(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Somebody wore a tag for a while already when it was told: where it passed then, she did."""
    history.attribute_passages(connection, TagId(UUID(payload["tag_id"])), datetime.fromisoformat(payload["from_at"]))


def _place_withdrawn(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A contact agrees no more that their own place is taken: a tag of theirs is theirs no more, and what was heard of
    it goes.
    """
    contact_id = ContactId(UUID(payload["contact_id"]))
    tags.take_from_contact(connection, contact_id, now)
    history.forget_company(connection, contact_id)


def _tag_released(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A tag is no longer worn by a wearer: what is said of it is over, as with a device."""
    _device_released(connection, {"wearer_id": payload["wearer_id"], "device_id": payload["tag_id"]}, now)


def _geofence_ended(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A geofence is no longer watched: nobody can come back to it, so an alert about having left it is over."""
    wearer_id, geofence_id = WearerId(UUID(payload["wearer_id"])), GeofenceId(UUID(payload["geofence_id"]))
    acting.cancel_all(connection, wearer_id, now, (fence_subject(geofence_id, FencePurpose(payload["purpose"])),))


def _expectation_ended(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """A wearer is no longer expected somewhere: that she did not come, on whatever day, is over."""
    begins = f"{UUID(payload['expectation_id']).hex}:"
    acting.cancel_about(connection, WearerId(UUID(payload["wearer_id"])), begins, now)


def _company_left(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Somebody is of a security company no more: its bills are not theirs to read any longer."""
    billing.end_reading(connection, AccountId(UUID(payload["account_id"])))


def _sight_lost(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Somebody may see less of a household than before: what waits to be told to them does not go out."""
    telling.untell(connection, HouseholdId(UUID(payload["household_id"])), now)


def _movement_ended(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Somebody ended an alert about how she moves: what she does from then on is something new."""
    watch.note_ended(connection, WearerId(UUID(payload["wearer_id"])), datetime.fromisoformat(payload["at"]))


def _dispatch_wanted(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Nobody answers an alert, and its plan asks for a guard: one is sent where her scheme lets a turn-out begin by
    itself, else the desk is asked to send one.
    """
    alert_id = AlertId(UUID(payload["alert_id"]))
    if not dispatch.by_signal(connection, alert_id, now):
        escalating.ask_for_dispatch(connection, alert_id, now)


def _signalled(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """She pressed SOS or fell: a guard is sent at once where her scheme lets the signal alone begin a turn-out."""
    dispatch.by_signal(connection, AlertId(UUID(payload["alert_id"])), now)


def _devices_silent(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """Many devices of a town fell silent together: staff sees to it, and no family is told of silence meanwhile."""
    operating.tell_silent(connection, payload, now)


def _devices_heard(connection: Connection, payload: Mapping[str, Any], now: datetime) -> None:
    """They are heard again."""
    operating.tell_heard(connection, payload, now)


INTENTS: dict[str, Callable[[Connection, Mapping[str, Any], datetime], None]] = {
    "wearer_ended": _wearer_ended,
    "device_released": _device_released,
    devices.DEVICE_HANDED_ON: _device_handed_on,
    devices.LIVE_WANTED: devices.begin_live,
    devices.NO_LIVE_WANTED: devices.end_live,
    tags.TAG_HANDED_ON: _tag_handed_on,
    "tag_released": _tag_released,
    households.PLACE_WITHDRAWN: _place_withdrawn,
    "geofence_ended": _geofence_ended,
    watch.EXPECTATION_ENDED: _expectation_ended,
    watch.MOVEMENT_ENDED: _movement_ended,
    "sight_lost": _sight_lost,
    dispatch.COMPANY_LEFT: _company_left,
    watch.DEVICES_SILENT: _devices_silent,
    watch.DEVICES_HEARD: _devices_heard,
    saying.SIGNALLED: _signalled,
    saying.DISPATCH_WANTED: _dispatch_wanted,
}


def run_all(connection: Connection, settings: Settings, now: datetime) -> None:
    """Every job once, in the order of the table: for stories that move the clock themselves."""
    for job in JOBS:
        job.work(connection, settings, now)
