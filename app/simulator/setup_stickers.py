"""Stickers come into the town, over the public API: the clerk enters a wearer into the SOS network, has a sheet printed
and hands it over; the family sticks one on her coat and writes what a helper will read.
"""

from datetime import datetime
from http import HTTPStatus

import httpx
from msgspec import Struct

from app.kit.calendar import local_date
from app.simulator.api import Api, ApiRefusal
from app.simulator.people import FAMILY, STAFF
from app.simulator.setup import Settled

WHOSE = "haru"
"""The wearer who does not come back by herself."""
SHEET = "glow-10"
UNTESTED = "デモのため、テストメールの確認を待たずに渡す"
CARD = {
    "nickname": "ハルさん",
    "helps": "ゆっくり、前から声をかけてください。「お茶にしましょう」と言うと落ち着きます。",
}


class Stuck(Struct, frozen=True, kw_only=True):
    """A sticker that is hers: what its QR holds and what is printed beside it."""

    url: str
    number: str
    wearer_id: str


async def give_stickers(http: httpx.AsyncClient, settled: Settled, now: datetime) -> list[Stuck]:
    """Hers, the one on her coat first; none where the address of the service is too long for a QR. Raises `ApiRefusal`
    when the service does not take it.
    """
    clerk, family = (Api(http, settled.accounts[one.key].token) for one in (STAFF["clerk"], FAMILY))
    wearer = next(one.wearer_id for one in settled.trackers if one.resident.person.key == WHOSE)
    try:
        printed = await clerk.table("/v1/sticker-batches", layout=SHEET, sheets=1)
    except ApiRefusal as error:
        if error.status == HTTPStatus.CONFLICT:
            return []
        raise
    entry = {"applied_by": "relative", "applicant": FAMILY.name, "police_since": local_date(now).isoformat()}
    await clerk.post(f"/v1/wearers/{wearer}/network", **entry, features="小柄。紺のコート")
    applied = {"kind": "first", "way": "desk", "applied_by": "relative", "applicant": FAMILY.name}
    issue = await clerk.post(f"/v1/wearers/{wearer}/sticker-issues", **applied, wanted=len(printed))
    numbers = [one["number"] for one in printed]
    await clerk.post(f"/v1/sticker-issues/{issue['id']}/hand-over", numbers=numbers, without_test=UNTESTED)
    hers = (await family.get(f"/v1/wearers/{wearer}/stickers"))["items"]
    on_coat = next(one["id"] for one in hers if one["number"] == numbers[0])
    await family.patch(f"/v1/wearers/{wearer}/stickers/{on_coat}", stuck_on="コート")
    await family.put(f"/v1/wearers/{wearer}/sticker-card", **CARD)
    return [Stuck(url=one["url"], number=one["number"], wearer_id=wearer) for one in printed]
