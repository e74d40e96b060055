"""Which SOS networks there are: one TOML file each in `networks/`, with the words of the papers that they come from.

A network that names no city is for all cities that have none of their own.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from app.kit.ids import CityId
from app.programmes.catalogue import Faulty, convert
from app.programmes.model import Code
from app.programmes.scheme import Document, Sentence, Source, Words

PACKAGED = Path(str(files("app.programmes").joinpath("networks")))


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the paper is silent, and how we read it."""

    field: Sentence
    says: Words


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An SOS network (見守り・SOSネットワーク). `police` and `consent` are what its papers state of sharing with the
    police, and of others who apply in her place.
    """

    id: Code
    name: Words
    documents: dict[Code, Document]
    city: int | None = None
    source: Source | None = None
    police: Source | None = None
    consent: Source | None = None
    readings: list[Reading] = []


def load(path: Path) -> Network:
    """The network of a file; `Faulty` when it is none."""
    try:
        raw: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Faulty(path.name, [("", f"it is not TOML: {error}")]) from None
    one: Network = convert(raw, Network, path.name)
    if path.stem != one.id:
        raise Faulty(path.name, [("id", f"the file of the network {one.id!r} is called {one.id}.toml")])
    for name in ("source", "police", "consent"):
        source: Source | None = getattr(one, name)
        if source is not None and source.document not in one.documents:
            raise Faulty(path.name, [(name, f"there is no document {source.document!r}")])
    return one


@cache
def packaged() -> dict[str, Network]:
    """The networks that come with the programme, by their ids."""
    return {one.id: one for one in map(load, sorted(PACKAGED.glob("*.toml")))}


def of_city(city_id: CityId) -> list[Network]:
    """The networks of a city; where none is its own, those that are for all cities.

    >>> [one.id for one in of_city(CityId(442011))], [one.id for one in of_city(CityId(131016))]
    (['oita'], ['general'])
    """
    known = list(packaged().values())
    return [one for one in known if one.city == city_id] or [one for one in known if one.city is None]
