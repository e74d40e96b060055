"""What edges must know lies in shards, and triggers note which of them changed

Whoever changes a row writes the note in the same transaction, also an older version of the program that knows nothing
of it, or somebody with psql. An edge reads the database itself on SQLite, so that there is nothing to note.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The last 12 bits of an id, as `beacon_ingest.shards.shard_of` says.
_SHARD_OF = """
CREATE FUNCTION registry_shard_of(id uuid) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((get_byte(uuid_send(id), 14) & 15) << 8) | get_byte(uuid_send(id), 15)
"""

_NOTE = """
CREATE FUNCTION registry_note_{column}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO registry_change (shard) VALUES (registry_shard_of(OLD.{column}));
    ELSE
        INSERT INTO registry_change (shard) VALUES (registry_shard_of(NEW.{column}));
    END IF;
    RETURN NULL;
END
$$
"""

_TRIGGER = """
CREATE TRIGGER registry_{name} AFTER {when} ON {table} FOR EACH ROW {condition}
EXECUTE FUNCTION registry_note_{column}()
"""

_THINGS = (
    ("device", "id", "city_id, format, external_id, key_hash, key_required, forwarder, ended_at"),
    ("detector", "id", "city_id, format, external_id, key_generation, kind, interval_s, ended_at"),
    ("tag", "id", "city_id, scheme, identity, mac, ended_at"),
    ("device_carrier", "device_id", "until_at, wearer_id, contact_id"),
    ("tag_carrier", "tag_id", "until_at, wearer_id"),
)

# Edges want to know whether a clock is right (`beacon_ingest.clocks.SKEW_S_MAX`), not by how many seconds it is not.
_RIGHT = "(abs({row}.skew_s) <= 120)"


def upgrade() -> None:
    op.create_table(
        "registry_change",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_change")),
    )
    op.create_table(
        "registry_shard",
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=op.f("pk_registry_shard")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _follow_changes()


def _follow_changes() -> None:
    op.execute(_SHARD_OF)
    for column in ("id", "device_id", "tag_id", "detector_id"):
        op.execute(_NOTE.format(column=column))
    for table, column, columns in _THINGS:
        when = f"INSERT OR DELETE OR UPDATE OF {columns}"
        op.execute(_TRIGGER.format(name=table, when=when, table=table, condition="", column=column))
    before, after = _RIGHT.format(row="OLD"), _RIGHT.format(row="NEW")
    for name, when, condition in (
        ("new_clock", "INSERT", "NEW.skew_s IS NOT NULL"),
        ("clock", "UPDATE OF skew_s", f"{before} IS DISTINCT FROM {after}"),
    ):
        condition = f"WHEN ({condition})"
        op.execute(
            _TRIGGER.format(name=name, when=when, table="detector_health", condition=condition, column="detector_id")
        )
    for table in ("device", "detector", "tag"):
        op.execute(f"CREATE INDEX ix_{table}_registry_shard ON {table} (registry_shard_of(id)) WHERE ended_at IS NULL")
    things = " UNION ".join(f"SELECT registry_shard_of(id) FROM {table}" for table in ("device", "detector", "tag"))  # noqa: S608
    op.execute(f"INSERT INTO registry_shard (shard, version) SELECT shard, 1 FROM ({things}) AS things (shard)")  # noqa: S608
