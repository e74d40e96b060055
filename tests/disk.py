"""A small disk of a test's own, which it can fill: a tmpfs in a namespace of an ordinary user, where that is allowed."""

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_SET_DUMPABLE = 4
_BALLAST = "ballast"
_BLOCK = bytes(1024 * 1024)


class SmallDisk:
    """A disk that is there as long as its keeper runs, and is reached over the keeper's view of the files."""

    def __init__(self, keeper: int, folder: Path) -> None:
        self.path = Path(f"/proc/{keeper}/root{folder}")

    def fill(self) -> None:
        """Leaves no byte."""
        with (self.path / _BALLAST).open("r+b", buffering=0) as file:
            size = len(_BLOCK)
            while size:
                try:
                    file.write(_BLOCK[:size])
                except OSError:
                    size //= 2

    def empty(self) -> None:
        """Gives the space back."""
        os.truncate(self.path / _BALLAST, 0)


@contextmanager
def small_disk(
    folder: Path, size: int, user: str | None = None, folders: tuple[str, ...] = ()
) -> Iterator[SmallDisk | None]:
    """A disk of so many bytes with these folders on it, all of it another user's if one is named and this is root. None
    where no namespace is to be had.
    """
    command = [sys.executable, __file__, str(folder), str(size), user or "", *folders]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        yield SmallDisk(keeper.pid, folder) if keeper.stdout.readline() == b"ready\n" else None
    finally:
        keeper.stdin.close()
        keeper.stdout.close()
        keeper.wait()


def _keep(folder: str, size: str, user: str, *folders: str) -> None:
    """Mounts the disk where only this process sees it, and keeps it until standard input ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if user:
        os.setuid(pwd.getpwnam(user).pw_uid)  # Not the group: `subprocess` leaves it to the others as well.
        libc.prctl(_SET_DUMPABLE, 1)  # Or the other processes of that user would not see its files.
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_MOUNTS):
        return
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    if libc.mount(b"none", folder.encode(), b"tmpfs", 0, f"size={size},mode=700".encode()):
        return
    (Path(folder) / _BALLAST).touch()  # Nobody else could make a file of this user here, not even root.
    for name in folders:
        (Path(folder) / name).mkdir(mode=0o700)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _keep(*sys.argv[1:])
