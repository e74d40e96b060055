"""What is said of alerts on their way through their plans: one person told over one group of channels, and the lines of
the history; gathered for many alerts, and written at the end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field
from sqlalchemy.engine import Connection

from app.alerts import escalation
from app.alerts.model import Line, What
from app.alerts.policies import Step
from app.alerts.service.audience import Audience
from app.alerts.service.telling import KEPT, about
from app.alerts.store import alerts as store
from app.alerts.store import escalating
from app.alerts.store.escalating import Run, Telling, a_telling
from app.db import intents
from app.kit.ids import AccountId
from app.push import outbox
from app.push.model import TOLD_TIMES, Address

RECEIPT = timedelta(seconds=escalation.RECEIPT_S)
SIGNALLED = "signalled"
"""The intent that a guard is sent at once to an SOS or a fall, where her scheme lets the signal alone begin a turn-out.
"""
DISPATCH_WANTED = "dispatch_wanted"
"""The intent that a guard is sent to an alert that nobody answers."""


class Said(Struct, kw_only=True):
    """What comes together while runs are carried on, written at the end."""

    notes: list[outbox.Note] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    moved: list[tuple[Run, datetime | None]] = field(default_factory=list)
    dispatches: list[Run] = field(default_factory=list)


def tell(
    said: Said, audience: Audience, run: Run, step: Step, people: Sequence[AccountId], now: datetime, what: What
) -> bool:
    """Has people told over the first channels of each; whether anybody can be reached."""
    addresses = 0
    reached: list[AccountId] = []
    for account_id in people:
        rungs = audience.rungs(run, step, account_id)
        if not rungs:
            continue
        reached.append(account_id)
        held_until = audience.held_until(run, account_id)
        telling = a_telling(run, account_id, run.words.kind, (held_until or now) + RECEIPT)
        said.tellings.append(telling)
        tell_over(said, audience, run, telling, rungs[0], now, held_until)
        if held_until is not None:
            said.lines.append(line(run, What.SUPPRESSED, account_id, why="quiet", until=held_until.isoformat()))
        addresses += len(rungs[0])
    if reached:
        counts = {"people": str(len(people)), "addresses": str(addresses)}
        said.lines.append(line(run, what, None, kind=run.words.kind, **counts))
    return bool(reached)


def tell_over(
    said: Said, audience: Audience, run: Run, telling: Telling, addresses: Sequence[Address], now: datetime,
    held_until: datetime | None = None,
) -> None:  # fmt: skip
    """Has somebody told over one group of channels, not before `held_until`."""
    more = _more(run, audience, telling.account_id)
    said.notes += [
        outbox.Note(
            city_id=run.alert.city_id,
            channel=address.channel,
            address_id=address.id,
            unique_key=f"{telling.id.hex}:{address.id.hex}",
            kind=telling.kind,
            level=run.alert.level,
            about=about(run.alert),
            params={**run.words.params, **more, TOLD_TIMES: str(telling.turn)},
            expires_at=(held_until or now) + KEPT[run.alert.level],
            not_before=held_until,
            on_behalf=telling.id.hex,
        )
        for address in addresses
    ]


def _more(run: Run, audience: Audience, account_id: AccountId) -> Mapping[str, str]:
    """What is said besides: that nobody answered so far, in other words to whoever answers for the city."""
    if audience.is_staff(run, account_id):
        return {"note": "desk"}
    return {"note": "again"} if (run.position.step, run.position.times) > (0, 1) else {}


def line(run: Run, what: What, account_id: AccountId | None = None, **detail: str) -> Line:
    """A line of the history that says at which step it happened."""
    return Line(
        alert_id=run.alert.id, what=what, account_id=account_id,
        detail={"step": str(run.position.step + 1), **detail},
    )  # fmt: skip


def write(connection: Connection, said: Said, now: datetime) -> None:
    """Writes all of it but where the runs are, which the caller does: some have changed their plan as well."""
    escalating.add_tellings(connection, said.tellings, now)
    if said.notes:
        outbox.put_all(connection, said.notes, now)
    store.add_lines(connection, said.lines, now)
    for run in said.dispatches:
        payload = {"alert_id": str(run.alert.id)}
        intents.intend(connection, DISPATCH_WANTED, f"{DISPATCH_WANTED}:{run.alert.id}", payload, now)
