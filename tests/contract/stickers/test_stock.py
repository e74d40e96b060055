"""Stickers are printed into stock, and end; who is hers stays with who looks after her."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role
from app.jobs import INTENTS
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import StickerId, new_id
from app.paper import font_file
from app.stickers import codes, service
from app.stickers.model import Material, Sticker, StickerState
from app.stickers.printing import Printed
from app.stickers.service import stock
from app.stickers.tables import sticker, sticker_batch, sticker_change
from tests.build import AKASHI, KAKOGAWA, NOW, Town, account, minutes, town, viewer

URL = "https://mimamori.example.jp"


@pytest.fixture
def here(connection: Connection) -> Town:
    """The town, whose telephone is known."""
    cast = town(connection)
    accounts.change_city(connection, KAKOGAWA, None, None, "079-427-9174")
    return cast


def printed(connection: Connection, here: Town, layout: str = "a4-10", sheets: int = 1) -> list[Printed]:
    clerk = viewer(here.clerk)
    wanted = stock.order(connection, clerk, None, layout, sheets, URL)
    return stock.print_batch(connection, wanted, clerk.account_id, NOW)[1]


def code_of(one: Printed) -> str:
    return one.url.rpartition("/")[2]


def given(connection: Connection, here: Town, count: int = 3) -> tuple[list[Sticker], list[str]]:
    """The first stickers of a sheet on Hana's things, and their codes."""
    some = printed(connection, here)[:count]
    numbers = [one.number for one in some]
    bind(connection, here, numbers)
    return service.hers(connection, viewer(here.clerk), here.hana.id, NOW), [code_of(one) for one in some]


def bind(connection: Connection, here: Town, numbers: list[str]) -> None:
    """As an issue does it."""
    hers = sticker.c.number.in_(numbers)
    values = {"state": StickerState.ISSUED, "wearer_id": here.hana.id, "issued_at": NOW}
    connection.execute(sa.update(sticker).where(hers).values(**values))


def states(connection: Connection) -> dict[str, int]:
    rows = connection.execute(sa.select(sticker.c.state, sa.func.count()).group_by(sticker.c.state))
    return {row[0]: row[1] for row in rows}


def test_a_batch_lies_in_stock_with_numbers_in_their_order_on_its_sheets(connection: Connection, here: Town) -> None:
    first, second = printed(connection, here, sheets=2), printed(connection, here, "iron-30")

    assert [f"AA{place:04}" for place in range(20)] == [one.number for one in first]
    assert "AA0020" == second[0].number
    rows = connection.execute(sa.select(sticker.c.number, sticker.c.sheet).order_by(sticker.c.number)).all()
    assert [1] * 10 + [2] * 10 + [1] * 30 == [row.sheet for row in rows]
    assert {"stock": 50} == states(connection)
    assert all(service.scanned(connection, code_of(one)) is None for one in first)
    seen = stock.batches(connection, viewer(here.clerk), None, None, 10)
    assert [("AA0020", "AA0049", 30), ("AA0000", "AA0019", 20)] == [(one.first, one.last, one.in_stock) for one in seen]
    counted = stock.counts(connection, viewer(here.clerk), None)
    assert [
        ("a4-10", Material.PAPER, StickerState.STOCK, 20), ("iron-30", Material.IRON_ON, StickerState.STOCK, 30)
    ] == counted  # fmt: skip


def test_no_row_of_any_table_holds_a_code(connection: Connection, here: Town) -> None:
    codes_made = {code_of(one) for one in printed(connection, here)}

    for table in (sticker, sticker_batch, sticker_change):
        for row in connection.execute(sa.select(table)):
            held = " ".join(str(value) for value in row)
            assert not any(code in held for code in codes_made)
    hashes = {bytes(one) for one in connection.execute(sa.select(sticker.c.token_hash)).scalars()}
    assert {codes.hash_of(code) for code in codes_made} == hashes


def test_each_city_counts_its_own_numbers_and_sees_its_own_stock(connection: Connection, here: Town) -> None:
    boss = viewer(account(connection, "boss", "管理者", Role.ADMINISTRATOR))
    accounts.change_city(connection, AKASHI, None, None, "078-000-0000")
    printed(connection, here)
    wanted = stock.order(connection, boss, AKASHI, "glow-10", 1, URL)

    assert "AA0000" == stock.print_batch(connection, wanted, boss.account_id, NOW)[1][0].number
    with pytest.raises(NotFound):
        stock.order(connection, viewer(here.clerk), AKASHI, "a4-10", 1, URL)
    with pytest.raises(NotFound):
        stock.counts(connection, viewer(here.clerk), AKASHI)
    assert 10 == sum(row[3] for row in stock.counts(connection, viewer(here.clerk), None))


def test_what_cannot_be_printed_is_refused_before_there_are_codes(connection: Connection, here: Town) -> None:
    clerk = viewer(here.clerk)
    for layout, sheets, url, error in (
        ("a3", 1, URL, InvalidInput), ("a4-20", 51, URL, InvalidInput), ("a4-20", 1, None, Conflict),
        ("a4-20", 1, "https://" + "a" * 26, Conflict),
    ):  # fmt: skip
        with pytest.raises(error):
            stock.order(connection, clerk, None, layout, sheets, url)
    wanted = stock.order(connection, clerk, None, "iron-30", 1, URL)
    stock.must_print(wanted, font_file(None), NOW)
    for changed in ({"phone": "0" * 30}, {"phone": "😀"}):
        with pytest.raises(Conflict):
            stock.must_print(msgspec.structs.replace(wanted, **changed), font_file(None), NOW)
    accounts.change_city(connection, KAKOGAWA, None, None, None)
    with pytest.raises(Conflict):
        stock.order(connection, clerk, None, "a4-20", 1, URL)
    assert {} == states(connection)


def test_a_lost_one_answers_no_more_and_can_still_be_withdrawn(connection: Connection, here: Town) -> None:
    (first, second, third), made = given(connection, here)
    daughter, clerk = viewer(here.daughter), viewer(here.clerk)
    assert all(service.scanned(connection, code) for code in made)

    lost = service.lose(connection, daughter, here.hana.id, first.id, "上着ごと", NOW + minutes(1))
    taken = service.withdraw(connection, clerk, here.hana.id, second.id, "", NOW + minutes(1))

    assert (StickerState.LOST, NOW + minutes(1)) == (lost.state, lost.ended_at)
    assert StickerState.WITHDRAWN == taken.state
    assert [None, None, third.id] == [
        found and found.sticker.id for found in (service.scanned(connection, one) for one in made)
    ]
    assert StickerState.WITHDRAWN == service.withdraw(connection, clerk, here.hana.id, first.id, "", NOW).state
    with pytest.raises(Conflict):
        service.lose(connection, daughter, here.hana.id, second.id, "", NOW)
    kept = connection.execute(
        sa.select(sticker_change.c.state, sticker_change.c.reason, sticker_change.c.by)
        .where(sticker_change.c.sticker_id == first.id)
        .order_by(sticker_change.c.id)
    ).all()
    assert [("lost", "上着ごと"), ("withdrawn", "")] == [(row.state, row.reason) for row in kept]
    assert [here.daughter.id, here.clerk.id] == [row.by for row in kept]


def test_the_family_says_where_each_is_and_nobody_else_does(connection: Connection, here: Town) -> None:
    (first, *_), _ = given(connection, here)

    changed = service.stick_on(connection, viewer(here.daughter), here.hana.id, first.id, " コート ", NOW)

    assert "コート" == changed.stuck_on
    for one in (here.son, here.outsider, here.stranger, here.operator):
        for asked in (
            lambda v: service.stick_on(connection, v, here.hana.id, first.id, "x", NOW),
            lambda v: service.lose(connection, v, here.hana.id, first.id, "", NOW),
        ):
            with pytest.raises(NotFound):
                asked(viewer(one))
    with pytest.raises(NotFound):
        service.lose(connection, viewer(here.daughter), here.hana.id, StickerId(new_id()), "", NOW)


def test_what_was_printed_badly_is_given_to_nobody(connection: Connection, here: Town) -> None:
    given(connection, here, 2)
    clerk = viewer(here.clerk)

    assert ["AA0002", "AA0003", "AA0009"] == stock.spoil(
        connection, clerk, None, ["aa0002-aa0003", "AA0009"], "紙詰まり", NOW
    )

    assert {"issued": 2, "spoilt": 3, "stock": 5} == states(connection)
    for spans, error in ((["AA0001"], Conflict), (["AA0004", "AA0002"], Conflict), (["AB0000"], NotFound)):
        with pytest.raises(error):
            stock.spoil(connection, clerk, None, spans, "", NOW)
    assert {"issued": 2, "spoilt": 3, "stock": 5} == states(connection)


def test_nothing_of_a_batch_that_did_not_come_out_lies_in_stock(connection: Connection, here: Town) -> None:
    clerk = viewer(here.clerk)
    wanted = stock.order(connection, clerk, None, "a4-10", 1, URL)
    batch, _ = stock.print_batch(connection, wanted, clerk.account_id, NOW)

    stock.spoil_batch(connection, batch, NOW)

    assert {"spoilt": 10} == states(connection)


def test_when_her_watching_ends_no_sticker_of_hers_answers(connection: Connection, here: Town) -> None:
    (first, *_), made = given(connection, here)
    service.lose(connection, viewer(here.daughter), here.hana.id, first.id, "", NOW)

    for _ in range(2):
        INTENTS["wearer_ended"](connection, {"wearer_id": str(here.hana.id)}, NOW)

    assert {"withdrawn": 3, "stock": 7} == states(connection)
    assert all(service.scanned(connection, code) is None for code in made)
    by: set[Any] = set(connection.execute(sa.select(sticker_change.c.by)).scalars())
    assert UUID(int=0) in by
