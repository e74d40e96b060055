"""A watchman outside: a server on loopback that counts who asks."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Watchman:
    """He answers everybody with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.heard = 0

        class Door(BaseHTTPRequestHandler):
            def do_GET(door) -> None:  # noqa: N805
                self.heard += 1
                door.send_response(status)
                door.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}/ping/secret"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
