"""Hints to other processes, over plain NATS: after a commit, "go and look" reaches everybody who listens for the topic.

They may be lost (invariant 10); what depends on speed is looked at again every few seconds all the same.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec
import structlog
from nats.aio.msg import Msg

from app.db.session import Hint, Listeners
from beacon_ingest.broker import Broker, Disconnected

log = structlog.get_logger()

TOPICS = ("live", "place", "board", "doubt", "outbox", "registry", "command", "intent")
_SUBJECT = "mimamori.look."


class Hints:
    """Sends on what this process commits, and tells `listeners` what others say of `topics`."""

    def __init__(self, listeners: Listeners, broker: Broker, topics: Sequence[str]) -> None:
        self._listeners, self._broker, self._topics = listeners, broker, topics
        self._from_afar = False
        self._outgoing: dict[str, dict[str, None]] = {}
        self._task: asyncio.Task[None] | None = None
        for topic in TOPICS:
            listeners.listen(topic, partial(self._note, topic))

    async def prepare(self, broker: Broker) -> None:
        """Begins to listen; the line keeps that when it breaks and is open again."""
        for topic in self._topics:
            await broker.client.subscribe(_SUBJECT + topic, cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        topic = message.subject.removeprefix(_SUBJECT)
        try:
            keys = msgspec.json.decode(message.data, type=list[str])
        except msgspec.MsgspecError:
            log.warning("hint_not_understood", topic=topic)
            return
        self._from_afar = True
        try:
            self._listeners.tell([Hint(topic, key) for key in keys])
        finally:
            self._from_afar = False

    def _note(self, topic: str, key: str) -> None:
        """Collects what one commit says, and sends it once the event loop comes round."""
        if self._from_afar:
            return
        self._outgoing.setdefault(topic, {})[key] = None
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        while self._outgoing:
            outgoing, self._outgoing = self._outgoing, {}
            try:
                for topic, keys in outgoing.items():
                    await self._broker.client.publish(_SUBJECT + topic, msgspec.json.encode(list(keys)))
            except Disconnected:
                return
            except Exception as error:  # A hint may be lost, and nothing else with it.
                log.warning("hint_not_sent", error=type(error).__name__)
