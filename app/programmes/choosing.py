"""Which version of a scheme holds, by the scheme's own axis, and which plan, prices and company of it."""

from datetime import date

from msgspec.structs import replace

from app.kit.errors import InvalidInput
from app.programmes.model import Asked, Axis, Terms
from app.programmes.phrases import both
from app.programmes.scheme import NOT_STATED, AnyPrice, Plan, Scheme, Term, Version


class Unanswered(Exception):
    """A value is missing without which nothing can be said. `rating` turns it into what is asked."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.field)
        self.asked = asked


def version_on(scheme: Scheme, day: date) -> Version:
    """The version that holds on `day` of the scheme's axis; InvalidInput when none does."""
    for version in scheme.versions:
        if (version.since is None or version.since <= day) and (version.until is None or day <= version.until):
            return version
    raise InvalidInput(f"No version of the scheme {scheme.id} holds on {day}.", _AXIS_FIELD.get(scheme.axis))


def choose(scheme: Scheme, terms: Terms, service_on: date) -> Version:
    """The version for something that was served on `service_on` under these terms."""
    return version_on(scheme, axis_day(scheme, terms, service_on))


def axis_day(scheme: Scheme, terms: Terms, service_on: date) -> date:
    """The day that decides: of service, installation or application. Unanswered when the terms do not know it."""
    if scheme.axis == Axis.SERVICE:
        return service_on
    day = terms.installed_on if scheme.axis == Axis.INSTALLATION else terms.applied_on
    if day is None:
        # A scheme that has never changed needs no day to choose.
        if len(scheme.versions) == 1 and scheme.versions[0].since is None and scheme.versions[0].until is None:
            return service_on
        raise Unanswered(Asked(field=_AXIS_FIELD[scheme.axis], why=both("ask.axis")))
    return day


def plan_of(version: Version, terms: Terms) -> Plan | None:
    """The plan of the contract; the only one when there is one; None when the scheme has none."""
    known = [plan.id for plan in version.plans]
    if terms.plan is None:
        if not known:
            return None
        if len(known) == 1:
            return version.plans[0]
        raise Unanswered(Asked(field="terms.plan", why=both("ask.plan"), answers=known))
    for plan in version.plans:
        if plan.id == terms.plan:
            return plan
    answers = ", ".join(known) or "none"
    raise InvalidInput(f"The version {version.id} has no plan {terms.plan!r}; it has: {answers}.", "terms.plan")


def prices_of(version: Version, terms: Terms) -> list[AnyPrice]:
    """The prices of the plan, then those of every plan; without those of options that were not ordered."""
    plan = plan_of(version, terms)
    prices = [*(plan.prices if plan else []), *version.prices]
    return [price for price in prices if price.option is None or price.option in terms.options]


def issuer_of(version: Version, terms: Terms) -> str:
    """The code of the company that serves: the contract's own, the plan's, or the version's."""
    if terms.issuer is not None:
        return terms.issuer
    plan = plan_of(version, terms)
    return plan.issuer if plan and plan.issuer else version.issuer


def term_of(version: Version, terms: Terms) -> Term | None:
    """How long the contract binds; None where the paper says nothing of it."""
    plan = plan_of(version, terms)
    return plan.term if plan and plan.term else version.term


def snapshot_of(scheme: Scheme, version: Version) -> Scheme:
    """The scheme with this version alone, to be kept beside a contract or a turn-out: `msgspec.json.encode` writes it,
    and what is rated by it again a year later gives the same lines.
    """
    return replace(scheme, versions=[version])


def chosen(stated: str, terms: Terms, name: str, answers: list[str]) -> str:
    """What the scheme states, or what the contract has chosen where the paper says nothing."""
    if stated != NOT_STATED:
        return stated
    found = terms.choices.get(name)
    if found is None:
        raise Unanswered(Asked(field=f"terms.choices.{name}", why=both(f"ask.{name}"), answers=answers))
    if found not in answers:
        raise InvalidInput(f"{found!r} is no answer; it is one of: {', '.join(answers)}.", f"terms.choices.{name}")
    return found


_AXIS_FIELD = {Axis.INSTALLATION: "terms.installed_on", Axis.APPLICATION: "terms.applied_on"}
