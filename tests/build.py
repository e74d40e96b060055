"""Builders of small things that tests need, and the moment at which most of them happen."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import UNSET, Struct
from sqlalchemy.engine import Connection

from app.accounts import service as accounts
from app.accounts.model import Account, Role, Viewer
from app.devices import service as devices
from app.devices.model import Device
from app.geo import service as geo
from app.geo.model import FencePurpose, GeofenceDraft, Point, Shape
from app.households import service as households
from app.households.model import Wearer
from app.kit.ids import CityId, SignInId, new_id
from app.push.model import AddressKind, Channel
from beacon_ingest.messages import Alarm, Fix, Health, Message, Unit

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
"""Noon in Japan on the first day of a fiscal year."""

KAKOGAWA = CityId(282103)
AKASHI = CityId(282031)
HOME = Point(34.757, 134.841)
METRES_PER_DEGREE = 111_195.0
PASSWORD = "correct-horse-battery"
VENDOR = "Aruku"


class Town(Struct, kw_only=True):
    """A small cast: Hana and her family, people of the office, and outsiders who must see nothing."""

    hana: Wearer
    watch: Device
    watch_key: str
    daughter: Account
    son: Account
    outsider: Account
    """Family of another household in the same town."""
    stranger: Account
    """Family in another town."""
    clerk: Account
    operator: Account


def town(connection: Connection, now: datetime = NOW) -> Town:
    """Kakogawa with Hana, who wears a watch and has a garden of 100 m, and whose daughter and son are told, in this
    order.
    """
    accounts.create_city(connection, city_id=KAKOGAWA, name="加古川市", zone="Asia/Tokyo", now=now)
    accounts.create_city(connection, city_id=AKASHI, name="明石市", zone="Asia/Tokyo", now=now)
    daughter = account(connection, "daughter", "佐藤 美咲", now=now)
    son = account(connection, "son", "佐藤 健", now=now)
    household = households.create_household(connection, KAKOGAWA, "佐藤", [daughter.id], now)
    hana = households.create_wearer(connection, household.id, "ハナ", by=daughter.id, now=now)
    households.add_contact(connection, hana.id, daughter.name, account_id=daughter.id, by=daughter.id, now=now)
    households.add_contact(connection, hana.id, son.name, account_id=son.id, by=daughter.id, now=now)
    for one in (daughter, son):
        accounts.add_address(
            connection, one.id, Channel.FCM, AddressKind.TOKEN, f"phone-of-{one.email}", "ja", now, shows_details=True
        )
    watch, key = devices.enrol(
        connection, city_id=KAKOGAWA, format="watch", external_id="1234567890", name="腕時計", now=now
    )
    devices.assign(connection, watch.id, hana.id, now=now, from_at=now - timedelta(days=1))
    geo.create(
        connection,
        hana,
        GeofenceDraft(name="自宅", shape=Shape(centre=HOME, radius_m=100.0), purpose=FencePurpose.HOME),
        now,
    )
    return Town(
        hana=hana,
        watch=watch,
        watch_key=key,
        daughter=daughter,
        son=son,
        outsider=account(connection, "outsider", "田中 一郎", now=now),
        stranger=account(connection, "stranger", "山田 花子", city=AKASHI, now=now),
        clerk=account(connection, "clerk", "市役所 太郎", Role.CLERK, now=now),
        operator=account(connection, "operator", "受付 次郎", Role.OPERATOR, now=now),
    )


def account(
    connection: Connection,
    name: str,
    full_name: str,
    role: Role = Role.FAMILY,
    *,
    city: CityId = KAKOGAWA,
    now: datetime = NOW,
) -> Account:
    """Somebody who can sign in as `name@example.org`. The password is one for all and hashed once."""
    return accounts.add_account(
        connection,
        city_id=city,
        email=f"{name}@example.org",
        name=full_name,
        role=role,
        password_hash=_password_hash(),
        language="ja",
        vendor=VENDOR if role is Role.VENDOR else None,
        now=now,
    )


_hashes: list[str] = []


def _password_hash() -> str:
    if not _hashes:
        from app.accounts import passwords

        _hashes.append(passwords.hash_password(PASSWORD))
    return _hashes[0]


def viewer(one: Account) -> Viewer:
    """Somebody who is signed in."""
    return Viewer(
        account_id=one.id,
        city_id=one.city_id,
        role=one.role,
        name=one.name,
        sign_in_id=SignInId(new_id()),
        vendor=one.vendor,
    )


def unit(device: Device, *messages: Message, received_at: datetime = NOW, stamp: object = None) -> Unit:
    """One acknowledged unit of a device; the same messages are the same unit."""
    name = repr((device.id, messages, stamp)).encode()
    return Unit(
        ingest_ids=(hashlib.sha256(name).digest()[:16],),
        city=device.city_id,
        device_id=device.id,
        format=device.format,
        received_at=received_at,
        messages=messages,
    )


def a_fix(north_m: float = 0.0, *, at: datetime = NOW, accuracy_m: float = 15.0, device: str = "1234567890") -> Fix:
    """A place so many metres north of the middle of the garden."""
    lat_deg = HOME.lat_deg + north_m / METRES_PER_DEGREE
    return Fix(device=device, at=at, lat_deg=lat_deg, lon_deg=HOME.lon_deg, accuracy_m=accuracy_m)


def an_alarm(*kinds: str, at: datetime = NOW, device: str = "1234567890") -> Alarm:
    """What the device reports."""
    return Alarm(device=device, at=at, kinds=kinds)


def a_charge(battery_pct: float, *, at: datetime | None = NOW, device: str = "1234567890") -> Health:
    """A charge that the device reports."""
    return Health(device=device, at=UNSET if at is None else at, battery_pct=battery_pct)


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


def ids(things: Sequence[object]) -> list[UUID]:
    """The ids of things, in order."""
    return [thing.id for thing in things]
