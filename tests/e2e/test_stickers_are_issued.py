"""Oita gives a wearer stickers: first the register of the network, then twenty at the desk once the family is reached,
ten more by post after a year; the police look them up, and her family reads that they did.
"""

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from email.headerregistry import Address as Sender
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role
from app.config import Settings
from app.households import service as households
from app.households.model import Wearer
from app.kit.ids import CityId, new_id
from app.push import outbox
from app.push import store as push_store
from app.push.channels.email.letter import letter, links_of
from app.push.channels.parcel import parcel
from app.push.model import AddressKind, Channel
from app.push.outbox import Settlement
from app.push.render import title_and_body
from app.push.retry import Delivery, Outcome
from app.push.tokens import Tokens
from app.stickers import codes
from app.stickers.model import StickerState
from app.stickers.numbers import number_of
from app.stickers.tables import sticker, sticker_batch
from tests.build import NOW, viewer
from tests.contract.stickers.build import a_code
from tests.contract.web import Town, make_account, town

OITA = CityId(442011)
SECRET = b"the secret of the town with stickers"
PUBLIC = "https://town.example"
MAILBOX = "musume@example.jp"
CODE = a_code()
"""Of the first sticker in stock."""
CAST = {"Sachi": Role.FAMILY, "Ota": Role.CLERK, "Koban": Role.POLICE, "Desk": Role.OPERATOR}
APPLIES = {"kind": "first", "way": "desk", "applied_by": "relative", "applicant": "Sachi"}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """Oita, with sixty stickers in stock."""
    settings = Settings(smtp_host="127.0.0.1", mail_from="us@town.example", public_url=PUBLIC)
    with town(where, settings, detector_secret=SECRET) as one:
        with one.database.transaction() as connection:
            accounts.create_city(connection, city_id=OITA, name="大分市", zone="Asia/Tokyo", now=NOW)
            people = {name: make_account(connection, role, name, OITA) for name, role in CAST.items()}
            stock(connection, people["Ota"].id, CODE)
        one.people = {**one.people, **people}
        yield one


def stock(connection: Connection, by: Any, code: str, count: int = 60) -> None:
    batch_id = new_id()
    batch = {"layout": "a4-20", "material": "paper", "count": count, "printed_by": by, "printed_at": NOW}
    connection.execute(sa.insert(sticker_batch).values(id=batch_id, city_id=OITA, **batch))
    rows = [
        {
            "id": new_id(), "city_id": OITA, "token_hash": codes.hash_of(code) if place == 0 else place.to_bytes(32), "number": number_of(place),
            "batch_id": batch_id, "sheet": 1, "material": "paper", "state": StickerState.STOCK, "stuck_on": "",
        }
        for place in range(count)
    ]  # fmt: skip
    connection.execute(sa.insert(sticker), rows)


@pytest.fixture
def hana(here: Town) -> Wearer:
    return a_wearer(here, "Hana")


def a_wearer(here: Town, name: str) -> Wearer:
    """Somebody's mother; Sachi is of the household and reads a mailbox."""
    with here.database.transaction() as connection:
        sachi = here.people["Sachi"].id
        home = households.create_household(connection, OITA, f"{name}'s", [sachi], NOW)
        wearer = households.create_wearer(connection, home.id, name, by=sachi, now=NOW)
        households.add_contact(
            connection, wearer.id, "Sachi", relation="娘", phone="090-0000-0001", account_id=sachi, by=sachi, now=NOW
        )
    return wearer


def read_mail(here: Town) -> None:
    """Sachi's mailbox can be told things."""
    with here.database.transaction() as connection:
        one = accounts.add_address(
            connection, here.people["Sachi"].id, Channel.EMAIL, AddressKind.MAILBOX, MAILBOX, "ja", NOW,
            keys={"mailbox": MAILBOX},
        )  # fmt: skip
        push_store.set_confirmed(connection, one.id, NOW, {"mailbox": MAILBOX})


def ask(here: Town, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = here.client.request(method, path, json=body, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer


def enter(here: Town, wearer: Wearer, **more: Any) -> Any:
    return ask(here, "Ota", "POST", f"/v1/wearers/{wearer.id}/network", {"applied_by": "relative"} | more, 201)


def apply(here: Town, wearer: Wearer, status: int = 201, **more: Any) -> Any:
    return ask(here, "Ota", "POST", f"/v1/wearers/{wearer.id}/sticker-issues", APPLIES | more, status)


def give(here: Town, issue: Any, span: str, status: int = 200, **more: Any) -> Any:
    return ask(here, "Ota", "POST", f"/v1/sticker-issues/{issue['id']}/hand-over", {"numbers": [span]} | more, status)


def letters(here: Town) -> list[EmailMessage]:
    """What waits in the outbox for the mailbox, as the letters that go out."""
    with here.database.transaction() as connection:
        some = list(outbox.claim(connection, Channel.EMAIL, here.clock()))
        sent = [Settlement(message=one, delivery=Delivery(outcome=Outcome.SENT)) for one in some]
        outbox.settle(connection, sent, here.clock())
    found = []
    for one in some:
        words = title_and_body(one.kind, one.address.language, one.params)
        whole = parcel(one, words, Tokens(SECRET))
        raw = letter(whole, Sender(addr_spec="us@town.example"), MAILBOX, links_of(whole, PUBLIC))
        found.append(BytesParser(EmailMessage, policy=default).parsebytes(raw))  # type: ignore[arg-type]
    return found


def link(one: EmailMessage) -> str:
    (found,) = re.findall(rf"^{PUBLIC}(/\S+?)\r?$", one.get_content(), re.MULTILINE)
    return str(found)


def in_stock(here: Town) -> int:
    with here.database.transaction() as connection:
        query = sa.select(sa.func.count()).where(sticker.c.state == StickerState.STOCK)
        return int(connection.execute(query).scalar_one())


def test_the_network_first_then_the_desk(here: Town, hana: Wearer) -> None:
    refused = apply(here, hana, 409)
    assert "見守り・SOSネットワークに登録されていません。先に登録してください。" == refused["detail"]
    enter(here, hana)
    assert "第1号は窓口で提出してください。郵送では受け付けられません。" == apply(here, hana, 409, way="post")["detail"]
    assert "1回に交付できるのは20枚までです。" == apply(here, hana, 409, wanted=21)["detail"]

    standing = ask(here, "Sachi", "GET", f"/v1/wearers/{hana.id}/sticker-standing")
    assert ("first", "第1号", 20, []) == tuple(standing[name] for name in ("kind", "form", "most", "refusals"))
    made = apply(here, hana)
    assert ("第1号", 20, "1", None) == tuple(
        made[name] for name in ("form", "wanted", "network_number", "handed_over_on")
    )
    assert made == apply(here, hana)  # Pressed twice.
    assert "まだ交付されていません" in apply(here, hana, 409, wanted=10)["detail"]
    ask(here, "Sachi", "POST", f"/v1/wearers/{hana.id}/sticker-issues", APPLIES, 403)
    ask(here, "Farclerk", "POST", f"/v1/wearers/{hana.id}/sticker-issues", APPLIES, 404)


def test_somebody_else_applies_with_consent(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    for applied_by in ("care_manager", "support_centre"):
        refused = apply(here, hana, 400, applied_by=applied_by)
        assert "consent_by" == refused["errors"][0]["where"]
    made = apply(here, hana, applied_by="care_manager", consent_by="family", consent_on="2026-03-31")

    assert ("care_manager", "family", "2026-03-31") == tuple(
        made[name] for name in ("applied_by", "consent_by", "consent_on")
    )


def test_the_family_is_reached_before_stickers_are_handed_over(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    made = apply(here, hana)
    path = f"/v1/sticker-issues/{made['id']}/test-mail"
    assert "届け先が登録されている連絡先がありません" in ask(here, "Ota", "POST", path, status=409)["detail"]
    assert "テストメールがまだ確認されていません" in give(here, made, "AA0000-AA0019", 409)["detail"]
    read_mail(here)
    ask(here, "Ota", "POST", path, status=202)
    ask(here, "Ota", "POST", path, status=429)
    (one,) = letters(here)
    assert "見守りシールのテストのお知らせです" == one["subject"]

    # A machine that looks through mail says nothing.
    assert "届きましたか" in here.client.get(link(one)).text
    assert [None] == [each["came_at"] for each in ask(here, "Ota", "GET", path)["items"]]
    give(here, made, "AA0000-AA0019", 409)
    assert "確かめられました" in here.client.post(link(one)).text
    assert [("Sachi", 1, True)] == [
        (each["name"], each["addresses"], each["came_at"] is not None)
        for each in ask(here, "Sachi", "GET", path)["items"]
    ]

    assert "2026-04-01" == give(here, made, "AA0000-AA0019")["handed_over_on"]
    assert 40 == in_stock(here)
    give(here, made, "AA0020", 409)
    assert 404 == here.client.post(f"/mail/{'A' * 43}/came").status_code


def test_a_clerk_says_why_it_is_done_without_a_test(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    unknown = here.client.get(f"/S/{a_code()}")
    assert (unknown.status_code, unknown.text) == (
        here.client.get(f"/S/{CODE}").status_code, here.client.get(f"/S/{CODE}").text
    )  # fmt: skip
    made = give(here, apply(here, hana), "AA0000-AA0019", without_test="電話で確かめました")
    assert 200 == here.client.get(f"/S/{CODE}").status_code != unknown.status_code

    assert "電話で確かめました" == made["without_test"]
    assert [made] == ask(here, "Sachi", "GET", f"/v1/wearers/{hana.id}/sticker-issues")["items"]


def test_only_what_lies_in_stock_is_given_and_all_of_it_or_nothing(here: Town, hana: Wearer) -> None:
    other = a_wearer(here, "Fumi")
    enter(here, hana)
    enter(here, other)
    give(here, apply(here, hana), "AA0000-AA0019", without_test="at the desk")
    made = apply(here, other)

    assert "AA0019" in give(here, made, "AA0019-AA0022", 409, without_test="at the desk")["detail"]
    give(here, made, "ZZ0000", 409, without_test="at the desk")
    give(here, made, "AA0020-AA0040", 409, without_test="at the desk")
    give(here, made, "AAOOOO", 400, without_test="at the desk")
    assert 40 == in_stock(here)
    give(here, made, "aa0020 - aa0039", without_test="at the desk")
    assert 20 == in_stock(here)


def test_ten_more_by_post_after_a_year(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    give(here, apply(here, hana), "AA0000-AA0019", without_test="at the desk")
    again = {"kind": "again", "way": "post", "stamped_envelope": True}
    here.clock.pass_by(timedelta(days=364))
    early = apply(here, hana, 409, **again)
    assert "前回の交付日は2026年4月1日です。再交付は2027年4月1日から申請できます。" == early["detail"]
    here.clock.pass_by(timedelta(days=1))

    assert "返信用封筒" in apply(here, hana, 409, **again | {"stamped_envelope": False})["detail"]
    assert "10枚まで" in apply(here, hana, 409, **again, wanted=11)["detail"]
    assert "再交付申請書（第3号）" in apply(here, hana, 409)["detail"]
    made = apply(here, hana, **again)
    assert ("第3号", 10) == (made["form"], made["wanted"])
    give(here, made, "AA0020-AA0030", 409, without_test="by post")
    give(here, made, "AA0020-AA0029", without_test="by post")
    assert "2028年4月1日" in apply(here, hana, 409, **again)["detail"]


def test_nothing_comes_of_an_application(here: Town, hana: Wearer) -> None:
    enter(here, hana)
    made = apply(here, hana)
    gone = ask(here, "Ota", "POST", f"/v1/sticker-issues/{made['id']}/withdraw", {"reason": "she moved"})
    assert "she moved" == gone["withdrawn_reason"]
    give(here, made, "AA0000", 409, without_test="at the desk")

    apply(here, hana)


def test_a_change_is_told_on_the_form(here: Town, hana: Wearer) -> None:
    path = f"/v1/wearers/{hana.id}/sticker-notices"
    told = {"applied_by": "relative", "told": "電話番号が変わりました"}
    made = ask(here, "Ota", "POST", path, told, 201)
    ask(here, "Ota", "POST", path, told | {"applied_by": "care_manager"}, 400)

    assert ("第2号", "2026-04-01", "電話番号が変わりました") == tuple(
        made[name] for name in ("form", "handed_in_on", "told")
    )
    assert [made] == ask(here, "Sachi", "GET", path)["items"]


def test_the_police_look_up_who_agreed_and_her_family_reads_it(here: Town, hana: Wearer) -> None:
    other = a_wearer(here, "Fumi")
    enter(here, hana, police_since="2026-04-01", features="=HYPERLINK(1)")
    enter(here, other)
    give(here, apply(here, hana), "AA0000-AA0019", without_test="at the desk")
    give(here, apply(here, other), "AA0020-AA0039", without_test="at the desk")
    path = "/v1/sticker-register/numbers"

    found = ask(here, "Koban", "GET", f"{path}/aa0003")
    assert ("AA0003", "issued", "Hana", "1", [{"name": "Sachi", "relation": "娘", "phone": "090-0000-0001"}]) == (
        found["number"], found["state"], found["whose"]["name"], found["whose"]["network_number"],
        found["whose"]["contacts"],
    )  # fmt: skip
    for number in ("AA0020", "AA0040", "ZZ9999", "x"):
        ask(here, "Koban", "GET", f"{path}/{number}", status=404)
    assert "Fumi" == ask(here, "Desk", "GET", f"{path}/AA0020")["whose"]["name"]
    ask(here, "Farclerk", "GET", f"{path}/AA0003", status=404)
    ask(here, "Sachi", "GET", f"{path}/AA0003", status=403)

    assert [("Koban", "police", "register")] == looks(here, hana)
    assert [("Desk", "operator", "register")] == looks(here, other)


def test_the_register_goes_to_the_police_as_a_file(here: Town, hana: Wearer) -> None:
    other = a_wearer(here, "Fumi")
    entry = enter(here, hana, police_since="2026-04-01", features="=HYPERLINK(1)")
    enter(here, other)
    give(here, apply(here, hana), "AA0000-AA0019", without_test="at the desk")
    give(here, apply(here, other), "AA0020-AA0039", without_test="at the desk")

    assert ["Hana"] == [one["name"] for one in ask(here, "Koban", "GET", "/v1/sticker-register")["items"]]
    here.clock.pass_by(timedelta(minutes=20))
    content = ask(here, "Koban", "POST", "/v1/sticker-register/exports").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert ["1", "Hana", "", "'=HYPERLINK(1)", "AA0000-AA0019", "Sachi 娘 090-0000-0001"] == rows[1][:6]
    assert 2 == len(rows)
    (export,) = ask(here, "Ota", "GET", "/v1/sticker-register/exports")["items"]
    assert (1, "Koban") == (export["rows"], export["by"])
    assert 2 == len(looks(here, hana))
    assert [] == looks(here, other)

    change = {"police_since": None, "reason": "the family no longer agrees"}
    ask(here, "Ota", "PATCH", f"/v1/network-entries/{entry['id']}", change)
    assert [] == ask(here, "Koban", "GET", "/v1/sticker-register")["items"]
    ask(here, "Koban", "GET", "/v1/sticker-register/numbers/AA0000", status=404)


def test_the_register_hides_who_is_hidden(here: Town, hana: Wearer) -> None:
    enter(here, hana, police_since="2026-04-01")
    give(here, apply(here, hana), "AA0000-AA0019", without_test="at the desk")
    with here.database.transaction() as connection:
        koban, ota = here.people["Koban"], here.people["Ota"]
        households.protect(connection, hana.id, "uncle", account_id=koban.id, by=ota.id, now=NOW)
    ask(here, "Koban", "GET", "/v1/sticker-register/numbers/AA0000", status=404)
    assert [] == ask(here, "Koban", "GET", "/v1/sticker-register")["items"]
    assert "Hana" == ask(here, "Ota", "GET", "/v1/sticker-register/numbers/AA0000")["whose"]["name"]
    with here.database.transaction() as connection:
        households.end_wearer(connection, viewer(here.people["Ota"]), hana.id, NOW)
    ask(here, "Ota", "GET", "/v1/sticker-register/numbers/AA0000", status=404)


def looks(here: Town, wearer: Wearer) -> list[tuple[str, str, str]]:
    found = ask(here, "Sachi", "GET", f"/v1/wearers/{wearer.id}/looks")["items"]
    return [(one["viewer_name"], one["viewer_role"], one["purpose"]) for one in found]
