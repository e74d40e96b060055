"""A gateway on loopback, as its makers would build one: it verifies each signature with the library of Standard
Webhooks, and fails on demand, by how the recipient is called (`ANSWERS`).
"""

import json
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Answer = tuple[int, bytes, Mapping[str, str]]

ANSWERS: Mapping[str, Answer] = {
    "gone": (410, b"", {}),
    "for-ever": (400, b'{"permanent": true}', {}),
    "for-now": (409, b'{"permanent": false}', {}),
    "refused": (422, b'{"error": "too long"}', {}),
    "refused-in-html": (400, b"<html>" * 9000, {}),
    "refused-deep": (400, b'{"x":' + b"[" * 9000, {}),
    "unsigned": (401, b"", {}),
    "forbidden": (403, b'{"permanent": true}', {}),
    "no-such-page": (404, b"", {}),
    "busy": (429, b"", {}),
    "busy-7": (429, b"", {"Retry-After": "7"}),
    "busy-absurd": (429, b"", {"Retry-After": "9" * 400}),
    "down": (503, b"", {"Retry-After": "30"}),
    "broken": (500, b'{"permanent": true}', {}),
    "moved": (307, b"", {"Location": "/elsewhere"}),
    "named": (202, b'{"id": "SM-1"}', {}),
    "named-badly": (200, b'{"id": "a\\u0000b"}', {}),
    "numbered": (200, b'{"id": 7}', {}),
}


class Server(ThreadingHTTPServer):
    """Nobody who connects is kept waiting, however many there are."""

    daemon_threads = True
    request_queue_size = 128


class Gateway:
    """What it was told, by path: bodies that were signed as they must be, and how often each recipient was asked for.
    While `open` is not set, nobody is answered; `next` is what is answered before anything else. Unless `by_its_clock`, it
    does not ask whether a signature is of now.
    """

    def __init__(
        self, secrets: Mapping[str, str], *, by_its_clock: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.secrets = dict(secrets)
        self.by_its_clock = by_its_clock
        self.next: list[Answer] = []
        self.taken: list[tuple[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.attempts: Counter[str] = Counter()
        self.is_away: set[str] = set()
        self.open = threading.Event()
        self.open.set()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        name = path.strip("/")
        try:
            told = self._verified(name, body, headers)
        except (KeyError, WebhookVerificationError):
            return 401, b"", {}
        to = str(told["data"].get("to", ""))
        self.attempts[to] += 1
        self.headers.append(headers)
        if name in self.is_away:
            return 503, b"", {}
        answer = self.next.pop(0) if self.next else ANSWERS.get(to, (204, b"", {}))
        if answer[0] < 300:
            self.taken.append((name, told))
        return answer

    def _verified(self, name: str, body: bytes, headers: Mapping[str, str]) -> Any:
        library = Webhook(self.secrets[name])
        if self.by_its_clock:
            return library.verify(body, dict(headers))
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        if library.sign(headers["webhook-id"], at, body.decode()) != headers["webhook-signature"]:
            raise WebhookVerificationError
        return json.loads(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, content, more = gateway.answer(self.path, body, headers)
                if b'"to":"hangs"' in body:
                    gateway.open.clear()
                gateway.open.wait(30)
                if b'"to":"resets"' in body:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                if b'"to":"garbage"' in body:
                    self.wfile.write(b"\x00\xff no HTTP at all\r\n\r\n")
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # Whoever asked has gone.
                    self.close_connection = True

            def finish(self) -> None:
                try:
                    super().finish()
                except (OSError, ValueError):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler


@contextmanager
def a_gateway(
    secrets: Mapping[str, str], *, by_its_clock: bool = True, tls: ssl.SSLContext | None = None
) -> Iterator[Gateway]:
    gateway = Gateway(secrets, by_its_clock=by_its_clock, tls=tls)
    yield gateway
    gateway.stop()
