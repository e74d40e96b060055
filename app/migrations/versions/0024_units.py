"""Security companies, their units and guards, who is on duty, and what units are out for

Revision ID: 0024
Revises: 0023
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def points_to(table: str, column: str, to: str) -> sa.ForeignKey:
    """A foreign key, named as the house names them."""
    return sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{column}"))


def partial(where: str) -> dict[str, Any]:
    """Of an index that holds some rows only."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def upgrade() -> None:
    companies()
    units()
    duty()
    places()
    rota()


def companies() -> None:
    op.create_table(
        "company",
        key(),
        sa.Column("city_id", sa.Integer, points_to("company", "city_id", "city"), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("licence", sa.String(40), nullable=True),
        moment("created_at"),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_index("uq_company_code", "company", ["city_id", "code"], unique=True, **partial("ended_at IS NULL"))
    op.create_table(
        "crew",
        key("account_id", points_to("crew", "account_id", "account")),
        key("company_id", points_to("crew", "company_id", "company"), nullable=False),
        sa.Column("badge", sa.String(40), nullable=True),
        moment("since_at"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_crew")),
    )
    op.create_index("ix_crew_company_id", "crew", ["company_id"])
    op.create_table(
        "crew_photo",
        key("account_id", points_to("crew_photo", "account_id", "account")),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
        moment("at"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_crew_photo")),
    )


def units() -> None:
    op.create_table(
        "unit",
        key(),
        sa.Column("city_id", sa.Integer, points_to("unit", "city_id", "city"), nullable=False),
        key("company_id", points_to("unit", "company_id", "company"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("work", sa.String(10), nullable=False),
        sa.Column("capabilities", sa.JSON, nullable=False),
        sa.Column("areas", sa.JSON, nullable=True),
        sa.Column("base", sa.JSON, nullable=True),
        sa.Column("vehicle", sa.String(100), nullable=True),
        sa.Column("check_every_min", sa.Integer, nullable=True),
        moment("created_at"),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    op.create_index("ix_unit_city_id", "unit", ["city_id"])
    op.create_index("ix_unit_company_id", "unit", ["company_id"])
    op.create_table(
        "unit_task",
        key(),
        key("unit_id", points_to("unit_task", "unit_id", "unit"), nullable=False),
        key("incident_id", nullable=False),
        moment("taken_at"),
        moment("freed_at", nullable=True),
        moment("check_due_at", nullable=True),
        sa.Column("check_stage", sa.String(10), nullable=True),
        moment("checked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_task")),
    )
    op.create_index("ix_unit_task_unit_id_taken_at", "unit_task", ["unit_id", "taken_at"])
    op.create_index("ix_unit_task_incident_id", "unit_task", ["incident_id"])
    op.create_index("ix_unit_task_taken_at", "unit_task", ["taken_at"])
    op.create_index("uq_unit_task_out", "unit_task", ["unit_id"], unique=True, **partial("freed_at IS NULL"))
    op.create_index("ix_unit_task_check_due_at", "unit_task", ["check_due_at"], **partial("check_due_at IS NOT NULL"))


def duty() -> None:
    op.create_table(
        "unit_duty",
        key(),
        key("unit_id", points_to("unit_duty", "unit_id", "unit"), nullable=False),
        key("account_id", points_to("unit_duty", "account_id", "account"), nullable=False),
        moment("from_at"),
        key("from_by", nullable=False),
        moment("until_at", nullable=True),
        key("until_by", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_duty")),
    )
    op.create_index("ix_unit_duty_account_id_from_at", "unit_duty", ["account_id", "from_at"])
    op.create_index("ix_unit_duty_from_at", "unit_duty", ["from_at"])
    op.create_index("uq_unit_duty_on", "unit_duty", ["account_id"], unique=True, **partial("until_at IS NULL"))
    op.create_index("ix_unit_duty_on", "unit_duty", ["unit_id"], **partial("until_at IS NULL"))


def place() -> list[sa.Column[float]]:
    """The columns of a place."""
    return [
        sa.Column("lat_deg", sa.Float, nullable=False),
        sa.Column("lon_deg", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float, nullable=True),
    ]


def places() -> None:
    op.create_table(
        "unit_place",
        key("unit_id", points_to("unit_place", "unit_id", "unit")),
        key("account_id", nullable=False),
        moment("at"),
        moment("received_at"),
        *place(),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit_place")),
    )
    op.create_table(
        "unit_trail",
        key("task_id", points_to("unit_trail", "task_id", "unit_task")),
        key("account_id", nullable=False),
        moment("at"),
        moment("received_at"),
        *place(),
        sa.PrimaryKeyConstraint("task_id", "account_id", "at", name=op.f("pk_unit_trail")),
    )
    op.create_index("ix_unit_trail_received_at", "unit_trail", ["received_at"])
    op.create_table(
        "unit_look",
        key("unit_id", points_to("unit_look", "unit_id", "unit")),
        key("account_id", points_to("unit_look", "account_id", "account")),
        moment("slot_at"),
        moment("at"),
        sa.PrimaryKeyConstraint("unit_id", "account_id", "slot_at", name=op.f("pk_unit_look")),
    )
    op.create_index("ix_unit_look_at", "unit_look", ["at"])


def rota() -> None:
    op.create_table(
        "rota",
        key(),
        sa.Column("city_id", sa.Integer, nullable=False),
        key("unit_id", points_to("rota", "unit_id", "unit"), nullable=False),
        key("account_id", points_to("rota", "account_id", "account"), nullable=False),
        sa.Column("hours", sa.JSON, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=True),
        moment("created_at"),
        key("created_by", nullable=False),
        moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota")),
    )
    op.create_index("ix_rota_unit_id", "rota", ["unit_id"])
