"""What can be asked of the room, by use case; the routes call the functions of the files.

Functions that take a `viewer` ask first whether the thing is one that he sees. Those that do not are for the house.
"""

from app.dispatch.service.asking import by_signal
from app.dispatch.service.ending import cancel_all
from app.dispatch.service.staffing import COMPANY_LEFT
from app.dispatch.service.timing import forget_before, mend, untimed, work_off

__all__ = ["COMPANY_LEFT", "by_signal", "cancel_all", "forget_before", "mend", "untimed", "work_off"]
