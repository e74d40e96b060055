"""What the family says of one day, and what is told and learnt of the next: through the real pipeline and jobs."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import Alert
from app.alerts.service import acting
from app.db.engine import open_engine
from app.devices import service as devices
from app.geo import service as geo
from app.households import service as households
from app.households.tables import contact
from app.kit.ids import AlertId, ContactId, new_id
from app.pipeline import process
from app.watch import service as watch
from app.watch.movement.allowances import FineScope
from beacon_ingest.messages import Fix
from tests.build import KAKOGAWA, NOW, minutes, town, unit, viewer
from tests.contract.watch.test_habits import ONE, SETTINGS, STEP_M, Story, at_home, fix, on, stray, walk


@pytest.fixture
def days(where: Path | str) -> Iterator[Story]:
    """Hana's days, without a fence."""
    engine = open_engine(where)
    with engine.begin() as connection:
        here = town(connection, NOW - timedelta(days=10))
        (garden,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
        geo.end(connection, viewer(here.daughter), here.hana.id, garden.id, NOW - timedelta(days=9))
    found = Story(where=where, engine=engine, town=here)
    yield found
    found.engine.dispose()


def strays(days: Story, day: date) -> Alert:
    """She goes where she has never been, for a quarter of an hour; the alert of that."""
    days.hears([*at_home(on(day, 4), on(day, 10)), *stray(on(day, 10))[:30]])
    return days.alerts()[-1]


def fine(days: Story, one: Alert, scope: FineScope, day: date, hour: int = 10, minute: int = 31) -> None:
    with days.engine.begin() as connection:
        acting.fine(connection, viewer(days.town.daughter), one.id, scope, on(day, hour, minute))


def southwards(day: date) -> list[Fix]:
    return [fix(on(day, 10) + minutes(n), -STEP_M * (n + 1), 0.0) for n in range(30)]


def test_the_same_walk_on_the_next_day_tells_nobody_and_another_one_does(days: Story) -> None:
    day = days.lives_until_known()
    fine(days, strays(days, day), FineScope.HERE, day)
    days.hears(at_home(on(day, 12), on(day, 23)))
    assert ["resolved"] == [one.state for one in days.alerts()]

    next_day = day + ONE  # What she did was not learnt yet: it is known because it was said.
    days.begin_anew()
    days.hears([*at_home(on(next_day, 4), on(next_day, 10)), *stray(on(next_day, 10))[:30]])
    days.hears(at_home(on(next_day, 12), on(next_day, 23)))
    assert 1 == len(days.alerts())

    later = next_day + ONE
    days.hears([*at_home(on(later, 4), on(later, 10)), *southwards(later)])
    assert ["resolved", "open"] == [one.state for one in days.alerts()]


@pytest.mark.parametrize(
    ("answer", "counts"), [("nobody", True), ("acknowledge", False), ("cancel", True), ("fine", True)]
)
def test_a_day_on_which_she_really_strayed_makes_nothing_usual(days: Story, answer: str, counts: bool) -> None:
    day = days.lives_for(9)
    days.hears([*at_home(on(day, 4), on(day, 10)), *walk(on(day, 10))])
    ordinary = days.night_falls(day) and _peak(days)
    day += ONE
    one = _told(days, day)
    with days.engine.begin() as connection:
        daughter = viewer(days.town.daughter)
        if answer != "nobody":
            acting.acknowledge(connection, daughter, one.id, on(day, 22, 10))
        if answer == "cancel":
            acting.cancel(connection, daughter, one.id, on(day, 22, 20))
    if answer == "fine":
        fine(days, one, FineScope.TODAY, day, 22, 20)
    days.hears(at_home(on(day, 23), on(day, 23) + minutes(181)))
    days.night_falls(day)

    assert (_peak(days) > ordinary) is counts


def _told(days: Story, day: date) -> Alert:
    """Rules do not speak of somebody new, but that she leaves in the night: the alert is of that."""
    days.hears([*at_home(on(day, 4), on(day, 10)), *stray(on(day, 10))])
    days.hears(at_home(on(day, 12), on(day, 22)))
    days.hears([fix(on(day, 22) + minutes(n), STEP_M * (n + 1), 0.0) for n in range(6)])
    return days.alerts()[-1]


def _peak(days: Story) -> int:
    return days.map().peaks.get("unfamiliar_on_foot", b"\0")[0]


@pytest.mark.parametrize(("how", "is_told"), [("alone", True), ("fine", False), ("in company", False)])
def test_who_vanishes_is_told_of_unless_that_is_fine_or_somebody_is_with_her(
    days: Story, how: str, is_told: bool
) -> None:
    day = days.lives_until_known()
    here = days.town
    fixes = [*at_home(on(day, 4), on(day, 10)), *stray(on(day, 10))[:23]]
    with days.engine.begin() as connection:
        if how == "fine":
            told = watch.Told(
                alert_id=AlertId(new_id()), wearer_id=here.hana.id, subject="home", happened_at=on(day, 9), reasons=(),
                place=None,
            )  # fmt: skip
            watch.allow(connection, viewer(here.daughter), told, FineScope.TODAY, on(day, 9))
        if how == "in company":
            is_with_her(connection, days, fixes[-1])
    days.hears(fixes)
    with days.engine.begin() as connection:
        jobs.judge_silence(connection, SETTINGS, on(day, 10, 45))

    assert is_told is ("vanished" in {reason.code for one in days.alerts() for reason in one.reasons})


def is_with_her(connection: Connection, days: Story, her: Fix) -> None:
    """Her son's phone was where she was last."""
    here = days.town
    mine = sa.select(contact.c.id).where(contact.c.account_id == here.son.id)
    son = ContactId(connection.execute(mine).scalar_one())
    households.share_place(connection, viewer(here.son), son, True, NOW - ONE)
    phone, _ = devices.enrol(
        connection, city_id=KAKOGAWA, format="owntracks", external_id="son", name="phone", now=NOW - ONE
    )
    devices.assign(connection, phone.id, contact_id=son, now=NOW - ONE)
    assert isinstance(her.at, datetime)
    process(connection, [unit(phone, msgspec.structs.replace(her, device="son"), received_at=her.at)], her.at)
