"""The one table of permissions: what each role may ask for at all.

A route names its action; the table says which roles may. Which rows they get is a second question: own wearers by
consent and household, a clerk's own city, and so on, answered in the services, where everything that is not theirs
answers like an unknown id.
"""

from enum import StrEnum

from app.accounts.model import Role


class Action(StrEnum):
    """What a route does. `x:read` looks, `x:write` changes."""

    SELF = "self"
    CITY_READ = "city:read"
    CITY_WRITE = "city:write"
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    HOUSEHOLD_READ = "household:read"
    HOUSEHOLD_WRITE = "household:write"
    WEARER_READ = "wearer:read"
    WEARER_WRITE = "wearer:write"
    CONTACT_WRITE = "contact:write"
    CONSENT_WRITE = "consent:write"
    PROTECTION_WRITE = "protection:write"
    LOOK_READ = "look:read"
    DEVICE_READ = "device:read"
    DEVICE_WRITE = "device:write"
    DEVICE_COMMAND = "device:command"
    TAG_READ = "tag:read"
    TAG_WRITE = "tag:write"
    DETECTOR_READ = "detector:read"
    DETECTOR_WRITE = "detector:write"
    PASSAGE_READ = "passage:read"
    FEED_READ = "feed:read"
    FEED_WRITE = "feed:write"
    AREA_READ = "area:read"
    GEOFENCE_WRITE = "geofence:write"
    POSITION_READ = "position:read"
    WATCH_WRITE = "watch:write"
    ALERT_READ = "alert:read"
    ALERT_WRITE = "alert:write"
    PROGRAMME_READ = "programme:read"
    PROGRAMME_WRITE = "programme:write"
    NETWORK_READ = "network:read"
    NETWORK_WRITE = "network:write"
    STICKER_READ = "sticker:read"
    STICKER_OWN = "sticker:own"
    STICKER_DRILL = "sticker:drill"
    BOARD_READ = "board:read"
    BOARD_WRITE = "board:write"
    BOARD_LEAD = "board:lead"
    STICKER_WRITE = "sticker:write"
    REGISTER_READ = "register:read"
    SEARCH_READ = "search:read"
    SEARCH_WRITE = "search:write"
    DISPATCH_READ = "dispatch:read"
    DISPATCH_WRITE = "dispatch:write"
    DISPATCH_JOIN = "dispatch:join"
    DISPATCH_LEAD = "dispatch:lead"
    DISPATCH_GO = "dispatch:go"
    DISPATCH_RETURN = "dispatch:return"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    DUTY_READ = "duty:read"
    DUTY_WRITE = "duty:write"
    COMPANY_WRITE = "company:write"
    UNIT_READ = "unit:read"
    UNIT_WRITE = "unit:write"
    UNIT_PLACE = "unit:place"
    OWN_DUTY = "own-duty"
    BILL_READ = "bill:read"
    BILL_COLLECT = "bill:collect"
    BILL_WRITE = "bill:write"
    OPERATION = "operation"


_EVERYBODY = frozenset(Role)
_STAFF = frozenset({Role.CLERK, Role.OPERATOR, Role.ADMINISTRATOR})
_OFFICE = frozenset({Role.CLERK, Role.ADMINISTRATOR})
_OF_COMPANIES = frozenset({Role.GUARD, Role.CONTROL_ROOM})
_WATCHING = frozenset(
    {Role.FAMILY, Role.GUARD, Role.CLERK, Role.OPERATOR, Role.CARE_MANAGER, Role.POLICE, Role.ADMINISTRATOR}
)

PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.SELF: _EVERYBODY,
    Action.CITY_READ: _EVERYBODY,
    Action.CITY_WRITE: frozenset({Role.ADMINISTRATOR}),
    Action.ACCOUNT_READ: _STAFF,
    Action.ACCOUNT_WRITE: _OFFICE,
    Action.HOUSEHOLD_READ: _STAFF | {Role.FAMILY},
    Action.HOUSEHOLD_WRITE: _OFFICE,
    Action.WEARER_READ: _WATCHING,
    Action.WEARER_WRITE: _OFFICE | {Role.FAMILY},
    Action.CONTACT_WRITE: _OFFICE | {Role.FAMILY},
    Action.CONSENT_WRITE: _OFFICE | {Role.FAMILY},
    Action.PROTECTION_WRITE: _OFFICE,
    Action.LOOK_READ: _OFFICE | {Role.FAMILY},
    Action.DEVICE_READ: _STAFF | {Role.FAMILY},
    Action.DEVICE_WRITE: _OFFICE,
    Action.DEVICE_COMMAND: frozenset({Role.FAMILY, Role.OPERATOR}),
    Action.TAG_READ: _STAFF | {Role.FAMILY},
    Action.TAG_WRITE: _OFFICE,
    Action.DETECTOR_READ: _STAFF,
    Action.DETECTOR_WRITE: _OFFICE,
    Action.PASSAGE_READ: _STAFF | {Role.VENDOR},
    Action.FEED_READ: frozenset({Role.VENDOR}),
    Action.FEED_WRITE: frozenset({Role.VENDOR}),
    Action.AREA_READ: _STAFF | {Role.POLICE},
    Action.GEOFENCE_WRITE: _OFFICE | {Role.FAMILY},
    Action.POSITION_READ: _WATCHING,
    Action.WATCH_WRITE: _OFFICE | {Role.FAMILY},
    Action.ALERT_READ: _WATCHING,
    # By consent, or let in when nobody of the family answers and they are on duty.
    Action.ALERT_WRITE: _STAFF | {Role.FAMILY},
    # Prices are for who manages her or sees her alerts, contracts and usage for her household and her city's office.
    Action.PROGRAMME_READ: _STAFF | {Role.FAMILY},
    Action.PROGRAMME_WRITE: _OFFICE,
    # The register of an SOS network is kept by the office.
    Action.NETWORK_READ: _STAFF | {Role.FAMILY},
    Action.NETWORK_WRITE: _OFFICE,
    # Those who manage her or see her alerts.
    Action.STICKER_READ: _STAFF | {Role.FAMILY},
    Action.STICKER_OWN: _OFFICE | {Role.FAMILY},
    Action.STICKER_DRILL: _OFFICE,
    # By consent to see her alerts, as with those; the city steps in against abuse.
    Action.BOARD_READ: _STAFF | {Role.FAMILY},
    Action.BOARD_WRITE: _STAFF | {Role.FAMILY},
    Action.BOARD_LEAD: _STAFF,
    Action.STICKER_WRITE: _OFFICE,
    # A printed number is read out on the telephone, often by the police; each look is a row that the family reads.
    Action.REGISTER_READ: _STAFF | {Role.POLICE},
    # Whoever goes and looks for her needs the map; by consent, as with her place.
    Action.SEARCH_READ: _WATCHING,
    Action.SEARCH_WRITE: _STAFF | {Role.FAMILY},
    # Whoever sees her alerts, and the unit that has it with its company, as what they are (`dispatch/incident.py`).
    Action.DISPATCH_READ: _STAFF | _OF_COMPANIES | {Role.FAMILY},
    Action.DISPATCH_WRITE: _STAFF | {Role.FAMILY},
    Action.DISPATCH_JOIN: frozenset({Role.FAMILY}),
    Action.DISPATCH_LEAD: _STAFF,
    Action.DISPATCH_GO: _OF_COMPANIES,
    Action.DISPATCH_RETURN: _STAFF | _OF_COMPANIES,
    Action.POLICY_READ: _STAFF,
    Action.POLICY_WRITE: _OFFICE,
    Action.DUTY_READ: _STAFF,
    Action.DUTY_WRITE: _STAFF,
    Action.COMPANY_WRITE: _OFFICE,
    # Of their own company; staff of all of the city's.
    Action.UNIT_READ: _STAFF | {Role.GUARD, Role.CONTROL_ROOM},
    Action.UNIT_WRITE: _OFFICE | {Role.CONTROL_ROOM},
    # Where a guard is is for those who send him; each look is a row that he reads.
    Action.UNIT_PLACE: frozenset({Role.CONTROL_ROOM, Role.OPERATOR, Role.ADMINISTRATOR}),
    Action.OWN_DUTY: frozenset({Role.GUARD}),
    # A family those that ask it for money, a company its own; the city all that are its.
    Action.BILL_READ: _OFFICE | {Role.FAMILY, Role.CONTROL_ROOM},
    Action.BILL_COLLECT: _OFFICE | {Role.CONTROL_ROOM},
    Action.BILL_WRITE: _OFFICE,
    Action.OPERATION: frozenset({Role.ADMINISTRATOR}),
}


def allowed(role: Role, action: Action) -> bool:
    """Whether a role may ask for this at all.

    >>> allowed(Role.POLICE, Action.WEARER_WRITE), allowed(Role.FAMILY, Action.POSITION_READ)
    (False, True)
    """
    return role in PERMISSIONS[action]
