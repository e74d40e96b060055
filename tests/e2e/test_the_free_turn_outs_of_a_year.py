"""Six turn-outs a fiscal year are the city's; the seventh is the family's, and they read so before they press. Who is
asked for on the last evening of March counts for the year in which the guard set out.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.programmes import service as programmes
from app.programmes.model import Payer
from app.programmes.rating import rate
from app.programmes.service.quoting import Quoted
from app.programmes.store import contracts
from tests.build import minutes
from tests.e2e.stage import Stage, a_stage
from tests.e2e.turnout import Crew, Turnout, a_turnout, ok

LAST_EVENING = datetime(2026, 3, 31, 14, 20, tzinfo=UTC)
"""Twenty past eleven in the evening of 31 March in Japan."""


@pytest.fixture
async def turnout(stage: Stage) -> Turnout:
    return await a_turnout(stage, crews=1)


@pytest.fixture
async def evening(where: Path | str, tmp_path: Path) -> AsyncIterator[Turnout]:
    async with a_stage(where, tmp_path, LAST_EVENING) as stage:
        yield await a_turnout(stage, crews=1)


async def price(turnout: Turnout) -> Quoted:
    stage = turnout.stage
    found = await stage.database.read(lambda c: programmes.quote(c, stage.town.hana.id, stage.now))
    assert found is not None
    return found


async def lines(turnout: Turnout, month: date) -> list[tuple[int, int, Payer]]:
    """What the turn-outs of a month cost: hours, yen and who pays."""

    def rated(c: Any) -> list[tuple[int, int, Payer]]:
        contract = contracts.one(c, turnout.contract_id)
        assert contract is not None
        used = programmes.usage_of_month(c, [contract], f"{month:%Y-%m}")[contract.id]
        made = rate(programmes.scheme_for(c, contract), contract.terms, used)
        return [(one.quantity, one.amount_yen, one.payer) for one in made.lines if one.source]

    found: list[tuple[int, int, Payer]] = await turnout.stage.database.read(rated)
    return found


async def out_and_back(turnout: Turnout, crew: Crew, took_min: float) -> None:
    """A guard is asked for, goes, finds her and hands her over so many minutes after he set out."""
    await turnout.ask()
    await turnout.accept(crew)
    await turnout.step(crew, "depart")
    await turnout.stage.pass_by(took_min)
    await turnout.step(crew, "find")
    await turnout.step(crew, "hand_over", says="娘")
    await turnout.step(crew, "clear")


async def test_the_seventh_of_the_year_is_the_familys_and_they_read_so_before(turnout: Turnout) -> None:
    (crew,) = turnout.crews
    for number in range(1, 7):
        before = (await price(turnout)).quote
        assert (7 - number, Payer.CITY) == (before.free_left, before.payer_now)
        await out_and_back(turnout, crew, 30)
        assert number == (await turnout.usage()).facts.quota_number
    before = (await price(turnout)).quote
    assert (0, Payer.USER, 6600) == (before.free_left, before.payer_now, before.user_yen)

    await out_and_back(turnout, crew, 50)
    assert 7 == (await turnout.usage()).facts.quota_number
    assert [(1, 6600, Payer.CITY)] * 6 + [(1, 6600, Payer.USER)] == await lines(turnout, date(2026, 4, 1))


async def test_what_was_called_off_before_anybody_set_out_is_given_back(turnout: Turnout) -> None:
    (crew,) = turnout.crews
    await turnout.ask()
    await turnout.accept(crew)
    assert 5 == (await price(turnout)).quote.free_left, "it is held"
    ok(await turnout.daughter.post(f"{turnout.path}/cancel", json={"key": "off"}))

    assert 6 == (await price(turnout)).quote.free_left
    assert [(0, 0, Payer.USER)] == await lines(turnout, date(2026, 4, 1)), "a line that says why it costs nothing"
    await out_and_back(turnout, crew, 30)
    assert 1 == (await turnout.usage()).facts.quota_number


async def test_who_set_out_at_half_past_eleven_counts_for_the_old_year_and_costs_two_hours(evening: Turnout) -> None:
    (crew,) = evening.crews
    await evening.stage.pass_by(10)
    await evening.ask()
    await evening.accept(crew)
    await evening.step(crew, "depart")
    departed = evening.stage.now
    await evening.stage.pass_by(51)
    ok(await evening.daughter.post(f"{evening.path}/hours", json={"key": "more", "hour": 2, "yes": True}))
    await evening.stage.pass_by(19)
    await evening.step(crew, "find")
    await evening.step(crew, "hand_over", says="娘")
    await evening.step(crew, "clear")

    used = await evening.usage()
    assert (departed, departed + minutes(70), 1, date(2026, 3, 31)) == (
        used.facts.departed_at, used.facts.ended_at, used.facts.quota_number, used.on
    )  # fmt: skip
    assert [(2, 13_200, Payer.CITY)] == await lines(evening, date(2026, 3, 1))
    assert 6 == (await price(evening)).quote.free_left, "the new year has begun"


async def test_accepted_in_march_and_set_out_in_april_counts_for_the_new_year(evening: Turnout) -> None:
    (crew,) = evening.crews
    await evening.stage.pass_by(30)
    await evening.ask()
    await evening.accept(crew)
    assert 5 == (await price(evening)).quote.free_left
    await evening.stage.pass_by(20)
    await evening.step(crew, "depart")

    assert 5 == (await price(evening)).quote.free_left
    await evening.stage.pass_by(30)
    await evening.step(crew, "find")
    await evening.step(crew, "hand_over", says="娘")
    await evening.step(crew, "clear")
    used = await evening.usage()
    assert (date(2026, 4, 1), 1) == (used.on, used.facts.quota_number)
    assert ([], [(1, 6600, Payer.CITY)]) == (
        await lines(evening, date(2026, 3, 1)), await lines(evening, date(2026, 4, 1))
    )  # fmt: skip
