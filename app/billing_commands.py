"""The commands for bills: `mimamori billing close`, `explain`, `check`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import click

from app.commands import DATA, settings_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from app.billing.model import Document

Result = TypeVar("Result")
CITY = click.option("--city", "city_id", type=int, help="Municipality code with check digit, e.g. 282103.")
NOT_RIGHT = 2


@click.group()
def billing() -> None:
    """Close months; say how a bill came about."""


@billing.command()
@click.option("--city", "city_id", type=int, required=True, help="Municipality code with check digit, e.g. 282103.")
@click.option("--month", metavar="YYYY-MM", required=True, help="A month that is over.")
@click.option("--everybody", is_flag=True, help="Of a closed month: look at everybody, whatever was noted since.")
@DATA
@click.pass_context
def close(context: click.Context, city_id: int, month: str, everybody: bool, data: str | None) -> None:
    """Close a month of a city: documents for families, the city and insurers. A closed one is looked at again, and what
    was corrected since is billed. Broken off at any line it goes on with the next call, or in the service; both may
    run at once.
    """
    from app.billing.service import begin, work_off
    from app.kit.clock import system_clock
    from app.kit.errors import MimamoriError
    from app.kit.ids import CityId

    if not _is_month(month):
        raise click.BadParameter(f"{month!r} is no month; one is called 2026-04", param_hint="--month")
    with _engines(context, data) as (reader, writer):
        try:
            with writer.begin() as connection:
                run = begin(connection, CityId(city_id), month, None, system_clock(), everybody=everybody)
            done = work_off(reader, writer, run.id, system_clock)
        except MimamoriError as error:
            raise click.ClickException(error.detail) from None
    click.echo(f"{month}, round {done.round}: {done.wearers} wearers, {done.gaps} contracts could not be billed.")


@billing.command()
@click.argument("document", metavar="DOCUMENT")
@CITY
@click.option(
    "--lang", type=click.Choice(["ja", "en"]), default="en", show_default=True, help="Language of the sentences."
)
@DATA
@click.pass_context
def explain(context: click.Context, document: str, city_id: int | None, lang: str, data: str | None) -> None:
    """Say how each line of DOCUMENT (its number or id) came about: tariff, rule, quantity, reason, tax. It is reckoned
    anew as well; exit status 2 when its lines come to something else.
    """
    from app.billing.service import in_words, is_right

    def look(connection: "Connection") -> tuple[list[str], bool]:
        one = _document(connection, document, city_id)
        return in_words(connection, one, lang), is_right(connection, one)

    sentences, right = _read(context, data, look)
    for sentence in sentences:
        click.echo(sentence)
    if not right:
        click.echo("Its lines come to something else than it says.", err=True)
        sys.exit(NOT_RIGHT)


@billing.command()
@CITY
@click.option("--month", metavar="YYYY-MM", help="Only documents of this month.")
@DATA
@click.pass_context
def check(context: click.Context, city_id: int | None, month: str | None, data: str | None) -> None:
    """Reckon every document anew from its lines, and look for gaps in numbers. Exit status 2 when one is not right."""
    from app.billing.service.checking import wrong_documents

    found = _read(context, data, lambda connection: wrong_documents(connection, city_id, month))
    for text in found.wrong:
        click.echo(text)
    click.echo(f"{found.documents} documents, {len(found.wrong)} not right.")
    if found.wrong:
        sys.exit(NOT_RIGHT)


def _document(connection: "Connection", text: str, city_id: int | None) -> "Document":
    from app.billing.store import reading

    try:
        one = reading.by_id(connection, UUID(text))
        found = [] if one is None else [one]
    except ValueError:
        code, _, number = text.rpartition("-")
        found = reading.by_number(connection, code, int(number)) if number.isdecimal() else []
    found = [one for one in found if city_id is None or one.city_id == city_id]
    if not found:
        raise click.ClickException(f"There is no document {text!r}.")
    if len(found) > 1:
        cities = ", ".join(str(one.city_id) for one in found)
        raise click.ClickException(f"Several cities have a document {text!r}: say --city, one of {cities}.")
    return found[0]


def _is_month(text: str) -> bool:
    year, _, month = text.partition("-")
    return len(text) == 7 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12


@contextmanager
def _engines(context: click.Context, data: str | None) -> "Iterator[tuple[Engine, Engine]]":
    """One to read by and one to write by, on the store of the settings."""
    from sqlalchemy.exc import DBAPIError

    from app.config import InvalidSettings
    from app.db.engine import check as must_be_durable
    from app.db.engine import open_engine, where_of

    try:
        where = where_of(settings_of(context, data=data))
        reader, writer = open_engine(where, read_only=True), open_engine(where)
        try:
            with writer.connect() as connection:
                must_be_durable(connection)
            yield reader, writer
        finally:
            reader.dispose()
            writer.dispose()
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        raise click.ClickException(f"The database cannot be used: {error.orig}") from None


def _read(context: click.Context, data: str | None, look: "Callable[[Connection], Result]") -> Result:
    with _engines(context, data) as (reader, _), reader.connect() as connection, connection.begin():
        return look(connection)
