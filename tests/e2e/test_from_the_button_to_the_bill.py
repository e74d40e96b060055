"""A contact presses the button, a guard goes, and when the month is over everyone's share is exact to the yen and everyone
can read why: by the tariff of Kobe as it comes with the product, from the contract to the paper over HTTP alone.
"""

import csv
import io
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from app.kit.ids import new_id
from tests.e2e.stage import Stage, Watch, at_home
from tests.e2e.test_a_guard_finds_her import accepted, live
from tests.e2e.turnout import Crew, Turnout, a_turnout, ok

DAY_MIN = 24 * 60
BILLS = "/v1/billing/documents"
ALSOK = {
    "name": "総合警備保障株式会社", "address": "神戸市中央区磯辺通4-1-44", "registration_number": "T1234567890123",
    "bank": {"bank": "みなと銀行", "number": "1234567", "holder": "ミマモリ"},
}  # fmt: skip
CHOICES = {"cancelled_before_departure": "free", "cancelled_after_departure": "one_unit"}
"""What Kobe's paper leaves open and the contract says."""


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    """ALSOK's guards on duty; Hana has no contract yet."""
    await stage.pass_by(0)  # The schemes are what their files say.
    return await a_turnout(stage, company="alsok", enrolled=False)


async def contracted(turnout: Turnout, clerk: httpx.AsyncClient, choices: dict[str, str]) -> str:
    """The clerk enters her contract of the first of April; its id."""
    body = {"terms": {"scheme": "kobe", "contracted_on": "2026-04-01", "choices": choices}}
    made = ok(await clerk.post(f"/v1/wearers/{turnout.stage.town.hana.id}/contracts", json=body))
    found: str = made["id"]
    return found


async def price(turnout: Turnout) -> dict[str, Any]:
    """What the daughter is shown before she presses."""
    shown = ok(await turnout.daughter.get(f"/v1/wearers/{turnout.stage.town.hana.id}/quote"))
    assert shown["you_may_ask"]
    found: dict[str, Any] = shown["quote"]
    return found


async def found_and_handed_over(turnout: Turnout, watch: Watch) -> None:
    """Three waves, then one accepts, sees where she is, finds her within the hour and hands her over."""
    stage, crew = turnout.stage, turnout.crews[4]
    shown = await accepted(turnout, watch)
    assert ("accepted", "alsok警備保障") == (shown["state"], shown["unit"]["company"])
    await turnout.told(stage.town.daughter, "警備員がハナさんのところへ向かいます")
    await turnout.step(crew, "depart")
    await stage.pass_by(20)
    await live(watch)
    watch.say(at_home("UD", stage.now, north_m=400))
    assert "LK" == await watch.tell("LK,0,0,64")
    assert pytest.approx(34.7606, abs=1e-4) == ok(await crew.app.get(f"{turnout.path}/place"))["place"]["lat_deg"]
    for step in ("arrive", "search", "find"):
        await turnout.step(crew, step)
    await turnout.told(stage.town.son, "ハナさんが見つかりました")
    await stage.pass_by(22)
    await turnout.step(crew, "hand_over", says="佐藤 美咲")
    assert "cleared" == (await turnout.step(crew, "clear"))["state"]


async def gone(turnout: Turnout, app: httpx.AsyncClient | None = None, **more: Any) -> Crew:
    """Somebody asks, and the first who is asked accepts and sets out."""
    await turnout.ask(app, **more)
    crew = turnout.crews[(await turnout.asked())[0]]
    await turnout.accept(crew)
    await turnout.step(crew, "depart")
    return crew


async def back(turnout: Turnout, crew: Crew) -> None:
    """She is found, handed over, and that is the end."""
    await turnout.step(crew, "find")
    await turnout.step(crew, "hand_over", says="佐藤 美咲")
    assert "cleared" == (await turnout.step(crew, "clear"))["state"]


async def practised(turnout: Turnout) -> None:
    """The control room, which the daughter lets see her, has everybody practise for half an hour."""
    consent = {"role": "operator", "scopes": ["alerts", "place"]}
    ok(await turnout.daughter.post(f"/v1/wearers/{turnout.stage.town.hana.id}/consents", json=consent))
    crew = await gone(turnout, turnout.operator, drill=True, quote="")
    await turnout.stage.pass_by(30)
    await back(turnout, crew)


async def called_off(turnout: Turnout, *, after: bool) -> None:
    """She came home by herself: before the guard has set out, or half an hour after."""
    if after:
        await gone(turnout)
        await turnout.stage.pass_by(30)
    else:
        await turnout.ask()
        await turnout.accept(turnout.crews[(await turnout.asked())[0]])
    off = ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": new_id().hex, "reason": "帰宅"}))
    assert f"cancelled_{'after' if after else 'before'}_departure" == off["state"]


async def two_hours(turnout: Turnout) -> None:
    """Before the first hour is over the daughter agrees to a second; found after 70 minutes."""
    crew = await gone(turnout)
    await turnout.stage.pass_by(51)
    ok(await turnout.daughter.post(f"{turnout.path}/hours", json={"key": "more", "hour": 2, "yes": True}))
    await turnout.stage.pass_by(19)
    await back(turnout, crew)


async def month_over(turnout: Turnout) -> httpx.AsyncClient:
    """It is May; the clerk, signed in anew, has said what stands on the company's documents."""
    await turnout.stage.pass_by(30 * DAY_MIN)
    turnout.daughter = await turnout.stage.sign_in(turnout.stage.town.daughter)
    clerk = await turnout.stage.sign_in(turnout.stage.town.clerk)
    ok(await clerk.put("/v1/billing/issuers/alsok", json=ALSOK))
    return clerk


async def closed(stage: Stage, clerk: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """The clerk closes April, and the service works on it until it is done."""
    run = ok(await clerk.post("/v1/billing/closings", json={"month": "2026-04"} | more))

    async def newest() -> dict[str, Any]:
        found: dict[str, Any] = ok(await clerk.get("/v1/billing/closings"))["items"][0]
        assert run["id"] == found["id"]
        return found

    for _ in range(5):  # A page, a document of the city, the end.
        await stage.pass_by(0)
    assert "closed" == (await newest())["state"]
    return await newest()


async def bill(app: httpx.AsyncClient, payer: str) -> dict[str, Any]:
    """The one document of that payer that somebody reads."""
    (found,) = ok(await app.get(f"{BILLS}?payer={payer}"))["items"]
    one: dict[str, Any] = found
    return one


async def amounts(app: httpx.AsyncClient, one: dict[str, Any]) -> list[tuple[str, int, int, str]]:
    """Of each line what for, how many, yen, and by which rule; sorted by all of it."""
    items = ok(await app.get(f"{BILLS}/{one['id']}/lines"))["items"]
    return sorted((line["code"], line["quantity"], line["amount_yen"], line["rule"]) for line in items)


async def paper(app: httpx.AsyncClient, one: dict[str, Any]) -> str:
    """What the PDF says, without spaces."""
    answer = await app.get(f"{BILLS}/{one['id']}/pdf")
    assert (200, "application/pdf") == (answer.status_code, answer.headers["content-type"])
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return "".join("".join(page.extract_text() for page in pages).replace("\0", "").split())


async def sheet(app: httpx.AsyncClient, one: dict[str, Any]) -> list[int]:
    """The amounts in the CSV, the greatest last."""
    answer = await app.get(f"{BILLS}/{one['id']}/lines.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return sorted(int(row["金額"]) for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def why(app: httpx.AsyncClient, one: dict[str, Any]) -> str:
    """How the document came about, in words."""
    return "\n".join(ok(await app.get(f"{BILLS}/{one['id']}/explanation"))["sentences"])


async def the_month(turnout: Turnout) -> None:
    """April: six turn-outs that the city pays, a practice, one called off, the seventh, and one called off too late."""
    stage = turnout.stage
    before = await price(turnout)
    assert (6, "city", 6_600, 19_800, 0) == tuple(
        before[name] for name in ("free_left", "payer_now", "unit_yen", "yen_max", "user_yen")
    )
    watch = await stage.connect_watch()
    assert "LK" == await watch.tell("LK,0,0,64")
    await found_and_handed_over(turnout, watch)
    await watch.hang_up()
    await practised(turnout)
    await called_off(turnout, after=False)
    assert 5 == (await price(turnout))["free_left"], "neither practice nor what was called off counts"
    for _ in range(5):
        crew = await gone(turnout)
        await stage.pass_by(30)
        await back(turnout, crew)
    before = await price(turnout)
    assert (0, "user", 6_600) == (before["free_left"], before["payer_now"], before["user_yen"])
    await two_hours(turnout)
    await called_off(turnout, after=True)


async def test_from_the_price_to_the_paper(turnout: Turnout) -> None:
    clerk = await turnout.stage.sign_in(turnout.stage.town.clerk)
    await contracted(turnout, clerk, CHOICES)
    await the_month(turnout)
    assert 400 == (await clerk.post("/v1/billing/closings", json={"month": "2026-04"})).status_code, "it is not over"

    clerk = await month_over(turnout)
    run = await closed(turnout.stage, clerk)
    assert (1, 0) == (run["wearers"], run["gaps"])
    await the_citys(clerk)
    await the_familys(turnout, clerk)
    again = await closed(turnout.stage, clerk, everybody=True)
    assert (1, 1, 2) == (again["round"], again["wearers"], len(ok(await clerk.get(BILLS))["items"])), "nothing is new"


async def the_citys(clerk: httpx.AsyncClient) -> None:
    """加古川市 pays the fee of the contract and six hours."""
    one = await bill(clerk, "city")
    assert (4_950 + 6 * 6_600, 4_050, True, "加古川市") == (
        one["total_yen"], one["tax_yen"], one["qualified"], one["recipient"]
    )  # fmt: skip
    assert [("contract_fee", 1, 4_950, "contract_fee")] + [("turn_out", 1, 6_600, "dispatch.free")] * 6 == (
        await amounts(clerk, one)
    )
    assert [4_950] + [6_600] * 6 == await sheet(clerk, one)
    text = await paper(clerk, one)
    for item in ("加古川市", "登録番号T1234567890123", "ご請求金額44,550円", "令和8年4月分"):
        assert item in text, text
    words = await why(clerk, one)
    assert "1回目。6回目までは神戸市が負担します" in words, words
    assert "料金表 kobe-2024、規則 dispatch.free" in words


async def the_familys(turnout: Turnout, clerk: httpx.AsyncClient) -> None:
    """The Satos pay the month, both hours of the seventh, and one hour of what was called off too late."""
    daughter = turnout.daughter
    one = await bill(daughter, "user")
    assert [one["id"]] == [each["id"] for each in ok(await daughter.get(BILLS))["items"]], "the city's is not theirs"
    citys = await bill(clerk, "city")
    stranger = await turnout.stage.sign_in(turnout.stage.town.outsider)
    for app, key in ((daughter, citys["id"]), (stranger, one["id"])):
        for path in ("", "/lines", "/lines.csv", "/pdf", "/explanation"):
            assert 404 == (await app.get(f"{BILLS}/{key}{path}")).status_code, path

    assert (2_200 + 13_200 + 6_600, 2_000, 22_000, "issued") == (
        one["total_yen"], one["tax_yen"], one["open_yen"], one["state"]
    )  # fmt: skip
    lines = await amounts(daughter, one)
    assert ("monthly", 1, 2_200, "monthly") == lines[0]
    assert [
        (0, 0, "dispatch.cancelled_before_departure"),
        (1, 6_600, "dispatch.beyond"),
        (2, 13_200, "dispatch.beyond"),
    ] == [(quantity, yen, rule) for _, quantity, yen, rule in lines[1:]]
    assert [0, 2_200, 6_600, 13_200] == await sheet(daughter, one)
    text = await paper(daughter, one)
    for item in ("佐藤様", "登録番号T1234567890123", "ご請求金額22,000円", "令和8年4月分"):
        assert item in text, text
    words = await why(daughter, one)
    for item in (
        "70分を60分単位で数えて2単位", "7回目。6回を超えたので利用者が負担します", "6,600円 × 2時間 = 13,200円",
        "料金表 kobe-2024、規則 dispatch.beyond", "出発前の取り消し。料金はかかりません", "出発後の取り消し。1単位分",
        "うち消費税額等 2,000円",
    ):  # fmt: skip
        assert item in words, words


async def test_what_the_contract_does_not_say_is_asked_and_nothing_is_billed_until_it_is_said(turnout: Turnout) -> None:
    clerk = await turnout.stage.sign_in(turnout.stage.town.clerk)
    contract = await contracted(turnout, clerk, {})
    await called_off(turnout, after=False)

    clerk = await month_over(turnout)
    run = await closed(turnout.stage, clerk)
    (gap,) = ok(await clerk.get(f"/v1/billing/closings/{run['id']}/gaps"))["items"]
    assert (contract, ["terms.choices.cancelled_before_departure"]) == (gap["contract"], gap["why"])
    assert [] == ok(await clerk.get(BILLS))["items"]

    said = {"choices": {"cancelled_before_departure": "one_unit"}, "reason": "契約書のとおり"}
    ok(await clerk.patch(f"/v1/contracts/{contract}", json=said))
    run = await closed(turnout.stage, clerk)
    assert (1, 0) == (run["round"], run["gaps"])
    city, family = await bill(clerk, "city"), await bill(turnout.daughter, "user")
    assert (4_950 + 6_600, 2_200) == (city["total_yen"], family["total_yen"])
    assert "出発前の取り消し。1単位分" in await why(clerk, city)
