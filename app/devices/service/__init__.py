"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.devices.service.devices import (
    change_device,
    end_device,
    enrol,
    registry_entries,
    registry_version,
    rotate_key,
)
from app.devices.service.holders import (
    DEVICE_HANDED_ON,
    DEVICE_RELEASED,
    assign,
    carried,
    carriers_now,
    devices_of_wearer,
    intervals_of,
    release,
    release_all,
    release_contact,
)
from app.devices.service.orders import (
    answered,
    due_device_ids,
    expire,
    forget_commands_before,
    mark_sent,
    order,
    pending,
)
from app.devices.service.reports import health_of, heard_since, save_health
from app.devices.service.views import (
    DeviceView,
    ask,
    ask_wearer,
    change_visible,
    commands_of,
    hand_over,
    managed_device,
    new_device,
    views_of_wearer,
    visible_device,
    visible_devices,
)

__all__ = [
    "DEVICE_HANDED_ON",
    "DEVICE_RELEASED",
    "DeviceView",
    "answered",
    "ask",
    "ask_wearer",
    "assign",
    "carried",
    "carriers_now",
    "change_device",
    "change_visible",
    "commands_of",
    "devices_of_wearer",
    "due_device_ids",
    "end_device",
    "enrol",
    "expire",
    "forget_commands_before",
    "hand_over",
    "health_of",
    "heard_since",
    "intervals_of",
    "managed_device",
    "mark_sent",
    "new_device",
    "order",
    "pending",
    "registry_entries",
    "registry_version",
    "release",
    "release_all",
    "release_contact",
    "rotate_key",
    "save_health",
    "views_of_wearer",
    "visible_device",
    "visible_devices",
]
