"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.tags.service.detectors import (
    change_detector,
    end_detector,
    placed,
    placed_now,
    register_detector,
    register_detectors,
    rotate_detector_key,
)
from app.tags.service.hearing import detector_health
from app.tags.service.hearing import save as save_hearing
from app.tags.service.learning import learn_intervals, save_battery, teach_intervals
from app.tags.service.lending import end_loan, lend_tag, take_from_contact
from app.tags.service.registry import detector_entries, registry_version, tag_entries, tag_wearers
from app.tags.service.spells import forget_before as forget_detector_history
from app.tags.service.spells import judge as judge_detectors
from app.tags.service.spells import spells_between, state_at, uptime
from app.tags.service.tags import (
    TAG_HANDED_ON,
    TAG_RELEASED,
    assign_tag,
    change_tag,
    end_tag,
    queue_up,
    register_tag,
    release_all,
    release_tag,
    worn,
    worn_by_number,
)

__all__ = [
    "TAG_HANDED_ON",
    "TAG_RELEASED",
    "assign_tag",
    "change_detector",
    "change_tag",
    "detector_entries",
    "detector_health",
    "end_detector",
    "end_loan",
    "end_tag",
    "forget_detector_history",
    "judge_detectors",
    "learn_intervals",
    "lend_tag",
    "placed",
    "placed_now",
    "queue_up",
    "register_detector",
    "register_detectors",
    "register_tag",
    "registry_version",
    "release_all",
    "release_tag",
    "rotate_detector_key",
    "save_battery",
    "save_hearing",
    "spells_between",
    "state_at",
    "tag_entries",
    "tag_wearers",
    "take_from_contact",
    "teach_intervals",
    "uptime",
    "worn",
    "worn_by_number",
]
