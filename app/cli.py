"""The command `mimamori`. What is heavy is imported by the command that needs it, so that every command starts at
once.
"""

import asyncio
import contextlib
import gc
import signal
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app import billing_commands, commands
from app.commands import settings_of
from app.config import InvalidSettings, Settings, describe
from app.kit.errors import MimamoriError

if TYPE_CHECKING:
    from app.kit.clock import Clock
    from app.server import Process
    from app.simulator.playback import Shift


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config_file", type=click.Path(exists=True, dir_okay=False), help="TOML file with settings.")
@click.version_option(package_name="mimamori")
@click.pass_context
def main(context: click.Context, config_file: str | None) -> None:
    """Mimamori, a location watch service for towns."""
    context.obj = config_file


for _command in (
    commands.backup,
    commands.restore,
    commands.doctor,
    commands.gateway_secret,
    commands.watch,
    commands.programmes,
    billing_commands.billing,
):
    main.add_command(_command)


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Says in plain words, without the URL, that the database cannot be used."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(f"The database cannot be used: {error.orig}") from None


def _tcp(values: tuple[str, ...]) -> dict[str, int] | None:
    """The TCP listeners asked for as `PROTOCOL=PORT`; None when none were, so that the settings decide."""
    ports: dict[str, int] = {}
    for value in values:
        protocol, _, port = value.partition("=")
        if not port.isdecimal():
            raise click.BadParameter(f"{value!r} is not PROTOCOL=PORT", param_hint="--tcp")
        ports[protocol] = int(port)
    return ports or None


@main.command()
@click.option("--data", help="Folder of the database (default: data/).")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="HTTP port.")
@click.option("--tcp", multiple=True, metavar="PROTOCOL=PORT", help="A TCP listener for trackers, e.g. watch=5093.")
@click.option("--ready-file", type=click.Path(path_type=Path), help="Write the addresses here once people can use it.")
@click.pass_context
def serve(
    context: click.Context,
    data: str | None,
    host: str | None,
    port: int | None,
    tcp: tuple[str, ...],
    ready_file: Path | None,
) -> None:
    """Run everything in one process, on one SQLite file or on PostgreSQL."""
    gc.disable()  # Nothing of what is imported is garbage; the server lets the collector look again when it is up.
    from app.kit.clock import system_clock

    settings = settings_of(context, data=data, host=host, port=port, tcp=_tcp(tcp))
    with _plain_errors():
        _run(_serve(settings, system_clock, ready_file))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs the service on uvloop, which takes half the time for each request that the standard loop takes."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def _serve(settings: Settings, clock: "Clock", ready_file: Path | None, run: "Process | None" = None) -> None:
    """Serves until told to stop by SIGINT or SIGTERM."""
    import structlog

    from app.embedded import running
    from app.server import serving, write_ready

    async with serving(settings, clock, run or running) as site:
        if sys.stderr.isatty():
            click.echo(f"Mimamori is ready at {site.base_url}  (API: {site.base_url}/docs)", err=True)
        structlog.get_logger().info("ready", address=site.base_url, ports=site.tcp_ports)
        if ready_file is not None:
            write_ready(ready_file, {"base_url": site.base_url, "tcp": site.tcp_ports})
        await _until_stopped()


def _process(name: str, text: str) -> click.Command:
    """The command of one of many processes."""

    @click.command(name, help=f"{text} One of many processes on PostgreSQL and NATS.")
    @click.option("--host", help="Address to listen on.")
    @click.option("--port", type=int, help="HTTP port.")
    @click.option("--tcp", multiple=True, metavar="PROTOCOL=PORT", help="A TCP listener for trackers, of an edge.")
    @click.option("--ready-file", type=click.Path(path_type=Path), help="Write the addresses here once it runs.")
    @click.pass_context
    def command(
        context: click.Context, host: str | None, port: int | None, tcp: tuple[str, ...], ready_file: Path | None
    ) -> None:
        from app.kit.clock import SharedClock, system_clock
        from app.scaled import PROCESSES

        settings = settings_of(context, host=host, port=port, tcp=_tcp(tcp))
        with _plain_errors():
            _run(_serve(settings, SharedClock(system_clock), ready_file, PROCESSES[name]))

    return command


for _name, _text in (
    ("edge", "Take what devices say into the stream."),
    ("web", "Answer people and their apps."),
    ("worker", "Work on the stream, on timed work, on messages."),
):
    main.add_command(_process(_name, _text))


async def _until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    await stop.wait()


SPEED_MAX = 60.0
"""At 90 the ten seconds between two signs of life would be a quarter of an hour of the town, which is an outage
(`jobs.STALLED_AT_LEAST`).
"""


@main.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same town.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=SPEED_MAX),
    default=30.0,
    show_default=True,
    help="How much faster than real time it goes.",
)
@click.option("--for", "duration_s", type=float, help="Stop after so many seconds; otherwise runs until Ctrl-C.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Write addresses, accounts and devices here as JSON."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=0, help="HTTP port; a free one unless given.")
@click.pass_context
def demo(
    context: click.Context,
    seed: int,
    speed: float,
    duration_s: float | None,
    ready_file: Path | None,
    host: str,
    port: int,
) -> None:
    """Run a fresh town in a temporary folder: people, trackers that move, an outing that goes wrong."""
    from app.kit.clock import FastClock, monotonic_s, system_clock

    clock = FastClock(system_clock(), speed, monotonic_s)
    with tempfile.TemporaryDirectory(prefix="mimamori-demo-") as folder, contextlib.suppress(KeyboardInterrupt):
        _run(_demo(context, Path(folder), clock, seed, duration_s, ready_file, host, port))


async def _demo(
    context: click.Context, folder: Path, clock: Any, seed: int, duration_s: float | None, ready_file: Path | None,
    host: str, port: int,
) -> None:  # fmt: skip
    import msgspec

    from app.server import bound, first_administrator, serving, url_of
    from app.simulator.fcm_standin import FcmStandIn
    from app.simulator.run import run_demo

    phones = FcmStandIn()
    phones.start()
    listener = bound(host, port)
    try:
        settings = settings_of(
            context, data=str(folder / "data"), host=host, port=port, tcp={"watch": 0}, log_level="warning",
            fcm_credentials=str(phones.write_credentials(folder)), fcm_url=phones.url,
        )  # fmt: skip
        if settings.public_url is None:  # Stickers name it.
            settings = msgspec.structs.replace(settings, public_url=url_of(listener))
        async with serving(settings, clock, listener=listener) as site:
            assert site.database is not None, "one process has the database"
            token = await first_administrator(site.database, clock())
            show = asyncio.ensure_future(
                run_demo(
                    base_url=site.base_url, tcp_watch_port=site.tcp_ports["watch"], host=host, admin_token=token,
                    clock=clock, seed=seed, duration_s=duration_s, ready_file=ready_file, fcm=phones,
                )
            )  # fmt: skip
            stopped = asyncio.ensure_future(_until_stopped())
            await asyncio.wait({show, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            show.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await show
    finally:
        listener.close()
        phones.stop()


@main.command()
@click.option("--data", help="Folder of the database.")
@click.pass_context
def migrate(context: click.Context, data: str | None) -> None:
    """Bring the database to the newest version of its tables."""
    from app.db.engine import transaction_of
    from app.migrations.run import upgrade

    with _plain_errors(), transaction_of(settings_of(context, data=data)) as connection:
        upgrade(connection)
    click.echo("The tables are up to date.")


@main.command()
@click.option("--data", help="Folder of the database.")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", default="administrator", show_default=True)
@click.option("--vendor", help="For the role vendor: whose tags the account follows.")
@click.option("--city", "city_id", type=int, required=True, help="Municipality code with check digit, e.g. 282103.")
@click.option("--city-name", help="Makes the city if it is not there.")
@click.option("--city-phone", help="Telephone of the city that is made; it stands on stickers.")
@click.password_option()
@click.pass_context
def account(
    context: click.Context,
    data: str | None,
    email: str,
    name: str,
    role: str,
    vendor: str | None,
    city_id: int,
    city_name: str | None,
    city_phone: str | None,
    password: str,
) -> None:
    """Make an account: the first administrator of a new installation, for example."""
    from app.server import make_account

    settings = settings_of(context, data=data)
    try:
        with _plain_errors():
            make_account(
                settings, email=email, name=name, role=role, vendor=vendor, city_id=city_id, city_name=city_name,
                city_phone=city_phone, password=password,
            )  # fmt: skip
    except MimamoriError as error:
        raise click.ClickException(error.detail) from None
    click.echo(f"{email} can sign in now.")


@main.command()
@click.pass_context
def config(context: click.Context) -> None:
    """Print every setting with its meaning, unit, default and the value in force."""
    click.echo(describe(settings_of(context)))


@main.command()
@click.argument("format_name", metavar="FORMAT", required=False)
@click.argument("file", type=click.File("r", encoding="utf-8", errors="surrogateescape"), default="-")
@click.option("--list", "list_only", is_flag=True, help="Name the formats.")
def decode(format_name: str | None, file: Any, list_only: bool) -> None:
    """Decode device bytes, one message a line (hex, JSON or text), into normalised messages, one JSON a line."""
    from beacon_ingest.decode import UnknownFormat, decode_lines, list_formats

    if list_only:
        click.echo("\n".join(list_formats()))
        return
    if format_name is None:
        raise click.UsageError("Name a FORMAT, or ask for --list.")
    try:
        for line in decode_lines(format_name, file):
            sys.stdout.buffer.write(line + b"\n")
    except UnknownFormat as error:
        raise click.ClickException(str(error)) from None
    sys.stdout.buffer.flush()


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "device_id", required=True, metavar="DEVICE", help="What the device calls itself.")
@click.option("--key", help="The device's key.")
@click.option("--format", "format_name", default="owntracks", show_default=True, help="owntracks, osmand or watch.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The running server.")
@click.option("--tcp-port", type=int, help="Port of the TCP listener, for the format watch.")
@click.option("--user", help="Whose rows of a CSV with several people to play.")
@click.option(
    "--speed", type=click.FloatRange(min=0.1), default=1.0, show_default=True, help="How much faster than it was."
)
@click.option(
    "--shift",
    type=click.Choice(["now", "end", "none"]),
    default="now",
    show_default=True,
    help="Move the track's times: its first fix to now, its last fix to now, or not at all.",
)
def replay(
    file: Path, device_id: str, key: str | None, format_name: str, url: str, tcp_port: int | None, user: str | None,
    speed: float, shift: "Shift",
) -> None:  # fmt: skip
    """Play a CSV or GPX track of a real outing into a running server."""
    from app.kit.clock import system_clock
    from app.simulator.replay import replay as play

    report = asyncio.run(
        play(
            file=file, device_id=device_id, key=key, format=format_name, url=url, tcp_port=tcp_port, user=user,
            speed=speed, shift=shift, clock=system_clock,
        )
    )  # fmt: skip
    click.echo(report.summary())
    if not report.ok:
        sys.exit(1)


@main.command()
@click.option("--check", is_flag=True, help="Only say whether the checked-in file is the same.")
@click.option("--file", type=click.Path(path_type=Path), default=Path("openapi/openapi.json"), show_default=True)
def openapi(check: bool, file: Path) -> None:
    """Regenerate the description of the API."""
    from app.asgi import openapi_json

    text = openapi_json()
    if check:
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{file} is not what the code says; run `make openapi`.")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="A list of measurements for programs.")
@click.option("--only", help="Only the measurements whose name begins so.")
@click.option(
    "--rows",
    type=click.IntRange(min=1_000_000),
    default=10_000_000,
    show_default=True,
    help="Positions and passages in the history that is asked: 240 bytes of disk each on SQLite.",
)
@click.option("--database", metavar="URL", help="Make that history in an empty database of PostgreSQL instead.")
def bench(as_json: bool, only: str | None, rows: int, database: str | None) -> None:
    """Measure against floors taken in the same run (from a checkout of the repository)."""
    try:
        from bench.run import run
    except ImportError:
        raise click.ClickException("The benchmarks are in the repository, not in the package.") from None
    sys.exit(run(as_json=as_json, only=only, rows=rows, database=database))


if __name__ == "__main__":
    main()
