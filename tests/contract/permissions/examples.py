"""One example request for every route, its action, and on which ground it is answered."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from app.accounts.permissions import Action
from tests.build import PASSWORD
from tests.contract.permissions.ways import Target, Way
from tests.photos import a_photo

Ids = Mapping[str, Any]

STATUS = {"GET": 200, "PATCH": 200, "PUT": 200, "DELETE": 204, "POST": 201}
KNOWING = frozenset({Way.MANAGES, Way.PLACE, Way.TRACK, Way.ALERTS, Way.HEALTH})
MANAGING = frozenset({Way.MANAGES})
OFFICE = frozenset({Way.OFFICE})
ATTENDING = frozenset({Way.MANAGES, Way.ALERTS})
FENCED = frozenset({Way.MANAGES, Way.PLACE})
EQUIPPED = frozenset({Way.MANAGES, Way.HEALTH})

KINDS_OF = {
    Target.HIDDEN: {
        "household_id",
        "wearer_id",
        "contact_id",
        "consent_id",
        "protection_id",
        "geofence_id",
        "expectation_id",
        "allowance_id",
        "device_id",
        "tag_id",
        "alert_id",
        "search_id",
        "fact_id",
        "document_id",
        "contract_id",
        "network_entry_id",
        "issue_id",
        "sticker_number",
        "absence_id",
        "usage_id",
        "dispatch_id",
        "entry_id",
        "thread_id",
        "line_id",
        "sticker_id",
    },
    Target.ENDED: {
        "issue_id",
        "sticker_number",
        "wearer_id",
        "contact_id",
        "alert_id",
        "search_id",
        "document_id",
        "dispatch_id",
        "thread_id",
    },
    Target.REVOKED: {
        "fact_id",
        "contract_id",
        "network_entry_id",
        "absence_id",
        "contact_id",
        "consent_id",
        "protection_id",
        "geofence_id",
        "expectation_id",
        "allowance_id",
        "device_id",
        "tag_id",
        "detector_id",
        "sign_in_id",
        "address_id",
        "letter_id",
        "shift_id",
        "company_id",
        "unit_id",
        "rota_id",
    },
}
"""Which things can be hidden, ended or revoked at all; a disabled account is still there for staff."""


class Request(Struct, frozen=True):
    """A request that can be sent."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    query: bytes = b""


class Example(Struct, frozen=True):
    """A row. `needs`: any of these ways will do; without any, the role is enough. `{names}` are filled with ids.

    The body is JSON, or a `file` (text/csv).
    """

    action: Action
    needs: frozenset[Way] = frozenset()
    body: Any = None
    file: str | None = None
    status: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()


def status_of(route: str) -> int:
    """What a request that is granted answers."""
    return EXAMPLES[route].status or STATUS[route.partition(" ")[0]]


def request_of(route: str, ids: Ids) -> Request:
    """The example of a route, about these things."""
    example = EXAMPLES[route]
    method, path = route.split(" ")
    headers = list(example.headers)
    body = b""
    if example.body is not None:
        body = msgspec.json.encode(filled(example.body, ids))
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if example.file is not None:
        body = example.file.encode()
        headers += [(b"content-type", b"text/csv"), (b"content-length", b"%d" % len(body))]
    return Request(method, path.format(**ids), body, tuple(headers))


def filled(value: Any, ids: Ids) -> Any:
    """A body with ids in place of their names."""
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return ids[value[1:-1]] if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value) else value


def kinds_in(route: str) -> set[str]:
    """The kinds of ids that a route's example names."""
    return set(re.findall(r"\{(\w+)\}", route + str(EXAMPLES[route].body)))


def targets_of(route: str) -> list[Target]:
    """Whose things can be asked for here."""
    kinds = kinds_in(route)
    if not kinds:
        return [Target.OWN]
    if kinds == {"city_id"}:
        return [Target.OWN, Target.FARAWAY, Target.UNKNOWN]
    return [target for target in Target if target not in KINDS_OF or kinds & KINDS_OF[target]]


def row(action: Action, *needs: Way, **options: Any) -> Example:
    return Example(action, frozenset(needs), **options)


OPEN = {
    "POST /v1/sign-in",
    "POST /v1/receipts/{token}",
    "GET /v1/acts/{token}",
    "POST /v1/acts/{token}/{action}",
    "GET /mail/{token}",
    "POST /mail/{token}",
    "GET /mail/{token}/came",
    "POST /mail/{token}/came",
    "GET /a/{token}",
    "POST /a/{token}",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /docs",
    "GET /docs/openapi.json",
    "GET /docs/{path}",
    "GET /docs/files/{name}",
    "GET /phone",
    "GET /phone/{name}",
    "GET /s/{code}",
    "HEAD /s/{code}",
    "GET /S/{code}",
    "HEAD /S/{code}",
    "POST /s/{code}",
    "POST /S/{code}",
    "GET /s/place.js",
    "GET /s/board",
    "HEAD /s/board",
    "GET /s/board/live",
    "POST /s/board",
    "POST /s/board/real",
    "POST /s/board/report",
}
"""Routes that ask for nobody. Nothing of a person comes out of them."""

PHOTO = b64encode(a_photo(8, 8)).decode()
HOURS = {"from_minute": 0, "until_minute": 1440}
POLICY = {"rules": [{"level": "urgent", "plan": {"steps": [{"who": ["desk"], "wait_s": 600, "times": None}]}}]}
SHAPE = {"type": "circle", "lat_deg": 34.7, "lon_deg": 134.8, "radius_m": 100.0}
_W = "/v1/wearers/{wearer_id}"
_D = "/v1/devices/{device_id}"
_T = "/v1/tags/{tag_id}"
_DETECTOR = "/v1/detectors/{detector_id}"
_S = "/v1/searches/{search_id}"
_U = "/v1/units/{unit_id}"
_C = "/v1/companies/{company_id}"
_X = "/v1/dispatches/{dispatch_id}"
GOING = frozenset({Way.COMPANY, Way.ALERTS})
SENDING = frozenset({Way.COMPANY, Way.STAFF})
FIRM = {"code": "new", "name": "New", "phone": "079-000-0000", "licence": "1"}
_B = "/v1/billing/documents/{document_id}"
_READERS = "/v1/billing/issuers/{code}/readers/{reader_id}"
_CONTRACT = "/v1/contracts/{contract_id}"
_BOARD = "/v1/boards/{thread_id}"
_ISSUE = "/v1/sticker-issues/{issue_id}"
_NETWORK = "/v1/network-entries/{network_entry_id}"
AWAY = {"absence": {"kind": "hospital", "from": "2026-03-01", "until": "2026-03-20"}, "reason": "told by her home"}

EXAMPLES: dict[str, Example] = {
    "POST /v1/sign-out": Example(Action.SELF, status=204),
    "GET /v1/me": Example(Action.SELF),
    "PATCH /v1/me": Example(Action.SELF, body={"name": "Another"}),
    "POST /v1/me/password": Example(
        Action.SELF, body={"current": PASSWORD, "new": "another long password 7"}, status=204
    ),
    "GET /v1/me/sign-ins": Example(Action.SELF),
    "DELETE /v1/me/sign-ins/{sign_in_id}": row(Action.SELF, Way.SELF),
    "GET /v1/me/addresses": Example(Action.SELF),
    "POST /v1/me/addresses": Example(Action.SELF, body={"kind": "token", "value": "a-new-phone"}),
    "PATCH /v1/me/addresses/{address_id}": row(Action.SELF, Way.SELF, body={"shows_details": True}, status=200),
    "DELETE /v1/me/addresses/{address_id}": row(Action.SELF, Way.SELF),
    "GET /v1/push/key": Example(Action.SELF),
    "POST /v1/me/addresses/{address_id}/test": row(Action.SELF, Way.SELF, status=202),
    "GET /v1/me/messages/{message_id}": row(Action.SELF, Way.SELF),
    "POST /v1/me/addresses/{address_id}/code": row(Action.SELF, Way.SELF, body={"code": "012345"}, status=200),
    "GET /v1/gateways": Example(Action.SELF),
    "PUT /v1/me/hook": Example(Action.FEED_WRITE, body={"url": "https://hooks.example.jp/mimamori"}),
    "GET /v1/me/hook": Example(Action.FEED_READ),
    "DELETE /v1/me/hook": Example(Action.FEED_WRITE),
    "POST /v1/me/hook/test": Example(Action.FEED_WRITE, status=200),
    "POST /v1/me/numbers": Example(Action.SELF, body={"gateway": "sms", "to": "090-1234-5678"}),
    "GET /v1/cities": Example(Action.CITY_READ),
    "POST /v1/cities": Example(Action.CITY_WRITE, body={"id": 131016, "name": "千代田区"}),
    "PATCH /v1/cities/{city_id}": Example(Action.CITY_WRITE, OFFICE, body={"name": "Another"}),
    "GET /v1/accounts": Example(Action.ACCOUNT_READ),
    "POST /v1/accounts": Example(
        Action.ACCOUNT_WRITE,
        body={"email": "new@example.org", "name": "New", "role": "family", "password": "a fresh password 7"},
    ),
    "GET /v1/accounts/{account_id}": row(Action.ACCOUNT_READ, Way.STAFF),
    "PATCH /v1/accounts/{account_id}": row(Action.ACCOUNT_WRITE, Way.OFFICE, body={"name": "Another"}),
    "GET /v1/households": Example(Action.HOUSEHOLD_READ),
    "POST /v1/households": Example(Action.HOUSEHOLD_WRITE, body={"name": "New"}),
    "GET /v1/households/{household_id}": row(Action.HOUSEHOLD_READ, Way.HOUSEHOLD),
    "PATCH /v1/households/{household_id}": Example(Action.HOUSEHOLD_WRITE, OFFICE, body={"name": "Another"}),
    "PUT /v1/households/{household_id}/members/{account_id}": Example(Action.HOUSEHOLD_WRITE, OFFICE),
    "DELETE /v1/households/{household_id}/members/{account_id}": Example(Action.HOUSEHOLD_WRITE, OFFICE),
    "GET /v1/wearers": Example(Action.WEARER_READ),
    "POST /v1/wearers": Example(
        Action.WEARER_WRITE, MANAGING, body={"household_id": "{household_id}", "name": "New", "born_on": "1940-02-29"}
    ),
    f"GET {_W}": Example(Action.WEARER_READ, KNOWING),
    f"PATCH {_W}": Example(Action.WEARER_WRITE, MANAGING, body={"name": "Another", "born_on": "1940-02-29"}),
    f"DELETE {_W}": Example(Action.WEARER_WRITE, MANAGING),
    f"GET {_W}/contacts": Example(Action.WEARER_READ, ATTENDING),
    f"POST {_W}/contacts": Example(Action.CONTACT_WRITE, MANAGING, body={"name": "New", "phone": "079 000", "rank": 1}),
    f"PUT {_W}/contacts/order": Example(Action.CONTACT_WRITE, MANAGING, body={"contacts": "{contacts}"}),
    f"GET {_W}/contacts/{{contact_id}}": Example(Action.WEARER_READ, ATTENDING),
    f"PATCH {_W}/contacts/{{contact_id}}": Example(Action.CONTACT_WRITE, MANAGING, body={"name": "Another"}),
    f"DELETE {_W}/contacts/{{contact_id}}": Example(Action.CONTACT_WRITE, MANAGING),
    "GET /v1/contacts": Example(Action.SELF),
    "PUT /v1/contacts/{contact_id}/shares-place": row(Action.SELF, Way.CONTACT, body={"shares_place": True}),
    f"GET {_W}/consents": Example(Action.CONSENT_WRITE, MANAGING),
    f"POST {_W}/consents": Example(
        Action.CONSENT_WRITE,
        MANAGING,
        body={"role": "guard", "scopes": ["alerts"], "from_at": "2026-04-01T12:00:00+09:00"},
    ),
    f"DELETE {_W}/consents/{{consent_id}}": Example(Action.CONSENT_WRITE, MANAGING),
    f"GET {_W}/protections": Example(Action.PROTECTION_WRITE, OFFICE),
    f"POST {_W}/protections": Example(Action.PROTECTION_WRITE, OFFICE, body={"name": "Uncle", "reason": "why"}),
    f"DELETE {_W}/protections/{{protection_id}}": Example(Action.PROTECTION_WRITE, OFFICE),
    f"GET {_W}/looks": Example(Action.LOOK_READ, MANAGING),
    f"GET {_W}/scans": Example(Action.STICKER_READ, ATTENDING),
    "GET /v1/boards": Example(Action.BOARD_READ),
    f"GET {_BOARD}": row(Action.BOARD_READ, Way.ALERTS),
    f"GET {_BOARD}/photos/{{line_id}}": row(Action.BOARD_READ, Way.ALERTS),
    f"POST {_BOARD}/lines": row(Action.BOARD_WRITE, Way.ALERTS, status=200, body={"words": "thank you"}),
    f"POST {_BOARD}/coming": row(Action.BOARD_WRITE, Way.ALERTS, status=200, body={"arrives_in_min": 9}),
    f"POST {_BOARD}/hand-over": row(Action.BOARD_WRITE, Way.ALERTS, status=200),
    f"POST {_BOARD}/close": row(Action.BOARD_WRITE, Way.ALERTS, status=200),
    f"POST {_BOARD}/thanks": row(Action.BOARD_WRITE, Way.ALERTS, status=200, body={"code": "home_safe"}),
    f"POST {_BOARD}/report": row(Action.BOARD_WRITE, Way.ALERTS, status=204, body={"reason": "why"}),
    f"GET {_BOARD}/police-text": row(Action.BOARD_LEAD, Way.ALERTS),
    f"POST {_BOARD}/block": row(Action.BOARD_LEAD, Way.ALERTS, status=200, body={"hours": 2}),
    "GET /v1/sticker-reports": Example(Action.BOARD_LEAD),
    "POST /v1/sticker-reports/{report_id}/settle": row(
        Action.BOARD_LEAD, Way.STAFF, status=200, body={"words": "nothing was wrong"}
    ),
    f"POST {_W}/sticker-test": Example(Action.STICKER_OWN, MANAGING, status=200),
    f"GET {_W}/sticker-test": Example(Action.STICKER_OWN, MANAGING),
    f"DELETE {_W}/sticker-test": Example(Action.STICKER_OWN, MANAGING),
    "GET /v1/sticker-drills": Example(Action.STICKER_DRILL),
    "POST /v1/sticker-drills": row(
        Action.STICKER_DRILL,
        Way.STAFF,
        body={
            "name": "New",
            "from_at": "2026-04-02T09:00:00Z",
            "until_at": "2026-04-02T10:00:00Z",
            "stickers": ["BB9999"],
            "people": ["{staff_id}"],
        },
    ),
    "POST /v1/sticker-drills/{drill_id}/end": row(Action.STICKER_DRILL, Way.STAFF, status=200),
    f"GET {_W}/stickers": Example(Action.STICKER_READ, ATTENDING),
    f"PATCH {_W}/stickers/{{sticker_id}}": Example(Action.STICKER_OWN, MANAGING, body={"stuck_on": "a coat"}),
    f"POST {_W}/stickers/{{sticker_id}}/lost": Example(
        Action.STICKER_OWN, MANAGING, body={"reason": "on the bus"}, status=200
    ),
    f"POST {_W}/stickers/{{sticker_id}}/withdraw": Example(
        Action.STICKER_WRITE, OFFICE, body={"reason": "torn"}, status=200
    ),
    f"GET {_W}/sticker-card": Example(Action.STICKER_READ, ATTENDING),
    f"PUT {_W}/sticker-card": Example(
        Action.STICKER_OWN, MANAGING, body={"nickname": "Hana", "contact_id": "{contact_id}", "phone_shown": "tap"}
    ),
    "GET /v1/sticker-layouts": Example(Action.STICKER_WRITE),
    "POST /v1/sticker-batches": Example(Action.STICKER_WRITE, body={"layout": "glow-10", "sheets": 1}),
    "GET /v1/sticker-batches": Example(Action.STICKER_WRITE),
    "GET /v1/sticker-stock": Example(Action.STICKER_WRITE),
    "POST /v1/sticker-spoils": Example(
        Action.STICKER_WRITE, body={"numbers": ["CC0000"], "reason": "a jam"}, status=200
    ),
    "GET /v1/devices": Example(Action.DEVICE_READ),
    "POST /v1/devices": Example(
        Action.DEVICE_WRITE, body={"format": "owntracks", "external_id": "new", "name": "New", "interval_s": 60}
    ),
    f"GET {_D}": Example(Action.DEVICE_READ, EQUIPPED),
    f"PATCH {_D}": Example(Action.DEVICE_WRITE, OFFICE, body={"name": "Another", "interval_s": 60}),
    f"DELETE {_D}": Example(Action.DEVICE_WRITE, OFFICE),
    f"POST {_D}/key": Example(Action.DEVICE_WRITE, OFFICE, status=200),
    f"PUT {_D}/carrier": Example(Action.DEVICE_WRITE, OFFICE, body={"wearer_id": "{wearer_id}"}),
    f"DELETE {_D}/carrier": Example(Action.DEVICE_WRITE, OFFICE),
    f"GET {_W}/devices": Example(Action.DEVICE_READ, EQUIPPED),
    f"POST {_D}/commands": row(Action.DEVICE_COMMAND, Way.PLACE, body={"kind": "locate"}, status=200),
    f"POST {_W}/commands": row(Action.DEVICE_COMMAND, Way.PLACE, body={"kind": "locate"}, status=200),
    f"GET {_D}/commands": Example(Action.DEVICE_READ, EQUIPPED),
    "GET /v1/tags": Example(Action.TAG_READ),
    "POST /v1/tags": Example(
        Action.TAG_WRITE, body={"vendor": "Aruku", "scheme": "mac", "identity": "ac233fa0ffff", "name": "New"}
    ),
    f"GET {_T}": Example(Action.TAG_READ, EQUIPPED),
    f"PATCH {_T}": Example(Action.TAG_WRITE, OFFICE, body={"name": "Another"}),
    f"DELETE {_T}": Example(Action.TAG_WRITE, OFFICE),
    f"PUT {_T}/wearer": Example(Action.TAG_WRITE, OFFICE, body={"wearer_id": "{wearer_id}"}),
    f"DELETE {_T}/wearer": Example(Action.TAG_WRITE, OFFICE),
    f"PUT {_T}/contact": Example(Action.TAG_WRITE, OFFICE, body={"contact_id": "{contact_id}"}),
    f"DELETE {_T}/contact": Example(Action.TAG_WRITE, OFFICE),
    "GET /v1/detectors": Example(Action.DETECTOR_READ),
    "POST /v1/detectors": Example(
        Action.DETECTOR_WRITE, body={"kind": "fixed", "name": "New", "lat_deg": 34.9, "lon_deg": 134.9}
    ),
    f"GET {_DETECTOR}": row(Action.DETECTOR_READ, Way.STAFF),
    f"PATCH {_DETECTOR}": Example(Action.DETECTOR_WRITE, OFFICE, body={"name": "Another", "address": None}),
    f"DELETE {_DETECTOR}": Example(Action.DETECTOR_WRITE, OFFICE),
    f"POST {_DETECTOR}/key": Example(Action.DETECTOR_WRITE, OFFICE, status=200),
    "POST /v1/detectors/import": Example(
        Action.DETECTOR_WRITE, file="種別,設置場所名,緯度,経度\n固定,New,34.9,134.9\n", status=200
    ),
    "GET /v1/detectors/export.csv": Example(Action.DETECTOR_READ),
    f"GET {_DETECTOR}/provisioning": Example(Action.DETECTOR_WRITE, OFFICE),
    "GET /v1/detectors/states": Example(Action.DETECTOR_READ),
    f"GET {_DETECTOR}/health": row(Action.DETECTOR_READ, Way.STAFF),
    f"GET {_DETECTOR}/spells": row(Action.DETECTOR_READ, Way.STAFF),
    f"GET {_DETECTOR}/hours": row(Action.DETECTOR_READ, Way.STAFF),
    f"GET {_DETECTOR}/passages": row(Action.DETECTOR_READ, Way.STAFF),
    f"GET {_T}/passages": row(Action.PASSAGE_READ, Way.PLACE, Way.VENDOR),
    "GET /v1/passages": Example(Action.FEED_READ),
    "GET /v1/doubts": Example(Action.DETECTOR_READ),
    "POST /v1/area-questions": Example(
        Action.AREA_READ,
        status=200,
        body={
            "lat_deg": 34.757,
            "lon_deg": 134.841,
            "radius_m": 500,
            "from_at": "2026-04-01T11:00:00+09:00",
            "until_at": "2026-04-01T12:00:00+09:00",
            "reason": "Looking for somebody",
        },
    ),
    f"GET {_W}/geofences": Example(Action.WEARER_READ, FENCED),
    f"POST {_W}/geofences": Example(Action.GEOFENCE_WRITE, MANAGING, body={"name": "New", "shape": SHAPE}),
    f"GET {_W}/geofences/{{geofence_id}}": Example(Action.WEARER_READ, FENCED),
    f"PATCH {_W}/geofences/{{geofence_id}}": Example(
        Action.GEOFENCE_WRITE, MANAGING, body={"name": "Another", "shape": SHAPE, "tell_enter": True}
    ),
    f"DELETE {_W}/geofences/{{geofence_id}}": Example(Action.GEOFENCE_WRITE, MANAGING),
    f"GET {_W}/position": row(Action.POSITION_READ, Way.PLACE),
    f"GET {_W}/track": row(Action.POSITION_READ, Way.TRACK),
    f"GET {_W}/watches": Example(Action.WEARER_READ, KNOWING),
    f"PATCH {_W}/watches": Example(
        Action.WATCH_WRITE,
        MANAGING,
        body={"geofence": False, "battery_low_pct": 30, "silence_s_min": 1800, "passages": False, "tag_silence_h": 24},
    ),
    f"GET {_W}/allowances": Example(Action.WEARER_READ, ATTENDING),
    f"GET {_W}/quiet": row(Action.ALERT_READ, Way.ALERTS),
    f"DELETE {_W}/allowances/{{allowance_id}}": Example(Action.ALERT_WRITE, ATTENDING),
    f"GET {_W}/learning": Example(Action.WEARER_READ, KNOWING),
    f"GET {_W}/expectations": Example(Action.WEARER_READ, KNOWING),
    f"POST {_W}/expectations": Example(
        Action.WATCH_WRITE,
        MANAGING,
        body={
            "name": "New",
            "detectors": ["{school_gate_id}"],
            "weekdays": [1, 2],
            "from_time": "07:45",
            "by_time": "08:30",
        },
    ),
    f"DELETE {_W}/expectations/{{expectation_id}}": Example(Action.WATCH_WRITE, MANAGING),
    "GET /v1/alerts": Example(Action.ALERT_READ),
    "GET /v1/alerts/{alert_id}": row(Action.ALERT_READ, Way.ALERTS),
    "GET /v1/alerts/{alert_id}/deliveries": row(Action.ALERT_READ, Way.ALERTS),
    "POST /v1/alerts/{alert_id}/acknowledge": row(Action.ALERT_WRITE, Way.ALERTS, status=200),
    "POST /v1/alerts/{alert_id}/on-my-way": row(
        Action.ALERT_WRITE, Way.ALERTS, status=200, body={"arrives_in_min": 10}
    ),
    "POST /v1/alerts/{alert_id}/escalate": row(Action.ALERT_WRITE, Way.ALERTS, status=200, body={"told_times": 1}),
    "GET /v1/searches": Example(Action.SEARCH_READ),
    "POST /v1/searches": row(
        Action.SEARCH_WRITE, Way.PLACE, status=200, body={"wearer": "{wearer_id}", "reason": "She did not come home"}
    ),
    f"GET {_S}": row(Action.SEARCH_READ, Way.PLACE),
    f"POST {_S}/close": row(
        Action.SEARCH_WRITE,
        Way.PLACE,
        status=200,
        body={"ended": "found_well", "find": {"lat_deg": 34.75, "lon_deg": 134.84}},
    ),
    f"GET {_S}/facts": row(Action.SEARCH_READ, Way.PLACE),
    f"POST {_S}/facts": row(Action.SEARCH_WRITE, Way.PLACE, body={"fact": {"kind": "heading", "heading_deg": 270.0}}),
    f"DELETE {_S}/facts/{{fact_id}}": row(Action.SEARCH_WRITE, Way.PLACE),
    f"GET {_S}/map": row(Action.SEARCH_READ, Way.PLACE),
    f"GET {_S}/sectors": row(Action.SEARCH_READ, Way.PLACE),
    "GET /v1/billing/documents": Example(Action.BILL_READ),
    "GET /v1/billing/documents.csv": Example(Action.BILL_READ),
    f"GET {_B}": row(Action.BILL_READ, Way.BILL),
    f"GET {_B}/lines": row(Action.BILL_READ, Way.BILL),
    f"GET {_B}/lines.csv": row(Action.BILL_READ, Way.BILL),
    f"GET {_B}/explanation": row(Action.BILL_READ, Way.BILL),
    f"GET {_B}/pdf": row(Action.BILL_READ, Way.BILL),
    f"GET {_B}/payments": row(Action.BILL_READ, Way.BILL),
    f"POST {_B}/payments": row(
        Action.BILL_COLLECT, Way.BILL, status=200, body={"amount_yen": 100, "on": "2026-03-31", "key": "transfer-1"}
    ),
    f"POST {_B}/payments/{{payment_id}}/take-back": row(
        Action.BILL_COLLECT, Way.BILL, status=200, body={"note": "of somebody else"}
    ),
    "GET /v1/billing/statements": Example(Action.BILL_COLLECT),
    "GET /v1/billing/statements.csv": Example(Action.BILL_COLLECT),
    "GET /v1/billing/arrears": Example(Action.BILL_COLLECT),
    "POST /v1/billing/closings": Example(Action.BILL_WRITE, body={"month": "2026-03"}, status=200),
    "GET /v1/billing/closings": Example(Action.BILL_WRITE),
    "GET /v1/billing/closings/{closing_id}/gaps": row(Action.BILL_WRITE, Way.BILL),
    "GET /v1/billing/issuers": Example(Action.BILL_WRITE),
    "PUT /v1/billing/issuers/{code}": Example(Action.BILL_WRITE, body={"name": "Another"}),
    f"PUT {_READERS}": row(Action.BILL_WRITE, Way.BILL, status=204),
    f"DELETE {_READERS}": row(Action.BILL_WRITE, Way.BILL),
    "GET /v1/schemes": Example(Action.PROGRAMME_READ),
    "GET /v1/schemes/{scheme}": Example(Action.PROGRAMME_READ),
    f"GET {_W}/contracts": Example(Action.PROGRAMME_READ, MANAGING),
    f"POST {_W}/contracts": Example(Action.PROGRAMME_WRITE, MANAGING, body={"terms": {"scheme": "second"}}),
    f"GET {_W}/quote": Example(Action.PROGRAMME_READ, ATTENDING),
    f"GET {_CONTRACT}": Example(Action.PROGRAMME_READ, MANAGING),
    f"PATCH {_CONTRACT}": Example(Action.PROGRAMME_WRITE, MANAGING, body={"devices": 2, "reason": "one more"}),
    f"POST {_CONTRACT}/withdraw": Example(
        Action.PROGRAMME_WRITE, MANAGING, body={"reason": "hers is another"}, status=204
    ),
    f"GET {_CONTRACT}/changes": Example(Action.PROGRAMME_READ, MANAGING),
    f"POST {_CONTRACT}/residences": Example(
        Action.PROGRAMME_WRITE, MANAGING, body={"from": "2026-03-01", "ward": "中央区", "reason": "moved"}, status=200
    ),
    f"GET {_CONTRACT}/absences": Example(Action.PROGRAMME_READ, MANAGING),
    f"POST {_CONTRACT}/absences": Example(Action.PROGRAMME_WRITE, MANAGING, body=AWAY),
    f"PUT {_CONTRACT}/absences/{{absence_id}}": Example(Action.PROGRAMME_WRITE, MANAGING, body=AWAY),
    f"POST {_CONTRACT}/absences/{{absence_id}}/withdraw": Example(
        Action.PROGRAMME_WRITE, MANAGING, body={"reason": "she was at home"}, status=204
    ),
    f"GET {_CONTRACT}/quota": Example(Action.PROGRAMME_READ, MANAGING),
    f"GET {_CONTRACT}/usage": Example(Action.PROGRAMME_READ, MANAGING),
    f"POST {_CONTRACT}/usage": Example(
        Action.PROGRAMME_WRITE, MANAGING, body={"key": "new", "item": {"code": "charger", "on": "2026-03-01"}}
    ),
    f"POST {_CONTRACT}/usage/{{usage_id}}/correct": Example(
        Action.PROGRAMME_WRITE, MANAGING, body={"reason": "it was another's"}
    ),
    "GET /v1/networks": Example(Action.NETWORK_READ),
    "GET /v1/network-entries": Example(Action.NETWORK_WRITE),
    f"GET {_W}/network": Example(Action.NETWORK_READ, ATTENDING),
    f"POST {_W}/network": Example(
        Action.NETWORK_WRITE,
        MANAGING,
        body={"applied_by": "self", "entered_on": "2020-01-01", "left_on": "2021-01-01"},
    ),
    f"GET {_NETWORK}": Example(Action.NETWORK_READ, ATTENDING),
    f"PATCH {_NETWORK}": Example(Action.NETWORK_WRITE, MANAGING, body={"features": "a red hat", "reason": "seen"}),
    f"POST {_NETWORK}/leave": Example(Action.NETWORK_WRITE, MANAGING, body={"reason": "she moved"}, status=200),
    f"POST {_NETWORK}/withdraw": Example(Action.NETWORK_WRITE, MANAGING, body={"reason": "it was another"}, status=204),
    f"GET {_NETWORK}/changes": Example(Action.NETWORK_READ, ATTENDING),
    f"GET {_W}/sticker-standing": Example(Action.STICKER_READ, MANAGING),
    f"GET {_W}/sticker-issues": Example(Action.STICKER_READ, MANAGING),
    f"POST {_W}/sticker-issues": Example(
        Action.STICKER_WRITE, MANAGING, body={"kind": "first", "way": "desk", "applied_by": "self"}
    ),
    f"GET {_W}/sticker-notices": Example(Action.STICKER_READ, MANAGING),
    f"POST {_W}/sticker-notices": Example(
        Action.STICKER_WRITE, MANAGING, body={"applied_by": "self", "told": "another telephone"}
    ),
    f"GET {_ISSUE}/test-mail": Example(Action.STICKER_READ, MANAGING),
    f"POST {_ISSUE}/test-mail": Example(Action.STICKER_WRITE, MANAGING, status=202),
    f"POST {_ISSUE}/hand-over": Example(
        Action.STICKER_WRITE, MANAGING, body={"numbers": ["{stock_number}"], "without_test": "at the desk"}, status=200
    ),
    f"POST {_ISSUE}/withdraw": Example(Action.STICKER_WRITE, MANAGING, body={"reason": "she moved"}, status=200),
    "GET /v1/sticker-register": Example(Action.REGISTER_READ),
    "GET /v1/sticker-register/numbers/{sticker_number}": row(Action.REGISTER_READ, Way.REGISTER),
    "POST /v1/sticker-register/exports": Example(Action.REGISTER_READ, status=200),
    "GET /v1/sticker-register/exports": Example(Action.STICKER_WRITE),
    "GET /v1/me/preferences": Example(Action.SELF),
    "PUT /v1/me/preferences": Example(Action.SELF, body={"news": False}),
    "GET /v1/policy": Example(Action.POLICY_READ),
    "PUT /v1/policy": Example(Action.POLICY_WRITE, body=POLICY),
    f"GET {_W}/policy": Example(Action.WATCH_WRITE, MANAGING),
    f"PUT {_W}/policy": Example(Action.WATCH_WRITE, MANAGING, body=POLICY),
    f"DELETE {_W}/policy": Example(Action.WATCH_WRITE, MANAGING),
    "GET /v1/duty": Example(Action.DUTY_READ),
    "POST /v1/duty": row(
        Action.DUTY_WRITE, Way.STAFF, body={"account": "{staff_id}", "hours": HOURS, "from_on": "2026-04-01"}
    ),
    "DELETE /v1/duty/{shift_id}": row(Action.DUTY_WRITE, Way.STAFF),
    "POST /v1/alerts/{alert_id}/fine": row(Action.ALERT_WRITE, Way.ALERTS, status=200, body={"scope": "today"}),
    "POST /v1/alerts/{alert_id}/resolve": row(Action.ALERT_WRITE, Way.ALERTS, status=200),
    "POST /v1/alerts/{alert_id}/cancel": row(Action.ALERT_WRITE, Way.ALERTS, status=200),
    "GET /v1/events": Example(Action.ALERT_READ, headers=((b"last-event-id", b"0"),)),
    f"POST {_W}/dispatches": row(Action.DISPATCH_WRITE, Way.ALERTS, status=200, body={"key": "k"}),
    "GET /v1/dispatches": Example(Action.DISPATCH_READ),
    f"GET {_X}": Example(Action.DISPATCH_READ, GOING),
    f"GET {_X}/timeline": Example(Action.DISPATCH_READ, GOING),
    f"GET {_X}/place": row(Action.DISPATCH_READ, Way.PLACE),
    f"GET {_X}/people/{{guard_id}}/photo": Example(Action.DISPATCH_READ, GOING),
    f"POST {_X}/cancel": row(Action.DISPATCH_WRITE, Way.ALERTS, status=200, body={"key": "k", "reason": "why"}),
    f"POST {_X}/hours": row(Action.DISPATCH_WRITE, Way.ALERTS, status=200, body={"key": "k", "hour": 2, "yes": False}),
    f"POST {_X}/on-my-way": row(Action.DISPATCH_JOIN, Way.ALERTS, status=200, body={"key": "k", "arrives_in_min": 9}),
    f"POST {_X}/offers": row(Action.DISPATCH_LEAD, Way.ALERTS, body={"unit": "{spare_unit_id}"}),
    f"POST {_X}/corrections": row(
        Action.DISPATCH_LEAD,
        Way.ALERTS,
        status=200,
        body={"entry": "{entry_id}", "at": "2026-04-01T11:45:00+09:00", "reason": "why"},
    ),
    f"POST {_X}/steps": row(Action.DISPATCH_GO, Way.COMPANY, status=200, body={"key": "k", "step": "find"}),
    f"POST {_X}/give-back": Example(Action.DISPATCH_RETURN, GOING, status=204, body={"key": "k"}),
    "GET /v1/offers": Example(Action.DISPATCH_GO),
    "POST /v1/offers/{offer_id}/accept": row(Action.DISPATCH_GO, Way.COMPANY, status=200, body={"key": "k"}),
    "POST /v1/offers/{offer_id}/decline": row(Action.DISPATCH_GO, Way.COMPANY, status=200, body={"reason": "busy"}),
    "GET /v1/companies": Example(Action.UNIT_READ),
    "POST /v1/companies": Example(Action.COMPANY_WRITE, body=FIRM),
    f"GET {_C}": Example(Action.UNIT_READ, SENDING),
    f"PATCH {_C}": Example(Action.COMPANY_WRITE, OFFICE, body={"name": "Another"}),
    f"DELETE {_C}": Example(Action.COMPANY_WRITE, OFFICE),
    f"GET {_C}/crew": Example(Action.UNIT_READ, SENDING),
    f"PUT {_C}/crew/{{guard_id}}": Example(Action.COMPANY_WRITE, OFFICE, body={"badge": "0002"}),
    f"DELETE {_C}/crew/{{guard_id}}": Example(Action.COMPANY_WRITE, OFFICE),
    "PUT /v1/crew/{guard_id}/photo": Example(Action.UNIT_WRITE, SENDING, body={"jpeg": PHOTO}, status=204),
    "GET /v1/crew/{guard_id}/photo": Example(Action.UNIT_READ, SENDING),
    "GET /v1/units": Example(Action.UNIT_READ),
    "POST /v1/units": Example(
        Action.UNIT_WRITE, SENDING, body={"name": "New", "kind": "guard", "company": "{company_id}"}
    ),
    f"GET {_U}": Example(Action.UNIT_READ, SENDING),
    f"PATCH {_U}": Example(Action.UNIT_WRITE, SENDING, body={"name": "Another"}),
    f"DELETE {_U}": Example(Action.UNIT_WRITE, SENDING),
    f"PUT {_U}/duty/{{guard_id}}": Example(Action.UNIT_WRITE, SENDING, status=200),
    f"DELETE {_U}/duty/{{guard_id}}": Example(Action.UNIT_WRITE, SENDING),
    f"GET {_U}/place": Example(Action.UNIT_PLACE, SENDING),
    "GET /v1/rota": Example(Action.UNIT_READ),
    "POST /v1/rota": Example(
        Action.UNIT_WRITE,
        SENDING,
        body={"unit": "{unit_id}", "account": "{guard_id}", "hours": HOURS, "from_on": "2026-04-01"},
    ),
    "DELETE /v1/rota/{rota_id}": Example(Action.UNIT_WRITE, SENDING),
    "GET /v1/me/duty": Example(Action.OWN_DUTY),
    "PUT /v1/me/duty": row(Action.OWN_DUTY, Way.COMPANY, body={"unit": "{unit_id}"}, status=200),
    "DELETE /v1/me/duty": Example(Action.OWN_DUTY),
    "POST /v1/me/places": Example(
        Action.OWN_DUTY,
        status=200,
        body={"places": [{"at": "2026-04-01T12:00:00+09:00", "lat_deg": 34.757, "lon_deg": 134.841}]},
    ),
    "POST /v1/me/check-in": Example(Action.OWN_DUTY, status=200),
    "GET /v1/me/unit-looks": Example(Action.OWN_DUTY),
    "GET /v1/dead-letters": Example(Action.OPERATION),
    "POST /v1/dead-letters/{letter_id}/replay": Example(Action.OPERATION, OFFICE, status=200),
    "GET /v1/watch-failures": Example(Action.OPERATION),
}
