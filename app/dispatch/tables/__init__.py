"""The tables of the room, by what they are about."""

from app.dispatch.tables.incidents import incident, incident_entry, incident_offer
from app.dispatch.tables.units import (
    company,
    crew,
    crew_photo,
    rota,
    unit,
    unit_duty,
    unit_look,
    unit_place,
    unit_task,
    unit_trail,
)

__all__ = [
    "company", "crew", "crew_photo", "incident", "incident_entry", "incident_offer", "rota", "unit", "unit_duty",
    "unit_look", "unit_place", "unit_task", "unit_trail",
]  # fmt: skip
