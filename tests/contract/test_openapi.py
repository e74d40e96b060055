"""The description of the API that is checked in is the one that the code gives, and it leaves nothing open."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from app.asgi import openapi_json
from tests.contract.permissions.examples import EXAMPLES, OPEN
from tests.description import description

CHECKED_IN = Path(__file__).parents[2] / "openapi" / "openapi.json"
DOCUMENT = description()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE = "application/problem+json"
SAYS_WHAT_IT_IS = {"type", "$ref", "oneOf", "anyOf", "allOf", "enum", "const"}

BY_TOKEN = {"POST /v1/receipts/{token}", "GET /v1/acts/{token}", "POST /v1/acts/{token}/{action}"}
"""Routes for which nobody signs in: what names the thing is the permission."""

FILES = {"POST /v1/detectors/import"}
"""Routes that take a file of a spreadsheet."""

Place = tuple[str | int, ...]


def parts(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Everything in the description with the way to it."""
    yield place, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from parts(one, (*place, name))


def is_schema(place: Place) -> bool:
    """Whether what stands here says what a value looks like."""
    if len(place) < 2 or "default" in place or "enum" in place:
        return False
    of_many = place[-2] in ("properties", "oneOf", "anyOf", "allOf", "prefixItems", "schemas") and place[-3:-2] != (
        "properties",
    )
    return of_many or place[-1] in ("schema", "items")


def test_what_is_checked_in_is_what_the_code_gives() -> None:
    """`make openapi` writes it anew; its diff is the change of the API."""
    assert CHECKED_IN.read_text(encoding="utf-8") == openapi_json()


def test_it_describes_every_route_of_the_api_and_no_other() -> None:
    described = {route for route in OPERATIONS if " /v1/" in route}

    assert EXAMPLES.keys() | BY_TOKEN | {"POST /v1/sign-in"} == described
    assert OPERATIONS.keys() - described < OPEN


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_operation_says_what_it_is(route: str) -> None:
    operation = OPERATIONS[route]

    for part in ("operationId", "summary", "description", "tags"):
        assert operation[part], part
    assert operation["description"].strip().endswith(".")
    assert 1 == sum(operation["operationId"] == other["operationId"] for other in OPERATIONS.values())


@pytest.mark.parametrize("route", [route for route in OPERATIONS if " /v1/" in route])
def test_every_operation_says_what_can_go_wrong(route: str) -> None:
    operation = OPERATIONS[route]
    signed_in = {"401", "403"} if route in EXAMPLES else set() if route in BY_TOKEN else {"401", "429"}
    addressed = {"404"} if "{" in route else set()
    given = {"400"} if operation.get("parameters") or "requestBody" in operation else set()
    read = {"413", "415"} if "requestBody" in operation else set()
    stored = set() if route.startswith("GET ") else {"503"}
    problems = {status: answer for status, answer in operation["responses"].items() if status >= "400"}

    assert signed_in | addressed | given | read | stored <= problems.keys()
    for answer in problems.values():
        assert answer["description"]
        assert {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}} == answer["content"]


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_operation_says_what_it_gives(route: str) -> None:
    given = {status: answer for status, answer in OPERATIONS[route]["responses"].items() if status < "400"}

    assert 1 == len(given)
    for status, answer in given.items():
        assert answer["description"]
        assert ("content" not in answer) == (status == "204")


def test_every_part_of_an_address_and_a_query_is_known_and_each_body_is_json_or_a_file() -> None:
    for route, operation in OPERATIONS.items():
        named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}

        assert {part[1:-1] for part in route.split("/") if part.startswith("{")} == named, route
        assert all(one["required"] for one in operation.get("parameters", ()) if one["in"] == "path"), route
        kinds = {"text/csv"} if route in FILES else {"application/json"}
        assert kinds >= operation.get("requestBody", {}).get("content", {}).keys(), route


def test_no_schema_and_no_example_is_empty() -> None:
    found = {place for place, value in parts(DOCUMENT) if is_schema(place) and not SAYS_WHAT_IT_IS & value.keys()}
    examples = {
        place
        for place, value in parts(DOCUMENT)
        if place and place[-1] in ("example", "examples") and "properties" not in place[-2:] and not value
    }
    nameless = {name for name, one in SCHEMAS.items() if one.get("type") == "object" and not one.get("properties")}

    assert set() == found
    assert set() == examples
    assert set() == nameless


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    referred = {value for place, value in parts(DOCUMENT) if place and place[-1] == "$ref"}

    assert {f"#/components/schemas/{name}" for name in SCHEMAS} == referred


def test_every_schema_says_what_it_is_and_bodies_that_they_take_no_other_field() -> None:
    taken = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for operation in OPERATIONS.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }

    assert all(schema["description"] for schema in SCHEMAS.values())
    assert all(SCHEMAS[name]["additionalProperties"] is False for name in taken)


def test_every_schema_is_one() -> None:
    """JSON Schema of 2020-12, as OpenAPI 3.1 asks."""
    for schema in SCHEMAS.values():
        jsonschema_rs.meta.validate({"$schema": DIALECT} | schema)


def test_one_signs_in_with_a_bearer_token_or_a_cookie() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]

    assert {"bearer", "cookie"} == schemes.keys()
    assert ("http", "bearer") == (schemes["bearer"]["type"], schemes["bearer"]["scheme"])
    assert ("apiKey", "cookie", "mimamori_sign_in") == tuple(schemes["cookie"][part] for part in ("type", "in", "name"))
    assert all(scheme["description"] for scheme in schemes.values())
    for route, operation in OPERATIONS.items():
        assert operation.get("security", []) == ([{"bearer": []}, {"cookie": []}] if route in EXAMPLES else []), route


def test_nothing_of_the_machine_is_in_it() -> None:
    text = openapi_json()

    for word in ("/root", "/work", "/home", "localhost", "127.0.0.1", "site-packages"):
        assert word not in text
