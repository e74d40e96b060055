"""How everything is stored: engine, transactions, the group-commit writer, the two dialects, intent rows and ingest
units.

A store is a plain synchronous function over a SQLAlchemy `Connection`; `Database.read` and `Database.write` run it, one
call one transaction. What must be noticed after the commit is a hint (`session.py`). No room's own tables are here.
"""
