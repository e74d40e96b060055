"""The family's side of a board on the page of a phone, while a finder writes on hers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.alerts.tables import alert
from app.dispatch.tables import incident
from app.pictures import drawn_anew
from app.stickers import service as stickers
from app.stickers.service import boards
from app.stickers.tables import sticker, sticker_report, sticker_thread
from app.stickers.threads import PHOTO_SIZE, FinderSaid, FinderView, HerState, SharedPlace
from tests.browser.phone import Phone
from tests.browser.test_phone import legible, rows_of
from tests.build import HOME, NOW, minutes
from tests.contract.stickers.build import a_sticker
from tests.enrolled import enrol
from tests.photos import a_photo

KEY = boards.finder_key(b"a secret of these tests that is long enough")
HERE = SharedPlace(lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg, accuracy_m=15.4)
NOTHING = FinderSaid()
ROW = "#board-list > li"


class Finder:
    """Somebody who scanned the sticker on Hana's coat."""

    def __init__(self, phone: Phone, secret: str) -> None:
        self.phone, self.secret = phone, secret

    async def says(self, once: str, said: FinderSaid) -> None:
        await self.phone.write(lambda c: boards.say(c, self.secret, said, once, NOW))

    async def reads(self) -> FinderView:
        found = await self.phone.write(lambda c: boards.of_secret(c, self.secret, NOW))
        assert found is not None
        return found  # type: ignore[no-any-return]


async def taps(phone: Phone, said: FinderSaid = NOTHING, once: str = "form-0001", number: str = "AA0000") -> Finder:
    def work(connection: Connection) -> str:
        code = a_sticker(connection, phone.town, number=number)
        connection.execute(sa.update(sticker).values(stuck_on="上着"))
        found = stickers.scanned(connection, code)
        assert found is not None
        begun = boards.begin(
            connection, found.sticker, said=said, language="en", mark=number.encode().ljust(32), once=once, key=KEY,
            now=NOW,
        )  # fmt: skip
        return begun.secret

    return Finder(phone, await phone.write(work))


async def at_noon(phone: Phone) -> None:
    """The page's clock shows what the service's does, and it looks of itself no more: the stream alone tells it."""
    await phone.page.run(f"Date.now = () => {int(NOW.timestamp() * 1000)}; window.setInterval = () => 0; true")


async def opened(phone: Phone) -> None:
    await at_noon(phone)
    await phone.sign_in()
    await phone.shows("#mine")


async def write(phone: Phone, field: str, words: str) -> None:
    await phone.page.run(f"document.querySelector({field!r}).value = {words!r}; true")


async def states(phone: Phone, table: sa.Table = sticker_thread) -> list[Any]:
    return [row.state for row in await rows_of(phone, sa.select(table.c.state))]


async def test_from_the_finders_tap_to_the_thanks(phone: Phone) -> None:
    await opened(phone)
    finder = await taps(phone, FinderSaid(states=frozenset({HerState.COLD}), words="バス停にいます", place=HERE))
    await phone.shows(ROW, "ハナさんのそばに")
    await phone.shows(ROW, "上着")
    await phone.shows(f"{ROW} .lines", "バス停にいます")
    await phone.shows(f"{ROW} .lines", "寒そう")
    await phone.shows(f"{ROW} .lines", "誤差 約15 m")
    assert (await phone.page.run(f"document.querySelector('{ROW} a').href")).startswith(f"geo:{HOME.lat_deg:.5f},")
    await phone.shows("#alert-list a", "伝言板で答える")
    assert await phone.page.run("document.querySelector('#alert-list button') === null"), "it is answered in one place"
    await legible(phone)

    await phone.page.run(f"document.querySelector('{ROW} select').value = '20'; true")
    await phone.press(f"{ROW} button.urgent")
    await phone.says("向かっていると伝えました")
    await phone.shows(ROW, "佐藤 美咲さんが向かっています")
    read = await finder.reads()
    assert (True, NOW + minutes(20)) == (read.coming, read.arrives_at)
    assert ["acknowledged"] == await states(phone, alert)

    await write(phone, f"{ROW} textarea", "ありがとうございます")
    await phone.press(f"{ROW} form:nth-of-type(2) button")
    await phone.says("送りました")
    assert "ありがとうございます" == (await finder.reads()).lines[-1].words
    await finder.says("form-0002", FinderSaid(words="一緒に待っています"))
    await phone.shows(f"{ROW} .lines", "一緒に待っています")

    await phone.press(f"{ROW} > div:last-child > button")
    await phone.shows(f"{ROW} > div:last-child > button", "もう一度押してください")
    assert ["coming"] == await states(phone)
    await phone.press(f"{ROW} > div:last-child > button")
    await phone.says("見つけた人に伝えました")
    await phone.shows(ROW, "引き渡しを受けました")
    assert (["handed_over"], ["resolved"]) == (await states(phone), await states(phone, alert))

    await phone.press(f"{ROW} form button")
    await phone.says("お礼を伝えました")
    assert "home_safe" == (await finder.reads()).last_code
    await phone.shows(ROW, "お礼を伝えました")
    await legible(phone)
    assert [] == phone.thrown()


async def test_who_writes_is_not_disturbed_by_what_comes_in(phone: Phone) -> None:
    await opened(phone)
    finder = await taps(phone)
    await phone.shows(ROW)
    await write(phone, f"{ROW} textarea", "いま家を")
    await finder.says("form-0002", FinderSaid(states=frozenset({HerState.HURT})))
    await phone.shows(f"{ROW} .lines", "けが")

    assert "いま家を" == await phone.page.run(f"document.querySelector('{ROW} textarea').value")


async def test_two_finders_have_two_boards(phone: Phone) -> None:
    await opened(phone)
    await taps(phone, FinderSaid(words="一人目"))
    await phone.shows(ROW, "一人目")
    await taps(phone, FinderSaid(words="二人目"), "form-0002", "AA0001")

    await phone.shows(ROW, "二人目")
    assert 2 == await phone.page.run(f"document.querySelectorAll('{ROW}').length")


async def test_an_alert_whose_board_is_over_is_answered_by_itself(phone: Phone) -> None:
    await opened(phone)
    await taps(phone)
    await phone.shows(ROW)
    await phone.page.run(f"document.querySelector('{ROW} details').open = true")
    await phone.press(f"{ROW} details button")

    await phone.says("お知らせはまだ続いています")
    await phone.shows("#alert-list button.urgent", "対応します")
    assert (["closed"], ["open"]) == (await states(phone), await states(phone, alert))


async def test_a_photo_is_shown(phone: Phone) -> None:
    await opened(phone)
    finder = await taps(phone)
    await phone.shows(ROW)
    photo = drawn_anew(a_photo(), PHOTO_SIZE, "photo")
    await phone.write(lambda c: boards.add_photo(c, finder.secret, photo, "form-0003", NOW))

    await phone.page.until(f"document.querySelector('{ROW} img')?.naturalWidth > 0")


async def test_abuse_is_told_to_the_city(phone: Phone) -> None:
    await opened(phone)
    await taps(phone)
    await phone.shows(ROW)
    await phone.page.run(f"for (const one of document.querySelectorAll('{ROW} details')) one.open = true; true")
    await write(phone, f"{ROW} details:last-of-type textarea", "いたずら")
    await legible(phone)
    await phone.press(f"{ROW} details:last-of-type button")

    await phone.says("市の担当に知らせました")
    assert ["いたずら"] == [row.reason for row in await rows_of(phone, sa.select(sticker_report.c.reason))]


async def test_a_guard_is_asked_for_where_the_scheme_lets_her(phone: Phone) -> None:
    await phone.write(lambda c: enrol(c, phone.town.hana, NOW))
    await opened(phone)
    await taps(phone)
    guard = f"{ROW} > div:last-child > div button"
    await phone.shows(guard, "料金を見る")
    await phone.press(guard)
    await phone.shows(f"{ROW} .price", "円")
    await phone.press(f"{guard}:not(.plain)")

    await phone.says("警備員を頼みました")
    await phone.shows(f"{ROW} > div:last-child > div > p", "警備員")
    assert await rows_of(phone, sa.select(alert.c.id)) == await rows_of(phone, sa.select(incident.c.alert_id))
