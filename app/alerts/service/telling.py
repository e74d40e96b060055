"""Who is told what became of an alert, and who is told news. How the alert itself is told is `escalating.py`'s."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts import escalation
from app.alerts.model import Alert, What, Words
from app.alerts.preferences import PLAIN, Preferences, waits_until, willing
from app.alerts.store import alerts as store
from app.alerts.store import escalating, policies
from app.alerts.store.alerts import Who
from app.households import service as households
from app.households.model import Scope
from app.kit.ids import AccountId, AddressId, HouseholdId, WearerId
from app.push import outbox
from app.push.model import Address, Channel, Level
from app.watch.model import WatchEvent

KEPT = {Level.URGENT: timedelta(hours=2), Level.NOTICE: timedelta(hours=12), Level.NEWS: timedelta(hours=6)}
"""After this long a message that could not be delivered is no longer worth delivering."""


def tell(
    connection: Connection, alert: Alert, kind: str, event: WatchEvent | None, number: int, now: datetime,
    *, level: Level, besides: AccountId | None = None, params: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Puts what became of an alert into the outbox, for everybody who was told of it and may still know of it; the
    history says how many. What became of a notice waits in quiet hours as the notice does.

    `number` is the line of the history that is told, so that telling it twice is one message. `besides` is not told:
    she did it herself.
    """
    people = [one for one in told_of(connection, alert, now) if one != besides]
    addresses = accounts.addresses_of(connection, people)
    told_at = escalating.addresses_told(connection, about(alert))
    chosen = policies.preferences(connection, people)
    (who,) = store.who(connection, [alert.wearer_id]).values()
    words = {**words_of(who, kind, event).params, **(params or {})}
    notes = [
        outbox.Note(
            city_id=alert.city_id,
            channel=address.channel,
            address_id=address.id,
            unique_key=f"{alert.id}:{number}:{address.id}",
            kind=kind,
            level=level,
            about=about(alert),
            params=words,
            expires_at=(held or now) + KEPT[level],
            not_before=held,
        )
        for one in people
        for held in [waits_until(chosen.get(one, PLAIN), alert.level, now, who.zone)]
        for address in addresses.get(one, ())
        # What costs money or lies in a mailbox only where the alert itself came.
        if address.channel in escalation.RUNGS[0] or address.id in told_at
    ]
    if notes:
        outbox.put_all(connection, notes, now)
        detail = {"kind": kind, "people": str(len(people)), "addresses": str(len(notes))}
        store.add_history(connection, alert.id, What.TOLD, now, detail=detail)


def words_of(who: Who, kind: str, event: WatchEvent | None) -> Words:
    """What is said of an alert about somebody, or of what happened to it."""
    params = {"wearer": who.name}
    if event is not None:
        params |= when(event, who.zone)
        for reason in event.reasons:
            params |= reason.params
    return Words(kind=kind, params=params)


def told_of(connection: Connection, alert: Alert, now: datetime) -> list[AccountId]:
    """Who was told of an alert and may know of it; every contact who wants to hear of such, where nobody was told or an
    older process told it.
    """
    may_know = [one.account_id for one in households.told(connection, alert.wearer_id, now)]
    told = escalating.told_accounts(connection, alert.id)
    if not told:
        chosen, reachable = policies.preferences(connection, may_know), accounts.addresses_of(connection, may_know)
        return willing(may_know, chosen, reachable, alert.kind, alert.level)
    allowed = {*may_know, *households.let_in_now(connection, alert.wearer_id, now)}
    return [one for one in told if one in allowed]


NEWS_SCOPES = frozenset({Scope.ALERTS, Scope.PLACE})
"""Who passed which detector when is a place: who may hear of alerts but not see places is not told."""


def tell_news(connection: Connection, events: Sequence[WatchEvent], now: datetime) -> None:
    """Puts one message for each event and each reachable address into the outbox, and keeps no alert of it.

    A message is named by the event's cause, so what comes twice is told once.
    """
    told = households.told_of(connection, {event.wearer_id for event in events}, now, NEWS_SCOPES)
    people = {one.account_id for some in told.values() for one in some}
    addresses = accounts.addresses_of(connection, people)
    chosen = policies.preferences(connection, addresses)
    reached = {
        wearer_id: found
        for wearer_id, some in told.items()
        if (found := [address for one in some for address in _for_news(one.account_id, addresses, chosen)])
    }
    wearers = store.who(connection, reached)
    owners = {address.id: account_id for account_id, some in addresses.items() for address in some}
    notes: list[outbox.Note] = []
    for event in events:
        if event.wearer_id not in reached:  # Nothing is made up for nobody.
            continue
        who = wearers[event.wearer_id]
        words = words_of(who, f"news.{event.rule}", event)
        notes += [
            outbox.Note(
                city_id=who.city_id,
                channel=address.channel,
                address_id=address.id,
                unique_key=f"{event.wearer_id.hex}:{event.cause}:{address.id.hex}",
                kind=words.kind,
                level=Level.NEWS,
                about=f"{_about_news(event.rule, event.wearer_id)}:{event.subject}",
                params=words.params,
                expires_at=(held or now) + KEPT[Level.NEWS],
                not_before=held,
            )
            for address in reached[event.wearer_id]
            for held in [waits_until(chosen.get(owners[address.id], PLAIN), Level.NEWS, now, who.zone)]
        ]
    outbox.put_all(connection, notes, now)


def _for_news(
    account_id: AccountId, addresses: Mapping[AccountId, list[Address]], chosen: Preferences
) -> list[Address]:
    """Where somebody hears of news: over the channels that he chose, else where it rings, else by mail. By SMS or voice
    only for who chose that: each costs the town money.
    """
    preference, found = chosen.get(account_id, PLAIN), addresses.get(account_id, [])
    if not preference.news:
        return []
    for channels in [set(preference.channels)] if preference.channels else _OF_NEWS:
        wanted = [one for one in found if one.channel in channels]
        if wanted:
            return wanted
    return []


_OF_NEWS = (escalation.RUNGS[0], frozenset({Channel.EMAIL}))


def forget_news(connection: Connection, wearer_id: WearerId, now: datetime, spare: Collection[AddressId] = ()) -> None:
    """Cancels the news of a wearer that was not sent yet, but for those to the addresses `spare`."""
    for rule in NEWS:
        outbox.cancel(connection, _about_news(rule, wearer_id), now, spare=spare, below=True)


NEWS = ("passage", "passage_near", "passage_visit", "arrived", "was_there")
"""The rules that tell news."""


def _about_news(rule: str, wearer_id: WearerId) -> str:
    """What all news of a wearer by one rule is called. On phones its subject follows: a newer passage takes the place
    of the one before it at the same detector.
    """
    return f"{rule}:{wearer_id.hex}"


def forget(connection: Connection, alert: Alert, now: datetime) -> None:
    """Cancels what was not sent yet about an alert: it is no longer true."""
    outbox.cancel(connection, about(alert), now)


def untell(connection: Connection, household_id: HouseholdId, now: datetime) -> None:
    """Cancels what was not sent yet about a household's wearers to those who may not know of it any more; also what is
    being put right now by somebody who does not know that yet.
    """
    store.queue_up(connection, store.wearers_of(connection, household_id))
    may_know: dict[WearerId, set[AddressId]] = {}
    for alert in store.lately_of(connection, household_id, now - max(KEPT.values())):
        if alert.wearer_id not in may_know:
            told = [one.account_id for one in households.told(connection, alert.wearer_id, now)]
            told += households.let_in_now(connection, alert.wearer_id, now)
            found = accounts.addresses_of(connection, told).values()
            may_know[alert.wearer_id] = {address.id for addresses in found for address in addresses}
        outbox.cancel(connection, about(alert), now, spare=may_know[alert.wearer_id])
        outbox.cancel(connection, about_board(alert.wearer_id), now, spare=may_know[alert.wearer_id], below=True)
    wearer_ids = store.wearers_of(connection, household_id)
    for wearer_id, some in households.told_of(connection, wearer_ids, now, NEWS_SCOPES).items():
        found = accounts.addresses_of(connection, [one.account_id for one in some]).values()
        forget_news(connection, wearer_id, now, {address.id for addresses in found for address in addresses})


def about(alert: Alert) -> str:
    """What messages about an alert are called on phones, so that a newer one takes the place of the older."""
    return f"alert:{alert.id}"


def about_board(wearer_id: WearerId) -> str:
    """What messages of the threads with those who found somebody begin with."""
    return f"board:{wearer_id.hex}"


def when(event: WatchEvent, zone: ZoneInfo) -> dict[str, str]:
    """Both times of an event as the catalogues want them: moments, and the zone they are shown in."""
    return {"at": event.at.isoformat(), "received": event.received_at.isoformat(), "zone": zone.key}
