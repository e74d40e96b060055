"""The finder's side of a board: one thread a finder, one alert of all, and nothing that names anybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import AlertState, What
from app.alerts.tables import alert, alert_history
from app.config import Settings
from app.history.model import KnownBy
from app.history.store import said as said_places
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, TooMany
from app.kit.ids import LineId, new_id
from app.pictures import drawn_anew
from app.push.tables import message
from app.stickers import service as stickers
from app.stickers.model import Card, PhoneShown, Sticker
from app.stickers.service import boards
from app.stickers.store import cards, threads
from app.stickers.tables import sticker, sticker_line, sticker_thread
from app.stickers.threads import (
    EXPIRES_AFTER,
    FINDER_LINES_MAX,
    LAST_LINE_FOR,
    PHOTO_SIZE,
    PHOTOS_MAX,
    THREADS_PER_FINDER_AND_HOUR,
    THREADS_PER_STICKER_AND_HOUR,
    Begun,
    FinderSaid,
    FinderView,
    HerState,
    Line,
    Quiet,
    SharedPlace,
    Side,
    ThreadState,
)
from tests.build import HOME, NOW, Town, minutes, town, viewer
from tests.contract.stickers.build import a_sticker
from tests.photos import a_photo

KEY = boards.finder_key(b"a secret of these tests that is long enough")
MARK = b"m" * 32
ONCE = "form-0001"
PHOTO = drawn_anew(a_photo(80, 60), PHOTO_SIZE, "photo")
NOTHING = FinderSaid()
HURT = FinderSaid(states=frozenset({HerState.HURT}))
HERE = SharedPlace(lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg, accuracy_m=15.0)


@pytest.fixture
def here(connection: Connection) -> Town:
    return town(connection)


@pytest.fixture
def hers(connection: Connection, here: Town) -> Sticker:
    code = a_sticker(connection, here)
    connection.execute(sa.update(sticker).values(stuck_on="上着"))
    found = stickers.scanned(connection, code)
    assert found is not None
    return found.sticker


def tap(
    connection: Connection, found: Sticker, said: FinderSaid = NOTHING, *, once: str = ONCE, mark: bytes = MARK,
    at: datetime = NOW,
) -> Begun:  # fmt: skip
    return boards.begin(
        connection, found, said=said, language="ja", mark=mark, once=once, key=KEY, now=at
    )  # fmt: skip


def view(connection: Connection, secret: str, at: datetime = NOW) -> FinderView:
    found = boards.of_secret(connection, secret, at)
    assert found is not None
    return found


def alerts(connection: Connection) -> Sequence[Any]:
    return connection.execute(sa.select(alert).order_by(alert.c.id)).all()


def told(connection: Connection, kind: str) -> list[Any]:
    """The messages of a kind that were not called off, in order of time."""
    query = sa.select(message).where(message.c.kind == kind, message.c.state != "cancelled")
    return list(connection.execute(query.order_by(message.c.created_at, message.c.id)))


def test_a_tap_is_a_thread_and_an_urgent_alert_that_says_which_sticker(connection: Connection, hers: Sticker) -> None:
    begun = tap(connection, hers, FinderSaid(states=frozenset({HerState.CALM}), place=HERE))

    (one,) = alerts(connection)
    assert begun.thread is not None
    assert (one.id, "sticker", "urgent", "open") == (begun.thread.alert_id, one.kind, one.level, one.state)
    assert (HOME.lat_deg, 15.0) == (one.lat_deg, one.accuracy_m)
    first, *_ = told(connection, "alert.finder")
    assert ("上着", "calm") == (first.params["stuck_on"], first.params["seems"])
    assert hers.wearer_id is not None
    place = said_places.last_of_wearers(connection, [hers.wearer_id])[hers.wearer_id]
    assert (KnownBy.STICKER, HOME.lat_deg) == (place.known_by, place.lat_deg)


def test_a_form_that_is_sent_twice_is_one_thread_with_one_secret_and_one_line(
    connection: Connection, hers: Sticker
) -> None:
    first, second = tap(connection, hers, HURT), tap(connection, hers, HURT, at=NOW + minutes(1))

    assert first.secret == second.secret
    assert first.thread is not None
    assert second.thread is not None
    assert first.thread.id == second.thread.id
    assert 1 == len(view(connection, first.secret).lines) == len(alerts(connection))


def test_two_finders_are_two_threads_and_one_alert(connection: Connection, hers: Sticker) -> None:
    first, second = tap(connection, hers), tap(connection, hers, HURT, once="form-0002", at=NOW + minutes(1))

    assert first.secret != second.secret
    (one,) = alerts(connection)
    whats = [row.what for row in connection.execute(sa.select(alert_history).where(alert_history.c.alert_id == one.id))]
    assert What.EVIDENCE.value in whats
    assert not view(connection, first.secret).lines
    assert 1 == len(view(connection, second.secret).lines)
    assert told(connection, "board.hurt"), "whoever sees to it hears that the second one finds her hurt"


def test_that_she_is_hurt_is_told_as_an_emergency_once_and_opens_an_alert_that_was_over(
    connection: Connection, hers: Sticker
) -> None:
    secret = tap(connection, hers).secret
    boards.say(connection, secret, HURT, "line-0001", NOW + minutes(1))
    once = told(connection, "board.hurt")
    boards.say(connection, secret, HURT, "line-0002", NOW + minutes(2))

    assert once == told(connection, "board.hurt")
    assert {"urgent"} == {one.level for one in once}

    other = tap(connection, hers, once="form-0002", at=NOW + minutes(3)).secret
    connection.execute(sa.update(alert).values(state=AlertState.RESOLVED.value, ended_at=NOW + minutes(4)))
    boards.say(connection, other, HURT, "line-0003", NOW + minutes(5))

    assert ["resolved", "open"] == [one.state for one in alerts(connection)]


def test_what_is_written_within_a_minute_is_told_together(connection: Connection, hers: Sticker) -> None:
    secret = tap(connection, hers).secret
    for second in (10, 20, 30):
        boards.say(connection, secret, FinderSaid(words="寒い"), f"line-{second:04}", NOW + timedelta(seconds=second))

    found = told(connection, "board.line")
    assert {NOW + timedelta(seconds=60)} == {one.not_before for one in found}
    assert 2 == len(found), "one for each phone"
    assert not any("寒い" in str(one.params) for one in found)


def test_words_are_plain_and_a_line_sent_twice_is_one(connection: Connection, hers: Sticker) -> None:
    secret = tap(connection, hers).secret
    for _ in range(2):
        boards.say(connection, secret, FinderSaid(words=" \u202e<b>駅</b>\x07の前 "), "line-0001", NOW + minutes(1))

    assert ["<b>駅</b>の前"] == [one.words for one in view(connection, secret).lines]
    with pytest.raises(InvalidInput):
        boards.say(connection, secret, FinderSaid(words="あ" * 501), "line-0002", NOW)


def test_she_reads_what_the_family_chose_and_nobodys_name(connection: Connection, here: Town, hers: Sticker) -> None:
    contact = households.add_contact(
        connection, here.hana.id, "隣の山田", phone="079-000-1111", by=here.daughter.id, now=NOW
    )
    cards.put(
        connection,
        Card(
            wearer_id=here.hana.id, nickname="ハナちゃん", helps="歌", illness="糖尿病", contact_id=contact.id,
            phone_shown=PhoneShown.TAP,
        ),
    )  # fmt: skip
    secret = tap(connection, hers).secret
    found = view(connection, secret)

    assert ("ハナちゃん", "歌", "", "079-000-1111") == (found.nickname, found.helps, found.illness, found.phone)
    text = msgspec.json.encode(found).decode()
    for hidden in (here.hana.name, "佐藤", "山田", str(here.hana.id), hers.number, str(hers.id)):
        assert hidden not in text.replace("ハナちゃん", "")


def test_threads_of_one_sticker_have_an_end_within_an_hour(connection: Connection, hers: Sticker) -> None:
    for number in range(THREADS_PER_STICKER_AND_HOUR):
        assert tap(connection, hers, once=f"form-{number:04}", mark=bytes([number]) * 32).thread is not None

    more = tap(connection, hers, once="form-more", at=NOW + minutes(5))
    assert (None, Quiet.TOO_MANY) == (more.thread, more.quiet)
    assert tap(connection, hers, once="form-later", at=NOW + minutes(61)).thread is not None


def test_one_phone_cannot_use_up_the_threads_of_a_sticker(connection: Connection, hers: Sticker) -> None:
    for number in range(THREADS_PER_FINDER_AND_HOUR):
        assert tap(connection, hers, once=f"form-{number:04}").thread is not None

    assert Quiet.TOO_MANY is tap(connection, hers, once="form-more").quiet
    assert tap(connection, hers, once="form-real", mark=b"r" * 32).thread is not None


def test_nobody_writes_without_end(connection: Connection, hers: Sticker) -> None:
    begun = tap(connection, hers)
    assert begun.thread is not None
    for number in range(FINDER_LINES_MAX - 2):
        line = Line(id=LineId(new_id()), thread_id=begun.thread.id, side=Side.FINDER, at=NOW, words="a")
        assert threads.add_line(connection, line, b"%032d" % number)
    for number in range(2):
        assert boards.say(connection, begun.secret, FinderSaid(words="a"), f"line-{number:04}", NOW) is not None

    with pytest.raises(TooMany):
        boards.say(connection, begun.secret, FinderSaid(words="a"), "line-more", NOW)


def test_a_thread_that_nobody_writes_in_expires_and_shows_nothing_after_a_day(
    connection: Connection, hers: Sticker
) -> None:
    secret = tap(connection, hers, HURT).secret
    over = NOW + EXPIRES_AFTER

    assert view(connection, secret, over - minutes(1)).goes_on
    ended = view(connection, secret, over)
    assert (ThreadState.EXPIRED, (), "", "") == (ended.state, ended.lines, ended.nickname, ended.phone)
    with pytest.raises(Conflict):
        boards.say(connection, secret, FinderSaid(words="a"), "line-0001", over)
    assert boards.of_secret(connection, secret, over + LAST_LINE_FOR) is None


def test_an_unknown_secret_opens_nothing(connection: Connection, hers: Sticker) -> None:
    tap(connection, hers)

    for secret in ("", "x", "a" * 43, "\u3042"):
        assert boards.of_secret(connection, secret, NOW) is None
        assert boards.say(connection, secret, HURT, "line-0001", NOW) is None
        assert not boards.report(connection, secret, "x", NOW)


def test_neither_secret_nor_code_lies_in_the_tables(connection: Connection, hers: Sticker) -> None:
    secret = tap(connection, hers, HURT).secret
    rows = [*connection.execute(sa.select(sticker_thread)), *connection.execute(sa.select(sticker_line))]

    assert not any(secret in str(value) or secret.encode() == value for row in rows for value in row)


def test_a_finder_sends_a_few_photos(connection: Connection, hers: Sticker) -> None:
    secret = tap(connection, hers).secret
    for number in range(PHOTOS_MAX):
        boards.add_photo(connection, secret, PHOTO, f"photo-{number:03}", NOW)
    with pytest.raises(TooMany):
        boards.add_photo(connection, secret, PHOTO, "photo-more", NOW)
    assert [True] * PHOTOS_MAX == [line.has_photo for line in view(connection, secret).lines]


def test_a_place_that_cannot_be_costs_nothing_else(connection: Connection, hers: Sticker) -> None:
    for number, place in enumerate(
        (
            SharedPlace(lat_deg=1e9, lon_deg=0.0, accuracy_m=1.0),
            SharedPlace(lat_deg=float("nan"), lon_deg=0.0, accuracy_m=1.0),
            SharedPlace(lat_deg=35.0, lon_deg=135.0, accuracy_m=90_000.0),
        )
    ):
        said = FinderSaid(words="here", place=place)
        assert tap(connection, hers, said, once=f"form-{number:04}").thread is not None


def test_who_is_no_longer_watched_has_no_thread_that_goes_on(connection: Connection, here: Town, hers: Sticker) -> None:
    secret = tap(connection, hers).secret
    households.end_wearer(connection, viewer(here.daughter), here.hana.id, NOW + minutes(1))
    jobs.run_all(connection, Settings(), NOW + minutes(2))

    assert ThreadState.CLOSED is view(connection, secret, NOW + minutes(2)).state
    assert ["cancelled"] == [one.state for one in alerts(connection)]
