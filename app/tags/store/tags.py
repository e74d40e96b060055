"""Registered tags, and who wears them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection, Row

from app.accounts.model import Role, Viewer
from app.db import dialect, shards, versions
from app.db.types import KeyBytes
from app.devices.carriers import released
from app.households.tables import protection
from app.kit.errors import NotFound
from app.kit.ids import TagId, WearerId
from app.tags.identity import Identity, is_factory_default
from app.tags.model import Tag, TagCarrier
from app.tags.passages import cuts_of, gap_s
from app.tags.snapshot import TagEntry, Worn
from app.tags.store import loans
from app.tags.tables import tag, tag_carrier

TAG_CARRIERS_VERSION = "tag_carriers"
"""Changes whenever a tag changes or somebody else wears it."""

# Made once, because it runs for every batch from the edge.
_WORN = dialect.Lookup(
    sa.select(
        sa.type_coerce(tag.c.id, KeyBytes()),
        tag.c.city_id,
        tag.c.interval_s,
        tag_carrier.c.wearer_id,
        tag_carrier.c.from_at,
        tag_carrier.c.until_at,
    )
    .outerjoin(tag_carrier, tag_carrier.c.tag_id == tag.c.id)
    .where(tag.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(tag.c.id, tag_carrier.c.from_at),
    sa.Column("id", KeyBytes()),
)
_QUEUE = dialect.Lookup(
    sa.select(tag.c.id)
    .where(tag.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(tag.c.id)
    .with_for_update(key_share=True),
    tag.c.id,
)
_KEPT: versions.Kept[int, Worn | None] = versions.Kept(TAG_CARRIERS_VERSION)


def add(connection: Connection, one: Tag) -> bool:
    """Whether the tag was stored; not when one that cannot be told from it is registered already."""
    row = {name: getattr(one, name) for name in one.__struct_fields__}
    insert = dialect.insert(connection, tag).values(**row).on_conflict_do_nothing()
    versions.bump(connection, TAG_CARRIERS_VERSION, [one.id])
    return connection.execute(insert).rowcount == 1


def is_taken(connection: Connection, known_as: Identity) -> bool:
    """Whether a tag is registered that an advertisement of this one could be taken for.

    Two that call themselves alike are told apart only where both addresses are known.
    """
    query = sa.select(tag.c.id).where(
        tag.c.scheme == known_as.scheme, tag.c.identity == known_as.identity, tag.c.ended_at.is_(None)
    )
    if known_as.mac is not None:
        query = query.where(sa.or_(tag.c.mac.is_(None), tag.c.mac == known_as.mac))
    return connection.execute(query.limit(1)).first() is not None


def is_address_taken(connection: Connection, mac: str | None) -> bool:
    """Whether a registered tag, in whatever way it says who it is, has this address."""
    query = sa.select(tag.c.id).where(tag.c.mac == mac, tag.c.ended_at.is_(None))
    return mac is not None and connection.execute(query.limit(1)).first() is not None


def by_id(connection: Connection, tag_id: TagId) -> Tag:
    """A tag that has not ended. Raises `NotFound`."""
    return _one(connection, sa.select(tag).where(tag.c.id == tag_id))


def locked(connection: Connection, tag_id: TagId) -> Tag:
    """A tag that has not ended; on PostgreSQL its row stays locked. Raises `NotFound`."""
    return _one(connection, sa.select(tag).where(tag.c.id == tag_id).with_for_update(key_share=True))


def queue_up(connection: Connection, tag_ids: Iterable[UUID]) -> None:
    """Where others write at the same time: from here on nobody else joins what is heard of these tags, or hands them
    over, until this transaction ends.
    """
    if connection.dialect.name == "postgresql":
        _QUEUE.rows(connection, sorted(set(tag_ids)))


def change(connection: Connection, tag_id: TagId, values: Mapping[str, object]) -> None:
    """Overwrites some columns."""
    connection.execute(sa.update(tag).where(tag.c.id == tag_id).values(dict(values)))
    versions.bump(connection, TAG_CARRIERS_VERSION, [tag_id])


def page_of_city(
    connection: Connection,
    viewer: Viewer,
    *,
    wearer_id: WearerId | None,
    vendor: str | None,
    after: UUID | None,
    count: int,
) -> list[Tag]:
    """Up to `count` tags of the viewer's city (of every city for an administrator), in the order of their ids."""
    query = _page(viewer, wearer_id, vendor, after, count)
    if viewer.role is not Role.ADMINISTRATOR:
        query = query.where(tag.c.city_id == viewer.city_id)
    return [_tag(row) for row in connection.execute(query)]


def page_of_people(
    connection: Connection,
    viewer: Viewer,
    wearer_ids: Collection[WearerId],
    *,
    wearer_id: WearerId | None,
    vendor: str | None,
    after: UUID | None,
    count: int,
) -> list[Tag]:
    """Up to `count` tags that one of these wearers wears, or the viewer carries, in the order of their ids."""
    worn = _worn().where(tag_carrier.c.wearer_id.in_(wearer_ids)).correlate(tag)
    query = _page(viewer, wearer_id, vendor, after, count)
    theirs = sa.or_(worn.exists(), loans.to_account(viewer.account_id).exists())
    query = query.where(theirs, tag.c.city_id == viewer.city_id)
    return [_tag(row) for row in connection.execute(query)]


def _page(
    viewer: Viewer, wearer_id: WearerId | None, vendor: str | None, after: UUID | None, count: int
) -> sa.Select[Any]:
    """Tags that have not ended, without those whose wearer, or for whom they are carried, is hidden from the viewer."""
    mine = sa.and_(protection.c.account_id == viewer.account_id, protection.c.ended_at.is_(None))
    hiding = _worn().join(protection, protection.c.wearer_id == tag_carrier.c.wearer_id).where(mine).correlate(tag)
    query = sa.select(tag).where(tag.c.ended_at.is_(None), sa.not_(hiding.exists()))
    query = query.where(sa.not_(loans.hidden_from(viewer.account_id).exists()))
    if wearer_id is not None:
        query = query.where(_worn().where(tag_carrier.c.wearer_id == wearer_id).correlate(tag).exists())
    if vendor is not None:
        query = query.where(tag.c.vendor == vendor)
    if after is not None:
        query = query.where(tag.c.id > after)
    return query.order_by(tag.c.id).limit(count)


def _worn() -> sa.Select[Any]:
    """Whoever wears the tag of the query around it."""
    return sa.select(tag_carrier.c.tag_id).where(tag_carrier.c.tag_id == tag.c.id, tag_carrier.c.until_at.is_(None))


def carriers_now(connection: Connection, tag_ids: Collection[TagId]) -> dict[TagId, TagCarrier]:
    """Whoever wears each of these tags now."""
    query = sa.select(tag_carrier).where(tag_carrier.c.tag_id.in_(tag_ids), tag_carrier.c.until_at.is_(None))
    return {row.tag_id: _carrier(row) for row in connection.execute(query)}


def history(connection: Connection, tag_id: TagId) -> list[TagCarrier]:
    """Everybody who ever wore the tag, oldest first."""
    query = sa.select(tag_carrier).where(tag_carrier.c.tag_id == tag_id).order_by(tag_carrier.c.from_at)
    return [_carrier(row) for row in connection.execute(query)]


def save_history(
    connection: Connection, tag_id: TagId, before: Sequence[TagCarrier], after: Sequence[TagCarrier]
) -> None:
    """Makes the stored history `after`, given that it is `before`."""
    table = tag_carrier
    gone = [one.from_at for one in before if one not in after]
    new = [{name: getattr(one, name) for name in one.__struct_fields__} for one in after if one not in before]
    if gone:
        connection.execute(sa.delete(table).where(table.c.tag_id == tag_id, table.c.from_at.in_(gone)))
    if new:
        connection.execute(sa.insert(table), new)
    versions.bump(connection, TAG_CARRIERS_VERSION, [tag_id])


def end_loan(connection: Connection, tag_id: TagId, at: datetime) -> None:
    """No contact carries the tag from `at` on."""
    before = loans.of(connection, [tag_id]).get(tag_id, [])
    after = released(before, at)
    if after != before:
        loans.save(connection, tag_id, before, after)
        versions.bump(connection, TAG_CARRIERS_VERSION, [tag_id])


def tag_ids_of_wearer(connection: Connection, wearer_id: WearerId) -> list[TagId]:
    """The tags that a wearer wears now."""
    query = sa.select(tag_carrier.c.tag_id).where(
        tag_carrier.c.wearer_id == wearer_id, tag_carrier.c.until_at.is_(None)
    )
    return list(connection.execute(query.order_by(tag_carrier.c.tag_id)).scalars())


def entries(connection: Connection, in_shards: Collection[int] | None = None) -> list[TagEntry]:
    """Every registered tag as the edge needs to know it; only those in some shards, where they are named."""
    query = sa.select(tag.c.id, tag.c.city_id, tag.c.scheme, tag.c.identity, tag.c.mac)
    query = query.where(tag.c.ended_at.is_(None)).order_by(tag.c.id)
    return [
        TagEntry(
            tag_id=row.id,
            city=row.city_id,
            scheme=row.scheme,
            identity=row.identity,
            mac=row.mac,
            bound=is_factory_default(row.scheme, row.identity),
        )
        for row in connection.execute(shards.only(query, tag.c.id, in_shards))
    ]


def worn(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, Worn]:
    """Who wore each of these tags and when; ended tags too, unknown ones are left out. For the writer's side: what did
    not change is not read again.
    """
    kept = worn_by_number(connection, [tag_id.int for tag_id in tag_ids])
    return {tag_id: one for tag_id in tag_ids if (one := kept[tag_id.int]) is not None}


def worn_by_number(connection: Connection, numbers: Collection[int]) -> Mapping[int, Worn | None]:
    """The same by the ids as numbers, which Python has at hand and hashes without running code of its own. None for
    those that are unknown, and perhaps more than was asked for.
    """
    return _KEPT.of(connection, numbers, _load_worn)


def _load_worn(connection: Connection, numbers: Collection[int]) -> dict[int, Worn | None]:
    found: dict[int, Worn | None] = dict.fromkeys(numbers)
    rows = _WORN.rows(connection, [UUID(int=one).bytes for one in numbers])
    for key, city_id, interval_s, wearer_id, from_at, until_at in rows:
        tag_id = TagId(UUID(bytes=key))
        before = found[tag_id.int]
        carriers = () if before is None else before.carriers
        if wearer_id is not None:
            one = TagCarrier(tag_id=tag_id, wearer_id=wearer_id, from_at=from_at, until_at=until_at)
            carriers = (*carriers, one)
        found[tag_id.int] = Worn(
            city_id=city_id,
            interval_s=interval_s,
            carriers=carriers,
            cuts_s=cuts_of(carriers),
            gap_s=gap_s(interval_s),
            key=key,
        )
    for lent_id, lent in loans.of(connection, [UUID(int=number) for number, one in found.items() if one]).items():
        worn_by = found[lent_id.int]
        assert worn_by is not None
        found[lent_id.int] = replace(worn_by, loans=tuple(lent))
    return found


def _one(connection: Connection, query: sa.Select[Any]) -> Tag:
    row = connection.execute(query.where(tag.c.ended_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound
    return _tag(row)


def _tag(row: Row[Any]) -> Tag:
    return Tag(**{name: getattr(row, name) for name in Tag.__struct_fields__})


def _carrier(row: Row[Any]) -> TagCarrier:
    return TagCarrier(**{name: getattr(row, name) for name in TagCarrier.__struct_fields__})
