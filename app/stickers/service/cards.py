"""What a family shows to whoever is with her, and of which nothing is shown before that."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households import service as households
from app.households import words
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import ContactId, WearerId
from app.stickers import schemes
from app.stickers.model import Card, PhoneShown
from app.stickers.service.stickers import card_of
from app.stickers.store import cards


class CardDraft(Struct, frozen=True, kw_only=True):
    """A card as somebody writes it. `phone_consent`: the contact agrees that the number stands on the scan itself."""

    nickname: str = ""
    helps: str = ""
    illness: str = ""
    shows_illness: bool = False
    contact_id: ContactId | None = None
    phone_shown: PhoneShown = PhoneShown.TAP
    phone_consent: bool = False


def her_card(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> Card:
    """The card of a wearer, for those who manage her or see her alerts. Raises `NotFound`."""
    households.attended_wearer(connection, viewer, wearer_id, now)
    return card_of(connection, wearer_id)


def write_card(connection: Connection, viewer: Viewer, wearer_id: WearerId, draft: CardDraft, now: datetime) -> Card:
    """The card from now on. Raises `NotFound` for who does not manage her and for who is no contact of hers,
    `InvalidInput` for a number on the scan without consent or contact, `Conflict` where the city's scheme has none.
    """
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    before = card_of(connection, wearer_id)
    if draft.contact_id is not None:
        contact = households.contacts_by_id(connection, [draft.contact_id]).get(draft.contact_id)
        if contact is None or contact.wearer_id != wearer_id:
            raise NotFound
    consent_at = None
    if draft.phone_shown is PhoneShown.SCAN:
        if draft.contact_id is None:
            raise InvalidInput("Say whose number is shown.", "contact_id")
        if not draft.phone_consent:
            raise InvalidInput("Without the consent of the contact the number is shown after the tap.", "phone_consent")
        if not schemes.of_city(wearer.city_id).phone_on_scan.allowed:
            raise Conflict("By the scheme of her city no number is shown on the scan itself.")
        is_the_same = before.contact_id == draft.contact_id and before.phone_consent_at is not None
        consent_at = before.phone_consent_at if is_the_same else now
    card = Card(
        wearer_id=wearer_id, nickname=words.line(draft.nickname, "nickname"), helps=words.lines(draft.helps, "helps"),
        illness=words.lines(draft.illness, "illness"), shows_illness=draft.shows_illness, contact_id=draft.contact_id,
        phone_shown=draft.phone_shown, phone_consent_at=consent_at, changed_by=viewer.account_id, changed_at=now,
    )  # fmt: skip
    cards.put(connection, card)
    return card
