"""The daughter is far away and sends a guard from the board: whoever is with Hana reads that one comes."""

from tests.e2e.finder import Finder, boards, on_her_coat
from tests.e2e.stage import Stage
from tests.e2e.turnout import a_turnout


async def test_the_finder_reads_that_a_guard_comes(stage: Stage) -> None:
    turnout = await a_turnout(stage, crews=1)
    finder = Finder(stage, await on_her_coat(stage))
    await finder.tap()
    (board,) = await boards(stage, stage.town.daughter)
    assert not board["guard_comes"]
    before = await finder.board()

    await turnout.ask(alert=board["alert"])
    assert not (await boards(stage, stage.town.daughter))[0]["guard_comes"], "nobody has said yet that he goes"
    await turnout.accept(turnout.crews[0])

    assert (await boards(stage, stage.town.daughter))[0]["guard_comes"]
    shown = await finder.board()
    assert "警備" in shown
    assert "警備" not in before
    for hidden in ("1号", turnout.company.name, turnout.crews[0].guard.name):
        assert hidden not in shown
