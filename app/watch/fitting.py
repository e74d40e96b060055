"""What is kept of somebody fits into 4 KB, whatever she carries and however many fences she has. Pure.

Nearly all states do as they are. In one that does not, fences of which the same is known are written together, 24 bytes
for each of them, which loses nothing. Only if that is not enough something is forgotten, what matters least
first: each of it is taken up again when it is next seen, as if watching had begun then, and nobody is told of that.
"""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from app.watch.catalogue import decode_state, encode_state
from app.watch.model import Alike, FenceState, Side, WatchState

BYTES_MAX: Final = 4_096

_FENCE: Final = struct.Struct("<16sq")
_encode: Final = msgspec.msgpack.Encoder().encode


def encoded(state: WatchState) -> tuple[bytes, bool]:
    """The state as it is stored, `BYTES_MAX` or less; and whether it is all of it."""
    raw = encode_state(state)
    if len(raw) <= BYTES_MAX:
        return raw, True
    state = _packed(state)
    raw = encode_state(state)
    whole = len(raw) <= BYTES_MAX
    for less in () if whole else _forgetting(state):
        state = less(state)
        raw = encode_state(state)
        if len(raw) <= BYTES_MAX:
            break
    return raw, whole


def decoded(raw: bytes) -> WatchState:
    """The state that `encoded` gave."""
    state = decode_state(raw)
    for one in state.alike:
        for key, shape in _FENCE.iter_unpack(one.fences):
            state.fences[key.hex()] = replace(one.known, shape=shape)
    state.alike = []
    return state


def _packed(state: WatchState) -> WatchState:
    """The state with fences of which the same is known put together: a fix is outside of nearly all of them, and says
    so of each in the same way.
    """
    groups: dict[bytes, list[tuple[str, FenceState]]] = {}
    for key, one in state.fences.items():
        groups.setdefault(_encode(replace(one, shape=0)), []).append((key, one))
    left: dict[str, FenceState] = {}
    alike: list[Alike] = []
    for some in groups.values():
        if len(some) == 1:
            left.update(some)
        else:
            packed = b"".join(_FENCE.pack(bytes.fromhex(key), one.shape) for key, one in some)
            alike.append(Alike(replace(some[0][1], shape=0), packed))
    return replace(state, fences=left, alike=alike)


def _forgetting(state: WatchState) -> Iterator[Callable[[WatchState], WatchState]]:
    """One step after the other, until it is enough: passages that were told long ago, fences that she was not seen to
    be inside of, the older half of her line, what is left of fences, tags and devices, the oldest first.
    """
    yield lambda one: replace(one, told=one.told[-8:])
    for key in _oldest(state, Side.UNKNOWN):
        yield lambda one, key=key: _without_fence(one, key)  # type: ignore[misc]
    yield _with_half_a_line
    for key in (*_oldest(state, Side.OUTSIDE), *_oldest(state, Side.INSIDE)):
        yield lambda one, key=key: _without_fence(one, key)  # type: ignore[misc]
    yield lambda one: replace(one, told=[])
    for key in sorted(state.tags, key=lambda key: state.tags[key].heard_at):
        yield lambda one, key=key: replace(one, tags={k: v for k, v in one.tags.items() if k != key})  # type: ignore[misc]
    heard = {key: one.heard_at or _LONG_AGO for key, one in state.devices.items()}
    for key in sorted(heard, key=lambda key: heard[key])[:-1]:
        yield lambda one, key=key: replace(one, devices={k: v for k, v in one.devices.items() if k != key})  # type: ignore[misc]
    yield lambda one: replace(one, movement=None)
    yield lambda one: replace(one, arrivals={})
    yield lambda one: replace(one, alike=[])


_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _oldest(state: WatchState, side: Side) -> list[str]:
    """The fences on this side of which she was, those first at which she was seen longest ago."""
    found = {key: one.inside_last_at or _LONG_AGO for key, one in state.fences.items() if one.side is side}
    return sorted(found, key=lambda key: (found[key], key))


def _without_fence(state: WatchState, key: str) -> WatchState:
    return replace(state, fences={other: one for other, one in state.fences.items() if other != key})


def _with_half_a_line(state: WatchState) -> WatchState:
    movement = state.movement
    if movement is None or movement.trail is None:
        return state
    points = movement.trail.points
    trail = replace(movement.trail, points=points[len(points) // 2 :])
    return replace(state, movement=replace(movement, trail=trail))
