"""When many devices of a town fell silent at once

Revision ID: 0012
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import Moment

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_outage",
        sa.Column("city_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("from_at", Moment(timezone=True), nullable=False),
        sa.Column("devices", sa.Integer, nullable=False),
        sa.Column("noticed_at", Moment(timezone=True), nullable=False),
        sa.Column("until_at", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "from_at", name=op.f("pk_device_outage")),
    )
    goes_on = sa.text("until_at IS NULL")
    name = "uq_device_outage_going_on"
    op.create_index(name, "device_outage", ["city_id"], unique=True, sqlite_where=goes_on, postgresql_where=goes_on)
