"""Alembic's entry: runs on the connection that `run.upgrade` hands over."""

from alembic import context

from app.migrations.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
context.run_migrations()
