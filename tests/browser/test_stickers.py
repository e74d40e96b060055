"""A family sees to her stickers on the page of a phone."""

import sqlalchemy as sa

from app.stickers.tables import sticker, sticker_test
from tests.browser.phone import Phone
from tests.browser.test_phone import legible, rows_of
from tests.contract.stickers.build import a_sticker

ROW = "#sticker-list > li"


async def opened(phone: Phone) -> None:
    """The daughter looks at the stickers, of which Hana has one."""
    await phone.write(lambda c: a_sticker(c, phone.town))
    await phone.sign_in()
    await phone.shows(f"{ROW} summary", "AA0000")


async def test_she_says_where_it_is_stuck(phone: Phone) -> None:
    await opened(phone)
    await phone.press(f"{ROW} summary")
    await legible(phone)
    await phone.page.run(f"document.querySelector('{ROW} input').value = 'くつ'; true")
    await phone.press(f"{ROW} form button")

    await phone.says("書きかえました")
    await phone.shows(f"{ROW} summary", "くつ")
    assert ["くつ"] == [row.stuck_on for row in await rows_of(phone, sa.select(sticker.c.stuck_on))]


async def test_one_that_is_lost_works_no_more_after_a_second_tap(phone: Phone) -> None:
    await opened(phone)
    await phone.press(f"{ROW} summary")
    await phone.press(f"{ROW} details > button")
    await phone.shows(f"{ROW} details > button", "もう一度押してください")
    assert ["issued"] == [row.state for row in await rows_of(phone, sa.select(sticker.c.state))]
    await phone.press(f"{ROW} details > button")

    await phone.says("使えなくなりました")
    await phone.page.until(f"document.querySelector('{ROW}') === null")
    assert ["lost"] == [row.state for row in await rows_of(phone, sa.select(sticker.c.state))]


async def test_they_are_tried_and_that_ends_again(phone: Phone) -> None:
    await opened(phone)
    await phone.press(f"{ROW} > div > button")
    await phone.says("読み取って、押してみてください")
    await phone.shows(f"{ROW} > div", "あなたにだけ届きます")
    assert [phone.town.daughter.id] == [
        row.begun_by for row in await rows_of(phone, sa.select(sticker_test.c.begun_by))
    ]
    await phone.press(f"{ROW} > div > button")

    await phone.says("試すのを終わりにしました")
    await phone.shows(f"{ROW} > div > button", "シールを試す")
    assert [] == await rows_of(phone, sa.select(sticker_test.c.begun_by))


async def test_who_has_none_sees_no_stickers(phone: Phone) -> None:
    await phone.sign_in()
    await phone.shows("#mine", "佐藤 美咲")
    await phone.shows("#address-list li")

    assert not await phone.page.run("document.getElementById('stickers').checkVisibility()")
