"""`/ingest/<format>`: one request in, one unit published, one answer.

A plain ASGI callable with few calls below it, because this is the hot path. The order of things: is there a registry?
who shows a key? the body, within its limit → decode → which enrolled device is this? → its rate → publish → answer.
Whoever the body names must be the device whose key was shown; a forwarder's key speaks for the devices of its format
and city; where a format's clients cannot present a key at all (`osmand`), the id of a device that is enrolled so is
enough. Names in OwnTracks bodies are labels, which people choose freely: there only the key counts.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from msgspec import Struct

from beacon_ingest import units
from beacon_ingest.clocks import Clocks
from beacon_ingest.counters import Counters, Reason
from beacon_ingest.decoders.decoded import Decoded
from beacon_ingest.decoders.formats import FORMATS, DecodeRequest
from beacon_ingest.downlink import Downlink, NoDownlink, Order
from beacon_ingest.limits import BODY_S, LIMITS, Limit, Rates
from beacon_ingest.listeners import bodies, credentials, detectors, replies
from beacon_ingest.listeners.bodies import Receive, Scope, Send
from beacon_ingest.listeners.doors import DOORS, Door
from beacon_ingest.listeners.replies import Reply
from beacon_ingest.messages import Alarm, DetectorUnit, Message, Unit
from beacon_ingest.orders import REPLIES
from beacon_ingest.registry import Entry, Registry, Tags
from beacon_ingest.stream import Stream, StreamFull

log = structlog.get_logger()

_HEARD: Final = frozenset(
    {b"authorization", b"content-type", b"content-encoding", credentials.SIGNATURE, credentials.SIGNER}
)
_ELSEWHERE: Final = "elsewhere"
"""The format under which requests to paths that do not exist are counted."""


class _Path(Struct, frozen=True):
    """All that one path needs, looked up once."""

    name: str
    door: Door
    decode: DecodeRequest
    repeat_window_s: int
    limit: Limit
    rates: Rates
    commands: Callable[[Sequence[Order]], bytes] | None
    observe_s: Callable[[float], None]
    count_accepted: Callable[[], None]
    wrong_method: Reply


class _Heard(Struct, frozen=True):
    """What a detector's body came to, before it is durable: its units, when that began, and what is answered then."""

    units: list[DetectorUnit]
    began_s: float
    partly: bool
    reply: Reply


class EdgeHttp:
    """The ASGI application of the HTTP formats, for the whole paths `/ingest/<format>` with or without a slash at the
    end.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        tags: Tags | None = None,
        stream: Stream,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        downlink: Downlink | None = None,
        counters: Counters | None = None,
        limits: Mapping[str, Limit] = LIMITS,
        prefix: str = "/ingest",
    ) -> None:
        self._registry = registry
        self._tags = tags if tags is not None else Tags()
        self._clocks = Clocks()
        self._publish = stream.publish
        self._clock = clock
        self._monotonic = monotonic
        self._downlink: Downlink = downlink if downlink is not None else NoDownlink()
        self._counters = counters if counters is not None else Counters()
        self._paths: dict[str, _Path] = {}
        for name, door in DOORS.items():
            path = self._path(name, door, limits[name])
            self._paths[f"{prefix}/{name}"] = self._paths[f"{prefix}/{name}/"] = path

    def _path(self, name: str, door: Door, limit: Limit) -> _Path:
        form = FORMATS[name]
        assert form.decode_request is not None, "a door without a decoder leads nowhere"
        return _Path(
            name=name,
            door=door,
            decode=form.decode_request,
            repeat_window_s=form.repeat_window_s,
            limit=limit,
            rates=Rates(per_s=limit.units_per_s, burst=limit.burst_units),
            commands=REPLIES.get(name),
            observe_s=self._counters.durable(name).observe,
            count_accepted=self._counters.of(name, Reason.ACCEPTED).inc,
            wrong_method=replies.wrong_method(door.methods),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request.

        Nothing that is sent here raises, and nothing but 503 of the statuses from 500 up is ever answered.
        """
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        path = self._paths.get(scope["path"])
        reply: Reply | None
        if path is None:
            self._counters.count(_ELSEWHERE, Reason.REFUSED)
            reply = replies.NOT_FOUND
        elif scope["method"] not in path.door.methods:
            reply = self._refuse(path, Reason.REFUSED, path.wrong_method)
        elif not self._registry.ready or (path.door.detector and not self._tags.ready):
            reply = self._refuse(path, Reason.NOT_READY, replies.NOT_READY)
        else:
            taken = await self._take(path, scope, receive)
            reply = await self._keep(path, taken) if isinstance(taken, _Heard) else taken
        if reply is None:
            return
        try:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers.copy()})
            await send({"type": "http.response.body", "body": reply.body})
        except OSError:  # The device hung up before it heard the answer; it will ask again.
            return
        if reply.order_ids:
            await self._note_sent(reply)

    async def _take(self, path: _Path, scope: Scope, receive: Receive) -> Reply | _Heard | None:
        """What to answer to a request for `path`, or None when the client is gone; of a detector what must be kept
        first.
        """
        heard = {name: value for name, value in scope["headers"] if name in _HEARD}
        query: bytes = scope["query_string"]
        speaker: Entry | None = None
        if heard or path.door.key_in_query:
            key_shown, speaker, query = self._speaker(path, heard.get(b"authorization"), query)
            if key_shown and speaker is None:
                return self._refuse(path, Reason.BAD_KEY, replies.UNKNOWN)
        signed = speaker is None and path.door.signed and credentials.SIGNATURE in heard
        if speaker is None and not signed and not path.door.id_alone:
            return self._refuse(path, Reason.BAD_KEY, replies.UNKNOWN)

        raw = await self._raw(path, receive)
        if raw is None or isinstance(raw, Reply):
            return raw
        if signed:
            speaker = self._signer(path, heard, raw)
            if speaker is None:
                return self._refuse(path, Reason.BAD_KEY, replies.UNKNOWN)
        body = self._inflated(path, heard.get(b"content-encoding"), raw)
        if isinstance(body, Reply):
            return body

        received_at = self._clock()
        decoded = bodies.decoded(path.name, path.decode, scope, query, heard.get(b"content-type"), body, received_at)
        if decoded is None:
            return self._refuse(path, Reason.CRASHED, replies.CRASHED)
        if path.door.detector:
            assert speaker is not None, "a detector shows its key"
            return self._take_heard(path, speaker, decoded, body, received_at)
        shares = self._shares(path, speaker, decoded)
        if not shares:
            return self._nobody(path, speaker, decoded)
        if not decoded.messages:
            return await self._nothing(path, shares[0][0], decoded)
        if len(decoded.messages) > path.limit.rows_max:
            return self._refuse(path, Reason.TOO_LARGE, replies.too_many_rows(path.limit.rows_max))

        content = query + b"?" + body if query else body
        now_s = self._monotonic()
        for entry, messages in shares:
            wait_s = path.rates.wait_s(entry.external_id, now_s)
            if wait_s and not any(isinstance(message, Alarm) for message in messages):
                return self._refuse(path, Reason.RATE, replies.too_fast(wait_s))
        for entry, messages in shares:
            unit = units.unit(
                entry,
                content,
                messages,
                stamped=decoded.stamped,
                repeat_window_s=path.repeat_window_s,
                received_at=received_at,
            )
            refusal = await self._store(path, unit, now_s)
            if refusal is not None:
                return refusal
        if decoded.refusals:
            self._counters.count(path.name, Reason.PARTLY)
        return await self._done(path, shares[0][0])

    def _speaker(self, path: _Path, authorization: bytes | None, query: bytes) -> tuple[bool, Entry | None, bytes]:
        """Whether a key was shown, whose it is (of this format), and the query without it."""
        key: bytes | None = None
        user: bytes | None = None
        if path.door.key_in_query and b"key=" in query:
            key, query = credentials.of_query(query)
        if authorization is not None:
            credential = credentials.of_header(authorization)
            if credential is None:
                return True, None, query
            key, user = credential
        if key is None:
            return False, None, query
        entry = self._registry.by_key(key)
        if entry is None or entry.format != path.name or (user is not None and user != entry.external_id.encode()):
            return True, None, query
        return True, entry, query

    def _signer(self, path: _Path, heard: Mapping[bytes, bytes], raw: bytes) -> Entry | None:
        """Who signed the body. It takes as long to say that there is nobody of that name as that the key is another."""
        name = heard.get(credentials.SIGNER, b"").decode("latin-1").strip()
        entry = self._registry.by_id(path.name, name)
        secret = None if entry is None else entry.secret
        return entry if credentials.is_signed(heard[credentials.SIGNATURE], secret, raw) else None

    async def _raw(self, path: _Path, receive: Receive) -> bytes | Reply | None:
        """The whole body as it came; or why it is refused; or None when the client is gone."""
        bytes_max = path.limit.unit_bytes_max
        event = await receive()
        body: bytes | None = event.get("body", b"") if event["type"] == "http.request" else None
        if body is not None and event.get("more_body"):
            try:
                async with asyncio.timeout(BODY_S):
                    body = await bodies.rest(body, receive, bytes_max)
            except TimeoutError:
                return self._refuse(path, Reason.GONE, replies.TOO_SLOW)
        if body is None:
            self._counters.count(path.name, Reason.GONE)
        return body

    def _inflated(self, path: _Path, encoding: bytes | None, body: bytes) -> bytes | Reply:
        """The body as it was meant, or why it is refused."""
        bytes_max = path.limit.unit_bytes_max
        if encoding is not None and len(body) <= bytes_max:
            match encoding.strip().lower():
                case b"gzip" | b"x-gzip":
                    inflated = bodies.inflated(body, bytes_max)
                    if inflated is None:
                        return self._refuse(path, Reason.UNREADABLE, replies.NOT_INFLATED)
                    body = inflated
                case b"" | b"identity":
                    pass
                case _:
                    return self._refuse(path, Reason.REFUSED, replies.WRONG_ENCODING)
        if len(body) > bytes_max:
            return self._refuse(path, Reason.TOO_LARGE, replies.too_large(bytes_max))
        return body

    def _shares(self, path: _Path, speaker: Entry | None, decoded: Decoded) -> list[tuple[Entry, tuple[Message, ...]]]:
        """The enrolled devices that this body may speak for, each with its messages; what it may not speak for is
        counted and left out.
        """
        own_key = speaker is not None and not speaker.forwarder
        if own_key and path.door.names_are_labels:
            assert speaker is not None
            return [(speaker, decoded.messages)]
        if decoded.device is not None or (own_key and not decoded.messages):
            entry = self._device(path, speaker, decoded.device)
            return [] if entry is None else [(entry, decoded.messages)]
        by_name: dict[str, list[Message]] = {}
        for message in decoded.messages:
            by_name.setdefault(message.device, []).append(message)
        found = [(self._device(path, speaker, name), tuple(messages)) for name, messages in by_name.items()]
        shares = [(entry, messages) for entry, messages in found if entry is not None]
        for _ in range(len(found) - len(shares) if shares else 0):
            self._counters.count(path.name, Reason.UNKNOWN_DEVICE)
        return shares

    def _device(self, path: _Path, speaker: Entry | None, named: str | None) -> Entry | None:
        """The enrolled device that the body names, if whoever showed a key (or nobody did) may speak for it."""
        if speaker is not None and not speaker.forwarder:
            return speaker if named is None or named == speaker.external_id else None
        entry = None if named is None else self._registry.by_id(path.name, named)
        if entry is None or entry.forwarder:
            return None
        if speaker is None:
            return None if entry.key_required else entry
        return entry if entry.city == speaker.city else None

    def _nobody(self, path: _Path, speaker: Entry | None, decoded: Decoded) -> Reply:
        """The answer to a body that speaks for no device it may speak for."""
        if decoded.device is None and not decoded.messages:
            if decoded.refusals:
                return self._refuse(path, Reason.UNREADABLE, replies.unreadable(decoded.refusals))
            if speaker is not None:
                return self._refuse(path, Reason.NOTHING, path.door.done)
        own_key = speaker is not None and not speaker.forwarder
        return self._refuse(path, Reason.OTHER_DEVICE if own_key else Reason.UNKNOWN_DEVICE, replies.UNKNOWN)

    async def _nothing(self, path: _Path, entry: Entry, decoded: Decoded) -> Reply:
        if decoded.refusals:
            return self._refuse(path, Reason.UNREADABLE, replies.unreadable(decoded.refusals))
        self._counters.count(path.name, Reason.NOTHING)
        return await self._done(path, entry)

    def _take_heard(
        self, path: _Path, speaker: Entry, decoded: Decoded, body: bytes, received_at: datetime
    ) -> Reply | _Heard:
        """What a detector says, or a server that speaks for some; or why it is refused.

        Nothing waits for the disk here: a hundred sightings that lie about until then have left the processor's caches
        when they are thrown away, and so has the memory that the next body takes.
        """
        if not (decoded.messages or decoded.sightings):
            if decoded.refusals:
                return self._refuse(path, Reason.UNREADABLE, replies.unreadable(decoded.refusals))
            return self._refuse(path, Reason.NOTHING, path.door.done)  # A broker says that a gateway is gone.
        if len(decoded.sightings) > path.limit.rows_max:
            return self._refuse(path, Reason.TOO_LARGE, replies.too_many_rows(path.limit.rows_max))
        shares, unknown = detectors.shares(self._registry, path.name, speaker, decoded)
        for _ in range(unknown):
            self._counters.count(path.name, Reason.UNKNOWN_DEVICE)
        if not shares:
            return replies.UNKNOWN
        now_s = self._monotonic()
        for share in shares:
            wait_s = path.rates.wait_s(share.entry.external_id, now_s)
            if wait_s and not share.is_alarm(self._tags):
                return self._refuse(path, Reason.RATE, replies.too_fast(wait_s))
        heard, old = detectors.units_of(
            shares, decoded, body, received_at, path.door, self._tags, self._clocks, path.repeat_window_s
        )
        reply = path.door.done
        if path.door.says_rows:
            reply = replies.taken(len(decoded.sightings) - len(old), [*decoded.refusals, *old], speaker.interval_s)
        return _Heard(heard, now_s, bool(decoded.refusals), reply)

    async def _keep(self, path: _Path, heard: _Heard) -> Reply:
        """The answer once all of it is durable, else why it is not."""
        for unit in heard.units:
            refusal = await self._store(path, unit, heard.began_s)
            if refusal is not None:
                return refusal
        if heard.partly:
            self._counters.count(path.name, Reason.PARTLY)
        return heard.reply

    async def _store(self, path: _Path, unit: Unit | DetectorUnit, began_s: float) -> Reply | None:
        """None once the unit is durable, else why it is not."""
        try:
            await self._publish(unit)
        except StreamFull as full:
            detail = "The service is behind; nothing was taken."
            return self._refuse(path, Reason.FULL, replies.unavailable(detail, full.retry_after_s))
        except Exception as error:  # Whatever failed behind the stream: the device must not be told that it was stored.
            log.error("publish_failed", format=path.name, error=type(error).__name__)
            return self._refuse(path, Reason.NOT_STORED, replies.NOT_STORED)
        path.observe_s(self._monotonic() - began_s)
        path.count_accepted()
        return None

    async def _done(self, path: _Path, entry: Entry) -> Reply:
        """Success in the format's own words, with the orders that wait for the device where a reply can carry them."""
        if path.commands is None or not self._downlink.has_pending(entry.device_id):
            return path.door.done
        try:
            orders = await self._downlink.pending(entry.device_id)
        except (
            Exception
        ) as error:  # The unit is durable and must be acknowledged; the orders will go with the next one.
            log.error("downlink_failed", format=path.name, error=type(error).__name__)
            return path.door.done
        return replies.json(path.commands(orders), [order.id for order in orders])

    async def _note_sent(self, reply: Reply) -> None:
        try:
            await self._downlink.sent(list(reply.order_ids))
        except Exception as error:  # The device has its answer; an order sent twice does no harm.
            log.error("downlink_failed", error=type(error).__name__)

    def _refuse(self, path: _Path, reason: Reason, reply: Reply) -> Reply:
        self._counters.count(path.name, reason)
        return reply
