"""A city's subsidy on what a company asks for at the beginning: who gets it, and what it leaves to the user."""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from app.kit.errors import InvalidInput
from app.programmes.choosing import version_on
from app.programmes.drafting import Draft, Drafts, joined
from app.programmes.model import Asked, Grant, Payer, Refusal, Terms
from app.programmes.phrases import both
from app.programmes.scheme import NOT_STATED, Scheme, Subsidy


def granted(
    drafts: Drafts, service: Scheme, programme: Scheme, terms: Terms, before: Sequence[Draft] = ()
) -> Drafts:  # fmt: skip
    """The lines with the city's part taken out of the user's, in the order in which they stand, until the most that
    the city bears is used up, by what came `before` too. When it is refused the user bears all, and the refusals say
    why.
    """
    grant = terms.subsidy
    assert grant is not None, "nobody asked for a subsidy"
    made = Drafts(drafts=drafts.drafts, asked=list(drafts.asked), refusals=list(drafts.refusals))
    if grant.applied_on is None:
        made.asked.append(_ask("applied_on"))
        return made
    version = version_on(programme, grant.applied_on)
    subsidy = version.subsidy
    if subsidy is None:
        raise InvalidInput(f"The scheme {programme.id} is no subsidy.", "terms.subsidy.scheme")
    installed_on = terms.installed_on or terms.received_on
    missing = [] if grant.ticket_on else [_ask("ticket_on")]
    missing += [] if installed_on else [Asked(field="terms.installed_on", why=both("ask.installed_on"))]
    if missing:
        made.asked += missing
        return made
    assert grant.ticket_on is not None
    assert installed_on is not None
    refusals = refused(subsidy, service.id, grant, grant.applied_on, grant.ticket_on, installed_on)
    if refusals:
        made.refusals += refusals
        return made
    made.drafts, left = [], max(0, subsidy.yen_max - _borne_before(before, terms))
    for one in sorted(drafts.drafts, key=lambda one: (one.line.on, one.line.code, one.line.source)):
        covered = _covers(one, terms, made)
        if not covered or one.line.payer != Payer.USER:
            made.drafts.append(one)
            continue
        part = min(left, one.line.amount_yen)
        left -= part
        made.drafts += _split(one, part, subsidy, programme)
    return made


def refused(
    subsidy: Subsidy, service: str, grant: Grant, applied_on: date, ticket_on: date, installed_on: date
) -> list[Refusal]:
    """Every reason why the city bears nothing; none when it does."""
    found = []
    if subsidy.services and service not in subsidy.services:
        found.append(Refusal(rule="service_not_covered", because=both("refused.service", service=service)))
    late = applied_on > installed_on or (applied_on == installed_on and not subsidy.same_day)
    if late:
        found.append(
            Refusal(
                rule="applied_after_installation",
                because=both("refused.applied_late", applied=str(applied_on), installed=str(installed_on)),
            )
        )
    if ticket_on < applied_on:
        raise InvalidInput("The ticket was issued before it was applied for.", "terms.subsidy.ticket_on")
    if installed_on < ticket_on and not late:
        found.append(
            Refusal(
                rule="installed_before_ticket",
                because=both("refused.before_ticket", ticket=str(ticket_on), installed=str(installed_on)),
            )
        )
    last = last_day(subsidy, ticket_on)
    if installed_on > last:
        found.append(
            Refusal(
                rule="ticket_expired",
                because=both(
                    "refused.expired",
                    ticket=str(ticket_on),
                    days=subsidy.days,
                    last=str(last),
                    installed=str(installed_on),
                ),
            )
        )
    return found


def last_day(subsidy: Subsidy, ticket_on: date) -> date:
    """The last day on which a ticket is good."""
    return ticket_on + timedelta(days=subsidy.days - (1 if subsidy.first_day_counts else 0))


def _borne_before(before: Sequence[Draft], terms: Terms) -> int:
    """Yen that it covers of what came before. What nobody has said is asked for where it is owed, not here."""
    return sum(one.line.amount_yen for one in before if one.line.payer == Payer.USER and _covers(one, terms, Drafts()))


def _covers(one: Draft, terms: Terms, made: Drafts) -> bool:
    if one.initial_cost != NOT_STATED:
        return bool(one.initial_cost)
    name = f"subsidised_{one.line.code}"
    answer = terms.choices.get(name)
    if answer is None:
        made.asked.append(Asked(field=f"terms.choices.{name}", why=both("ask.subsidised"), answers=["yes", "no"]))
    elif answer not in ("yes", "no"):
        raise InvalidInput(f"{answer!r} is no answer; it is one of: yes, no.", f"terms.choices.{name}")
    return answer == "yes"


def _split(one: Draft, part: int, subsidy: Subsidy, programme: Scheme) -> list[Draft]:
    """Both shares as amounts: the city's, of which there may be nothing left, and the user's, which may be nothing."""
    line = one.line
    rest = line.amount_yen - part
    names = {"ja": programme.name.ja, "en": programme.name.en}
    user = replace(
        line, quantity=1, unit_yen=rest, amount_yen=rest,
        because=joined(line.because, both("line.rest", part=part, by=names)),
    )  # fmt: skip
    if not part:
        return [one]
    city = replace(
        line, quantity=1, unit_yen=part, amount_yen=part, payer=subsidy.payer, rule=f"{programme.id}.subsidy",
        because=joined(line.because, both("line.subsidy", most=subsidy.yen_max, by=names)),
    )  # fmt: skip
    return [replace(one, line=city), replace(one, line=user)]


def _ask(name: str) -> Asked:
    return Asked(field=f"terms.subsidy.{name}", why=both(f"ask.subsidy_{name}"))
