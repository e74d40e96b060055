"""Whatever goes wrong is a problem (RFC 9457) and tells nothing of the inside."""

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response
from psycopg.errors import DiskFull
from structlog.testing import capture_logs

from app.accounts import service
from app.kit import errors
from app.problems import PROBLEMS
from tests.contract.web import Town

MEMBERS = {"type", "title", "status", "detail"}


def assert_problem(answer: Response, status: int, name: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status == body["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"/problems/{name}"
    assert body.keys() - {"errors", "reference"} == MEMBERS
    return body


def test_every_error_of_ours_has_its_row() -> None:
    ours = {error for error in vars(errors).values() if isinstance(error, type) and error is not errors.MimamoriError}

    assert {error for error in ours if issubclass(error, errors.MimamoriError)} == PROBLEMS.keys()


def test_a_path_that_is_nothing(here: Town) -> None:
    assert_problem(here.client.get("/v1/nothing?token=secret"), 404, "not-found")
    assert_problem(here.client.get("/"), 404, "not-found")


def test_a_path_that_is_nothing_looks_like_a_thing_that_is_not_ones_own(here: Town) -> None:
    unknown = here.client.get(f"/v1/accounts/{here.people['Faraway'].id}", headers=here.headers_of("Clerk"))

    assert here.client.get("/v1/nothing").json() == unknown.json()


def test_a_method_that_a_path_does_not_know(here: Town) -> None:
    answer = here.client.put("/v1/me")

    assert_problem(answer, 405, "method-not-allowed")
    assert "PATCH" in answer.headers["allow"]


def test_an_id_that_is_none(here: Town) -> None:
    assert_problem(here.client.get("/v1/accounts/7", headers=here.headers_of("Clerk")), 404, "not-found")


def test_a_body_that_is_too_large(here: Town) -> None:
    body = b'{"name": "' + b"x" * 256 * 1024 + b'"}'
    headers = {**here.headers_of("Hanako"), "Content-Type": "application/json"}

    assert_problem(here.client.patch("/v1/me", content=body, headers=headers), 413, "too-large")


def test_a_body_that_is_too_large_and_does_not_say_so(here: Town) -> None:
    def parts() -> Any:
        for _ in range(300):
            yield b" " * 1024

    headers = {**here.headers_of("Hanako"), "Content-Type": "application/json"}

    assert_problem(here.client.patch("/v1/me", content=parts(), headers=headers), 413, "too-large")


def test_who_is_not_signed_in_is_not_read(here: Town) -> None:
    headers = {"Content-Type": "application/json"}

    assert_problem(here.client.patch("/v1/me", content=b"x" * 300_000, headers=headers), 401, "not-signed-in")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": 1}',
        b'{"name": {"a": []}}',
        b'{"unknown": 1}',
        b"[" * 100_000,
        b'{"name":' * 20_000,
        b"1" * 10_000,
        b"-1e999999",
        b'{"name": 1e400}',
    ],
)
def test_a_body_that_cannot_be_meant(here: Town, body: bytes) -> None:
    headers = {**here.headers_of("Hanako"), "Content-Type": "application/json"}

    assert_problem(here.client.patch("/v1/me", content=body, headers=headers), 400, "invalid-input")


def test_a_field_that_does_not_fit_is_named_with_the_reason(here: Town) -> None:
    answer = here.client.post("/v1/sign-in", json={"email": "x@example.jp", "password": "y", "label": "z" * 101})

    body = assert_problem(answer, 400, "invalid-input")
    assert body["errors"] == [{"where": "label", "why": "Expected `str` of length <= 100"}]


def test_a_query_is_not_told_back(here: Town) -> None:
    answer = here.client.get("/v1/me/sign-ins?limit=0&token=secret", headers=here.headers_of("Hanako"))

    body = assert_problem(answer, 400, "invalid-input")
    assert [one["where"] for one in body["errors"]] == ["limit"]
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("inside: hanako@example.jp"),
        sa.exc.OperationalError("SELECT ?", {"email": "hanako@example.jp"}, sqlite3.OperationalError("disk I/O error")),
        RecursionError(),
    ],
)
def test_a_defect_tells_a_reference_and_the_log_the_rest(
    here: Town, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(service, "own_account", fail)
    with capture_logs() as logs:
        answer = here.client.get("/v1/me?token=secret", headers=here.headers_of("Hanako"))

    body = assert_problem(answer, 500, "defect")
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text
    entry = next(one for one in logs if one["event"] == "defect")
    assert entry["reference"] == body["reference"]
    assert entry["route"] == "/v1/me"
    assert any("test_problems.py" in frame for frame in entry["trace"])
    assert "secret" not in str(logs)
    assert "SELECT" not in str(logs)


def test_a_database_without_space_is_overloaded_and_no_mistake_of_ours(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise sa.exc.OperationalError("SELECT ?", {"email": "hanako@example.jp"}, DiskFull("could not extend file"))

    monkeypatch.setattr(service, "own_account", fail)
    with capture_logs() as logs:
        answer = here.client.get("/v1/me", headers=here.headers_of("Hanako"))

    assert_problem(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "5"
    assert "hanako" not in answer.text + str(logs)


def test_what_is_overloaded_says_when_to_come_again(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise errors.Overloaded

    monkeypatch.setattr(service, "own_account", fail)
    answer = here.client.get("/v1/me", headers=here.headers_of("Hanako"))

    assert_problem(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "5"
