"""Tags that contacts carry, and what is heard of them for two hours

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from app.db.types import key, moment

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_loan",
        key("tag_id", sa.ForeignKey("tag.id", name=op.f("fk_tag_loan_tag_id_tag"))),
        moment("from_at"),
        moment("until_at", nullable=True),
        key("contact_id", sa.ForeignKey("contact.id", name=op.f("fk_tag_loan_contact_id_contact")), nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "from_at", name=op.f("pk_tag_loan")),
    )
    op.create_index(op.f("ix_tag_loan_contact_id"), "tag_loan", ["contact_id"])
    op.create_table(
        "contact_heard",
        key("tag_id"),
        sa.Column("minute", sa.Integer, nullable=False),
        key("detector_id"),
        key("contact_id", nullable=False),
        moment("at"),
        sa.Column("lat_deg", sa.Float, nullable=False),
        sa.Column("lon_deg", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "minute", "detector_id", name=op.f("pk_contact_heard")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_contact_heard_at"), "contact_heard", ["at"])
    op.create_index("ix_contact_heard_contact_id_at", "contact_heard", ["contact_id", "at"])
    if op.get_bind().dialect.name == "postgresql":  # Edges go by shards (0006).
        op.execute(
            "CREATE TRIGGER registry_tag_loan AFTER INSERT OR DELETE OR UPDATE OF until_at, contact_id ON tag_loan "
            "FOR EACH ROW EXECUTE FUNCTION registry_note_tag_id()"
        )
