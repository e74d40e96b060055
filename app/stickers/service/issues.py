"""Stickers are applied for, the family is tried out with a test mail, and they are handed over; changes are told."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.db.locks import one_at_a_time
from app.households import service as households
from app.households.model import Wearer
from app.households.words import line, lines
from app.kit.calendar import local_date
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import IssueId, WearerId, new_id
from app.programmes import service as programmes
from app.programmes.register import Entry, must_be_agreed
from app.programmes.spans import must_be_near
from app.stickers import numbers as printed
from app.stickers import schemes
from app.stickers.issuing import Asked, Issue, Kind, Notice, Refusal, kind_of, latest_of, refusals, rules_of
from app.stickers.schemes import StickerScheme, Way
from app.stickers.service import mail_test
from app.stickers.store import binding
from app.stickers.store import issues as store
from app.stickers.store import stickers as sticker_store

WITHIN_DAYS = 366
"""An application is entered within a year after it was handed in."""


class Standing(Struct, frozen=True, kw_only=True):
    """What a wearer can apply for on a day, at most how many, and why not at the desk."""

    scheme: StickerScheme
    kind: Kind
    most: int
    latest_on: date | None
    refusals: Sequence[Refusal]


def issues_of(connection: Connection, viewer: Viewer, wearer_id: WearerId, now: datetime) -> list[Issue]:
    """All applications of a wearer, newest first, for who manages her. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    return store.of_wearer(connection, wearer_id)


def issue(connection: Connection, viewer: Viewer, issue_id: IssueId, now: datetime) -> Issue:
    """An application, for who manages its wearer. Raises `NotFound`."""
    found = store.one(connection, issue_id)
    if found is None:
        raise NotFound
    households.managed_wearer(connection, viewer, found.wearer_id, now)
    return found


def standing(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, way: Way, envelope: bool, now: datetime
) -> Standing:
    """May a wearer be given stickers today, and why not? For who manages her. Raises `NotFound`."""
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    scheme, mine, today = schemes.of_city(wearer.city_id), store.of_wearer(connection, wearer_id), local_date(now)
    asked = Asked(kind=kind_of(mine), way=way, stamped_envelope=envelope)
    return Standing(
        scheme=scheme, kind=asked.kind, most=rules_of(scheme, asked.kind).stickers, latest_on=latest_of(mine),
        refusals=refusals(scheme, asked, _entries(connection, wearer_id, today), mine, today),
    )  # fmt: skip


def apply(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, asked: Asked, values: Mapping[str, Any], now: datetime
) -> Issue:
    """An application that the scheme grants. Raises `NotFound`; `InvalidInput` for what cannot be meant, and for
    somebody else who applies without consent; `Conflict` with all reasons for which she is given none.
    """
    wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    one_at_a_time(connection, f"sticker issues of {wearer_id}")
    scheme, today = schemes.of_city(wearer.city_id), local_date(now)
    values = _handed_in(values, today)
    day, mine = values["handed_in_on"], store.of_wearer(connection, wearer_id)
    for one in mine:
        if one.is_open and _is_same(one, asked, values):
            return one  # The clerk pressed twice, or the line was bad.
    entries = _entries(connection, wearer_id, day)
    reasons = refusals(scheme, asked, entries, mine, day)
    if reasons:
        raise Conflict(" ".join(one.says.ja for one in reasons))
    rules = rules_of(scheme, asked.kind)
    one = Issue(
        id=IssueId(new_id()), city_id=wearer.city_id, wearer_id=wearer_id, scheme=scheme.id, kind=asked.kind,
        form=rules.form, way=asked.way, stamped_envelope=asked.stamped_envelope, wanted=asked.wanted or rules.stickers,
        number=entries[0].number if entries else "", created_by=viewer.account_id, created_at=now, **values,
    )  # fmt: skip
    if not store.add(connection, one):
        raise Conflict("前の申請が、まだ交付されていません。")
    return one


def hand_over(
    connection: Connection, viewer: Viewer, issue_id: IssueId, spans: Sequence[str], untested: str | None, now: datetime
) -> Issue:
    """The stickers are hers. Raises `NotFound`; `InvalidInput` for what are no numbers; `Conflict` while no contact has
    said that the test mail came and no clerk why it is done without, when she may be given none any more, when there
    are more numbers than were asked for, and for numbers that are not in stock.
    """
    one = _open(connection, viewer, issue_id, now)
    told = sorted({number for span in spans[:100] for number in printed.spelt(span, "numbers")})
    if len(told) > one.wanted:
        raise Conflict(f"申請は{one.wanted}枚です。{len(told)}枚は交付できません。")
    today, scheme = local_date(now), schemes.packaged()[one.scheme]
    if scheme.network.needed and not _entries(connection, one.wearer_id, today):
        raise Conflict("見守り・SOSネットワークに登録されていません。先に登録してください。")
    if untested is None and mail_test.came_at(connection, one.id) is None:
        raise Conflict(
            "テストメールがまだ確認されていません。届いたことを確かめるか、確かめずに渡す理由を書いてください。"
        )
    # Two clerks who give away overlapping spans would wait for each other.
    one_at_a_time(connection, f"numbers of stickers {one.city_id}")
    others = binding.bind(connection, one.city_id, told, one.wearer_id, one.id, viewer.account_id, now)
    if others:
        raise Conflict(f"在庫にない番号があります：{'、'.join(others[:10])}")
    done: dict[str, Any] = {
        "handed_over_on": today, "handed_over_at": now, "handed_over_by": viewer.account_id,
        "untested": lines(untested or "", "without_test"),
    }  # fmt: skip
    store.change(connection, one.id, **done)
    return replace(one, **done)


def withdraw(connection: Connection, viewer: Viewer, issue_id: IssueId, reason: str, now: datetime) -> Issue:
    """Nothing comes of an application. Raises `NotFound`, and `Conflict` when it was handed over or withdrawn."""
    one = _open(connection, viewer, issue_id, now)
    why = lines(reason, "reason")
    store.change(connection, one.id, withdrawn_at=now, withdrawn_reason=why)
    return replace(one, withdrawn_at=now, withdrawn_reason=why)


def test_mail(connection: Connection, viewer: Viewer, issue_id: IssueId, now: datetime) -> list[mail_test.Tried]:
    """Sends the test mail of an application to her contacts. Raises `NotFound`, `TooMany`, and `Conflict` when nobody
    can be reached.
    """
    one = _open(connection, viewer, issue_id, now)
    mail_test.send(connection, one, now)
    store.change(connection, one.id, tested_at=now)
    return mail_test.tried(connection, one, now)


def tested(connection: Connection, viewer: Viewer, issue_id: IssueId, now: datetime) -> list[mail_test.Tried]:
    """Which of her contacts have been reached by the test mail. Raises `NotFound`."""
    return mail_test.tried(connection, issue(connection, viewer, issue_id, now), now)


def numbers_of(connection: Connection, one: Issue) -> list[str]:
    """The printed numbers of the stickers that were handed over."""
    mine = sticker_store.of_wearer(connection, one.wearer_id)
    return [each.number for each in mine if each.issue_id == one.id]


def tell_change(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, told: str, values: Mapping[str, Any], now: datetime
) -> Notice:
    """A change was told on the scheme's form. Raises `NotFound`, `InvalidInput`."""
    wearer: Wearer = households.managed_wearer(connection, viewer, wearer_id, now)
    scheme = schemes.of_city(wearer.city_id)
    one = Notice(
        id=new_id(), city_id=wearer.city_id, wearer_id=wearer_id, form=scheme.change.form, told=lines(told, "told"),
        created_by=viewer.account_id, created_at=now, **_handed_in(values, local_date(now)),
    )  # fmt: skip
    store.add_notice(connection, one)
    return one


def notices_of(
    connection: Connection, viewer: Viewer, wearer_id: WearerId, before: UUID | None, count: int, now: datetime
) -> list[Notice]:
    """Up to `count` changes that were told, newest first, for who manages her. Raises `NotFound`."""
    households.managed_wearer(connection, viewer, wearer_id, now)
    return store.notices(connection, wearer_id, before, count)


def _is_same(one: Issue, asked: Asked, values: Mapping[str, Any]) -> bool:
    said = (one.kind, one.way, one.stamped_envelope)
    wanted = asked.wanted in (None, one.wanted)
    same = all(getattr(one, name) == value for name, value in values.items())
    return wanted and same and said == (asked.kind, asked.way, asked.stamped_envelope)


def _open(connection: Connection, viewer: Viewer, issue_id: IssueId, now: datetime) -> Issue:
    one = issue(connection, viewer, issue_id, now)
    one_at_a_time(connection, f"sticker issues of {one.wearer_id}")
    found = store.one(connection, issue_id)
    if found is None or not found.is_open:
        raise Conflict("この申請は、すでに交付されたか、取り下げられています。")
    return found


def _entries(connection: Connection, wearer_id: WearerId, day: date) -> list[Entry]:
    return programmes.in_network(connection, [wearer_id], day).get(wearer_id, [])


def _handed_in(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """By whom and when a form was handed in. Raises `InvalidInput` for a day to come, or without consent."""
    found = dict(values)
    day = found.setdefault("handed_in_on", today)
    for name in ("handed_in_on", "consent_on"):
        must_be_near(found[name], name)
    if not today - timedelta(days=WITHIN_DAYS) <= day <= today:
        raise InvalidInput("A form is handed in today, or was within a year.", "handed_in_on")
    must_be_agreed(found["applied_by"], found["consent_by"], found["consent_on"], day)
    return found | {"applicant": line(found["applicant"], "applicant")}
