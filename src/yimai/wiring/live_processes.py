"""Which processes live, and what they hold."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path) -> Iterator[int]:
    """Wait for the lock and hold it until the block ends and every process that was given the open file has ended."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield opened
    finally:
        os.close(opened)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock at this moment."""
    if not path.exists():
        return False
    opened = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def is_alive(pid: int) -> bool:
    """Whether the number belongs to a process (one that ended, but was not yet collected by its parent, counts)."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def runs_program(pid: int, program: str) -> bool:
    """Whether that process is running the program; true if this machine does not tell what a live process runs."""
    if not is_alive(pid):
        return False
    try:
        if Path("/proc/self/stat").exists():
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
            state = rest.strip()
        else:
            show = ["ps", "-o", "stat=,comm=", "-p", str(pid)]
            state, _, name = subprocess.run(show, capture_output=True, text=True).stdout.strip().partition(" ")
    except OSError:
        return is_alive(pid)
    return program in name and not state.startswith("Z")
