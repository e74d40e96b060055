"""Our own batch form, for detectors that we or a town's maker program: what one detector heard, in one JSON object.

    {"detector", "seq", "sent_at"?, "uptime_s"?, "health"?: {"battery_pct", "charging", "signal_pct", "firmware",
     "uptime_s", "free_pct", "load"}, "place"?: {"lat_deg", "lon_deg", "accuracy_m"?, "at"?},
     "items": [{"rssi_dbm", "at"?, "adv"? (hex), "mac"?, "tag"? {"scheme", "id"}, "battery_pct"?, "button_count"?}]}

An item is named by its advertisement, else by `tag`, else by `mac`; what cannot be read in it costs only itself, and an
item that names nobody is refused. A body that gives no sighting is a heartbeat: its `health` says that the detector is
there. `place` is for detectors that move.

Times are passed on as they are stated, also those of a clock that was never set: whoever knows when the body came
judges them. An item without a time was heard when the body was sent.

**Repeats.** The unit is `stamped` when `sent_at` is there, or `seq` with `uptime_s` or with items. A detector may count
`seq` anew after a start: then two bodies can only be taken for one if all of their bytes are equal, and what is lost is
one body that says what another said. A heartbeat with `seq` alone would be equal at every start, so that it is not
stamped. The opposite mistake is worse: a body without a time that comes again a day later, taken for news, puts a child
at a gate.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from beacon_ingest.decoders import advertisement, reading, tag_names
from beacon_ingest.decoders.decoded import Decoded, HttpRequest, Refusal
from beacon_ingest.messages import Fix, Health, Message, Sighting, TagName

BUTTON_COUNT_MAX: Final = 2**32 - 1


class _Tag(Struct):
    scheme: str
    id: str


class _Item(Struct):
    """One item whose values have the right types, or are None."""

    rssi_dbm: float | None = None
    at: datetime | float | None = None
    adv: str | None = None
    mac: str | None = None
    tag: _Tag | None = None
    battery_pct: float | None = None
    button_count: int | None = None


class _Body(Struct):
    """A body whose items are well formed; of the rest every value is looked at."""

    detector: Any = None
    seq: Any = None
    sent_at: Any = None
    uptime_s: Any = None
    health: Any = None
    place: Any = None
    items: list[_Item] = []


_body_decoder = msgspec.json.Decoder(_Body)


def decode(request: HttpRequest, received_at: datetime | None = None) -> Decoded:
    """What one body says. Well-formed bodies are read as a whole, others item by item, with the same result."""
    try:
        body = _body_decoder.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_carefully(request.body)
    if body.detector is None and not body.items:
        return _refused("neither detector nor items in the body")
    return _told(body, list(body.items), [])


def _decode_carefully(content: bytes) -> Decoded:
    document, trouble = reading.document(content)
    if trouble is not None:
        return _refused(trouble)
    if not isinstance(document, dict):
        return _refused("not a JSON object")
    rows = document.get("items")
    if not rows and document.get("detector") is None:
        return _refused("neither detector nor items in the body")
    refusals = []
    if not isinstance(rows, list):
        refusals += [] if rows is None else [Refusal(row=0, why="items must be a list")]
        rows = []
    items = [_item(row) if isinstance(row, dict) else None for row in rows]
    known: dict[str, Any] = {
        name: document.get(name) for name in ("detector", "seq", "sent_at", "uptime_s", "health", "place")
    }
    return _told(_Body(**known), items, refusals)


def _refused(why: str) -> Decoded:
    return Decoded(refusals=(Refusal(row=0, why=why),))


def _item(row: dict[str, Any]) -> _Item:
    """The item with all in it that can be read."""
    tag = row.get("tag")
    scheme, identity = (tag.get("scheme"), tag.get("id")) if isinstance(tag, dict) else (None, None)
    count = reading.whole(row.get("button_count"), 0, BUTTON_COUNT_MAX)
    return _Item(
        rssi_dbm=reading.number(row.get("rssi_dbm")),
        at=reading.moment(row.get("at")),
        adv=_text(row.get("adv")),
        mac=_text(row.get("mac")),
        tag=_Tag(scheme, identity) if isinstance(scheme, str) and isinstance(identity, str) else None,
        battery_pct=reading.number(row.get("battery_pct")),
        button_count=None if isinstance(count, UnsetType) else count,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _told(body: _Body, items: list[_Item] | list[_Item | None], refusals: list[Refusal]) -> Decoded:
    detector = reading.name(body.detector)
    sent_at = reading.moment(body.sent_at) or UNSET
    sightings = []
    for row, item in enumerate(items):
        told = "not a JSON object" if item is None else _sighting(item, detector or UNSET, sent_at)
        if isinstance(told, str):
            refusals.append(Refusal(row=row, why=told))
        else:
            sightings.append(told)
    messages: list[Message] = [*_fix(body.place, detector or "", sent_at, refusals)]
    health = _health(body, detector or "", sent_at)
    if not sightings or health != Health(device=health.device, at=health.at):
        messages.append(health)
    numbered = reading.name(body.seq) is not None
    return Decoded(
        device=detector,
        messages=tuple(messages),
        sightings=tuple(sightings),
        refusals=tuple(refusals),
        stamped=sent_at is not UNSET or (numbered and bool(items or body.uptime_s is not None)),
        sent_at=sent_at,
    )


def _sighting(item: _Item, detector: str | UnsetType, sent_at: datetime | UnsetType) -> Sighting | str:
    """What was sighted, or why nobody was."""
    heard = advertisement.NOTHING
    if item.adv:
        try:
            heard = advertisement.decode(bytes.fromhex(item.adv))
        except ValueError:
            heard = advertisement.NOTHING
    mac = (item.mac and tag_names.mac(item.mac)) or heard.mac
    name = heard.name or _stated_name(item.tag, mac)
    if name is None:
        return "names no tag: neither adv nor tag nor mac can be read"
    if mac is None and name.scheme == "mac":
        mac = name.id
    rssi_dbm, battery_pct, count = item.rssi_dbm, item.battery_pct, item.button_count
    at = sent_at if item.at is None else _utc(item.at) or sent_at
    return Sighting(
        detector=detector,
        at=at,
        rssi_dbm=rssi_dbm if rssi_dbm is not None and -127 <= rssi_dbm <= 20 else UNSET,
        tag=name,
        tx_power_dbm=heard.tx_power_dbm,
        battery_pct=battery_pct if battery_pct is not None and 0 <= battery_pct <= 100 else heard.battery_pct,
        button_count=count if count is not None and 0 <= count <= BUTTON_COUNT_MAX else heard.button_count,
        mac=mac or UNSET,
    )


def _stated_name(tag: _Tag | None, mac: str | None) -> TagName | None:
    stated = None if tag is None else tag_names.tag_name(tag.scheme, tag.id)
    return stated or (None if mac is None else TagName("mac", mac))


def _utc(stated: datetime | float) -> datetime | None:
    if not isinstance(stated, datetime):
        return reading.moment(stated)
    if stated.tzinfo is UTC:
        return stated
    try:
        return stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except OverflowError:
        return None


def _health(body: _Body, detector: str, sent_at: datetime | UnsetType) -> Health:
    stated: dict[str, Any] = body.health if isinstance(body.health, dict) else {}
    uptime_s = body.uptime_s if body.uptime_s is not None else stated.get("uptime_s")
    return Health(
        device=detector,
        at=sent_at,
        battery_pct=reading.within(stated.get("battery_pct"), 0, 100),
        charging=reading.flag(stated.get("charging")),
        signal_pct=reading.within(stated.get("signal_pct"), 0, 100),
        firmware=reading.name(stated.get("firmware")) or UNSET,
        uptime_s=reading.within(uptime_s, 0, 1e10),
        free_pct=reading.within(stated.get("free_pct"), 0, 100),
        load=reading.within(stated.get("load"), 0, 1e6),
    )


def _fix(place: object, detector: str, sent_at: datetime | UnsetType, refusals: list[Refusal]) -> tuple[Fix, ...]:
    """Where the detector is."""
    if place is None:
        return ()
    if not isinstance(place, dict):
        refusals.append(Refusal(row=0, why="place must be a JSON object"))
        return ()
    troubles: list[str] = []
    fixes = reading.fix(
        device=detector,
        at=reading.moment(place.get("at")) or sent_at,
        where=reading.place(place.get("lat_deg"), place.get("lon_deg"), troubles),
        accuracy_m=reading.within(place.get("accuracy_m"), 0, 1e9),
        source="gnss",
    )
    refusals += [Refusal(row=0, why=f"the place of the detector: {why}") for why in troubles]
    return fixes
