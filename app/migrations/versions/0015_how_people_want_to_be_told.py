"""How people want to be told

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preference",
        key("account_id", sa.ForeignKey("account.id", name=op.f("fk_preference_account_id_account")), nullable=False),
        sa.Column("preference", sa.JSON, nullable=False),
        moment("changed_at"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_preference")),
    )
