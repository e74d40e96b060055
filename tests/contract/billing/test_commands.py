"""`mimamori billing close`, `explain` and `check`, as a clerk of the town's engineer types them."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app.billing.tables import document, issuer
from app.cli import main
from app.db.engine import open_engine
from app.kit.ids import CityId
from tests.contract.billing import contracted
from tests.contract.billing.build import MONTH, put

CITY = CityId(282103)


@pytest.fixture
def filled(where: Path | str, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Three wearers under the scheme of Kobe, one of whom had seven turn-outs."""
    for name in ("DATA", "DATABASE"):
        monkeypatch.delenv(f"MIMAMORI_{name}", raising=False)
    monkeypatch.setenv("MIMAMORI_DATA" if isinstance(where, Path) else "MIMAMORI_DATABASE", str(where))
    engine = open_engine(where)
    with engine.begin() as connection:
        contracted.city_of(connection, CITY)
        put(connection, "alsok", CITY)
        contracted.kobe(connection, CITY, contracted.wearers(connection, CITY, 3), turn_outs=7)
    engine.dispose()
    return where


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["billing", *arguments])


def test_a_month_is_closed_explained_and_checked(filled: Path | str) -> None:
    closed = run("close", "--city", str(CITY), "--month", MONTH)
    again = run("close", "--city", str(CITY), "--month", MONTH)
    english = run("explain", "alsok-0000004")
    japanese = run("explain", "alsok-0000004", "--lang", "ja", "--city", str(CITY))
    checked = run("check")

    assert (0, "2026-03, round 0: 3 wearers, 0 contracts could not be billed.\n") == (closed.exit_code, closed.output)
    assert (0, "2026-03, round 1: 0 wearers, 0 contracts could not be billed.\n") == (again.exit_code, again.output)
    assert 6 == english.output.count("6,600 yen × 2 hour = 13,200 yen")
    assert 6 == japanese.output.count("6,600円 × 2時間 = 13,200円")
    assert (0, "4 documents, 0 not right.\n") == (checked.exit_code, checked.output)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("close", "--city", str(CITY), "--month", "2026-13"), "is no month"),
        (("close", "--city", str(CITY), "--month", "2999-01"), "not over"),
        (("close", "--city", "999997", "--month", MONTH), "no such thing"),
        (("explain", "alsok-0000099"), "There is no document"),
        (("explain", "nonsense"), "There is no document"),
        (("explain", "00000000-0000-0000-0000-000000000000"), "There is no document"),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
)
def test_what_cannot_be_done_is_said_in_words(filled: Path | str, arguments: tuple[str, ...], words: str) -> None:
    found = run(*arguments)

    assert 0 != found.exit_code
    assert words in found.output
    assert "Traceback" not in found.output


def test_who_tampers_with_a_document_is_found_out(filled: Path | str) -> None:
    """Somebody takes the trigger away and another total, and a number, in."""
    run("close", "--city", str(CITY), "--month", MONTH)
    engine = open_engine(filled)
    with engine.begin() as connection:
        table = " ON document" if connection.dialect.name == "postgresql" else ""
        connection.execute(sa.text(f"DROP TRIGGER kept_document_update{table}"))
        totals = {"rates": [{"rate_pct": 10, "total_yen": 1, "tax_yen": 0}], "outside_yen": 0}
        connection.execute(sa.update(document).where(document.c.number == 1).values(totals=totals))
        connection.execute(sa.update(issuer).values(last_number=9))
    engine.dispose()
    explained, checked = run("explain", "alsok-0000001"), run("check")

    assert (2, 2) == (explained.exit_code, checked.exit_code)
    assert "Its lines come to something else" in explained.output
    assert "alsok-0000001" in checked.output
    assert "9 numbers were given and 4 documents issued" in checked.output
