"""The command `mimamori programmes price`: a usage file in, lines and shares out.

A usage file is one JSON object with `terms` and `usage` (`model.Terms`, `model.Usage`), or the fields of both side by
side; docs/programmes.md has every field.
"""

import codecs
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from app.kit.errors import InvalidInput
from app.programmes.borne import as_known
from app.programmes.catalogue import Faulty, convert
from app.programmes.choosing import Unanswered, choose, term_of
from app.programmes.corrections import billed_before, corrected
from app.programmes.model import Line, Payer, Rating, Refusal, Span, Terms, Usage
from app.programmes.rating import rate
from app.programmes.scheme import Scheme
from app.programmes.spans import bound, day_of, must_be_near
from app.programmes.spelling import spelled_out

_TERMS, _USAGE = set(Terms.__struct_fields__), set(Usage.__struct_fields__)


class Priced(Struct, frozen=True, kw_only=True):
    """What the command prints.

    `shares`: what each payer bears, of amounts that hold their tax; `shares_before_tax`: of those to which it is
    added; `deposits`: given and not owed. `corrections`: when an absence was found out later (`known_on`), what has to
    be given back and billed anew for months that were over by then; `lines` are what is right.
    """

    scheme: str
    versions: list[str]
    complete: bool
    lines: list[Line]
    shares: dict[Payer, int]
    shares_before_tax: dict[Payer, int]
    deposits: dict[Payer, int]
    asked: list[Any]
    refusals: list[Refusal]
    left_out: list[Any]
    corrections: list[Line]
    term: Span | None


class Question(Struct, frozen=True, kw_only=True):
    """A usage file, read."""

    terms: Terms
    usage: Usage
    side_by_side: bool

    def field(self, where: str) -> str:
        """A field of terms or usage as the file calls it."""
        return where.removeprefix("terms.").removeprefix("usage.") if self.side_by_side else where


def read_usage(text: bytes, file: str) -> Question:
    """The usage of a file; Faulty names the field that does not fit."""
    try:
        raw = msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Faulty(file, [("", f"it is not JSON: {error}")]) from None
    except RecursionError:
        raise Faulty(file, [("", "it is nested too deeply")]) from None
    if not isinstance(raw, dict):
        raise Faulty(file, [("", "an object with terms and usage is wanted")])
    apart = bool({"terms", "usage"} & set(raw))
    if not apart:
        raw = _sorted_out(raw, file)
    for name in raw:
        if name not in ("terms", "usage"):
            raise Faulty(file, [(name, "there is no such field beside terms and usage")])
    usage_raw = spelled_out(raw.get("usage", {}))
    terms = _part(raw.get("terms", {}), Terms, "terms", file, apart)
    usage = _part(usage_raw, Usage, "usage", file, apart)
    try:
        must_be_near(terms, "terms")
        must_be_near(usage, "usage")
    except InvalidInput as error:
        question = Question(terms=terms, usage=usage, side_by_side=not apart)
        raise Faulty(file, [(question.field(error.where or ""), error.detail)]) from None
    return Question(terms=terms, usage=usage, side_by_side=not apart)


def _sorted_out(raw: dict[str, Any], file: str) -> dict[str, Any]:
    unknown = [name for name in raw if name not in _TERMS | _USAGE]
    if unknown:
        raise Faulty(file, [(name, "there is no such field") for name in unknown])
    return {
        "terms": {name: value for name, value in raw.items() if name in _TERMS},
        "usage": {name: value for name, value in raw.items() if name in _USAGE},
    }


def _part(raw: Any, wanted: Any, name: str, file: str, apart: bool) -> Any:
    try:
        return convert(raw, wanted, file)
    except Faulty as error:
        faults = [(_joined(name if apart else "", where), why) for where, why in error.faults]
        raise Faulty(file, faults) from None


def _joined(name: str, where: str) -> str:
    return where if not name else name if not where else f"{name}.{where}"


def price(scheme: Scheme, question: Question, subsidy: Scheme | None) -> Priced:
    """Rates the question and adds it up."""
    terms, usage = question.terms, question.usage
    rating = rate(scheme, terms, usage, subsidy)
    return Priced(
        scheme=scheme.id, versions=sorted({line.version for line in rating.lines}), complete=rating.complete,
        lines=rating.lines, shares=added(line for line in rating.lines if line.tax_included and not line.deposit),
        shares_before_tax=added(line for line in rating.lines if not line.tax_included and not line.deposit),
        deposits=added(line for line in rating.lines if line.deposit), asked=rating.asked, refusals=rating.refusals,
        left_out=rating.left_out, corrections=_corrections(scheme, terms, usage, subsidy, rating),
        term=_term(scheme, terms),
    )  # fmt: skip


def added(lines: Any) -> dict[Payer, int]:
    """What each payer bears of some lines."""
    found: dict[Payer, int] = {}
    for line in lines:
        found[line.payer] = found.get(line.payer, 0) + line.amount_yen
    return dict(sorted(found.items()))


def _corrections(scheme: Scheme, terms: Terms, usage: Usage, subsidy: Scheme | None, rating: Rating) -> list[Line]:
    """Month by month of finding out: what was billed until then against what was known from then on."""
    days: list[date] = sorted({one.known_on for one in terms.absences if one.known_on is not None})
    found: list[Line] = []
    for day in days:
        before = rate(scheme, as_known(terms, day - timedelta(days=1)), usage, subsidy).lines
        after = rate(scheme, as_known(terms, day), usage, subsidy).lines
        found += corrected(billed_before(before, day), billed_before(after, day))
    return found


def _term(scheme: Scheme, terms: Terms) -> Span | None:
    day = day_of(terms, None)
    if day is None:
        return None
    try:
        term = term_of(choose(scheme, terms, day), terms)
    except Unanswered:
        return None
    span = bound(term, terms) if term else None
    return Span(since=span[0], until=span[1]) if span else None
