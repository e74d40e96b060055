"""What one process alone does not need is not loaded at its start: the first answer is waited for."""

import subprocess
import sys

UNNEEDED = ("alembic", "firebase_admin", "httpx", "nats", "opentelemetry", "psycopg", "shapely")


def test_serve_loads_nothing_that_it_does_not_need() -> None:
    program = f"import sys, app.embedded, app.server; print(*sorted(set({UNNEEDED}) & sys.modules.keys()))"
    said = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, text=True).stdout

    assert "" == said.strip()
