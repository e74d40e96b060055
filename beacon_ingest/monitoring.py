"""What NATS servers say of themselves over their monitoring: above all whether they sync before they acknowledge."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct, field

PATIENCE_S: Final = 5.0


class Server(Struct, frozen=True, kw_only=True):
    """One server as seen at a URL; `trouble` says why it was not seen, and then the rest means nothing."""

    url: str
    name: str = ""
    syncs: bool = False
    trouble: str = ""


class _Configuration(Struct):
    sync_always: bool = False


class _JetStream(Struct):
    config: _Configuration = field(default_factory=_Configuration)


class _Varz(Struct):
    server_name: str = ""
    jetstream: _JetStream = field(default_factory=_JetStream)


async def servers_at(urls: str) -> Sequence[Server]:
    """The servers whose monitoring is at these URLs, comma separated. Raises nothing."""
    import httpx  # Loaded when it is first needed.

    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:

        async def ask(url: str) -> Server:
            try:
                answer = (await client.get(f"{url.rstrip('/')}/varz")).raise_for_status()
                seen = msgspec.json.decode(answer.content, type=_Varz)
            except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as error:
                return Server(url=url, trouble=type(error).__name__)
            return Server(url=url, name=seen.server_name, syncs=seen.jetstream.config.sync_always)

        return await asyncio.gather(*(ask(one.strip()) for one in urls.split(",") if one.strip()))
