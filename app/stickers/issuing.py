"""May she be given stickers: by her city's scheme, on this day, on this application? Pure. Why not is said in the words
of a clerk, with dates.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from app.kit.calendar import add_months
from app.kit.ids import AccountId, CityId, IssueId, WearerId
from app.programmes.register import Applicant, Consenter, Entry
from app.programmes.scheme import Words
from app.stickers.schemes import Issuing, StickerScheme, Way


class Kind(StrEnum):
    """The first stickers of a wearer, or more of them."""

    FIRST = "first"
    AGAIN = "again"


class Why(StrEnum):
    """Why she is given none."""

    NOT_IN_NETWORK = "not_in_network"
    OPEN = "open"
    HAD_SOME = "had_some"
    HAD_NONE = "had_none"
    TOO_EARLY = "too_early"
    TOO_MANY = "too_many"
    NOT_THIS_WAY = "not_this_way"
    NO_ENVELOPE = "no_envelope"


class Refusal(Struct, frozen=True, kw_only=True):
    """A reason for which she is given none. `from_on`: from which day it is none any more, where that is known."""

    why: Why
    says: Words
    from_on: date | None = None


class Issue(Struct, frozen=True, kw_only=True):
    """An application for stickers, and the issue that came of it.

    `number`: under which she was in the register of the network. `handed_over_on` is the day of the issue;
    `untested`: why it was handed over though nobody had said that the test mail came. `withdrawn_at`: nothing came of
    the application.
    """

    id: IssueId
    city_id: CityId
    wearer_id: WearerId
    scheme: str
    kind: Kind
    form: str
    way: Way
    handed_in_on: date
    applied_by: Applicant
    applicant: str = ""
    consent_by: Consenter | None = None
    consent_on: date | None = None
    stamped_envelope: bool = False
    wanted: int
    number: str = ""
    created_by: AccountId
    created_at: datetime
    tested_at: datetime | None = None
    handed_over_on: date | None = None
    handed_over_at: datetime | None = None
    handed_over_by: AccountId | None = None
    untested: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for its stickers."""
        return self.handed_over_on is None and self.withdrawn_at is None


class Notice(Struct, frozen=True, kw_only=True):
    """She or her family told a change on the scheme's form: `told`, in words."""

    id: UUID
    city_id: CityId
    wearer_id: WearerId
    form: str
    handed_in_on: date
    applied_by: Applicant
    applicant: str = ""
    consent_by: Consenter | None = None
    consent_on: date | None = None
    told: str
    created_by: AccountId
    created_at: datetime


class Asked(Struct, frozen=True, kw_only=True):
    """What an application asks for. `wanted` None: as many as the scheme gives."""

    kind: Kind
    way: Way
    stamped_envelope: bool = False
    wanted: int | None = None


def latest_of(issues: Sequence[Issue]) -> date | None:
    """The day on which she was given stickers last."""
    return max((one.handed_over_on for one in issues if one.handed_over_on is not None), default=None)


def kind_of(issues: Sequence[Issue]) -> Kind:
    """What she can apply for."""
    return Kind.FIRST if latest_of(issues) is None else Kind.AGAIN


def rules_of(scheme: StickerScheme, kind: Kind) -> Issuing:
    """What the scheme says of a first issue, or of another."""
    return scheme.first if kind is Kind.FIRST else scheme.again


def refusals(
    scheme: StickerScheme, asked: Asked, entries: Sequence[Entry], issues: Sequence[Issue], day: date
) -> list[Refusal]:
    """All reasons for which she is given none on that day; none: she is. `entries` are hers in registers of networks,
    `issues` all her applications.
    """
    return [*_of_her(scheme, entries, issues, day), *_of_the_application(scheme, asked, issues, day)]


def _of_her(scheme: StickerScheme, entries: Sequence[Entry], issues: Sequence[Issue], day: date) -> Iterator[Refusal]:
    if scheme.network.needed and not any(one.runs_on(day) for one in entries):
        yield _refusal(
            Why.NOT_IN_NETWORK,
            "見守り・SOSネットワークに登録されていません。先に登録してください。",
            "She is not in the SOS network. Enter her there first.",
        )
    for one in issues:
        if one.is_open:
            yield _refusal(
                Why.OPEN,
                f"{_ja(one.handed_in_on)}に受け付けた申請が、まだ交付されていません。",
                f"An application of {one.handed_in_on} still waits for its stickers.",
            )


def _of_the_application(scheme: StickerScheme, asked: Asked, issues: Sequence[Issue], day: date) -> Iterator[Refusal]:
    latest, rules = latest_of(issues), rules_of(scheme, asked.kind)
    if asked.kind is Kind.FIRST and latest is not None:
        yield _refusal(
            Why.HAD_SOME,
            f"{_ja(latest)}に交付しています。再交付申請書（{scheme.again.form}）で申請してください。",
            f"She was given stickers on {latest}. Another issue is applied for on the form {scheme.again.form}.",
        )
    if asked.kind is Kind.AGAIN:
        yield from _again(scheme, latest, day)
    if asked.wanted is not None and asked.wanted > rules.stickers:
        yield _refusal(
            Why.TOO_MANY,
            f"1回に交付できるのは{rules.stickers}枚までです。",
            f"At most {rules.stickers} are given at once.",
        )
    if asked.way not in rules.ways:
        yield _refusal(
            Why.NOT_THIS_WAY,
            f"{rules.form}は窓口で提出してください。郵送では受け付けられません。" if asked.way is Way.POST
            else f"{rules.form}は郵送で提出してください。",
            f"The form {rules.form} is handed in {'at the desk, not by post' if asked.way is Way.POST else 'by post'}.",
        )  # fmt: skip
    elif asked.way is Way.POST and rules.stamped_envelope and not asked.stamped_envelope:
        yield _refusal(
            Why.NO_ENVELOPE,
            "切手を貼った返信用封筒が同封されていません。",
            "There is no stamped envelope for the stickers to come back in.",
        )


def _again(scheme: StickerScheme, latest: date | None, day: date) -> Iterator[Refusal]:
    if latest is None:
        yield _refusal(
            Why.HAD_NONE,
            f"まだ交付したことがありません。交付申請書（{scheme.first.form}）で申請してください。",
            f"She was never given any. The first ones are applied for on the form {scheme.first.form}.",
        )
        return
    from_on = add_months(latest, scheme.again.after_months)
    if day < from_on:
        yield _refusal(
            Why.TOO_EARLY,
            f"前回の交付日は{_ja(latest)}です。再交付は{_ja(from_on)}から申請できます。",
            f"The latest issue was on {latest}; another one can be applied for from {from_on} on.",
            from_on,
        )


def _refusal(why: Why, ja: str, en: str, from_on: date | None = None) -> Refusal:
    return Refusal(why=why, says=Words(ja=ja, en=en), from_on=from_on)


def _ja(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
