"""The ways out of the house: one folder a channel, one row each in `CHANNELS`."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from app.config import Settings
from app.kit.clock import Clock
from app.push.channels.email import sender as email
from app.push.channels.fcm import sender as fcm
from app.push.channels.parcel import Sender
from app.push.channels.webhook import sender as webhook
from app.push.channels.webpush import sender as webpush
from app.push.model import Channel


class ChannelRow(Struct, frozen=True, kw_only=True):
    """A channel. `open` sets it up from the settings; None when they say nothing about it."""

    open: Callable[[Settings, Clock], Sender | None]


CHANNELS: Mapping[Channel, ChannelRow] = {
    Channel.FCM: ChannelRow(open=fcm.open_sender),
    Channel.WEBHOOK: ChannelRow(open=webhook.open_sender),
    Channel.WEBPUSH: ChannelRow(open=webpush.open_sender),
    Channel.EMAIL: ChannelRow(open=email.open_sender),
}
"""Every channel that this version can send over."""


def open_channels(settings: Settings, clock: Clock) -> dict[Channel, Sender]:
    """The channels that are set up. Nothing is loaded and no connection is made before the first message. Raises
    `InvalidSettings` for a channel that is set up in part.
    """
    opened = {channel: row.open(settings, clock) for channel, row in CHANNELS.items()}
    return {channel: sender for channel, sender in opened.items() if sender is not None}
