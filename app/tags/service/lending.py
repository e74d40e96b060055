"""Tags that contacts carry: they say that somebody is with her, and nothing else."""

from datetime import datetime

from sqlalchemy.engine import Connection

from app.db import versions
from app.db.session import hint
from app.devices import carriers
from app.devices.store import holders
from app.kit.errors import Conflict, NotFound
from app.kit.ids import ContactId, TagId
from app.tags.model import TagLoan
from app.tags.service.tags import take_from_wearer
from app.tags.store import loans, tags


def lend_tag(connection: Connection, tag_id: TagId, contact_id: ContactId, now: datetime) -> TagLoan:
    """Who carries the tag from now on; whoever had it before has it no more.

    Raises `NotFound` for a contact who is on no list of the tag's city, `Conflict` for one who has not agreed that
    their own place is taken.
    """
    tag = tags.locked(connection, tag_id)
    agreed = holders.agreement(connection, contact_id)
    if agreed is None or agreed.city_id != tag.city_id:
        raise NotFound
    if agreed.since is None or now < agreed.since:
        raise Conflict("This contact has not agreed that their place is taken.")
    take_from_wearer(connection, tag_id, now)
    before = loans.of(connection, [tag_id]).get(tag_id, [])
    new = TagLoan(tag_id=tag_id, contact_id=contact_id, from_at=now, until_at=None)
    after = carriers.handed_to(before, new)
    loans.save(connection, tag_id, before, after)
    versions.bump(connection, tags.TAG_CARRIERS_VERSION, [tag_id])
    hint(connection, "registry")
    return after[-1]


def end_loan(connection: Connection, tag_id: TagId, now: datetime) -> None:
    """No contact carries the tag from now on; once is enough. Raises `NotFound`."""
    tags.locked(connection, tag_id)
    tags.end_loan(connection, tag_id, now)
    hint(connection, "registry")


def take_from_contact(connection: Connection, contact_id: ContactId, now: datetime) -> int:
    """How many tags a contact carries no more who agrees no more or is on no list any more; none the second time."""
    tag_ids = loans.tag_ids_of_contact(connection, contact_id)
    for tag_id in tag_ids:
        end_loan(connection, tag_id, now)
    return len(tag_ids)
