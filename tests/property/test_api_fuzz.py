"""Whatever is sent to the API: it answers, never with an error of ours, never with what is not the asker's."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.accounts.permissions import Action
from app.asgi.headers import PAGE_PREFIXES
from app.problems import OF_HTTP
from tests.build import PASSWORD
from tests.contract.permissions.asking import Answer, ask
from tests.contract.permissions.examples import EXAMPLES, request_of
from tests.contract.permissions.judging import expected_of
from tests.contract.permissions.ways import Target, ways_of
from tests.contract.permissions.world import World
from tests.description import description
from tests.property.hostile import (
    ANYTHING,
    BODIES,
    CURSORS,
    HEADERS,
    LIMITS,
    OF_TYPE,
    PARTS,
    QUERIES,
    SHAPES,
    Raw,
    json_text,
    spoiled,
)

DOCUMENT = description()
SIGN_IN = "POST /v1/sign-in"
OPERATIONS = {route for route, example in EXAMPLES.items() if example.action is Action.OPERATION}
ASKERS = ("family", "administrator", "operator", "contact", "vendor", "guard")
KINDS = {kind.status: kind for kind in OF_HTTP.values()}
INSIDE = ("Traceback", "object at 0x", "site-packages", "sqlalchemy", "SELECT ", "INSERT ", "<class", ".py")
TYPES = {"content-type", "content-length"}


class Fuzzed:
    """The world, and an event loop that goes on from one example to the next."""

    def __init__(self, world: World, runner: asyncio.Runner) -> None:
        self.world, self._runner = world, runner
        self.secrets = {who: self._secrets_of(who) for who in ASKERS}

    def _secrets_of(self, who: str) -> set[str]:
        return {
            word
            for target, things in self.world.things.items()
            for ways, words in things.words.items()
            if not ways & ways_of(who, target)
            for word in words
        }

    def example(self, route: str, who: str) -> tuple[str, bytes]:
        """Path and body of a request that would be answered."""
        if route == SIGN_IN:
            return "/v1/sign-in", json_text({"email": self.world.people[who].email, "password": PASSWORD}).encode()
        request = request_of(route, self.world.ids(who, Target.OWN))
        return request.path, request.body

    def send(
        self,
        route: str,
        who: str,
        *,
        path: str | None = None,
        query: bytes = b"",
        body: bytes | None = None,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> Answer:
        """The answer to the example of a route with something else in it, which is sound."""
        usual_path, usual_body = self.example(route, who)
        content = usual_body if body is None else body
        all_headers = {b"authorization": f"Bearer {self.world.tokens[who]}".encode()}
        if content:
            is_file = route != SIGN_IN and EXAMPLES[route].file is not None
            kind = b"text/csv" if is_file else b"application/json"
            all_headers |= {b"content-type": kind, b"content-length": b"%d" % len(content)}
        with self.world.undone(), capture_logs() as logs:
            answer = self._runner.run(
                ask(
                    self.world.app,
                    route.partition(" ")[0],
                    usual_path if path is None else path,
                    query=query,
                    headers=(all_headers | dict(headers)).items(),
                    body=content,
                )
            )
        assert_sound(answer, logs, is_page=(path or "").startswith(PAGE_PREFIXES))
        told = {word for word in self.secrets[who] if word in answer.text and word.encode() not in content}

        # Who is asked about operations looks after everybody's undigested units.
        assert told == set() or route in OPERATIONS
        return answer


def assert_sound(answer: Answer, logs: object, *, is_page: bool = False) -> None:
    """It is no error of ours, it tells nothing of the inside, and a refusal is a problem (RFC 9457), but for pages that
    people read.
    """
    text = answer.text

    assert answer.status < 500, logs
    if is_page and answer.headers["content-type"].startswith("text/html"):
        assert [] == [word for word in INSIDE if word in text]
        return
    if answer.status >= 400:
        problem = answer.json()
        kind = KINDS[answer.status]

        assert "application/problem+json" == answer.headers["content-type"]
        assert (f"/problems/{kind.name}", kind.title, kind.status) == tuple(
            problem[part] for part in ("type", "title", "status")
        )
        assert {"detail"} == problem.keys() - {"type", "title", "status", "errors"}
        assert problem["detail"]
        assert all({"where", "why"} == one.keys() and one["why"] for one in problem.get("errors", ()))
        assert [] == [word for word in INSIDE if word in text]


ONE_DIALECT = pytest.mark.parametrize("shared_where", ["sqlite"], indirect=True)
"""What is wrong in itself is refused before the store; the store hears of much of it in the last test."""


@pytest.fixture(scope="module")
def fuzzed(shared_where: Path | str) -> Iterator[Fuzzed]:
    world = World(shared_where)
    with asyncio.Runner() as runner:
        yield Fuzzed(world, runner)
    world.database.close()


def asker_of(route: str) -> str:
    """Somebody whom the example of a route is answered."""
    return next(who for who in ASKERS if route == SIGN_IN or expected_of(route, who, Target.OWN) < 400)


def operation(route: str) -> dict[str, Any]:
    method, path = route.split(" ")
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def fields_of(route: str) -> dict[str, str]:
    """The fields that a body may have, each with the type of its values."""
    body = operation(route).get("requestBody")
    if body is None or "application/json" not in body["content"]:
        return {}
    schema = _followed(body["content"]["application/json"]["schema"])
    return {name: _type_of(field) for name, field in schema["properties"].items()}


def _followed(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _type_of(schema: dict[str, Any]) -> str:
    kinds = [_followed(one) for one in (schema, *schema.get("oneOf", ()))]
    found: list[str] = [kind.get("format") or kind["type"] for kind in kinds if "type" in kind or "format" in kind]
    return next(iter(found), "object")


def parameters_of(route: str) -> list[str]:
    return [one["name"] for one in operation(route).get("parameters", ()) if one["in"] == "query"]


TAKING = sorted(route for route in (*EXAMPLES, SIGN_IN) if fields_of(route))
ASKING = sorted(route for route in EXAMPLES if parameters_of(route))
ADDRESSED = sorted(route for route in EXAMPLES if "{" in route)


def put_into(path: str, route: str, part: str) -> Iterator[str]:
    """The path with another part in place of each id in turn."""
    parts = path.split("/")
    for index, name in enumerate(route.partition(" ")[2].split("/")):
        if name.startswith("{"):
            yield "/".join([*parts[:index], part, *parts[index + 1 :]])


def leaves_of(name: str, kind: str) -> list[Raw]:
    return [*ANYTHING, *SHAPES] if name == "shape" else OF_TYPE.get(kind, ANYTHING)


@ONE_DIALECT
@pytest.mark.parametrize("route", TAKING)
def test_any_value_of_any_field(fuzzed: Fuzzed, route: str) -> None:
    who = asker_of(route)
    usual = json.loads(fuzzed.example(route, who)[1])
    described = operation(route)["responses"].keys()
    for name, kind in fields_of(route).items():
        for leaf in leaves_of(name, kind):
            for value in spoiled(usual.get(name), leaf):
                answer = fuzzed.send(route, who, body=json_text({**usual, name: value}).encode())

                assert str(answer.status) in described, (name, leaf)


@ONE_DIALECT
@pytest.mark.parametrize("route", TAKING)
def test_any_body(fuzzed: Fuzzed, route: str) -> None:
    who = asker_of(route)
    usual = json.loads(fuzzed.example(route, who)[1])
    again = [(name, Raw("null")) for name in usual]
    for body in (
        *BODIES,
        json_text((*usual.items(), *again)).encode(),
        json_text((*again, *usual.items())).encode(),
        json_text({**usual, "unknown": 1}).encode(),
        json_text({**usual, "": 1}).encode(),
        json_text([usual]).encode(),
    ):
        answer = fuzzed.send(route, who, body=body)

        assert str(answer.status) in operation(route)["responses"], body[:50]


@ONE_DIALECT
@pytest.mark.parametrize("route", [route for route in EXAMPLES if EXAMPLES[route].file is not None])
def test_any_file(fuzzed: Fuzzed, route: str) -> None:
    who = asker_of(route)
    usual = fuzzed.example(route, who)[1]
    for body in (
        *BODIES,
        usual * 2,
        usual[:-9],
        usual + b"\xff",
        usual.replace(b",", b"\x00"),
        usual.decode().encode("cp932"),
    ):
        answer = fuzzed.send(route, who, body=body)

        assert str(answer.status) in operation(route)["responses"], body[:50]


@ONE_DIALECT
@pytest.mark.parametrize("route", ADDRESSED)
def test_any_part_of_a_path(fuzzed: Fuzzed, route: str) -> None:
    who = asker_of(route)
    for part in PARTS:
        for path in put_into(fuzzed.example(route, who)[0], route, part):
            fuzzed.send(route, who, path=path)


@ONE_DIALECT
@pytest.mark.parametrize("before", ["/", "/v1/", "/v1/me/", "/docs/files/", "/health/"])
def test_any_path(fuzzed: Fuzzed, before: str) -> None:
    for part in PARTS:
        fuzzed.send("GET /v1/me", "family", path=before + part)


@ONE_DIALECT
@pytest.mark.parametrize("route", ASKING)
def test_any_query(fuzzed: Fuzzed, route: str) -> None:
    who = asker_of(route)
    for name in parameters_of(route):
        for value in {"cursor": CURSORS, "limit": LIMITS}.get(name, QUERIES):
            answer = fuzzed.send(route, who, query=b"%s=%s" % (name.encode(), value))

            assert answer.status in (200, 400, 404), (name, value)


@ONE_DIALECT
@pytest.mark.parametrize("route", ["GET /v1/me", "PATCH /v1/me", "GET /v1/events", "POST /v1/sign-out"])
def test_any_header(fuzzed: Fuzzed, route: str) -> None:
    for header in HEADERS:
        fuzzed.send(route, "family", headers=[header])


anything = st.sampled_from([leaf for leaves in OF_TYPE.values() for leaf in leaves]) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_several_things_at_once(fuzzed: Fuzzed, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(sorted(EXAMPLES)), label="route")
    who = data.draw(st.sampled_from(("family", "administrator")), label="who")
    path, body = fuzzed.example(route, who)
    query, headers = b"", []
    if route in TAKING:
        value = json.loads(body)
        fields = st.sampled_from(sorted(fields_of(route))) | st.text(max_size=8)
        value |= data.draw(st.dictionaries(fields, anything, max_size=3), label="fields")
        body = json_text(value).encode(errors="surrogatepass")
    if route in ASKING:
        names = st.sampled_from([name.encode() for name in parameters_of(route)])
        pairs = data.draw(st.lists(st.tuples(names, st.sampled_from([*QUERIES, *CURSORS])), max_size=3), label="query")
        query = b"&".join(b"%s=%s" % pair for pair in pairs)
    if route in ADDRESSED and data.draw(st.booleans()):
        paths = list(put_into(path, route, data.draw(st.sampled_from(PARTS) | st.text(max_size=40), label="part")))
        path = data.draw(st.sampled_from(paths), label="path")
    if data.draw(st.booleans()):
        headers = data.draw(st.lists(st.sampled_from(HEADERS), max_size=2), label="headers")

    fuzzed.send(route, who, path=path, query=query, body=body, headers=headers)
