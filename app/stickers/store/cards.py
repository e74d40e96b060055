"""What families chose to show to whoever is with her."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.db import dialect
from app.kit.ids import WearerId
from app.stickers.model import Card, PhoneShown
from app.stickers.tables import sticker_card


def of(connection: Connection, wearer_id: WearerId) -> Card | None:
    """The card of a wearer, None where nobody wrote one."""
    row = connection.execute(sa.select(sticker_card).where(sticker_card.c.wearer_id == wearer_id)).one_or_none()
    return None if row is None else Card(**{**row._mapping, "phone_shown": PhoneShown(row.phone_shown)})


def put(connection: Connection, card: Card) -> None:
    """Keeps a card in place of the one before."""
    row = {name: getattr(card, name) for name in card.__struct_fields__}
    rest = {name: value for name, value in row.items() if name != "wearer_id"}
    insert = dialect.insert(connection, sticker_card).values(**row)
    connection.execute(insert.on_conflict_do_update(index_elements=["wearer_id"], set_=rest))
