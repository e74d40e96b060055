"""Where somebody goes is learnt from the days that are over, through the real pipeline and the real jobs with a moved
clock, and what is unusual for her is told.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from app import jobs
from app.alerts.model import Alert
from app.alerts.store import alerts as alert_store
from app.config import Settings
from app.db.engine import open_engine
from app.geo import service as geo
from app.households import service as households
from app.kit.calendar import JST
from app.pipeline import process
from app.tags import service as tags
from app.watch import catalogue
from app.watch import service as watch
from app.watch.catalogue import decode_state, encode_state
from app.watch.model import Seen, Subject, WatchEvent
from app.watch.movement.closing import begin_of
from app.watch.movement.habits import DAYS, RESOLUTION, Habits, cell_at, decode
from app.watch.service import looking, remembering
from app.watch.tables import habit_map
from beacon_ingest.messages import Fix
from tests.build import HOME, KAKOGAWA, METRES_PER_DEGREE, NOW, VENDOR, Town, minutes, town, unit, viewer
from tests.contract.history.street import body, pole

SETTINGS = Settings()
FIRST = date(2026, 4, 1)
ONE = timedelta(days=1)
IDENTITY = "acfd065e-c3c0-11e3-9bbe-1a514932ac01/1/2"
RETENTION = timedelta(days=90)
METRES_PER_LON_DEGREE = METRES_PER_DEGREE * math.cos(math.radians(HOME.lat_deg))
STEP_M = 70.0
"""One minute on foot."""


class Story(Struct, kw_only=True):
    """Hana's days, on a store that everybody may close and open again."""

    where: Path | str
    engine: sa.Engine
    town: Town

    def begin_anew(self) -> None:
        """As after a restart: nothing is in memory."""
        self.engine.dispose()
        self.engine = open_engine(self.where)

    def hears(self, fixes: list[Fix], received_at: datetime | None = None) -> None:
        """Her watch says where it was; two hours in one transaction, unless all is heard together at `received_at`."""
        by_hour: dict[datetime, list[Fix]] = {}
        for fix in fixes:
            by_hour.setdefault(received_at or _hours(_at(fix)), []).append(fix)
        for some in by_hour.values():
            heard_at = received_at or _at(some[-1])
            units = [unit(self.town.watch, fix, received_at=heard_at) for fix in some]
            with self.engine.begin() as connection:
                process(connection, units, heard_at)

    def night_falls(self, day: date) -> datetime:
        """It is after four in the morning of the day after: what is due is done."""
        with self.engine.begin() as connection:
            learn(connection, day)
        return after(day)

    def lives(self, day: date) -> None:
        """An ordinary day, which is learnt in the night after."""
        self.hears(ordinary(day))
        self.night_falls(day)

    def lives_for(self, count: int) -> date:
        """So many ordinary days; the day after them."""
        for number in range(count):
            self.lives(FIRST + number * ONE)
        return FIRST + count * ONE

    def lives_until_known(self) -> date:
        """Four weeks of ordinary days; the day after them."""
        return self.lives_for(DAYS)

    def map(self) -> Habits:
        """Her habit map as it is stored."""
        with self.engine.begin() as connection:
            return self.map_of(connection)

    def map_of(self, connection: Connection) -> Habits:
        """The same, in somebody's transaction."""
        return decode(connection.execute(sa.select(habit_map.c.map)).scalar_one())

    def known_days(self) -> int:
        """How many days the rules know of her."""
        with self.engine.begin() as connection:
            kept = watch.load(connection, {self.town.hana.id: self.town.hana.city_id})
            subjects = remembering.with_habits(connection, kept, looking.subjects_of(connection, kept))
            known = subjects[self.town.hana.id].habits
        return 0 if known is None else known.days

    def looked_at(self, fixes: list[Fix], *, reload: bool) -> Iterator[WatchEvent]:
        """What rules would say of these fixes, nothing of which is kept; `reload`: the state and the map are read anew
        before each, as by a process that has just started.
        """
        who = {self.town.hana.id: self.town.hana.city_id}
        with self.engine.begin() as connection:
            state = watch.load(connection, who)[self.town.hana.id].state
            habits = self.map_of(connection)
            for one in fixes:
                if reload:
                    state, habits = decode_state(encode_state(state)), self.map_of(connection)
                subject = Subject(wearer_id=self.town.hana.id, habits=habits)
                at = _at(one).astimezone(UTC)  # As decoders give it.
                seen = Seen(
                    device_id=self.town.watch.id, at=at, received_at=at, lat_deg=one.lat_deg, lon_deg=one.lon_deg,
                    accuracy_m=10.0,
                )  # fmt: skip
                yield from catalogue.fold(state, [seen], subject, at)[0]

    def late(self) -> list[int]:
        """Days that are to be learnt anew."""
        with self.engine.begin() as connection:
            (kept,) = watch.load(connection, {self.town.hana.id: self.town.hana.city_id}).values()
        return [] if kept.state.learnt is None else kept.state.learnt.late

    def alerts(self) -> list[Alert]:
        """Alerts about movement, oldest first."""
        with self.engine.begin() as connection:
            found = alert_store.newest(connection, [self.town.hana.id], states=[], before=None, limit=100)
        return [one for one in reversed(found) if one.kind == "movement"]


def learn(connection: Connection, day: date) -> None:
    """What the jobs do in the night after a day."""
    for job in jobs.JOBS:
        if job.name in ("unknown", "habits"):
            job.work(connection, SETTINGS, after(day))


def after(day: date) -> datetime:
    """When everybody's day has been learnt."""
    return begin_of(day + ONE, JST) + timedelta(hours=1)


def cell(north_m: float, east_m: float) -> int:
    """Where that is in a map."""
    there = fix(NOW, north_m, east_m)
    return cell_at(there.lat_deg, there.lon_deg, RESOLUTION)


def _at(fix: Fix) -> datetime:
    assert isinstance(fix.at, datetime)
    return fix.at


def _hours(at: datetime) -> datetime:
    return at.replace(hour=at.hour // 2 * 2, minute=0)


def on(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of the clock in Japan."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JST)


def at_home(begin: datetime, end: datetime) -> list[Fix]:
    """A fix every hour."""
    count = int((end - begin) / minutes(60))
    return [fix(begin + minutes(60 * number), 0.0, 0.0) for number in range(count)]


def fix(at: datetime, north_m: float, east_m: float) -> Fix:
    """Where she is, from her door."""
    lat_deg, lon_deg = HOME.lat_deg + north_m / METRES_PER_DEGREE, HOME.lon_deg + east_m / METRES_PER_LON_DEGREE
    return Fix(device="1234567890", at=at, lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=10.0)


def walk(begin: datetime) -> list[Fix]:
    """To the shop 1,050 m in the north and back, within forty minutes."""
    there = [STEP_M * number for number in range(1, 16)]
    return [fix(begin + minutes(number), north_m, 0.0) for number, north_m in enumerate([*there, *there[::-1]])]


def stray(begin: datetime) -> list[Fix]:
    """At the shop she turns to the east, and goes on where she has never been."""
    there = walk(begin)[:15]
    return [*there, *(fix(begin + minutes(15 + n), 15 * STEP_M, STEP_M * (n + 1)) for n in range(45))]


def ordinary(day: date) -> list[Fix]:
    """At home, but for a walk at ten."""
    night, late = on(day, 4), on(day, 4) + timedelta(days=1)
    return [*at_home(night, on(day, 10)), *walk(on(day, 10)), *at_home(on(day, 11), late)]


@pytest.fixture
def story(where: Path | str) -> Iterator[Story]:
    engine = open_engine(where)
    with engine.begin() as connection:
        here = town(connection, NOW - timedelta(days=10))
        (garden,) = geo.fences_of(connection, [here.hana.id])[here.hana.id]
        geo.end(connection, viewer(here.daughter), here.hana.id, garden.id, NOW - timedelta(days=9))
    found = Story(where=where, engine=engine, town=here)
    yield found
    found.engine.dispose()


def test_who_strays_after_four_weeks_is_told_once_and_it_ends_at_home(story: Story) -> None:
    day = story.lives_until_known()
    assert ((DAYS, DAYS), []) == ((story.map().days, len(story.map().ordinals)), story.alerts())

    again, once = ([*story.looked_at(stray(on(day, 10)), reload=reload)] for reload in (True, False))
    assert (again, True) == (once, len(once) > 0)

    morning = at_home(on(day, 4), on(day, 10))
    for part in (morning, stray(on(day, 10))[:30], stray(on(day, 10))[30:]):
        story.hears(part)
        story.begin_anew()  # In the middle of her outing as well.
    assert ["open"] == [one.state for one in story.alerts()]
    assert {"unfamiliar_on_foot"} <= {reason.code for one in story.alerts() for reason in one.reasons}

    story.hears(at_home(on(day, 12), on(day, 14)))
    assert ["resolved"] == [one.state for one in story.alerts()]


def test_before_that_nothing_is_told(story: Story) -> None:
    day = story.lives_for(3)
    story.hears([*at_home(on(day, 4), on(day, 10)), *stray(on(day, 10))])

    assert (3, []) == (story.map().days, story.alerts())


def test_a_map_is_read_once_and_again_when_a_day_has_been_learnt(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    day = story.lives_for(2)
    read: list[int] = []
    real = remembering.decode

    def noted(encoded: bytes) -> Habits:
        read.append(real(encoded).days)
        return real(encoded)

    monkeypatch.setattr(remembering, "decode", noted)
    story.hears(at_home(on(day, 4), on(day, 10)))
    story.hears(walk(on(day, 10)))
    assert [2] == read

    story.hears(at_home(on(day, 12), on(day, 14)))
    story.night_falls(day)
    story.hears(at_home(on(day + ONE, 6), on(day + ONE, 14)))
    assert [2, 3] == read


def test_another_process_with_an_old_map_in_memory_uses_the_new_one(story: Story) -> None:
    day = story.lives_for(1)
    story.hears(at_home(on(day, 4), on(day, 8)))
    assert 1 == story.known_days()

    elsewhere = open_engine(story.where)
    with elsewhere.begin() as connection:
        learn(connection, day)
    elsewhere.dispose()

    assert 2 == story.known_days()


def test_a_day_is_learnt_once_however_often_the_job_looks(story: Story) -> None:
    day = story.lives_for(2)
    before = story.map()
    story.night_falls(day - ONE)
    assert before == story.map()

    story.hears(ordinary(day))
    now = story.night_falls(day)
    with story.engine.begin() as connection:
        assert [] == watch.work_out_days(connection, RETENTION, now)


def test_what_was_worked_out_and_not_kept_is_worked_out_again(story: Story) -> None:
    """As by a process that is killed in between."""
    day = story.lives_for(1)
    story.hears(ordinary(day))
    now = after(day)
    with story.engine.begin() as connection:
        first = watch.work_out_days(connection, RETENTION, now)
    story.begin_anew()
    with story.engine.begin() as connection:
        again = watch.work_out_days(connection, RETENTION, now)
        assert (first, 1) == (again, watch.keep_learnt(connection, again))
    with story.engine.begin() as connection:
        assert 0 == watch.keep_learnt(connection, first)  # The other one comes too late.
    assert 2 == story.map().days


def test_what_is_heard_while_it_is_worked_out_is_learnt_as_well(story: Story) -> None:
    day = story.lives_for(1)
    story.hears(ordinary(day)[:-1])
    with story.engine.begin() as connection:
        worked_out = watch.work_out_days(connection, RETENTION, after(day))
    story.hears([fix(on(day, 23, 30), 0.0, 900.0)], received_at=after(day))
    with story.engine.begin() as connection:
        assert 0 == watch.keep_learnt(connection, worked_out)

    story.night_falls(day)
    assert cell(0.0, 900.0) in story.map().cells


def test_what_comes_late_is_learnt_with_the_next_day(story: Story) -> None:
    day = story.lives_for(3)
    story.hears([fix(on(day - ONE, 15, n), 0.0, 900.0) for n in range(5)], received_at=on(day, 9))
    assert cell(0.0, 900.0) not in story.map().cells

    story.lives(day)
    known = story.map()
    assert [day.toordinal() - number for number in range(4)] == known.ordinals
    assert 0b10 == known.masks[known.cells.index(cell(0.0, 900.0))]
    assert [] == story.late()


def test_days_without_a_word_count_for_nothing(story: Story) -> None:
    """Nor do those of which nobody knows where she was: coarser than a cell."""
    day = story.lives_for(2)
    for number in range(3):
        coarse = [replace(one, accuracy_m=400.0) for one in at_home(on(day, 9), on(day, 12))]
        story.hears([replace(one, at=_at(one) + number * ONE) for one in coarse if number])
        story.night_falls(day + number * ONE)
    story.lives(day + 3 * ONE)

    assert [day.toordinal() + 3, day.toordinal() - 1, day.toordinal() - 2] == story.map().ordinals


def test_where_she_strays_does_not_become_her_own_while_she_is_gone(story: Story) -> None:
    day = story.lives_until_known()
    late = on(day + ONE, 2)
    story.hears([*at_home(on(day, 4), late), *stray(late)])
    lost_at = [fix(late + minutes(number), 15 * STEP_M, 46 * STEP_M) for number in range(60, 300, 10)]
    story.hears(lost_at)
    story.night_falls(day)
    assert ["open"] == [one.state for one in story.alerts()]
    assert cell(15 * STEP_M, 46 * STEP_M) not in story.map().cells
    assert day.toordinal() == story.map().ordinals[0]

    story.hears(at_home(on(day + ONE, 9), on(day + ONE, 23)))
    story.night_falls(day + ONE)
    assert cell(15 * STEP_M, 46 * STEP_M) in story.map().cells


def test_where_detectors_hear_her_tag_is_where_she_goes(story: Story) -> None:
    """By a tag alone, at a gate where she is from noon until six: there is no word of her leaving and coming back."""
    with story.engine.begin() as connection:
        gate = pole(connection, "東門", 900)
        tag = tags.register_tag(
            connection, city_id=KAKOGAWA, vendor=VENDOR, scheme="ibeacon", identity=IDENTITY, now=NOW - 2 * ONE
        )
        tags.assign_tag(connection, tag.id, story.town.hana.id, now=NOW - ONE)
        for begin_s in range(0, 6 * 3600, 300):
            heard = body(gate, tag, range(begin_s, begin_s + 300, 30))
            process(connection, [heard], heard.received_at)
        jobs.close_passages(connection, SETTINGS, NOW + timedelta(hours=8))
    story.night_falls(FIRST)

    known = story.map()
    assert ([cell(0.0, 900.0)], [0b110000]) == (list(known.cells), list(known.bands))


def test_who_is_no_longer_watched_has_no_map(story: Story) -> None:
    day = story.lives_for(1)
    story.hears(walk(on(day, 5)))
    with story.engine.begin() as connection:
        households.end_wearer(connection, viewer(story.town.daughter), story.town.hana.id, on(day, 9))
        jobs.carry_out_intents(connection, SETTINGS, on(day, 9))
    story.night_falls(day)

    with story.engine.begin() as connection:
        assert [] == connection.execute(sa.select(habit_map.c.wearer_id)).all()
    assert 0 == story.known_days()


def test_what_retention_forgets_the_map_forgets(story: Story) -> None:
    day = story.lives_for(3)
    with story.engine.begin() as connection:
        found = watch.work_out_days(connection, 3 * ONE, after(day))
        watch.keep_learnt(connection, found)
    assert [day.toordinal() - 1, day.toordinal() - 2] == story.map().ordinals

    with story.engine.begin() as connection:
        watch.keep_learnt(connection, watch.work_out_days(connection, 3 * ONE, after(day + 9 * ONE)))
    assert (0, []) == (story.map().days, list(story.map().cells))
