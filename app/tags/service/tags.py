"""Tags are registered, changed, worn, given back and ended; the edge's registry follows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.names import one_line
from app.db import intents
from app.db.session import hint
from app.devices import carriers
from app.devices.store.devices import has_city
from app.devices.store.holders import city_of_wearer
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import CityId, TagId, WearerId, new_id
from app.tags import identity as identities
from app.tags.model import Tag, TagCarrier
from app.tags.service.registry import registry_changed
from app.tags.snapshot import Worn
from app.tags.store import loans, tags
from beacon_ingest.messages import TagScheme

TAG_RELEASED = "tag_released"
"""Intent: what is said of this tag for this wearer (silent, low battery) is over."""

TAG_HANDED_ON = "tag_handed_on"
"""Intent: what was heard of this tag since a moment in the past is of whoever is now said to have worn it then."""

INTERVAL_S = 2.0


def register_tag(
    connection: Connection,
    *,
    city_id: CityId,
    vendor: str,
    scheme: TagScheme,
    identity: str,
    mac: str | None = None,
    name: str | None = None,
    interval_s: float = INTERVAL_S,
    now: datetime,
) -> Tag:
    """The tag that is known from now on; its name is by default its vendor's and the end of its identity.

    Raises `InvalidInput`, `NotFound` for a city that does not use the service, `Conflict` when it is registered already
    or could not be told from one that is, of which the address is enough.
    """
    known_as, vendor = identities.checked(scheme, identity, mac), one_line(vendor, "vendor")
    if not has_city(connection, city_id):
        raise NotFound
    tag = Tag(
        id=TagId(new_id()),
        city_id=city_id,
        vendor=vendor,
        scheme=known_as.scheme,
        identity=known_as.identity,
        mac=known_as.mac,
        name=identities.default_name(vendor, known_as) if name is None else one_line(name, "name"),
        interval_s=interval_s,
        battery_pct=None,
        battery_at=None,
        created_at=now,
    )
    if tags.is_taken(connection, known_as):
        raise Conflict("A tag that calls itself so is registered already.")
    if tags.is_address_taken(connection, known_as.mac) or not tags.add(connection, tag):
        raise Conflict("This MAC address belongs to a tag that is registered already.")
    registry_changed(connection)
    return tag


def change_tag(connection: Connection, tag_id: TagId, *, name: str | None = None, vendor: str | None = None) -> Tag:
    """The tag with another name or vendor. Raises `NotFound`."""
    tag = tags.locked(connection, tag_id)
    changed = replace(
        tag,
        name=tag.name if name is None else one_line(name, "name"),
        vendor=tag.vendor if vendor is None else one_line(vendor, "vendor"),
    )
    tags.change(connection, tag_id, {"name": changed.name, "vendor": changed.vendor})
    return changed


def end_tag(connection: Connection, tag_id: TagId, now: datetime) -> None:
    """Nobody wears it any more, and who hears it hears a stranger. Raises `NotFound`."""
    release_tag(connection, tag_id, now)
    tags.change(connection, tag_id, {"ended_at": now})
    registry_changed(connection)


def assign_tag(
    connection: Connection, tag_id: TagId, wearer_id: WearerId, *, now: datetime, from_at: datetime | None = None
) -> TagCarrier:
    """Who wears the tag from `from_at` on, by default from now.

    Raises `NotFound` for who is not of the tag's city, `InvalidInput` for a moment to come, `Conflict` when somebody
    else wore it after `from_at`.
    """
    tag = tags.locked(connection, tag_id)
    start = from_at or now
    if start > now:
        raise InvalidInput("A tag is handed over now or was before.", "from_at")
    if city_of_wearer(connection, wearer_id) != tag.city_id:
        raise NotFound
    lent = loans.of(connection, [tag_id]).get(tag_id, [])
    if any(start < (one.until_at or one.from_at) for one in lent):
        raise Conflict("Somebody else carried this after that moment.")
    tags.end_loan(connection, tag_id, start)
    before = tags.history(connection, tag_id)
    new = TagCarrier(tag_id=tag_id, wearer_id=wearer_id, from_at=start, until_at=None)
    after = carriers.handed_to(before, new)
    _save(connection, tag_id, before, after, now)
    if start < now and after != before:
        payload = {"tag_id": str(tag_id), "from_at": start.isoformat()}
        intents.intend(
            connection, TAG_HANDED_ON, f"handed on {tag_id}:{start.isoformat()}:{now.isoformat()}", payload, now
        )
    return after[-1]


def release_tag(connection: Connection, tag_id: TagId, now: datetime) -> None:
    """Nobody wears or carries the tag from now on; once is enough. Raises `NotFound`."""
    tags.locked(connection, tag_id)
    take_from_wearer(connection, tag_id, now)
    tags.end_loan(connection, tag_id, now)


def take_from_wearer(connection: Connection, tag_id: TagId, now: datetime) -> None:
    """No wearer has the tag, which is locked, from now on."""
    before = tags.history(connection, tag_id)
    _save(connection, tag_id, before, carriers.released(before, now), now)


def release_all(connection: Connection, wearer_id: WearerId, now: datetime) -> int:
    """How many tags were taken back from a wearer who ended and from their contacts; none the second time."""
    tag_ids = [*tags.tag_ids_of_wearer(connection, wearer_id), *loans.tag_ids_about(connection, wearer_id)]
    for tag_id in tag_ids:
        release_tag(connection, tag_id, now)
    return len(tag_ids)


def worn(connection: Connection, tag_ids: Collection[UUID]) -> dict[UUID, Worn]:
    """Who wore each of these tags and when, and how often each is heard; ask `devices.carriers.carrier_at`.

    Unknown tags are left out.
    """
    return tags.worn(connection, tag_ids)


def worn_by_number(connection: Connection, numbers: Collection[int]) -> Mapping[int, Worn | None]:
    """The same for the hot path: by the ids as numbers, None for unknown tags."""
    return tags.worn_by_number(connection, numbers)


def queue_up(connection: Connection, tag_ids: Iterable[UUID]) -> None:
    """Whoever joins what is heard of these tags waits here for whoever else does, to the end of the transaction."""
    tags.queue_up(connection, tag_ids)


def _save(
    connection: Connection, tag_id: TagId, before: Sequence[TagCarrier], after: Sequence[TagCarrier], now: datetime
) -> None:
    """Stores the history; what is watched for whoever gave the tag back must learn of it."""
    tags.save_history(connection, tag_id, before, after)
    hint(connection, "registry")
    gave_back = carriers.carrier_now(before)
    if gave_back is not None and gave_back not in after:
        payload = {"wearer_id": str(gave_back.wearer_id), "tag_id": str(tag_id)}
        intents.intend(connection, TAG_RELEASED, f"{tag_id}:{gave_back.from_at.isoformat()}", payload, now)
