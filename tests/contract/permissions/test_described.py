"""What is asked and answered is what the description of the API says."""

import asyncio
from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from app.kit.errors import Overloaded
from tests.contract.permissions.asking import Answer
from tests.contract.permissions.examples import EXAMPLES, request_of, targets_of
from tests.contract.permissions.judging import expected_of
from tests.contract.permissions.undone import Undone
from tests.contract.permissions.ways import EVERYBODY, Target
from tests.contract.permissions.world import World
from tests.description import description

PLAIN = ("text/event-stream", "text/csv", "image/jpeg", "application/pdf")
"""What is no JSON."""


@lru_cache(1)
def document() -> dict[str, Any]:
    return description()


def operation(route: str) -> dict[str, Any]:
    method, path = route.split(" ")
    found: dict[str, Any] = document()["paths"][path][method.lower()]
    return found


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    """What in the value does not fit the schema."""
    whole = (
        {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"components": document()["components"]}
    )
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{one.instance_path}: {one.message}" for one in validator.iter_errors(value)]


def undescribed(route: str, answer: Answer) -> list[str]:
    """What in an answer is not as the description says."""
    described = operation(route)["responses"].get(str(answer.status))
    if described is None:
        return [f"{answer.status} is not described"]
    if "content" not in described:
        return [f"{answer.status} has no body"] if answer.body else []
    if answer.content_type not in described["content"]:
        return [f"{answer.status} is not described as {answer.content_type}"]
    schema = described["content"][answer.content_type]["schema"]
    value = answer.text if answer.content_type in PLAIN else answer.json()
    return faults(schema, value)


@pytest.mark.parametrize("route", sorted(EXAMPLES))
async def test_every_answer_is_as_described(world: World, route: str) -> None:
    """One that is given, and one of every kind of refusal."""
    asked = set()
    for who in EVERYBODY:
        for target in targets_of(route):
            status = expected_of(route, who, target)
            if status not in asked:
                asked.add(status)
                answer = (await world.observe(route, who, target)).answer

                assert [] == undescribed(route, answer), (who, target)


@pytest.mark.parametrize("route", sorted(route for route in EXAMPLES if EXAMPLES[route].body is not None))
def test_every_body_of_the_examples_fits_its_schema(world: World, route: str) -> None:
    schema = operation(route)["requestBody"]["content"]["application/json"]["schema"]
    body = msgspec.json.decode(request_of(route, world.ids("family", Target.OWN)).body)

    assert [] == faults(schema, body)
    assert [] != faults(schema, {"unknown": body})


@pytest.mark.parametrize("route", sorted(EXAMPLES))
async def test_a_full_queue_is_described_wherever_it_can_be_met(
    world: World, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_database: Undone, _work: object) -> "asyncio.Future[Any]":
        raise Overloaded

    monkeypatch.setattr(Undone, "write", full)
    who = next(one for one in EVERYBODY if expected_of(route, one, Target.OWN) < 400)
    with world.undone():
        answer = (await world.observe(route, who, Target.OWN)).answer

    assert answer.status in (200, 503)
    assert [] == undescribed(route, answer)
    assert answer.status == 200 or answer.headers["retry-after"] == "5"
