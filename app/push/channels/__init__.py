"""The ways out of the house: one file a channel, one row each in `CHANNELS`."""

from collections.abc import Callable, Mapping

from app.config import Settings
from app.kit.clock import Clock
from app.push.channels import fcm
from app.push.channels.parcel import Sender
from app.push.model import Channel

CHANNELS: Mapping[Channel, Callable[[Settings, Clock], Sender | None]] = {
    Channel.FCM: fcm.open_sender,
}
"""How each channel is set up from the settings; None when they say nothing about it."""


def open_channels(settings: Settings, clock: Clock) -> dict[Channel, Sender]:
    """The channels that are set up. Nothing is loaded and no connection is made before the first message."""
    opened = {channel: open_one(settings, clock) for channel, open_one in CHANNELS.items()}
    return {channel: sender for channel, sender in opened.items() if sender is not None}
