"""The floor for HTTP: an empty Litestar POST handler that reads the same body, on the same server."""

import sys

import uvicorn
from litestar import Litestar, Request, post


@post("/ingest/owntracks", status_code=200)
async def read_only(request: Request) -> None:
    """Reads the body and answers."""
    await request.body()


app = Litestar([read_only], openapi_config=None)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
