"""The page behind the QR code, asked for as phones, chats and guessers do."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.model import Account
from app.accounts.tables import city
from app.stickers import limits, schemes, service
from app.stickers.model import PhoneShown, StickerState
from tests.build import NOW, Town, account, minutes, viewer
from tests.contract.stickers.build import a_code, a_sticker
from tests.contract.stickers.street import PHONE, Street, first_contact, put_card


def test_both_ways_of_writing_it_open_the_same_page(street: Street) -> None:
    pages = [street.client.get(path, headers={"user-agent": PHONE}) for path in
             (f"/s/{street.code}", f"/S/{street.code}", f"/S/{street.code.lower()}", f"/s/{street.code}/")]  # fmt: skip

    assert [200] * 4 == [page.status_code for page in pages]
    assert all(f'action="/s/{street.code}"' in page.text for page in pages)
    assert 4 == len({page.text for page in pages})  # Each has a `once` of its own.


def test_nothing_may_keep_show_or_tell_the_page(street: Street) -> None:
    for page in (street.scan(), street.scan(a_code()), street.scan("nonsense")):
        headers = page.headers

        assert "no-store" == headers["cache-control"]
        assert "no-referrer" == headers["referrer-policy"]
        assert headers["x-robots-tag"].startswith("noindex")
        assert headers["permissions-policy"].startswith("geolocation=(self)")
        assert "nosniff" == headers["x-content-type-options"]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "set-cookie" not in headers
        assert len(page.content) < 8 * 1024


def test_the_one_script_is_ours_and_may_be_kept(street: Street) -> None:
    script = street.client.get("/s/place.js")

    assert "public, max-age=86400" == script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")


def test_nothing_personal_is_on_the_page_before_the_tap(street: Street) -> None:
    marks = {name: f"ZZ{name.upper()}ZZ" for name in ("nickname", "helps", "illness")}
    contact_id = first_contact(street, "090-7777-7777")
    put_card(
        street, **marks, shows_illness=True, contact_id=contact_id, phone_shown=PhoneShown.TAP, phone_consent_at=NOW
    )
    names = [one.name for one in (street.town.daughter, street.town.son, street.town.hana)]
    mails = [street.town.daughter.email]

    for page in (street.scan(), street.scan(sec_purpose="prefetch"), street.client.head(f"/s/{street.code}")):
        said = page.text + str(page.headers)
        assert not any(
            words in said for words in [*marks.values(), *names, *mails, "090-7777", "AA0000", str(street.town.hana.id)]
        )


@pytest.mark.parametrize(
    ("scheme", "shown", "consent", "is_there"),
    [
        ("oita", PhoneShown.SCAN, True, True),
        ("oita", PhoneShown.SCAN, False, False),
        ("oita", PhoneShown.TAP, True, False),
        ("oita", PhoneShown.NEVER, True, False),
        ("standard", PhoneShown.SCAN, True, False),
    ],
)
def test_a_contacts_number_is_there_only_by_scheme_card_and_consent(
    street: Street, monkeypatch: pytest.MonkeyPatch, scheme: str, shown: PhoneShown, consent: bool, is_there: bool
) -> None:
    monkeypatch.setattr(schemes, "of_city", lambda _city: schemes.packaged()[scheme])
    contact_id = first_contact(street, "090-7777-7777")
    put_card(street, contact_id=contact_id, phone_shown=shown, phone_consent_at=NOW if consent else None)

    assert is_there == ("tel:09077777777" in street.scan().text)


def test_the_telephone_of_the_city_is_there(street: Street) -> None:
    with street.database.transaction() as connection:
        connection.execute(sa.update(city).values(phone="079-421-2000"))

    assert "tel:0794212000" in street.scan().text


def test_the_page_is_in_the_language_of_the_phone_or_of_the_link(street: Street) -> None:
    assert '<html lang="ko">' in street.scan(accept_language="ko-KR,en;q=0.5").text
    assert '<html lang="vi">' in street.client.get(f"/s/{street.code}?l=vi", headers={"accept-language": "ko"}).text
    assert '<html lang="ja">' in street.client.get(f"/s/{street.code}?l=%00").text


@pytest.mark.parametrize("state", [one for one in StickerState if one is not StickerState.ISSUED])
def test_what_is_not_in_use_looks_like_what_never_was(street: Street, state: StickerState) -> None:
    with street.database.transaction() as connection:
        code = a_sticker(connection, street.town, number="AA0001", state=state)
    kept, unknown, nonsense = street.scan(code), street.scan(a_code()), street.scan("x" * 14)

    assert [404] * 3 == [page.status_code for page in (kept, unknown, nonsense)]
    assert kept.content == unknown.content == nonsense.content
    assert sorted(kept.headers.items()) == sorted(unknown.headers.items())
    assert "tel:119" in kept.text
    assert [] == street.rows()


def test_scans_within_ten_minutes_are_one_line_for_the_family(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NOTED_EVERY_S", 0.0)
    for _ in range(3):
        street.scan()
        street.clock.pass_by(minutes(3))
    street.clock.pass_by(minutes(2))
    street.scan(accept_language="pt")

    assert [(3, "en", False), (1, "pt", False)] == [(row.times, row.language, row.machine) for row in street.rows()]
    assert [NOW, NOW + minutes(6)] == [street.rows()[0].first_at, street.rows()[0].last_at]


def test_machines_leave_a_marked_line_and_looking_ahead_none(street: Street) -> None:
    assert 200 == street.scan(user_agent="facebookexternalhit/1.1;line-poker/1.0").status_code
    assert 200 == street.client.head(f"/s/{street.code}", headers={"user-agent": PHONE}).status_code
    assert 200 == street.scan(sec_purpose="prefetch;prerender").status_code

    assert [True] == [row.machine for row in street.rows()]


def test_the_family_and_staff_read_scans_and_nobody_else(street: Street) -> None:
    street.scan()
    with street.database.transaction() as connection:
        nurse = account(connection, "nurse", "看護 三郎")
        for who in (street.town.daughter, street.town.clerk):
            (found,) = service.scans_of(connection, viewer(who), street.town.hana.id, None, 10, NOW)
            assert ("AA0000", 1, "en") == (found.number, found.times, found.language)
        for outsider in (street.town.outsider, street.town.stranger, nurse):
            assert _none_for(connection, outsider, street.town)


def _none_for(connection: Any, who: Account, here: Town) -> bool:
    from app.kit.errors import NotFound

    try:
        service.scans_of(connection, viewer(who), here.hana.id, None, 10, NOW)
    except NotFound:
        return True
    return False


def test_scans_are_forgotten_and_an_address_is_nowhere(street: Street) -> None:
    street.client.get(f"/s/{street.code}", headers={"user-agent": PHONE, "x-test-peer": "203.0.113.77"})
    (row,) = street.rows()
    assert b"203.0.113" not in row.mark
    with street.database.transaction() as connection:
        service.forget_scans_before(connection, NOW + timedelta(days=1))

    assert [] == street.rows()


def test_a_guesser_waits_and_somebody_real_behind_the_same_address_comes_through(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [0.0]
    waits: list[float] = []

    async def no_wait(wait_s: float) -> None:
        waits.append(wait_s)

    monkeypatch.setattr("app.stickers.routes.finder.monotonic_s", lambda: at[0])
    monkeypatch.setattr("app.stickers.routes.finder.asyncio.sleep", no_wait)

    answers = [street.scan(a_code()).status_code for _ in range(60)]
    first = street.scan()
    at[0] += limits.RETRY_S
    answers += [street.scan(a_code()).status_code for _ in range(60)]
    second = street.scan()

    assert (404, 429) == (answers[0], answers[-1])
    assert (429, "5", "5") == (first.status_code, first.headers["retry-after"], first.headers["refresh"])
    assert "tel:119" in first.text
    assert 200 == second.status_code
    assert [200] * 20 == [street.scan().status_code for _ in range(20)]
    assert 0 < max(waits) <= limits.SLOW.wait_max_s
    assert limits.HOLD_S in waits
