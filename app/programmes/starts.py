"""Who may let a turn-out begin, by what a scheme says. Pure."""

from enum import StrEnum

from app.programmes.model import Starter
from app.programmes.scheme import DispatchTerms


class Reason(StrEnum):
    """Why a turn-out may begin, or may not."""

    LET = "let"
    NO_CONTRACT = "no_contract"
    """She has no contract under a scheme with turn-outs."""
    NO_TURN_OUTS = "no_turn_outs"
    """The scheme has none."""
    NOT_BY_SCHEME = "not_by_scheme"
    """The scheme lets others begin one: a contact, say, and not the device by itself."""
    NOT_REGISTERED = "not_registered"
    """Only a registered contact may ask, and this is none."""


def decide(terms: DispatchTerms, starter: Starter, registered: bool) -> Reason:
    """Whether a turn-out may begin on the word of `starter`; `registered`: who asks is on the list of contacts."""
    if Starter.NOBODY in terms.started_by or starter is Starter.NOBODY:
        return Reason.NO_TURN_OUTS
    if starter not in terms.started_by:
        return Reason.NOT_BY_SCHEME
    if starter is Starter.CONTACT and not registered:
        return Reason.NOT_REGISTERED
    return Reason.LET
