"""The feed of a vendor's tags: what changed comes again, what is gone is told, and nobody else's are read for it."""

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.history import service
from app.history.routes import passages as routes
from app.history.store import questions
from app.pipeline import process
from app.tags import service as tags
from beacon_ingest.messages import DetectorUnit
from tests.build import NOW, VENDOR, account, viewer
from tests.contract.history.build import plans
from tests.contract.history.street import Street, at, body, of, passages, street


@pytest.fixture
def here(connection: Connection) -> Street:
    return street(connection)


@pytest.fixture
def vendor(connection: Connection, here: Street) -> Viewer:
    return viewer(account(connection, "vendor", VENDOR, Role.VENDOR))


def feed(connection: Connection, *units: DetectorUnit) -> None:
    for one in units:
        process(connection, [one], one.received_at)


def test_a_passage_that_became_part_of_another_is_told_as_gone(
    connection: Connection, here: Street, vendor: Viewer
) -> None:
    feed(connection, body(here.gate, here.tag, [0]), body(here.gate, here.tag, [100]))
    service.close_over(connection, at(1_000))
    first = service.feed(connection, vendor, 0, 9, at(1_000))
    early, later = (one.id for one, _ in first.items)

    feed(connection, body(here.gate, here.tag, [50], received=1_000, stamp="late"))
    then = service.feed(connection, vendor, first.last, 9, at(1_001))

    told = {one.id: service.fed(one, name) for one, name in then.items}
    assert {early, later} == told.keys()
    assert (at(0), at(100), False) == (told[early].from_at, told[early].until_at, told[early].gone)
    assert service.FedPassage(id=later, gone=True) == told[later]
    assert [] == service.feed(connection, vendor, then.last, 9, at(1_002)).items


def test_a_feed_that_is_read_one_by_one_is_the_same(connection: Connection, here: Street, vendor: Viewer) -> None:
    feed(connection, *[body(here.gate, here.tag, [100 * number]) for number in range(6)])
    feed(connection, body(here.gate, here.tag, [50], stamp="late", received=500))
    service.close_over(connection, at(9_000))
    whole = [(one.id, one.serial) for one, _ in service.feed(connection, vendor, 0, 99, at(9_000)).items]

    after, found = 0, []
    while items := (part := service.feed(connection, vendor, after, 1, at(9_000))).items:
        found += [(one.id, one.serial) for one, _ in items]
        after = part.last

    assert whole == found
    assert 6 == len(found)


def test_a_vendor_whose_tags_nobody_heard_gets_past_the_passages_of_others(
    connection: Connection, here: Street
) -> None:
    other = replace(viewer(account(connection, "other", VENDOR, Role.VENDOR)), vendor="Neuling")
    tags.register_tag(
        connection, city_id=here.tag.city_id, vendor="Neuling", scheme="mac", identity="ac233fa00001", now=NOW
    )
    feed(connection, *[body(here.gate, here.tag, [100 * number]) for number in range(4)])
    service.close_over(connection, at(9_000))

    found = service.feed(connection, other, 0, 9, at(9_000))

    assert ([], 4) == (found.items, found.last)
    assert 4 == service.feed(connection, other, found.last, 9, at(9_000)).last


def test_one_answer_looks_at_so_many_numbers_at_most(
    connection: Connection, here: Street, vendor: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "FEED_LOOK_MAX", 1)
    feed(connection, *[body(here.gate, here.tag, [100 * number]) for number in range(6)])
    service.close_over(connection, at(9_000))

    after, found = 0, 0
    for _ in range(6):
        part = service.feed(connection, vendor, after, 9, at(9_000))
        assert len(part.items) <= 2
        after, found = part.last, found + len(part.items)

    assert (6, 6) == (after, found)


@pytest.mark.sqlite
def test_a_feed_is_read_by_its_numbers_alone(connection: Connection, here: Street, vendor: Viewer) -> None:
    with plans(connection) as steps:
        questions.feed(connection, vendor.city_id, VENDOR, 5, 9)

    read = {step for step in steps if " passage " in step and "serial" in step and "tag" not in step}
    assert "SEARCH passage USING INDEX ix_passage_serial (serial>? AND serial<?)" in read
    assert not [step for step in steps if "passage" in step and "serial" not in step and "gone_passage" not in step]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_a_vendor_does_not_learn_who_wears_its_tag(connection: Connection, here: Street, vendor: Viewer) -> None:
    feed(connection, body(here.gate, here.tag, [0]))

    (shown,) = service.passages_of_tag(connection, vendor, here.tag.id, None, 9, at(10))

    assert (None, here.tag.id) == (routes._shown(shown).wearer, routes._shown(shown).tag)


def test_a_late_sighting_within_a_stay_of_more_than_a_day_is_part_of_it(connection: Connection, here: Street) -> None:
    end = 26 * 3_600
    feed(connection, body(here.gate, here.tag, range(0, end + 1, 60), received=end + 3_600))

    feed(connection, body(here.gate, here.tag, [end - 3_599], received=end + 7_200))

    ((_, first, last, _),) = passages(connection)
    assert (0, end) == (first, last)


def test_what_comes_exactly_a_gap_after_a_passage_that_was_just_closed_is_part_of_it(
    connection: Connection, here: Street
) -> None:
    feed(connection, body(here.gate, here.tag, [0]))
    assert 1 == service.close_over(connection, at(360))

    feed(connection, body(here.gate, here.tag, [60], received=360))

    assert of([(here.gate, 0, 60, 2)]) == passages(connection)
