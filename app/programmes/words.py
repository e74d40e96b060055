"""A scheme in words, for whoever has written its file and wants to know what it says."""

from collections.abc import Iterable, Iterator

from app.programmes.model import Payer, Starter
from app.programmes.phrases import Value, catalogue, payer_words, phrase
from app.programmes.quoting import duration
from app.programmes.scheme import (
    NOT_STATED,
    AnyPrice,
    Deposit,
    DispatchTerms,
    Monthly,
    Once,
    Plan,
    Scheme,
    Source,
    Term,
    Varies,
    Version,
    Words,
)
from app.programmes.sharing import REST, open_fields


class Telling:
    """Sentences of one language."""

    def __init__(self, scheme: Scheme, language: str) -> None:
        self.scheme, self.language = scheme, language

    def say(self, key: str, **values: Value) -> str:
        """A phrase of the catalogue."""
        return phrase(key, self.language, **values)

    def of(self, words: Words) -> str:
        """What a scheme says in this language."""
        return words.ja if self.language == "ja" else words.en

    def payer(self, payer: Payer) -> str:
        """Who pays; a city by its name in Japanese."""
        return payer_words(payer, self.scheme.city.both() if self.scheme.city else None)[self.language]

    def listed(self, items: Iterable[str]) -> str:
        """One beside the other."""
        return ("、" if self.language == "ja" else ", ").join(items)

    def source(self, source: Source) -> str:
        """Where it is written."""
        return self.say("explain.source", says=source.says, title=self.scheme.documents[source.document].title)


def explain(scheme: Scheme, language: str) -> str:
    """The scheme in `ja` or `en`: what holds when, each price with its shares and its source, what is our reading and
    what is left open.
    """
    tell = Telling(scheme, language)
    lines = [f"{tell.of(scheme.name)} ({scheme.id})", tell.say(f"explain.axis_{scheme.axis}")]
    if scheme.pays_by:
        ways = tell.listed(tell.say(f"explain.way_{way}") for way in scheme.pays_by)
        lines.append(tell.say("explain.pays_by", ways=ways))
    for version in scheme.versions:
        lines += ["", *_version(tell, version)]
    return "\n".join(lines)


def _version(tell: Telling, version: Version) -> Iterator[str]:
    key = {(True, True): "", (True, False): "_since", (False, True): "_until", (False, False): "_always"}[
        (version.since is not None, version.until is not None)
    ]
    yield tell.say(f"explain.version{key}", id=version.id, since=str(version.since), until=str(version.until))
    yield tell.say("explain.issuer", company=tell.of(tell.scheme.companies[version.issuer].name))
    if version.term:
        yield from _term(tell, version.term)
    if version.dispatch:
        yield from _dispatch(tell, version.dispatch)
    for price in version.prices:
        yield from _price(tell, price)
    for plan in version.plans:
        yield from _plan(tell, plan)
    yield from _conditions(tell, version)
    for reading in version.readings:
        yield tell.say("explain.reading", field=reading.field, says=tell.of(reading.says))
    asks = sorted(open_fields(version))
    if asks:
        yield tell.say("explain.asks", fields=tell.listed(asks))
    for note in version.notes:
        yield tell.say("explain.note", says=tell.of(note))


def _conditions(tell: Telling, version: Version) -> Iterator[str]:
    if version.borne:
        if version.borne.from_application:
            yield tell.say("explain.borne_application")
        kinds = tell.listed(tell.say(f"away.{kind}") for kind in version.borne.absences)
        yield tell.say("explain.borne_absence", kinds=kinds)
        yield tell.source(version.borne.source)
    if version.subsidy:
        yield tell.say("explain.subsidy", most=version.subsidy.yen_max, days=version.subsidy.days)
        yield tell.source(version.subsidy.source)
    if version.statements:
        yield tell.say("explain.statements")


def _plan(tell: Telling, plan: Plan) -> Iterator[str]:
    yield tell.say("explain.plan", name=tell.of(plan.name), id=plan.id)
    if plan.issuer:
        yield tell.say("explain.issuer", company=tell.of(tell.scheme.companies[plan.issuer].name))
    if plan.term:
        yield from _term(tell, plan.term)
    for price in plan.prices:
        yield from _price(tell, price)


def _term(tell: Telling, term: Term) -> Iterator[str]:
    key = "explain.term_next_first" if term.starts == "next_first" else "explain.term"
    yield tell.say(key, years=term.years, when=tell.say(f"when.{term.since}"))
    yield tell.source(term.source)


def _price(tell: Telling, price: AnyPrice) -> Iterator[str]:
    kind = type(price).__struct_config__.tag
    shares = tell.listed(_share(tell, payer, amount) for payer, amount in price.shares.items())
    said = [tell.say(f"explain.{kind}", label=tell.of(price.label), id=price.id, shares=shares)]
    if isinstance(price, Once | Deposit):
        said.append(tell.say("explain.on", field=price.when, when=tell.say(f"when.{price.when}")))
    if isinstance(price, Monthly) and price.starts:
        said.append(tell.say("explain.starts", field=price.starts, when=tell.say(f"when.{price.starts}")))
    if price.per_device:
        said.append(tell.say("explain.per_device"))
    if not price.tax_included:
        said.append(tell.say("explain.before_tax"))
    if price.option:
        said.append(tell.say("explain.option", option=price.option))
    if isinstance(price, Monthly):
        if price.first_month == "next":
            said.append(tell.say("explain.first_month_next"))
        if price.last_month == "before_decision":
            said.append(tell.say("explain.last_before_decision"))
    yield (" " if tell.language == "en" else "").join(said)
    yield tell.source(price.source)


def _share(tell: Telling, payer: Payer, amount: object) -> str:
    who = tell.payer(payer)
    if isinstance(amount, int):
        return tell.say("explain.share", payer=who, yen=amount)
    if isinstance(amount, Varies) and amount.by_class:
        names = amount.by_class.items()
        classes = tell.listed(
            tell.say("explain.class_one", name=class_words(name, tell), yen=yen) for name, yen in names
        )
        return tell.say("explain.share_class", payer=who, classes=classes)
    if isinstance(amount, Varies) and amount.at_least is not None:
        return tell.say("explain.share_from", payer=who, yen=amount.at_least)
    return tell.say("explain.share_rest" if amount == REST else "explain.share_open", payer=who)


def _dispatch(tell: Telling, dispatch: DispatchTerms) -> Iterator[str]:
    price = dispatch.price
    if price is None:
        yield tell.say("quote.nobody")
        yield tell.source(dispatch.source)
        return
    for starter in dispatch.started_by:
        if starter != Starter.NOBODY:
            yield tell.say(f"quote.starter_{starter}")
    if dispatch.wearer_may_ask == "if_registered":
        yield tell.say("quote.wearer_if_registered")
    yield tell.source(dispatch.source)
    yield from _cost(tell, dispatch)
    yield tell.say(f"quote.calls_{dispatch.calls_110_119}")
    if dispatch.goes_home is False:
        yield tell.say("quote.home_no")
    if dispatch.goes_outside is False:
        yield tell.say("quote.outside_no")
    if dispatch.keeps_key != NOT_STATED:
        yield tell.say("quote.key_yes" if dispatch.keeps_key else "quote.key_no")


def _cost(tell: Telling, dispatch: DispatchTerms) -> Iterator[str]:
    price = dispatch.price
    assert price is not None
    if price.included:
        yield tell.say("quote.included")
    elif price.yen == NOT_STATED:
        yield tell.say("quote.price_open")
    elif dispatch.unit_minutes:
        unit = duration(dispatch.unit_minutes, tell.language)
        yield tell.say("quote.now_hour", yen=price.yen, unit=unit)
    else:
        yield tell.say("quote.now_flat", yen=price.yen)
    yield tell.source(price.source)
    if dispatch.cap_minutes:
        yield tell.say("quote.cap", cap=duration(dispatch.cap_minutes, tell.language))
    if dispatch.free:
        free, per = dispatch.free, tell.say(f"explain.per_{dispatch.free.per}")
        if free.payer:
            yield tell.say("explain.free", free=free.turn_outs, per=per, payer=tell.payer(free.payer))
        else:
            yield tell.say("explain.free_nobody", free=free.turn_outs, per=per)
        yield tell.source(free.source)
    if not price.included:
        before, after = dispatch.cancelled_before_departure, dispatch.cancelled_after_departure
        yield tell.say(
            "explain.cancel", before=tell.say(f"explain.cancel_{before}"), after=tell.say(f"explain.cancel_{after}")
        )
    if dispatch.insurer_bears:
        payers = tell.listed(map(tell.payer, dispatch.insurer_bears))
        yield tell.say("explain.insurer", payers=payers)


def class_words(code: str, tell: Telling) -> str:
    """The words of a household class; of one that only a town's own file knows, its code."""
    key = f"class.{code}"
    return tell.say(key) if key in catalogue("ja") else code
