"""Companies as issuers of documents."""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Role, Viewer
from app.accounts.names import one_line
from app.billing.model import Bank, Issuer
from app.billing.store import issuers
from app.billing.totals import Rounding
from app.db.locks import one_at_a_time
from app.kit.errors import Conflict, NotFound
from app.kit.ids import AccountId, CityId, new_id


def put_issuer(
    connection: Connection, city_id: CityId, code: str, *, name: str, address: str, phone: str,
    registration_number: str | None, rounding: Rounding, payment_days: int, bank: Bank | None, by: AccountId | None,
    now: datetime,
) -> Issuer:  # fmt: skip
    """The issuer, new or as it is from now on. Documents that were issued keep what it was. Raises `InvalidInput` for
    what is not one line: it would forge a line of a bill, or have a character that no font can print.
    """
    if bank is not None:
        bank = replace(
            bank, bank=one_line(bank.bank, "bank.bank"), branch=_line(bank.branch, "bank.branch"),
            holder=one_line(bank.holder, "bank.holder"),
        )  # fmt: skip
    one_at_a_time(connection, f"issuer {city_id} {code}")
    known = issuers.of_city(connection, city_id, [code]).get(code)
    one = Issuer(
        id=new_id() if known is None else known.id, city_id=city_id, code=code, name=one_line(name, "name"),
        address=_line(address, "address"), phone=_line(phone, "phone"), registration_number=registration_number,
        rounding=rounding, payment_days=payment_days, bank=bank, changed_at=now,
    )  # fmt: skip
    issuers.put(connection, one, by)
    return one


def let_read(connection: Connection, viewer: Viewer, code: str, account_id: AccountId, now: datetime) -> None:
    """Lets an account of a company's control room read and collect its bills. Raises `NotFound`, and `Conflict` for an
    account that is none.
    """
    one = accounts.account_in_city(connection, account_id, viewer.city_id)
    if one.role is not Role.CONTROL_ROOM:
        raise Conflict("Only an account of a company's control room can be let in.")
    issuers.add_reader(connection, _issuer(connection, viewer, code).id, account_id, viewer.account_id, now)


def stop_reading(connection: Connection, viewer: Viewer, code: str, account_id: AccountId) -> None:
    """Ends it. Raises `NotFound`."""
    if not issuers.remove_reader(connection, _issuer(connection, viewer, code).id, account_id):
        raise NotFound


def end_reading(connection: Connection, account_id: AccountId) -> None:
    """Ends it for whoever is of the company no more."""
    issuers.remove_readings(connection, account_id)


def _line(text: str, where: str) -> str:
    return one_line(text, where) if text.strip() else ""


def _issuer(connection: Connection, viewer: Viewer, code: str) -> Issuer:
    found = issuers.of_city(connection, viewer.city_id, [code]).get(code)
    if found is None:
        raise NotFound
    return found
