"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself: other rooms,
commands, tests.
"""

from app.households.service.consents import consents_of, give_consent, new_consent, revoke_consent
from app.households.service.contacts import (
    add_contact,
    change_contact,
    contact,
    contacts_of,
    contacts_that_are,
    new_contact,
    order_contacts,
    remove_contact,
    share_place,
)
from app.households.service.emergencies import let_in, let_in_now
from app.households.service.households import (
    add_member,
    change_household,
    create_household,
    household,
    households,
    managed_household,
    new_household,
    remove_member,
)
from app.households.service.protections import end_protection, new_protection, protect, protections_of
from app.households.service.sight import (
    attended_wearer,
    contacts_by_id,
    known_wearer,
    known_wearers,
    look,
    look_at_all,
    looks_at,
    managed_wearer,
    told,
    told_of,
    visible_wearer,
    visible_wearer_ids,
    wearers_by_id,
)
from app.households.service.wearers import WEARER_ENDED, change_wearer, create_wearer, end_wearer, new_wearer

__all__ = [
    "WEARER_ENDED",
    "add_contact",
    "add_member",
    "attended_wearer",
    "change_contact",
    "change_household",
    "change_wearer",
    "consents_of",
    "contact",
    "contacts_by_id",
    "contacts_of",
    "contacts_that_are",
    "create_household",
    "create_wearer",
    "end_protection",
    "end_wearer",
    "give_consent",
    "household",
    "households",
    "known_wearer",
    "known_wearers",
    "let_in",
    "let_in_now",
    "look",
    "look_at_all",
    "looks_at",
    "managed_household",
    "managed_wearer",
    "new_consent",
    "new_contact",
    "new_household",
    "new_protection",
    "new_wearer",
    "order_contacts",
    "protect",
    "protections_of",
    "remove_contact",
    "remove_member",
    "revoke_consent",
    "share_place",
    "told",
    "told_of",
    "visible_wearer",
    "visible_wearer_ids",
    "wearers_by_id",
]
