"""Alembic migrations, from the first table on. `schema.py` gathers every room's tables; `run.py` brings a database to
the newest version.
"""
