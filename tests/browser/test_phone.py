"""The page of one phone in a real browser: from signing in to the button on a notification."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.alerts import tables
from app.alerts.service import acting
from app.pipeline import process
from app.push.tables import address, message
from app.watch.tables import allowance
from tests.browser.axe import faults
from tests.browser.phone import Phone
from tests.build import NOW, an_alarm, unit, viewer
from tests.contract.alerts.test_fine import strays
from tests.waiting import until

A_PUSH: dict[str, Any] = {
    "title": "SOS", "body": "押されました", "tag": "alert:1", "alert": "1", "level": "urgent", "lang": "ja",
    "sent_at": "2026-04-01T03:00:00Z", "answer": "a" * 43,
}  # fmt: skip


async def press_sos(phone: Phone) -> None:
    """Hana presses the button of her watch."""
    await phone.write(lambda c: process(c, [unit(phone.town.watch, an_alarm("sos"))], NOW))


async def rows_of(phone: Phone, query: "sa.Select[Any]") -> list[Any]:
    def work(connection: Connection) -> list[Any]:
        return list(connection.execute(query).all())

    assert phone.site.database is not None
    return await phone.site.database.read(work)


async def test_a_phone_signs_in_is_told_of_an_sos_and_answers(phone: Phone) -> None:
    await phone.receive()
    assert {"visible": True, "key": 65} == await phone.page.run("window.asked")
    await phone.shows("#address-list", "このスマホ")
    worker = await phone.worker()

    await press_sos(phone)
    push = await phone.pushed()
    await phone.deliver(push.plain.decode())

    await worker.until("self.shown.length")
    (shown,) = await worker.run("self.shown")
    assert ("【緊急】" in shown["title"], "SOS" in shown["title"]) == (True, False)
    assert (True, True, False) == (shown["renotify"], shown["requireInteraction"], shown["silent"])
    assert ["対応します", "見る"] == [one["title"] for one in shown["actions"]]
    (alert,) = {shown["data"]["alert"]}
    assert f"alert:{alert}" == shown["tag"]
    told = sa.select(message.c.delivered_at).where(message.c.channel == "webpush", message.c.delivered_at.is_not(None))
    await until(lambda: rows_of(phone, told))

    await worker.run("self.tap(0, 'acknowledge')")

    assert "あなたが対応すると伝えました" == await worker.run("self.shown.at(-1).body")
    assert not await worker.run("self.shown.at(-1).renotify")
    await phone.open(f"#{alert}")
    await phone.shows(f"[id='{alert}']", "佐藤 美咲さんが対応しています")
    assert [] == phone.thrown()


async def test_whoever_comes_second_reads_who_has_it(phone: Phone) -> None:
    await phone.receive()
    worker = await phone.worker()
    await press_sos(phone)
    await phone.deliver((await phone.pushed()).plain.decode())
    await worker.until("self.shown.length")
    son = viewer(phone.town.son)
    (alert,) = await rows_of(phone, sa.select(tables.alert.c.id))
    await phone.write(lambda c: acting.acknowledge(c, son, alert.id, NOW))

    await worker.run("self.tap(0, 'acknowledge')")

    assert "佐藤 健さんが対応しています" == await worker.run("self.shown.at(-1).body")
    assert ["見る"] == await worker.run("self.shown.at(-1).actions.map((one) => one.title)")


async def test_a_daughter_abroad_reads_the_clock_of_the_town(phone: Phone) -> None:
    await phone.page.command("Emulation.setTimezoneOverride", timezoneId="America/New_York")
    await phone.open()
    await phone.sign_in()
    await press_sos(phone)

    local = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    await phone.shows("#alert-list", f"（{local.month}/{local.day} {local:%H:%M}）")


async def test_one_says_on_the_page_how_far_it_is_fine(phone: Phone) -> None:
    await phone.sign_in()
    await phone.shows("#mine")
    await phone.write(lambda c: strays(c, phone.town))
    await phone.open()

    await phone.shows("#alert-list button:last-child", "大丈夫です")
    await phone.press("#alert-list button:last-child")
    await phone.shows("#alert-list button:last-child", "いつも大丈夫")
    assert ["open"] == [row.state for row in await rows_of(phone, sa.select(tables.alert.c.state))]
    await phone.press("#alert-list button:nth-last-child(2)")  # At this place.

    await phone.says("大丈夫だと伝えました")
    await phone.shows("#alert-list", "ありません")
    assert ["here"] == [row.scope for row in await rows_of(phone, sa.select(allowance.c.scope))]


async def test_what_happens_is_on_the_page_at_once_and_without_a_push(phone: Phone) -> None:
    await phone.page.run("window.setInterval = () => 0; window.kept = true")  # It looks of itself no more.
    await phone.sign_in()
    await phone.shows("#mine")

    await press_sos(phone)
    await phone.shows("#alert-list button.urgent", "対応します")
    (alert,) = await rows_of(phone, sa.select(tables.alert.c.id))
    await phone.write(lambda c: acting.acknowledge(c, viewer(phone.town.son), alert.id, NOW))
    await phone.shows("#alert-list", "佐藤 健さんが対応しています")

    assert await phone.page.run("window.kept"), "nobody loaded it anew"


async def test_an_alert_is_taken_gone_to_and_ended_on_the_page(phone: Phone) -> None:
    await phone.sign_in()
    await phone.shows("#mine")
    await press_sos(phone)
    await phone.open()

    await phone.press("#alert-list button.urgent")
    await phone.says("あなたが対応すると伝えました")
    await phone.shows("#alert-list", "佐藤 美咲さんが対応しています")
    await phone.press("#alert-list button.plain")
    await phone.shows("#alert-list", "佐藤 美咲さんが向かっています")
    await phone.press("#alert-list button:last-child")
    await phone.shows("#alert-list button:last-child", "もう一度押してください")
    assert "acknowledged" == (await rows_of(phone, sa.select(tables.alert.c.state)))[0].state
    await phone.press("#alert-list button:last-child")

    await phone.says("終わりました")
    await phone.shows("#alert-list", "ありません")
    assert "resolved" == (await rows_of(phone, sa.select(tables.alert.c.state)))[0].state


async def test_a_button_lets_this_phone_ring_and_says_that_it_did(phone: Phone) -> None:
    await phone.receive()
    worker = await phone.worker()

    await phone.press("#try")
    await phone.says("送りました")
    await phone.deliver((await phone.pushed()).plain.decode())

    await phone.says("届きました")
    assert 1 == await worker.run("self.shown.length")
    assert ["見る"] == await worker.run("self.shown[0].actions.map((one) => one.title)")
    await phone.press("#try")
    await phone.says("1分待ってください")


async def test_a_phone_that_signed_out_is_told_nothing_more_and_shows_nothing_more(phone: Phone) -> None:
    await phone.receive()
    await press_sos(phone)
    await phone.pushed()
    await phone.open()
    await phone.shows("#alert-list", "ハナ")

    await phone.press("#sign-out")

    await phone.says("サインアウトしました")
    living = sa.select(address.c.id).where(address.c.channel == "webpush", address.c.dead_since.is_(None))
    assert [] == await rows_of(phone, living)
    assert "" == await phone.page.run("localStorage.subscribed")
    assert "ハナ" not in await phone.page.run("document.body.textContent")


async def test_an_address_can_be_let_go_of_and_taken_again(phone: Phone) -> None:
    await phone.receive()
    await phone.shows("#address-list li", "ブラウザー（このスマホ）")
    assert not await phone.page.run("document.getElementById('receive').checkVisibility()")

    await phone.press("#address-list li button")
    await phone.says("もう送りません")
    await phone.press("#receive")

    await phone.says("届くようになりました")
    await phone.shows("#address-list li", "ブラウザー（このスマホ）")


async def test_a_wrong_password_and_a_permission_that_is_refused_are_said(phone: Phone) -> None:
    await phone.sign_in("wrong")
    await phone.says("メールアドレスかパスワードが違います")
    await phone.sign_in()
    await phone.shows("#mine", "佐藤 美咲")

    await phone.page.run("localStorage.answers = 'denied'")
    await phone.press("#receive")

    await phone.says("通知が許可されていません")
    assert await phone.page.run("!document.getElementById('receive').disabled")


async def test_a_browser_whose_maker_never_answers_is_not_waited_for_without_end(phone: Phone) -> None:
    await phone.sign_in()
    await phone.page.run("localStorage.silent = 'yes'")

    await phone.press("#receive")

    await phone.says("つながりません")
    assert await phone.page.run("!document.getElementById('receive').disabled")


@pytest.mark.parametrize("data", ["", "not json", "[]", "null", "{}"])
async def test_a_push_that_cannot_be_read_is_shown_in_general_words(phone: Phone, data: str) -> None:
    await phone.receive()
    worker = await phone.worker()

    await phone.deliver(data)

    await worker.until("self.shown.length")
    assert "みまもりからのお知らせ" == await worker.run("self.shown[0].title")


@pytest.mark.parametrize(
    ("status", "words", "again"),
    [
        (200, "あなたが対応すると伝えました", False),
        (409, "もう終わっています", False),
        (404, "ここからは答えられません", False),
        (503, "まだ伝わっていません", True),
        (0, "まだ伝わっていません", True),
    ],
)
async def test_the_button_on_a_notification_says_what_became_of_it(
    phone: Phone, status: int, words: str, again: bool
) -> None:
    await phone.receive()
    worker = await phone.worker()
    await worker.run(
        "self.posted = []; self.fetch = async (path, options) => { self.posted.push([path, options.method]); "
        f"if (!{status}) throw new TypeError('offline'); return {{ status: {status}, json: async () => ({{}}) }}; }}; true"
    )
    await phone.deliver(json.dumps(A_PUSH))
    await worker.until("self.shown.length")

    await worker.run("self.tap(0, 'acknowledge')")

    asked = await worker.run("self.posted")
    assert [f"/v1/acts/{'a' * 43}/acknowledge", "POST"] == asked[0]
    assert ([f"/v1/acts/{'a' * 43}", "GET"] in asked) == (status == 409)
    before, after = await worker.run("self.shown")
    assert after["body"].startswith(words)
    assert (before["tag"], "SOS") == (after["tag"], after["title"])
    assert again == ("対応します" in [one["title"] for one in after["actions"]])
    assert (status not in (200, 409)) == after["renotify"]
    assert 1 == await worker.run("self.closed")


async def test_a_tap_on_a_notification_opens_the_alert_and_is_a_receipt(phone: Phone) -> None:
    await phone.receive()
    worker = await phone.worker()
    await press_sos(phone)
    await phone.deliver((await phone.pushed()).plain.decode())
    await worker.until("self.shown.length")

    await worker.run("self.tap(0, '')")

    alert = await worker.run("self.shown[0].data.alert")
    await phone.page.until(f"location.hash === '#{alert}'")
    await phone.shows(f"[id='{alert}']", "ハナ")
    assert ["focus"] == await worker.run("self.looked")
    opened = sa.select(message.c.read_at).where(message.c.channel == "webpush", message.c.read_at.is_not(None))
    assert await until(lambda: rows_of(phone, opened))


async def test_english_is_shown_to_whom_english_is_sent(phone: Phone) -> None:
    await phone.receive()
    worker = await phone.worker()

    await phone.deliver(json.dumps({**A_PUSH, "lang": "en"}))

    await worker.until("self.shown.length")
    assert ["I will see to it", "Open"] == await worker.run("self.shown[0].actions.map((one) => one.title)")


CONTRASTS = """
(() => {
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let up = one; up; up = up.parentElement) {
      const color = getComputedStyle(up).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("h1, h2, p, label, small, input, button")]
    .filter((one) => one.checkVisibility())
    .map((one) => {
      const [high, low] = [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => b - a);
      return [one.tagName + one.id, (high + 0.05) / (low + 0.05)];
    });
})()
"""
SMALL = """
[...document.querySelectorAll("button, input")].filter((one) => one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().height < 48 || one.getBoundingClientRect().width < 200).map((one) => one.id)
"""


async def legible(phone: Phone) -> None:
    """WCAG 2.2 AA: 4.5 to 1; 320 CSS pixels wide; and what axe looks for."""
    await phone.page.command(
        "Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True
    )
    contrasts = await phone.page.run(CONTRASTS)
    assert 5 < len(contrasts)
    assert {} == {name: ratio for name, ratio in contrasts if ratio < 4.5}
    assert [] == await phone.page.run(SMALL)
    assert await phone.page.run("document.documentElement.scrollWidth <= 320")
    assert [] == await faults(phone.page)


@pytest.mark.parametrize("signed_in", [False, True])
async def test_all_can_be_read_and_hit_on_a_small_screen(phone: Phone, signed_in: bool) -> None:
    if signed_in:
        await phone.receive()
        await press_sos(phone)
        await phone.pushed()
        await phone.open()
        await phone.shows("#alert-list button.urgent")
    await phone.shows("#mine" if signed_in else "#sign-in")

    await legible(phone)


async def test_one_reads_which_mailbox_it_is_and_that_nobody_confirmed_it(phone: Phone) -> None:
    def named(connection: Connection) -> None:
        accounts.add_mailbox(connection, viewer(phone.town.daughter), "hana@docomo.ne.jp", "ja", NOW)

    await phone.write(named)
    await phone.sign_in()

    await phone.shows("#address-list", "hana@docomo.ne.jp")
    await phone.shows("#address-list", "まだ確認されていない")
    await phone.shows("#address-list", "件名にも名前や場所を出す")
    await phone.write(lambda c: c.execute(sa.update(address).values(confirmed_at=NOW)))
    await phone.open()
    await phone.shows("#address-list", "hana@docomo.ne.jp")
    assert "確認" not in await phone.page.run("document.getElementById('address-list').textContent")


async def test_what_is_urgent_says_so_in_words(phone: Phone) -> None:
    await press_sos(phone)
    await phone.write(lambda c: process(c, [unit(phone.town.watch, an_alarm("power_off"))], NOW))
    await phone.sign_in()
    await phone.shows("#alert-list button.urgent")

    lines = await phone.page.run("[...document.querySelectorAll('#alert-list li')].map((one) => one.textContent)")
    assert [False, True] == sorted("【緊急】" in line for line in lines)
