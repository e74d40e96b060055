"""Who is in the register of an SOS network on which days, and whom the police may be told of."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.kit.errors import InvalidInput
from app.kit.ids import AccountId, CityId, NetworkEntryId, WearerId, new_id
from app.programmes.register import NEEDS_CONSENT, Applicant, Consenter, Entry, must_be_sound, overlap
from tests.build import NOW

DAYS = st.dates(date(2023, 12, 1), date(2028, 4, 1))
MAYBE = st.none() | DAYS

ENTRIES = st.builds(
    Entry,
    id=st.just(NetworkEntryId(new_id())),
    city_id=st.just(CityId(442011)),
    wearer_id=st.just(WearerId(new_id())),
    network=st.just("oita"),
    number=st.just("1"),
    entered_on=DAYS,
    applied_by=st.sampled_from(Applicant),
    consent_by=st.none() | st.sampled_from(Consenter),
    consent_on=MAYBE,
    police_since=MAYBE,
    left_on=MAYBE,
    created_by=st.just(AccountId(new_id())),
    created_at=st.just(NOW),
)


def sound(one: Entry, today: date) -> bool:
    try:
        must_be_sound(one, today)
    except InvalidInput:
        return False
    return True


@given(ENTRIES, DAYS)
def test_an_entry_is_of_days_that_were_and_of_people_who_agreed(one: Entry, today: date) -> None:
    days = one.entered_on <= today and (one.left_on is None or one.entered_on <= one.left_on <= today)
    if one.consent_by is None or one.consent_on is None:
        agreed = one.consent_by is one.consent_on is None and one.applied_by not in NEEDS_CONSENT
    else:
        agreed = one.consent_on <= one.entered_on

    assert (days and agreed) == sound(one, today)


@given(ENTRIES, DAYS)
def test_the_police_know_only_of_who_is_in_it_and_agreed_by_then(one: Entry, day: date) -> None:
    runs = one.entered_on <= day and (one.left_on is None or day < one.left_on)
    agreed = one.police_since is not None and one.police_since <= day

    assert (runs, runs and agreed) == (one.runs_on(day), one.shared_on(day))
    gone = replace(one, withdrawn_at=NOW)
    assert [False] * 3 == [gone.runs_on(day), gone.shared_on(day), gone.runs]


@given(ENTRIES, ENTRIES)
def test_entries_overlap_when_both_run_on_some_day(one: Entry, other: Entry) -> None:
    last = max(one.entered_on, other.entered_on)
    both = any(one.runs_on(day) and other.runs_on(day) for day in (last, last + timedelta(days=1)))

    if sound(one, date(2030, 1, 1)) and sound(other, date(2030, 1, 1)):
        assert overlap(other, one) == overlap(one, other)
        # An entry that was left on its first day is of no day, and still is in the way of one that goes on over it.
        assert overlap(one, other) or not both
