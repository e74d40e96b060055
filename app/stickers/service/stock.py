"""Stickers are printed into stock, and end: lost, withdrawn, spoilt."""

import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.db.locks import one_at_a_time
from app.households import service as households
from app.households import words
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import AccountId, BatchId, CityId, StickerId, WearerId, new_id
from app.kit.machine import step
from app.paper import NoGlyph
from app.stickers import codes, layouts, numbers, printing
from app.stickers.layouts import Layout
from app.stickers.model import Batch, Sticker
from app.stickers.moves import MOVES, Move
from app.stickers.store import stickers, stock
from app.stickers.store.stock import Counted

STICKERS_MAX: Final = 1_000
"""In one batch: some fifty sheets, which take seconds to print."""
THE_HOUSE: Final = AccountId(UUID(int=0))
"""Who did it when nobody did: her watching ended."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be printed for which city, with everything that a printer needs."""

    city_id: CityId
    layout: Layout
    sheets: int
    phone: str
    public_url: str


class BatchSeen(Struct, frozen=True, kw_only=True):
    """A batch with its first and last number and what is left of it in stock."""

    batch: Batch
    first: str
    last: str
    in_stock: int


def city_of(viewer: Viewer, city_id: CityId | None) -> CityId:
    """The city whose stickers the viewer may handle: their own, for an administrator any. Raises `NotFound`."""
    wanted = city_id or viewer.city_id
    if wanted != viewer.city_id and viewer.role is not Role.ADMINISTRATOR:
        raise NotFound
    return wanted


def order(
    connection: Connection, viewer: Viewer, city_id: CityId | None, layout: str, sheets: int, public_url: str | None
) -> Order:
    """What can be printed. Raises `NotFound`, `InvalidInput` for an unknown layout or too many sheets, `Conflict` while
    the city has no telephone or the service no address that fits.
    """
    city = accounts.city(connection, city_of(viewer, city_id))
    found = layouts.packaged().get(layout)
    if found is None:
        raise InvalidInput(f"There is no such sheet; there are {', '.join(layouts.packaged())}.", "layout")
    if found.count * sheets > STICKERS_MAX:
        raise InvalidInput(f"At most {STICKERS_MAX} stickers are printed at once.", "sheets")
    why = codes.unfit(public_url)
    if why is not None or public_url is None:
        raise Conflict(f"Stickers cannot be printed: the setting `public_url`: {why}.")
    if city.phone is None:
        raise Conflict("The city has no telephone yet, which stands on every sticker: set it first.")
    return Order(city_id=city.id, layout=found, sheets=sheets, phone=city.phone, public_url=public_url)


def must_print(wanted: Order, font: Path, now: datetime) -> None:
    """Raises `Conflict` for what the printer would stumble over, before there are codes that only its sheets hold."""
    try:
        printing.check(wanted.layout, wanted.phone, font, now)
    except NoGlyph as error:
        raise Conflict(f"The font has no form for {error.codes}: set `billing_font` to one that has.") from None
    except printing.TooWide:
        raise Conflict("The telephone of the city is too long for this sheet.") from None
    except OSError:
        raise Conflict("The font that is set as `billing_font` cannot be read.") from None


def print_batch(
    connection: Connection, wanted: Order, by: AccountId, now: datetime
) -> tuple[Batch, list[printing.Printed]]:
    """A batch that lies in stock from now on, and its stickers for the printer, which alone hold the codes. Whoever
    asks has asked `order` first. Raises `Conflict` when a city has no numbers left.
    """
    one_at_a_time(connection, f"numbers of stickers {wanted.city_id}")
    count = wanted.layout.count * wanted.sheets
    batch = Batch(
        id=BatchId(new_id()), city_id=wanted.city_id, layout=wanted.layout.id, material=wanted.layout.material,
        count=count, printed_by=by, printed_at=now,
    )  # fmt: skip
    named = [
        (number, fresh_code()) for number in numbers.following(stock.last_number(connection, wanted.city_id), count)
    ]
    sheets = [(number, 1 + place // wanted.layout.count) for place, (number, _) in enumerate(named)]
    rows = [(number, sheet, codes.hash_of(code)) for (number, sheet), (_, code) in zip(sheets, named, strict=True)]
    stock.add(connection, batch, rows)
    return batch, [printing.Printed(number=number, url=codes.url_of(wanted.public_url, code)) for number, code in named]


def fresh_code() -> str:
    """A code that nobody has had."""
    while True:
        code = codes.new_code(secrets.randbits(codes.BITS))
        if code is not None:
            return code


def batches(
    connection: Connection, viewer: Viewer, city_id: CityId | None, before: UUID | None, count: int
) -> list[BatchSeen]:
    """Up to `count` batches of a city, newest first. Raises `NotFound`."""
    found = stock.batches(connection, city_of(viewer, city_id), before, count)
    spans = stock.spans(connection, [one.id for one in found])
    seen = []
    for one in found:
        first, last, left = spans[one.id]
        seen.append(BatchSeen(batch=one, first=first, last=last, in_stock=left))
    return seen


def counts(connection: Connection, viewer: Viewer, city_id: CityId | None) -> list[Counted]:
    """How many of a city's stickers there are of each layout, material and state. Raises `NotFound`."""
    return stock.counts(connection, city_of(viewer, city_id))


def spoil(
    connection: Connection, viewer: Viewer, city_id: CityId | None, spans: Collection[str], reason: str, now: datetime
) -> list[str]:
    """The numbers, single or as spans, that were printed badly: all of them, or none. Raises `NotFound`,
    `InvalidInput`, and `Conflict` for one that is not in stock.
    """
    wanted = sorted({number for span in spans for number in numbers.spelt(span, "numbers")})
    if len(wanted) > STICKERS_MAX:
        raise InvalidInput(f"At most {STICKERS_MAX} at once.", "numbers")
    found = stock.locked_numbers(connection, city_of(viewer, city_id), wanted)
    if len(found) != len(wanted):
        raise NotFound
    _move(connection, found, Move.SPOIL, words.line(reason, "reason"), viewer.account_id, now)
    return wanted


def spoil_batch(connection: Connection, batch: Batch, now: datetime) -> None:
    """Nothing of a batch came out of the printer."""
    _move(connection, stock.locked_batch(connection, batch.id), Move.SPOIL, "", batch.printed_by, now)


def lose(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, sticker_id: StickerId, reason: str, now: datetime
) -> Sticker:
    """Those who look after her miss a sticker: its page answers no more. Raises `NotFound`, `Conflict`."""
    return _of_hers(connection, viewer, wearer_id, sticker_id, Move.LOSE, reason, now)


def withdraw(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, sticker_id: StickerId, reason: str, now: datetime
) -> Sticker:
    """The office takes a sticker back, of whoever. Raises `NotFound`, `Conflict`."""
    return _of_hers(connection, viewer, wearer_id, sticker_id, Move.WITHDRAW, reason, now)


def withdraw_all(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """A wearer is no longer watched: no sticker of hers answers; none the second time."""
    held = [one for one in stock.locked_all(connection, wearer_id) if (one.state, Move.WITHDRAW) in MOVES]
    _move(connection, held, Move.WITHDRAW, "", THE_HOUSE, now)


def stick_on(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, sticker_id: StickerId, where: str, now: datetime
) -> Sticker:
    """Where a sticker is (coat, shoe, bag), in the words of those who look after her. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    if stock.locked_of(connection, wearer_id, sticker_id) is None:
        raise NotFound
    stock.stick(connection, sticker_id, words.line(where, "stuck_on"))
    return _known(connection, sticker_id)


def _of_hers(
    connection: Connection,
    viewer: Viewer,
    wearer_id: WearerId,
    sticker_id: StickerId,
    move: Move,
    reason: str,
    now: datetime,
) -> Sticker:
    households.managed_wearer(connection, viewer, wearer_id, now)
    found = stock.locked_of(connection, wearer_id, sticker_id)
    if found is None:
        raise NotFound
    _move(connection, [found], move, words.line(reason, "reason"), viewer.account_id, now)
    return _known(connection, sticker_id)


def _move(
    connection: Connection, some: Collection[Sticker], move: Move, reason: str, by: AccountId, now: datetime
) -> None:
    stock.become(connection, [(one, step(MOVES, one.state, move)) for one in some], reason, by, now)


def _known(connection: Connection, sticker_id: StickerId) -> Sticker:
    found = stickers.by_id(connection, sticker_id)
    assert found is not None
    return found
