"""The real application over a real database, asked as a phone or a browser would."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar.testing import TestClient
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import passwords, service
from app.accounts.model import Account, Role
from app.asgi import create_app
from app.asgi.application import Lifespan
from app.config import Settings
from app.db.engine import Database
from app.kit.clock import ManualClock
from app.kit.ids import CityId
from tests.build import NOW

PASSWORD = "correct horse battery"  # The same for everybody, so that it is hashed once.
HERE = CityId(282103)
ELSEWHERE = CityId(131016)
PEER_HEADER = "x-test-peer"
SECRET = b"the secret of the plain application of tests"

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@lru_cache(1)
def _password_hash() -> str:
    return passwords.hash_password(PASSWORD)


def make_account(connection: Connection, role: Role, name: str, city_id: CityId = HERE) -> Account:
    """An account whose e-mail address is its name at example.jp."""
    return service.add_account(
        connection,
        city_id=city_id,
        email=f"{name.lower()}@example.jp",
        name=name,
        role=role,
        password_hash=_password_hash(),
        language="ja",
        now=NOW,
    )


class Town(Struct):
    """A town with the real application: its database, its clock, a client, and people in two cities."""

    database: Database
    clock: ManualClock
    client: TestClient[Any]
    people: Mapping[str, Account]

    def headers_of(self, name: str) -> dict[str, str]:
        """What a phone sends on which this person is signed in."""
        with self.database.transaction() as connection:
            token = service.start_sign_in(connection, self.people[name].id, f"phone of {name}", self.clock(), 90)
        return {"Authorization": f"Bearer {token}"}


CAST = {
    "Hanako": (Role.FAMILY, HERE),
    "Taro": (Role.FAMILY, HERE),
    "Clerk": (Role.CLERK, HERE),
    "Operator": (Role.OPERATOR, HERE),
    "Boss": (Role.ADMINISTRATOR, HERE),
    "Faraway": (Role.FAMILY, ELSEWHERE),
    "Farclerk": (Role.CLERK, ELSEWHERE),
}


def as_peer(app: Asgi) -> Asgi:
    """The application, asked from the network address in a header of the test's own."""

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope.get("headers", ()):
            if name == PEER_HEADER.encode():
                scope["client"] = (value.decode(), 50_000)
        await app(scope, receive, send)

    return asked


def opened(database: Database) -> Lifespan:
    """Keeps the database open as long as the application runs."""

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        database.start()
        yield
        await database.stop()

    return running


@contextmanager
def town(where: Path | str, settings: Settings | None = None, **options: Any) -> Iterator[Town]:
    """A town whose application runs until the block ends; `options` go to `create_app`."""
    database = Database(where)
    clock = ManualClock(NOW)
    with database.transaction() as connection:
        service.create_city(connection, city_id=HERE, name="加古川市", zone="Asia/Tokyo", now=NOW)
        service.create_city(connection, city_id=ELSEWHERE, name="千代田区", zone="Asia/Tokyo", now=NOW)
        people = {name: make_account(connection, role, name, city) for name, (role, city) in CAST.items()}
    given = {"lifespan": [opened(database)], "detector_secret": SECRET} | options
    app = create_app(settings or Settings(), database, clock, **given)
    with TestClient(as_peer(app), base_url="https://town.example", raise_server_exceptions=False) as client:
        yield Town(database=database, clock=clock, client=client, people=people)
