"""Geofences on a real database: who adds, changes, ends and reads them, and that others' cost nothing."""

from datetime import time, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app.geo import service
from app.geo.fences import RADIUS_M_MAX, RADIUS_M_MIN
from app.geo.model import FencePurpose, Geofence, GeofenceChange, GeofenceDraft, OnHolidays, Point, Shape, Window
from app.households import service as households
from app.households.model import Scope
from app.kit.errors import Conflict, InvalidInput, NotFound
from app.kit.ids import GeofenceId, new_id
from tests.build import HOME, NOW, Town, town, viewer
from tests.contract.history.build import off, plans

CIRCLE = Shape(centre=HOME, radius_m=150.0)
CORNERS = (off(-100, -100), off(100, -100), off(0, 150))
TRIANGLE = Shape(corners=CORNERS)
NIGHT = Window(weekdays=0b1111111, from_time=time(18), until_time=time(6, 30), holidays=OnHolidays.ALSO)
SCHOOL = Window(weekdays=0b0011111, from_time=time(8), until_time=time(15))


@pytest.fixture
def cast(connection: Connection) -> Town:
    return town(connection)


def add(connection: Connection, cast: Town, shape: Shape = CIRCLE, who: str = "daughter") -> Geofence:
    draft = GeofenceDraft(name="公園", shape=shape, purpose=FencePurpose.PLACE, tell_enter=True)
    return service.add(connection, viewer(getattr(cast, who)), cast.hana.id, draft, NOW)


def of_hana(connection: Connection, cast: Town) -> list[Geofence]:
    """Hers, without the garden that she always has."""
    return service.fences_of(connection, [cast.hana.id])[cast.hana.id][1:]


def test_a_geofence_is_kept_as_it_was_asked_for(connection: Connection, cast: Town) -> None:
    circle, triangle = add(connection, cast), add(connection, cast, TRIANGLE)

    assert (HOME, 150.0, ()) == (circle.centre, circle.radius_m, circle.corners)
    assert (None, None, CORNERS) == (triangle.centre, triangle.radius_m, triangle.corners)
    assert [circle, triangle] == of_hana(connection, cast)


def test_a_ring_closed_by_hand_is_the_same_polygon(connection: Connection, cast: Town) -> None:
    assert add(connection, cast, Shape(corners=(*CORNERS, CORNERS[0]))).corners == CORNERS


@pytest.mark.parametrize("who", ["daughter", "clerk"])
def test_her_household_and_the_clerk_of_her_city_add_change_and_end(
    connection: Connection, cast: Town, who: str
) -> None:
    someone = viewer(getattr(cast, who))
    fence = add(connection, cast, who=who)
    changed = service.change(
        connection, someone, cast.hana.id, fence.id, GeofenceChange(name="市場", tell_exit=False), NOW
    )
    service.end(connection, someone, cast.hana.id, fence.id, NOW)

    assert ("市場", False, True, HOME) == (changed.name, changed.tell_exit, changed.tell_enter, changed.centre)
    assert [] == of_hana(connection, cast)


@pytest.mark.parametrize("who", ["outsider", "stranger", "son", "operator"])
def test_for_others_there_is_nobody_to_add_a_geofence_for(connection: Connection, cast: Town, who: str) -> None:
    fence = add(connection, cast)
    someone = viewer(getattr(cast, who))
    with pytest.raises(NotFound):
        add(connection, cast, who=who)
    with pytest.raises(NotFound):
        service.change(connection, someone, cast.hana.id, fence.id, GeofenceChange(name="x"), NOW)
    with pytest.raises(NotFound):
        service.end(connection, someone, cast.hana.id, fence.id, NOW)

    assert [fence] == of_hana(connection, cast)


def test_whoever_may_see_her_place_reads_her_geofences(connection: Connection, cast: Town) -> None:
    """The son is a contact: he is told that she left the garden, so he may know where it is."""
    fence = add(connection, cast)
    son = viewer(cast.son)

    assert [fence] == service.listed(connection, son, cast.hana.id, None, 50, NOW).items[1:]
    assert fence == service.shown(connection, son, cast.hana.id, fence.id, NOW)


def test_a_consent_to_alerts_alone_does_not_show_where_she_lives(connection: Connection, cast: Town) -> None:
    neighbour = viewer(cast.outsider)
    scopes = [Scope.ALERTS]
    households.give_consent(
        connection, cast.hana.id, scopes=scopes, account_id=neighbour.account_id, by=cast.daughter.id, now=NOW
    )
    with pytest.raises(NotFound):
        service.listed(connection, neighbour, cast.hana.id, None, 50, NOW)


def test_whoever_she_is_hidden_from_reads_no_geofence(connection: Connection, cast: Town) -> None:
    households.protect(
        connection, cast.hana.id, cast.daughter.name, account_id=cast.daughter.id, by=cast.clerk.id, now=NOW
    )
    with pytest.raises(NotFound):
        service.listed(connection, viewer(cast.daughter), cast.hana.id, None, 50, NOW)
    with pytest.raises(NotFound):
        add(connection, cast)


def test_a_geofence_is_not_found_under_another_wearer(connection: Connection, cast: Town) -> None:
    taro = households.create_wearer(connection, cast.hana.household_id, "太郎", by=cast.daughter.id, now=NOW)
    fence = add(connection, cast)
    daughter = viewer(cast.daughter)
    for wearer_id, geofence_id in ((taro.id, fence.id), (cast.hana.id, GeofenceId(new_id()))):
        with pytest.raises(NotFound):
            service.shown(connection, daughter, wearer_id, geofence_id, NOW)
        with pytest.raises(NotFound):
            service.change(connection, daughter, wearer_id, geofence_id, GeofenceChange(name="x"), NOW)
        with pytest.raises(NotFound):
            service.end(connection, daughter, wearer_id, geofence_id, NOW)


def test_an_ended_geofence_is_gone(connection: Connection, cast: Town) -> None:
    fence = add(connection, cast)
    daughter = viewer(cast.daughter)
    service.end(connection, daughter, cast.hana.id, fence.id, NOW)
    with pytest.raises(NotFound):
        service.end(connection, daughter, cast.hana.id, fence.id, NOW + timedelta(seconds=1))
    with pytest.raises(NotFound):
        service.shown(connection, daughter, cast.hana.id, fence.id, NOW)


def test_a_new_shape_takes_the_place_of_the_old_one(connection: Connection, cast: Town) -> None:
    fence = add(connection, cast)
    daughter = viewer(cast.daughter)
    drawn = service.change(connection, daughter, cast.hana.id, fence.id, GeofenceChange(shape=TRIANGLE), NOW)
    round_again = service.change(connection, daughter, cast.hana.id, fence.id, GeofenceChange(shape=CIRCLE), NOW)

    assert (None, None, CORNERS) == (drawn.centre, drawn.radius_m, drawn.corners)
    assert fence == round_again
    assert [fence] == of_hana(connection, cast)


def test_a_change_of_nothing_changes_nothing(connection: Connection, cast: Town) -> None:
    fence = add(connection, cast, TRIANGLE)

    assert fence == service.change(
        connection, viewer(cast.daughter), cast.hana.id, fence.id, GeofenceChange(), NOW + timedelta(days=1)
    )


@pytest.mark.parametrize(
    ("shape", "where"),
    [
        (Shape(), "shape"),
        (Shape(centre=HOME), "shape"),
        (Shape(radius_m=100.0), "shape"),
        (Shape(centre=HOME, radius_m=100.0, corners=CORNERS), "shape"),
        (Shape(centre=HOME, radius_m=RADIUS_M_MIN - 1), "shape.radius_m"),
        (Shape(centre=HOME, radius_m=RADIUS_M_MAX + 1), "shape.radius_m"),
        (Shape(corners=CORNERS[:2]), "shape.corners"),
        (Shape(corners=(CORNERS[0], CORNERS[1], CORNERS[1], CORNERS[2])), "shape.corners[2]"),
        (Shape(corners=(off(0, 0), off(100, 100), off(100, 0), off(0, 100))), "shape.corners[0]"),
    ],
)
def test_a_shape_that_is_none_is_refused_and_the_corner_named(
    connection: Connection, cast: Town, shape: Shape, where: str
) -> None:
    fence = add(connection, cast)
    for attempt in (
        lambda: add(connection, cast, shape),
        lambda: service.change(
            connection, viewer(cast.daughter), cast.hana.id, fence.id, GeofenceChange(shape=shape), NOW
        ),
    ):
        with pytest.raises(InvalidInput) as refusal:
            attempt()
        assert where == refusal.value.where

    assert [fence] == of_hana(connection, cast)


def test_a_schedule_is_kept_changed_and_taken_away(connection: Connection, cast: Town) -> None:
    daughter = viewer(cast.daughter)
    draft = GeofenceDraft(name="公園", shape=CIRCLE, schedule=(NIGHT, SCHOOL))
    fence = service.add(connection, daughter, cast.hana.id, draft, NOW)

    def changed(wanted: GeofenceChange) -> Geofence:
        one = service.change(connection, daughter, cast.hana.id, fence.id, wanted, NOW)
        assert [one] == of_hana(connection, cast)
        assert one == service.shown(connection, daughter, cast.hana.id, fence.id, NOW)
        return one

    assert [fence] == of_hana(connection, cast)
    assert (NIGHT, SCHOOL) == changed(GeofenceChange(name="畑")).schedule
    assert (SCHOOL,) == changed(GeofenceChange(schedule=(SCHOOL,))).schedule
    assert changed(GeofenceChange(schedule=None)).schedule is None


def test_access_points_are_kept_each_once_however_they_are_written(connection: Connection, cast: Town) -> None:
    daughter = viewer(cast.daughter)
    draft = GeofenceDraft(name="公園", shape=CIRCLE, access_points=("AA:BB:CC:DD:EE:01", "aa-bb-cc-dd-ee-01"))
    fence = service.add(connection, daughter, cast.hana.id, draft, NOW)
    ids = cast.hana.id, fence.id

    assert ("aabbccddee01",) == fence.access_points
    assert [fence] == of_hana(connection, cast)
    assert fence == service.change(connection, daughter, *ids, GeofenceChange(name="公園"), NOW)
    gone = service.change(connection, daughter, *ids, GeofenceChange(access_points=()), NOW)
    assert gone.access_points == ()
    assert gone == service.shown(connection, daughter, *ids, NOW)


@pytest.mark.parametrize("written", ["", "aabbccddee", "aabbccddeeff00", "aabbccddeegg", "00:00:00:00:00:00", "f" * 12])
def test_what_is_no_address_of_an_access_point_is_refused_and_named(
    connection: Connection, cast: Town, written: str
) -> None:
    draft = GeofenceDraft(name="x", shape=CIRCLE, access_points=("aabbccddee01", written))
    with pytest.raises(InvalidInput) as refusal:
        service.add(connection, viewer(cast.daughter), cast.hana.id, draft, NOW)

    assert refusal.value.where == "access_points[1]"


@pytest.mark.parametrize(
    ("schedule", "where"),
    [((), "schedule"), ((NIGHT, NIGHT), "schedule[1]"), ((replace(NIGHT, weekdays=0),), "schedule[0].weekdays")],
)
def test_a_schedule_that_is_none_is_refused_and_its_part_named(
    connection: Connection, cast: Town, schedule: tuple[Window, ...], where: str
) -> None:
    fence = add(connection, cast)
    daughter = viewer(cast.daughter)
    draft = GeofenceDraft(name="x", shape=CIRCLE, schedule=schedule)
    for attempt in (
        lambda: service.add(connection, daughter, cast.hana.id, draft, NOW),
        lambda: service.change(connection, daughter, cast.hana.id, fence.id, GeofenceChange(schedule=schedule), NOW),
    ):
        with pytest.raises(InvalidInput) as refusal:
            attempt()
        assert where == refusal.value.where

    assert [fence] == of_hana(connection, cast)


def test_there_are_never_too_many_geofences_of_one_wearer(
    connection: Connection, cast: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GEOFENCES_MAX", 3)
    fences = [add(connection, cast) for _ in range(2)]
    with pytest.raises(Conflict):
        add(connection, cast)
    service.end(connection, viewer(cast.daughter), cast.hana.id, fences[0].id, NOW)

    assert [fences[1], add(connection, cast)] == of_hana(connection, cast)


def test_geofences_come_in_pages_oldest_first(connection: Connection, cast: Town) -> None:
    fences = [add(connection, cast) for _ in range(4)]
    daughter = viewer(cast.daughter)
    first = service.listed(connection, daughter, cast.hana.id, None, 3, NOW)
    rest = service.listed(connection, daughter, cast.hana.id, first.items[-1].id, 3, NOW)

    assert first.next is not None
    assert rest.next is None
    assert fences == [*first.items, *rest.items][1:]


@pytest.mark.sqlite
def test_geofences_of_others_cost_nothing(connection: Connection, cast: Town) -> None:
    """One query for many wearers, straight to theirs in the index."""
    taro = households.create_wearer(connection, cast.hana.household_id, "太郎", by=cast.daughter.id, now=NOW)
    fence = add(connection, cast)
    with plans(connection) as steps:
        found = service.fences_of(connection, [cast.hana.id, taro.id])

    assert (fence, None) == (found[cast.hana.id][-1], found.get(taro.id))
    assert ["SEARCH geofence USING INDEX ix_geofence_wearer_id (wearer_id=?)"] == [
        step for step in steps if "geofence" in step
    ]


def test_a_point_of_a_fence_keeps_its_digits(connection: Connection, cast: Town) -> None:
    exact = Point(34.123456789012345, 134.98765432109876)
    add(connection, cast, Shape(centre=exact, radius_m=33.3))

    assert of_hana(connection, cast)[0].centre == exact
