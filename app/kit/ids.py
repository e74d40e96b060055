"""Keys: UUID version 7 (RFC 9562), typed by what they name, and random secrets."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

import uuid_utils.compat

CityId = NewType("CityId", int)
"""The municipality code of JIS X 0402 with check digit (全国地方公共団体コード), for example 282103 for Kakogawa."""

AccountId = NewType("AccountId", UUID)
SignInId = NewType("SignInId", UUID)
HouseholdId = NewType("HouseholdId", UUID)
WearerId = NewType("WearerId", UUID)
ContactId = NewType("ContactId", UUID)
ConsentId = NewType("ConsentId", UUID)
ProtectionId = NewType("ProtectionId", UUID)
DeviceId = NewType("DeviceId", UUID)
CommandId = NewType("CommandId", UUID)
GeofenceId = NewType("GeofenceId", UUID)
TagId = NewType("TagId", UUID)
DetectorId = NewType("DetectorId", UUID)
PassageId = NewType("PassageId", UUID)
ExpectationId = NewType("ExpectationId", UUID)
AllowanceId = NewType("AllowanceId", UUID)
AlertId = NewType("AlertId", UUID)
ShiftId = NewType("ShiftId", UUID)
TellingId = NewType("TellingId", UUID)
AddressId = NewType("AddressId", UUID)
MessageId = NewType("MessageId", UUID)
HookId = NewType("HookId", UUID)
SearchId = NewType("SearchId", UUID)
FactId = NewType("FactId", UUID)
CompanyId = NewType("CompanyId", UUID)
UnitId = NewType("UnitId", UUID)
RotaId = NewType("RotaId", UUID)
TaskId = NewType("TaskId", UUID)
IncidentId = NewType("IncidentId", UUID)
ContractId = NewType("ContractId", UUID)
AbsenceId = NewType("AbsenceId", UUID)
UsageId = NewType("UsageId", UUID)
PriceConsentId = NewType("PriceConsentId", UUID)
NetworkEntryId = NewType("NetworkEntryId", UUID)
OfferId = NewType("OfferId", UUID)
EntryId = NewType("EntryId", UUID)
BatchId = NewType("BatchId", UUID)
IssueId = NewType("IssueId", UUID)
StickerId = NewType("StickerId", UUID)
ThreadId = NewType("ThreadId", UUID)
LineId = NewType("LineId", UUID)
DrillId = NewType("DrillId", UUID)
ReportId = NewType("ReportId", UUID)
ScanId = NewType("ScanId", UUID)


def new_id() -> UUID:
    """A fresh key that sorts by the time it was made.

    >>> first, second = new_id(), new_id()
    >>> first.version, first < second
    (7, True)
    """
    return uuid_utils.compat.uuid7()


def new_secret() -> str:
    """A fresh secret of 256 random bits, safe in URLs and headers. It is shown once and stored only as
    `secret_hash`.
    """
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """SHA-256 of a random secret, 32 bytes. Passwords do not belong here: they are guessable and get argon2id."""
    return hashlib.sha256(secret.encode()).digest()


def id_time(key: UUID) -> datetime:
    """When a version 7 key was made, to the millisecond, UTC."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
