"""Bills over HTTP, through the real application."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader

from app.accounts.model import Role
from app.billing import service
from app.billing.service.closing import next_step
from app.config import Settings
from app.households import service as households
from app.households.model import Wearer
from app.jobs import run_all
from app.programmes.model import Payer
from tests.build import NOW
from tests.contract.billing import contracted
from tests.contract.billing.build import MONTH, Owing
from tests.contract.web import HERE, Town, make_account, town
from tests.unit.billing.build import line

BILLS = "/v1/billing/documents"
ALSOK = {
    "name": "総合警備保障株式会社", "address": "神戸市中央区磯辺通4-1-44", "registration_number": "T1234567890123",
    "bank": {"bank": "みなと銀行", "number": "1234567", "holder": "ミマモリ"},
}  # fmt: skip


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """The town, its application running, and a company that bills there."""
    with town(where) as one:
        with one.database.transaction() as connection:
            for name in ("Alsok", "Secom"):
                one.people[name] = make_account(connection, Role.CONTROL_ROOM, name)
        ask(one, "Clerk", "PUT", "/v1/billing/issuers/alsok", ALSOK)
        yield one


@pytest.fixture
def hana(here: Town) -> Wearer:
    """Hanako's mother."""
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "田中", [here.people["Hanako"].id], NOW)
        return households.create_wearer(connection, home.id, "ハナ", by=here.people["Hanako"].id, now=NOW)


def answer_to(here: Town, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = here.client.request(method, path, json=body, headers=here.headers_of(name))
    assert answer.status_code == status, answer.text
    return answer


def ask(here: Town, name: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = answer_to(here, name, method, path, body, status)
    return answer.json() if answer.content else None


def close(here: Town, owing: Owing, **more: Any) -> Any:
    """Closes the month as the clerk would, and does what the job of the service does then."""
    run = ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": MONTH} | more)
    with here.database.transaction() as connection:
        while (step := next_step(connection, here.clock(), 100, UUID(run["id"]), owing)) is not None:
            step(connection)
    return run


def billed(here: Town, hana: Wearer) -> Any:
    """The document of her family, whose month is closed: a fee, and one turn-out of 7 this year."""
    owing = Owing()
    owing.owes(
        hana.id,
        line(2_200),
        line(
            6_600, code="turn_out", label={"ja": "かけつけ", "en": "turn-out"}, unit="hour", source="u7", rule="turn_out",
            because={"ja": "今年度7回目、6回までは市の負担", "en": "the 7th of the fiscal year, the city pays 6"},
        ),
        line(4_950, code="contract", payer=Payer.CITY, ward="中央区", category="elderly"),
    )  # fmt: skip
    close(here, owing)
    (one,) = ask(here, "Hanako", "GET", BILLS)["items"]
    return one


def test_a_family_reads_what_it_is_asked_for_and_why(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    lines = ask(here, "Hanako", "GET", f"{BILLS}/{one['id']}/lines")["items"]
    words = ask(here, "Hanako", "GET", f"{BILLS}/{one['id']}/explanation?lang=en")["sentences"]

    assert (8_800, 800, "invoice", True, "issued", 8_800) == (
        one["total_yen"], one["tax_yen"], one["kind"], one["qualified"], one["state"], one["open_yen"],
    )  # fmt: skip
    assert "2026-05-01" == one["due_on"]
    assert {"monthly", "turn_out"} == {line["code"] for line in lines}
    assert "    the 7th of the fiscal year, the city pays 6" in words
    assert any("6,600 yen × 1 hour = 6,600 yen" in text for text in words)
    assert any("800 yen of it tax" in text for text in words)


def test_the_paper_says_who_asks_whom_for_what(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    answer = answer_to(here, "Hanako", "GET", f"{BILLS}/{one['id']}/pdf")
    text = "".join(PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().replace("\0", "").split())

    assert "application/pdf" == answer.headers["content-type"]
    for item in ("田中様", "登録番号T1234567890123", "ご請求金額8,800円", "令和8年3月分", "かけつけ1時間"):
        assert item in text


def test_a_city_prints_each_price_once_and_has_every_line_in_a_file(here: Town, hana: Wearer) -> None:
    owing = Owing()
    owing.owes(hana.id, *[line(1_000, code="call", payer=Payer.CITY, ward="=北区", source=f"u{n}") for n in range(3)])
    close(here, owing)
    (one,) = ask(here, "Clerk", "GET", BILLS)["items"]
    paper = answer_to(here, "Clerk", "GET", f"{BILLS}/{one['id']}/pdf").content
    text = "".join(PdfReader(io.BytesIO(paper)).pages[0].extract_text().replace("\0", "").split())
    content = answer_to(here, "Clerk", "GET", f"{BILLS}/{one['id']}/lines.csv").content
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    assert 1 == text.count("月額利用料")
    assert "3か月1,0003,000" in text or "3月1,0003,000" in text
    assert content.startswith(b"\xef\xbb\xbf")
    assert ["1000"] * 3 == [row["金額"] for row in rows]
    assert {"'=北区"} == {row["区"] for row in rows}


def test_a_name_that_no_font_has_is_said(here: Town, hana: Wearer) -> None:
    with here.database.transaction() as connection:
        home = households.create_household(connection, HERE, "佐藤 😀", [here.people["Taro"].id], NOW)
        other = households.create_wearer(connection, home.id, "人", by=here.people["Taro"].id, now=NOW)
    owing = Owing()
    owing.owes(other.id, line(2_200))
    close(here, owing)
    (one,) = ask(here, "Taro", "GET", BILLS)["items"]
    problem = ask(here, "Taro", "GET", f"{BILLS}/{one['id']}/pdf", status=409)

    assert "U+1F600" in problem["detail"]
    assert "😀" not in problem["detail"]


def test_a_font_that_is_set_and_is_none_is_said(where: Path | str) -> None:
    with town(where, Settings(billing_font="/nowhere/font.otf")) as one:
        ask(one, "Clerk", "PUT", "/v1/billing/issuers/alsok", ALSOK)
        with one.database.transaction() as connection:
            home = households.create_household(connection, HERE, "田中", [one.people["Hanako"].id], NOW)
            hana = households.create_wearer(connection, home.id, "ハナ", by=one.people["Hanako"].id, now=NOW)
        document = billed(one, hana)
        problem = ask(one, "Hanako", "GET", f"{BILLS}/{document['id']}/pdf", status=409)

    assert "billing_font" in problem["detail"]
    assert "nowhere" not in problem["detail"]


def pay(here: Town, name: str, one: Any, amount_yen: int, key: str, status: int = 200, **more: Any) -> Any:
    body = {"amount_yen": amount_yen, "on": "2026-04-01", "key": key} | more
    return ask(here, name, "POST", f"{BILLS}/{one['id']}/payments", body, status)


def state(here: Town, one: Any) -> tuple[str, int]:
    found = ask(here, "Clerk", "GET", f"{BILLS}/{one['id']}")
    return found["state"], found["open_yen"]


def test_paid_in_parts_late_too_much_and_given_back(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    first = pay(here, "Clerk", one, 800, "a")

    assert first == pay(here, "Clerk", one, 800, "a")
    assert ("partly", 8_000) == state(here, one)
    here.clock.pass_by(timedelta(days=30))
    assert ("partly", 8_000) == state(here, one)
    here.clock.pass_by(timedelta(days=1))
    assert ("overdue", 8_000) == state(here, one)
    assert [one["id"]] == [
        each["id"] for each in ask(here, "Clerk", "GET", "/v1/billing/arrears")["items"] if each["payer"] == "user"
    ]
    pay(here, "Clerk", one, 9_000, "b")
    assert ("overpaid", -1_000) == state(here, one)
    pay(here, "Clerk", one, 1_001, "c", kind="refunded", status=409)
    pay(here, "Clerk", one, 1_000, "c", kind="refunded")
    assert ("paid", 0) == state(here, one)
    assert [800, 9_000, 1_000] == [
        each["amount_yen"] for each in ask(here, "Hanako", "GET", f"{BILLS}/{one['id']}/payments")["items"]
    ]


def test_what_will_not_come_is_given_up(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    pay(here, "Clerk", one, 8_801, "a", kind="written_off", status=409)
    pay(here, "Clerk", one, 8_800, "a", kind="written_off")

    assert ("written_off", 0) == state(here, one)


def test_a_payment_of_somebody_else_is_taken_back_once(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    wrong = pay(here, "Clerk", one, 8_800, "a")
    path = f"{BILLS}/{one['id']}/payments/{wrong['id']}/take-back"
    back = ask(here, "Clerk", "POST", path, {"note": "田中違い"})

    assert back == ask(here, "Clerk", "POST", path, {"note": "田中違い"})
    assert (-8_800, wrong["id"]) == (back["amount_yen"], back["takes_back"])
    assert ("issued", 8_800) == state(here, one)
    ask(here, "Clerk", "POST", path.replace(wrong["id"], back["id"]), {"note": "x"}, 409)
    ask(here, "Clerk", "POST", path.replace(wrong["id"], str(uuid4())), {"note": "x"}, 404)


def test_a_key_is_one_payment(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    pay(here, "Clerk", one, 100, "a")
    pay(here, "Clerk", one, 200, "a", status=409)
    pay(here, "Clerk", one, 100, "b", on="2026-04-02", status=400)

    assert ("partly", 8_700) == state(here, one)


def test_a_correction_lessens_what_is_owed(here: Town, hana: Wearer) -> None:
    """Paid, then found out that the turn-out was the city's: too much is paid, and the return says of what."""
    one = billed(here, hana)
    pay(here, "Clerk", one, 8_800, "a")
    owing = Owing()
    owing.owes(hana.id, line(2_200), line(6_600, code="turn_out", source="u7", payer=Payer.CITY))
    close(here, owing, everybody=True)
    back = next(each for each in ask(here, "Hanako", "GET", BILLS)["items"] if each["kind"] == "return")

    assert (-6_600, one["id"], "offset", None) == (
        back["total_yen"], back["corrects"], back["state"], back["open_yen"],
    )  # fmt: skip
    assert ("overpaid", -6_600) == state(here, one)
    pay(here, "Clerk", back, 100, "x", status=409)
    text = "".join(
        PdfReader(io.BytesIO(answer_to(here, "Hanako", "GET", f"{BILLS}/{back['id']}/pdf").content))
        .pages[0].extract_text().replace("\0", "").split()
    )  # fmt: skip
    assert f"{one['number']}（令和8年3月分）に係る返還" in text


def test_a_company_reads_its_own_bills_and_no_others(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    ask(here, "Clerk", "PUT", "/v1/billing/issuers/secom", {"name": "セコム株式会社"})
    for name in ("Alsok", "Secom"):
        path = f"/v1/billing/issuers/{name.lower()}/readers/{here.people[name].id}"
        ask(here, "Clerk", "PUT", path, status=204)

    assert one["id"] in {each["id"] for each in ask(here, "Alsok", "GET", BILLS)["items"]}
    assert [] == ask(here, "Secom", "GET", BILLS)["items"]
    ask(here, "Secom", "GET", f"{BILLS}/{one['id']}", status=404)
    pay(here, "Secom", one, 1, "a", status=404)
    pay(here, "Alsok", one, 8_800, "a")
    ask(here, "Clerk", "DELETE", f"/v1/billing/issuers/alsok/readers/{here.people['Alsok'].id}", status=204)
    ask(here, "Alsok", "GET", f"{BILLS}/{one['id']}", status=404)
    ask(here, "Clerk", "PUT", f"/v1/billing/issuers/alsok/readers/{here.people['Operator'].id}", status=409)
    ask(here, "Clerk", "PUT", f"/v1/billing/issuers/nobody/readers/{here.people['Alsok'].id}", status=404)


def test_who_leaves_a_company_reads_its_bills_no_more(here: Town, hana: Wearer) -> None:
    one, alsok = billed(here, hana), here.people["Alsok"].id
    firm = {"name": "会社", "phone": "078-000-0000", "licence": "1"}
    first, second = (
        ask(here, "Clerk", "POST", "/v1/companies", firm | {"code": code}, status=201)["id"]
        for code in ("alsok", "secom")
    )
    for company in (first, second):
        ask(here, "Clerk", "PUT", f"/v1/companies/{company}/crew/{alsok}", {})
        if company == first:
            ask(here, "Clerk", "PUT", f"/v1/billing/issuers/alsok/readers/{alsok}", status=204)
            ask(here, "Alsok", "GET", f"{BILLS}/{one['id']}")

    with here.database.transaction() as connection:
        run_all(connection, Settings(), here.clock())
    ask(here, "Alsok", "GET", f"{BILLS}/{one['id']}", status=404)


def test_a_family_reads_the_bills_of_who_has_died(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)
    ask(here, "Hanako", "DELETE", f"/v1/wearers/{hana.id}", status=204)

    assert one["id"] == ask(here, "Hanako", "GET", f"{BILLS}/{one['id']}")["id"]


def test_whom_a_protection_hides_is_in_no_bill_that_one_reads(here: Town, hana: Wearer) -> None:
    """Her family's bill is not there for that clerk; of the city's the sums stay, and whose a line is does not."""
    one = billed(here, hana)
    (citys,) = ask(here, "Clerk", "GET", f"{BILLS}?payer=city")["items"]
    with here.database.transaction() as connection:
        clerk = here.people["Clerk"].id
        households.protect(connection, hana.id, "職員", account_id=clerk, by=here.people["Boss"].id, now=NOW)
    shown = ask(here, "Clerk", "GET", f"{BILLS}/{citys['id']}/lines")["items"]
    content = answer_to(here, "Clerk", "GET", f"{BILLS}/{citys['id']}/lines.csv").text

    ask(here, "Clerk", "GET", f"{BILLS}/{one['id']}", status=404)
    assert [(None, None, 4_950)] == [(line["wearer"], line["contract"], line["amount_yen"]) for line in shown]
    assert str(hana.id) not in content
    assert str(hana.id) in answer_to(here, "Boss", "GET", f"{BILLS}/{citys['id']}/lines.csv").text


def test_a_statement_by_ward_and_category(here: Town, hana: Wearer) -> None:
    billed(here, hana)
    found = ask(here, "Clerk", "GET", f"/v1/billing/statements?month={MONTH}")
    content = answer_to(here, "Clerk", "GET", "/v1/billing/statements.csv").content.decode("utf-8-sig")

    assert [("alsok", "中央区", "elderly", 1, 4_950)] == [
        tuple(part[name] for name in ("issuer", "ward", "category", "wearers", "total_yen")) for part in found["parts"]
    ]
    assert (4_950, 450) == (found["total_yen"], found["tax_yen"])
    assert ["2026-03,alsok,中央区,高齢者,1,1,4950,450", "2026-03,alsok,合計,,1,1,4950,450"] == content.splitlines()[1:]


def test_lists_go_page_by_page_and_by_what_is_asked(here: Town, hana: Wearer) -> None:
    one = billed(here, hana)

    found = ask(here, "Clerk", "GET", f"{BILLS}?limit=1")
    rest = ask(here, "Clerk", "GET", f"{BILLS}?limit=1&cursor={found['next']}")
    assert 2 == len({each["id"] for each in found["items"] + rest["items"]})
    assert rest["next"] is None
    for query, count in (
        ("payer=user", 1), ("payer=city", 1), (f"wearer={hana.id}", 1), ("issuer=secom", 0), ("month=2026-02", 0),
        (f"month={MONTH}&issuer=alsok&payer=user", 1),
    ):  # fmt: skip
        assert count == len(ask(here, "Clerk", "GET", f"{BILLS}?{query}")["items"]), query
    content = answer_to(here, "Hanako", "GET", f"{BILLS}.csv?month={MONTH}").content.decode("utf-8-sig")
    assert [one["number"]] == [row["番号"] for row in csv.DictReader(io.StringIO(content))]


def test_closings_are_begun_by_the_office_for_months_that_are_over(here: Town) -> None:
    run = ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": MONTH})

    assert ("open", 0, 0) == (run["state"], run["round"], run["wearers"])
    assert run == ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": MONTH})
    ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": "2026-04"}, 400)
    ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": "2026-13"}, 400)
    ask(here, "Hanako", "POST", "/v1/billing/closings", {"month": MONTH}, 403)
    assert [run["id"]] == [each["id"] for each in ask(here, "Clerk", "GET", "/v1/billing/closings")["items"]]
    assert [] == ask(here, "Farclerk", "GET", "/v1/billing/closings")["items"]


@pytest.mark.parametrize("number", ["1234567890123", "T123456789012", "T12345678901234", "T123456789012a"])
def test_a_registration_number_is_t_and_13_digits(here: Town, number: str) -> None:
    ask(here, "Clerk", "PUT", "/v1/billing/issuers/x", {"name": "X", "registration_number": number}, 400)


def test_the_service_works_on_a_run_until_it_is_closed(here: Town, hana: Wearer) -> None:
    """By its table of jobs, with the scheme and the contract as they are in the tables."""
    with here.database.transaction() as connection:
        contracted.kobe(connection, HERE, [hana.id])
    ask(here, "Clerk", "POST", "/v1/billing/closings", {"month": MONTH})
    for _ in range(4):  # A page, the city's document if there is one, the end; and nothing after it.
        with here.database.transaction() as connection:
            run_all(connection, Settings(), here.clock())
    (run,) = ask(here, "Clerk", "GET", "/v1/billing/closings")["items"]

    assert ("closed", 1, 0) == (run["state"], run["wearers"], run["gaps"])
    assert [2_200] == [one["total_yen"] for one in ask(here, "Hanako", "GET", BILLS)["items"]]


def test_the_job_of_the_service_closes_by_itself_from_the_day_that_is_set(here: Town, hana: Wearer) -> None:
    with here.database.transaction() as connection:
        for day, expected in ((0, False), (2, False), (1, True)):
            step = service.plan_closing(connection, day, here.clock())

            assert expected == (step is not None), day
        assert step is not None
        step(connection)
    assert [(MONTH, "open")] == [
        (one["month"], one["state"]) for one in ask(here, "Clerk", "GET", "/v1/billing/closings")["items"]
    ]


@pytest.mark.parametrize("text", ["警備\n合計 0円", "警備\u202e", "警備\0", "警\t備"])
@pytest.mark.parametrize("field", ["name", "address", "phone"])
def test_what_stands_on_a_bill_is_one_line(here: Town, field: str, text: str) -> None:
    """A line break would forge a line of the paper, and a character that no font has would let none be printed."""
    problem = ask(here, "Clerk", "PUT", "/v1/billing/issuers/secom", ALSOK | {field: text}, 400)

    assert field == problem["errors"][0]["where"]


def test_the_bank_that_stands_on_a_bill_is_one_line(here: Town) -> None:
    for field in ("bank", "branch", "holder"):
        bank = {"bank": "みなと銀行", "number": "1234567", "holder": "ミマモリ"} | {field: "みなと\n普通 7654321"}
        problem = ask(here, "Clerk", "PUT", "/v1/billing/issuers/secom", ALSOK | {"bank": bank}, 400)

        assert f"bank.{field}" == problem["errors"][0]["where"]
