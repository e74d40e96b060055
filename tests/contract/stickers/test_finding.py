"""A sticker is found by its code, and only while it is on somebody's things."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.kit.errors import NotFound
from app.stickers import service
from app.stickers.model import StickerState
from tests.build import NOW, town, viewer
from tests.contract.stickers.build import a_code, a_sticker

NOT_IN_USE = [one for one in StickerState if one is not StickerState.ISSUED]


def test_the_code_finds_the_sticker_however_it_is_spelt(connection: Connection) -> None:
    here = town(connection)
    code = a_sticker(connection, here, number="AA0007")

    found = service.scanned(connection, code.lower().replace("0", "o"))

    assert found is not None
    assert (here.hana.id, "AA0007") == (found.sticker.wearer_id, found.sticker.number)


@pytest.mark.parametrize("state", NOT_IN_USE)
def test_no_other_state_is_found(connection: Connection, state: StickerState) -> None:
    code = a_sticker(connection, town(connection), state=state)

    assert service.scanned(connection, code) is None


@pytest.mark.parametrize("what", ["none", "unknown", *NOT_IN_USE])
def test_whatever_is_not_in_use_costs_the_same_one_query(connection: Connection, what: str) -> None:
    here = town(connection)
    code = {"none": "not a code", "unknown": a_code()}.get(what) or a_sticker(
        connection, here, state=StickerState(what)
    )
    asked: list[str] = []
    sa.event.listen(connection, "before_cursor_execute", lambda c, u, statement, *rest: asked.append(statement))

    service.scanned(connection, code)
    service.scanned(connection, a_code())

    assert 2 == len(asked)
    assert asked[0] == asked[1]


def test_a_viewer_sees_hers_who_manages_her_or_sees_her_alerts(connection: Connection) -> None:
    here = town(connection)
    a_sticker(connection, here, number="AA0001", state=StickerState.LOST)
    a_sticker(connection, here, number="AA0000")

    for one in (here.daughter, here.son, here.clerk):
        seen = service.hers(connection, viewer(one), here.hana.id, NOW)

        assert ["AA0000", "AA0001"] == [sticker.number for sticker in seen]
    for one in (here.outsider, here.stranger, here.operator):
        with pytest.raises(NotFound):
            service.hers(connection, viewer(one), here.hana.id, NOW)
