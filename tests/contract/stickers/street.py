"""Somebody on the street with a phone, and the house behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from litestar.testing import TestClient
from msgspec import Struct

from app.asgi import create_app
from app.config import Settings
from app.db.engine import Database
from app.households.tables import contact
from app.kit.clock import ManualClock
from app.stickers.model import Card
from app.stickers.store import cards
from app.stickers.tables import sticker_scan
from tests.build import NOW, Town, town
from tests.contract.stickers.build import a_sticker
from tests.contract.web import as_peer, opened

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


class Street(Struct, frozen=True):
    """Somebody on the street with a phone, and the house behind it."""

    client: TestClient[Any]
    database: Database
    clock: ManualClock
    town: Town
    code: str

    def scan(self, code: str = "", **headers: str) -> Any:
        given = {"user-agent": PHONE, "accept-language": "en"} | {
            name.replace("_", "-"): one for name, one in headers.items()
        }
        return self.client.get(f"/s/{code or self.code}", headers=given)

    def rows(self) -> list[Any]:
        with self.database.transaction() as connection:
            return list(connection.execute(sa.select(sticker_scan).order_by(sticker_scan.c.id)))


@contextmanager
def a_street(where: Path | str) -> Iterator[Street]:
    """The street until the block ends."""
    database, clock = Database(where), ManualClock(NOW)
    with database.transaction() as connection:
        here = town(connection)
        code = a_sticker(connection, here)
    app = create_app(Settings(), database, clock, detector_secret=b"s" * 32, lifespan=[opened(database)])
    with TestClient(as_peer(app), base_url="https://town.example", raise_server_exceptions=False) as client:
        yield Street(client, database, clock, here, code)


def put_card(street: Street, **given: Any) -> None:
    with street.database.transaction() as connection:
        cards.put(connection, Card(wearer_id=street.town.hana.id, **given))


def first_contact(street: Street, phone: str) -> Any:
    with street.database.transaction() as connection:
        row = connection.execute(sa.select(contact).order_by(contact.c.rank)).first()
        assert row is not None
        connection.execute(sa.update(contact).where(contact.c.id == row.id).values(phone=phone))
        return row.id
