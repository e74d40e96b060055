"""Stickers are applied for, tried out and handed over; changes are told."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from app.accounts.auth import May
from app.accounts.model import Viewer
from app.accounts.permissions import Action
from app.db.engine import Database
from app.db.page import LIMIT, Cursor, Limit, Page, decode_cursor, page
from app.kit.clock import Clock
from app.kit.errors import Conflict, TooMany
from app.kit.ids import IssueId, WearerId
from app.programmes.register import Applicant, Consenter
from app.stickers.issuing import Asked, Issue, Kind, Notice, Refusal
from app.stickers.schemes import StickerScheme, Way
from app.stickers.service import issues as service
from app.stickers.service.mail_test import Tried

Reason = Annotated[str, Meta(min_length=2, max_length=500, pattern=r"\S", description="kept; not blank")]
Told = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"\S", description="what is different now")]
Name = Annotated[str, Meta(max_length=100, description="name of whoever applied; one line")]
Span = Annotated[str, Meta(min_length=1, max_length=20, description="a number or a span, AA0000-AA0019")]


class HandedIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By whom a form was handed in, today or on the day that is given. When a care manager or a support centre does,
    who agreed (`consent_by`) and when is needed.
    """

    applied_by: Applicant
    applicant: Name = ""
    handed_in_on: date | UnsetType = UNSET
    consent_by: Consenter | None = None
    consent_on: date | None = None


class ApplicationBody(HandedIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application. Without `wanted` it is for as many as the scheme gives."""

    kind: Kind
    way: Way
    stamped_envelope: bool = False
    wanted: Annotated[int, Meta(ge=1, le=1000)] | None = None


class NoticeBody(HandedIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change that was told on the scheme's form."""

    told: Told


class HandOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which stickers she is given. `without_test`: why they are handed over though nobody said that the test mail
    came.
    """

    numbers: Annotated[list[Span], Meta(min_length=1, max_length=100)]
    without_test: Reason | None = None


class Withdrawing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing comes of it."""

    reason: Reason


class StandingOut(Struct, frozen=True, kw_only=True):
    """What she can apply for today, for how many at most, and why she would be given none."""

    kind: Kind
    form: str
    most: int
    latest_on: Annotated[date | None, Meta(description="the day of the latest issue")]
    refusals: list[Refusal]
    scheme: StickerScheme


class IssueOut(Struct, frozen=True, kw_only=True):
    """An application, and the issue that came of it. `network_number`: hers in the register of the SOS network."""

    id: UUID
    wearer: UUID
    scheme: str
    kind: Kind
    form: str
    way: Way
    handed_in_on: date
    applied_by: Applicant
    applicant: str
    consent_by: Consenter | None
    consent_on: date | None
    stamped_envelope: bool
    wanted: int
    network_number: str
    created_at: datetime
    tested_at: datetime | None
    handed_over_on: Annotated[date | None, Meta(description="the day of the issue")]
    without_test: str
    withdrawn_at: datetime | None
    withdrawn_reason: str


class TriedOut(Struct, frozen=True, kw_only=True):
    """Whether a contact was reached by the test mail."""

    contact: UUID
    name: str
    addresses: Annotated[int, Meta(description="at how many addresses it was tried")]
    came_at: Annotated[datetime | None, Meta(description="since when it is known that it came")]


class NoticeOut(Struct, frozen=True, kw_only=True):
    """A change that was told."""

    id: UUID
    form: str
    handed_in_on: date
    applied_by: Applicant
    applicant: str
    consent_by: Consenter | None
    consent_on: date | None
    told: str
    created_at: datetime


@get(
    "/v1/wearers/{wearer_id:uuid}/sticker-standing",
    guards=[May(Action.STICKER_READ)],
    operation_id="read_sticker_standing",
    summary="May she be given stickers",
    tags=["stickers"],
)
async def read_sticker_standing(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    way: FromQuery[Way] = Way.DESK,
    stamped_envelope: FromQuery[bool] = False,
) -> StandingOut:
    """What her city's scheme says of her today: the first stickers or more of them, and every reason for which she
    would be given none. For her household and the clerks of her city.
    """
    now, key = clock(), WearerId(wearer_id)
    found = await database.read(lambda c: service.standing(c, viewer, key, way, stamped_envelope, now))
    rules = found.scheme.first if found.kind is Kind.FIRST else found.scheme.again
    return StandingOut(
        kind=found.kind, form=rules.form, most=found.most, latest_on=found.latest_on, refusals=list(found.refusals),
        scheme=found.scheme,
    )  # fmt: skip


@get(
    "/v1/wearers/{wearer_id:uuid}/sticker-issues",
    guards=[May(Action.STICKER_READ)],
    operation_id="list_sticker_issues",
    summary="Applications for stickers",
    tags=["stickers"],
)
async def list_sticker_issues(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[IssueOut]:
    """All her applications, newest first, those of which nothing came too. For her household and the clerks of her
    city.
    """
    now, key = clock(), WearerId(wearer_id)
    found = await database.read(lambda c: service.issues_of(c, viewer, key, now))
    return Page(items=[_issue(one) for one in found])


@post(
    "/v1/wearers/{wearer_id:uuid}/sticker-issues",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="apply_for_stickers",
    summary="Enter an application for stickers",
    tags=["stickers"],
    raises_problems=[Conflict],
)
async def apply_for_stickers(
    wearer_id: FromPath[UUID],
    data: JSONBody[ApplicationBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> IssueOut:
    """Enters an application that her city's scheme grants; 409 with every reason for which it does not. For clerks of
    her city and administrators.
    """
    now, key = clock(), WearerId(wearer_id)
    asked = Asked(kind=data.kind, way=data.way, stamped_envelope=data.stamped_envelope, wanted=data.wanted)
    return _issue(await database.write(lambda c: service.apply(c, viewer, key, asked, _handed_in(data), now)))


@get(
    "/v1/sticker-issues/{issue_id:uuid}/test-mail",
    guards=[May(Action.STICKER_READ)],
    operation_id="read_sticker_test_mail",
    summary="Whether the test mail came",
    tags=["stickers"],
)
async def read_sticker_test_mail(
    issue_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[TriedOut]:
    """Her contacts in their order, and who of them was reached. For her household and the clerks of her city."""
    now, key = clock(), IssueId(issue_id)
    found = await database.read(lambda c: service.tested(c, viewer, key, now))
    return Page(items=[_tried(one) for one in found])


@post(
    "/v1/sticker-issues/{issue_id:uuid}/test-mail",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="send_sticker_test_mail",
    summary="Send a test mail to her contacts",
    tags=["stickers"],
    status_code=202,
    raises_problems=[Conflict, TooMany],
)
async def send_sticker_test_mail(
    issue_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Page[TriedOut]:
    """To each address of each contact who is told of her alerts. 409 when there is none, 429 within a minute of the
    one before. For clerks of her city and administrators.
    """
    now, key = clock(), IssueId(issue_id)
    found = await database.write(lambda c: service.test_mail(c, viewer, key, now))
    return Page(items=[_tried(one) for one in found])


@post(
    "/v1/sticker-issues/{issue_id:uuid}/hand-over",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="hand_over_stickers",
    summary="Hand the stickers over",
    tags=["stickers"],
    status_code=200,
    raises_problems=[Conflict],
)
async def hand_over_stickers(
    issue_id: FromPath[UUID],
    data: JSONBody[HandOver],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> IssueOut:
    """These stickers are hers from now on, and their pages answer. 409 while nobody said that the test mail came and no
    reason is given to do without, and for numbers that do not lie in stock. For clerks of her city and administrators.
    """
    now, key = clock(), IssueId(issue_id)
    return _issue(
        await database.write(lambda c: service.hand_over(c, viewer, key, data.numbers, data.without_test, now))
    )


@post(
    "/v1/sticker-issues/{issue_id:uuid}/withdraw",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="withdraw_sticker_issue",
    summary="Nothing comes of an application",
    tags=["stickers"],
    status_code=200,
    raises_problems=[Conflict],
)
async def withdraw_sticker_issue(
    issue_id: FromPath[UUID],
    data: JSONBody[Withdrawing],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> IssueOut:
    """The application is taken back; it is kept, with the reason. 409 when it was handed over. For clerks of her city
    and administrators.
    """
    now, key = clock(), IssueId(issue_id)
    return _issue(await database.write(lambda c: service.withdraw(c, viewer, key, data.reason, now)))


@get(
    "/v1/wearers/{wearer_id:uuid}/sticker-notices",
    guards=[May(Action.STICKER_READ)],
    operation_id="list_sticker_notices",
    summary="Changes that were told",
    tags=["stickers"],
)
async def list_sticker_notices(
    wearer_id: FromPath[UUID],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    cursor: FromQuery[Cursor | None] = None,
    limit: FromQuery[Limit] = LIMIT,
) -> Page[NoticeOut]:
    """Changes that were told on the scheme's form, newest first. For her household and the clerks of her city."""
    now, before, key = clock(), decode_cursor(cursor, UUID), WearerId(wearer_id)
    found = await database.read(lambda c: service.notices_of(c, viewer, key, before, limit + 1, now))
    return page([_notice(one) for one in found], limit, lambda one: one.id)


@post(
    "/v1/wearers/{wearer_id:uuid}/sticker-notices",
    guards=[May(Action.STICKER_WRITE)],
    operation_id="tell_sticker_change",
    summary="A change is told",
    tags=["stickers"],
)
async def tell_sticker_change(
    wearer_id: FromPath[UUID],
    data: JSONBody[NoticeBody],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> NoticeOut:
    """Keeps what was told on the form for changes; contacts and the register are changed by their own routes. For
    clerks of her city and administrators.
    """
    now, key = clock(), WearerId(wearer_id)
    return _notice(
        await database.write(lambda c: service.tell_change(c, viewer, key, data.told, _handed_in(data), now))
    )


def _handed_in(data: HandedIn) -> dict[str, Any]:
    values = {name: getattr(data, name) for name in HandedIn.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}


def _issue(one: Issue) -> IssueOut:
    other: dict[str, Any] = {"wearer": one.wearer_id, "network_number": one.number, "without_test": one.untested}
    same = {name: getattr(one, name) for name in IssueOut.__struct_fields__ if name not in other}
    return IssueOut(**same, **other)


def _notice(one: Notice) -> NoticeOut:
    return NoticeOut(**{name: getattr(one, name) for name in NoticeOut.__struct_fields__})


def _tried(one: Tried) -> TriedOut:
    return TriedOut(contact=one.contact_id, name=one.name, addresses=one.addresses, came_at=one.came_at)


ROUTES: list[HTTPRouteHandler] = [
    read_sticker_standing, list_sticker_issues, apply_for_stickers, read_sticker_test_mail, send_sticker_test_mail,
    hand_over_stickers, withdraw_sticker_issue, list_sticker_notices, tell_sticker_change,
]  # fmt: skip
