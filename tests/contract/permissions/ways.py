"""Who has what way to what: the rules of the house, written out a second time by hand.

A *way* is a ground on which somebody is shown or may change something of a target. `app/households/access.py` says the
same as code; this is the table that it is held against.
"""

from enum import StrEnum

from app.accounts.model import Role


class Target(StrEnum):
    """Whose thing is asked for."""

    OWN = "own"
    """Of the household in the cast's city that the family belongs to and whose consents name the other roles."""
    NEIGHBOUR = "neighbour"
    """Of another household of the same city. Its consents are over, revoked or not yet begun."""
    FARAWAY = "faraway"
    """Of another city, where consents to all roles are in force."""
    HIDDEN = "hidden"
    """Of the family's second household, with consents to everybody, and protections that name everybody."""
    ENDED = "ended"
    """Of a wearer of the own household who is no longer watched."""
    REVOKED = "revoked"
    """A thing of the own household, or of the viewer's own, that was revoked, removed, ended or carried out."""
    UNKNOWN = "unknown"


class Way(StrEnum):
    """A ground."""

    SELF = "self"
    """It is the viewer's own sign-in or phone."""
    CONTACT = "contact"
    """It is the viewer's own entry as a contact."""
    MANAGES = "manages"
    """Looks after the wearer: her household, the clerks of her city, administrators."""
    HOUSEHOLD = "household"
    """May know of the household: its members, its city's clerks, administrators; other staff by consent."""
    OFFICE = "office"
    """The city hall: its own clerks, and administrators everywhere."""
    STAFF = "staff"
    """The office and the call centre of the city."""
    PLACE = "place"
    TRACK = "track"
    ALERTS = "alerts"
    HEALTH = "health"
    COMPANY = "company"
    """Works for the security company whose it is, as a guard or in its control room."""
    VENDOR = "vendor"
    """Sold the tag, in the city where it is worn."""

    BILL = "bill"
    """Is asked to pay, issued the bill, or works for the city of which it is; also when the wearer has ended."""

    REGISTER = "register"
    """May know whose a printed number is: staff of her city, and the police where it is agreed."""


SCOPES = frozenset({Way.PLACE, Way.TRACK, Way.ALERTS, Way.HEALTH})
OFFICE = frozenset({Way.MANAGES, Way.HOUSEHOLD, Way.OFFICE, Way.STAFF})

VIEWERS: dict[str, Role] = {
    "family": Role.FAMILY,
    "contact": Role.FAMILY,
    "guard": Role.GUARD,
    "control_room": Role.CONTROL_ROOM,
    "clerk": Role.CLERK,
    "operator": Role.OPERATOR,
    "care_manager": Role.CARE_MANAGER,
    "vendor": Role.VENDOR,
    "police": Role.POLICE,
    "administrator": Role.ADMINISTRATOR,
}
"""The cast: one of each role in one city, and a contact, who is of no household and sees by consent only."""

NOBODY = "nobody"
EVERYBODY = (*VIEWERS, NOBODY)

Ways = dict[tuple[str, Target], frozenset[Way]]

WAYS: Ways = {
    ("family", Target.OWN): SCOPES | {Way.SELF, Way.MANAGES, Way.HOUSEHOLD, Way.BILL},
    ("family", Target.ENDED): frozenset({Way.BILL}),
    ("contact", Target.OWN): frozenset({Way.SELF, Way.CONTACT, Way.PLACE, Way.ALERTS}),
    ("guard", Target.OWN): frozenset({Way.SELF, Way.PLACE, Way.COMPANY}),
    ("control_room", Target.OWN): frozenset({Way.SELF, Way.COMPANY, Way.BILL}),
    ("control_room", Target.NEIGHBOUR): frozenset({Way.BILL}),
    ("control_room", Target.ENDED): frozenset({Way.BILL}),
    ("clerk", Target.OWN): OFFICE | {Way.SELF, Way.BILL, Way.REGISTER},
    ("clerk", Target.NEIGHBOUR): OFFICE | {Way.BILL, Way.REGISTER},
    ("clerk", Target.ENDED): frozenset({Way.BILL}),
    ("operator", Target.OWN): SCOPES | {Way.SELF, Way.STAFF, Way.HOUSEHOLD, Way.REGISTER},
    ("operator", Target.NEIGHBOUR): frozenset({Way.STAFF, Way.REGISTER}),
    ("care_manager", Target.OWN): frozenset({Way.SELF, Way.HEALTH, Way.ALERTS}),
    ("vendor", Target.OWN): SCOPES | {Way.SELF, Way.VENDOR},
    ("vendor", Target.NEIGHBOUR): frozenset({Way.VENDOR}),
    ("police", Target.OWN): frozenset({Way.SELF, Way.PLACE, Way.TRACK, Way.REGISTER}),
    ("administrator", Target.OWN): OFFICE | {Way.SELF, Way.BILL, Way.REGISTER},
    ("administrator", Target.NEIGHBOUR): OFFICE | {Way.BILL, Way.REGISTER},
    ("administrator", Target.ENDED): frozenset({Way.BILL}),
    ("administrator", Target.FARAWAY): OFFICE,
}
"""Who is not here has no way."""


def ways_of(who: str, target: Target) -> frozenset[Way]:
    """The ways that somebody of the cast has to a target."""
    return WAYS.get((who, target), frozenset())
