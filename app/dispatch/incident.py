"""An incident from the request to the end: its states, what brings one on, and who may do so. Pure.

The model is a hail of the French taxi register (APITaxi): one table says which step leads where, another who may take
it; the same step again changes nothing, and what is over stays over. Here a phone may also have been out of reach, so
that steps arrive late and in any order: a step forward is taken from wherever the unit was, and one that lies behind is
kept as a line of the timeline and moves nothing back.
"""

from collections.abc import Mapping
from enum import StrEnum

from app.kit.errors import Conflict
from app.kit.machine import step


class IncidentState(StrEnum):
    """Where an incident is."""

    REQUESTED = "requested"
    OFFERING = "offering"
    NOBODY = "nobody_available"
    """No unit took it. The control room knows; it is offered again from time to time until somebody ends it."""
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    SEARCHING = "searching"
    FOUND = "found"
    NOT_FOUND = "not_found"
    HANDED_OVER = "handed_over"
    CLEARED = "cleared"
    CANCELLED_BEFORE = "cancelled_before_departure"
    CANCELLED_AFTER = "cancelled_after_departure"


class IncidentAction(StrEnum):
    """What can happen to an incident."""

    OFFER = "offer"
    RUN_OUT = "run_out"
    """Everybody was asked and nobody came."""
    ACCEPT = "accept"
    RELIEVE = "relieve"
    """Another unit takes over from the one that is out."""
    GIVE_BACK = "give_back"
    """The unit is not coming: another one is looked for."""
    DEPART = "depart"
    ARRIVE = "arrive"
    SEARCH = "search"
    FIND = "find"
    NOT_FIND = "not_find"
    HAND_OVER = "hand_over"
    CLEAR = "clear"
    CANCEL = "cancel"
    """Called off before any unit had set out."""
    CALL_OFF = "call_off"
    """Called off after one had."""


class Actor(StrEnum):
    """Who does something to an incident."""

    CONTACT = "contact"
    """A contact of hers, or another member of the family who sees her alerts."""
    CONTROL = "control"
    """The control room: operators, clerks and administrators who may see her."""
    GUARD = "guard"
    """Somebody of the unit that has it, or that was asked."""
    HOUSE = "house"
    """The service itself."""


_S, _A = IncidentState, IncidentAction

LOOKED_FOR = frozenset({_S.REQUESTED, _S.OFFERING, _S.NOBODY})
"""No unit has it yet."""

OUT = (_S.ACCEPTED, _S.EN_ROUTE, _S.ON_SCENE, _S.SEARCHING)
"""A unit has it and she is not found; in the order in which a unit gets on."""

ENDED = frozenset({_S.CLEARED, _S.CANCELLED_BEFORE, _S.CANCELLED_AFTER})
"""Nothing happens any more."""

RANK: Mapping[IncidentState, int] = {
    one: number for number, one in enumerate((*OUT, _S.NOT_FOUND, _S.FOUND, _S.HANDED_OVER, _S.CLEARED))
}
"""How far a unit has come with it. Who was found is farther than who was not: that she was found stands."""

STEPS: Mapping[IncidentAction, IncidentState] = {
    _A.DEPART: _S.EN_ROUTE,
    _A.ARRIVE: _S.ON_SCENE,
    _A.SEARCH: _S.SEARCHING,
    _A.NOT_FIND: _S.NOT_FOUND,
    _A.FIND: _S.FOUND,
    _A.HAND_OVER: _S.HANDED_OVER,
    _A.CLEAR: _S.CLEARED,
}
"""What a unit reports, and where that leads."""


def _table() -> dict[tuple[IncidentState, IncidentAction], IncidentState]:
    table = {
        (_S.REQUESTED, _A.OFFER): _S.OFFERING,
        (_S.REQUESTED, _A.RUN_OUT): _S.NOBODY,
        (_S.OFFERING, _A.RUN_OUT): _S.NOBODY,
        (_S.NOBODY, _A.OFFER): _S.OFFERING,
        (_S.OFFERING, _A.ACCEPT): _S.ACCEPTED,
        (_S.NOBODY, _A.ACCEPT): _S.ACCEPTED,
        (_S.HANDED_OVER, _A.CLEAR): _S.CLEARED,
        (_S.NOT_FOUND, _A.CLEAR): _S.CLEARED,
    }
    for before in OUT:
        table[before, _A.GIVE_BACK] = _S.OFFERING
        table[before, _A.RELIEVE] = _S.ACCEPTED
    for before in (*LOOKED_FOR, *OUT):
        table[before, _A.CANCEL] = _S.CANCELLED_BEFORE
        table[before, _A.CALL_OFF] = _S.CANCELLED_AFTER
    for action, after in STEPS.items():
        if action is not _A.CLEAR:
            table |= {(before, action): after for before in RANK if RANK[before] < RANK[after]}
    return table


TRANSITIONS: Mapping[tuple[IncidentState, IncidentAction], IncidentState] = _table()

MAY: Mapping[IncidentAction, frozenset[Actor]] = {
    _A.OFFER: frozenset({Actor.HOUSE, Actor.CONTROL}),
    _A.RUN_OUT: frozenset({Actor.HOUSE}),
    _A.ACCEPT: frozenset({Actor.GUARD}),
    _A.RELIEVE: frozenset({Actor.GUARD}),
    _A.GIVE_BACK: frozenset({Actor.GUARD, Actor.CONTROL}),
    _A.DEPART: frozenset({Actor.GUARD}),
    _A.ARRIVE: frozenset({Actor.GUARD}),
    _A.SEARCH: frozenset({Actor.GUARD}),
    _A.FIND: frozenset({Actor.GUARD}),
    _A.NOT_FIND: frozenset({Actor.GUARD, Actor.HOUSE}),
    _A.HAND_OVER: frozenset({Actor.GUARD}),
    # A guard whose phone is broken must not keep an incident open: the control room may clear it.
    _A.CLEAR: frozenset({Actor.GUARD, Actor.CONTROL}),
    _A.CANCEL: frozenset({Actor.CONTACT, Actor.CONTROL, Actor.HOUSE}),
    _A.CALL_OFF: frozenset({Actor.CONTACT, Actor.CONTROL, Actor.HOUSE}),
}
"""Who may do what. That a guard is of the unit that has it, and a contact one of hers, is asked before."""


def may(actor: Actor, action: IncidentAction) -> bool:
    """Whether somebody of this kind may do this at all.

    >>> may(Actor.CONTACT, IncidentAction.CANCEL), may(Actor.CONTACT, IncidentAction.CLEAR)
    (True, False)
    """
    return actor in MAY[action]


def after(state: IncidentState, action: IncidentAction) -> IncidentState:
    """The state after an action; of a step that lies behind, and of a departure that is told when all is over, the same
    state: it is kept and moves nothing. Raises `Conflict` for what is not possible now.

    >>> after(IncidentState.ACCEPTED, IncidentAction.ARRIVE).value
    'on_scene'
    >>> after(IncidentState.ON_SCENE, IncidentAction.DEPART).value
    'on_scene'
    """
    if is_behind(state, action):
        return state
    return step(TRANSITIONS, state, action)


def is_behind(state: IncidentState, action: IncidentAction) -> bool:
    """Whether a unit reports a step that it has gone beyond, or that comes after a cancellation."""
    target = STEPS.get(action)
    if target is None:
        return False
    if state in (_S.CANCELLED_BEFORE, _S.CANCELLED_AFTER):
        return True
    return state in RANK and RANK[target] <= RANK[state]


def cancelling(*, departed: bool) -> IncidentAction:
    """What calling it off is: it matters for the bill whether a unit had set out."""
    return _A.CALL_OFF if departed else _A.CANCEL


def must_be_open(state: IncidentState) -> None:
    """Raises `Conflict` for an incident that is over."""
    if state in ENDED:
        raise Conflict("This turn-out is over.")
