"""E-mail through one mail server (RFC 5321), a few connections a round and one recipient a letter.

What cannot be said to a letter's own fault is the server's: what was not handed over is not sent. A line that was
promised to be encrypted is encrypted or not used.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from msgspec import Struct, field

from app.config import InvalidSettings, Settings
from app.kit.clock import Clock
from app.push.channels.email import answers, mailboxes
from app.push.channels.email.answers import Stage
from app.push.channels.email.letter import letter, links_of
from app.push.channels.parcel import Parcel
from app.push.retry import AWAY, Delivery, Outcome

log = structlog.get_logger()

ROUND_S_MAX = 15.0
"""A round ends here, so that what is known of each letter is told before `deliver` stops waiting (`SEND_S_MAX`)."""
LINES_MAX = 4
"""Connections at once: servers refuse many from one place."""
LETTERS_A_LINE = 10
"""For fewer letters than this no further connection is worth its greeting."""
LOST_MAX = 2
"""A connection that breaks may be one letter's fault; after two such letters in a row it is the server's."""
GOODBYE_S_MAX = 1.0


def open_sender(settings: Settings, _clock: Clock) -> "EmailSender | None":
    """The channel as the settings want it; None without a mail server. Raises `InvalidSettings`."""
    if not settings.smtp_host:
        return None
    if settings.smtp_user and settings.smtp_tls == "none":
        raise InvalidSettings("A password is not sent over a line that is not encrypted: set smtp_tls.")
    try:
        mailboxes.named(settings.mail_from)
    except ValueError:
        raise InvalidSettings("With smtp_host, mail_from must be the mailbox that our letters come from.") from None
    if settings.public_url is None:
        raise InvalidSettings("With smtp_host, public_url must be set: our letters carry links.")
    return EmailSender(settings)


class _Round(Struct, kw_only=True):
    """The letters of one `send`: which wait, which may have arrived, what became of each. `why` is what stopped it."""

    waiting: "deque[tuple[int, Parcel]]"
    handed_over: set[int] = field(default_factory=set)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    why: str = "there was no time left for it in this round"

    def delivery(self, index: int) -> Delivery:
        """What became of a letter, also of one that nobody came to."""
        if index in self.deliveries:
            return self.deliveries[index]
        if index in self.handed_over:
            return Delivery(outcome=Outcome.UNKNOWN, error="no answer in time")
        return Delivery(outcome=Outcome.UNAVAILABLE, error=self.why)


class EmailSender:
    """Sends letters through one mail server. `tls` is what encryption trusts, the system's authorities by default."""

    def __init__(self, settings: Settings, *, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._sender = mailboxes.named(settings.mail_from)
        self._tls = tls

    async def send(self, parcels: Sequence[Parcel]) -> list[Delivery]:
        """What became of each parcel, in order."""
        todo = _Round(waiting=deque(enumerate(parcels)))
        lines = min(LINES_MAX, -(-len(parcels) // LETTERS_A_LINE))
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_S_MAX):
                await asyncio.gather(*(self._work(todo) for _ in range(lines)))
        return [todo.delivery(index) for index in range(len(parcels))]

    async def close(self) -> None:
        """Does nothing: connections end with the round."""

    async def _work(self, todo: _Round) -> None:
        """Sends what waits over one connection, and over a new one when it breaks."""
        lost = 0
        while todo.waiting and lost < LOST_MAX:
            smtp = await self._connected(todo)
            if smtp is None:
                return
            try:
                while todo.waiting and smtp.is_connected:
                    index, parcel = todo.waiting.popleft()
                    delivery = await self._send_one(smtp, index, parcel, todo)
                    todo.deliveries[index] = delivery
                    lost = lost + 1 if delivery.outcome in AWAY else 0
                await _say_goodbye(smtp)
            finally:
                smtp.close()

    async def _connected(self, todo: _Round) -> SMTP | None:
        settings = self._settings
        if self._tls is None and settings.smtp_tls != "none":
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        smtp = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password if settings.smtp_user else None,
            local_hostname=self._sender.domain,  # The library would ask the DNS for ours, without an end.
            timeout=settings.push_timeout_s,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._tls,
        )
        try:
            await smtp.connect()
        except SMTPResponseException as refused:
            todo.why = answers.meaning(Stage.GREETING, refused.code, refused.message).error or todo.why
        except (SMTPException, OSError) as error:
            todo.why = f"the mail server cannot be used: {type(error).__name__}: {answers.shown(str(error))}"
        else:
            return smtp
        log.error("mail_server_not_ready", why=todo.why)
        return None

    async def _send_one(self, smtp: SMTP, index: int, parcel: Parcel, todo: _Round) -> Delivery:
        mailbox = parcel.message.address.keys.get("mailbox", "")
        try:
            links = links_of(parcel, self._settings.public_url or "")
            recipient, content = mailboxes.spelled(mailbox), letter(parcel, self._sender, mailbox, links)
        except ValueError as error:
            return Delivery(outcome=Outcome.REFUSED, error=str(error))
        stage = Stage.SENDER
        try:
            await smtp.mail(self._sender.addr_spec)
            stage = Stage.RECIPIENT
            await smtp.rcpt(recipient)
            stage = Stage.CONTENT
            todo.handed_over.add(index)
            taken = await smtp.data(content)
        except SMTPResponseException as refused:
            await _begin_anew(smtp, refused.code)
            return answers.meaning(stage, refused.code, refused.message)
        except (SMTPException, OSError) as error:
            smtp.close()
            outcome = Outcome.UNKNOWN if stage is Stage.CONTENT else Outcome.UNAVAILABLE
            return Delivery(outcome=outcome, error=f"{type(error).__name__}: {answers.shown(str(error))}")
        return Delivery(outcome=Outcome.SENT, provider_id=answers.shown(taken.message))


async def _begin_anew(smtp: SMTP, code: int) -> None:
    """Forgets the refused letter; a server that cannot, or that is going away, is left."""
    if 400 <= code <= 599 and code != answers.CLOSING:
        with suppress(SMTPException, OSError):
            await smtp.rset()
            return
    smtp.close()


async def _say_goodbye(smtp: SMTP) -> None:
    if smtp.is_connected:
        with suppress(SMTPException, OSError):
            await smtp.quit(timeout=GOODBYE_S_MAX)
