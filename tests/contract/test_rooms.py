"""The walls of the house, besides the import contract: which files may touch the world, and how large they may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = {"tables", "store", "service", "routes", "auth", "outbox", "deliver"}
EXEMPT = {"db", "simulator", "migrations", "asgi"}
WORLD = {
    "sqlalchemy",
    "advanced_alchemy",
    "litestar",
    "httpx",
    "nats",
    "asyncio",
    "socket",
    "uvicorn",
    "firebase_admin",
}
LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, with what is taken from it (`app.x.store` for `from app.x import
    store`).
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pure_files() -> list[Path]:
    """The files of rooms that are no doors."""
    found = []
    for path in sources("app"):
        parts = path.relative_to(ROOT / "app").with_suffix("").parts
        is_room = len(parts) > 1 and parts[0] not in EXEMPT
        if is_room and not DOORS & set(parts) and parts[:2] != ("push", "channels"):
            found.append(path)
    return found


def test_there_are_pure_files_to_look_at() -> None:
    assert 30 < len(pure_files())


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_file_does_not_touch_the_world(path: Path) -> None:
    for name in imports(path):
        parts = name.split(".")

        assert parts[0] not in WORLD, f"{path.name} imports {name}"
        assert parts[:2] != ["app", "db"], f"{path.name} imports {name}"
        if parts[0] == "app" and len(parts) > 2:
            assert not DOORS & set(parts[2:]), f"{path.name} imports the door {name}"


def test_decoders_import_only_the_standard_library_msgspec_and_messages() -> None:
    import sys

    allowed = {*sys.stdlib_module_names, "msgspec"}
    for path in sources("beacon_ingest/decoders"):
        for name in imports(path):
            own = name.startswith(("beacon_ingest.messages", "beacon_ingest.decoders"))

            assert own or name.split(".")[0] in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize("folder", ["app", "beacon_ingest", "bench"])
def test_files_and_functions_fit_on_a_few_screens(folder: str) -> None:
    too_long = []
    for path in sources(folder):
        if "versions" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LINES_MAX:
            too_long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    too_long.append(f"{path.relative_to(ROOT)}: {node.name} has {length} lines")

    assert [] == too_long


def test_kit_has_six_files_at_most() -> None:
    assert len([path for path in sources("app/kit") if path.name != "__init__.py"]) <= 6


def test_every_room_says_in_its_docstring_what_it_is() -> None:
    for path in sorted((ROOT / "app").glob("*/__init__.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))

        assert ast.get_docstring(tree), path


def test_no_place_of_this_machine_and_no_index_address_is_in_the_repository() -> None:
    import subprocess

    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        path = ROOT / name
        if path.suffix in {".txt", ".toml", ".cfg", ".lock", ".in"} and path.exists():
            text = path.read_text(encoding="utf-8")

            assert "index-url" not in text.replace("--no-emit-index-url", ""), name
            assert "/simple" not in text, name
