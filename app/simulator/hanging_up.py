"""What stand-ins for services listen with: connections that stay open hold up no end."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any


class HangingUp(ThreadingHTTPServer):
    """On loopback, one thread a connection; keeps the sockets, so that an idle one can be ended."""

    request_queue_size = 256

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket] = set()
        super().__init__(("127.0.0.1", port), handler)
        self.daemon_threads = False  # So that the end waits for each thread, and its socket is closed by then.

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends every open connection."""
        for connection in tuple(self._open):
            shut(connection)


def shut(connection: socket) -> None:
    """Ends a connection, for both sides; one that is closed already stays so."""
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return
