"""Documents reckoned anew, for whoever looks after them."""

from msgspec import Struct
from sqlalchemy.engine import Connection

from app.billing.service.reading import is_right
from app.billing.store import reading


class Checked(Struct, frozen=True, kw_only=True):
    """How many documents were looked at, and what is not right, in sentences."""

    documents: int
    wrong: list[str]


def wrong_documents(connection: Connection, city_id: int | None, month: str | None) -> Checked:
    """Documents whose lines come to something else than they say, and numbers that no document has."""
    wrong = [
        f"{code} in {city}: {last} numbers were given and {count} documents issued"
        for city, code, last, count in reading.numbers(connection, city_id)
        if last != count
    ]
    looked_at = 0
    for document in reading.every(connection, city_id, month):
        looked_at += 1
        if not is_right(connection, document):
            wrong.append(f"{document.number_text} in {document.city_id}: its lines come to something else than it says")
    return Checked(documents=looked_at, wrong=wrong)
