"""The text for the police, for the staff that sees to an alert which nobody of the family answers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Viewer
from app.households import service as households
from app.households.model import Purpose
from app.kit.errors import Conflict, NotAllowed
from app.kit.ids import ThreadId
from app.programmes import service as programmes
from app.stickers import police
from app.stickers.service import answering
from app.stickers.store import stickers
from app.stickers.store import threads as store
from app.stickers.threads import Mode, Side


def police_text(connection: Connection, viewer: Viewer, thread_id: ThreadId, now: datetime) -> str:
    """Which sticker, when, where, what was said, and her description where the police may have it. It counts as a look.
    Raises `NotFound`, `NotAllowed` for who is no staff, and `Conflict` for what is no real thread.
    """
    thread = answering.visible(connection, viewer, thread_id, now)
    if answering.side_of(viewer) is not Side.CITY:
        raise NotAllowed
    if thread.mode is not Mode.REAL:
        raise Conflict("This is an exercise or a test: the police is not told.")
    households.look(connection, viewer, thread.wearer_id, Purpose.BOARD, now)
    wearer = households.wearers_by_id(connection, [thread.wearer_id])[thread.wearer_id]
    sticker = stickers.by_id(connection, thread.sticker_id)
    assert sticker is not None, "the thread's row refers to it"
    city = accounts.city(connection, thread.city_id)
    zone = ZoneInfo(city.zone)
    today = now.astimezone(zone).date()
    entries = programmes.in_network(connection, [wearer.id], today).get(wearer.id, [])
    known = police.Known(
        city=city.name,
        zone=zone,
        number=sticker.number,
        stuck_on=sticker.stuck_on,
        name=wearer.name,
        born_on=wearer.born_on,
        entries=[(one.number, one.features) for one in entries if one.shared_on(today)],
        begun_at=thread.begun_at,
        lines=store.lines(connection, thread.id),
        places=answering.may_see_places(connection, viewer, thread, now),
    )
    return police.text_of(known, now)
