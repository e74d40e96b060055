"""The files under `deploy/` say what the program, its settings and its commands are today."""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app.cli import main
from app.config import Settings
from tests.contract.permissions.examples import OPEN

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy/compose"
UNITS = sorted(ROOT.glob("deploy/systemd/*.service"))
OURS = re.compile(r"MIMAMORI_[A-Z_]+")
KNOWN = {f"MIMAMORI_{field.upper()}{end}" for field in Settings.__struct_fields__ for end in ("", "_FILE")}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([COMPOSE / "make-secrets.sh", "watch.example.org"], cwd=folder, check=True, capture_output=True)
    return folder / "secrets"


def understood(words: list[str]) -> str:
    """The command of ours that these words are. Raises `click.UsageError`, `KeyError`."""
    with main.commands[words[0]].make_context(words[0], words[1:], parent=click.Context(main)):
        return words[0]


@pytest.mark.parametrize(
    "file",
    [one for one in ROOT.glob("deploy/**/*") if one.is_file() and "secrets" not in one.parts],
    ids=lambda file: file.name,
)
def test_settings_that_are_named_exist(file: Path) -> None:
    assert set() == set(OURS.findall(file.read_text(encoding="utf-8"))) - KNOWN - {"MIMAMORI_CONFIG"}


def test_what_compose_starts_is_understood(compose: dict[str, Any]) -> None:
    started = [understood(one["command"]) for one in compose["services"].values() if "mimamori" in one["image"]]

    assert ["edge", "web", "worker"] == started


def test_compose_has_every_file_and_secret_that_it_names(compose: dict[str, Any], secrets: Path) -> None:
    made = {f"./secrets/{one.name}" for one in secrets.iterdir()} | {"./secrets/certificate.pem"}
    assert {one["file"] for one in compose["secrets"].values()} <= made
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= compose["secrets"].keys()
        assert set(service.get("depends_on", ())) <= compose["services"].keys()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or source in made or (COMPOSE / source).is_file(), source


def test_images_are_pinned_and_name_no_registry(compose: dict[str, Any]) -> None:
    lines = (COMPOSE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM")]
    images += [one["image"] for one in compose["services"].values()]

    assert [] == [image for image in images if not re.fullmatch(r"[a-z]+:\d[\w.-]*", image)]


def test_the_secrets_fit_together_and_are_closed_to_others(secrets: Path) -> None:
    texts = {one.name: one.read_text(encoding="utf-8").strip() for one in secrets.iterdir()}
    (token,) = re.findall(r'token: "(\w+)"', texts["clients.conf"])

    assert 0o700 == secrets.stat().st_mode & 0o777
    assert f"postgresql://mimamori:{texts['postgres_password']}@postgres/mimamori" == texts["database"]
    assert [f"nats://{token}@nats-{n}:4222" for n in (1, 2, 3)] == texts["nats"].split(",")
    assert 5 == len({token, texts["postgres_password"], texts["detector_secret"], texts["routes.conf"], texts["nats"]})
    Settings(detector_secret=texts["detector_secret"])
    again = subprocess.run([COMPOSE / "make-secrets.sh", "x"], cwd=secrets.parent, check=False, capture_output=True)
    assert again.returncode  # Nothing is written over.


def test_the_proxy_logs_no_query_string() -> None:
    text = (COMPOSE / "haproxy.cfg").read_text(encoding="utf-8")
    formats = re.findall(r'log-format "(.*)"', text)

    assert 2 == len(formats)
    assert [] == [one for one in formats if re.search(r"%(HU|HQ|HP|r|hr|hs|\{)", one)]
    assert "%[var(txn.shown)]" in formats[0]
    assert "httplog" not in text
    assert "capture" not in text


def test_the_proxy_logs_no_secret_that_stands_in_a_path() -> None:
    text = (COMPOSE / "haproxy.cfg").read_text(encoding="utf-8")
    begins = {route.partition(" ")[2].partition("{")[0] for route in OPEN if "{token}" in route}
    masked = re.findall(
        r"^    http-request set-var\(txn.shown\) str\((.*)-\) if \{ path_beg (.*) \}$", text, re.MULTILINE
    )

    assert {(begin, begin) for begin in begins} == set(masked)


def test_the_image_installs_by_hashes_and_runs_as_nobody_special() -> None:
    text = (COMPOSE / "Dockerfile").read_text(encoding="utf-8")

    assert 2 == text.count("--require-hashes") == text.count("-r requirements/")
    assert ["USER 10001"] == re.findall(r"^USER .*", text, re.MULTILINE)
    assert f"python:{sys.version_info.major}.{sys.version_info.minor}-" in text


def test_what_goes_into_the_image_makes_the_whole_package(tmp_path: Path) -> None:
    for line in (COMPOSE / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines():
        if line.startswith("!"):
            source = ROOT / line[1:]
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, tmp_path / source.name)
    built = tmp_path / "wheel"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    inside = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())

    for package in ("app", "beacon_ingest"):
        files = {one.relative_to(ROOT).as_posix() for one in ROOT.glob(f"{package}/**/*") if one.is_file()}
        assert set() == {one for one in files if "__pycache__" not in one} - inside


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_there_is(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text(encoding="utf-8").replace("%i", "8101").replace("%%", "%")
    for line in re.findall(r"^ExecStart=(.*)", text, re.MULTILINE):
        words = shlex.split(line)
        words = shlex.split(words[-1]) if words[0] == "/bin/sh" else words
        if "/opt/mimamori/.venv/bin/mimamori" in words:
            understood(words[words.index("/opt/mimamori/.venv/bin/mimamori") + 1 :])

    if shutil.which("systemd-analyze"):  # Without it the rest is systemd's to say at the start.
        copy = tmp_path / unit.name.replace("@", "@8101")
        copy.write_text(
            re.sub(r"/(opt|usr/local)/\S*/(mimamori|nats-server)\b", "/bin/true", unit.read_text(encoding="utf-8"))
        )
        said = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", copy], check=False, capture_output=True, text=True
        )
        assert "" == said.stderr
