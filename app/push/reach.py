"""Whether somebody can be reached, by what their phones said and did not say. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from app.push.model import Address, Channel, Level

RECEIPTED = frozenset({Channel.FCM, Channel.WEBPUSH})
"""Channels at whose end an app of ours says what it showed."""
ANSWERS_WITHIN: Mapping[Level, timedelta] = {
    # It wakes the phone, which has shown it and said so within seconds where it has a network at all.
    Level.URGENT: timedelta(seconds=60),
    # Phones that lie still collect what is not urgent, and look at it about once an hour (Android's Doze).
    Level.NOTICE: timedelta(hours=1),
}
"""How long after it was sent a phone should have said that it showed a message. News may be late without a fault."""


class Reach(StrEnum):
    """Whether messages reach somebody."""

    YES = "yes"
    UNANSWERED = "unanswered"
    """None of their phones answers any more."""
    NO = "no"
    """They have registered nothing that lives."""


class ChannelReach(Struct, frozen=True, kw_only=True):
    """Whether messages reach somebody over one channel; `unanswered_since` when not, from when on."""

    channel: Channel
    reachable: Reach
    unanswered_since: datetime | None


def reach(addresses: Collection[Address]) -> Reach:
    """By the live addresses of somebody. One that never gave a receipt, of an older app or a mailbox, is believed."""
    if not addresses:
        return Reach.NO
    return Reach.UNANSWERED if all(one.unanswered_since is not None for one in addresses) else Reach.YES


def by_channel(addresses: Collection[Address]) -> list[ChannelReach]:
    """The same for each channel that somebody has. No phone answers from when on the last one did not."""
    found = []
    for channel in Channel:
        mine = [one for one in addresses if one.channel is channel]
        if mine:
            reachable = reach(mine)
            since = [one.unanswered_since for one in mine if one.unanswered_since is not None]
            unanswered_since = max(since) if reachable is Reach.UNANSWERED else None
            found.append(ChannelReach(channel=channel, reachable=reachable, unanswered_since=unanswered_since))
    return found
