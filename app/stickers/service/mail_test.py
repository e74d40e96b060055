"""The test mail: before stickers are handed over, somebody of the family is to be reached. It goes the way of every
message; that a phone showed it, or that somebody pressed the button of the letter, is what says that it came.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.households import service as households
from app.kit.errors import Conflict, TooMany
from app.kit.ids import ContactId, IssueId
from app.push import outbox
from app.push.channels.parcel import MAIL_TEST
from app.push.model import Level
from app.stickers.issuing import Issue

KEPT = timedelta(days=1)
EVERY = timedelta(minutes=1)
SHOWN_MAX = 200


class Tried(Struct, frozen=True, kw_only=True):
    """A contact, at how many addresses it can be tried whether they are reached, and since when that is known."""

    contact_id: ContactId
    name: str
    addresses: int
    came_at: datetime | None


def send(connection: Connection, one: Issue, now: datetime) -> None:
    """To each address of each contact who is told of her alerts. Raises `Conflict` when there is none, `TooMany` within
    a minute of the one before.
    """
    if one.tested_at is not None and now - one.tested_at < EVERY:
        left = one.tested_at + EVERY - now
        raise TooMany(
            "A test mail was sent just now. Wait, then try again.", min(60, max(1, round(left.total_seconds())))
        )
    told = households.told(connection, one.wearer_id, now)
    found = accounts.addresses_of(connection, [each.account_id for each in told])
    zone = accounts.city(connection, one.city_id).zone
    notes = [
        outbox.Note(
            city_id=one.city_id,
            channel=address.channel,
            address_id=address.id,
            unique_key=f"{MAIL_TEST}:{one.id.hex}:{address.id.hex}:{now.isoformat()}",
            kind=MAIL_TEST,
            level=Level.NOTICE,
            about=about(one.id),
            params={"at": now.isoformat(), "zone": zone},
            expires_at=now + KEPT,
        )
        for addresses in found.values()
        for address in addresses
    ]
    if not notes:
        raise Conflict("届け先が登録されている連絡先がありません。連絡先がアプリかメールを登録してから送ってください。")
    outbox.put_all(connection, notes, now)


def tried(connection: Connection, one: Issue, now: datetime) -> list[Tried]:
    """Her contacts in their order, and who of them was reached."""
    told = households.told(connection, one.wearer_id, now)
    found = accounts.addresses_of(connection, [each.account_id for each in told])
    came: dict[object, datetime] = {}
    for sent in outbox.became_about(connection, about(one.id), None, SHOWN_MAX):
        at = sent.shown_at or sent.opened_at
        if at is not None:
            came[sent.address_id] = min(at, came.get(sent.address_id, at))
    return [
        Tried(
            contact_id=each.contact.id,
            name=each.contact.name,
            addresses=len(addresses),
            came_at=min((came[address.id] for address in addresses if address.id in came), default=None),
        )
        for each in told
        for addresses in [found.get(each.account_id, [])]
    ]


def came_at(connection: Connection, issue_id: IssueId) -> datetime | None:
    """Since when it is known that the test mail of an application came somewhere."""
    sent = outbox.became_about(connection, about(issue_id), None, SHOWN_MAX)
    moments = [at for one in sent if (at := one.shown_at or one.opened_at) is not None]
    return min(moments, default=None)


def about(issue_id: IssueId) -> str:
    """What the test mail of an application is called on phones."""
    return f"mail_test:{issue_id}"
