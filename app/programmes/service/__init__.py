"""What can be asked of the room, by use case; other rooms and the routes call `service.x`.

Functions that take a `viewer` ask first whether they may. Those that do not are for the house itself: other rooms,
commands, tests.
"""

from app.programmes.service.contracting import Known, change, changes, contract, contracts_of, enter, known, withdraw
from app.programmes.service.months import changed_since, contracts_of_month, usage_of_month
from app.programmes.service.networking import (
    change_entry,
    enter_network,
    entries_of,
    entry,
    entry_changes,
    in_network,
    leave_network,
    network_entries,
    networks_of,
    withdraw_entry,
)
from app.programmes.service.noting import correct, ledger, record, used
from app.programmes.service.quota import Left, left, release, reserve, settle
from app.programmes.service.quoting import Quoted, Shown, accept, quote, quote_for
from app.programmes.service.schemes import (
    dispatch_at,
    listed,
    plan_publishing,
    publish,
    scheme,
    scheme_for,
    schemes_for,
)
from app.programmes.service.starting import Decision, may_start
from app.programmes.service.turning import TurnOutFacts, correct_turn_out, record_turn_out
from app.programmes.service.wearing import absences, be_away, change_absence, live

__all__ = [
    "Decision",
    "Known",
    "Left",
    "Quoted",
    "Shown",
    "TurnOutFacts",
    "absences",
    "accept",
    "be_away",
    "change",
    "change_absence",
    "change_entry",
    "changed_since",
    "changes",
    "contract",
    "contracts_of",
    "contracts_of_month",
    "correct",
    "correct_turn_out",
    "dispatch_at",
    "enter",
    "enter_network",
    "entries_of",
    "entry",
    "entry_changes",
    "in_network",
    "known",
    "leave_network",
    "ledger",
    "left",
    "listed",
    "live",
    "may_start",
    "network_entries",
    "networks_of",
    "plan_publishing",
    "publish",
    "quote",
    "quote_for",
    "record",
    "record_turn_out",
    "release",
    "reserve",
    "scheme",
    "scheme_for",
    "schemes_for",
    "settle",
    "usage_of_month",
    "used",
    "withdraw",
    "withdraw_entry",
]
