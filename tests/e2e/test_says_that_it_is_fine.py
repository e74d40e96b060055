"""She goes where she never was. Her daughter says from the message that it is fine there, and the same walk on the next
day, with the service begun anew, tells nobody; another one does, and so does the same once that was taken back.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.tables import account_address
from app.config import Settings, detector_secret
from app.geo import service as geo
from app.kit.ids import MessageId
from app.push.tables import message
from app.push.tokens import Purpose, Tokens
from app.watch import store
from app.watch.movement.closing import Learnt
from app.watch.movement.habits import encode
from app.watch.tables import habit_map
from tests.build import viewer
from tests.e2e.stage import Stage, Watch, at_home
from tests.unit.watch.movement.build import known_days

STEP_M = 70.0
"""A minute on foot."""
MINUTES = 11


def knows_her(stage: Stage, c: Connection) -> None:
    """Four weeks are learnt of her, of a way to the shop in the east; nobody drew a fence."""
    hana, now = stage.town.hana, stage.now
    for fence in geo.fences_of(c, [hana.id])[hana.id]:
        geo.end(c, viewer(stage.town.daughter), hana.id, fence.id, now)
    row = {"city_id": hana.city_id, "version": 1, "learnt_until": now, "due_at": now + timedelta(days=30)}
    c.execute(sa.insert(habit_map).values(wearer_id=hana.id, map=encode(known_days()), **row))
    (kept,) = store.load(c, {hana.id: hana.city_id}).values()
    kept.state.learnt = Learnt(version=1, until=now)
    store.save(c, [kept], [None])


async def walks(stage: Stage, watch: Watch, *, north: bool) -> None:
    """At home for a while, then north or south for as long as it takes to be told."""
    ways = [0.0] * 4 + [(STEP_M if north else -STEP_M) * minute for minute in range(1, MINUTES)]
    await reports(stage, watch, ways)


async def reports(stage: Stage, watch: Watch, ways: Sequence[float]) -> None:
    for north_m in ways:
        watch.say(at_home("UD", await stage.pass_by(1), north_m=north_m))
        assert "LK" == await watch.tell("LK,0,0,64")  # Answered in order: what was said before is stored by now.


async def is_home(stage: Stage, watch: Watch) -> None:
    """Home again, until noon of the next day."""
    await stage.pass_by(12)
    await reports(stage, watch, [0.0, 0.0])
    await stage.pass_by(24 * 60 - 40)


async def page_of(stage: Stage) -> str:
    """The page behind the link of a letter to the daughter about the newest alert."""
    mine = sa.select(account_address.c.address_id).where(account_address.c.account_id == stage.town.daughter.id)
    asks = message.c.kind.startswith("alert.unfamiliar") & message.c.address_id.in_(mine)
    newest = sa.select(message.c.id).where(asks).order_by(message.c.id.desc()).limit(1)
    key = MessageId(await stage.database.read(lambda c: c.execute(newest).scalar_one()))
    secret = detector_secret(Settings(data=str(stage.folder / "data")))
    return f"/a/{Tokens(secret).of(key, Purpose.ANSWER)}"


async def states(stage: Stage) -> list[str]:
    return [one["state"] for one in await stage.alerts(stage.town.son) if one["kind"] == "movement"]


async def test_the_same_walk_tells_nobody_once_it_was_said_to_be_fine(stage: Stage) -> None:
    await stage.write(lambda c: knows_her(stage, c))
    watch = await stage.connect_watch()
    await walks(stage, watch, north=True)
    (alert,) = await stage.alerts(stage.town.son)
    assert (["today", "here", "always"], "open") == (alert["fine"], alert["state"])
    assert "straight_on" in {reason["code"] for reason in alert["reasons"]}

    page = await stage.http.get(path := await page_of(stage))
    assert ["今日は知らせない", "この場所は知っている"] == re.findall(r"大丈夫です（([^）]*)）", page.text)
    said = await stage.http.post(f"{path}?fine=here")
    assert "大丈夫だと、ほかのかたにも伝えます" in said.text
    assert ["resolved"] == await states(stage)
    heard = f"{stage.town.hana.name}さんはその場所なら大丈夫とのことです（{stage.town.daughter.name}さん）"
    await stage.until(lambda: heard in [title for title, _ in stage.pushes(stage.town.son)])

    await is_home(stage, watch)
    await stage.fall()
    await stage.rise()
    watch = await stage.connect_watch()
    await walks(stage, watch, north=True)
    assert ["resolved"] == await states(stage)

    await is_home(stage, watch)
    await walks(stage, watch, north=False)
    assert ["resolved", "open"] == await states(stage)

    daughter = await stage.sign_in(stage.town.daughter)
    of_hana = f"/v1/wearers/{stage.town.hana.id}/allowances"
    (fine,) = (await daughter.get(of_hana)).json()["items"]
    assert ("here", "place", stage.town.daughter.name) == (fine["scope"], fine["kind"], fine["said_by"])
    assert 204 == (await daughter.delete(f"{of_hana}/{fine['id']}")).status_code

    await is_home(stage, watch)
    await walks(stage, watch, north=True)
    assert ["resolved", "resolved", "open"] == await states(stage)
