"""Where a city bears a cost only under conditions: from the application on, and not while nobody uses the service."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from app.programmes.model import Asked, Terms
from app.programmes.phrases import both, catalogue
from app.programmes.scheme import Borne
from app.programmes.spans import covers


class Denied(Struct, frozen=True, kw_only=True):
    """The city does not bear it, by this rule."""

    rule: str
    because: dict[str, str]


def denied(borne: Borne | None, terms: Terms, arises_on: date) -> Denied | Asked | None:
    """Whether the city refuses a cost that arose on a day; what has to be known first; None: it bears it."""
    if borne is None:
        return None
    if borne.from_application:
        if terms.applied_on is None:
            return Asked(field="terms.applied_on", why=both("ask.applied_on"))
        if arises_on < terms.applied_on:
            return Denied(
                rule="before_application",
                because=both("refused.before_application", on=str(arises_on), applied=str(terms.applied_on)),
            )
    for absence in terms.absences:
        if absence.kind in borne.absences and covers(absence, arises_on):
            kind = {language: catalogue(language)[f"away.{absence.kind}"] for language in ("ja", "en")}
            return Denied(rule=f"absence_{absence.kind}", because=both("refused.absence", kind=kind, on=str(arises_on)))
    return None


def as_known(terms: Terms, day: date) -> Terms:
    """The terms as they were known on a day: without absences that were found out later."""
    known = [one for one in terms.absences if one.known_on is None or one.known_on <= day]
    return replace(terms, absences=known)
