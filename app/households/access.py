"""Who may see what of a wearer, and why. Pure: facts and the moment go in, a decision with its reason comes out.

Two questions are kept apart. *Managing* (names, contacts, fences, consents) comes with the household or the office.
*Seeing* (place, track, alerts, health) comes with a consent and with nothing else. A protection (支援措置) ends both.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from app.accounts.model import Role
from app.households.model import CONSENT_ROLES, Consent, Protection, Scope
from app.kit.ids import AccountId, CityId


class Reason(StrEnum):
    """Why a viewer may, or may not. It goes to the log and to tests, never to the one who was refused."""

    MANAGES = "manages"
    CONSENTED = "consented"
    PROTECTED = "protected"
    ENDED = "ended"
    OTHER_CITY = "other_city"
    NOT_CONSENTED = "not_consented"
    NOT_MANAGING = "not_managing"


class Access(Struct, frozen=True):
    """A decision."""

    granted: bool
    reason: Reason


class Facts(Struct, frozen=True, kw_only=True):
    """All that a decision about one viewer and one wearer looks at.

    Consents and protections may be those of other viewers too; they do not count.
    """

    viewer_id: AccountId
    viewer_city_id: CityId
    viewer_role: Role
    wearer_city_id: CityId
    ended: bool = False
    member: bool = False
    consents: tuple[Consent, ...] = ()
    protections: tuple[Protection, ...] = ()


def decide(facts: Facts, scope: Scope | None, now: datetime) -> Access:
    """Whether the viewer may see `scope` of the wearer; None asks whether they may know of this person at all."""
    refusal = _refusal(facts)
    if refusal is not None:
        return Access(False, refusal)
    if scope is None and _manages(facts):
        return Access(True, Reason.MANAGES)
    if any(scope is None or scope in consent.scopes for consent in _in_force(facts, now)):
        return Access(True, Reason.CONSENTED)
    return Access(False, Reason.NOT_CONSENTED)


def decide_managing(facts: Facts) -> Access:
    """Whether the viewer looks after the wearer's names, contacts, fences and consents."""
    refusal = _refusal(facts)
    if refusal is not None:
        return Access(False, refusal)
    if _manages(facts):
        return Access(True, Reason.MANAGES)
    return Access(False, Reason.NOT_MANAGING)


def seen(facts: Facts, now: datetime) -> frozenset[Scope]:
    """Everything of the wearer that the viewer may see now."""
    return frozenset(scope for scope in Scope if decide(facts, scope, now).granted)


def _refusal(facts: Facts) -> Reason | None:
    """What refuses the viewer before anything grants. Administrators act in every city, but see only in their own."""
    if any(
        protection.account_id == facts.viewer_id and protection.ended_at is None for protection in facts.protections
    ):
        return Reason.PROTECTED
    if facts.ended:
        return Reason.ENDED
    if facts.viewer_city_id != facts.wearer_city_id and facts.viewer_role is not Role.ADMINISTRATOR:
        return Reason.OTHER_CITY
    return None


def _manages(facts: Facts) -> bool:
    if facts.viewer_role is Role.FAMILY:
        return facts.member
    return facts.viewer_role in (Role.CLERK, Role.ADMINISTRATOR)


def _in_force(facts: Facts, now: datetime) -> Iterable[Consent]:
    """The consents that reach the viewer and count at `now`: from its beginning up to, not including, its end."""
    if facts.viewer_city_id != facts.wearer_city_id:
        return
    for consent in facts.consents:
        begun = consent.from_at <= now and (consent.until_at is None or now < consent.until_at)
        if begun and consent.revoked_at is None and _reaches(consent, facts):
            yield consent


def _reaches(consent: Consent, facts: Facts) -> bool:
    if consent.account_id is not None:
        return consent.account_id == facts.viewer_id
    return consent.role is facts.viewer_role and facts.viewer_role in CONSENT_ROLES
