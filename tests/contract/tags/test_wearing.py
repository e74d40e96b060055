"""Who wears a tag when."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app import jobs
from app.config import Settings
from app.db.tables import intent
from app.households import service as households
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import TagId, WearerId, new_id
from app.tags import service
from app.tags.model import Tag, TagCarrier
from app.tags.snapshot import Worn
from tests.build import NOW
from tests.contract.households.cast import CHIYODA, KAKOGAWA, Cast

HOUR = timedelta(hours=1)


def worn_by(connection: Connection, tag: Tag) -> list[tuple[WearerId, int, int | None]]:
    """Who wore it, from and until so many hours after `NOW`."""
    return [
        (one.wearer_id, (one.from_at - NOW) // HOUR, None if one.until_at is None else (one.until_at - NOW) // HOUR)
        for one in service.worn(connection, [tag.id])[tag.id].carriers
    ]


def intents_of(connection: Connection) -> list[dict[str, str]]:
    query = sa.select(intent.c.payload).where(intent.c.kind == service.TAG_RELEASED).order_by(intent.c.id)
    return list(connection.execute(query).scalars())


def test_a_tag_that_nobody_ever_wore_is_known_and_an_unknown_one_is_not(connection: Connection, tag: Tag) -> None:
    expected = {tag.id: Worn(city_id=KAKOGAWA, interval_s=2.0, key=tag.id.bytes)}

    assert expected == service.worn(connection, [tag.id, uuid4()])


def test_who_wears_a_tag_is_known_at_once_with_who_wore_it_before(connection: Connection, cast: Cast, tag: Tag) -> None:
    jiro = cast.wearer(connection, "Jiro")
    service.worn(connection, [tag.id])
    service.assign_tag(connection, tag.id, cast.hana.id, now=NOW)
    assert [(cast.hana.id, 0, None)] == worn_by(connection, tag)

    service.assign_tag(connection, tag.id, jiro.id, now=NOW + HOUR)
    assert [(cast.hana.id, 0, 1), (jiro.id, 1, None)] == worn_by(connection, tag)

    service.release_tag(connection, tag.id, NOW + 2 * HOUR)
    service.release_tag(connection, tag.id, NOW + 3 * HOUR)
    assert [(cast.hana.id, 0, 1), (jiro.id, 1, 2)] == worn_by(connection, tag)


def test_a_tag_can_be_given_with_effect_from_before_but_not_over_somebody_elses_time(
    connection: Connection, cast: Cast, tag: Tag
) -> None:
    jiro = cast.wearer(connection, "Jiro")
    given = service.assign_tag(connection, tag.id, cast.hana.id, now=NOW, from_at=NOW - 5 * HOUR)

    assert TagCarrier(tag_id=tag.id, wearer_id=cast.hana.id, from_at=NOW - 5 * HOUR, until_at=None) == given
    with pytest.raises(Conflict):
        service.assign_tag(connection, tag.id, jiro.id, now=NOW, from_at=NOW - 6 * HOUR)
    with pytest.raises(InvalidInput):
        service.assign_tag(connection, tag.id, jiro.id, now=NOW, from_at=NOW + HOUR)


def test_a_tag_is_worn_by_somebody_of_its_city(connection: Connection, cast: Cast, tag: Tag) -> None:
    abroad = households.create_household(connection, CHIYODA, "Abroad", [cast.family_abroad.account_id], NOW)
    stranger = households.create_wearer(connection, abroad.id, "Ken", now=NOW)

    for wearer_id in (stranger.id, WearerId(new_id())):
        with pytest.raises(NotFound):
            service.assign_tag(connection, tag.id, wearer_id, now=NOW)
    with pytest.raises(NotFound):
        service.assign_tag(connection, TagId(new_id()), cast.hana.id, now=NOW)


def test_giving_a_tag_back_is_told_further_down_once(connection: Connection, cast: Cast, tag: Tag) -> None:
    service.assign_tag(connection, tag.id, cast.hana.id, now=NOW)

    assert 1 == service.release_all(connection, cast.hana.id, NOW + HOUR)
    assert 0 == service.release_all(connection, cast.hana.id, NOW + HOUR)
    assert [{"wearer_id": str(cast.hana.id), "tag_id": str(tag.id)}] == intents_of(connection)


def test_a_tag_that_ended_was_worn_until_then_and_cannot_be_given_any_more(
    connection: Connection, cast: Cast, tag: Tag
) -> None:
    service.assign_tag(connection, tag.id, cast.hana.id, now=NOW)

    service.end_tag(connection, tag.id, NOW + HOUR)

    assert [(cast.hana.id, 0, 1)] == worn_by(connection, tag)
    with pytest.raises(NotFound):
        service.assign_tag(connection, tag.id, cast.hana.id, now=NOW + HOUR)


def test_a_tag_keeps_what_is_not_changed(connection: Connection, tag: Tag) -> None:
    changed = service.change_tag(connection, tag.id, name="Hana's tag")

    assert replace(tag, name="Hana's tag") == changed
    assert "Another" == service.change_tag(connection, tag.id, vendor="Another").vendor
    with pytest.raises(InvalidInput):
        service.change_tag(connection, tag.id, name="two\nlines")


def test_a_wearer_who_ends_gives_the_tag_back(connection: Connection, cast: Cast, tag: Tag) -> None:
    service.assign_tag(connection, tag.id, cast.hana.id, now=NOW)

    households.end_wearer(connection, cast.daughter, cast.hana.id, NOW + HOUR)
    for _ in range(2):
        jobs.carry_out_intents(connection, Settings(), NOW + HOUR)

    assert [(cast.hana.id, 0, 1)] == worn_by(connection, tag)
    assert [] == list(connection.execute(sa.select(intent.c.kind).where(intent.c.done_at.is_(None))).scalars())
