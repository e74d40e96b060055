"""The feed of a vendor goes to its hook in its order, at least once, whatever becomes of it and of us; nobody else's
tags do.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts.model import Role, Viewer
from app.accounts.tables import account as accounts_table
from app.config import Settings
from app.db.engine import Database
from app.embedded import running
from app.history import service as history
from app.hooks import service
from app.hooks.deliver import HookDeliverer
from app.hooks.model import Errand, Hook, Result
from app.hooks.pacing import GIVEN_UP_AFTER, POLL_S
from app.hooks.service import HOLD_S
from app.kit.clock import ManualClock
from app.pipeline import process
from app.push.channels.webhook.signing import hook_secret
from app.tags import service as tags
from tests.build import KAKOGAWA, NOW, VENDOR, account, viewer
from tests.contract.history.street import Street, at, body, street
from tests.contract.push.gateway import Gateway, a_gateway
from tests.waiting import until

SECRET = b"0123456789abcdef0123456789abcdef"
POLL = timedelta(seconds=POLL_S)


class Here(Struct, kw_only=True):
    """A street, the vendor of its tag, and the vendor's server."""

    database: Database
    clock: ManualClock
    street: Street
    vendor: Viewer
    server: Gateway
    hook: Hook

    @property
    def settings(self) -> Settings:
        return Settings(webhook_hosts=self.server.url)

    async def hears(self, *seconds: float) -> None:
        """The pole hears the tag at each of these seconds, as a passage of its own, and all of them are over."""

        def work(connection: Connection) -> None:
            for second in seconds:
                unit = body(self.street.gate, self.street.tag, [second])
                process(connection, [unit], unit.received_at)
            history.close_over(connection, at(max(seconds) + 10_000))

        await self.database.write(work)

    async def set_up(self, vendor: Viewer, path: str, cursor: int | None = None) -> Hook:
        url = f"{self.server.url}/{path}"

        def work(connection: Connection) -> Hook:
            hook = service.set_up(connection, vendor, url, self.server.url, cursor, self.clock())
            self.server.secrets[path] = hook_secret(SECRET, hook.id)  # Before anybody can post to it.
            return hook

        return await self.database.write(work)

    async def now(self) -> Hook:
        """The hook as it is."""
        hook = await self.database.read(lambda connection: service.hook_of(connection, self.vendor))
        assert hook is not None
        return hook

    async def feed(self) -> list[str]:
        """The ids of the whole feed, in its order."""
        part = await self.database.write(lambda c: history.feed(c, self.vendor, 0, 999, self.clock()))
        return [str(one.id) for one, _ in part.items]

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[HookDeliverer]:
        deliverer = HookDeliverer(self.database, self.settings, SECRET, self.clock, poll_s=0.02)
        deliverer.start()
        yield deliverer
        await deliverer.stop()

    async def round(self) -> None:
        """Everything that is due now is posted, or not, and written down."""
        async with self.delivering():
            await until(self.has_nothing_due)

    async def has_nothing_due(self) -> bool:
        due = await self.database.read(lambda connection: service.is_due(connection, self.clock()))
        hook = await self.now()
        return not due and (hook.off_at is not None or hook.next_at < self.clock() + timedelta(seconds=HOLD_S))

    def told(self, path: str = "vendor") -> list[str]:
        """The ids of what was taken, in order."""
        return [item["id"] for name, body in self.server.taken if name == path for item in body["data"]["items"]]


@pytest.fixture
def server() -> Iterator[Gateway]:
    with a_gateway({}, by_its_clock=False) as server:
        yield server


@pytest.fixture
async def here(database: Database, server: Gateway) -> Here:
    def prepare(connection: Connection) -> tuple[Street, Viewer]:
        there = street(connection)
        return there, viewer(account(connection, "vendor", VENDOR, Role.VENDOR))

    there, vendor = await database.write(prepare)
    clock = ManualClock(at(20_000))
    nothing: Any = None
    here = Here(database=database, clock=clock, street=there, vendor=vendor, server=server, hook=nothing)
    here.hook = await here.set_up(vendor, "vendor")
    return here


async def test_what_is_in_the_feed_and_what_comes_later_is_posted_in_its_order(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ITEMS_MAX", 3)
    await here.hears(*range(0, 700, 100))
    async with here.delivering():
        await until(lambda: len(here.told()) == 7)
        await here.hears(5_000)
        here.clock.pass_by(POLL)
        await until(lambda: len(here.told()) == 8)

    assert await here.feed() == here.told()
    parts = [told["data"]["items"] for _, told in here.server.taken]
    assert [3, 3, 1, 1] == [len(part) for part in parts]
    first, last = here.server.taken[0][1], here.server.taken[-1][1]
    assert ("passages", "東門") == (first["type"], first["data"]["items"][0]["detector_name"])
    assert (await here.now()).cursor == history.serial_of(last["data"]["next"])


async def test_a_server_that_is_away_gets_the_same_again_and_misses_nothing(here: Here) -> None:
    await here.hears(0, 100)
    here.server.is_away = {"vendor"}
    await here.round()
    failed = await here.now()
    assert ("HTTP 503", 0, 1) == (failed.error, failed.cursor, failed.failures)
    assert [] == here.told()

    here.server.is_away = set()
    await here.round()
    assert [] == here.told(), "it is left alone"
    here.clock.pass_by(failed.next_at - here.clock())
    await here.round()

    assert await here.feed() == here.told()
    assert 1 == len({headers["webhook-id"] for headers in here.server.headers})
    assert (None, None) == ((await here.now()).error, (await here.now()).failed_since)


async def test_a_part_that_has_grown_since_is_not_taken_for_the_one_before(here: Here) -> None:
    """Its answer was lost: whoever took it drops what comes under the same id, and must not drop what is new."""
    await here.hears(0)
    here.server.next = [(503, b"", {})]
    await here.round()
    await here.hears(5_000)
    here.clock.pass_by(timedelta(minutes=1))
    await here.round()

    first, second = (headers["webhook-id"] for headers in here.server.headers)
    assert first != second
    assert await here.feed() == here.told()


async def test_after_five_days_a_hook_is_given_up_and_goes_on_when_it_answers_a_test(here: Here) -> None:
    await here.hears(0)
    here.server.is_away = {"vendor"}
    await here.round()
    here.clock.pass_by(GIVEN_UP_AFTER)
    await here.round()
    given_up = await here.now()
    assert (here.clock(), "HTTP 503") == (given_up.off_at, given_up.error)

    here.server.is_away = set()
    here.clock.pass_by(timedelta(days=1))
    await here.round()
    assert [] == here.told()
    await here.database.write(lambda c: service.end_test(c, given_up, Result(), here.clock()))
    await here.round()

    assert await here.feed() == here.told()


async def test_who_says_gone_is_asked_no_more(here: Here) -> None:
    await here.hears(0)
    here.server.next = [(410, b"", {})]
    await here.round()

    assert here.clock() == (await here.now()).off_at


async def test_a_process_that_dies_between_post_and_commit_posts_the_same_again(here: Here) -> None:
    await here.hears(0, 100)
    here.server.open.clear()
    deliverer = HookDeliverer(here.database, here.settings, SECRET, here.clock, poll_s=0.02)
    deliverer.start()
    await until(lambda: len(here.server.taken) == 1)
    for task in deliverer._going:
        task.cancel()
    await deliverer.stop()
    here.server.open.set()
    before = here.told()

    async with here.delivering() as second:
        await until(lambda: second.looks > 3)
    assert before == here.told(), "another process may still be at it"
    here.clock.pass_by(timedelta(seconds=HOLD_S))
    await here.round()

    assert [*before, *before] == here.told()
    assert 1 == len({headers["webhook-id"] for headers in here.server.headers})
    assert await here.feed() == before


async def test_who_comes_back_after_its_time_writes_nothing_down(here: Here) -> None:
    """Another process took the hook over: what that one finds out counts."""
    await here.hears(0)
    first = await here.database.write(lambda connection: service.take(connection, here.clock()))
    assert await here.database.write(lambda connection: service.take(connection, here.clock())) is None
    here.clock.pass_by(timedelta(seconds=HOLD_S))
    second = await here.database.write(lambda connection: service.take(connection, here.clock()))
    assert isinstance(first, Errand)
    assert isinstance(second, Errand)

    late = await here.database.write(lambda c: service.settle(c, first, Result(), here.clock()))
    assert (None, 0) == (late, (await here.now()).cursor)
    in_time = await here.database.write(lambda c: service.settle(c, second, Result(), here.clock()))

    assert in_time == await here.now()
    assert second.next == (await here.now()).cursor


async def test_nobody_else_is_told_of_a_vendors_tags(here: Here) -> None:
    def others(connection: Connection) -> Viewer:
        tags.register_tag(
            connection, city_id=KAKOGAWA, vendor="Neuling", scheme="mac", identity="ac233fa00001", now=NOW
        )
        made = account(connection, "other", "Neuling", Role.VENDOR)
        connection.execute(sa.update(accounts_table).where(accounts_table.c.id == made.id).values(vendor="Neuling"))
        return viewer(made)

    other = await here.database.write(others)
    await here.set_up(other, "other")
    await here.hears(0, 100)
    await here.round()

    assert 2 == len(here.told())
    assert [] == here.told("other")


async def test_a_server_that_hangs_holds_up_no_other_one(here: Here) -> None:
    await here.hears(0)
    here.server.open.clear()
    with a_gateway({}, by_its_clock=False) as lively:
        hosts, url = f"{here.server.url},{lively.url}", f"{lively.url}/second"
        deliverer = HookDeliverer(here.database, Settings(webhook_hosts=hosts), SECRET, here.clock, poll_s=0.02)
        deliverer.start()
        await until(lambda: len(here.server.taken) == 1)

        def set_up(connection: Connection) -> Hook:
            second = viewer(account(connection, "vendor2", VENDOR, Role.VENDOR))
            hook = service.set_up(connection, second, url, hosts, None, here.clock())
            lively.secrets["second"] = hook_secret(SECRET, hook.id)
            return hook

        await here.database.write(set_up)
        await until(lambda: len(lively.taken) == 1)

        assert 0 == (await here.now()).cursor, "the first one still hangs"
        here.server.open.set()
        await deliverer.stop()


async def change(here: Here, **values: object) -> None:
    await here.database.write(
        lambda c: c.execute(
            sa.update(accounts_table).where(accounts_table.c.id == here.vendor.account_id).values(values)
        )
    )


@pytest.mark.parametrize("values", [{"disabled_at": NOW}, {"role": "family"}])
async def test_an_account_that_may_not_read_the_feed_gets_none(here: Here, values: dict[str, object]) -> None:
    await here.hears(0)
    await change(here, **values)
    async with here.delivering() as deliverer:
        await until(lambda: deliverer.looks > 3)

    assert [] == here.server.headers


async def test_a_host_that_is_allowed_no_more_is_not_asked(here: Here) -> None:
    await here.hears(0)
    deliverer = HookDeliverer(here.database, Settings(), SECRET, here.clock, poll_s=0.02)
    deliverer.start()
    await until(here.has_nothing_due)
    await deliverer.stop()

    assert "webhook_hosts" in str((await here.now()).error)
    assert [] == here.server.headers


async def test_a_hook_that_is_set_up_anew_under_way_goes_on_from_where_it_was(here: Here) -> None:
    await here.hears(0)
    here.server.open.clear()
    async with here.delivering():
        await until(lambda: len(here.server.taken) == 1)
        await here.set_up(here.vendor, "elsewhere")
        here.server.open.set()
        await until(lambda: len(here.told("elsewhere")) == 1)

    assert await here.feed() == here.told("elsewhere")


@pytest.mark.postgresql
async def test_two_processes_post_each_part_once(
    here: Here, where: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ITEMS_MAX", 1)
    await here.hears(*range(0, 2_000, 100))
    other = Database(where)
    other.start()
    second = HookDeliverer(other, here.settings, SECRET, here.clock, poll_s=0.01)
    second.start()
    async with here.delivering():
        await until(lambda: len(here.told()) >= 20)
    await second.stop()
    await other.stop()

    assert await here.feed() == here.told()


async def test_the_service_posts_by_itself(here: Here, where: Path | str) -> None:
    await here.hears(0, 100)
    database = {"data": str(where)} if isinstance(where, Path) else {"database": where}
    settings = Settings(webhook_hosts=here.server.url, detector_secret=SECRET.decode(), **database)
    async with running(settings, here.clock):
        await until(lambda: len(here.told()) == 2)

    assert await here.feed() == here.told()
