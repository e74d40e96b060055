"""A town whose wearers owe what a test says, and the steps of a closing run on one connection."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.billing import service
from app.billing.model import Bank, Document, Kind, Owed, Run
from app.billing.service.closing import next_step
from app.billing.service.gathering import Gathered
from app.billing.store.rows import document_of
from app.billing.tables import document, document_line
from app.billing.totals import Rounding
from app.households import service as households
from app.kit.ids import CityId, WearerId, new_id
from app.programmes.model import Line
from tests.build import KAKOGAWA, Town, town

MONTH = "2026-03"
CLOSED_AT = datetime(2026, 4, 1, 3, tzinfo=UTC)
"""Noon in Japan: due thirty days later, on the first of May."""


class Owing:
    """What wearers owe in every month, and a gatherer that tells it, wearer by wearer."""

    def __init__(self) -> None:
        self.lines: dict[WearerId, list[Line]] = defaultdict(list)

    def owes(self, wearer_id: WearerId, *lines: Line) -> None:
        self.lines[wearer_id] = list(lines)

    def __call__(self, _connection: Connection, run: Run, count: int) -> Gathered:
        ids = [one for one in sorted(self.lines) if run.after is None or one > run.after]
        some = ids[:count]
        owed = [
            Owed(line=line, wearer_id=one, contract_id=UUID(int=one.int)) for one in some for line in self.lines[one]
        ]
        return Gathered(wearer_ids=tuple(some), owed=tuple(owed), gaps=(), last=len(ids) <= count)


def here(connection: Connection, wearers: int = 2) -> tuple[Town, list[WearerId]]:
    """Kakogawa with Hana and some more, and a company that bills there."""
    cast = town(connection)
    put(connection)
    ids = [cast.hana.id]
    for number in range(1, wearers):
        home = households.create_household(connection, KAKOGAWA, f"家{number}", [cast.outsider.id], CLOSED_AT)
        ids.append(households.create_wearer(connection, home.id, f"人{number}", by=cast.outsider.id, now=CLOSED_AT).id)
    return cast, sorted(ids)


def put(connection: Connection, code: str = "alsok", city_id: CityId = KAKOGAWA, **more: Any) -> None:
    values: dict[str, Any] = {
        "name": "総合警備保障株式会社", "address": "神戸市中央区磯辺通4-1-44", "phone": "078-222-6971",
        "registration_number": "T1234567890123", "rounding": Rounding.DOWN, "payment_days": 30,
        "bank": Bank(bank="みなと銀行", number="1234567", holder="ミマモリ"), "by": None, "now": CLOSED_AT,
    }  # fmt: skip
    service.put_issuer(connection, city_id, code, **values | more)


def closed(
    connection: Connection, owing: Owing, month: str = MONTH, now: datetime = CLOSED_AT, count: int = 100, **more: Any
) -> Run:
    """The run of a month, begun and worked off."""
    run = service.begin(connection, KAKOGAWA, month, None, now, **more)
    while (step := next_step(connection, now, count, run.id, owing)) is not None:
        assert step(connection)
    return run


def documents(connection: Connection) -> list[Document]:
    """All documents that were issued, in the order of their numbers."""
    query = sa.select(document).where(document.c.issued_at.is_not(None))
    return [document_of(row) for row in connection.execute(query.order_by(document.c.issuer_code, document.c.number))]


def said(connection: Connection) -> list[tuple[int, Kind, str, int]]:
    """Of each document its number, kind, to whom, and its total."""
    return [(one.number, one.kind, one.recipient, one.totals.total_yen) for one in documents(connection)]


def lines_of(connection: Connection, one: Document) -> list[sa.Row[Any]]:
    query = sa.select(document_line).where(document_line.c.document_id == one.id).order_by(document_line.c.id)
    return list(connection.execute(query))


def viewer_of(account) -> Viewer:
    return Viewer(
        account_id=account.id, city_id=account.city_id, role=account.role, name=account.name, sign_in_id=new_id()
    )
