"""A clerk prints a sheet: what comes out once, what is logged, and what is kept when nothing comes out."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import zxingcpp
from pypdfium2 import PdfDocument
from structlog.testing import capture_logs

from app.accounts import service as accounts
from app.config import Settings
from app.stickers import codes, printing
from app.stickers.tables import sticker
from tests.contract.web import HERE, Town, town

BODY = {"layout": "glow-10", "sheets": 1}


@pytest.fixture
def here(where: Path | str) -> Iterator[Town]:
    """A city whose telephone stands on stickers."""
    with town(where, Settings(public_url="https://mimamori.example.jp")) as one:
        with one.database.transaction() as connection:
            accounts.change_city(connection, HERE, None, None, "079-427-9174")
        yield one


def kept(here: Town) -> list[tuple[bytes, str, str]]:
    with here.database.transaction() as connection:
        query = sa.select(sticker.c.token_hash, sticker.c.number, sticker.c.state).order_by(sticker.c.number)
        return [(bytes(row[0]), row[1], row[2]) for row in connection.execute(query)]


def test_the_sheet_that_comes_out_opens_what_is_in_stock_and_no_log_has_a_code(here: Town) -> None:
    with capture_logs() as logs:
        answer = here.client.post("/v1/sticker-batches", json=BODY, headers=here.headers_of("Clerk"))

    assert (201, "application/pdf", "no-store") == (
        answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]
    )  # fmt: skip
    assert 'filename="stickers-AA0000-AA0009.pdf"' in answer.headers["content-disposition"]
    urls = [one.text for one in zxingcpp.read_barcodes(PdfDocument(answer.content)[0].render(scale=300 / 72).to_pil())]
    made = {url.rpartition("/")[2] for url in urls}
    assert {codes.hash_of(code) for code in made} == {token_hash for token_hash, _, _ in kept(here)}
    assert {"stock"} == {state for _, _, state in kept(here)}
    assert not any(code in str(logs) for code in made)


def test_a_printing_company_is_given_the_same_as_a_table_once_without_formulas(here: Town) -> None:
    headers = here.headers_of("Clerk")
    with capture_logs() as logs:
        answer = here.client.post("/v1/sticker-batches", json=BODY, headers={**headers, "Accept": "text/csv"})
    again = here.client.post("/v1/sticker-batches", json=BODY, headers={**headers, "Accept": "text/csv"})

    assert (201, "text/csv", "no-store") == (
        answer.status_code, answer.headers["content-type"].partition(";")[0], answer.headers["cache-control"]
    )  # fmt: skip
    assert 'filename="stickers-AA0000-AA0009.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [f"AA{place:04}" for place in range(10)] == [row["number"] for row in rows]
    shape = re.compile(r"HTTPS://MIMAMORI\.EXAMPLE\.JP/S/[0-9A-Z]{14}")
    assert all(shape.fullmatch(row["url"]) for row in rows)
    hashes = {number: token_hash for token_hash, number, _ in kept(here)}
    assert all(hashes[row["number"]] == codes.hash_of(row["url"].rpartition("/")[2]) for row in rows)
    assert not set(rows[0].values()) & set(again.text.replace(",", "\r\n").splitlines()), "others, never the same"
    assert not any(row["url"][-14:] in str(logs) for row in rows)


@pytest.mark.parametrize("accept", ["*/*", "application/pdf, text/csv;q=0.5", "text/html,*/*;q=0.8", "image/png"])
def test_whoever_does_not_ask_for_a_table_gets_sheets(here: Town, accept: str) -> None:
    headers = {**here.headers_of("Clerk"), "Accept": accept}
    answer = here.client.post("/v1/sticker-batches", json=BODY, headers=headers)
    assert (201, "application/pdf") == (answer.status_code, answer.headers["content-type"])


def test_what_did_not_come_out_does_not_lie_in_stock(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = here.headers_of("Clerk")
    whole = printing.sheets_pdf

    def jammed(layout: object, stickers: list[object], *rest: object) -> bytes:
        if len(stickers) > 1:
            raise MemoryError
        return whole(layout, stickers, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(printing, "sheets_pdf", jammed)
    assert 500 == here.client.post("/v1/sticker-batches", json=BODY, headers=headers).status_code

    assert [f"AA{place:04}" for place in range(10)] == [number for _, number, _ in kept(here)]
    assert {"spoilt"} == {state for _, _, state in kept(here)}


def test_lists_tell_what_there_is_and_a_jam_is_told_by_span(here: Town) -> None:
    headers = here.headers_of("Clerk")
    here.client.post("/v1/sticker-batches", json=BODY, headers=headers)
    spoilt = here.client.post("/v1/sticker-spoils", json={"numbers": ["aa0003～aa0004"]}, headers=headers)
    batch = here.client.get("/v1/sticker-batches", headers=headers).json()["items"][0]
    stock = here.client.get("/v1/sticker-stock", headers=headers).json()["items"]
    layouts = here.client.get("/v1/sticker-layouts", headers=headers).json()["items"]

    assert ["AA0003", "AA0004"] == spoilt.json()["numbers"]
    assert ("AA0000", "AA0009", 10, 8) == (batch["first"], batch["last"], batch["count"], batch["in_stock"])
    assert {("glow", "spoilt", 2), ("glow", "stock", 8)} == {
        (one["material"], one["state"], one["count"]) for one in stock
    }
    assert ["a4-10", "a4-20", "glow-10", "iron-30"] == [one["id"] for one in layouts]
    again = here.client.post("/v1/sticker-spoils", json={"numbers": ["AA0003"]}, headers=headers)
    assert 409 == again.status_code


@pytest.mark.parametrize(
    ("body", "status"),
    [({"layout": "a3"}, 400), ({"layout": "a4-20", "sheets": 51}, 400), ({"layout": "a4-20", "sheets": 0}, 400)],
    ids=["unknown", "too many", "none"],
)
def test_what_cannot_be_printed_is_refused(here: Town, body: dict[str, object], status: int) -> None:
    assert status == here.client.post("/v1/sticker-batches", json=body, headers=here.headers_of("Clerk")).status_code
    assert [] == kept(here)
