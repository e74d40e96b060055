"""How long a clerk waits for a thousand stickers: codes and numbers into stock, and the sheets as a PDF."""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.accounts import service as accounts
from app.accounts.model import Role
from app.db.engine import sqlite_engine
from app.kit.ids import CityId
from app.migrations.run import upgrade
from app.paper import font_file
from app.stickers.layouts import packaged
from app.stickers.printing import Printed, sheets_pdf
from app.stickers.service import stock
from bench.measure import Measurement

COUNT: Final = 1_000
LAYOUT: Final = "a4-20"
PRINT_S_MAX: Final = 30.0
STOCK_S_MAX: Final = 1.0
"""The one writer of an installation waits for it, and devices with it."""
CITY: Final = CityId(282103)
AT: Final = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)


def measure() -> Iterator[Measurement]:
    """Seconds of the writer, seconds until the PDF is there, and its size."""
    with tempfile.TemporaryDirectory() as folder:
        stickers, stocked_s = _stocked(Path(folder))
    layout = packaged()[LAYOUT]
    begin, begin_cpu = time.perf_counter(), time.process_time()
    content = sheets_pdf(layout, stickers, "079-000-0000", font_file(None), AT)
    printed_s, printed_cpu_s = time.perf_counter() - begin, time.process_time() - begin_cpu
    yield Measurement(
        name="stickers.stocked", value=stocked_s, unit="s", budget=STOCK_S_MAX, ok=stocked_s <= STOCK_S_MAX
    )
    yield Measurement(
        name="stickers.printed", value=printed_s, unit="s", budget=PRINT_S_MAX, ok=printed_s <= PRINT_S_MAX
    )
    yield Measurement(name="stickers.printed_cpu", value=printed_cpu_s, unit="s")
    yield Measurement(name="stickers.pdf", value=len(content) / 1024, unit="KB")


def _stocked(folder: Path) -> tuple[list[Printed], float]:
    engine = sqlite_engine(folder)
    with engine.begin() as connection:
        upgrade(connection)
        accounts.create_city(connection, city_id=CITY, name="市", zone="Asia/Tokyo", phone="079-000-0000", now=AT)
        clerk = accounts.create_account(
            connection, city_id=CITY, email="clerk@example.org", name="係", role=Role.CLERK,
            password="correct-horse-battery", now=AT,
        )  # fmt: skip
    wanted = stock.Order(
        city_id=CITY, layout=packaged()[LAYOUT], sheets=COUNT // packaged()[LAYOUT].count, phone="079-000-0000",
        public_url="https://mimamori.example.jp",
    )  # fmt: skip
    begin = time.perf_counter()
    with engine.begin() as connection:
        stickers = stock.print_batch(connection, wanted, clerk.id, AT)[1]
    stocked_s = time.perf_counter() - begin
    engine.dispose()
    return stickers, stocked_s
