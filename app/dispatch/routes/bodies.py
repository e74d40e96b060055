"""What is said and answered about incidents and offers over HTTP."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from app.dispatch.incident import Actor, IncidentState
from app.dispatch.offers import Declined, OfferState
from app.dispatch.service.keeping import Sent
from app.dispatch.service.looking import Asked, Going, Line, Out, Shown
from app.dispatch.timeline import What
from app.dispatch.units import UnitKind
from app.history.model import KnownBy
from app.missing.facts import Latitude, Longitude
from app.missing.model import Ended
from app.programmes.model import Starter
from beacon_ingest.messages import Utc

Key = Annotated[
    str,
    Meta(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$",
        description="your own name for this press of a button: sent again, it is the same one",
    ),
]  # fmt: skip
Reason = Annotated[str, Meta(max_length=500, description="kept in the timeline")]


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a phone says with everything that it sends: its name for it, and what its clock said."""

    key: Key
    at: Annotated[
        Utc | None,
        Meta(description="by the phone's clock, when it was pressed; kept beside the time at which it came here"),
    ] = None

    def sent(self) -> Sent:
        """The same for the room."""
        return Sent(key=self.key, said_at=_on_calendar(self.at))


class SaidFrom(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same with where the phone was."""

    lat_deg: Latitude | None = None
    lon_deg: Longitude | None = None

    def sent(self) -> Sent:
        """The same for the room; half a place is none."""
        is_whole = self.lat_deg is not None and self.lon_deg is not None
        return Sent(
            key=self.key, said_at=_on_calendar(self.at), lat_deg=self.lat_deg if is_whole else None,
            lon_deg=self.lon_deg if is_whole else None,
        )  # fmt: skip


def _on_calendar(at: datetime | None) -> datetime | None:
    """What a phone's clock said, UTC; nothing of a time that no phone can have meant and no calendar has in UTC."""
    return at.astimezone(UTC) if at is not None and 1970 < at.year < 2200 else None


class AskForGuard(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guard is asked for. `quote` is what `GET /v1/wearers/{id}/quote` showed: sending it says that it was read and
    agreed to.
    """

    quote: Annotated[str, Meta(max_length=64, description="the id of the price that was shown")] = ""
    reason: Reason = ""
    alert: Annotated[UUID | None, Meta(description="the alert that it is about")] = None
    contact: Annotated[UUID | None, Meta(description="the contact whose request an operator passes on")] = None
    drill: Annotated[
        bool, Meta(description="practice: the whole chain, without bill and statistics; the control room's")
    ] = False


class CallOff(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is not needed any more, or the unit cannot go."""

    reason: Reason = ""


class OneMoreHour(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to the question whether the unit goes on. `hour`: which one is meant, 2 for the second."""

    hour: Annotated[int, Meta(ge=2, le=100)]
    yes: bool


class OnMyWay(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact goes himself."""

    arrives_in_min: Annotated[int, Meta(ge=1, le=600)] | None = None


class AskUnit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The unit that the control room wants to go."""

    unit: UUID


class SetRight(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right time of a line, and why the one that was written is wrong."""

    entry: UUID
    at: Utc
    reason: Annotated[str, Meta(min_length=2, max_length=500, pattern=r"\S")]


class Step(SaidFrom, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the unit has done. With `hand_over`, `says` is to whom; with `find`, `ended` is how she was found, and the
    place is where.
    """

    step: Literal["depart", "arrive", "search", "find", "not_find", "hand_over", "clear"]
    ended: Ended | None = None
    says: Annotated[str, Meta(max_length=200)] = ""


class Decline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the unit does not go."""

    reason: Declined
    says: Annotated[str, Meta(max_length=150)] = ""


class PersonOut(Struct, frozen=True, kw_only=True):
    """Somebody who goes. With `has_photo` it is at `/v1/dispatches/{id}/people/{account}/photo`."""

    account: UUID
    name: str
    badge: str | None
    has_photo: bool


class UnitPlaceOut(Struct, frozen=True, kw_only=True):
    """Where the unit was, and how far from her newest place, as the crow flies."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    distance_m: float | None


class OutOut(Struct, frozen=True, kw_only=True):
    """The unit that goes. The guard says `word` at the door. `place` is null after the end, and while nobody knows;
    `word` and `people` are empty after it.
    """

    id: UUID
    name: str
    kind: UnitKind
    vehicle: str | None
    company: str
    company_phone: str
    word: str
    people: list[PersonOut]
    place: UnitPlaceOut | None


class GoingOut(Struct, frozen=True, kw_only=True):
    """A contact who goes himself."""

    account: UUID
    name: str
    arrives_at: datetime | None


class ToCallOut(Struct, frozen=True, kw_only=True):
    """A contact whom the guard can call."""

    name: str
    relation: str
    phone: str


class HoursOut(Struct, frozen=True, kw_only=True):
    """Hours agreed to (`granted`), up to which one was asked for (`asked`), the most that the scheme allows in minutes,
    and when the unit stops looking without one more.
    """

    unit_min: int | None
    granted: int
    asked: int
    cap_min: int | None
    ends_at: datetime | None


class DispatchOut(Struct, frozen=True, kw_only=True):
    """A turn-out, without places. `seat`: as what you see it."""

    id: UUID
    wearer: UUID
    wearer_name: str
    state: IncidentState
    drill: bool
    seat: Actor
    starter: Starter
    reason: str
    alert: UUID | None
    requested_at: datetime
    requested_by: Annotated[str | None, Meta(description="null: the service itself, by the scheme")]
    state_since: datetime
    departed_at: datetime | None
    arrived_at: datetime | None
    found_at: datetime | None
    ended_at: Annotated[datetime | None, Meta(description="when it ended for who asked for it")]
    closed_at: datetime | None
    hours: HoursOut
    quota_number: Annotated[
        int | None, Meta(description="its number among the turn-outs of its year, of which the first ones may be free")
    ]


class DispatchDetail(DispatchOut, frozen=True, kw_only=True):
    """A turn-out with who goes. `contacts` and `note` are for the guards who go."""

    unit: OutOut | None
    going: list[GoingOut]
    contacts: list[ToCallOut]
    note: str


class LineOut(Struct, frozen=True, kw_only=True):
    """A line of the timeline: `at` is when it happened, as it stands after corrections; `said_at` what the phone said,
    `received_at` when it came.
    """

    id: UUID
    what: What
    at: datetime
    said_at: datetime | None
    received_at: datetime
    actor: Actor
    by: str | None
    unit: str | None
    lat_deg: float | None
    lon_deg: float | None
    detail: dict[str, str]
    corrects: UUID | None
    reason: str


class TimelineOut(Struct, frozen=True, kw_only=True):
    """The whole timeline, in order of time."""

    items: list[LineOut]


class NearOut(Struct, frozen=True, kw_only=True):
    """About where, to a kilometre."""

    lat_deg: float
    lon_deg: float


class OfferOut(Struct, frozen=True, kw_only=True):
    """A question to a unit of yours: will it go? Nobody is named before it has accepted."""

    id: UUID
    dispatch: UUID
    unit: UUID
    unit_name: str
    state: OfferState
    drill: bool
    relieves: Annotated[bool, Meta(description="takes over from a unit that is out")]
    wave: int
    offered_at: datetime
    expires_at: Annotated[datetime, Meta(description="then others are asked; it may be accepted while nobody has it")]
    distance_m: float | None
    near: NearOut | None


class HerPlaceOut(Struct, frozen=True, kw_only=True):
    """A place of hers."""

    at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    known_by: KnownBy


class WhereOut(Struct, frozen=True, kw_only=True):
    """Where she is, and her way since half an hour before the request for who may see tracks."""

    place: HerPlaceOut | None
    track: list[HerPlaceOut]


def dispatch_out(shown: Shown) -> DispatchOut:
    """A turn-out in a list."""
    one = shown.incident
    return DispatchOut(
        id=one.id, wearer=one.wearer_id, wearer_name=shown.wearer_name, state=one.state, drill=one.is_drill,
        seat=shown.by.actor, starter=one.starter, reason=one.reason, alert=one.alert_id,
        requested_at=one.requested_at, requested_by=shown.requested_by, state_since=one.state_at,
        departed_at=one.departed_at, arrived_at=one.arrived_at, found_at=one.found_at, ended_at=one.served_until,
        closed_at=one.closed_at, quota_number=one.quota_number,
        hours=HoursOut(
            unit_min=one.limit.unit_minutes, granted=one.granted, asked=one.asked, cap_min=one.limit.cap_minutes,
            ends_at=shown.ends_at,
        ),
    )  # fmt: skip


def unit_out(out: Out) -> OutOut:
    """The unit that goes."""
    proof, place = out.proof, None
    if out.place is not None:
        place = UnitPlaceOut(
            at=out.place.at, lat_deg=out.place.lat_deg, lon_deg=out.place.lon_deg, accuracy_m=out.place.accuracy_m,
            distance_m=None if out.distance_m is None else round(out.distance_m),
        )  # fmt: skip
    people = [
        PersonOut(account=one.account_id, name=one.name, badge=one.badge, has_photo=one.has_photo)
        for one in proof.people
    ]
    return OutOut(
        id=proof.unit_id, name=proof.unit_name, kind=proof.kind, vehicle=proof.vehicle, company=proof.company_name,
        company_phone=proof.company_phone, word=proof.word, people=people, place=place,
    )  # fmt: skip


def going_out(one: Going) -> GoingOut:
    """A contact who goes himself."""
    return GoingOut(account=one.account_id, name=one.name, arrives_at=one.arrives_at)


def line_out(one: Line) -> LineOut:
    """A line of the timeline."""
    entry = one.entry
    return LineOut(
        id=entry.id, what=entry.what, at=one.at, said_at=entry.said_at, received_at=entry.received_at,
        actor=entry.actor, by=one.by, unit=one.unit, lat_deg=entry.lat_deg, lon_deg=entry.lon_deg,
        detail=dict(entry.detail), corrects=entry.corrects, reason=entry.reason,
    )  # fmt: skip


def offer_out(one: Asked) -> OfferOut:
    """An offer."""
    offer = one.offer
    near = None if one.near is None else NearOut(lat_deg=one.near[0], lon_deg=one.near[1])
    return OfferOut(
        id=offer.id, dispatch=offer.incident_id, unit=offer.unit_id, unit_name=one.unit, state=offer.state,
        drill=one.is_drill, relieves=offer.relieves, wave=offer.wave, offered_at=offer.offered_at,
        expires_at=offer.expires_at, near=near,
        distance_m=None if offer.distance_m is None else round(offer.distance_m),
    )  # fmt: skip
