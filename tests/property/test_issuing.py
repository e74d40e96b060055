"""Who is given stickers, on which day and on which application."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.kit.ids import AccountId, CityId, IssueId, NetworkEntryId, WearerId, new_id
from app.programmes.register import Applicant, Entry
from app.stickers import schemes
from app.stickers.issuing import Asked, Issue, Kind, Why, kind_of, latest_of, refusals, rules_of
from app.stickers.schemes import Way
from tests.build import NOW

OITA = schemes.packaged()["oita"]
SHE, CLERK = WearerId(new_id()), AccountId(new_id())
DAYS = st.dates(date(2023, 1, 1), date(2029, 12, 31))
ASKED = st.builds(
    Asked, kind=st.sampled_from(Kind), way=st.sampled_from(Way), stamped_envelope=st.booleans(),
    wanted=st.none() | st.integers(1, 40),
)  # fmt: skip
SCHEMES = st.sampled_from(list(schemes.packaged().values()))


def entry(entered_on: date, left_on: date | None = None) -> Entry:
    return Entry(
        id=NetworkEntryId(new_id()), city_id=CityId(442011), wearer_id=SHE, network="oita", number="1",
        entered_on=entered_on, applied_by=Applicant.HERSELF, left_on=left_on, created_by=CLERK, created_at=NOW,
    )  # fmt: skip


def issue(handed_over_on: date | None, **more: Any) -> Issue:
    values: dict[str, Any] = {
        "id": IssueId(new_id()), "city_id": CityId(442011), "wearer_id": SHE, "scheme": "oita", "kind": Kind.FIRST,
        "form": "第1号", "way": Way.DESK, "handed_in_on": handed_over_on or date(2025, 5, 1),
        "applied_by": Applicant.HERSELF, "wanted": 20, "created_by": CLERK, "created_at": NOW,
        "handed_over_on": handed_over_on,
    }  # fmt: skip
    return Issue(**(values | more))


def whys(asked: Asked, entries: Sequence[Entry], issues: Sequence[Issue], day: date) -> list[Why]:
    return [one.why for one in refusals(OITA, asked, entries, issues, day)]


@given(DAYS, DAYS)
@example(date(2024, 2, 29), date(2025, 2, 27))
@example(date(2024, 2, 29), date(2025, 2, 28))
@example(date(2023, 2, 28), date(2024, 2, 27))
@example(date(2025, 5, 1), date(2026, 4, 30))
@example(date(2025, 5, 1), date(2026, 5, 1))
def test_again_when_a_year_has_passed_since_the_latest_issue(latest: date, day: date) -> None:
    try:
        same_day = latest.replace(year=latest.year + 1)
    except ValueError:  # 29 February
        same_day = date(latest.year + 1, 2, 28)
    found = refusals(OITA, Asked(kind=Kind.AGAIN, way=Way.DESK), [entry(date(2020, 1, 1))], [issue(latest)], day)

    assert ([] if day >= same_day else [(Why.TOO_EARLY, same_day)]) == [(one.why, one.from_on) for one in found]


@given(st.lists(DAYS, min_size=1, max_size=4), DAYS)
def test_a_year_is_counted_from_the_latest_issue_whatever_came_before(days: list[date], day: date) -> None:
    issues = [issue(one) for one in days]
    asked = Asked(kind=Kind.AGAIN, way=Way.DESK)
    entries = [entry(date(2020, 1, 1))]

    assert max(days) == latest_of(issues)
    assert whys(asked, entries, [issue(max(days))], day) == whys(asked, entries, issues, day)
    # What came to nothing counts nowhere.
    assert whys(asked, entries, issues, day) == whys(asked, entries, [*issues, issue(None, withdrawn_at=NOW)], day)


@given(SCHEMES, ASKED, DAYS, st.none() | DAYS, st.none() | DAYS, DAYS)
def test_what_is_granted_keeps_every_rule(
    scheme: schemes.StickerScheme, asked: Asked, entered: date, left: date | None, latest: date | None, day: date
) -> None:
    issues = [] if latest is None else [issue(latest)]
    entries, rules = [entry(entered, left)], rules_of(scheme, asked.kind)
    granted = not refusals(scheme, asked, entries, issues, day)

    assert granted == (
        entries[0].runs_on(day)
        and kind_of(issues) is asked.kind
        and (asked.wanted or 0) <= rules.stickers
        and asked.way in rules.ways
        and not (asked.way is Way.POST and rules.stamped_envelope and not asked.stamped_envelope)
        and not (scheme is OITA and latest is not None and Why.TOO_EARLY in whys(asked, entries, issues, day))
        and (scheme is OITA or latest is None or day >= latest)
    )


@given(SCHEMES, ASKED, st.none() | DAYS, DAYS)
def test_a_refusal_goes_away_on_the_day_that_it_names(
    scheme: schemes.StickerScheme, asked: Asked, latest: date | None, day: date
) -> None:
    issues = [] if latest is None else [issue(latest)]
    entries = [entry(date(2020, 1, 1))]
    for one in refusals(scheme, asked, entries, issues, day):
        if one.from_on is not None:
            assert day < one.from_on
            on_it, before = (
                {each.why for each in refusals(scheme, asked, entries, issues, one.from_on - timedelta(days=ago))}
                for ago in (0, 1)
            )
            assert one.why in before
            assert one.why not in on_it
        assert one.says.ja.endswith("。")
        assert one.says.en.endswith(".")


def test_a_clerk_reads_why_and_until_when() -> None:
    asked = Asked(kind=Kind.AGAIN, way=Way.POST, wanted=11)
    found = refusals(OITA, asked, [], [issue(date(2024, 2, 29)), issue(None)], date(2024, 12, 1))

    assert [
        "見守り・SOSネットワークに登録されていません。先に登録してください。",
        "2025年5月1日に受け付けた申請が、まだ交付されていません。",
        "前回の交付日は2024年2月29日です。再交付は2025年2月28日から申請できます。",
        "1回に交付できるのは10枚までです。",
        "切手を貼った返信用封筒が同封されていません。",
    ] == [one.says.ja for one in found]


@pytest.mark.parametrize(
    ("asked", "issues", "expected"),
    [
        (Asked(kind=Kind.FIRST, way=Way.DESK, wanted=20), [], []),
        (Asked(kind=Kind.FIRST, way=Way.POST), [], [Why.NOT_THIS_WAY]),
        (Asked(kind=Kind.FIRST, way=Way.DESK, wanted=21), [], [Why.TOO_MANY]),
        (Asked(kind=Kind.FIRST, way=Way.DESK), [issue(date(2020, 1, 1))], [Why.HAD_SOME]),
        (Asked(kind=Kind.AGAIN, way=Way.DESK), [], [Why.HAD_NONE]),
        (Asked(kind=Kind.AGAIN, way=Way.POST, stamped_envelope=True, wanted=10), [issue(date(2020, 1, 1))], []),
    ],
    ids=["twenty", "by post", "too many", "had some", "had none", "again by post"],
)
def test_oita_gives_twenty_at_the_desk_and_ten_again(asked: Asked, issues: list[Issue], expected: list[Why]) -> None:
    assert expected == whys(asked, [entry(date(2020, 1, 1))], issues, date(2026, 4, 1))


def test_who_has_left_the_network_is_given_none() -> None:
    asked, day = Asked(kind=Kind.FIRST, way=Way.DESK), date(2026, 4, 1)

    assert [Why.NOT_IN_NETWORK] == whys(asked, [entry(date(2020, 1, 1), day)], [], day)
    assert [Why.NOT_IN_NETWORK] == whys(asked, [replace(entry(date(2020, 1, 1)), withdrawn_at=NOW)], [], day)
