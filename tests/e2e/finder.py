"""Somebody kind on the street with a phone: no app, no sign-in, only what is on the sticker."""

import re
from collections.abc import Sequence
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Account
from app.stickers.tables import sticker
from tests.build import minutes
from tests.contract.stickers.build import a_sticker
from tests.e2e.stage import Stage

ONCE = re.compile(r'name="once" value="([^"]+)"')
OTHER_PHONE = "Mozilla/5.0 (Linux; Android 8.0) AppleWebKit/537.36 Mobile"


class Finder:
    """One phone, with its own cookies."""

    def __init__(self, stage: Stage, code: str, agent: str = "Mozilla/5.0 (iPhone) Mobile/15E148") -> None:
        headers = {"user-agent": agent, "accept-language": "ja"}
        self.code = code
        self.http = httpx.AsyncClient(transport=stage.http._transport, base_url="http://stage", headers=headers)

    async def scan(self) -> str:
        """The page behind the code; the form in it."""
        answer = await self.http.get(f"/s/{self.code}")
        assert answer.status_code == 200, answer.text
        found = ONCE.search(answer.text)
        return "" if found is None else found[1]

    async def tap(self, once: str = "") -> httpx.Response:
        """“I am with this person.”"""
        return await self.http.post(f"/s/{self.code}", data={"once": once or await self.scan()})

    async def board(self) -> str:
        """The board as she reads it."""
        return (await self.http.get("/s/board")).text

    async def say(self, **form: Any) -> httpx.Response:
        """Writes on it."""
        found = ONCE.search(await self.board())
        return await self.http.post("/s/board", data={"once": found[1] if found else ""} | form)

    async def report(self, words: str) -> httpx.Response:
        """Says that it is abused."""
        return await self.http.post("/s/board/report", data={"words": words})


async def on_her_coat(stage: Stage, number: str = "AA0000") -> str:
    """The code of a sticker on Hana's coat."""

    def give(connection: Connection) -> str:
        code = a_sticker(connection, stage.town, number=number, at=stage.now)
        connection.execute(sa.update(sticker).where(sticker.c.number == number).values(stuck_on="上着"))
        return code

    found: str = await stage.write(give)
    return found


async def boards(stage: Stage, account: Account) -> list[dict[str, Any]]:
    """The boards that somebody sees, oldest first."""
    answer = await (await stage.sign_in(account)).get("/v1/boards")
    assert answer.is_success, answer.text
    return list(reversed(answer.json()["items"]))


async def track(stage: Stage, account: Account) -> list[dict[str, Any]]:
    """Where Hana was in the last hour, as somebody reads it."""
    app = await stage.sign_in(account)
    span = {"from": (stage.now - minutes(60)).isoformat(), "until": (stage.now + minutes(1)).isoformat()}
    answer = await app.get(f"/v1/wearers/{stage.town.hana.id}/track", params=span)
    assert answer.is_success, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def titles(stage: Stage, account: Account) -> Sequence[str]:
    """What somebody's phone showed."""
    return [title for title, _ in stage.pushes(account)]
