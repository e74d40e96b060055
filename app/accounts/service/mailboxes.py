"""Use cases of mailboxes: somebody names one, and whoever reads there says that it is theirs."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.accounts import mailboxes, names
from app.accounts.model import Viewer
from app.accounts.store import addresses as address_store
from app.accounts.store import mailboxes as store
from app.db.locks import one_at_a_time
from app.kit.errors import Conflict, InvalidInput, NotFound, TooMany
from app.kit.ids import AddressId, MessageId
from app.push import outbox
from app.push import store as push_store
from app.push.channels.parcel import CONFIRM_MAILBOX
from app.push.model import Address, AddressKind, Channel, Level


def add_mailbox(
    connection: Connection, viewer: Viewer, text: str, language: str, now: datetime, shows_details: bool | None = None
) -> Address:
    """The viewer's address at this mailbox. Nothing but one letter that asks is sent there until it is confirmed, and
    that only if none was a short while ago, whoever asked: the answer is the same.

    It belongs to the account, not to the sign-in. Raises `InvalidInput` for what is no mailbox, `Conflict` for one too
    many, `TooMany` for an account that asks too often.
    """
    mailbox = names.mailbox(text)
    if mailbox is None:
        raise InvalidInput("This is no e-mail address.", "value")
    about, value = mailboxes.about(mailbox), mailboxes.value_of(viewer.account_id, mailbox)
    # Two who ask about one mailbox at once would both count none; always in this order.
    one_at_a_time(connection, f"mailboxes:{viewer.account_id}")
    one_at_a_time(connection, about)
    known = push_store.address_id_of(connection, Channel.EMAIL, value)
    live = [one for one in address_store.addresses(connection, viewer.account_id) if one.channel is Channel.EMAIL]
    if known not in {one.id for one in live} and len(live) >= mailboxes.MAILBOXES_MAX:
        raise Conflict("You have too many e-mail addresses here. Remove one first.")
    if known is not None:
        store.forget_confirmation(connection, known)
    address = push_store.save_address(
        connection, channel=Channel.EMAIL, kind=AddressKind.MAILBOX, value=value, language=language, now=now,
        keys={"mailbox": mailbox}, shows_details=shows_details,
    )  # fmt: skip
    address_store.link_address(connection, viewer.account_id, address.id, None)
    if address.confirmed_at is None:
        _ask(connection, viewer, address.id, about, now)
    return address


def _ask(connection: Connection, viewer: Viewer, address_id: AddressId, about: str, now: datetime) -> None:
    since = now - mailboxes.LONGEST
    asked_by = store.asked_by(connection, viewer.account_id, since)
    wait_s = mailboxes.wait_s(mailboxes.AN_ACCOUNT, asked_by, now)
    if wait_s:
        raise TooMany("Too many e-mail addresses at once. Wait, then try again.", wait_s)
    if mailboxes.wait_s(mailboxes.A_MAILBOX, store.asked_about(connection, about, since), now):
        return
    outbox.put(
        connection,
        city_id=viewer.city_id,
        channel=Channel.EMAIL,
        address_id=address_id,
        unique_key=store.confirm_key(viewer.account_id, address_id, now),
        kind=CONFIRM_MAILBOX,
        level=Level.NOTICE,
        about=about,
        params={},
        now=now,
        expires_at=now + mailboxes.CONFIRM_WITHIN,
    )


def asked_mailbox(connection: Connection, message_id: MessageId, now: datetime) -> str:
    """The mailbox that this letter asks about, masked. Raises `NotFound` for a letter that was answered, is too old, or
    asked nothing.
    """
    asked = store.asked(connection, message_id, now)
    if asked is None:
        raise NotFound
    return mailboxes.masked(asked.mailbox)


def confirm_mailbox(connection: Connection, message_id: MessageId, now: datetime) -> str:
    """The mailbox, masked, that is now its owner's. Raises `NotFound` as `asked_mailbox` does."""
    asked = store.asked(connection, message_id, now)
    if asked is None or not store.confirm(connection, asked.address_id, now):
        raise NotFound
    return mailboxes.masked(asked.mailbox)
