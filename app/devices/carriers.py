"""Who carried a device, or wore a tag, when: intervals that never overlap, each from its start up to, not including,
its end.

So a fix that arrives late is attributed to whoever carried the device when it was taken, not to whoever carries it now.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from app.devices.model import Holding
from app.kit.errors import Conflict

Held = TypeVar("Held", bound=Holding)


def carrier_at(carriers: Sequence[Held], moment: datetime) -> Held | None:
    """Who of `carriers`, all of one device, carried it at `moment`; None for nobody."""
    for carrier in reversed(carriers):
        if carrier.from_at <= moment and (carrier.until_at is None or moment < carrier.until_at):
            return carrier
    return None


def carrier_now(carriers: Sequence[Held]) -> Held | None:
    """Whoever carries it until further notice."""
    return carriers[-1] if carriers and carriers[-1].until_at is None else None


def handed_to(carriers: Sequence[Held], new: Held) -> list[Held]:
    """The history after the device was handed to `new`, oldest first. Handed to whoever carries it, nothing changes.

    Raises `Conflict` when somebody else began or ended to carry it after `new.from_at`: what was attributed stays.
    """
    current = carrier_now(carriers)
    if current is not None and replace(current, from_at=new.from_at) == new:
        return list(carriers)
    if any(new.from_at < (carrier.until_at or carrier.from_at) for carrier in carriers):
        raise Conflict("Somebody else carried this after that moment.")
    return [*released(carriers, new.from_at), new]


def released(carriers: Sequence[Held], at: datetime) -> list[Held]:
    """The history after the device was given back at `at`. Given back when it was handed over, it never was."""
    current = carrier_now(carriers)
    if current is None:
        return list(carriers)
    if at <= current.from_at:
        return list(carriers[:-1])
    return [*carriers[:-1], replace(current, until_at=at)]
