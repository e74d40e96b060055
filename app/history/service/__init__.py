"""What other rooms and people ask of history, by use case; they call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself.
"""

from app.history.service.company import COMPANY_KEPT, forget_company, forget_company_before
from app.history.service.feeding import FedPassage, cursor_of, fed, serial_of
from app.history.service.handing_on import attribute_passages
from app.history.service.positions import (
    POINTS,
    POINTS_MAX,
    POINTS_MIN,
    append,
    forget_before,
    forget_surveys_before,
    keep_surveys,
    last_known,
    last_of_devices,
    look_at_track,
    make_room,
    near,
    recorded,
    refuse,
    span,
    track,
    where_is,
)
from app.history.service.questions import doubts, feed, near_by, passages_of_detector, passages_of_tag
from app.history.service.recording import append_vehicles, close_over, last_heard, record
from app.history.service.saying import note_place
from app.history.service.signals import signals
from app.history.store.attendance import passages_at
from app.history.store.companions import companions
from app.history.store.positions import attribute

__all__ = [
    "COMPANY_KEPT",
    "POINTS",
    "POINTS_MAX",
    "POINTS_MIN",
    "FedPassage",
    "append",
    "append_vehicles",
    "attribute",
    "attribute_passages",
    "close_over",
    "companions",
    "cursor_of",
    "doubts",
    "fed",
    "feed",
    "forget_before",
    "forget_company",
    "forget_company_before",
    "forget_surveys_before",
    "keep_surveys",
    "last_heard",
    "last_known",
    "last_of_devices",
    "look_at_track",
    "make_room",
    "near",
    "near_by",
    "note_place",
    "passages_at",
    "passages_of_detector",
    "passages_of_tag",
    "record",
    "recorded",
    "refuse",
    "serial_of",
    "signals",
    "span",
    "track",
    "where_is",
]
