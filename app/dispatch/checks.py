"""Whether all is well with those who are out: they say so from time to time, are asked when they do not, and then their
control room is told, until they do or are back. Pure.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

GRACE = timedelta(minutes=3)
"""So long the guard has from being asked; a phone in a pocket takes a while to be reached for."""
AGAIN = timedelta(minutes=5)
"""So often the control room is told until somebody has heard of him."""


class Stage(StrEnum):
    """How far it is."""

    WELL = "well"
    """He has said so; when the time is over he is asked."""
    ASKED = "asked"
    """He was asked and has not answered yet."""
    MISSED = "missed"
    """He did not answer: the control room knows, and is told again."""


class Turn(Struct, frozen=True):
    """What follows when a time is over: the stage then, and when its own time is over."""

    stage: Stage
    due_at: datetime


def turned(stage: Stage, now: datetime) -> Turn:
    """What follows when the time of a stage is over and nobody has said that all is well."""
    if stage is Stage.WELL:
        return Turn(Stage.ASKED, now + GRACE)
    return Turn(Stage.MISSED, now + AGAIN)


def well(every_min: int, now: datetime) -> Turn:
    """All is well, for so many minutes."""
    return Turn(Stage.WELL, now + timedelta(minutes=every_min))
