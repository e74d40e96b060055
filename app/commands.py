"""The commands for the care of the data: `mimamori backup`, `restore`, `doctor`; the secrets of gateways; the replay
of recorded positions through the rules; schemes and what they cost; and the settings of any command.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from app.config import InvalidSettings, Settings, detector_secret, load

if TYPE_CHECKING:
    from app.programmes.model import Asked, Grant
    from app.programmes.scheme import Scheme
    from app.watch.drawn import Drawn
    from app.watch.recorded import Person
    from app.watch.replaying import Options


def settings_of(context: click.Context, **given: object) -> Settings:
    """The settings in force, or an error in plain words."""
    try:
        return load(None, context.obj, **given)
    except (InvalidSettings, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


DATA = click.option("--data", help="Folder of the database (default: data/).")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@DATA
@click.pass_context
def backup(context: click.Context, file: Path, data: str | None) -> None:
    """Copy the SQLite database to FILE while the service runs, and look the copy through."""
    from app.care.service.copies import NotCopied, back_up

    settings = _of_a_file(context, data)
    try:
        size = back_up(Path(settings.data), file)
    except NotCopied as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: {size / 1e6:.1f} MB, whole. Keep detector.secret apart from it: it is not in the copy.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@DATA
@click.pass_context
def restore(context: click.Context, file: Path, data: str | None) -> None:
    """Put the SQLite database of FILE into a folder that holds none."""
    from app.care.service.copies import NotCopied
    from app.care.service.copies import restore as put_back

    settings = _of_a_file(context, data)
    try:
        put_back(file, Path(settings.data))
    except NotCopied as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The database is in {settings.data}. Look at it with: mimamori doctor")


@click.command()
@DATA
@click.pass_context
def doctor(context: click.Context, data: str | None) -> None:
    """Say in plain words what is wrong with this installation, and what to do. Exit status 1 when something is."""
    from app.care.findings import as_text, is_well
    from app.care.service.looking import look
    from app.kit.clock import system_clock

    found = look(settings_of(context, data=data), system_clock())
    click.echo(as_text(found))
    if not is_well(found):
        sys.exit(1)


@click.command("gateway-secret")
@click.argument("name")
@DATA
@click.pass_context
def gateway_secret(context: click.Context, name: str, data: str | None) -> None:
    """Print the secret with which what the gateway NAME is told is signed (Standard Webhooks)."""
    from app.push.channels.webhook.signing import gateway_secret as secret_of

    settings = settings_of(context, data=data)
    if name not in settings.gateways:
        known = ", ".join(sorted(settings.gateways)) or "none"
        raise click.ClickException(f"The setting `gateways` names no gateway {name!r}; it names: {known}.")
    try:
        click.echo(secret_of(detector_secret(settings), name))
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from None


def _of_a_file(context: click.Context, data: str | None) -> Settings:
    settings = settings_of(context, data=data)
    if settings.database and data is None:
        raise click.ClickException("The database is PostgreSQL's: copy it with pg_dump (docs/operations.md).")
    return settings


def _zone(name: str) -> ZoneInfo:
    """A zone of the time zone database, by its name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(f"{name!r} is no time zone; one is called Asia/Tokyo") from None


NOTHING_READ = 2
FAULTS_SHOWN = 1_000
"""So many lines that cannot be read are named; the rest is counted."""


@click.command()
@click.argument("file", metavar="TRACKS.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--zone", type=_zone, metavar="ZONE", default="Asia/Tokyo", show_default=True, help="Whose hours, days and nights."
)
@click.option(
    "--learn-days",
    type=click.IntRange(min=0),
    default=28,
    show_default=True,
    help="So many recorded days of each person teach before most rules speak.",
)
@click.option(
    "--mode",
    type=click.Choice(["frozen", "rolling"]),
    default="rolling",
    show_default=True,
    help="Whether each finished day goes on teaching, or only the first ones do.",
)
@click.option(
    "--fences",
    "fences_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="GeoJSON: Polygons, or Points with radius_m; properties user, name and, if given, purpose (home: urgent).",
)
@click.option(
    "--step",
    "step_s",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="Look at one position per so many seconds, as a tracker with that interval would send it.",
)
@click.option("--summary", "with_summary", is_flag=True, help="Alerts per person-day: last line, and in words.")
@click.option(
    "--lang", type=click.Choice(["ja", "easy", "en"]), default="en", show_default=True, help="Language of reasons."
)
def watch(
    file: Path, zone: ZoneInfo, learn_days: int, mode: str, fences_file: Path | None, step_s: int, with_summary: bool,
    lang: str,
) -> None:  # fmt: skip
    """Replay recorded positions (user,t_iso8601,lat,lon[,accuracy]) through the rules, without a server: what would
    have been told, one JSON a line. Times without a zone are UTC. Lines that cannot be read are named on stderr. Exit
    status 2 when none can be read.
    """
    import msgspec

    from app.watch import tally
    from app.watch.drawn import Drawn, fences_of
    from app.watch.replaying import Options

    drawn = fences_of(fences_file.read_bytes()) if fences_file else Drawn({})
    for number, why in drawn.faults:
        if not number:
            raise click.BadParameter(f"{fences_file}: {why}", param_hint="--fences")
        click.echo(f"fence {number}: {why}", err=True)
    options = Options(zone=zone, learn_days=learn_days, rolling=mode == "rolling", step_s=step_s, language=lang)
    faults: list[int] = []
    persons = []
    for person in _persons(file, options, drawn, faults):
        for line in sorted((*person.early, *person.spoken), key=lambda one: one.at):
            sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        sys.stdout.buffer.flush()
        persons.append(person)
    for user in sorted(drawn.by_user.keys() - {one.user for one in persons}):
        click.echo(f"fences of {user!r}: there is nobody called so in {file}", err=True)
    if faults:
        click.echo(f"{len(faults)} lines could not be read.", err=True)
    if not persons:
        click.echo(f"Nothing in {file} could be read: user,t_iso8601,lat,lon[,accuracy] is wanted.", err=True)
        sys.exit(NOTHING_READ)
    if with_summary:
        found = tally.summary(persons, len(faults))
        sys.stdout.buffer.write(msgspec.json.encode({"summary": found}) + b"\n")
        click.echo(tally.in_words(found), err=True)


def _persons(file: Path, options: "Options", drawn: "Drawn", faults: list[int]) -> "Iterator[Person]":
    """Everybody in turn, each as soon as her last row was read, so that of a file that keeps people together one is in
    memory. What cannot be read twice, a pipe, is read whole first.
    """
    from app.simulator import tracks
    from app.watch.recorded import Rows, replayed

    last: dict[str, int] = {}
    encoding = None
    if file.is_file():
        encoding, last = _first_look(file)
    waiting: dict[str, Rows] = {}
    with _opened(file, encoding) as lines:
        for line, row in tracks.read_rows(lines):
            if isinstance(row, str):
                faults.append(line)
                if len(faults) <= FAULTS_SHOWN:
                    click.echo(f"line {line}: {row}", err=True)
                continue
            waiting.setdefault(row.user, Rows()).add(row.at, row.lat_deg, row.lon_deg, row.accuracy_m)
            if last.get(row.user) == line:
                yield replayed(row.user, waiting.pop(row.user), options, drawn.by_user.get(row.user, ()))
    for user in sorted(waiting):
        yield replayed(user, waiting[user], options, drawn.by_user.get(user, ()))


def _first_look(file: Path) -> tuple[str | None, dict[str, int]]:
    """In what the names are written, UTF-8 or as Excel does in Japan, and on which line the last row of each is."""
    from app.simulator import tracks

    for encoding in ("utf-8-sig", "cp932"):
        try:
            with file.open(encoding=encoding) as lines:
                return encoding, tracks.last_lines(lines)
        except UnicodeDecodeError:
            continue
    with _opened(file, None) as lines:
        return None, tracks.last_lines(lines)


def _opened(file: Path, encoding: str | None) -> io.TextIOWrapper:
    """The file; without an encoding, names keep apart that cannot be read."""
    return file.open(encoding=encoding or "utf-8-sig", errors=None if encoding else "backslashreplace")


@click.group()
def programmes() -> None:
    """Schemes of cities and companies: what they say, and what they cost."""


SCHEME_FAULTY = 2
SCHEME_ASKS = 3


@programmes.command()
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--lang", type=click.Choice(["ja", "en"]), help="Only in this language.")
@click.pass_context
def check(context: click.Context, file: str | None, lang: str | None) -> None:
    """Explain the scheme of FILE (a TOML file, or the id of a scheme that is known) in words, in Japanese and English.
    Without FILE, look through every scheme that is known. Exit status 2 when a file does not say what it must: each
    fault with its file and field.
    """
    from app.programmes.catalogue import Faulty, schemes
    from app.programmes.words import explain

    try:
        if file is not None:
            scheme = _scheme(context, file)
            click.echo("\n\n".join(explain(scheme, language) for language in ([lang] if lang else ["ja", "en"])))
            return
        for one in schemes(_schemes_folder(context)).values():
            versions = ", ".join(version.id for version in one.versions)
            click.echo(f"{one.id}: {one.name.ja} ({one.name.en}): {versions}")
    except Faulty as error:
        _fail(error.lines())


@programmes.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--usage",
    "usage_file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    help="JSON: the terms of the contract, and what happened (docs/programmes.md); - reads it from stdin.",
)
@click.pass_context
def price(context: click.Context, file: str, usage_file: Path) -> None:
    """Price a usage by the scheme of FILE (a TOML file, or the id of a scheme that is known): lines and shares as JSON.
    Exit status 2 when a file does not say what it must, with its file and field on stderr; 3 when a value is missing
    that the scheme leaves open: what is known is printed, and what is asked for is named there and on stderr.
    """
    import msgspec

    from app.kit.errors import InvalidInput
    from app.programmes.catalogue import Faulty
    from app.programmes.pricing import price as priced
    from app.programmes.pricing import read_usage

    name = "stdin" if str(usage_file) == "-" else usage_file.name
    try:
        text = sys.stdin.buffer.read() if str(usage_file) == "-" else usage_file.read_bytes()
        question = read_usage(text, name)
        scheme = _scheme(context, file)
        try:
            found = priced(scheme, question, _subsidy(context, file, question.terms.subsidy))
        except InvalidInput as error:
            raise Faulty(name, [(question.field(error.where or ""), error.detail)]) from None
    except Faulty as error:
        _fail(error.lines())
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    for one in found.asked:
        click.echo(f"{name}: {question.field(one.field)}: {_asks(one)}", err=True)
    if not found.complete:
        sys.exit(SCHEME_ASKS)


def _asks(one: "Asked") -> str:
    return one.why["en"] + (f" ({' or '.join(one.answers)})" if one.answers else "")


def _fail(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(SCHEME_FAULTY)


def _schemes_folder(context: click.Context) -> Path | None:
    folder = settings_of(context).schemes_dir
    return Path(folder) if folder else None


def _scheme(context: click.Context, file: str) -> "Scheme":
    """The scheme of a file, or one that is known by its id."""
    from app.kit.errors import NotFound
    from app.programmes.catalogue import Faulty, load, scheme_of

    path = Path(file)
    try:
        return load(path) if path.is_file() else scheme_of(file, _schemes_folder(context))
    except NotFound:
        raise Faulty(file, [("", "there is no such file, and no scheme of this id")]) from None


def _subsidy(context: click.Context, file: str, grant: "Grant | None") -> "Scheme | None":
    """The scheme of the subsidy that was asked for: beside the file, in the town's own folder, or packaged."""
    if grant is None:
        return None
    beside = Path(file).parent / f"{grant.scheme}.toml"
    return _scheme(context, str(beside) if beside.is_file() else grant.scheme)
