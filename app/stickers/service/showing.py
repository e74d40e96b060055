"""What the page of a sticker shows to whoever scans it, before anybody said anything."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.households import service as households
from app.kit.ids import CityId, WearerId, secret_hash
from app.stickers import schemes
from app.stickers.model import Card, PhoneShown, Sticker
from app.stickers.service import boards
from app.stickers.service.stickers import card_of, found_by_code
from app.stickers.store import threads
from app.stickers.threads import FinderView


class Scanned(Struct, frozen=True, kw_only=True):
    """A sticker that is in use, and the only numbers that are shown of it."""

    sticker: Sticker
    city_phone: str = ""
    contact_phone: str = ""


def scanned(connection: Connection, code: str) -> Scanned | None:
    """What a code shows; None for all that is not in use, after the same one query."""
    sticker = found_by_code(connection, code)
    if sticker is None or sticker.wearer_id is None:
        return None
    return Scanned(
        sticker=sticker,
        city_phone=phone_of_city(connection, sticker.city_id),
        contact_phone=_phone_on_scan(connection, sticker.city_id, sticker.wearer_id),
    )


def phone_of_city(connection: Connection, city_id: CityId) -> str:
    """The number at which the city answers, empty where it named none."""
    return accounts.city(connection, city_id).phone or ""


def _phone_on_scan(connection: Connection, city_id: CityId, wearer_id: WearerId) -> str:
    """The number of the contact that her family named for it, where the city's scheme allows it and a recorded consent
    says so.
    """
    card = card_of(connection, wearer_id)
    allowed = schemes.of_city(city_id).phone_on_scan.allowed
    if not allowed or not shows_on_scan(card) or card.contact_id is None:
        return ""
    contact = households.contacts_by_id(connection, [card.contact_id]).get(card.contact_id)
    return "" if contact is None or contact.wearer_id != wearer_id else contact.phone


def shows_on_scan(card: Card) -> bool:
    """Whether the number of her contact may be read by whoever scans: her family wants it, and consent to that is
    recorded.
    """
    return card.phone_shown is PhoneShown.SCAN and card.phone_consent_at is not None


class Board(Struct, frozen=True, kw_only=True):
    """What a finder's secret opens, with the zone that its times are read in and the city's number."""

    view: FinderView
    zone: str
    city_phone: str


def board_of(connection: Connection, secret: str, now: datetime) -> Board | None:
    """The board that a secret opens; None where it opens none."""
    view = boards.of_secret(connection, secret, now)
    thread = threads.by_secret(connection, secret_hash(secret))
    if view is None or thread is None:
        return None
    zone = accounts.city(connection, thread.city_id).zone
    return Board(view=view, zone=zone, city_phone=phone_of_city(connection, thread.city_id))
