"""Guards who are sent to a wearer may see where she is while they are: a consent that the house writes, as for an
emergency (decision 0020). The family sees it with the name; a protection stands above it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from app.households.model import Consent, GivenAs, Scope
from app.households.store import consents, people
from app.kit.ids import AccountId, ConsentId, WearerId, new_id

SENT_FOR = timedelta(hours=1)
"""So long a guard who was sent may see her unless it is lengthened: should the end of a turn-out be missed, nobody
looks on.
"""
AWAY_FOR = timedelta(hours=12)
SCOPES = frozenset({Scope.PLACE, Scope.TRACK})


def let_guards_in(
    connection: Connection, wearer_id: WearerId, account_ids: Collection[AccountId], now: datetime
) -> frozenset[AccountId]:
    """Those of the accounts who may see her from now on, or longer: nobody of another city, nobody from whom she is
    hidden, nobody whose sight the family ended lately.
    """
    wearer = people.wearers_by_id(connection, [wearer_id]).get(wearer_id)
    if wearer is None or wearer.ended_at is not None or not account_ids:
        return frozenset()
    here = people.account_roles(connection, account_ids, wearer.city_id)
    allowed = frozenset(here) - consents.protected_accounts(connection, wearer_id, here)
    allowed -= consents.sent_away(connection, wearer_id, now - AWAY_FOR)
    going_on = consents.sent_now(connection, wearer_id, now)
    consents.end_sent(connection, wearer_id, allowed & going_on, now + SENT_FOR, now)
    consents.add(connection, [_consent(wearer_id, one, now) for one in sorted(allowed - going_on)])
    return allowed


def let_guards_out(connection: Connection, wearer_id: WearerId, now: datetime) -> None:
    """Nobody who was sent sees her any more."""
    consents.end_sent(connection, wearer_id, consents.sent_now(connection, wearer_id, now), now, now)


def _consent(wearer_id: WearerId, account_id: AccountId, now: datetime) -> Consent:
    return Consent(
        id=ConsentId(new_id()),
        wearer_id=wearer_id,
        account_id=account_id,
        scopes=SCOPES,
        given_as=GivenAs.DISPATCH,
        from_at=now,
        until_at=now + SENT_FOR,
        given_by=account_id,  # Nobody gave it; the column wants somebody, and they are who went.
        given_at=now,
    )
