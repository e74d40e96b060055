"""Hana has a contract by which a guard is sent; a security company has units on duty; and phones of all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
from msgspec import Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Account
from app.dispatch.units import Company, Unit
from app.kit.ids import AccountId, new_id
from app.programmes.scheme import Scheme
from app.programmes.store import usage
from app.push.model import AddressKind, Channel
from tests.contract.dispatch.build import a_company, a_guard, a_unit, is_at, on_duty
from tests.e2e.stage import Stage
from tests.enrolled import enrol


class Crew(Struct, kw_only=True):
    """A unit of one guard, and his app."""

    unit: Unit
    guard: Account
    app: httpx.AsyncClient


class Turnout:
    """What a story of a turn-out has in its hands: the family's apps, the desk's, and those of the crews."""

    def __init__(self, stage: Stage, company: Company, crews: Sequence[Crew], contract_id: Any) -> None:
        self.stage, self.company, self.crews, self.contract_id = stage, company, crews, contract_id
        self.daughter: httpx.AsyncClient
        self.son: httpx.AsyncClient
        self.operator: httpx.AsyncClient
        self.id = ""

    @property
    def path(self) -> str:
        return f"/v1/dispatches/{self.id}"

    async def quote(self) -> str:
        """What the price is called that the daughter is shown now."""
        shown = ok(await self.daughter.get(f"/v1/wearers/{self.stage.town.hana.id}/quote"))
        found: str = shown["id"]
        return found

    async def ask(self, app: httpx.AsyncClient | None = None, status: int = 200, **more: Any) -> dict[str, Any]:
        """A contact presses the button, having seen the price."""
        body = {"key": new_id().hex} | ({} if "quote" in more else {"quote": await self.quote()}) | more
        answer = await (app or self.daughter).post(f"/v1/wearers/{self.stage.town.hana.id}/dispatches", json=body)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        self.id = found.get("id", self.id)
        return found

    async def offers(self, crew: Crew) -> list[dict[str, Any]]:
        """What a guard is asked."""
        items: list[dict[str, Any]] = ok(await crew.app.get("/v1/offers"))["items"]
        return items

    async def asked(self) -> list[int]:
        """Which crews have an offer that is open."""
        return [
            number
            for number, crew in enumerate(self.crews)
            if any(one["state"] == "open" for one in await self.offers(crew))
        ]

    async def accept(self, crew: Crew, status: int = 200) -> dict[str, Any]:
        """The guard says that he goes."""
        offer = (await self.offers(crew))[-1]
        answer = await crew.app.post(f"/v1/offers/{offer['id']}/accept", json={"key": new_id().hex})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def step(
        self, crew: Crew, step: str, at: datetime | None = None, status: int = 200, key: str = "", **more: Any
    ) -> dict[str, Any]:
        """What the guard's phone reports."""
        body = {"key": key or new_id().hex, "step": step, "at": (at or self.stage.now).isoformat()} | more
        answer = await crew.app.post(f"{self.path}/steps", json=body)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, app: httpx.AsyncClient | None = None) -> dict[str, Any]:
        """The turn-out as somebody sees it."""
        found: dict[str, Any] = ok(await (app or self.daughter).get(self.path))
        return found

    async def lines(self) -> list[dict[str, Any]]:
        """The timeline, as the daughter reads it."""
        items: list[dict[str, Any]] = ok(await self.daughter.get(f"{self.path}/timeline"))["items"]
        return items

    async def said(self) -> list[str]:
        """What the lines of the timeline say, in order."""
        return [one["what"] for one in await self.lines()]

    async def usage(self) -> Any:
        """What counts of this turn-out for the bill; None for nothing."""
        return await self.stage.database.read(lambda c: usage.standing(c, f"dispatch:{self.id}"))

    def titles(self, one: Account) -> list[str]:
        """The titles of what reached somebody's phone."""
        return [title for title, _ in self.stage.pushes(one)]

    async def told(self, one: Account, title: str) -> None:
        """Waits until somebody's phone has shown this."""
        await self.stage.until(lambda: any(title in shown for shown in self.titles(one)))


def ok(answer: httpx.Response) -> Any:
    """What was answered, which must be a success."""
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def a_turnout(
    stage: Stage, crews: int = 7, scheme: Scheme | None = None, company: str = "guards", *, enrolled: bool = True
) -> Turnout:
    """So many guards on duty, one each 300 m farther north of Hana's home; she has a contract, the company serves it.
    Not `enrolled`: the contract is yet to be entered.
    """

    def prepare(c: Connection) -> tuple[Company, list[tuple[Unit, Account]], Any]:
        serving = a_company(c, company, created_at=stage.now)
        made = []
        for number in range(crews):
            guard = a_guard(c, serving, f"guard-{number}")
            unit = a_unit(c, serving, f"{number + 1}号", created_at=stage.now)
            on_duty(c, unit, guard, stage.now)
            is_at(c, unit, guard, 300.0 * (number + 1), stage.now)
            _phone(c, guard, stage.now)
            made.append((unit, guard))
        _phone(c, stage.town.operator, stage.now)
        contract = enrol(c, stage.town.hana, stage.now, scheme) if enrolled else None
        return serving, made, None if contract is None else contract.id

    serving, made, contract_id = await stage.write(prepare)
    apps = [Crew(unit=unit, guard=guard, app=await stage.sign_in(guard)) for unit, guard in made]
    turnout = Turnout(stage, serving, apps, contract_id)
    turnout.daughter = await stage.sign_in(stage.town.daughter)
    turnout.son = await stage.sign_in(stage.town.son)
    turnout.operator = await stage.sign_in(stage.town.operator)
    return turnout


def _phone(connection: Connection, one: Account, now: datetime) -> None:
    accounts.add_address(
        connection, AccountId(one.id), Channel.FCM, AddressKind.TOKEN, f"phone-of-{one.email}", "ja", now,
        shows_details=True,
    )  # fmt: skip
