"""A passer-by's phone: a browser without an account that scans a sticker and goes on as its pages let her."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.server import Site
from tests.browser.chromium import Chromium, Script, open_page
from tests.build import PASSWORD, Town

WIDTH, HEIGHT = 360, 640
AGENT = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
)


class Finder:
    """What a story has in its hands. Without script the page runs none of its own; what a test looks at runs beside
    it.
    """

    def __init__(self, chromium: Chromium, page: Script, site: Site, town: Town, code: str) -> None:
        self.chromium, self.page, self.site, self.town, self.code = chromium, page, site, town, code

    async def speaks(self, languages: str) -> None:
        await self.page.command(
            "Emulation.setUserAgentOverride", userAgent=AGENT, acceptLanguage=languages, platform="Android"
        )

    async def open(self, path: str) -> None:
        await self.page.command("Page.navigate", url=f"{self.site.base_url}{path}")
        await self.arrives()

    async def scan(self) -> None:
        await self.open(f"/S/{self.code}")

    async def arrives(self) -> None:
        """Waits until a page is there."""
        await self.page.until("document.readyState === 'complete' && location.protocol === 'http:'")

    async def press(self, button: str) -> None:
        """Presses, and waits until the page after it is there."""
        await self.page.run("window.before = true")
        await self.page.run(f"document.querySelector({json.dumps(button)}).click()")
        await self.page.until("!window.before && document.readyState === 'complete'")

    async def shows(self, words: str) -> None:
        """Waits until the words are to be read."""
        try:
            await self.page.until(f"document.body?.innerText.includes({json.dumps(words)})")
        except TimeoutError:
            raise AssertionError(f"it shows: {await self.page.run('document.body.innerText')}") from None

    async def text(self) -> str:
        found: str = await self.page.run("document.body.innerText")
        return found

    async def types(self, field: str, words: str) -> None:
        await self.page.run(f"document.querySelector({json.dumps(field)}).value = {json.dumps(words)}; true")

    async def where(self) -> str:
        found: str = await self.page.run("location.pathname")
        return found


class Family:
    """Her daughter, who answers over the API as her app does."""

    def __init__(self, client: httpx.AsyncClient, wearer: str) -> None:
        self.client, self.wearer = client, wearer

    async def board(self) -> dict[str, Any]:
        """The one board of her mother that goes on."""
        found = await self.get(f"/v1/boards?wearer={self.wearer}")
        (board,) = found["items"]
        one: dict[str, Any] = await self.get(f"/v1/boards/{board['id']}")
        return one

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


@asynccontextmanager
async def sign_in(site: Site, town: Town) -> AsyncIterator[Family]:
    async with httpx.AsyncClient(base_url=site.base_url) as client:
        given = {"email": town.daughter.email, "password": PASSWORD, "label": "phone"}
        answer = await client.post("/v1/sign-in", json=given)
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield Family(client, str(town.hana.id))


async def a_finder(chromium: Chromium, site: Site, town: Town, code: str, *, script: bool) -> Finder:
    page = await open_page(chromium)
    await page.command(
        "Emulation.setDeviceMetricsOverride", width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=True
    )
    if not script:
        await page.command("Emulation.setScriptExecutionDisabled", value=True)
    finder = Finder(chromium, page, site, town, code)
    await finder.speaks("en")
    return finder
