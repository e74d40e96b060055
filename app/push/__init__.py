"""How people are told: addresses, an outbox, retries, channels.

A message is a row first, written in the transaction that decided it; `deliver` sends it and records every attempt. This
room knows addresses and messages, not people and not alerts: who is told is decided further down, and what is no longer
wanted is cancelled from there. The wording lives in `templates`, one catalogue a language.
"""
