"""Every table of the house, gathered: what the migrations must add up to."""

from app.accounts import tables as accounts
from app.alerts import tables as alerts
from app.billing import tables as billing
from app.db import tables as db
from app.db.types import metadata
from app.devices import tables as devices
from app.dispatch import tables as dispatch
from app.geo import tables as geo
from app.history import tables as history
from app.hooks import tables as hooks
from app.households import tables as households
from app.missing import tables as missing
from app.programmes import tables as programmes
from app.push import tables as push
from app.stickers import tables as stickers
from app.tags import tables as tags
from app.watch import tables as watch

ROOMS = (
    db, push, accounts, households, devices, geo, tags, history, hooks, watch, alerts, stickers, missing, programmes,
    dispatch, billing,
)  # fmt: skip

__all__ = ["ROOMS", "metadata"]
