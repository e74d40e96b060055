"""Who was at a detector at any moment of a time."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.engine import Connection

from app.history import service
from app.history.model import Passage
from app.history.store import passages as store
from app.history.store.attendance import LONGEST
from app.kit.ids import DetectorId, PassageId, TagId, WearerId, new_id
from tests.build import KAKOGAWA
from tests.contract.history.build import plans
from tests.contract.history.street import at

HANA, GATE = WearerId(UUID(int=1)), DetectorId(UUID(int=2))
FROM, UNTIL = at(0), at(3600)


def stay(
    from_s: float, until_s: float, wearer: UUID = HANA, detector: UUID = GATE, *, doubtful: bool = False
) -> Passage:
    return Passage(
        city_id=KAKOGAWA,
        tag_id=TagId(new_id()),
        detector_id=DetectorId(detector),
        id=PassageId(new_id()),
        opened_at=at(from_s),
        wearer_id=WearerId(wearer),
        last_at=at(until_s),
        heard=b"",
        rssi_dbm_max=None,
        lat_deg=34.757,
        lon_deg=134.841,
        accuracy_m=50.0,
        cell=None,
        doubtful=doubtful,
        received_at=at(from_s),
        skew_s=None,
    )


def save(connection: Connection, one: Passage, *, is_open: bool) -> None:
    if is_open:
        store.save_open(connection, [(one, one.last_at)])
    else:
        store.save_closed(connection, [one])


def found(
    connection: Connection, from_at: datetime = FROM, until_at: datetime = UNTIL
) -> dict[WearerId, list[Passage]]:
    return service.passages_at(connection, {HANA}, {GATE}, from_at, until_at)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize(
    ("from_s", "until_s", "counts"),
    [(-900, -1, False), (-900, 0, True), (-900, 9000, True), (60, 70, True), (3600, 3600, True), (3601, 3700, False)],
)
def test_a_passage_that_touches_the_time_is_found_open_or_not(
    connection: Connection, from_s: float, until_s: float, counts: bool, is_open: bool
) -> None:
    one = stay(from_s, until_s)
    save(connection, one, is_open=is_open)

    assert ({HANA: [one]} if counts else {}) == found(connection)


@pytest.mark.parametrize("is_open", [True, False])
def test_other_people_and_places_and_what_is_doubtful_are_left_out(connection: Connection, is_open: bool) -> None:
    for other in (
        stay(0, 9, wearer=UUID(int=8)),
        stay(0, 9, detector=UUID(int=9)),
        stay(0, 9, doubtful=True),
    ):
        save(connection, other, is_open=is_open)

    assert {} == found(connection)


def test_a_stay_of_a_week_is_found_after_it_was_over_and_a_longer_one_while_it_is_open(connection: Connection) -> None:
    week_s = LONGEST / timedelta(seconds=1)
    ended, going_on = stay(-week_s, 5), stay(-5 * week_s, 5)
    save(connection, ended, is_open=False)
    save(connection, stay(-week_s - 1, 5), is_open=False)
    save(connection, going_on, is_open=True)

    assert {ended.id, going_on.id} == {one.id for one in found(connection)[HANA]}


@pytest.mark.sqlite
def test_it_is_looked_up_by_the_wearer_and_the_time(connection: Connection) -> None:
    with plans(connection) as steps:
        found(connection)

    assert [
        "ix_open_passage_wearer_id (wearer_id=?)",
        "ix_passage_wearer_id_opened_at (wearer_id=? AND opened_at>?",
    ] == [step.split("USING INDEX ")[1].split(" AND opened_at<")[0] for step in steps]
