"""The commands for the care of the data: `mimamori backup`, `restore`, `doctor`; the secrets of gateways; and the
settings of any command.
"""

import sys
from pathlib import Path

import click

from app.config import InvalidSettings, Settings, detector_secret, load


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
