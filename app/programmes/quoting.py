"""What a turn-out would cost now, and what may be expected of it: said before the button is pressed."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from app.kit.calendar import local_date
from app.programmes.choosing import choose, issuer_of
from app.programmes.model import Asked, Payer, Starter, Terms
from app.programmes.phrases import LANGUAGES, Value, payer_words, phrase
from app.programmes.quotas import year_key, year_words
from app.programmes.scheme import NOT_STATED, DispatchTerms, Scheme, YesNo
from app.programmes.sharing import TURN_OUT, set_amount
from app.programmes.turn_outs import units_max


class Quote(Struct, frozen=True, kw_only=True):
    """The price before the button, by the terms in force at `at`.

    `free_turn_outs` a year (`year`, its key) of which `free_left` are left; null where the scheme has none.
    `payer_now` bears this one, `payer_after` those after the free ones. `unit_yen` for each `unit_minutes` begun
    (null: for each turn-out; null yen: the scheme leaves it open), at most `cap_minutes` and `yen_max` a turn-out.
    `user_yen` is what the user bears of one unit of this turn-out. `may` and `open` name what the guard does and what
    the paper does not say. `words`: the same in sentences, by language.
    """

    at: datetime
    scheme: str
    version: str
    issuer: str
    started_by: list[Starter]
    needs_contact: bool
    wearer_may_ask: str
    free_turn_outs: int | None
    free_left: int | None
    year: str | None
    payer_now: Payer | None
    payer_after: Payer | None
    included: bool
    unit_yen: int | None
    unit_minutes: int | None
    user_yen: int | None
    cap_minutes: int | None
    yen_max: int | None
    tax_rate_pct: int
    tax_included: bool
    calls_110_119: str
    goes_home: YesNo
    goes_outside: YesNo
    keeps_key: YesNo
    open: list[str]
    words: dict[str, list[str]]


def quote(scheme: Scheme, terms: Terms, used: int, now: datetime, *, insured: bool = False) -> Quote | None:
    """What asking for a turn-out at `now` means. `used`: free turn-outs of its year (`quotas.year_key`) that are used
    or reserved. None: the scheme sends nobody.
    """
    version = choose(scheme, terms, local_date(now))
    dispatch = version.dispatch
    if dispatch is None or dispatch.price is None:
        return None
    price, free = dispatch.price, dispatch.free
    left = max(0, free.turn_outs - used) if free else None
    unit_yen = _unit_yen(dispatch, terms)
    payer = price.payer
    if free and left:
        payer = free.payer or price.payer
    if insured and payer in dispatch.insurer_bears:
        payer = Payer.INSURER
    costs_nothing = price.included or bool(free and left and free.payer is None)
    units = units_max(dispatch) if dispatch.unit_minutes else 1
    made = Quote(
        at=now, scheme=scheme.id, version=version.id, issuer=issuer_of(version, terms),
        started_by=dispatch.started_by, needs_contact=dispatch.started_by == [Starter.CONTACT],
        wearer_may_ask=dispatch.wearer_may_ask, free_turn_outs=free.turn_outs if free else None, free_left=left,
        year=year_key(free.per, now, terms.contracted_on) if free else None,
        payer_now=None if costs_nothing else payer, payer_after=None if price.included else price.payer,
        included=price.included, unit_yen=unit_yen, unit_minutes=dispatch.unit_minutes,
        user_yen=0 if costs_nothing or payer != Payer.USER else unit_yen, cap_minutes=dispatch.cap_minutes,
        yen_max=None if unit_yen is None or units is None else unit_yen * units,
        tax_rate_pct=price.tax_rate_pct, tax_included=price.tax_included, calls_110_119=dispatch.calls_110_119,
        goes_home=dispatch.goes_home, goes_outside=dispatch.goes_outside, keeps_key=dispatch.keeps_key,
        open=_open(dispatch, unit_yen), words={},
    )  # fmt: skip
    sentences = {language: list(_sentences(scheme, made, dispatch, language, insured)) for language in LANGUAGES}
    return replace(made, words=sentences)


def _unit_yen(dispatch: DispatchTerms, terms: Terms) -> int | None:
    price = dispatch.price
    assert price is not None
    if price.included:
        return 0
    if price.yen != NOT_STATED:
        return int(price.yen)
    found = set_amount(TURN_OUT, price.label.both(), None, terms)
    return None if isinstance(found, Asked) else found


def _open(dispatch: DispatchTerms, unit_yen: int | None) -> list[str]:
    found = [name for name in _MAY_BE_OPEN if getattr(dispatch, name) == NOT_STATED]
    return [*found, *(["price"] if unit_yen is None else [])]


_MAY_BE_OPEN = (
    "wearer_may_ask", "calls_110_119", "goes_home", "goes_outside", "keeps_key", "cancelled_before_departure",
    "cancelled_after_departure",
)  # fmt: skip


def _sentences(scheme: Scheme, made: Quote, dispatch: DispatchTerms, language: str, insured: bool) -> list[str]:
    def say(key: str, **values: Value) -> str:
        return phrase(f"quote.{key}", language, **values)

    said = [*_price_words(scheme, made, dispatch, language, insured)]
    if made.cap_minutes:
        said.append(say("cap", cap=duration(made.cap_minutes, language)))
        if made.yen_max and not made.included:
            said.append(say("cap_yen", yen=made.yen_max))
    said += [say(f"starter_{starter}") for starter in made.started_by if starter != Starter.NOBODY]
    if made.wearer_may_ask == "if_registered":
        said.append(say("wearer_if_registered"))
    said.append(say(f"calls_{made.calls_110_119}"))
    if made.goes_home is False:
        said.append(say("home_no"))
    if made.goes_outside is False:
        said.append(say("outside_no"))
    if made.keeps_key != NOT_STATED:
        said.append(say("key_yes" if made.keeps_key else "key_no"))
    if NOT_STATED in (dispatch.cancelled_before_departure, dispatch.cancelled_after_departure) and not made.included:
        said.append(say("cancel_open"))
    return said


def _price_words(scheme: Scheme, made: Quote, dispatch: DispatchTerms, language: str, insured: bool) -> list[str]:
    def say(key: str, **values: Value) -> str:
        return phrase(f"quote.{key}", language, **values)

    if made.included:
        return [say("included")]
    said = []
    free = dispatch.free
    if free and made.free_left is not None:
        year = phrase_of_year(made.year, language)
        if made.free_left and free.payer:
            payer = payer_words(free.payer, scheme.city.both() if scheme.city else None)
            said.append(say("free_left", year=year, left=made.free_left, free=free.turn_outs, payer=payer))
        elif made.free_left:
            said.append(say("free_left_nobody", year=year, left=made.free_left, free=free.turn_outs))
        else:
            said.append(say("free_none", year=year, free=free.turn_outs))
    if insured and made.payer_now == Payer.INSURER:
        said.append(say("insured"))
    if made.unit_yen is None:
        return [*said, say("price_open")]
    when = "then" if made.free_left else "now"
    if made.unit_minutes:
        said.append(say(f"{when}_hour", yen=made.unit_yen, unit=duration(made.unit_minutes, language)))
    else:
        said.append(say(f"{when}_flat", yen=made.unit_yen))
    if made.payer_after == Payer.USER:
        said.append(say("user_pays"))
    if not made.tax_included:
        said.append(say("before_tax"))
    return said


def duration(minutes: int, language: str) -> str:
    """So many minutes in words: an hour, three hours, 30 minutes."""
    if minutes == 60:
        return phrase("duration.one_hour", language)
    if minutes % 60 == 0:
        return phrase("duration.hours", language, hours=minutes // 60)
    return phrase("duration.minutes", language, minutes=minutes)


def phrase_of_year(key: str | None, language: str) -> str:
    """A year's key in words; empty when it is not known."""
    if key is None:
        return ""
    words = year_words(key)
    return words.get(language) or words["ja"]
