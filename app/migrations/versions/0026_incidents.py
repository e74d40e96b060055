"""Turn-outs: incidents, offers to units, timelines

Revision ID: 0026
Revises: 0025
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def partial(where: str) -> dict[str, Any]:
    """Of an index that holds some rows only."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def upgrade() -> None:
    _incidents()
    _offers()
    _entries()


def _incidents() -> None:
    op.create_table(
        "incident",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("wearer_id", sa.ForeignKey("wearer.id", name=op.f("fk_incident_wearer_id_wearer")), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("is_drill", sa.Boolean, nullable=False),
        sa.Column("starter", sa.String(10), nullable=False),
        key("requested_by", nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        key("alert_id", nullable=True),
        key("contract_id", nullable=True),
        sa.Column("unit_minutes", sa.Integer, nullable=True),
        sa.Column("cap_minutes", sa.Integer, nullable=True),
        sa.Column("is_automatic", sa.Boolean, nullable=False),
        sa.Column("granted", sa.SmallInteger, nullable=False),
        sa.Column("asked", sa.SmallInteger, nullable=False),
        sa.Column("quota_number", sa.Integer, nullable=True),
        key("unit_id", nullable=True),
        sa.Column("round", sa.SmallInteger, nullable=False),
        sa.Column("wave", sa.SmallInteger, nullable=False),
        moment("requested_at"),
        moment("state_at"),
        *(moment(name, nullable=True) for name in _MOMENTS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_city_id_requested_at", "incident", ["city_id", "requested_at"])
    op.create_index("ix_incident_wearer_id_requested_at", "incident", ["wearer_id", "requested_at"])
    op.create_index("uq_incident_open", "incident", ["wearer_id", "is_drill"], unique=True, **partial(_OPEN))
    op.create_index("ix_incident_due", "incident", ["due_at"], **partial(f"{_OPEN} AND due_at IS NOT NULL"))


_OPEN = "closed_at IS NULL"
_MOMENTS = (
    "departed_at", "arrived_at", "found_at", "served_until", "closed_at", "offers_at", "standing_at", "hours_at",
    "live_at", "sweep_at", "swept_until", "due_at",
)  # fmt: skip


def _incident(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("incident.id", name=op.f(f"fk_{table}_incident_id_incident"))


def _offers() -> None:
    op.create_table(
        "incident_offer",
        key(),
        key("incident_id", _incident("incident_offer"), nullable=False),
        key("unit_id", nullable=False),
        sa.Column("round", sa.SmallInteger, nullable=False),
        sa.Column("wave", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("relieves", sa.Boolean, nullable=False),
        sa.Column("distance_m", sa.Float, nullable=True),
        moment("offered_at"),
        moment("expires_at"),
        moment("answered_at", nullable=True),
        key("answered_by", nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_offer")),
        sa.UniqueConstraint(
            "incident_id", "unit_id", "round", "wave", "relieves",
            name=op.f("uq_incident_offer_incident_id_unit_id_round_wave_relieves"),
        ),
    )  # fmt: skip
    op.create_index(
        "uq_incident_offer_accepted", "incident_offer", ["incident_id"], unique=True, **partial("state = 'accepted'")
    )
    op.create_index(
        "ix_incident_offer_waiting", "incident_offer", ["unit_id"], **partial("state IN ('open', 'lapsed')")
    )


def _entries() -> None:
    op.create_table(
        "incident_entry",
        key(),
        key("incident_id", _incident("incident_entry"), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        moment("at"),
        moment("said_at", nullable=True),
        moment("received_at"),
        sa.Column("actor", sa.String(10), nullable=False),
        key("account_id", nullable=True),
        key("unit_id", nullable=True),
        sa.Column("lat_deg", sa.Float, nullable=True),
        sa.Column("lon_deg", sa.Float, nullable=True),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        key(
            "corrects",
            sa.ForeignKey("incident_entry.id", name=op.f("fk_incident_entry_corrects_incident_entry")),
            nullable=True,
        ),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_entry")),
        sa.UniqueConstraint("incident_id", "key", name=op.f("uq_incident_entry_incident_id_key")),
    )
    op.create_index("ix_incident_entry_received_at", "incident_entry", ["received_at"])
