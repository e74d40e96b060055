"""The description of the API, and the page that shows it without any other machine."""

import re
import subprocess
import sys
from typing import Any

import pytest

from app.accounts.auth import May
from app.asgi import openapi_json
from app.asgi.web import ROUTES
from tests.contract.permissions.examples import OPEN
from tests.contract.web import Town
from tests.description import description

DOCUMENT = description()
OPERATIONS = [
    (path, method, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]


def test_the_page_and_its_files_name_no_other_machine(here: Town) -> None:
    page = here.client.get("/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert len(files) == 4
    assert all(name.startswith("/docs/files/") for name in files)
    for name in files:
        assert here.client.get(name).status_code == 200
    assert "//" not in page.text.replace("<!DOCTYPE html>", "")
    assert "validatorUrl: null" in here.client.get("/docs/files/start.js").text


def test_scripts_run_only_from_our_own_files(here: Town) -> None:
    policy = here.client.get("/docs").headers["content-security-policy"]

    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "<script>" not in here.client.get("/docs").text


@pytest.mark.parametrize("name", ["..%2F..%2F__init__.py", "swagger-ui.js", "index.html", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_given(here: Town, name: str) -> None:
    assert here.client.get(f"/docs/files/{name}").status_code == 404


def test_the_bundle_can_show_openapi_3_1(here: Town) -> None:
    bundle = here.client.get("/docs/files/swagger-ui-bundle.js").text

    assert "OpenAPI31" in bundle or "isOAS31" in bundle
    assert DOCUMENT["openapi"].startswith("3.1")


def test_the_served_description_is_the_one_that_is_checked_in(here: Town) -> None:
    assert here.client.get("/docs/openapi.json").json() == DOCUMENT


def test_the_description_does_not_depend_on_the_order_of_hashes() -> None:
    program = "from app.asgi import openapi_json; import sys; sys.stdout.write(openapi_json())"
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": "4711"}
    )

    assert other.stdout.decode() == openapi_json()


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_says_what_it_does_and_what_can_go_wrong(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    for status, response in operation["responses"].items():
        if int(status) >= 400 and path.startswith("/v1"):
            assert response["content"].keys() == {"application/problem+json"}
    if path.startswith("/v1") and f"{method.upper()} {path}" not in OPEN:
        assert {"401", "403"} <= operation["responses"].keys()
        assert operation["security"] == [{"bearer": []}, {"cookie": []}]
    if "requestBody" in operation:
        assert {"400", "413", "415"} <= operation["responses"].keys()
    if "{" in path and path.startswith("/v1"):
        assert "404" in operation["responses"]


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(ids) == len(set(ids))


def test_every_tag_is_explained() -> None:
    used = {tag for _, _, operation in OPERATIONS for tag in operation["tags"]}

    assert used == {tag["name"] for tag in DOCUMENT["tags"]}


def test_every_route_of_the_api_but_signing_in_names_its_action() -> None:
    open_routes = {
        f"{method} {path.replace(':str', '')}"
        for handler in ROUTES
        if not any(isinstance(guard, May) for guard in handler.guards or ())
        for method in handler.http_methods
        for path in handler.paths
        if path.startswith("/v1")
    }

    assert open_routes == {route for route in OPEN if " /v1/" in route}
