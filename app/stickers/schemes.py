"""By which rules a city gives stickers: one TOML file each in `schemes/`, the words of the papers beside the figures.

A scheme that names no city is for all cities that have none of their own.
"""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from app.kit.ids import CityId
from app.programmes.catalogue import Faulty, convert
from app.programmes.model import Code
from app.programmes.networks import Reading
from app.programmes.scheme import Document, Sentence, Source, Words
from app.stickers.model import Material

PACKAGED = Path(str(files("app.stickers").joinpath("schemes")))

Count = Annotated[int, Meta(ge=1, le=1_000)]


class Way(StrEnum):
    """How an application is handed in."""

    DESK = "desk"
    POST = "post"


class Stated(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule, and the words of the paper that it comes from."""

    source: Source | None = None


class NetworkRule(Stated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether stickers are only for who is in the city's SOS network."""

    needed: bool


class Issuing(Stated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many at most are given on an application, on which form, and how it may be handed in.

    `of`: how many of which kind, where the scheme says so. `after_months`: since the latest issue.
    `stamped_envelope`: who applies by post encloses one to herself.
    """

    form: Sentence
    stickers: Count
    ways: Annotated[list[Way], Meta(min_length=1)]
    of: dict[Material, Count] = {}
    after_months: Annotated[int, Meta(ge=0, le=600)] = 0
    stamped_envelope: bool = False


class Noticing(Stated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On which form a change is told."""

    form: Sentence


class PhoneRule(Stated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the number of her contact may stand on the scan itself, with consent."""

    allowed: bool


class StickerScheme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which rules a city gives stickers. `again` is for who was given some before."""

    id: Code
    name: Words
    documents: dict[Code, Document]
    network: NetworkRule
    consent: Stated
    first: Issuing
    again: Issuing
    change: Noticing
    phone_on_scan: PhoneRule
    register: Stated
    city: int | None = None
    readings: list[Reading] = []


def load(path: Path) -> StickerScheme:
    """The scheme of a file; `Faulty` when it is none."""
    try:
        raw: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Faulty(path.name, [("", f"it is not TOML: {error}")]) from None
    scheme: StickerScheme = convert(raw, StickerScheme, path.name)
    faults = list(_faults(scheme, path.stem))
    if faults:
        raise Faulty(path.name, faults)
    return scheme


@cache
def packaged() -> dict[str, StickerScheme]:
    """The schemes that come with the programme, by their ids."""
    return {one.id: one for one in map(load, sorted(PACKAGED.glob("*.toml")))}


def of_city(city_id: CityId) -> StickerScheme:
    """The scheme of a city.

    >>> of_city(CityId(442011)).first.stickers, of_city(CityId(131016)).first.stickers
    (20, 40)
    """
    known = list(packaged().values())
    return next((one for one in known if one.city == city_id), packaged()["standard"])


def _faults(scheme: StickerScheme, stem: str) -> Iterator[tuple[str, str]]:
    if stem != scheme.id:
        yield "id", f"the file of the scheme {scheme.id!r} is called {scheme.id}.toml"
    for name in ("network", "consent", "first", "again", "change", "phone_on_scan", "register"):
        rule: Stated = getattr(scheme, name)
        if rule.source is not None and rule.source.document not in scheme.documents:
            yield f"{name}.source", f"there is no document {rule.source.document!r}"
        if isinstance(rule, Issuing) and rule.of and sum(rule.of.values()) != rule.stickers:
            yield f"{name}.of", f"these are not {rule.stickers} together"
    if scheme.first.after_months:
        yield "first.after_months", "the first issue comes after no other"
