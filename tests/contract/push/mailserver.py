"""A real mail server (aiosmtpd) on the loop of the test. What it answers is in the name of the mailbox."""

import asyncio
import email
import ssl
import warnings
from collections import Counter
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.waiting import until

TO_RECIPIENT = {
    "unknown": "550 5.1.1 <unknown@example.jp>: no such user here",
    "no-system": "550 5.1.2 no such host",
    "bad-syntax": "501 5.1.3 bad address",
    "moved": "551 5.1.6 moved away",
    "null-mx": "556 5.1.10 takes no mail",
    "bare-550": "550 Unknown user unknown@docomo.ne.jp",
    "bare-553": "553 sorry, no mailbox here by that name",
    "full": "452 4.2.2 mailbox full",
    "full-for-good": "552 5.2.2 over quota",
    "bare-552": "552 mailbox is full",
    "grey": "450 4.2.0 greylisted, come back in 300 s",
    "bare-grey": "451 try again later",
    "their-disk": "452 4.3.1 insufficient system storage",
    "policy": "550 5.7.1 message refused by policy",
    "bare-relay": "550 relaying denied",
    "sign-in": "530 5.7.0 authentication required",
    "disabled": "550 5.2.1 mailbox disabled",
    "goes": "421 4.3.2 closing",
    "odd": "599 what",
}
TO_CONTENT = {
    "content-unknown": "550 5.1.1 no such user after all",
    "content-bare": "550 no",
    "content-spam": "554 5.7.1 looks like spam",
    "content-large": "552 5.3.4 too big",
    "content-full": "552 mailbox full",
    "content-grey": "451 4.7.1 greylisted",
    "content-goes": "421 4.3.2 closing",
}


class _Server(SMTP):
    """Notes recipients as they were written; the library takes quotation marks away."""

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        self.event_handler.written.append(arg)
        await super().smtp_RCPT(arg)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is open, the line below an encrypted one included."""
        below = self._original_transport
        return self.transport is None and (below is None or below.get_extra_info("socket").fileno() == -1)


class MailServer:
    """`received` is who got what; `silent` is a command that is never answered."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, wrapped: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._wrapped = wrapped
        self._server: asyncio.Server | None = None
        self.port = 0
        self.received: list[tuple[str, bytes]] = []
        self.commands: Counter[str] = Counter()
        self.written: list[str] = []
        self.encrypted: list[bool] = []
        self.password: str | None = None
        self.to_sender = "250 OK"
        self.silent = ""
        self._connections: list[_Server] = []
        self._never = asyncio.Event()

    async def start(self) -> None:
        """Listens on a port of its own."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, ssl=self._wrapped)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Takes no more connections and lets nobody wait any longer."""
        self._never.set()
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.close()
        await until(lambda: all(connection.is_closed for connection in self._connections))

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self._connections)

    # No property: the library looks at every attribute of this at each EHLO.
    def letters(self) -> dict[str, EmailMessage]:
        """The last letter to each recipient, as a reader of mail parses it."""
        return {to: parsed(content) for to, content in self.received}

    def _protocol(self) -> _Server:
        # A given name: the library would ask the DNS for ours.
        with warnings.catch_warnings():
            # It warns of passwords over lines that it did not encrypt itself; ours is, all the same.
            warnings.simplefilter("ignore", UserWarning)
            connection = _Server(
                self, hostname="mx.example.jp", tls_context=self._tls, loop=asyncio.get_running_loop(),
                authenticator=self._authenticate, auth_require_tls=self._wrapped is None,
                auth_required=self.password is not None,
            )  # fmt: skip
        self._connections.append(connection)
        return connection

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        self.commands["AUTH"] += 1
        right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._asked("MAIL")
        self.encrypted.append(session.ssl is not None or self._wrapped is not None)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.to_sender

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await self._asked("RCPT")
        answer = TO_RECIPIENT.get(local_part(address), "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._asked("DATA")
        (to,) = envelope.rcpt_tos
        answer = TO_CONTENT.get(local_part(to), "250 2.0.0 taken as 4711")
        if answer.startswith("250"):
            assert isinstance(envelope.original_content, bytes)
            self.received.append((to, envelope.original_content))
        return answer

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.commands["RSET"] += 1
        return "250 OK"

    async def _asked(self, command: str) -> None:
        self.commands[command] += 1
        if command == self.silent:
            await self._never.wait()


def parsed(content: bytes) -> EmailMessage:
    """The letter as a reader of mail parses it; one with a defect is none."""
    letter = email.message_from_bytes(content, policy=default)
    assert isinstance(letter, EmailMessage)
    assert letter.defects == []
    assert [] == [defect for value in letter.values() for defect in value.defects]
    return letter


def local_part(address: str) -> str:
    return address.rpartition("@")[0]
