"""Google's side of push, on loopback: signs a service account in (OAuth 2.0, RFC 7523) and takes messages as FCM
HTTP v1 does.

Google's own client library talks to it over plain HTTP. For the demo it is where the families' phones hear from us;
for tests it fails on demand, by how a token begins (`BEHAVIOURS`). It runs on threads of its own, so that whoever
listens to it may be busy.
"""

import base64
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec import Struct

from app.simulator.hanging_up import HangingUp, shut

Json = dict[str, Any]
OnPush = Callable[[str, Json], object]
"""Called with the address (token or installation id) and the FCM message of every push taken, on a thread of the
stand-in.
"""

PROJECT = "mimamori-standin"
ACCOUNT = f"push@{PROJECT}.iam.gserviceaccount.com"
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPES = {"https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"}
PAYLOAD_BYTES_MAX = 4096
SLOW_S_MAX = 60.0
ERROR_TYPE = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
SEND_PATH = re.compile(r"/v1/projects/([^/]+)/messages:send")


class Push(Struct, frozen=True):
    """A message that was taken."""

    token: str
    message: Json


class Reply(Struct, frozen=True):
    """What to answer. `body` None closes the connection without an answer; of one that `is_cut` the second half never
    comes.
    """

    status: int
    body: bytes | None
    headers: Mapping[str, str] = {}
    is_cut: bool = False


def error(status: int, name: str, text: str, code: str | None = None, **headers: str) -> Reply:
    """An error as Google words it; `code` is FCM's own."""
    details = [{"@type": ERROR_TYPE, "errorCode": code}] if code else []
    body = {"error": {"code": status, "status": name, "message": text, "details": details}}
    return Reply(status, json.dumps(body).encode(), {key.replace("_", "-"): value for key, value in headers.items()})


UNREGISTERED = error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
UNAVAILABLE = error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE")
INVALID_TOKEN = error(
    400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token", "INVALID_ARGUMENT"
)
UNAUTHENTICATED = error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")

BEHAVIOURS: Mapping[str, Callable[[int], Reply | None]] = {
    "unregistered": lambda _attempt: UNREGISTERED,
    "mismatch": lambda _attempt: error(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH"),
    "invalid-token": lambda _attempt: INVALID_TOKEN,
    "invalid-payload": lambda _attempt: error(
        400, "INVALID_ARGUMENT", "Invalid value at 'message'", "INVALID_ARGUMENT"
    ),
    "quota-7": lambda _attempt: error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED", Retry_After="7"),
    "quota-date": lambda _attempt: error(
        429, "RESOURCE_EXHAUSTED", "Quota", "QUOTA_EXCEEDED", Retry_After="Wed, 01 Apr 2026 03:02:00 GMT"
    ),
    "quota-300": lambda _attempt: error(429, "RESOURCE_EXHAUSTED", "Quota", "QUOTA_EXCEEDED", Retry_After="300"),
    "quota": lambda _attempt: error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED"),
    "unavailable-once": lambda attempt: UNAVAILABLE if attempt == 1 else None,
    "unavailable": lambda _attempt: UNAVAILABLE,
    "internal": lambda _attempt: error(500, "INTERNAL", "Internal error encountered.", "INTERNAL"),
    "apple-keys": lambda _attempt: error(401, "UNAUTHENTICATED", "APNs", "THIRD_PARTY_AUTH_ERROR"),
    "garbled": lambda _attempt: Reply(200, b"<html>please sign in to this network</html>"),
    "nameless": lambda _attempt: Reply(200, b"{}"),
    "half": lambda _attempt: Reply(200, b'{"name": "projects/half/messages/1"}', is_cut=True),
    "drop": lambda _attempt: Reply(0, None),
}
"""How the address of a message decides its fate, by prefix, the first that fits; None takes the message.

`slow…` is taken, but the answer comes too late.
"""


class FcmStandIn:
    """The stand-in.

    `registered` are the addresses that exist; None lets every address exist. Its address is `url` once it is
    started.
    """

    def __init__(self, *, registered: Iterable[str] | None = None, on_push: OnPush | None = None) -> None:
        self.received: list[Push] = []
        self.attempts: Counter[str] = Counter()
        """Requests by address, also those that were refused."""
        self.sign_ins = 0
        self.refuses_sign_in = False
        self.sign_in_asked = threading.Event()
        """Set once somebody asked to sign in."""
        self.sign_in_gate = threading.Event()
        """Cleared, it holds everybody up who signs in until it is set again."""
        self.sign_in_gate.set()
        self.fate: str | None = None
        """While it is set, every message fares as one to an address that begins like this."""
        self._registered = None if registered is None else set(registered)
        self._tokens: set[str] = set()
        self._on_push = on_push
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> None:
        """Listens on loopback; port 0 takes a free one."""
        self._server = _Server(self, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="fcm-stand-in", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Closes every connection and ends."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self.sign_in_gate.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        self._server = None

    @property
    def url(self) -> str:
        """Where it listens, for example `http://127.0.0.1:41234`."""
        assert self._server is not None, "it is not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def listen(self, on_push: OnPush | None) -> None:
        """From now on every push taken is told to `on_push`, to nobody when it is None."""
        self._on_push = on_push

    def register(self, token: str) -> None:
        """Lets an address exist."""
        with self._lock:
            self._registered = (self._registered or set()) | {token}

    def forget_tokens(self) -> None:
        """Ends every OAuth token given out, as a revoked service account key does."""
        with self._lock:
            self._tokens.clear()

    def write_credentials(self, folder: Path) -> Path:
        """The path of a service account file made in `folder`, with a key of this process, that signs in here."""
        private = _key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "stand-in",
            "private_key": private.decode(),
            "client_email": ACCOUNT,
            "token_uri": f"{self.url}/token",
        }
        path = folder / "fcm-standin.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(account), encoding="utf-8")
        return path

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What the stand-in says to a POST. Names of headers are in lower case."""
        if path == "/token":
            return self._sign_in(body)
        if (found := SEND_PATH.fullmatch(path)) is None:
            return error(404, "NOT_FOUND", "There is nothing here.")
        with self._lock:
            known = headers.get("authorization", "").removeprefix("Bearer ") in self._tokens
        if not known:
            return UNAUTHENTICATED
        return self._send(found[1], body)

    def _sign_in(self, body: bytes) -> Reply:
        self.sign_in_asked.set()
        self.sign_in_gate.wait(SLOW_S_MAX)
        assertion = parse_qs(body.decode()).get("assertion", [""])[0]
        if self.refuses_sign_in or not _is_ours(assertion):
            refusal = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return Reply(400, json.dumps(refusal).encode())
        with self._lock:
            self.sign_ins += 1
            token = f"ya29.stand-in-{self.sign_ins}"
            self._tokens.add(token)
        return Reply(200, json.dumps({"access_token": token, "expires_in": 3600, "token_type": "Bearer"}).encode())

    def _send(self, project: str, body: bytes) -> Reply:
        message = json.loads(body).get("message", {})
        token = str(message.get("token") or message.get("fid") or "")
        with self._lock:
            self.attempts[token] += 1
            attempt = self.attempts[token]
            registered = self._registered is None or token in self._registered
        if (fault := _fault(message)) is not None:
            return error(400, "INVALID_ARGUMENT", fault, "INVALID_ARGUMENT")
        fate = self.fate or token
        behaviour = next((act for prefix, act in BEHAVIOURS.items() if fate.startswith(prefix)), None)
        refusal = behaviour(attempt) if behaviour else None
        if refusal is None and not registered:
            refusal = UNREGISTERED
        return refusal or self._take(project, token, message, is_slow=fate.startswith("slow"))

    def _take(self, project: str, token: str, message: Json, *, is_slow: bool) -> Reply:
        with self._lock:
            self.received.append(Push(token, message))
            number = len(self.received)
        on_push = self._on_push
        if on_push is not None:
            on_push(token, message)
        if is_slow:
            self._stopping.wait(SLOW_S_MAX)
        return Reply(200, json.dumps({"name": f"projects/{project}/messages/{number}"}).encode())


class _Server(HangingUp):
    def __init__(self, stand_in: FcmStandIn, port: int) -> None:
        self.stand_in = stand_in
        super().__init__(port, _Connection)


class _Connection(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive, POST only."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.stand_in.answer(self.path, headers, body)
        if reply.body is None:
            self.close_connection = True
            shut(self.connection)
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.is_cut:
            self.close_connection = True
            self.wfile.write(reply.body[: len(reply.body) // 2])
            shut(self.connection)
            return
        self.wfile.write(reply.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: a terminal that shows the town is not the place for requests."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # The client hung up first; that is its right.
            self.close_connection = True


@cache
def _key() -> rsa.RSAPrivateKey:
    """A fresh key, one a process: making one takes a noticeable time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _is_ours(assertion: str) -> bool:
    """Whether a JWT (RFC 7519, RS256) is signed by our account's key and asks for messaging."""
    try:
        signed, _, signature = assertion.rpartition(".")
        _key().public_key().verify(_unpacked(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims = json.loads(_unpacked(signed.split(".")[1]))
    except (InvalidSignature, ValueError, IndexError):
        return False
    asked = set(str(claims.get("scope", "")).split())
    return claims.get("iss") == ACCOUNT and claims.get("aud") == AUDIENCE and bool(asked & SCOPES)


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _fault(message: Json) -> str | None:
    """What FCM would find wrong with a message, if anything."""
    if sum(name in message for name in ("token", "fid", "topic", "condition")) != 1:
        return "Exactly one target must be given."
    if not all(isinstance(value, str) for value in message.get("data", {}).values()):
        return "Invalid value at 'message.data' (TYPE_STRING)"
    size = len(json.dumps([message.get("data"), message.get("notification")], ensure_ascii=False).encode())
    return "Message too big" if size > PAYLOAD_BYTES_MAX else None
