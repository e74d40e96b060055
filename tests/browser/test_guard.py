"""A guard is sent from the page of a phone: the price is read first."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.dispatch.tables import incident
from app.programmes.model import Starter
from app.programmes.tables import contract
from tests.browser.phone import Phone
from tests.browser.test_phone import legible, press_sos, rows_of
from tests.build import NOW
from tests.enrolled import enrol, with_dispatch

GUARD = "#alert-list li > div button"


async def opened(phone: Phone) -> None:
    """The daughter reads that Hana pressed SOS."""
    await press_sos(phone)
    await phone.sign_in()
    await phone.shows("#alert-list button.urgent")


async def test_the_price_is_read_and_agreed_to_before_a_guard_is_sent(phone: Phone) -> None:
    await phone.write(lambda c: enrol(c, phone.town.hana, NOW))
    await opened(phone)
    await phone.shows(GUARD, "料金を見る")
    await phone.press(GUARD)
    await phone.shows("#alert-list .price", "円")
    await legible(phone)
    assert [] == await rows_of(phone, sa.select(incident.c.id))

    await phone.press(f"{GUARD}:not(.plain)")
    await phone.says("警備員を頼みました")
    await phone.shows("#alert-list li > div > p", "警備員")

    ((alert,),) = await rows_of(phone, sa.select(incident.c.alert_id))
    assert alert is not None
    assert await phone.page.run(f"document.querySelector({GUARD!r}) === null")


async def test_who_does_not_agree_sends_nobody(phone: Phone) -> None:
    await phone.write(lambda c: enrol(c, phone.town.hana, NOW))
    await opened(phone)
    await phone.press(GUARD)
    await phone.shows("#alert-list .price")
    await phone.press(f"{GUARD}.plain")

    await phone.shows(GUARD, "料金を見る")
    assert [] == await rows_of(phone, sa.select(incident.c.id))


@pytest.mark.parametrize("has_contract", [False, True], ids=["no contract", "an operator only"])
async def test_where_the_scheme_does_not_let_her_there_is_no_button(phone: Phone, has_contract: bool) -> None:
    if has_contract:
        await phone.write(lambda c: enrol(c, phone.town.hana, NOW, with_dispatch(started_by=[Starter.OPERATOR])))
    await phone.page.run(
        "const before = window.fetch; window.fetch = async (...asked) => { const answer = await before(...asked); "
        "if (String(asked[0]).endsWith('/quote')) window.quoted = true; return answer; }; true"
    )
    await opened(phone)

    await phone.page.until("window.quoted")
    await phone.page.until("document.querySelector('#alert-list li > div').childElementCount === 0")


async def test_a_price_that_has_changed_is_read_again(phone: Phone) -> None:
    await phone.write(lambda c: enrol(c, phone.town.hana, NOW))
    await opened(phone)
    await phone.press(GUARD)
    await phone.shows("#alert-list .price")
    await phone.write(lambda c: c.execute(sa.update(contract).values(insured=True, created_at=NOW + timedelta(1))))

    await phone.press(f"{GUARD}:not(.plain)")

    await phone.says("料金が変わりました")
    await phone.shows("#alert-list .price")
    assert [] == await rows_of(phone, sa.select(incident.c.id))
