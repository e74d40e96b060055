"""Limits of parameters reach Litestar."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import pytest
from litestar import Litestar, get
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.testing import TestClient
from msgspec import Meta

from app.asgi.parameters import with_limits, with_limits_of_meta

Number = Annotated[int, Meta(ge=1, le=200, description="a number")]
Text = Annotated[str, Meta(max_length=5, pattern="^[a-z]+$")]
Moment = Annotated[datetime, Meta(tz=True)]
Several = Annotated[list[int], Meta(max_length=2)]


@get("/{part:int}")
async def everything(
    part: FromPath[Number],
    number: FromQuery[Number] = 50,
    text: FromQuery[Text | None] = None,
    moment: Annotated[Moment | None, QueryParameter(name="from")] = None,
    several: FromQuery[Several | None] = None,
    last: Annotated[Number | None, HeaderParameter(name="Last-Event-ID")] = None,
    free: FromQuery[str | None] = None,
) -> str:
    return f"{part} {number} {text} {moment} {several} {last} {free}"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with_limits([everything])
    with_limits([everything])  # Twice, as when two applications are built.
    with TestClient(Litestar([everything], logging_config=None)) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/0",
        "/201",
        "/1?number=0",
        "/1?number=201",
        "/1?number=x",
        "/1?text=abcdef",
        "/1?text=A",
        "/1?from=2026-04-01T00:00:00",
        "/1?several=1&several=2&several=3",
    ],
)
def test_what_is_beyond_a_limit_is_refused(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("last", ["0", "201", "x"])
def test_a_header_beyond_a_limit_is_refused(client: TestClient[Litestar], last: str) -> None:
    assert client.get("/1", headers={"Last-Event-ID": last}).status_code == 400


def test_what_is_within_the_limits_arrives(client: TestClient[Litestar]) -> None:
    query = "number=200&text=abc&from=2026-04-01T00:00:00%2B09:00&several=1&several=2&free=%20"
    answer = client.get(f"/1?{query}", headers={"Last-Event-ID": "7"})

    assert answer.text == "1 200 abc 2026-04-01 00:00:00+09:00 [1, 2] 7  "
    assert client.get("/1").text == "1 50 None None None None None"


def test_the_limits_are_described(client: TestClient[Litestar]) -> None:
    operation = client.app.openapi_schema.to_schema()["paths"]["/{part}"]["get"]
    schemas = {one["name"]: one["schema"] for one in operation["parameters"]}

    assert schemas["number"]["maximum"] == 200
    assert schemas["number"]["description"] == "a number"
    assert schemas["text"]["maxLength"] == 5
    assert schemas["several"]["maxItems"] == 2


@pytest.mark.parametrize("annotation", [int, str | None, Number, FromQuery[int], Annotated[int, "a word"]])
def test_an_annotation_without_a_marker_or_a_limit_stays(annotation: object) -> None:
    assert with_limits_of_meta(annotation) is annotation
