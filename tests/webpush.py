"""The other side of Web Push, on loopback: browsers that open what is sealed for them, and the service of their maker.

Written from RFC 8291, RFC 8188 and RFC 8292, with nothing of ours, so that both sides cannot be wrong in the same way.
"""

import base64
import json
import secrets
import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from app.simulator.hanging_up import HangingUp, shut
from tests.build import NOW

BODY_BYTES_MAX = 4096
PATIENCE_S = 30.0


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """What a browser keeps to itself: the private key and the secret of a subscription."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None, auth: bytes | None = None) -> None:
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        self.auth = auth or secrets.token_bytes(16)
        self.point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": base64url(self.point), "auth": base64url(self.auth)}

    def open(self, body: bytes) -> bytes:
        """What was sealed for this browser. Raises `InvalidTag` for what was not."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size, "one record is all that is understood"
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        key = _hmac(_hmac(self.auth, shared), b"WebPush: info\0" + self.point + theirs + b"\x01")
        mixed = _hmac(salt, key)
        content_key = _hmac(mixed, b"Content-Encoding: aes128gcm\0\x01")[:16]
        nonce = _hmac(mixed, b"Content-Encoding: nonce\0\x01")[:12]
        plain = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\0")
        assert plain[-1:] == b"\x02", "the delimiter of the last record"
        return plain[:-1]


def _hmac(key: bytes, text: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(text)
    return made.finalize()


class Push(Struct, frozen=True, kw_only=True):
    """A message that was taken, opened."""

    name: str
    plain: bytes
    headers: Mapping[str, str]
    size: int
    claims: Mapping[str, Any]
    key: str

    @property
    def content(self) -> Any:
        return json.loads(self.plain)


ANSWERS: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "gone": (410, {}),
    "unknown": (404, {}),
    "too-long": (413, {}),
    "wrong": (400, {}),
    "unsigned": (401, {}),
    "our-key": (403, {}),
    "throttled": (406, {}),
    "busy": (429, {}),
    "busy-7": (429, {"Retry-After": "7"}),
    "busy-300": (429, {"Retry-After": "300"}),
    "busy-date": (429, {"Retry-After": "Wed, 01 Apr 2026 03:02:00 GMT"}),
    "busy-soon": (429, {"Retry-After": "soon"}),
    "broken": (500, {}),
    "away": (503, {}),
    "away-3": (503, {"Retry-After": "3"}),
    "moved": (307, {"Location": "/push/elsewhere"}),
    "moved-for-good": (301, {"Location": "/push/elsewhere"}),
    "taken": (202, {}),
    "ok": (200, {}),
}
"""How a subscription's name decides its fate. `hang` is never answered, `reset` is cut off, `garbage` is answered with
what is no HTTP, `half` with half of its headers, `drip` without end; every other one takes the message.
"""


class PushService:
    """A service that checks what RFC 8291 and 8292 ask of a sender, and browsers that subscribed there."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Push] = []
        self.attempts: Counter[str] = Counter()
        self.browsers: dict[str, Browser] = {}
        self.fate: str | None = None
        """While it is set, every browser fares as the one of this name."""
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def subscribe(self, name: str) -> tuple[str, dict[str, str]]:
        """The endpoint and the keys of a new browser."""
        browser = self.browsers.setdefault(name, Browser())
        return f"{self.url}/push/{name}", browser.keys

    def answer(self, name: str, fate: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
        with self._lock:
            self.attempts[name] += 1
        if fate in ANSWERS and ANSWERS[fate][0] > 202:
            return ANSWERS[fate]
        if len(body) > BODY_BYTES_MAX:
            return 413, {}
        claims, key = self._sender(headers.get("authorization", ""))
        plain = self.browsers[name].open(body)
        with self._lock:
            self.received.append(Push(name=name, plain=plain, headers=headers, size=len(body), claims=claims, key=key))
            number = len(self.received)
        return ANSWERS.get(fate, (201, {}))[0], {"Location": f"{self.url}/message/{number}"}

    def _sender(self, authorization: str) -> tuple[Mapping[str, Any], str]:
        """What the sender claims and with which key. Raises `InvalidSignature` for a note that was not signed with it."""
        scheme, _, rest = authorization.partition(" ")
        assert scheme == "vapid"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        signed, _, signature = parts["t"].rpartition(".")
        raw = unpacked(signature)
        number = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(parts["k"]))
        point.verify(number, signed.encode(), ec.ECDSA(hashes.SHA256()))
        header, claims = (json.loads(unpacked(part)) for part in signed.split("."))
        assert header == {"typ": "JWT", "alg": "ES256"}
        assert claims["aud"] == self.url
        assert 0 < claims["exp"] - NOW.timestamp() <= 24 * 3600
        return claims, parts["k"]


class _Server(HangingUp):
    def __init__(self, service: PushService) -> None:
        self.service = service
        super().__init__(0, _Connection)


class _Connection(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive, POST only."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rpartition("/")[2]
        service = self.server.service
        fate = service.fate or name
        if fate in ("hang", "reset", "garbage", "half", "drip"):
            service.attempts[name] += 1
            self.close_connection = True
            self._misbehave(fate)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, more = service.answer(name, fate, headers, body)
        self.send_response(status)
        text = b"" if status <= 202 else b"what is wrong\n" * 1000
        for key, value in {**more, "Content-Length": str(len(text))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(text)

    def _misbehave(self, name: str) -> None:
        stopping = self.server.service.stopping
        if name == "hang":
            stopping.wait(PATIENCE_S)
        elif name == "garbage":
            self.wfile.write(b"\x00\x01 please sign in to this network\r\n\r\n")
        elif name == "half":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Le")
        elif name == "drip":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
            while not stopping.wait(0.05):
                self.wfile.write(b".")
        shut(self.connection)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True
