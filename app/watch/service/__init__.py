"""What can be asked of the room, by use case; other rooms and the routes call `service.x`."""

from app.watch.service.allowing import ShownAllowance, Told, allow, allowances, forget_allowances, take_back
from app.watch.service.expectations import EXPECTATION_ENDED, Draft, end_expectation, expect, expectations
from app.watch.service.learning import Progress, begin_learning, habits_at, progress, unknown_wearers
from app.watch.service.learning import keep as keep_learnt
from app.watch.service.learning import work_out as work_out_days
from app.watch.service.looking import MOVEMENT_ENDED, forget_all, forget_device, load, look, note_ended, tick
from app.watch.service.muting import Quiet, quiet
from app.watch.service.outages import DEVICES_HEARD, DEVICES_SILENT
from app.watch.service.outages import judge as judge_outages
from app.watch.service.settings import change_settings, settings

__all__ = [
    "DEVICES_HEARD",
    "DEVICES_SILENT",
    "EXPECTATION_ENDED",
    "MOVEMENT_ENDED",
    "Draft",
    "Progress",
    "Quiet",
    "ShownAllowance",
    "Told",
    "allow",
    "allowances",
    "begin_learning",
    "change_settings",
    "end_expectation",
    "expect",
    "expectations",
    "forget_all",
    "forget_allowances",
    "forget_device",
    "habits_at",
    "judge_outages",
    "keep_learnt",
    "load",
    "look",
    "note_ended",
    "progress",
    "quiet",
    "settings",
    "take_back",
    "tick",
    "unknown_wearers",
    "work_out_days",
]
