"""Wearers with real contracts, as the measurements make them, and somebody of their town."""

from sqlalchemy.engine import Connection

from app.accounts.model import Account, Role
from app.kit.ids import CityId
from bench.contracts import AT, city_of, kobe, publish, sapporo, wearers
from tests.build import account

__all__ = ["city_of", "clerk_of", "kobe", "publish", "sapporo", "wearers"]


def clerk_of(connection: Connection, city_id: CityId) -> Account:
    return account(connection, "clerk-of-town", "市役所", Role.CLERK, city=city_id, now=AT)
