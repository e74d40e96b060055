"""What turn-outs cost: their time in units, the cap, the free ones of a year, called off, insured."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from app.kit.calendar import JST, local_date
from app.kit.errors import InvalidInput
from app.programmes.choosing import Unanswered, choose, chosen, issuer_of
from app.programmes.drafting import Draft, Drafts, asking, joined
from app.programmes.model import Asked, Cancelled, LeftOut, Line, Payer, Terms, TurnOut, Usage
from app.programmes.phrases import Value, both, payer_words
from app.programmes.quotas import moment_of, numbers, year_key, year_words
from app.programmes.scheme import NOT_STATED, DispatchTerms, Scheme, TurnOutPrice, Version
from app.programmes.sharing import TURN_OUT, set_amount
from app.programmes.spans import within


def rated(scheme: Scheme, terms: Terms, usage: Usage, left_out: list[LeftOut]) -> Iterator[Drafts]:
    """A line for each turn-out of the months that are rated; the others count for the free ones of their year."""
    turn_outs = looked_through(usage.turn_outs)
    counted = _counted(scheme, terms, turn_outs)
    for one in turn_outs:
        if not within(usage.months, local_date(moment_of(one))):
            left_out.append(LeftOut(what=f"turn_outs.{one.id}", why="outside_months"))
            continue
        yield asking(partial(_drafted, scheme, terms, one, counted.get(one.id)))


def _drafted(scheme: Scheme, terms: Terms, one: TurnOut, number: int | Asked | None) -> Drafts:
    if isinstance(number, Asked):
        raise Unanswered(number)
    version, dispatch = _terms_for(scheme, terms, one)
    return Drafts(drafts=[Draft(line=_line(scheme, version, dispatch, terms, one, number))])


def looked_through(turn_outs: list[TurnOut]) -> list[TurnOut]:
    """In the order of their departures, each once; InvalidInput names the one that cannot be meant."""
    found: dict[str, TurnOut] = {}
    for place, one in enumerate(turn_outs):
        where = f"usage.turn_outs[{place}]"
        if found.setdefault(one.id, one) != one:
            raise InvalidInput(f"Two different turn-outs are called {one.id!r}.", f"{where}.id")
        if one.cancelled == Cancelled.BEFORE:
            if one.departed_at is not None:
                raise InvalidInput("It was called off before its departure, and has one.", f"{where}.departed_at")
            if one.ended_at is None:
                raise InvalidInput("When it was called off is missing.", f"{where}.ended_at")
        elif one.departed_at is None:
            raise InvalidInput("When the guard departed is missing.", f"{where}.departed_at")
        elif one.ended_at is not None and one.ended_at < one.departed_at:
            raise InvalidInput("It ended before it departed.", f"{where}.ended_at")
    return sorted(found.values(), key=lambda one: (moment_of(one), one.id))


def _terms_for(scheme: Scheme, terms: Terms, one: TurnOut) -> tuple[Version, DispatchTerms]:
    version = choose(scheme, terms, local_date(moment_of(one)))
    if version.dispatch is None or (version.dispatch.price is None):
        raise InvalidInput(f"The scheme {scheme.id} has no turn-outs.", "usage.turn_outs")
    return version, version.dispatch


def _counted(scheme: Scheme, terms: Terms, turn_outs: list[TurnOut]) -> dict[str, int | Asked]:
    """Which free turn-out of its year each is. What was called off counts when it costs something."""
    found: dict[str, int | Asked] = {}
    by_rule: dict[str, tuple[DispatchTerms, list[TurnOut]]] = {}
    for one in turn_outs:
        try:
            _, dispatch = _terms_for(scheme, terms, one)
            if dispatch.free is not None and _rule(dispatch, terms, one) != "free":
                by_rule.setdefault(dispatch.free.per, (dispatch, []))[1].append(one)
        except Unanswered as missing:
            found[one.id] = missing.asked
    for dispatch, counting in by_rule.values():
        assert dispatch.free is not None
        counts = numbers(dispatch.free.per, terms, counting)
        for one in counting:
            found[one.id] = counts if isinstance(counts, Asked) else counts[one.id]
    return found


def _rule(dispatch: DispatchTerms, terms: Terms, one: TurnOut) -> str:
    """How it is charged: by its time, or as the scheme says of what was called off."""
    if one.cancelled is None:
        return "as_served"
    if dispatch.price is not None and dispatch.price.included:
        return "free"  # Whatever the rule: the monthly fee holds it.
    if one.cancelled == Cancelled.BEFORE:
        stated, name = dispatch.cancelled_before_departure, "cancelled_before_departure"
        return chosen(stated, terms, name, ["free", "one_unit"])
    stated, name = dispatch.cancelled_after_departure, "cancelled_after_departure"
    return chosen(stated, terms, name, ["free", "one_unit", "as_served"])


def units_of(dispatch: DispatchTerms, starts: datetime, ends: datetime) -> int:
    """How many units the time from one moment to the other is. Exactly 60:00 is one hour; never less than one; never
    more than the cap.
    """
    if dispatch.unit_minutes is None:
        return 1
    took, unit = ends - starts, timedelta(minutes=dispatch.unit_minutes)
    units = max(1, -(-took // unit) if dispatch.started_unit == "whole" else took // unit)
    most = units_max(dispatch)
    return units if most is None else min(units, most)


def units_max(dispatch: DispatchTerms) -> int | None:
    """How many units one turn-out may have; None where the paper gives no cap."""
    if dispatch.cap_minutes is None or dispatch.unit_minutes is None:
        return None
    return -(-dispatch.cap_minutes // dispatch.unit_minutes)


def _clock(dispatch: DispatchTerms, one: TurnOut) -> datetime:
    if dispatch.clock_starts == "departure":
        return moment_of(one)
    if one.arrived_at is None:
        raise Unanswered(Asked(field=f"usage.turn_outs.{one.id}.arrived_at", why=both("ask.arrived_at")))
    return one.arrived_at


def _line(
    scheme: Scheme, version: Version, dispatch: DispatchTerms, terms: Terms, one: TurnOut, number: int | None
) -> Line:
    price = dispatch.price
    assert price is not None
    rule = _rule(dispatch, terms, one)
    units, because = 0, both(f"line.{one.cancelled or 'served'}_free")
    if rule == "one_unit":
        units, because = 1, both(f"line.{one.cancelled or 'served'}_one_unit")
    elif rule == "as_served":
        units, because = _served(dispatch, one)
    unit_yen, payer, why = _borne(dispatch, price, terms, one, number if units else None)
    if units:
        because = joined(because, both(f"line.{why}", **_values(scheme, dispatch, number, one, terms)))
    elif not price.included:
        why = f"cancelled_{one.cancelled}"  # Nobody pays, so no rule about who does made it.
    return Line(
        code=TURN_OUT, label=price.label.both(), on=local_date(moment_of(one)), quantity=units,
        unit="turn_out" if dispatch.unit_minutes is None else _unit(dispatch.unit_minutes), unit_yen=unit_yen,
        amount_yen=units * unit_yen, tax_rate_pct=price.tax_rate_pct, tax_included=price.tax_included, payer=payer,
        issuer=issuer_of(version, terms), version=version.id, rule=f"dispatch.{why}",
        because=because,
        source=one.id,
    )  # fmt: skip


def _borne(
    dispatch: DispatchTerms, price: TurnOutPrice, terms: Terms, one: TurnOut, number: int | None
) -> tuple[int, Payer, str]:
    """Yen a unit, who bears it, and by which rule."""
    if price.included:
        return 0, price.payer, "included"
    unit_yen = _yen(price, terms)
    payer, why = price.payer, "paid"
    if dispatch.free is not None and number is not None:
        payer, why = (
            (dispatch.free.payer or price.payer, "free") if number <= dispatch.free.turn_outs else (payer, "beyond")
        )
        if why == "free" and dispatch.free.payer is None:
            unit_yen, why = 0, "nobody_pays"
    if one.insured and payer in dispatch.insurer_bears:
        payer, why = Payer.INSURER, "insured"
    return unit_yen, payer, why


def _yen(price: TurnOutPrice, terms: Terms) -> int:
    if price.yen != NOT_STATED:
        return int(price.yen)
    found = set_amount(TURN_OUT, price.label.both(), None, terms)
    if isinstance(found, Asked):
        raise Unanswered(found)
    return found


def _unit(minutes: int) -> str:
    return "hour" if minutes == 60 else f"{minutes}_minutes"


def _served(dispatch: DispatchTerms, one: TurnOut) -> tuple[int, dict[str, str]]:
    """The units of one that was served, and why; a price for each turn-out does not ask how long it took."""
    if dispatch.unit_minutes is None:
        return 1, both("line.flat", departed=_clock_text(one))
    if one.ended_at is None:
        raise Unanswered(Asked(field=f"usage.turn_outs.{one.id}.ended_at", why=both("ask.ended_at")))
    starts = _clock(dispatch, one)
    units, took = units_of(dispatch, starts, one.ended_at), one.ended_at - starts
    minutes = -(-took // timedelta(minutes=1))
    capped = dispatch.cap_minutes is not None and took > timedelta(minutes=dispatch.cap_minutes)
    return units, both(
        "line.time_capped" if capped else "line.time", departed=_clock_text(one), minutes=minutes, units=units,
        unit_minutes=dispatch.unit_minutes, cap=dispatch.cap_minutes or 0,
    )  # fmt: skip


def _clock_text(one: TurnOut) -> str:
    return moment_of(one).astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _values(
    scheme: Scheme, dispatch: DispatchTerms, number: int | None, one: TurnOut, terms: Terms
) -> dict[str, Value]:
    free = dispatch.free
    if free is None:
        return {}
    key = year_key(free.per, moment_of(one), terms.contracted_on) or ""
    return {
        "free": free.turn_outs, "number": number or 0, "year": year_words(key),
        "payer": payer_words(free.payer or Payer.USER, scheme.city.both() if scheme.city else None),
    }  # fmt: skip
