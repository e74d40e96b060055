"""The only way out of the house: messages are put here in the transaction that decided them, claimed, and settled
with what became of them.

A message is never sent from inside a transaction. It is claimed first (committed), then sent, then settled; a
process that dies in between lets go of its claim after `CLAIM_S`, and the message is sent again. One that lives and
could not send gives it back. So everything is told at least once, and what comes twice is one on the phone, because
both carry the same `about`.
"""

from app.push.outbox.claiming import LIMIT, claim, oldest_due_at, wanted
from app.push.outbox.judging import judge_receipts
from app.push.outbox.looking import became, became_about, made
from app.push.outbox.putting import Note, cancel, put, put_all, put_since
from app.push.outbox.receiving import Said, is_said, receive
from app.push.outbox.rows import CLAIM_S, RANK
from app.push.outbox.settling import Settlement, forget_before, give_back, settle

__all__ = [
    "CLAIM_S", "LIMIT", "RANK", "Note", "Said", "Settlement", "became", "became_about", "cancel", "claim",
    "forget_before", "give_back", "is_said", "judge_receipts", "made", "oldest_due_at", "put", "put_all", "put_since",
    "receive", "settle", "wanted",
]  # fmt: skip
