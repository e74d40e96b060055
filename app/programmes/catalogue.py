"""Scheme files: TOML in, typed Structs out. An error names the file, the field and what is wrong with it.

The packaged schemes are in `catalogue/`; a town's own lie in a folder of its own (the setting `schemes_dir`) and take
the place of packaged ones with the same id.
"""

import copy
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from app.kit.errors import InvalidInput, NotFound
from app.programmes.checking import check
from app.programmes.scheme import Scheme

PACKAGED = Path(str(files("app.programmes").joinpath("catalogue")))
"""The schemes that come with the programme."""


class Faulty(InvalidInput):
    """A file does not say what such a file must say; `faults` are (field, what is wrong), all that were found."""

    def __init__(self, file: str, faults: list[tuple[str, str]]) -> None:
        where, why = faults[0]
        super().__init__(f"{file}: {where + ': ' if where else ''}{why}", where or None)
        self.file = file
        self.faults = faults

    def lines(self) -> list[str]:
        """One line for each fault."""
        return [f"{self.file}: {where + ': ' if where else ''}{why}" for where, why in self.faults]


def load(path: Path) -> Scheme:
    """The scheme of a file; Faulty when it is none."""
    try:
        return decode(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        raise Faulty(path.name, [("", "it is not written in UTF-8")]) from None


def decode(text: str, file: str) -> Scheme:
    """The scheme that a TOML text holds."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Faulty(file, [("", f"it is not TOML: {error}")]) from None
    except RecursionError:
        raise Faulty(file, [("", "it is nested too deeply")]) from None
    scheme: Scheme = convert(raw, Scheme, file)
    faults = list(check(scheme))
    if faults:
        raise Faulty(file, faults)
    return scheme


def convert(raw: Any, wanted: Any, file: str) -> Any:
    """`raw` as the type that is wanted; Faulty with the field that does not fit."""
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        what, path = split(str(error))
        raise Faulty(file, [(named(raw, wanted, path), what)]) from None


_AT = re.compile(r" - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`\Z", re.DOTALL)
_SOME = "[...]"


def split(text: str) -> tuple[str, str]:
    """What is wrong, and where, of an error of msgspec's; a key of a table ends in `[...]` as a value of it does."""
    found = _AT.search(text)
    if found is None:
        return text, ""
    return text[: found.start()], found["path"] + (_SOME if found["key"] else "")


def named(raw: Any, wanted: Any, path: str) -> str:
    """A path with the key that msgspec leaves out (`shares[...]`): that of the entry without which the fault is
    another, or gone.
    """
    before, dots, after = path.partition(_SOME)
    table = _at(raw, before)
    if not dots or not isinstance(table, dict):
        return path
    for key in list(table):
        rest = {name: value for name, value in table.items() if name != key}
        try:
            msgspec.convert(_with(raw, before, rest), wanted)
        except msgspec.ValidationError as error:
            if split(str(error))[1] == path:
                continue
        return f"{before}.{key}{after}".lstrip(".")
    return path


def _with(raw: Any, path: str, table: dict[str, Any]) -> Any:
    """A copy in which the table at a path is another."""
    copied = copy.deepcopy(raw)
    found = _at(copied, path)
    found.clear()
    found.update(table)
    return copied


def _at(raw: Any, path: str) -> Any:
    for part in path.replace("[", ".[").split("."):
        if not part:
            continue
        try:
            raw = raw[int(part[1:-1])] if part.startswith("[") else raw[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return raw


def packaged() -> dict[str, Scheme]:
    """The schemes that come with the programme, by their ids."""
    return _all(PACKAGED)


def schemes(folder: Path | None = None) -> dict[str, Scheme]:
    """The packaged schemes and those of a town's own folder."""
    return {**packaged(), **(_all(folder) if folder else {})}


def scheme_of(scheme_id: str, folder: Path | None = None) -> Scheme:
    """One scheme by its id; NotFound when there is none."""
    for place in (folder, PACKAGED):
        if place is not None and (place / f"{scheme_id}.toml").is_file():
            return load(place / f"{scheme_id}.toml")
    raise NotFound(f"There is no scheme {scheme_id!r}.")


def _all(folder: Path) -> dict[str, Scheme]:
    found: dict[str, Scheme] = {}
    for path in sorted(folder.glob("*.toml")):
        scheme = load(path)
        if path.stem != scheme.id:
            raise Faulty(path.name, [("id", f"the file of the scheme {scheme.id!r} is called {scheme.id}.toml")])
        found[scheme.id] = scheme
    return found
