"""Which schemes there are, and what one of them says to a contract.

The files are read by one job and kept in the database, so that all processes ask the same price, and so that what was
agreed can be read when its file says something else.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.engine import Connection

from app.kit.calendar import local_date
from app.kit.errors import InvalidInput, NotFound
from app.kit.ids import ContractId
from app.programmes import catalogue, choosing
from app.programmes.contracts import Contract
from app.programmes.model import Axis, Code, Terms
from app.programmes.scheme import DispatchTerms, Free, Scheme, Version
from app.programmes.store import tariffs

log = structlog.get_logger()

Stamp = tuple[tuple[str, int, int], ...]
_written: dict[str, tuple[Stamp, dict[str, Scheme]]] = {}
"""What the files said when they were read last, by folder: reading them takes 40 ms."""


def plan_publishing(connection: Connection, folder: str, now: datetime) -> Callable[[Connection], object] | None:
    """What is to be written so that the schemes are as the files say, packaged ones and those of a town's own folder
    (empty: none); None where they are. While a file of the town cannot be meant, all stays as it is.
    """
    try:
        found = _as_written(folder)
    except (catalogue.Faulty, OSError) as error:
        log.error("schemes_unreadable", lines=error.lines() if isinstance(error, catalogue.Faulty) else str(error))
        return None
    known = tariffs.digests_now(connection, found)
    changed = [one for code, one in found.items() if known.get(code) != tariffs.digest(one)]
    return (lambda writing: publish(writing, changed, now)) if changed else None


def _as_written(folder: str) -> dict[str, Scheme]:
    """The schemes of the files; read again only when one of them has changed."""
    own = Path(folder) if folder else None
    places = [place for place in (catalogue.PACKAGED, own) if place is not None]
    stamp = tuple(
        (str(path), found.st_mtime_ns, found.st_size)
        for place in places
        for path in sorted(place.glob("*.toml"))
        for found in (path.stat(),)
    )
    known = _written.get(folder)
    if known is None or known[0] != stamp:
        known = _written[folder] = stamp, catalogue.schemes(own)
    return known[1]


def publish(connection: Connection, some: Iterable[Scheme], now: datetime) -> list[str]:
    """The ids of those of the schemes that say something else now than before; from here on this holds."""
    return [one.id for one in some if tariffs.publish(connection, one, now)]


def scheme(connection: Connection, scheme_id: str) -> Scheme:
    """The scheme as it is now. Raises `NotFound`."""
    try:
        wanted = msgspec.convert(scheme_id, Code)
    except msgspec.ValidationError:  # No scheme can be called so; not every text can be asked of a database.
        raise NotFound from None
    digest = tariffs.digests_now(connection, [wanted]).get(wanted)
    if digest is None:
        raise NotFound
    return tariffs.kept(connection, digest)


def listed(connection: Connection, after: str | None, count: int) -> list[Scheme]:
    """Up to `count` schemes by id, after one."""
    return [tariffs.kept(connection, digest) for _, digest in tariffs.after(connection, after, count)]


def digests_for(connection: Connection, some: Collection[Contract]) -> dict[ContractId, str]:
    """The digests of the wordings that hold for contracts: where the day of the service decides, the scheme as it is
    now, else as it was when the contract was entered.
    """
    now = tariffs.digests_now(connection, {one.scheme for one in some})
    entered = {digest: tariffs.kept(connection, digest) for digest in {one.tariff for one in some}}
    return {
        one.id: now.get(one.scheme, one.tariff) if entered[one.tariff].axis is Axis.SERVICE else one.tariff
        for one in some
    }


def schemes_for(connection: Connection, some: Collection[Contract]) -> dict[ContractId, Scheme]:
    """The schemes that hold for contracts, as `digests_for` says."""
    return {one: tariffs.kept(connection, digest) for one, digest in digests_for(connection, some).items()}


def scheme_for(connection: Connection, contract: Contract) -> Scheme:
    """The scheme that holds for one contract."""
    return schemes_for(connection, [contract])[contract.id]


def version_at(connection: Connection, contract: Contract, moment: datetime) -> Version | None:
    """The version that holds for what a contract uses at a moment; None while nobody said on which day it was installed
    or applied for, where that decides, and where no version holds.
    """
    return version_of(scheme_for(connection, contract), contract.terms, moment)


def version_of(one: Scheme, terms: Terms, moment: datetime) -> Version | None:
    """As `version_at` for terms under a scheme."""
    try:
        return choosing.choose(one, terms, local_date(moment))
    except (choosing.Unanswered, InvalidInput):
        return None


def dispatch_at(connection: Connection, contract: Contract, moment: datetime) -> DispatchTerms | None:
    """What the scheme says of turn-outs at a moment; None where it has none."""
    version = version_at(connection, contract, moment)
    return None if version is None else version.dispatch


def free_at(connection: Connection, contract: Contract, moment: datetime) -> Free | None:
    """How many turn-outs are free in the year of a moment; None where none is."""
    terms = dispatch_at(connection, contract, moment)
    return None if terms is None else terms.free
