"""Last month is closed in both cities, and every wearer's family was asked for something and paid a part."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Account, Role
from app.billing import service
from app.billing.model import PaymentKind
from app.billing.service.closing import next_step
from app.billing.tables import document
from app.kit.ids import CityId
from tests.build import NOW, account, viewer
from tests.contract.billing.build import MONTH, Owing, put
from tests.contract.permissions.ways import Target, Way
from tests.unit.billing.build import line

CODE = "alsok"


def bill(c: Connection, people: Mapping[str, Account], things: Mapping[Target, Any]) -> None:
    """Closes the month, and gives each target its document, a payment, and somebody of the company."""
    by_city: dict[CityId, list[Any]] = {}
    for one in list(things.values()):
        by_city.setdefault(one["city_id"], []).append(one)
    away = account(c, "faraway-company", "away", Role.CONTROL_ROOM, city=people["faraway clerk"].city_id, now=NOW)
    for city_id, some in by_city.items():
        clerk = people["clerk" if city_id == people["clerk"].city_id else "faraway clerk"]
        reader = people["control_room"] if clerk is people["clerk"] else away
        put(c, CODE, city_id, name="会社")
        service.let_read(c, viewer(clerk), CODE, reader.id, NOW)
        owing = Owing()
        for one in some:
            owing.owes(one["wearer_id"], line(2_200, on=date(2026, 3, 1)))
        run = service.begin(c, city_id, MONTH, None, NOW)
        while (step := next_step(c, NOW, 100, run.id, owing)) is not None:
            step(c)
        for one in some:
            found = c.execute(sa.select(document.c.id).where(document.c.wearer_id == one["wearer_id"])).one()
            one.keep("document_id", found, Way.BILL)
            paid = service.pay(
                c, viewer(clerk), found.id, kind=PaymentKind.PAID, amount_yen=200, on=date(2026, 3, 31), note="",
                key="first", now=NOW,
            )  # fmt: skip
            one.keep("payment_id", paid, Way.BILL)
            one |= {"closing_id": run.id, "code": CODE, "reader_id": reader.id}
