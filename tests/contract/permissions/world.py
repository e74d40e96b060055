"""Two cities full of things, one of every kind for every target, and the real application over them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection
from structlog.testing import capture_logs

from app.accounts import service as accounts
from app.accounts.model import Account, Role, Viewer
from app.accounts.tables import sign_in
from app.alerts.duty import Shift
from app.alerts.policies import Calendar, Policy
from app.alerts.store import policies
from app.alerts.tables import alert
from app.asgi import create_app
from app.config import Settings
from app.db import units
from app.db.tables import dead_letter
from app.devices import service as devices
from app.devices.model import CommandKind
from app.dispatch.service import staffing
from app.dispatch.store import watching
from app.dispatch.store.units import put_member
from app.geo import service as geo
from app.geo.model import GeofenceDraft, Point, Shape
from app.households import service as households
from app.households.model import ALL_SCOPES, CONSENT_ROLES, Scope, Wearer
from app.households.store import contacts
from app.households.tables import look
from app.kit.clock import ManualClock
from app.kit.ids import AbsenceId, AccountId, AllowanceId, CityId, HouseholdId, ShiftId, WearerId, new_id
from app.missing import service as missing
from app.missing.facts import OwnPlace
from app.pipeline import digest
from app.programmes import service as programmes
from app.programmes.contracts import KnownAbsence
from app.programmes.model import Absence, Away, Item
from app.programmes.register import Applicant, Entry
from app.programmes.service import usages
from app.programmes.store import people as programme_people
from app.push.model import AddressKind, Channel
from app.tags import service as tags
from app.tags.model import DetectorKind
from app.tags.registration import DetectorDraft
from app.watch import service as watch
from app.watch.model import AlertKind, KeptAllowance
from app.watch.movement.allowances import FineScope, this_place
from app.watch.service import Draft
from app.watch.store import allowances
from app.watch.tables import watch_failure
from beacon_ingest.messages import Fix, Health
from tests.build import NOW, VENDOR, account, an_alarm, unit, viewer
from tests.contract.permissions import bills, boards, sheets, stuck
from tests.contract.permissions.asking import Answer, ask
from tests.contract.permissions.examples import ATTENDING, KNOWING, Request, request_of
from tests.contract.permissions.guards import plan_hours, serve
from tests.contract.permissions.turnouts import offer, send
from tests.contract.permissions.undone import Undone
from tests.contract.permissions.ways import NOBODY, VIEWERS, Target, Way
from tests.enrolled import a_scheme, enrol

SETTINGS = Settings(
    gateways={"sms": "https://sms.example.jp/hook"},
    webhook_hosts="hooks.example.jp",
    public_url="https://mimamori.example.jp",
)
"""What people ask for can be had in this world."""

HERE, ELSEWHERE = CityId(282103), CityId(282031)
NO_CITY = 999_997
EARLIER = NOW - timedelta(days=10)
SEEN_BY_ROLE = {
    Role.GUARD: {Scope.PLACE},
    Role.OPERATOR: ALL_SCOPES,
    Role.CARE_MANAGER: {Scope.HEALTH, Scope.ALERTS},
    Role.POLICE: {Scope.PLACE, Scope.TRACK},
}
"""The consents to roles at the own wearer."""

PLACED = (Target.OWN, Target.NEIGHBOUR, Target.FARAWAY, Target.HIDDEN, Target.ENDED)
"""Whose wearer has been somewhere."""


def latitude(target: Target) -> float:
    """A latitude that stands for the wearer of a target, and for nothing else."""
    return 34.7012345 + list(Target).index(target) / 100


def gate(name: str) -> DetectorDraft:
    """A detector that is to be registered."""
    return DetectorDraft(kind=DetectorKind.FIXED, name=name, lat_deg=34.9, lon_deg=134.9)


def school_of(things: "Things") -> Draft:
    """Where the wearer of a target is expected every morning."""
    return Draft(
        name=f"school of {things.target}", detector_ids=[things["school_gate_id"]], weekdays=127,
        from_time=time(7), by_time=time(8),
    )  # fmt: skip


def fine_of(things: "Things", by: AccountId) -> KeptAllowance:
    """A place at which the wearer of a target may be."""
    return KeptAllowance(
        id=AllowanceId(new_id()), wearer_id=things["wearer_id"], alert_id=things["alert_id"], scope=FineScope.ALWAYS,
        said_by=by, allowance=this_place([(34.0, 134.0)], EARLIER, for_good=True),
    )  # fmt: skip


class Things(dict[str, Any]):
    """The ids of a target's things, each under the name that it has in paths, and the words that give it away."""

    def __init__(self, target: Target, ids: Any = ()) -> None:
        super().__init__(ids)
        self.target = target
        self.words: dict[frozenset[Way], set[str]] = {}

    def keep(self, name: str, thing: Any, *ways: Way, id_ways: Iterable[Way] = ()) -> None:
        """Notes the id and the name of a thing that only who has one of the ways may hear of."""
        self[name] = thing.id
        self.words.setdefault(frozenset(id_ways or ways), set()).add(str(thing.id))
        if hasattr(thing, "name"):
            self.words.setdefault(frozenset(ways), set()).add(thing.name)

    def let_hear(self, words: set[str], way: Way) -> None:
        """Lets who has this way hear these words too."""
        for ways, some in list(self.words.items()):
            told = some & words
            if told:
                self.words[ways] = some - told
                self.words.setdefault(ways | {way}, set()).update(told)


class Observed(Struct, frozen=True):
    """What became of a request: the answer, how many rows it changed, and whom the asker has looked at since."""

    answer: Answer
    changes: int
    looked: frozenset[UUID]


class World:
    """The cast signed in, everybody's things, and the application."""

    def __init__(self, where: Path | str) -> None:
        self.clock = ManualClock(NOW)
        self.database = Undone(where)
        self.changing = 0
        self._observed: dict[tuple[str, str, Target], Observed] = {}
        connection = self.database.connection
        for city_id, name in ((HERE, "加古川市"), (ELSEWHERE, "明石市")):
            accounts.create_city(
                connection, city_id=city_id, name=name, zone="Asia/Tokyo", phone="079-000-0000", now=NOW
            )
        self.people: dict[str, Account] = {
            name: account(connection, name, f"{name} himself", role) for name, role in VIEWERS.items()
        }
        for name, role, city in (
            ("neighbour", Role.FAMILY, HERE),
            ("colleague", Role.CLERK, HERE),
            ("second administrator", Role.ADMINISTRATOR, HERE),
            ("faraway", Role.FAMILY, ELSEWHERE),
            ("faraway clerk", Role.CLERK, ELSEWHERE),
        ):
            email = name.replace(" ", "-")
            self.people[name] = account(connection, email, name, role, city=city)
        self.tokens = {
            name: accounts.start_sign_in(connection, one.id, f"phone of {name}", NOW, 90)
            for name, one in self.people.items()
        }
        self.things: dict[Target, Things] = {}
        self._fill(connection)
        self.app = create_app(SETTINGS, self.database, lambda: self.clock())

    def ids(self, who: str, target: Target) -> dict[str, Any]:
        """What paths and bodies name when `who` asks for the things of `target`."""
        found = dict(self.things[target])
        if target in (Target.OWN, Target.REVOKED):
            found |= self.things_of_viewer["family" if who == NOBODY else who, target]
        return found

    async def send(self, who: str, request: Request, meanwhile: Callable[[], None] = lambda: None) -> Answer:
        """The answer to somebody of the cast; `meanwhile` happens while they read a stream."""
        headers = [] if who == NOBODY else [(b"authorization", f"Bearer {self.tokens[who]}".encode())]
        headers += request.headers
        with capture_logs():
            return await ask(
                self.app,
                request.method,
                request.path,
                query=request.query,
                headers=headers,
                body=request.body,
                meanwhile=meanwhile,
            )

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Takes back what happens within, the time that went by too."""
        clock = self.clock
        self.clock = ManualClock(clock())
        self.changing += 1
        try:
            with self.database.undone():
                yield
        finally:
            self.clock = clock
            self.changing -= 1

    async def observe(self, route: str, who: str, target: Target) -> Observed:
        """What becomes of the example of a route; asked once of the world as it was made."""
        case = route, who, target
        found = None if self.changing else self._observed.get(case)
        if found is None:
            found = await self._observe(*case)
            if not self.changing:
                self._observed[case] = found
        return found

    async def _observe(self, route: str, who: str, target: Target) -> Observed:
        with self.undone():
            before = self.database.changes
            answer = await self.send(who, request_of(route, self.ids(who, target)))
            changes = self.database.changes - before
            return Observed(answer, changes, self._looked_at_by(who) if answer.status < 400 else frozenset())

    def _looked_at_by(self, who: str) -> frozenset[UUID]:
        query = sa.select(look.c.wearer_id).where(look.c.account_id == self.people[who].id)
        return frozenset(self.database.connection.execute(query).scalars())

    def _fill(self, c: Connection) -> None:
        family, neighbour, faraway = (self.people[name].id for name in ("family", "neighbour", "faraway"))
        contact = self.people["contact"].id
        own = self._furnish(c, Target.OWN, HERE, family, contact)
        self._furnish(c, Target.NEIGHBOUR, HERE, neighbour, neighbour)
        self._furnish(c, Target.FARAWAY, ELSEWHERE, faraway, faraway)
        self._furnish(c, Target.HIDDEN, HERE, family, contact)
        sheets.put(c, HERE, self.people["colleague"].id, sheets.SPARE)
        ended = self._furnish(c, Target.ENDED, HERE, family, contact, own["household_id"])
        self._let_see_own(c)
        self._let_neighbour_no_more(c)
        for role in sorted(CONSENT_ROLES):
            self._consent(c, Target.FARAWAY, role=role, by=faraway)
        bills.bill(c, self.people, self.things)
        self._hide(c)
        households.end_wearer(c, viewer(self.people["colleague"]), ended["wearer_id"], NOW)
        self._take_back(c, ended, own)
        self._revoke(c)
        self.things[Target.UNKNOWN] = Things(Target.UNKNOWN, {name: new_id() for name in own})
        self.things[Target.UNKNOWN] |= {"city_id": NO_CITY, "contacts": [new_id()], "scheme": own["scheme"]}
        self.things[Target.UNKNOWN] |= {"stock_number": "ZZ9999", "sticker_number": "ZZ9999"}
        programmes.publish(c, [a_scheme("second")], EARLIER)
        c.execute(
            sa.insert(watch_failure).values(
                id=new_id(), city_id=HERE, wearer_id=own["wearer_id"], watch="geofence", at=NOW, error="ValueError: why"
            )
        )

    def _furnish(
        self,
        c: Connection,
        target: Target,
        city: CityId,
        member: AccountId,
        contact: AccountId,
        household_id: HouseholdId | None = None,
    ) -> Things:
        """A household with a wearer and one thing of every kind, of an account and of the clerk's desk."""
        things = self.things[target] = Things(target, {"city_id": city, "account_id": member})
        if household_id is None:
            home = households.create_household(c, city, f"household of {target}", [member], EARLIER)
            things.keep("household_id", home, Way.HOUSEHOLD, Way.BILL, id_ways=KNOWING)
            household_id = home.id
        wearer = households.create_wearer(c, household_id, f"wearer of {target}", now=EARLIER)
        things.keep("wearer_id", wearer, *KNOWING, id_ways=KNOWING | {Way.BILL})
        kin = households.add_contact(c, wearer.id, f"contact of {target}", account_id=contact, now=EARLIER)
        contacts.change(c, kin.id, {"shares_place_since": EARLIER})
        things.keep("contact_id", kin, Way.MANAGES, Way.ALERTS, Way.CONTACT)
        things["contacts"] = [kin.id]
        by = self.people["colleague"].id
        consent = households.give_consent(c, wearer.id, scopes=[Scope.TRACK], account_id=member, by=by, now=EARLIER)
        things.keep("consent_id", consent, Way.MANAGES)
        note = households.protect(c, wearer.id, f"uncle of {target}", by=by, now=EARLIER)
        things.keep("protection_id", note, Way.OFFICE)
        shape = Shape(centre=Point(latitude(target) + 0.5, 134.8), radius_m=100.0)
        fence = geo.create(c, wearer, GeofenceDraft(name=f"garden of {target}", shape=shape), EARLIER)
        things.keep("geofence_id", fence, Way.MANAGES, Way.PLACE)
        self._send_guards(c, things, city)
        self._equip(c, things, city, f"watch of {target}")
        self._send_out(c, things, city)
        self._seek(c, things, next(one for one in self.people.values() if one.id == member))
        self._enrol(c, things, wearer)
        self._find(c, things, city)
        self._stick(c, things, wearer, contact)
        held = sheets.put(c, city, by, f"CC{1 + list(Target).index(target):04}", wearer.id)
        things["sticker_id"] = held
        things.words.setdefault(frozenset({Way.MANAGES, Way.ALERTS}), set()).add(str(held))
        return things

    def _send_guards(self, c: Connection, things: Things, city: CityId) -> None:
        """A security company and its unit, in which a guard is on duty; the people of the own one are of the cast.
        Nothing of them hides from the staff of the city.
        """
        target = things.target
        if target in (Target.HIDDEN, Target.ENDED):
            return
        guard = self.people.get("guard" if target is Target.OWN else "")
        if guard is None:
            guard = account(c, f"guard-of-{target}", f"guard of {target}", Role.GUARD, city=city)
        company, unit = serve(c, city, f"company of {target}", f"unit of {target}", guard, latitude(target))
        things.keep("company_id", company, Way.COMPANY, Way.STAFF)
        things.keep("unit_id", unit, Way.COMPANY, Way.STAFF)
        things["guard_id"], things["rota_id"] = guard.id, plan_hours(c, unit, guard)
        if target is Target.OWN:
            put_member(c, self.people["control_room"].id, company.id, None, EARLIER)
        spare = account(c, f"spare-of-{target}", f"spare of {target}", Role.GUARD, city=city)
        things["spare_unit_id"] = serve(c, city, f"spare of {target}", f"spare of {target}", spare, 34.0)[1].id

    def _send_out(self, c: Connection, things: Things, city: CityId) -> None:
        """The unit looks for the wearer, and is asked to practise."""
        unit_id, wearer_id = things.get("unit_id"), things["wearer_id"]
        if unit_id is None:  # Whom nobody of the cast may see is not had by any unit of theirs.
            things |= {"guard_id": new_id(), "spare_unit_id": new_id()}
        sent, things["entry_id"] = send(c, city, wearer_id, unit_id, f"turn-out of {things.target}")
        things.keep("dispatch_id", sent, Way.ALERTS, Way.COMPANY)
        things.words[frozenset({Way.ALERTS, Way.COMPANY})].add(sent.reason)
        if unit_id is not None:
            target = things.target
            # Who goes knows whom it is about and whom he can call; who waits knows who comes.
            things.let_hear({str(wearer_id), f"wearer of {target}", f"contact of {target}"}, Way.COMPANY)
            things.let_hear({str(unit_id), f"unit of {target}", f"company of {target}"}, Way.ALERTS)
            things["offer_id"] = offer(c, city, wearer_id, unit_id, f"practice of {things.target}")

    def _enrol(self, c: Connection, things: Things, wearer: Wearer) -> None:
        """She is under a scheme, was in hospital for a while, and did not buy the charger that was noted for her."""
        by = self.people["colleague"].id
        hers = enrol(c, wearer, EARLIER, by=by)
        things.keep("contract_id", hers, id_ways=ATTENDING)
        away = KnownAbsence(
            id=AbsenceId(new_id()), absence=Absence(kind=Away.HOSPITAL, since=EARLIER.date(), known_on=NOW.date())
        )
        programme_people.put_absence(c, wearer.id, away)
        things.keep("absence_id", away, Way.MANAGES)
        bought = usages.record(c, hers, Item(code="charger", on=EARLIER.date()), "first", by, NOW)
        things.keep("usage_id", usages.correct(c, bought, None, "it was another's", by, NOW), Way.MANAGES)
        things["scheme"] = hers.scheme
        things.keep("network_entry_id", self._register(c, wearer.city_id, wearer.id), id_ways=ATTENDING)

    def _find(self, c: Connection, things: Things, city: CityId) -> None:
        """Somebody scanned a sticker of hers. That it was reported, the staff of the city reads."""
        by = self.people["colleague" if city == HERE else "faraway clerk"]
        name = f"board of {things.target}"
        found = boards.find(c, city, things["wearer_id"], by, name, latitude(things.target))
        things |= {"thread_id": found.thread_id, "line_id": found.line_id}
        things.words.setdefault(frozenset({Way.ALERTS}), set()).add(found.words)
        if things.target not in (Target.HIDDEN, Target.ENDED):
            things["report_id"] = found.report_id
        if things.target in (Target.OWN, Target.FARAWAY):
            boards.give(c, city, things["wearer_id"], by.id)
        if things.target not in (Target.HIDDEN, Target.ENDED):
            things["drill_id"] = boards.exercise(c, city, by.id, found.sticker_id)

    def _register(self, c: Connection, city: CityId, wearer_id: WearerId) -> Entry:
        """She is in the register of her city's SOS network."""
        by = viewer(self.people["colleague" if city == HERE else "faraway clerk"])
        values = {"applied_by": Applicant.RELATIVE, "entered_on": EARLIER.date(), "police_since": EARLIER.date()}
        if wearer_id == self.things.get(Target.NEIGHBOUR, {}).get("wearer_id"):
            values |= {"police_since": None}
        return programmes.enter_network(c, by, wearer_id, None, None, values, NOW)

    def _stick(self, c: Connection, things: Things, wearer: Wearer, contact: AccountId) -> None:
        """She applied for stickers, has one, and her contact can be told; the police know of all but the neighbour."""
        by = viewer(self.people["colleague" if wearer.city_id == HERE else "faraway clerk"])
        things.keep("issue_id", stuck.applied(c, by, wearer.id), id_ways=[Way.MANAGES])
        place = list(Target).index(things.target)
        things["sticker_number"], things["stock_number"] = stuck.numbers(c, wearer, by.account_id, place)
        heard = {str(wearer.id), wearer.name, f"contact of {things.target}"}
        things.let_hear(heard, Way.REGISTER)
        if things.target is not Target.OWN:
            accounts.add_address(c, contact, Channel.FCM, AddressKind.TOKEN, f"phone of {things.target}", "ja", EARLIER)

    def _seek(self, c: Connection, things: Things, by: Account) -> None:
        """She is missing; one of her places was told."""
        reason = f"search of {things.target}"
        shown = missing.open_search(
            c, viewer(by), things["wearer_id"], reason=reason, last=None, alert_id=things["alert_id"], now=NOW
        )
        things.keep("search_id", shown.search, Way.PLACE)
        things.words[frozenset({Way.PLACE})].add(reason)
        self._tell_place(c, things, by)

    def _tell_place(self, c: Connection, things: Things, by: Account) -> None:
        place = OwnPlace(name=f"shop of {things.target}", lat_deg=latitude(things.target), lon_deg=134.81)
        fact, _ = missing.tell(c, viewer(by), things["search_id"], place, None, NOW)
        things.keep("fact_id", fact, Way.PLACE)
        things.words[frozenset({Way.PLACE})].add(place.name)

    def _equip(self, c: Connection, things: Things, city: CityId, name: str) -> None:
        """A watch that told a place, an SOS and how it is; one of its units could not be digested."""
        device, _key = devices.enrol(c, city_id=city, format="watch", external_id=name, name=name, now=EARLIER)
        things.keep("device_id", device, Way.MANAGES, Way.HEALTH)
        devices.assign(c, device.id, things["wearer_id"], now=EARLIER)
        fix = Fix(
            device=name, at=NOW - timedelta(minutes=1), lat_deg=latitude(things.target), lon_deg=134.8, accuracy_m=9.0
        )
        health = Health(device=name, at=NOW, battery_pct=80.0, steps=4711)
        if things.target is Target.OWN:  # Somebody who can be told, and told again.
            accounts.add_address(
                c, self.people["contact"].id, Channel.FCM, AddressKind.TOKEN, "an old phone", "ja", EARLIER
            )
        digest(c, [unit(device, fix, an_alarm("sos", device=name), health)], NOW)
        # Of an alert about movement people can say all that can be said of one.
        mine = alert.c.wearer_id == things["wearer_id"]
        c.execute(sa.update(alert).where(mine).values(kind=AlertKind.MOVEMENT.value))
        raised = c.execute(sa.select(alert).where(mine)).one()
        things.keep("alert_id", raised, Way.ALERTS)
        devices.order(c, device.id, CommandKind.LOCATE, None, NOW)
        units.bury(c, unit(device, fix, stamp="letter"), "ValueError: why")
        things["letter_id"] = self._letters(c)[0]
        self._tag(c, things, city)

    def _tag(self, c: Connection, things: Things, city: CityId) -> None:
        """A tag that the wearer wears, and a detector of the city, which hides from nobody of it."""
        target, number = things.target, list(Target).index(things.target)
        tag = tags.register_tag(
            c, city_id=city, vendor=VENDOR, scheme="mac", identity=f"ac233fa0000{number}", name=f"tag of {target}",
            now=EARLIER,
        )  # fmt: skip
        things.keep("tag_id", tag, Way.MANAGES, Way.HEALTH)
        tags.assign_tag(c, tag.id, things["wearer_id"], now=EARLIER)
        if target not in (Target.HIDDEN, Target.ENDED):
            detector = tags.register_detector(c, city, gate(f"gate of {target}"), EARLIER)
            things.keep("detector_id", detector, Way.STAFF)
        self._expect(c, things, city)

    def _expect(self, c: Connection, things: Things, city: CityId) -> None:
        """A school whose gate's id is known to those who expect the wearer there."""
        things["school_gate_id"] = tags.register_detector(c, city, gate("a school"), EARLIER).id
        by = viewer(self.people["colleague" if city == HERE else "faraway clerk"])
        school = watch.expect(c, by, things["wearer_id"], school_of(things), EARLIER)
        things.keep("expectation_id", school, *KNOWING)
        fine = fine_of(things, by.account_id)
        allowances.add(c, [fine])
        things.keep("allowance_id", fine, *ATTENDING)
        shift = self._put_on_duty(c, things, city)
        if things.target not in (Target.HIDDEN, Target.ENDED):
            things.keep("shift_id", shift, Way.STAFF)

    def _put_on_duty(self, c: Connection, things: Things, city: CityId) -> Shift:
        """Somebody of the city has hours; her household has rules of its own."""
        by = self.people["colleague" if city == HERE else "faraway clerk"].id
        things["staff_id"] = by
        policies.put_policy(c, city, things["wearer_id"], Policy(), by, EARLIER)
        hours = Calendar(from_minute=0, until_minute=1440)
        shift = Shift(id=ShiftId(new_id()), account_id=by, hours=hours, from_on=EARLIER.date())
        policies.add_shift(c, city, shift, by, EARLIER)
        return shift

    def _take_back(self, c: Connection, ended: Things, own: Things) -> None:
        """The watch of who is no longer watched lies in the office; other things than hers are those of her home."""
        devices.release_all(c, ended["wearer_id"], NOW)
        tags.release_all(c, ended["wearer_id"], NOW)
        own.words[frozenset({Way.OFFICE})] |= ended.words.pop(frozenset({Way.MANAGES, Way.HEALTH}))
        ended |= {name: own[name] for name in ("household_id", "device_id", "tag_id", "account_id")}

    def _letters(self, c: Connection) -> list[Any]:
        return list(c.execute(sa.select(dead_letter.c.id).order_by(dead_letter.c.id.desc())).scalars())

    def _consent(self, c: Connection, target: Target, **options: Any) -> Any:
        options = dict[str, Any]({"scopes": ALL_SCOPES, "by": self.people["family"].id, "now": EARLIER}) | options
        return households.give_consent(c, self.things[target]["wearer_id"], **options)

    def _let_see_own(self, c: Connection) -> None:
        for role, scopes in SEEN_BY_ROLE.items():
            self._consent(c, Target.OWN, role=role, scopes=scopes)
        self._consent(c, Target.OWN, account_id=self.people["vendor"].id)

    def _let_neighbour_no_more(self, c: Connection) -> None:
        """Consents that are over to the moment, begin later, or were revoked."""
        by = self.people["neighbour"]
        later = NOW + timedelta(days=1)
        spans: dict[str, dict[str, datetime]] = {
            "over": {"until_at": NOW},
            "to come": {"from_at": later},
            "revoked": {},
        }
        for kind, span in spans.items():
            for name in ("contact", "vendor", "clerk", "family"):
                self._revoked(c, kind, self._consent(c, Target.NEIGHBOUR, account_id=self.people[name].id, **span), by)
            for role in sorted(CONSENT_ROLES):
                self._revoked(c, kind, self._consent(c, Target.NEIGHBOUR, role=role, **span), by)

    def _revoked(self, c: Connection, kind: str, consent: Any, by: Account) -> None:
        if kind == "revoked":
            households.revoke_consent(c, viewer(by), consent.wearer_id, consent.id, NOW)

    def _hide(self, c: Connection) -> None:
        """Everybody is let see, and the wearer is hidden from everybody."""
        hidden = self.things[Target.HIDDEN]
        for role in sorted(CONSENT_ROLES):
            self._consent(c, Target.HIDDEN, role=role)
        for name in VIEWERS:
            self._consent(c, Target.HIDDEN, account_id=self.people[name].id)
        for name in VIEWERS:
            households.protect(
                c,
                hidden["wearer_id"],
                f"{name}, a relative",
                account_id=self.people[name].id,
                by=self.people["second administrator"].id,
                now=NOW,
            )

    def _revoke(self, c: Connection) -> None:
        """A second thing of each kind at the own wearer, taken away again, and phones that are signed out."""
        own, gone = self.things[Target.OWN], Things(Target.REVOKED, self.things[Target.OWN])
        self.things[Target.REVOKED] = gone
        wearer, family, colleague = (
            own["wearer_id"],
            viewer(self.people["family"]),
            viewer(self.people["colleague"]),
        )
        kin = households.add_contact(
            c, wearer, f"contact of {gone.target}", account_id=self.people["neighbour"].id, now=EARLIER
        )
        gone.keep("contact_id", kin)
        households.remove_contact(c, family, wearer, kin.id, NOW)
        consent = self._consent(c, Target.OWN, role=Role.CLERK)
        gone.keep("consent_id", consent)
        households.revoke_consent(c, family, wearer, consent.id, NOW)
        note = households.protect(c, wearer, f"uncle of {gone.target}", by=colleague.account_id, now=EARLIER)
        gone.keep("protection_id", note)
        households.end_protection(c, colleague, wearer, note.id, NOW)
        draft = GeofenceDraft(name=f"garden of {gone.target}", shape=Shape(centre=Point(34.0, 134.0), radius_m=50.0))
        fence = geo.add(c, family, wearer, draft, EARLIER)
        gone.keep("geofence_id", fence)
        geo.end(c, family, wearer, fence.id, NOW)
        school = watch.expect(c, family, wearer, school_of(gone), EARLIER)
        gone.keep("expectation_id", school)
        shift = self._put_on_duty(c, gone, HERE)
        gone.keep("shift_id", shift)
        policies.end_shift(c, HERE, shift.id, NOW)
        watch.end_expectation(c, family, wearer, school.id, NOW)
        fine = fine_of(gone, family.account_id)
        allowances.add(c, [fine])
        gone.keep("allowance_id", fine)
        watch.take_back(c, family, wearer, fine.id, NOW)
        self._tell_place(c, gone, self.people["family"])
        missing.withdraw(c, family, gone["search_id"], gone["fact_id"], NOW)
        self._revoke_guards(c, gone)
        self._withdraw(c, gone, colleague)
        self._revoke_device(c, gone)
        self._sign_others_out(c)

    def _revoke_guards(self, c: Connection, gone: Things) -> None:
        """A second company of the city has ended, with its unit and the guard's hours; he is in the office still."""
        guard = account(c, f"guard-of-{gone.target}", f"guard of {gone.target}", Role.GUARD, city=HERE)
        company, unit = serve(c, HERE, f"company of {gone.target}", f"unit of {gone.target}", guard, 34.0)
        gone.keep("company_id", company)
        gone.keep("unit_id", unit)
        gone["guard_id"], gone["rota_id"] = guard.id, plan_hours(c, unit, guard)
        watching.end_planned(c, gone["rota_id"], NOW)
        staffing.end_company(c, viewer(self.people["colleague"]), company.id, NOW)

    def _withdraw(self, c: Connection, gone: Things, clerk: Viewer) -> None:
        """A contract that was entered by mistake, and an absence that was none."""
        wearer = households.wearers_by_id(c, [gone["wearer_id"]])[gone["wearer_id"]]
        away = KnownAbsence(
            id=AbsenceId(new_id()), absence=Absence(kind=Away.FACILITY, since=EARLIER.date(), known_on=NOW.date())
        )
        programme_people.put_absence(c, wearer.id, away)
        programmes.change_absence(c, clerk, gone["contract_id"], away.id, None, "she was at home", NOW)
        gone.keep("absence_id", away)
        hers = enrol(c, wearer, EARLIER, a_scheme("mistaken"), by=clerk.account_id)
        programmes.withdraw(c, clerk, hers.id, "hers is another", NOW)
        gone.keep("contract_id", hers)
        # She cannot be in it twice: an entry of long ago.
        values = {"applied_by": Applicant.HERSELF, "entered_on": date(2020, 1, 1), "left_on": date(2021, 1, 1)}
        entry = programmes.enter_network(c, clerk, wearer.id, None, "mistaken", values, NOW)
        programmes.withdraw_entry(c, clerk, entry.id, "it was another", NOW)
        gone.keep("network_entry_id", entry)

    def _revoke_device(self, c: Connection, gone: Things) -> None:
        name = f"watch of {gone.target}"
        device, _key = devices.enrol(c, city_id=HERE, format="watch", external_id=name, name=name, now=EARLIER)
        gone.keep("device_id", device)
        units.bury(c, unit(device, stamp="replayed"), "ValueError: why")
        gone["letter_id"] = self._letters(c)[0]
        units.replayed(c, gone["letter_id"], None, NOW)
        devices.assign(c, device.id, gone["wearer_id"], now=NOW - timedelta(hours=2))
        devices.end_device(c, device.id, NOW)
        tag = tags.register_tag(
            c, city_id=HERE, vendor=VENDOR, scheme="mac", identity="ac233fa000ff", name=f"tag of {gone.target}",
            now=EARLIER,
        )  # fmt: skip
        gone.keep("tag_id", tag)
        tags.assign_tag(c, tag.id, gone["wearer_id"], now=NOW - timedelta(hours=2))
        tags.end_tag(c, tag.id, NOW)
        detector = tags.register_detector(c, HERE, gate(f"gate of {gone.target}"), EARLIER)
        gone.keep("detector_id", detector)
        tags.end_detector(c, detector.id, NOW)

    def _sign_others_out(self, c: Connection) -> None:
        """Everybody has a second phone, and had a third one until now."""
        self.things_of_viewer: dict[tuple[str, Target], dict[str, Any]] = {}
        for name, one in self.people.items():
            for target in (Target.OWN, Target.REVOKED):
                accounts.start_sign_in(c, one.id, f"{target} phone of {name}", NOW, 90)
                newest = sa.select(sign_in.c.id).where(sign_in.c.account_id == one.id).order_by(sign_in.c.id.desc())
                phone = c.execute(newest.limit(1)).scalar_one()
                address = accounts.add_address(
                    c, one.id, Channel.FCM, AddressKind.TOKEN, f"{target} phone of {name}", "ja", NOW, phone
                )
                message_id = accounts.send_test(c, viewer(one), address.id, NOW - timedelta(hours=1)).id
                ids = {"sign_in_id": phone, "address_id": address.id, "message_id": message_id}
                self.things_of_viewer[name, target] = ids
                if target is Target.REVOKED:
                    accounts.revoke_own(c, viewer(one), phone, NOW)
        for target, name in ((Target.NEIGHBOUR, "neighbour"), (Target.FARAWAY, "faraway"), (Target.OWN, "neighbour")):
            self.things[target] |= self.things_of_viewer[name, Target.OWN]
