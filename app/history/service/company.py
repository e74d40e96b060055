"""What is heard of the tags of contacts who agreed: kept for as long as it can say that she has company, and no longer.

It is no passage: it has no number, is in no feed and no history, and nobody can read it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection

from app.devices.carriers import carrier_at
from app.history.service.gathering import Lent
from app.history.service.standing import spot_of
from app.history.store import companions
from app.history.store.companions import Heard
from app.households import service as households
from app.kit.ids import ContactId

COMPANY_KEPT = timedelta(hours=2, minutes=15)
"""What is older than two hours is judged by no rule (DESIGN section 7, promise 3), and who was beside her then is asked
for ten minutes around it.
"""


def keep_company(connection: Connection, lent: Sequence[Lent], now: datetime) -> None:
    """Keeps where tags were heard while a contact carried them who agreed, one row for each minute and detector. What
    comes twice, or in another order, changes nothing that counts.
    """
    found: dict[tuple[bytes, int, bytes], Heard] = {}
    for one in lent:
        for second in one.seconds:
            at = datetime.fromtimestamp(second, UTC)
            key = (one.tag.key, second // 60, one.detector_id.bytes)
            loan = carrier_at(one.tag.loans, at)
            if loan is None or key in found or at < now - COMPANY_KEPT:
                continue
            spot = spot_of(connection, one.detector_id, one.detector, at)
            if spot is not None:
                found[key] = Heard(
                    tag_id=one.tag_id,
                    detector_id=one.detector_id,
                    contact_id=loan.contact_id,
                    at=at,
                    lat_deg=spot.lat_deg,
                    lon_deg=spot.lon_deg,
                    accuracy_m=spot.accuracy_m,
                )
    if not found:
        return
    known = households.contacts_by_id(connection, {ContactId(one.contact_id) for one in found.values()})
    since = {contact_id: one.shares_place_since for contact_id, one in known.items()}
    agreed = []
    for heard in found.values():
        agreed_at = since.get(ContactId(heard.contact_id))
        if agreed_at is not None and agreed_at <= heard.at:
            agreed.append(heard)
    companions.keep(connection, agreed)


def forget_company_before(connection: Connection, before: datetime) -> int:
    """Deletes what was heard of contacts earlier; how many rows."""
    return companions.forget_before(connection, before)


def forget_company(connection: Connection, contact_id: ContactId) -> int:
    """Deletes all that was heard of a contact who agrees no more; how many rows."""
    return companions.forget(connection, contact_id)
