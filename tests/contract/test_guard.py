"""What keeps tests from harming each other: a process that fills the memory ends, and what they share stays empty."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from tests import guard

FILLING = """
import asyncio
from tests import guard

class Drop:
    pass

async def fill_it():
    drops = []
    while True:
        drops.extend(Drop() for _ in range(1_000))
        await asyncio.sleep(0)

guard.watch(2, bytes_max=guard.memory_bytes() + 32 * 1024**2, every_s=0.01)
asyncio.run(fill_it())
"""


def test_a_process_that_fills_the_memory_says_where_it_was_and_with_what_and_ends() -> None:
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", FILLING], cwd=root, capture_output=True, text=True)

    assert (guard.FULL, "") == (ended.returncode, ended.stdout)
    assert "MB are filled" in ended.stderr
    assert "Current thread" in ended.stderr
    assert "coro=<fill_it() running at <string>:" in ended.stderr
    assert "__main__.Drop" in ended.stderr


def test_the_process_of_this_test_is_watched() -> None:
    assert guard.NAME in {one.name for one in threading.enumerate()}


def test_who_commits_on_a_database_that_tests_share_is_told(connection: Connection) -> None:
    with pytest.raises(AssertionError, match="commit nothing"):
        connection.commit()
