"""A clock that stands still, the stand-in for FCM, and a real sender that talks to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.kit.clock import ManualClock
from app.push.channels.fcm.sender import FcmSender
from app.push.channels.webpush.sender import WebPushSender
from app.simulator.fcm_standin import FcmStandIn
from tests.build import NOW
from tests.webpush import PushService


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


@pytest.fixture
def service() -> Iterator[PushService]:
    service = PushService()
    yield service
    service.stop()


@pytest.fixture
async def webpush(service: PushService, clock: ManualClock) -> AsyncIterator[WebPushSender]:
    sender = WebPushSender(b"s" * 32, "mailto:office@example.jp", clock, hosts=service.url, timeout_s=5)
    yield sender
    await sender.close()
