"""What the office cannot mean about contracts is refused where it is said, over HTTP."""

import pytest

from app.households.model import Wearer
from tests.contract.programmes.test_routes import REASON, ask, enter, hana, here
from tests.contract.web import Town

__all__ = ["hana", "here"]


def test_a_contract_that_was_sent_twice_is_one(here: Town, hana: Wearer) -> None:
    """One with an end too: the network failed, the clerk pressed again, and the family is not asked twice."""
    enter(here, hana, contracted_on="2026-03-01", ended_on="2027-02-28")
    enter(here, hana, 409, contracted_on="2026-03-01", ended_on="2027-02-28")
    enter(here, hana, contracted_on="2027-03-01", ended_on="2028-02-29")

    assert 2 == len(ask(here, "Clerk", "GET", f"/v1/wearers/{hana.id}/contracts")["items"])


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_contract_can_mean_is_refused_where_it_is_said(here: Town, hana: Wearer, day: str) -> None:
    """Kept, it would let no contract of hers be changed any more."""
    path = f"/v1/contracts/{enter(here, hana)['id']}"
    for away in ({"from": day}, {"from": "2026-03-01", "known_on": day}, {"from": "2026-03-01", "until": day}):
        ask(here, "Clerk", "POST", f"{path}/absences", {"absence": {"kind": "hospital"} | away, **REASON}, 400)
    ask(here, "Clerk", "POST", f"{path}/residences", {"from": day, "ward": "北区", **REASON}, 400)
    ask(here, "Clerk", "PATCH", path, {"devices": 2, **REASON})


@pytest.mark.parametrize(("ward", "kept"), [(" 北区　", "北区"), ("　", None), ("北\u202e区", None)])
def test_a_ward_has_one_spelling(here: Town, hana: Wearer, ward: str, kept: str | None) -> None:
    """Else a city would be sent two bills for one ward."""
    path = f"/v1/contracts/{enter(here, hana)['id']}/residences"
    body = {"from": "2026-03-01", "ward": ward, **REASON}
    answer = ask(here, "Clerk", "POST", path, body, 200 if kept else 400)

    assert not kept or [kept] == [one["ward"] for one in answer["items"]]


def test_more_turn_outs_than_anybody_can_count_are_refused(here: Town, hana: Wearer) -> None:
    """They would stop the unit that accepts the next one: no row holds its number."""
    enter(here, hana, 400, free_used={"FY2026": 10**12})


def test_days_of_assistance_that_end_before_they_begin_are_refused(here: Town, hana: Wearer) -> None:
    span = {"from": "2026-05-01", "until": "2026-04-01"}
    problem = enter(here, hana, 400, assistance=[span])

    assert "terms.assistance[0].until" == problem["errors"][0]["where"]
