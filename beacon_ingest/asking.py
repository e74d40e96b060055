"""The downlink of an edge that sees no database: which orders are due is asked over NATS, of whoever keeps them."""

from typing import Final
from uuid import UUID

import msgspec

from beacon_ingest.broker import TROUBLE, Broker
from beacon_ingest.downlink import Noted, Order

DUE: Final = "mimamori.orders.due"
SENT: Final = "mimamori.orders.sent"
ANSWER_S: Final = 2.0
"""A device waits for its answer meanwhile."""

Sent = list[UUID]
open_device_id = msgspec.json.Decoder(UUID).decode
open_orders = msgspec.json.Decoder(list[Order]).decode
open_sent = msgspec.json.Decoder(Sent).decode
packed = msgspec.json.encode
DONE: Final = packed(True)


class OrdersUnknown(Exception):
    """Nobody answered who knows."""


class AskingDownlink(Noted):
    """Orders of whoever answers."""

    def __init__(self, broker: Broker) -> None:
        super().__init__()
        self._broker = broker

    async def pending(self, device_id: UUID) -> list[Order]:
        """The orders that are due, oldest first. Raises `OrdersUnknown`."""
        self.taken(device_id)
        return open_orders(await self._ask(DUE, packed(device_id)))

    async def sent(self, order_ids: list[UUID]) -> None:
        """Notes that they were handed to the device. Raises `OrdersUnknown`: then they may be handed over once more."""
        await self._ask(SENT, packed(order_ids))

    async def _ask(self, subject: str, question: bytes) -> bytes:
        try:
            answer = await self._broker.unbroken(self._broker.client.request(subject, question, timeout=ANSWER_S))
        except TROUBLE as error:
            raise OrdersUnknown(type(error).__name__) from None
        if not answer.data:
            raise OrdersUnknown("the store does not answer")
        return answer.data
