"""What a helper reads is the family's choice; a number on the scan needs a consent, and a city whose scheme has it."""

import pytest
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import CityId, ContactId, WearerId, new_id
from app.stickers import service
from app.stickers.model import Card, PhoneShown
from app.stickers.service.cards import CardDraft
from tests.build import NOW, account, minutes, town, viewer

OITA = CityId(442011)


def contact_of(connection: Connection, wearer_id: WearerId) -> ContactId:
    return households.add_contact(connection, wearer_id, "娘", phone="097-000-0000", now=NOW).id


def test_the_card_is_written_by_who_looks_after_her_and_read_by_who_sees_her_alerts(connection: Connection) -> None:
    here = town(connection)
    draft = CardDraft(nickname=" はなさん ", helps="ゆっくり\r\n歌", illness="糖尿病", shows_illness=True)

    card = service.write_card(connection, viewer(here.daughter), here.hana.id, draft, NOW)

    assert ("はなさん", "ゆっくり\n歌", PhoneShown.TAP) == (card.nickname, card.helps, card.phone_shown)
    assert (here.daughter.id, NOW) == (card.changed_by, card.changed_at)
    for one in (here.son, here.clerk, here.daughter):
        assert card == service.her_card(connection, viewer(one), here.hana.id, NOW)
    for one in (here.son, here.outsider, here.stranger, here.operator):
        with pytest.raises(NotFound):
            service.write_card(connection, viewer(one), here.hana.id, draft, NOW)
    with pytest.raises(NotFound):
        service.her_card(connection, viewer(here.outsider), here.hana.id, NOW)


def test_a_card_that_nobody_wrote_is_empty_and_the_newest_one_counts(connection: Connection) -> None:
    here = town(connection)
    daughter = viewer(here.daughter)

    assert Card(wearer_id=here.hana.id) == service.her_card(connection, daughter, here.hana.id, NOW)
    for nickname in ("はな", "はなちゃん"):
        service.write_card(connection, daughter, here.hana.id, CardDraft(nickname=nickname), NOW)

    assert "はなちゃん" == service.her_card(connection, daughter, here.hana.id, NOW).nickname


def test_only_a_contact_of_hers_is_named(connection: Connection) -> None:
    here = town(connection)
    other = households.create_wearer(connection, here.hana.household_id, "次郎", by=here.daughter.id, now=NOW)

    for contact_id in (ContactId(new_id()), contact_of(connection, other.id)):
        draft = CardDraft(contact_id=contact_id)
        with pytest.raises(NotFound):
            service.write_card(connection, viewer(here.daughter), here.hana.id, draft, NOW)


def test_a_number_stands_on_the_scan_only_with_consent_where_the_scheme_has_it(connection: Connection) -> None:
    here = town(connection)
    accounts.create_city(connection, city_id=OITA, name="大分市", zone="Asia/Tokyo", now=NOW)
    child = account(connection, "child", "大分 花", city=OITA)
    home = households.create_household(connection, OITA, "大分", [child.id], NOW)
    wearer = households.create_wearer(connection, home.id, "梅", by=child.id, now=NOW)
    contact_id = contact_of(connection, wearer.id)
    asked = viewer(child)

    for draft in (
        CardDraft(phone_shown=PhoneShown.SCAN, phone_consent=True),
        CardDraft(phone_shown=PhoneShown.SCAN, contact_id=contact_id),
    ):
        with pytest.raises(InvalidInput):
            service.write_card(connection, asked, wearer.id, draft, NOW)
    agreed = CardDraft(phone_shown=PhoneShown.SCAN, contact_id=contact_id, phone_consent=True)
    assert NOW == service.write_card(connection, asked, wearer.id, agreed, NOW).phone_consent_at
    assert NOW == service.write_card(connection, asked, wearer.id, agreed, NOW + minutes(5)).phone_consent_at
    tap = CardDraft(phone_shown=PhoneShown.TAP, contact_id=contact_id, phone_consent=True)
    assert service.write_card(connection, asked, wearer.id, tap, NOW).phone_consent_at is None
    again = service.write_card(connection, asked, wearer.id, agreed, NOW + minutes(9))
    assert NOW + minutes(9) == again.phone_consent_at

    elsewhere = CardDraft(
        phone_shown=PhoneShown.SCAN, contact_id=contact_of(connection, here.hana.id), phone_consent=True
    )
    with pytest.raises(Conflict):
        service.write_card(connection, viewer(here.daughter), here.hana.id, elsewhere, NOW)
