"""The page of one phone, as it is served."""

import re
import tomllib
from pathlib import Path

import pytest

from app.asgi.phone import FILES
from tests.contract.web import Town

ROOT = Path(__file__).parents[3]


def test_the_page_and_its_files_are_ours_alone(here: Town) -> None:
    page = here.client.get("/phone/")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="ja">' in page.text
    assert {f"/phone/{name}" for name in FILES} - {"/phone/sw.js", "/phone/icon-512.png"} == set(named)
    for name, media_type in FILES.items():
        answer = here.client.get(f"/phone/{name}")
        assert (200, "no-cache") == (answer.status_code, answer.headers["cache-control"])
        assert media_type == answer.headers["content-type"].removesuffix("; charset=utf-8")
        assert b"http://" not in answer.content
        assert b"https://" not in answer.content


def test_nothing_runs_but_our_own_scripts_and_nothing_is_asked_but_us(here: Town) -> None:
    page = here.client.get("/phone/")
    for path in ("/phone", "/phone/", "/phone/sw.js", "/phone/nothing"):
        policy = here.client.get(path).headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert {"'self'", "'none'"} == set(
            re.findall(r"[^ ;]+", re.sub(r"[a-z-]+-(src|ancestors|uri|action)", "", policy))
        )
    assert not re.search(r"<script>|<style|style=|\son\w+=", page.text)


@pytest.mark.parametrize("name", ["..%2Fdocs.py", "__init__.py", "index.html", "%2Fetc%2Fpasswd", "icon.svg"])
def test_no_other_file_is_given(here: Town, name: str) -> None:
    assert 404 == here.client.get(f"/phone/{name}").status_code


def test_a_page_that_only_begins_alike_has_the_policy_of_all_answers(here: Town) -> None:
    assert "script-src" not in here.client.get("/phones").headers["content-security-policy"]


def test_its_files_are_in_the_package() -> None:
    """What is built into the wheel is what git does not ignore in the folder of the package."""
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]

    assert "app" in built["targets"]["wheel"]["packages"]
    assert all((ROOT / "app" / "asgi" / "phone" / name).is_file() for name in FILES)
