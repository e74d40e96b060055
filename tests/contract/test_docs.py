"""Pages that state facts of the code: they fail here when they forget something."""

import re
from pathlib import Path

import pytest

from app.cli import main
from app.config import Settings
from app.watch.catalogue import WATCHES
from beacon_ingest.decode import list_formats

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(main.commands))
def test_the_readme_names_every_command(command: str) -> None:
    assert re.search(rf"`(mimamori )?{command}\b", read("README.md"))


def test_the_map_names_every_room() -> None:
    rooms = {path.stem for path in (ROOT / "app").iterdir() if not path.name.startswith("_")}
    page = read("docs/architecture.md")

    assert [] == [room for room in sorted(rooms) if f"`{room}`" not in page]


@pytest.mark.parametrize("name", list(list_formats()))
def test_the_page_of_devices_has_a_row_for_every_format(name: str) -> None:
    assert f"| `{name}`" in read("docs/devices.md")


def test_settings_in_the_pages_exist() -> None:
    known = {f"MIMAMORI_{field.upper()}" for field in Settings.__struct_fields__} | {"MIMAMORI_NAME_FILE"}
    for page in ("README.md", "docs/operations.md", "SECURITY.md"):
        named = set(re.findall(r"MIMAMORI_[A-Z_]+", read(page)))

        assert set() == named - known, page


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_watch_has_a_question() -> None:
    assert all(watch.question.endswith("?") for watch in WATCHES)
    assert len({watch.name for watch in WATCHES}) == len(WATCHES)
