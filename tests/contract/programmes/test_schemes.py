"""The schemes of the files become those of the house, for all processes at once."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.kit.errors import NotFound
from app.programmes import catalogue
from app.programmes import service as programmes
from app.programmes.model import Axis
from app.programmes.tables import tariff, tariff_now
from tests.build import NOW, town
from tests.enrolled import a_scheme, a_version, dispatch_terms, enrol

LATER = NOW + timedelta(days=1)


def publish(connection: Connection, folder: Path | None = None) -> bool:
    """Whether the job found anything to write; it is written."""
    settings = Settings(schemes_dir="" if folder is None else str(folder))
    change = jobs.plan_schemes(connection, settings, NOW)
    if change is not None:
        change(connection)
    return change is not None


def own_kobe(folder: Path, yen: int) -> None:
    """A town's own file of the scheme, with another price."""
    text = (catalogue.PACKAGED / "kobe.toml").read_text(encoding="utf-8")
    (folder / "kobe.toml").write_text(text.replace("yen = 6600", f"yen = {yen}"), encoding="utf-8")


def price_of_kobe(connection: Connection) -> object:
    dispatch = programmes.scheme(connection, "kobe").versions[0].dispatch
    assert dispatch is not None
    assert dispatch.price is not None
    return dispatch.price.yen


def test_packaged_schemes_are_there_once_the_job_has_looked(connection: Connection) -> None:
    with pytest.raises(NotFound):
        programmes.scheme(connection, "kobe")

    assert publish(connection)
    assert sorted(catalogue.packaged()) == [one.id for one in programmes.listed(connection, None, 99)]
    assert not publish(connection), "nothing has changed"


def test_a_town_changes_its_file_while_the_service_runs(connection: Connection, tmp_path: Path) -> None:
    publish(connection)
    own_kobe(tmp_path, 7000)
    assert publish(connection, tmp_path)
    assert 7000 == price_of_kobe(connection)

    own_kobe(tmp_path, 77777)
    assert publish(connection, tmp_path)
    assert 77777 == price_of_kobe(connection)


def test_a_file_that_cannot_be_meant_leaves_all_as_it_was(connection: Connection, tmp_path: Path) -> None:
    publish(connection)
    (tmp_path / "kobe.toml").write_text('id = "kobe"\nprice = 1\n', encoding="utf-8")

    assert not publish(connection, tmp_path)
    assert 6600 == price_of_kobe(connection)


def test_each_wording_is_kept_once(connection: Connection) -> None:
    here = town(connection)
    enrol(connection, here.hana, NOW)
    for _ in range(2):
        programmes.publish(connection, [a_scheme(), a_scheme("other")], NOW)

    assert 2 == connection.execute(sa.select(sa.func.count()).select_from(tariff)).scalar_one()
    assert 2 == connection.execute(sa.select(sa.func.count()).select_from(tariff_now)).scalar_one()


@pytest.mark.parametrize(("axis", "expected"), [(Axis.SERVICE, 9900), (Axis.INSTALLATION, 6600)])
def test_what_was_agreed_stays_where_the_day_of_the_contract_decides(
    connection: Connection, axis: Axis, expected: int
) -> None:
    """The file is edited in place after the contract was entered."""
    before = a_scheme(axis=axis)
    hers = enrol(connection, town(connection).hana, NOW, before)
    price = dispatch_terms().price
    assert price is not None
    dearer = a_version(dispatch=dispatch_terms(price=replace(price, yen=9900)))
    programmes.publish(connection, [replace(before, versions=[dearer])], LATER)

    terms = programmes.dispatch_at(connection, hers, LATER)
    assert terms is not None
    assert terms.price is not None
    assert expected == terms.price.yen
