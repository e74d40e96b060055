"""The public API as one account uses it."""

import csv
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from app.kit.errors import MimamoriError

Json = dict[str, Any]


class ApiRefusal(MimamoriError):
    """The API did not do what was asked. `status` is HTTP's."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class LiveEvent(Struct, frozen=True):
    """One server-sent event: its name, its data, and its id where it has one."""

    name: str
    data: Json
    id: str | None = None


class Api:
    """Calls with one account's token. All calls of a town share one client."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: str | int) -> Json:
        """The thing at `path`. Raises `ApiRefusal`, and httpx's errors when nobody answers."""
        return _told(await self._http.get(path, params=query, headers=self._headers))

    async def post(self, path: str, **body: object) -> Json:
        """What came of it. Raises as `get`."""
        return _told(await self._http.post(path, json=body, headers=self._headers))

    async def table(self, path: str, **body: object) -> list[dict[str, str]]:
        """The rows of the CSV that is the answer to what was posted. Raises as `get`."""
        answer = await self._http.post(path, json=body, headers={**self._headers, "Accept": "text/csv"})
        _must_be_taken(answer)
        return list(csv.DictReader(answer.text.splitlines()))

    async def put(self, path: str, **body: object) -> Json:
        """What came of it. Raises as `get`."""
        return _told(await self._http.put(path, json=body, headers=self._headers))

    async def patch(self, path: str, **body: object) -> Json:
        """What came of it. Raises as `get`."""
        return _told(await self._http.patch(path, json=body, headers=self._headers))

    async def events(self, after: str | None = None) -> AsyncIterator[LiveEvent]:
        """Live events as they come, those after event `after` first. Ends when the server ends it."""
        headers = self._headers if after is None else {**self._headers, "Last-Event-ID": after}
        async with self._http.stream("GET", "/v1/events", headers=headers, timeout=None) as response:
            if response.status_code != httpx.codes.OK:
                raise ApiRefusal(response.status_code, "Live events are refused.")
            async for event in live_events(response.aiter_lines()):
                yield event


async def live_events(lines: AsyncIterator[str]) -> AsyncIterator[LiveEvent]:
    """The events in the lines of a stream (WHATWG HTML, server-sent events); comments carry nothing."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.partition(":")
        if line:
            fields[name] = value.removeprefix(" ")
            continue
        if fields.get("data"):
            yield LiveEvent(fields.get("event", "message"), msgspec.json.decode(fields["data"]), fields.get("id"))
        fields = {}


async def sign_in(http: httpx.AsyncClient, email: str, password: str, label: str) -> str:
    """A token for the account. Raises `ApiRefusal`."""
    told = _told(await http.post("/v1/sign-in", json={"email": email, "password": password, "label": label}))
    return str(told["token"])


def _told(response: httpx.Response) -> Json:
    _must_be_taken(response)
    return dict(response.json()) if response.content else {}


def _must_be_taken(response: httpx.Response) -> None:
    if response.is_success:
        return
    asked = f"{response.request.method} {response.request.url.path}"
    raise ApiRefusal(response.status_code, f"{asked}: {response.status_code} {response.text}")
