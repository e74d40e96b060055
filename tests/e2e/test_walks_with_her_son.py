"""She wears a tag and nothing else, her son has a tag of his own. At night they walk together past the town's poles, and
nobody is told; on the next night he has taken his word back, and she is told of, whoever walks with her.
"""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from app.geo import service as geo
from app.geo.model import GeofenceChange
from app.history.tables import contact_heard, open_passage, passage
from app.kit.calendar import JST
from tests.build import viewer
from tests.e2e.school import heard, registered_detector, registered_tag, taken, until_known
from tests.e2e.stage import Receiver, Stage

HERS, HIS = 11, 12


async def walk(stage: Stage, poles: Sequence[Receiver]) -> None:
    """Both come by one pole after the other, five minutes apart."""
    for one in poles:
        await stage.pass_by(5)
        taken(await stage.gateway(one, [heard(stage.now, HERS), heard(stage.now, HIS)]))
    await stage.pass_by(1)


async def test_who_walks_with_her_by_tag_is_company_until_he_takes_it_back(stage: Stage) -> None:
    here = stage.town
    clerk, son, daughter = [await stage.sign_in(one) for one in (here.clerk, here.son, here.daughter)]
    poles = [await registered_detector(clerk, f"{metres} m", north_m=metres) for metres in (350, 700, 1_050, 1_400)]
    (garden,) = (await stage.database.read(lambda c: geo.fences_of(c, [here.hana.id])))[here.hana.id]
    quiet = GeofenceChange(tell_exit=False)  # What is told is the walk.
    await stage.write(lambda c: geo.change(c, viewer(here.daughter), here.hana.id, garden.id, quiet, stage.now))
    await registered_tag(clerk, HERS, here.hana)
    his = await registered_tag(clerk, HIS)
    (own,) = taken(await son.get("/v1/contacts"))["items"]
    lend = {"contact_id": own["id"]}
    assert 409 == (await clerk.put(f"/v1/tags/{his}/contact", json=lend)).status_code
    agreed = {"shares_place": True}
    taken(await son.put(f"/v1/contacts/{own['id']}/shares-place", json=agreed))
    lent = taken(await clerk.put(f"/v1/tags/{his}/contact", json=lend))
    assert (None, own["id"]) == (lent["wearer"], lent["contact"]["contact_id"])
    assert his in [one["id"] for one in taken(await son.get("/v1/tags"))["items"]]
    assert 404 == (await daughter.get(f"/v1/tags/{his}")).status_code
    await until_known(stage, poles[-1])

    await until_eleven(stage)
    await walk(stage, poles)
    told = taken(await daughter.get(f"/v1/wearers/{here.hana.id}/quiet"))
    assert here.son.name == told["company"]["name"]
    assert [] == [one for one in await stage.alerts(here.daughter) if one["kind"] == "movement"]
    await nobody_can_read_where_he_was(stage, his, poles)

    taken(await son.put(f"/v1/contacts/{own['id']}/shares-place", json={"shares_place": False}))
    await stage.pass_by(1)
    assert None is taken(await clerk.get(f"/v1/tags/{his}"))["contact"]
    assert 0 == await stage.database.read(
        lambda c: c.execute(sa.select(sa.func.count()).select_from(contact_heard)).scalar_one()
    )
    await until_eleven(stage)
    await walk(stage, poles)
    assert ["movement"] == [one["kind"] for one in await stage.alerts(here.daughter) if one["kind"] == "movement"]


async def until_eleven(stage: Stage) -> None:
    """Lets time go by until eleven at night."""
    local = stage.now.astimezone(JST)
    night = local.replace(hour=23, minute=0)
    await stage.pass_by((night + timedelta(days=night <= local) - local) / timedelta(minutes=1))


async def nobody_can_read_where_he_was(stage: Stage, his: str, poles: Sequence[Receiver]) -> None:
    """It is in no history, and so in no answer and no feed that is made of one."""
    for table in (open_passage, passage):
        query = sa.select(table.c.tag_id)
        tag_ids = await stage.database.read(lambda c, query=query: c.execute(query).scalars().all())
        assert his not in [str(one) for one in tag_ids]
    clerk = await stage.sign_in(stage.town.clerk)
    for one in poles:
        seen = taken(await clerk.get(f"/v1/detectors/{one.id}/passages"))["items"]
        assert 1 == len(seen)  # Hers.
    assert [] == taken(await clerk.get(f"/v1/tags/{his}/passages"))["items"]
