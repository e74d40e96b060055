"""A thread nobody closed is over after hours; whoever kept the address of the sticker begins anew and reads nothing old.
After a month nothing of it is left.
"""

import sqlalchemy as sa

from app.config import Settings
from app.jobs import forget
from app.stickers.tables import sticker_line, sticker_thread
from tests.build import minutes
from tests.e2e.finder import OTHER_PHONE, Finder, boards, on_her_coat
from tests.e2e.stage import Stage


async def test_an_expired_thread_and_a_bookmarked_code(stage: Stage) -> None:
    code = await on_her_coat(stage)
    finder = Finder(stage, code)
    await finder.tap()
    await finder.say(words="白い帽子です")
    await stage.pass_by(12 * 60 + 1)
    assert ["expired"] == [one["state"] for one in await boards(stage, stage.town.daughter)]
    assert "白い帽子" not in await finder.board()

    later = Finder(stage, code, OTHER_PHONE)
    await later.tap()
    assert "白い帽子" not in await later.board()
    assert ["expired", "open"] == [one["state"] for one in await boards(stage, stage.town.daughter)]

    await stage.pass_by(24 * 60)
    secrets = sa.select(sticker_thread.c.secret_hash, sticker_thread.c.mark).order_by(sticker_thread.c.id)
    kept = await stage.database.read(lambda c: c.execute(secrets).all())
    assert (None, None) == tuple(kept[0]), "her secret and her mark are gone"

    now = stage.now + 32 * minutes(24 * 60)
    await stage.write(lambda c: forget(c, Settings(), now))
    assert [] == await stage.database.read(lambda c: c.execute(sa.select(sticker_thread)).all())
    assert [] == await stage.database.read(lambda c: c.execute(sa.select(sticker_line)).all())
