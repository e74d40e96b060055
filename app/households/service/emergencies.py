"""Who is let in when nobody of the family answers (decision 0020): a consent that the family sees and can revoke, and
that ends by itself. A protection stands above it, as above every consent.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.households.model import Consent, GivenAs, Scope
from app.households.store import consents, people
from app.kit.ids import AccountId, ConsentId, WearerId, new_id

LET_IN_FOR = timedelta(hours=24)
"""So long after they were told of an emergency they may see alerts and places."""
SCOPES = frozenset({Scope.ALERTS, Scope.PLACE})


def let_in(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId], now: datetime
) -> frozenset[AccountId]:
    """Those of the accounts who may see to an emergency of this wearer, with the consent that lets them: nobody of
    another city, nobody from whom she is hidden, nobody whose emergency consent was revoked lately.
    """
    wearer = people.wearers_by_id(connection, [wearer_id]).get(wearer_id)
    if wearer is None or wearer.ended_at is not None or not account_ids:
        return frozenset()
    here = people.account_roles(connection, account_ids, wearer.city_id)
    shut_out = consents.protected_accounts(connection, wearer_id, here)
    before = consents.emergencies(connection, wearer_id, here, now - LET_IN_FOR)
    shut_out |= {account_id for account_id, (_until_at, revoked) in before.items() if revoked}
    allowed = frozenset(here) - shut_out
    running = {one: until_at for one, (until_at, _revoked) in before.items() if until_at > now}
    consents.add(connection, [_consent(wearer_id, one, now) for one in sorted(allowed - running.keys())])
    # One row for an emergency that lasts, so that revoking it is enough; written when half of its time is over.
    ending = [one for one, until_at in running.items() if one in allowed and until_at < now + LET_IN_FOR / 2]
    if ending:
        consents.lengthen_emergencies(connection, wearer_id, ending, now + LET_IN_FOR, now)
    return allowed


def let_in_now(connection: Connection, wearer_id: WearerId, now: datetime) -> frozenset[AccountId]:
    """Who is let in at the moment."""
    running = consents.emergencies(connection, wearer_id, None, now - LET_IN_FOR)
    found = {one for one, (until_at, revoked) in running.items() if until_at > now and not revoked}
    return frozenset(found - consents.protected_accounts(connection, wearer_id, found))


def _consent(wearer_id: WearerId, account_id: AccountId, now: datetime) -> Consent:
    return Consent(
        id=ConsentId(new_id()),
        wearer_id=wearer_id,
        account_id=account_id,
        scopes=SCOPES,
        given_as=GivenAs.EMERGENCY,
        from_at=now,
        until_at=now + LET_IN_FOR,
        given_by=account_id,  # Nobody gave it; the column wants somebody, and they are who took it.
        given_at=now,
    )
