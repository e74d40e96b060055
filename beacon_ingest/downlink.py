"""Commands on their way to devices, as the edge sees them, and which open connection reaches which device."""

from collections.abc import Iterable
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct

OrderKind = Literal["locate", "live_on", "live_off"]


class Order(Struct, frozen=True, kw_only=True):
    """One command for one device. `interval_s` is the reporting interval to set, for live mode on and off."""

    id: UUID
    device_id: UUID
    kind: OrderKind
    interval_s: int | None = None


class Downlink(Protocol):
    """The orders that wait. They are kept elsewhere (rows of `app.devices`); the edge only carries them."""

    def has_pending(self, device_id: UUID) -> bool:
        """Whether an order for the device is due. Asked on every message, so it is answered from memory."""
        ...

    async def pending(self, device_id: UUID) -> list[Order]:
        """The orders that are due, oldest first."""
        ...

    async def sent(self, order_ids: list[UUID]) -> None:
        """Notes that these orders were handed to the device."""
        ...


class Noted:
    """Which devices have an order due, in memory. Whoever keeps the orders says so again and again while they wait."""

    def __init__(self) -> None:
        self._noted: set[UUID] = set()

    def note(self, device_id: UUID) -> None:
        """An order of this device may be due."""
        self._noted.add(device_id)

    def has_pending(self, device_id: UUID) -> bool:
        """Whether an order may be due."""
        return device_id in self._noted

    def taken(self, device_id: UUID) -> None:
        """What is due for this device is asked for now."""
        self._noted.discard(device_id)


class NoDownlink:
    """A downlink without orders, for an edge that only listens."""

    def has_pending(self, device_id: UUID) -> bool:
        """Never."""
        return False

    async def pending(self, device_id: UUID) -> list[Order]:
        """Nothing."""
        return []

    async def sent(self, order_ids: list[UUID]) -> None:
        """Nothing was."""


class Line(Protocol):
    """An open connection over which a device can be reached at any moment."""

    def wake(self, device_id: UUID) -> None:
        """Makes the connection ask for the orders of the device and send them, soon."""
        ...


class Connections:
    """The open connection of each device: the one that was opened last, if there are several."""

    def __init__(self) -> None:
        self._lines: dict[UUID, Line] = {}

    def of(self, device_id: UUID) -> Line | None:
        """The connection that reaches the device now."""
        return self._lines.get(device_id)

    def bind(self, device_id: UUID, line: Line) -> None:
        """From now on the device is reached over `line`."""
        self._lines[device_id] = line

    def release(self, device_ids: Iterable[UUID], line: Line) -> None:
        """Forgets `line` for these devices, unless a newer one took over."""
        for device_id in device_ids:
            if self._lines.get(device_id) is line:
                del self._lines[device_id]

    def wake(self, device_id: UUID) -> bool:
        """Whether the device is connected; then its waiting orders leave soon."""
        line = self._lines.get(device_id)
        if line is None:
            return False
        line.wake(device_id)
        return True

    def __len__(self) -> int:
        return len(self._lines)
