"""Companies, units and crews; who is on duty, where they are, and what each unit is out for."""

import sqlalchemy as sa

from app.db.types import key, metadata, moment

company = sa.Table(
    "company",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    # What contracts and bills call it; one that has ended frees its code.
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("phone", sa.String(20), nullable=False),
    # Of the public safety commission (警備業認定番号): without one it does no guard work.
    sa.Column("licence", sa.String(40), nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
)
_going_on = company.c.ended_at.is_(None)
sa.Index(
    "uq_company_code", company.c.city_id, company.c.code, unique=True,
    sqlite_where=_going_on, postgresql_where=_going_on,
)  # fmt: skip

crew = sa.Table(
    "crew",
    metadata,
    # An account is of one company; whether it is a guard's or the control room's is the account's role.
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
    key("company_id", sa.ForeignKey("company.id"), nullable=False, index=True),
    # As it stands on the badge.
    sa.Column("badge", sa.String(40), nullable=True),
    moment("since_at"),
)

crew_photo = sa.Table(
    "crew_photo",
    metadata,
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("jpeg", sa.LargeBinary, nullable=False),
    moment("at"),
)

unit = sa.Table(
    "unit",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, sa.ForeignKey("city.id"), nullable=False),
    key("company_id", sa.ForeignKey("company.id"), nullable=False, index=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    # Guard work or visits, which must never be mixed: it cannot be changed.
    sa.Column("work", sa.String(10), nullable=False),
    sa.Column("capabilities", sa.JSON, nullable=False),
    sa.Column("areas", sa.JSON, nullable=True),
    sa.Column("base", sa.JSON, nullable=True),
    sa.Column("vehicle", sa.String(100), nullable=True),
    # How often somebody of it must say that all is well while it is out; null: nobody asks.
    sa.Column("check_every_min", sa.Integer, nullable=True),
    moment("created_at"),
    moment("ended_at", nullable=True),
    sa.Index("ix_unit_city_id", "city_id"),
)

unit_duty = sa.Table(
    "unit_duty",
    metadata,
    key(),
    key("unit_id", sa.ForeignKey("unit.id"), nullable=False),
    key("account_id", sa.ForeignKey("account.id"), nullable=False),
    moment("from_at"),
    key("from_by", nullable=False),
    moment("until_at", nullable=True),
    key("until_by", nullable=True),
    sa.Index("ix_unit_duty_account_id_from_at", "account_id", "from_at"),
    sa.Index("ix_unit_duty_from_at", "from_at"),
)
_on = unit_duty.c.until_at.is_(None)
# Nobody is on duty twice.
sa.Index("uq_unit_duty_on", unit_duty.c.account_id, unique=True, sqlite_where=_on, postgresql_where=_on)
sa.Index("ix_unit_duty_on", unit_duty.c.unit_id, sqlite_where=_on, postgresql_where=_on)

unit_task = sa.Table(
    "unit_task",
    metadata,
    key(),
    key("unit_id", sa.ForeignKey("unit.id"), nullable=False),
    key("incident_id", nullable=False),
    moment("taken_at"),
    moment("freed_at", nullable=True),
    # When it is asked, or told, next that nobody of the unit has said that all is well; its stage says which.
    moment("check_due_at", nullable=True),
    sa.Column("check_stage", sa.String(10), nullable=True),
    moment("checked_at", nullable=True),
    sa.Index("ix_unit_task_unit_id_taken_at", "unit_id", "taken_at"),
    sa.Index("ix_unit_task_incident_id", "incident_id"),
    sa.Index("ix_unit_task_taken_at", "taken_at"),
)
_out = unit_task.c.freed_at.is_(None)
# A unit is out for one incident at a time.
sa.Index("uq_unit_task_out", unit_task.c.unit_id, unique=True, sqlite_where=_out, postgresql_where=_out)
_asked = unit_task.c.check_due_at.is_not(None)
sa.Index("ix_unit_task_check_due_at", unit_task.c.check_due_at, sqlite_where=_asked, postgresql_where=_asked)

unit_place = sa.Table(
    "unit_place",
    metadata,
    # The newest place of a unit that is on duty; the row goes when nobody of it is any more.
    key("unit_id", sa.ForeignKey("unit.id"), primary_key=True),
    key("account_id", nullable=False),
    moment("at"),
    moment("received_at"),
    sa.Column("lat_deg", sa.Float, nullable=False),
    sa.Column("lon_deg", sa.Float, nullable=False),
    sa.Column("accuracy_m", sa.Float, nullable=True),
)

unit_trail = sa.Table(
    "unit_trail",
    metadata,
    # The way of a unit while it is out.
    key("task_id", sa.ForeignKey("unit_task.id"), primary_key=True),
    key("account_id", primary_key=True),
    moment("at", primary_key=True),
    moment("received_at"),
    sa.Column("lat_deg", sa.Float, nullable=False),
    sa.Column("lon_deg", sa.Float, nullable=False),
    sa.Column("accuracy_m", sa.Float, nullable=True),
    sa.Index("ix_unit_trail_received_at", "received_at"),
)

unit_look = sa.Table(
    "unit_look",
    metadata,
    # One row for each who looked where a unit is, and ten minutes.
    key("unit_id", sa.ForeignKey("unit.id"), primary_key=True),
    key("account_id", sa.ForeignKey("account.id"), primary_key=True),
    moment("slot_at", primary_key=True),
    moment("at"),
    sa.Index("ix_unit_look_at", "at"),
)

rota = sa.Table(
    "rota",
    metadata,
    key(),
    sa.Column("city_id", sa.Integer, nullable=False),
    key("unit_id", sa.ForeignKey("unit.id"), nullable=False, index=True),
    key("account_id", sa.ForeignKey("account.id"), nullable=False),
    sa.Column("hours", sa.JSON, nullable=False),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=True),
    moment("created_at"),
    key("created_by", nullable=False),
    moment("ended_at", nullable=True),
)
