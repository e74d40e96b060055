"""A database with all tables, the stand-in for FCM, and a real sender that talks to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.db.engine import FILE_NAME, sqlite_engine
from app.kit.clock import ManualClock
from app.migrations.schema import metadata
from app.push.channels.fcm import FcmSender
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("push")
    engine = sqlite_engine(folder)
    metadata.create_all(engine)
    engine.dispose()
    return folder / FILE_NAME


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def stand_in() -> Iterator[FcmStandIn]:
    stand_in = FcmStandIn()
    stand_in.start()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def credentials(stand_in: FcmStandIn, tmp_path: Path) -> str:
    return str(stand_in.write_credentials(tmp_path))


@pytest.fixture
async def fcm(stand_in: FcmStandIn, credentials: str, clock: ManualClock) -> AsyncIterator[FcmSender]:
    sender = FcmSender(credentials, clock, url=stand_in.url, timeout_s=5)
    yield sender
    await sender.close()
