"""An older version, checked out in a folder of its own, and this one beside it under load on one PostgreSQL and one NATS,
as in a town that upgrades: `make beside OLD=commit`. Nothing acknowledged is missing, nothing is there twice, nothing is a
dead letter.
"""

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import sqlalchemy as sa

from app.alerts.tables import alert
from app.db.postgres import postgres_engine
from app.db.tables import dead_letter
from app.history.tables import position
from app.simulator.fcm_standin import FcmStandIn
from app.watch.tables import watch_failure
from tests.broker import running_nats
from tests.build import PASSWORD
from tests.chaos.crew import PATIENCE_S, Cast, Phone, press
from tests.chaos.many import Process, environment, until_known, until_worked_off
from tests.postgres import running_postgres

PHONES, PRESSERS = 12, 12
PHASE_S = 3.0

_POPULATE = f"""
import sys, msgspec
from datetime import UTC, datetime, timedelta
from app.db.postgres import postgres_engine
from tests.chaos.crew import populated
start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=100)
with postgres_engine(sys.argv[1]).begin() as connection:
    print(msgspec.json.encode(populated(connection, start, {PHONES}, {PRESSERS})).decode())
"""


def of_version(folder: Path) -> dict[str, str]:
    """What lets Python take the code of a folder, wherever it runs."""
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def run(environment: dict[str, str], *arguments: str) -> str:
    """What a Python of that version says."""
    return subprocess.run(
        [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


async def sending(phone: Phone, cast: Cast, edges: list[Process]) -> None:
    """Sends places one after the other, to the edges in turn, as behind a proxy; what is not answered is sent again."""
    user = b64encode(f"{phone.device.external_id}:{phone.key}".encode()).decode()
    async with httpx.AsyncClient(headers={"Authorization": f"Basic {user}"}, timeout=PATIENCE_S) as client:
        for number in itertools.count():
            at = cast.start + timedelta(seconds=phone.sent)
            body = {
                "_type": "location",
                "tst": int(at.timestamp()),
                "lat": 34.757,
                "lon": 134.841,
                "acc": 10,
                "batt": 80,
            }
            with suppress(httpx.HTTPError):
                answer = await client.post(f"{edges[number % len(edges)].url}/ingest/owntracks", json=body)
                if answer.status_code == 200:
                    phone.acknowledged.add(phone.sent)
                    phone.sent += 1


async def pressing(number: int, cast: Cast, edges: list[Process]) -> None:
    """Each presses at another moment of the upgrade."""
    await asyncio.sleep(number * 5 * PHASE_S / PRESSERS)
    while not cast.pressers[number].answered:
        await press(cast.pressers[number], edges[number % len(edges)])  # type: ignore[arg-type]
        await asyncio.sleep(0.02)


async def ask(web: Process, cast: Cast) -> None:
    """Somebody asks for what matters."""
    async with httpx.AsyncClient(base_url=web.url) as client:
        body = {"email": cast.town.daughter.email, "password": PASSWORD}
        token = (await client.post("/v1/sign-in", json=body)).raise_for_status().json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        for path in ("/v1/me", "/v1/wearers", "/v1/alerts"):
            (await client.get(path)).raise_for_status()


async def upgrade(old: list[Process], new: list[Process], cast: Cast) -> None:
    """Old alone, both, one of the old again after a kill, the new alone, all under load."""
    edges = [old[2]]
    load = [asyncio.ensure_future(sending(phone, cast, edges)) for phone in cast.phones]
    presses = [asyncio.ensure_future(pressing(n, cast, edges)) for n in range(PRESSERS)]
    await asyncio.sleep(PHASE_S)
    for one in new:  # Webs, then workers, then edges: whoever reads before whoever writes.
        await one.start()
        await asyncio.gather(*(ask(web, cast) for web in (old[0], new[0]) if web.url))
        await asyncio.sleep(PHASE_S)
    await until_known(new[2])
    edges.append(new[2])
    await asyncio.sleep(PHASE_S)
    await old[1].end(signal.SIGKILL)
    try:
        await old[1].start()
        click.echo("old worker, killed: starts again on the newer tables")
    except AssertionError:
        click.echo("old worker, killed: does NOT start again on the newer tables")
    await asyncio.sleep(PHASE_S)
    edges.pop(0)
    click.echo(f"old processes end with {await asyncio.gather(*(one.end(signal.SIGTERM) for one in old))}")
    await asyncio.sleep(PHASE_S)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*presses)
    for task in load:
        task.cancel()
    await asyncio.wait(load)


def found(url: str, cast: Cast) -> dict[str, Any]:
    """What must be 0 but for the first two."""
    with postgres_engine(url).connect() as connection:
        rows = connection.execute(sa.select(position.c.device_id, position.c.fix_at)).all()
        stored = Counter((row.device_id, int((row.fix_at - cast.start).total_seconds())) for row in rows)
        alerts = Counter(connection.execute(sa.select(alert.c.wearer_id)).scalars())
        letters = connection.execute(sa.select(sa.func.count()).select_from(dead_letter)).scalar_one()
        failures = connection.execute(sa.select(sa.func.count()).select_from(watch_failure)).scalar_one()
    acknowledged = {(phone.device.id, number) for phone in cast.phones for number in phone.acknowledged}
    return {
        "acknowledged": len(acknowledged),
        "alerts": sum(alerts.values()),
        "missing": len(acknowledged - stored.keys()),
        "twice": sum(count - 1 for count in stored.values()),
        "alerts missing or twice": sum(alerts[one.wearer_id] != 1 for one in cast.pressers),
        "dead letters": letters,
        "failed rules": failures,
    }


async def main(old_folder: Path) -> int:
    """Runs it; how many things are wrong."""
    here = Path(__file__).parents[2]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimamori-beside-")))
        server = stack.enter_context(running_postgres())
        url = stack.enter_context(server.database("template0"))
        nats = await stack.enter_async_context(running_nats())
        phones = FcmStandIn()
        phones.start()
        stack.callback(phones.stop)
        shared = environment(url, nats, phones, folder)
        environments = [{**shared, **of_version(one)} for one in (old_folder, here)]
        run(environments[0], "-m", "app.cli", "migrate")
        cast = msgspec.json.decode(run(environments[0], "-c", _POPULATE, url), type=Cast)
        logs = [folder / "old", folder / "new"]
        for log in logs:
            log.mkdir()
        old, new = (
            [Process("web", log, one), Process("worker", log, one), Process("edge", log, one, "--tcp", "watch=0")]
            for one, log in zip(environments, logs, strict=True)
        )
        try:
            await asyncio.gather(*(one.start() for one in old))
            await until_known(old[2])
            await upgrade(old, new, cast)
            await until_worked_off(nats)
        finally:
            await asyncio.gather(*(one.end() for one in [*old, *new]))
        said = Counter(
            f"{log.name}/{file.stem} {json.loads(line).get('event') if line.startswith('{') else line[:100]}"
            for log in logs
            for file in log.glob("*.log")
            for line in file.read_text().splitlines()
        )
        result = found(url, cast)
    for line, count in sorted(said.items()):
        click.echo(f"{count:6} x {line}")
    click.echo(json.dumps(result))
    return sum(list(result.values())[2:])


if __name__ == "__main__":
    sys.exit(bool(asyncio.run(main(Path(sys.argv[1]).resolve()))))
