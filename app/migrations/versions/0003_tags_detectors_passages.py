"""Tags, detectors, passages, and where somebody is expected."""

import sqlalchemy as sa
from alembic import op

import app.db.types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "doubt",
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("passage_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("other_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("apart_s", sa.Float(), nullable=False),
        sa.Column("at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("wearer_id", app.db.types.Key(length=16), nullable=True),
        sa.Column("other_wearer_id", app.db.types.Key(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubt")),
    )
    op.create_index("ix_doubt_city_id_at", "doubt", ["city_id", "at"], unique=False)
    op.create_index("uq_doubt_passages", "doubt", ["passage_id", "other_id"], unique=True)

    op.create_table(
        "gone_passage",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("opened_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_gone_passage")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_gone_passage_opened_at"), "gone_passage", ["opened_at"], unique=False)

    op.create_table(
        "open_passage",
        sa.Column("city_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("detector_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("opened_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("wearer_id", app.db.types.Key(length=16), nullable=True),
        sa.Column("last_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("heard", sa.LargeBinary(), nullable=False),
        sa.Column("rssi_dbm_max", sa.Float(), nullable=True),
        sa.Column("lat_deg", sa.Float(), nullable=True),
        sa.Column("lon_deg", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("received_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("skew_s", sa.Float(), nullable=True),
        sa.Column("close_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "tag_id", "detector_id", name=op.f("pk_open_passage")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_open_passage_close_at"), "open_passage", ["close_at"], unique=False)
    op.create_index("ix_open_passage_detector_id", "open_passage", ["detector_id"], unique=False)
    op.create_index("ix_open_passage_tag_id", "open_passage", ["tag_id"], unique=False)
    op.create_index("ix_open_passage_wearer_id", "open_passage", ["wearer_id"], unique=False)

    op.create_table(
        "passage",
        sa.Column("city_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("detector_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("wearer_id", app.db.types.Key(length=16), nullable=True),
        sa.Column("last_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("heard", sa.LargeBinary(), nullable=False),
        sa.Column("rssi_dbm_max", sa.Float(), nullable=True),
        sa.Column("lat_deg", sa.Float(), nullable=True),
        sa.Column("lon_deg", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("received_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("skew_s", sa.Float(), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "opened_at", "id", name=op.f("pk_passage")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (opened_at)",
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE passage_default PARTITION OF passage DEFAULT")
    op.create_index("ix_passage_detector_id_opened_at", "passage", ["detector_id", "opened_at"], unique=False)
    op.create_index("ix_passage_hour_cell_opened_at", "passage", ["hour", "cell", "opened_at"], unique=False)
    op.create_index("ix_passage_serial", "passage", ["serial"], unique=False)
    op.create_index("ix_passage_tag_id_opened_at", "passage", ["tag_id", "opened_at"], unique=False)
    op.create_index("ix_passage_wearer_id_opened_at", "passage", ["wearer_id", "opened_at"], unique=False)

    op.create_table(
        "detector",
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("lat_deg", sa.Float(), nullable=True),
        sa.Column("lon_deg", sa.Float(), nullable=True),
        sa.Column("range_m", sa.Float(), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        sa.Column("deaf_after_s", sa.Integer(), nullable=False),
        sa.Column("key_generation", sa.Integer(), nullable=False),
        sa.Column("created_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.Column("camera_number", sa.String(length=100), nullable=True),
        sa.Column("pole_type", sa.String(length=100), nullable=True),
        sa.Column("pole_number", sa.String(length=100), nullable=True),
        sa.Column("height_m", sa.Float(), nullable=True),
        sa.Column("facing", sa.String(length=100), nullable=True),
        sa.Column("power", sa.String(length=100), nullable=True),
        sa.Column("line", sa.String(length=100), nullable=True),
        sa.Column("iccid", sa.String(length=30), nullable=True),
        sa.Column("mac", sa.String(length=12), nullable=True),
        sa.Column("hardware", sa.String(length=100), nullable=True),
        sa.Column("firmware", sa.String(length=100), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("permit_until", sa.Date(), nullable=True),
        sa.Column("maintainer", sa.String(length=100), nullable=True),
        sa.Column("inspected_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_detector_city_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detector")),
    )
    op.create_index(op.f("ix_detector_city_id"), "detector", ["city_id"], unique=False)
    op.create_index(
        "uq_detector_alive",
        "detector",
        ["format", "external_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "tag",
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("identity", sa.String(length=60), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.Column("learnt_s", sa.Float(), nullable=True),
        sa.Column("battery_pct", sa.Float(), nullable=True),
        sa.Column("battery_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.Column("created_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["city_id"], ["city.id"], name=op.f("fk_tag_city_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
    )
    op.create_index(op.f("ix_tag_city_id"), "tag", ["city_id"], unique=False)

    op.create_table(
        "detector_health",
        sa.Column("detector_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("heard_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("hearing_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.Column("skew_s", sa.Float(), nullable=True),
        sa.Column("uptime_s", sa.Float(), nullable=True),
        sa.Column("battery_pct", sa.Float(), nullable=True),
        sa.Column("signal_pct", sa.Float(), nullable=True),
        sa.Column("firmware", sa.String(length=100), nullable=True),
        sa.Column("free_pct", sa.Float(), nullable=True),
        sa.Column("load", sa.Float(), nullable=True),
        sa.Column("sightings", sa.BigInteger(), nullable=False),
        sa.Column("strangers", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["detector_id"], ["detector.id"], name=op.f("fk_detector_health_detector_id")),
        sa.PrimaryKeyConstraint("detector_id", name=op.f("pk_detector_health")),
    )
    op.create_table(
        "detector_hour",
        sa.Column("detector_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("strangers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["detector_id"], ["detector.id"], name=op.f("fk_detector_hour_detector_id")),
        sa.PrimaryKeyConstraint("detector_id", "hour", name=op.f("pk_detector_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "detector_spell",
        sa.Column("detector_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("trouble", sa.String(length=20), nullable=False),
        sa.Column("from_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("until_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["detector_id"], ["detector.id"], name=op.f("fk_detector_spell_detector_id")),
        sa.PrimaryKeyConstraint("detector_id", "trouble", "from_at", name=op.f("pk_detector_spell")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "expectation",
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("wearer_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("detector_ids", sa.JSON(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=False),
        sa.Column("by_time", sa.Time(), nullable=False),
        sa.Column("tell_arrival", sa.Boolean(), nullable=False),
        sa.Column("created_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearer.id"], name=op.f("fk_expectation_wearer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expectation")),
    )
    op.create_index(op.f("ix_expectation_wearer_id"), "expectation", ["wearer_id"], unique=False)

    op.create_table(
        "tag_carrier",
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("from_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("until_at", app.db.types.Moment(timezone=True), nullable=True),
        sa.Column("wearer_id", app.db.types.Key(length=16), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tag_carrier_tag_id")),
        sa.ForeignKeyConstraint(["wearer_id"], ["wearer.id"], name=op.f("fk_tag_carrier_wearer_id")),
        sa.PrimaryKeyConstraint("tag_id", "from_at", name=op.f("pk_tag_carrier")),
    )
    op.create_index(op.f("ix_tag_carrier_wearer_id"), "tag_carrier", ["wearer_id"], unique=False)

    op.create_table(
        "tag_press",
        sa.Column("tag_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("last_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "count", "first_at", name=op.f("pk_tag_press")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tag_press_last_at"), "tag_press", ["last_at"], unique=False)
    op.create_table(
        "area_question",
        sa.Column("id", app.db.types.Key(length=16), nullable=False),
        sa.Column("city_id", sa.Integer(), nullable=False),
        sa.Column("account_id", app.db.types.Key(length=16), nullable=False),
        sa.Column("at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("lat_deg", sa.Float(), nullable=False),
        sa.Column("lon_deg", sa.Float(), nullable=False),
        sa.Column("radius_m", sa.Float(), nullable=False),
        sa.Column("from_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("until_at", app.db.types.Moment(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_area_question_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_question")),
    )
    op.create_index("ix_area_question_city_id_at", "area_question", ["city_id", "at"], unique=False)
    op.create_index(
        "uq_tag_alive", "tag", ["scheme", "identity", sa.text("coalesce(mac, '')")], unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_index(
        "uq_tag_alive_mac", "tag", ["mac"], unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.add_column("account", sa.Column("vendor", sa.String(length=100), nullable=True))
