"""What all answers have in common: headers, logs, counters; and the edge beside the web."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from litestar import Litestar
from prometheus_client import CollectorRegistry, Counter
from structlog.testing import capture_logs

from app.asgi import configure_logs, web
from beacon_ingest.registry import Registry
from tests.contract.web import PASSWORD, Town, town


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Puts the configuration of logs back."""
    handlers, level = logging.root.handlers, logging.root.level
    hook, thread_hook = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hook, thread_hook
    structlog.reset_defaults()
    logging.root.handlers, logging.root.level = handlers, level


async def fake_edge(scope: Any, receive: Any, send: Any) -> None:
    """Says which path it was asked for."""
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nothing", "/health/live", "/docs", "/metrics"])
def test_every_answer_has_the_headers_that_keep_it_from_being_misused(here: Town, path: str) -> None:
    headers = here.client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers.get_list("content-security-policy") == [headers["content-security-policy"]]


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nothing", "/v1/cities"])
def test_no_cache_keeps_an_answer_of_the_api(here: Town, path: str) -> None:
    assert here.client.get(path, headers=here.headers_of("Hanako")).headers["cache-control"] == "no-store"


def test_what_devices_send_goes_straight_to_the_edge(where: Path | str) -> None:
    with town(where, edge=fake_edge) as here:
        answer = here.client.post("/ingest/owntracks?x=1", content=b"anything")

        assert (answer.status_code, answer.text) == (202, "/ingest/owntracks")
        assert "content-security-policy" not in answer.headers
        assert here.client.get("/ingestion").status_code == 404
        assert here.client.get("/v1/ingest/owntracks").status_code == 404


def test_devices_are_heard_while_the_web_is_still_being_built(
    where: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_build, go_on = web.build, threading.Event()

    def build(state: dict[str, Any]) -> Litestar:
        go_on.wait(10)
        return really_build(state)

    monkeypatch.setattr(web, "build", build)
    with town(where, edge=fake_edge) as here, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(here.client.get, "/v1/me")

        assert here.client.post("/ingest/owntracks").status_code == 202
        alive = here.client.get("/health/live")
        assert not waiting.done()
        go_on.set()

        assert waiting.result().status_code == 401
        assert (alive.status_code, alive.json()) == (200, {"alive": True})
        assert here.client.get("/health/live").headers == alive.headers
        assert here.client.post("/health/live").status_code == 405


def test_without_an_edge_there_is_no_such_path(here: Town) -> None:
    assert here.client.post("/ingest/owntracks").status_code == 404


def test_the_process_answers_and_is_ready(here: Town) -> None:
    assert here.client.get("/health/live").json() == {"alive": True}
    assert here.client.get("/health/ready").json() == {"ready": True, "missing": []}


def test_it_is_not_ready_before_the_edge_knows_who_may_speak(where: Path | str) -> None:
    registry = Registry()
    with town(where, registry=registry) as here:
        waiting = here.client.get("/health/ready")
        registry.replace([], 1)

        assert (waiting.status_code, waiting.json()) == (503, {"ready": False, "missing": ["registry"]})
        assert here.client.get("/health/ready").status_code == 200


def test_it_is_not_ready_without_its_database(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_work: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(here.database, "read", hang)

    assert here.client.get("/health/ready").json() == {"ready": False, "missing": ["database"]}


def test_counters_are_by_route_and_hold_nothing_of_the_request(where: Path | str) -> None:
    metrics = CollectorRegistry()
    Counter("mimamori_of_the_edge", "something of the edge", registry=metrics).inc()
    with town(where, metrics=metrics) as here:
        here.client.get(f"/v1/accounts/{here.people['Hanako'].id}", headers=here.headers_of("Clerk"))
        here.client.get("/v1/secret-path")
        here.client.request("STRANGE", "/v1/me")
        text = here.client.get("/metrics").text

    assert 'mimamori_http_requests_total{method="GET",route="/v1/accounts/{account_id}",status="200"} 1.0' in text
    assert 'method="other"' in text
    assert "mimamori_of_the_edge_total 1.0" in text
    assert "secret-path" not in text
    assert str(here.people["Hanako"].id) not in text
    assert "process_" not in text


def test_the_log_of_requests_holds_routes_and_no_personal_data(here: Town) -> None:
    with capture_logs() as logs:
        here.client.post("/v1/sign-in?token=secret", json={"email": "hanako@example.jp", "password": PASSWORD})
        here.client.get("/v1/hanako@example.jp")
        here.client.get(f"/v1/accounts/{here.people['Taro'].id}", headers=here.headers_of("Clerk"))
        here.client.get("/health/live")

    entries = [one for one in logs if one["event"] == "request"]
    assert [(one["method"], one["route"], one["status"]) for one in entries] == [
        ("POST", "/v1/sign-in", 200),
        ("GET", "", 404),
        ("GET", "/v1/accounts/{account_id}", 200),
    ]
    for personal in ("secret", "hanako", PASSWORD, str(here.people["Taro"].id)):
        assert personal not in str(logs)


@pytest.mark.usefixtures("logs_as_before")
def test_logs_are_one_json_object_a_line_ours_and_those_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    structlog.get_logger().info("ours", name="加古川")
    structlog.get_logger().debug("too quiet")
    logging.getLogger("uvicorn.error").warning("theirs %s", "too")
    logging.getLogger("httpx").info("an address that is nobody's business")
    sys.stderr.flush()

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert [(one["event"], one["level"]) for one in lines] == [("ours", "info"), ("theirs too", "warning")]
    assert lines[0]["name"] == "加古川"
    assert lines[1]["logger"] == "uvicorn.error"
    assert all(one["timestamp"].endswith("Z") for one in lines)


def test_what_ends_a_process_or_a_thread_is_a_line_as_well() -> None:
    program = (
        "import threading, warnings\nfrom app.asgi import configure_logs\nconfigure_logs('info')\n"
        "warnings.warn('old')\nthread = threading.Thread(target=lambda: 1 / 0, name='helper')\n"
        "thread.start()\nthread.join()\nraise ValueError('boom')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]

    assert 1 == ended.returncode
    assert ["warning", "critical", "critical"] == [one["level"] for one in lines]
    assert ["thread_crashed", "crashed"] == [one["event"] for one in lines[1:]]
    assert "ValueError: boom" in lines[2]["exception"]
