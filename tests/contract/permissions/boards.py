"""Somebody found the wearer of a target: a sticker, a thread with lines of both sides, and a report that waits."""

import hashlib

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.kit.ids import AccountId, CityId, DrillId, LineId, ReportId, StickerId, ThreadId, WearerId, new_id
from app.stickers.store import drills, reports, threads
from app.stickers.store.drills import Drill
from app.stickers.store.reports import Report
from app.stickers.tables import sticker, sticker_batch
from app.stickers.threads import Line, Mode, SharedPlace, Side, Thread, ThreadState
from tests.build import NOW, minutes

SPARE = "BB9999"


class Found(Struct, frozen=True):
    """What came of a scan."""

    sticker_id: StickerId
    thread_id: ThreadId
    line_id: LineId
    report_id: ReportId
    words: str


def find(c: Connection, city: CityId, wearer_id: WearerId, clerk: Account, name: str, lat_deg: float) -> Found:
    """A finder wrote where they are, and sent a photo."""
    key = _sticker(c, city, wearer_id, clerk.id, name)
    thread = Thread(
        id=ThreadId(new_id()), city_id=city, wearer_id=wearer_id, sticker_id=key, mode=Mode.REAL,
        state=ThreadState.OPEN, language="ja", begun_at=NOW, newest_at=NOW, told_at=NOW,
    )  # fmt: skip
    assert threads.insert(c, thread, hashlib.sha256(name.encode()).digest(), bytes(32))
    place = SharedPlace(lat_deg=lat_deg, lon_deg=134.8, accuracy_m=9.0)
    line = Line(
        id=LineId(new_id()), thread_id=thread.id, side=Side.FINDER, at=NOW, words=f"words of {name}", place=place,
        typed_place=f"before {lat_deg}",
    )  # fmt: skip
    threads.add_line(c, line)
    threads.add_photo(c, line.id, b"\xff\xd8\xff\xd9")
    report = Report(
        id=ReportId(new_id()), city_id=city, thread_id=thread.id, side=Side.FINDER, reason=f"report of {name}", at=NOW
    )
    reports.add(c, report)
    return Found(key, thread.id, line.id, report.id, line.words)


def give(c: Connection, city: CityId, wearer_id: WearerId, by: AccountId) -> None:
    """One more sticker of the city, with the number of the example."""
    _sticker(c, city, wearer_id, by, f"spare of {city}", SPARE)


def exercise(c: Connection, city: CityId, by: AccountId, sticker_id: StickerId) -> DrillId:
    """An exercise of a city, which is over in an hour."""
    drill = Drill(
        id=DrillId(new_id()), city_id=city, name="an exercise", from_at=NOW + minutes(30), until_at=NOW + minutes(60),
        made_by=by, made_at=NOW,
    )  # fmt: skip
    drills.add(c, drill, [sticker_id], [by])
    return drill.id


def _sticker(c: Connection, city: CityId, wearer_id: WearerId, by: AccountId, name: str, number: str = "") -> StickerId:
    digest = hashlib.sha256(f"code of {name}".encode()).digest()
    batch, key = new_id(), StickerId(new_id())
    c.execute(
        sa.insert(sticker_batch).values(
            id=batch, city_id=city, layout="a4-20", material="paper", count=1, printed_by=by, printed_at=NOW
        )
    )
    c.execute(
        sa.insert(sticker).values(
            id=key, city_id=city, token_hash=digest, number=number or f"BB{digest[0]:03}{digest[1] % 10}", batch_id=batch,
            sheet=1, material="paper", state="issued", wearer_id=wearer_id, stuck_on="", issued_at=NOW,
        )
    )  # fmt: skip
    return key
