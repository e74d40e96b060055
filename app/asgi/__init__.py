"""The web process: the routes of all rooms behind one door, the device edge beside them, and what all answers share.

A path under `/ingest/` goes straight to the edge, everything else to Litestar. The description of the API is at
`/docs/openapi.json`, a page to try it at `/docs`, both without a foreign address.
"""

from app.asgi.application import Application, create_app, openapi_json
from app.asgi.logs import configure_logs

__all__ = ["Application", "configure_logs", "create_app", "openapi_json"]
