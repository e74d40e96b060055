"""What a finder says to whoever sees to the alert that she is the reason of, and what she may know of it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts import escalation
from app.alerts.model import Alert, What
from app.alerts.preferences import PLAIN, waits_until
from app.alerts.service import telling
from app.alerts.store import alerts as store
from app.alerts.store import escalating, policies
from app.households import service as households
from app.kit.ids import AccountId, AlertId, WearerId
from app.push import outbox
from app.push.model import Level
from app.watch.model import AlertKind

SUBJECT = "sticker"


def going_on(connection: Connection, wearer_id: WearerId) -> Alert | None:
    """The alert that somebody is with her, if one is open or acknowledged."""
    alerts = store.going_on_of(connection, wearer_id, [SUBJECT])
    return next((one for one in alerts if one.kind is AlertKind.STICKER), None)


def guard_goes(connection: Connection, alert_id: AlertId) -> bool:
    """Whether a guard was sent for this alert."""
    return any(line.what is What.DISPATCHED for line in store.history(connection, alert_id))


def tell(
    connection: Connection, wearer_id: WearerId, alert_id: AlertId, kind: str, name: str, *, level: Level,
    params: Mapping[str, str], now: datetime, not_before: datetime | None = None,
) -> None:  # fmt: skip
    """Puts what a finder wrote into the outbox, for those who took the alert or are on the way; where nobody did, for
    everybody who was told of it. Nothing of what she wrote is in it. `name` names the thread: what was not sent yet of
    it is told together with this.
    """
    alert = store.by_id(connection, alert_id)
    if alert is None:
        return
    people = _who_sees_to_it(connection, alert, now)
    addresses = accounts.addresses_of(connection, people)
    chosen = policies.preferences(connection, people)
    told_at = escalating.addresses_told(connection, telling.about(alert))
    (who,) = store.who(connection, [wearer_id]).values()
    about = f"{telling.about_board(wearer_id)}:{name}" + (":hurt" if level is Level.URGENT else "")
    outbox.cancel(connection, about, now)
    notes = []
    for one in people:
        held = None if level is Level.URGENT else waits_until(chosen.get(one, PLAIN), alert.level, now, who.zone)
        due = max(filter(None, (held, not_before)), default=None)
        notes += [
            outbox.Note(
                city_id=alert.city_id,
                channel=address.channel,
                address_id=address.id,
                unique_key=f"{about}:{now.isoformat()}:{address.id.hex}",
                kind=kind,
                level=level,
                about=about,
                params={"wearer": who.name, "zone": who.zone.key, **params},
                expires_at=(due or now) + telling.KEPT[level],
                not_before=due,
            )
            for address in addresses.get(one, ())
            if address.channel in escalation.RUNGS[0] or address.id in told_at
        ]
    if notes:
        outbox.put_all(connection, notes, now)


def _who_sees_to_it(connection: Connection, alert: Alert, now: datetime) -> list[AccountId]:
    told = telling.told_of(connection, alert, now)
    acks = escalating.acks(connection, [alert.id]).get(alert.id, {})
    going = escalating.going(connection, [alert.id]).get(alert.id, ())
    busy = [AccountId(one) for one in dict.fromkeys([*acks, *(one.account_id for one in going)])]
    may_know = {one.account_id for one in households.told(connection, alert.wearer_id, now)}
    may_know |= households.let_in_now(connection, alert.wearer_id, now)
    return [one for one in busy if one in may_know] or told
