"""The one table of the rules of movement."""

from typing import Final

from app.watch.movement import (
    beyond_range,
    lapping,
    not_back,
    off_route,
    pacing,
    stuck,
    unfamiliar,
    unusual_hour,
    wandering,
)
from app.watch.movement.evidence import Rule

RULES: Final[tuple[Rule, ...]] = (
    unfamiliar.RULE,
    off_route.RULE,
    pacing.RULE,
    lapping.RULE,
    wandering.RULE,
    beyond_range.RULE,
    unusual_hour.RULE,
    not_back.RULE,
    stuck.RULE,
)
