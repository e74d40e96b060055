"""What must be told is put into the outbox, and what is no longer true is taken back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.db import dialect
from app.db.session import hint
from app.kit.ids import AddressId, CityId, new_id
from app.push import tables
from app.push.model import Channel, Level, MessageState
from app.push.outbox.rows import RANK, ended, possible
from app.push.transitions import Action


class Note(Struct, frozen=True, kw_only=True):
    """Something to be told to one address, over its channel. `unique_key` names it for ever, `about` is what it is
    called on phones. It is not sent before `not_before`. What became of it is found under the name `on_behalf`.
    """

    city_id: CityId
    channel: Channel
    address_id: AddressId
    unique_key: str
    kind: str
    level: Level
    about: str
    params: Mapping[str, str]
    expires_at: datetime
    not_before: datetime | None = None
    on_behalf: str | None = None


_PUT = dialect.Rows(
    tables.message,
    (
        "id", "city_id", "address_id", "unique_key", "kind", "level", "about", "params", "state", "created_at",
        "due_at", "expires_at", "channel", "rank", "not_before", "on_behalf",
    ),
    lambda insert: insert.on_conflict_do_nothing(index_elements=["unique_key"]),
)  # fmt: skip


def put(
    connection: Connection,
    *,
    city_id: CityId,
    channel: Channel,
    address_id: AddressId,
    unique_key: str,
    kind: str,
    level: Level,
    about: str,
    params: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Notes that something must be told to one address; whether it is new.

    The same `unique_key` twice is one message.
    """
    note = Note(
        city_id=city_id, channel=channel, address_id=address_id, unique_key=unique_key, kind=kind, level=level,
        about=about, params=params, expires_at=expires_at,
    )  # fmt: skip
    return put_all(connection, [note], now) == 1


def put_all(connection: Connection, notes: Sequence[Note], now: datetime) -> int:
    """How many of these were new. The same `unique_key` twice is one message."""
    waiting = MessageState.WAITING.value
    rows = [
        (
            new_id(), note.city_id, note.address_id, note.unique_key, note.kind, note.level.value, note.about,
            dict(note.params), waiting, now, now, note.expires_at, note.channel.value, RANK[note.level.value],
            note.not_before, note.on_behalf,
        )
        for note in notes
    ]  # fmt: skip
    added = _PUT.insert(connection, rows)
    if added:
        hint(connection, "outbox")
    return added


def put_since(connection: Connection, about: str, since: datetime) -> list[datetime]:
    """When messages about this were put since then, the oldest first."""
    created_at = tables.message.c.created_at
    query = sa.select(created_at).where(tables.message.c.about == about, created_at > since).order_by(created_at)
    return list(connection.execute(query).scalars())


def cancel(
    connection: Connection, about: str, now: datetime, spare: Collection[AddressId] = (), *, below: bool = False
) -> int:
    """How many messages about this will not be sent any more, but for those to the addresses `spare`. `below`: all
    whose name goes on from this one after a colon.

    What is on its way right now may still arrive.
    """
    table = tables.message
    # ";" comes right after ":", so this is one range of the index (in an order of bytes, which names of ours are in).
    mine = [table.c.about > f"{about}:", table.c.about < f"{about};"] if below else [table.c.about == about]
    changed = sa.update(table).where(*mine, possible(Action.CANCEL))
    if spare:
        changed = changed.where(table.c.address_id.not_in(spare))
    return connection.execute(changed.values(ended(Action.CANCEL, now))).rowcount
