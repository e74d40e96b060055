"""Two vendors read where their own tags passed, each by its cursor, and nothing of the other's."""

from typing import Any

import httpx

from app.accounts import service as accounts
from app.accounts.model import Account, Role
from tests.build import KAKOGAWA, PASSWORD, VENDOR
from tests.e2e.school import School, heard, registered_tag, taken, until_known
from tests.e2e.stage import Stage

OTHER = "Kirari"


def vendor(name: str, of: str, stage: Stage) -> Any:
    """The work that adds the account of a vendor."""

    def work(connection: Any) -> Account:
        return accounts.create_account(
            connection, city_id=KAKOGAWA, email=f"{name}@example.org", name=name, role=Role.VENDOR, password=PASSWORD,
            vendor=of, now=stage.now,
        )  # fmt: skip

    return work


async def read(app: httpx.AsyncClient, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Part of the feed, and where to go on."""
    told = taken(await app.get("/v1/passages", params={"limit": limit} | ({"cursor": cursor} if cursor else {})))
    return told["items"], told["next"]


async def test_each_vendor_reads_the_passages_of_its_tags_once_and_nobody_elses(morning: Stage, school: School) -> None:
    theirs = await registered_tag(school.clerk, 7, school.taro, OTHER)
    second = await registered_tag(school.clerk, 8)
    await until_known(morning, school.gate)
    aruku = await morning.sign_in(await morning.write(vendor("aruku", VENDOR, morning)))
    kirari = await morning.sign_in(await morning.write(vendor("kirari", OTHER, morning)))
    assert [] == (await read(aruku, None, 9))[0]

    for pole in (school.gate, school.corner):
        taken(await morning.gateway(pole, [heard(), heard(minor=7), heard(minor=8)]))
    assert [] == (await read(aruku, None, 9))[0], "a passage is not over while it may go on"
    await morning.pass_by(10)

    first, cursor = await read(aruku, None, 3)
    rest, cursor = await read(aruku, cursor, 3)
    nothing, last = await read(aruku, cursor, 3)
    assert (3, 1, 0) == (len(first), len(rest), len(nothing))
    assert 4 == len({one["id"] for one in (*first, *rest)})
    assert {(tag, pole.id) for tag in (school.tag, second) for pole in (school.gate, school.corner)} == {
        (one["tag"], one["detector"]) for one in (*first, *rest)
    }
    other, cursor_of_other = await read(kirari, None, 9)
    assert {(theirs, school.gate.id), (theirs, school.corner.id)} == {(one["tag"], one["detector"]) for one in other}
    assert [] == (await read(kirari, last, 9))[0], "the place in one feed shows nothing of it in another"

    taken(await morning.gateway(school.gate, [heard(), heard(minor=7)]))
    late = {"at": morning.now.timestamp() - 3 * 3600, **heard(minor=8)}
    taken(await morning.gateway(school.gate, [late]))  # It kept this for three hours.
    await morning.pass_by(10)
    news, _ = await read(aruku, last, 9)
    assert {school.tag, second} == {one["tag"] for one in news}
    assert [theirs] == [one["tag"] for one in (await read(kirari, cursor_of_other, 9))[0]]

    for tag_id, status in ((school.tag, 404), (theirs, 200)):
        assert status == (await kirari.get(f"/v1/tags/{tag_id}/passages")).status_code
    for nobody in (morning.town.daughter, morning.town.clerk):
        assert 403 == (await (await morning.sign_in(nobody)).get("/v1/passages")).status_code
