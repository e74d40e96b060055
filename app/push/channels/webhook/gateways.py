"""What a gateway is told, and what its answers mean. Pure."""

from hashlib import sha256

import msgspec
from msgspec import Struct

from app.push.channels.parcel import Parcel
from app.push.channels.webhook.posting import Answer
from app.push.retry import Delivery, Outcome

SEPARATOR = ":"
OURS = frozenset({401, 403, 404, 405, 407, 408, 425})
"""Not the message's fault: the secret or the address in the settings is wrong, which somebody can repair before the
message is too old; or it came at a bad moment.
"""


class Said(Struct, frozen=True):
    """What a gateway may say in its answer: whether a refusal is for ever, and what it calls the message."""

    permanent: bool | None = None
    id: str | int | None = None


def prefix_of(gateway: str) -> str:
    """With what the values of the addresses behind a gateway begin."""
    return gateway + SEPARATOR


def gateway_of(value: str) -> str:
    """Through which gateway the address with this value is reached."""
    return value.partition(SEPARATOR)[0]


def body_of(parcel: Parcel, to: str, public_url: str | None) -> bytes:
    """The message as JSON. What it is about stays with us: a hash of it is enough to see which messages are about the
    same. The token `receipt` lets the gateway say that it was delivered, `answer` that its recipient takes the alert
    ("press 1"); `link` is the page where the recipient can do so.
    """
    message, text = parcel.message, parcel.text
    data: dict[str, object] = {
        "to": to,
        "title": text.title,
        "body": text.body,
        "language": message.address.language,
        "level": message.level.value,
        "about_hash": sha256(message.about.encode()).hexdigest()[:32],
        "message_id": str(message.id),
        "expires_at": message.expires_at,
    }
    if parcel.receipt is not None:
        data["receipt"] = parcel.receipt
    if parcel.answer is not None:
        data["answer"] = parcel.answer
        if public_url is not None:
            data["link"] = f"{public_url.rstrip('/')}/a/{parcel.answer}"
    return msgspec.json.encode({"type": "message.send", "timestamp": message.created_at, "data": data})


def delivery_of(answer: Answer) -> Delivery:
    """What became of the message, from what the gateway answered."""
    status, said = answer.status, _said(answer.body)
    if 200 <= status < 300:
        return Delivery(outcome=Outcome.SENT, provider_id=None if said.id is None else str(said.id))
    error = f"HTTP {status}"
    if status == 429:
        return Delivery(outcome=Outcome.BUSY, error=error, retry_after_s=answer.retry_after_s)
    if 400 <= status < 500 and status not in OURS:
        if status == 410 or said.permanent is True:
            return Delivery(outcome=Outcome.ADDRESS_DEAD, error=f"{error}: the gateway reaches nobody there")
        outcome = Outcome.REFUSED if said.permanent is None else Outcome.LATER
        return Delivery(outcome=outcome, error=error, retry_after_s=answer.retry_after_s)
    return Delivery(outcome=Outcome.UNAVAILABLE, error=error, retry_after_s=answer.retry_after_s)


def _said(body: bytes) -> Said:
    try:
        said = msgspec.json.decode(body, type=Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Said()
    # What is no text for people may be none for a database either.
    return said if str(said.id).isprintable() else Said(permanent=said.permanent)
