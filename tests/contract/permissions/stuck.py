"""An application for stickers, a sticker that a wearer has, and one in stock."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.accounts.model import Viewer
from app.households.model import Wearer
from app.kit.ids import AccountId, WearerId, new_id
from app.programmes.register import Applicant
from app.stickers.issuing import Asked, Issue, Kind
from app.stickers.model import StickerState
from app.stickers.numbers import number_of
from app.stickers.schemes import Way
from app.stickers.service import issues
from app.stickers.tables import sticker, sticker_batch
from tests.build import NOW


def applied(c: Connection, by: Viewer, wearer_id: WearerId) -> Issue:
    """Her application, the same that the example of the route sends again."""
    values = {"applied_by": Applicant.HERSELF, "applicant": "", "consent_by": None, "consent_on": None}
    return issues.apply(c, by, wearer_id, Asked(kind=Kind.FIRST, way=Way.DESK), values, NOW)


def numbers(c: Connection, wearer: Wearer, by: AccountId, place: int) -> tuple[str, str]:
    """The numbers of a sticker that is hers, and of one in stock."""
    batch_id = new_id()
    batch = {"layout": "a4-20", "material": "paper", "count": 2, "printed_by": by, "printed_at": NOW}
    c.execute(sa.insert(sticker_batch).values(id=batch_id, city_id=wearer.city_id, **batch))
    told = []
    for at, state in ((place, StickerState.ISSUED), (place + 5_000, StickerState.STOCK)):
        is_hers = state is StickerState.ISSUED
        c.execute(
            sa.insert(sticker).values(
                id=new_id(), city_id=wearer.city_id, token_hash=at.to_bytes(32), number=number_of(at),
                batch_id=batch_id, sheet=1, material="paper", state=state, wearer_id=wearer.id if is_hers else None,
                stuck_on="", issued_at=NOW if is_hers else None,
            )
        )  # fmt: skip
        told.append(number_of(at))
    return told[0], told[1]
