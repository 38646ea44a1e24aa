"""Where the planner's compiled code is kept, and how it is made before anybody waits for it.

Compiling takes about a minute, once for each version of the planner. The compiler itself notices only changes of the file that a function
stands in, and two processes that compile at once may spoil one another's files: so each version has a folder of its own, and who compiles
ahead holds its lock. YIMAI_CACHE names where these folders lie (else the user's cache).
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

from yimai.wiring.live_processes import file_lock, is_locked

LOCK, READY = "lock", "ready"
FOLDER: Final = "NUMBA_CACHE_DIR"
"""The compiler's own setting; processes inherit it from the one that chose."""
POLITE: Final = 10
"""How far compiling ahead steps back behind everything else."""


def choose_folder() -> None:
    """Let this process and its children keep compiled code in this version's folder; to be called before anything is compiled.

    Where nothing can be written it is kept until the process ends.
    """
    if FOLDER in os.environ:
        return
    root = os.environ.get("YIMAI_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    folder = Path(root) / "yimai-compiled" / _version()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / LOCK).touch()
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="yimai-compiled-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[FOLDER] = str(folder)


def _version() -> str:
    """What the planner's sources and their compiler amount to, where they stand and since when: the compiler keeps its code by all of these."""
    sources = Path(str(files("yimai"))) / "planning"
    whole = hashlib.sha256(f"{sources.resolve()} {version('numba')} {version('llvmlite')} {sys.version}".encode())
    for file in sorted(sources.glob("*.py")):
        whole.update(f"{file.name} {file.stat().st_mtime_ns}".encode() + file.read_bytes())
    return whole.hexdigest()[:16]


def is_ready() -> bool:
    """Whether the planner answers at once: its code is there, or nobody is making it, so that waiting would not help."""
    folder = Path(os.environ[FOLDER])
    return (folder / READY).exists() or not is_locked(folder / LOCK)


def make() -> None:
    """Compile the planner, unless that has been done; wait for whoever is doing it. Pages wait for all of it: odds need the simulation."""
    folder = Path(os.environ[FOLDER])
    with file_lock(folder / LOCK):
        if not (folder / READY).exists():
            _use_planner()
            _use_simulation()
            (folder / READY).touch()


def _use_planner() -> None:
    """A small timetable, bettered, and offers beside it: they call all that is compiled for pages."""
    import numpy as np

    from yimai.planning.offer import Live
    from yimai.planning.timetable import schedule
    from yimai.wiring import bench_problem

    problem = bench_problem.problem(12)
    found = schedule(problem, moves=20)
    schedule(problem, start=found.plan, moves=20)
    Live(problem).offers(np.random.default_rng(1))


def _use_simulation() -> None:
    """A few weeks of the demonstration's base."""
    from datetime import date

    from yimai.interfaces.files.reading import read_base, read_recipe
    from yimai.planning.scenario import Scenario
    from yimai.planning.simulate import replications
    from yimai.planning.simulation_model import model_of
    from yimai.wiring import demo

    scenario = Scenario(warm_up_days=1)
    model = model_of(read_recipe(demo.RECIPE).recipe, read_base(demo.BASE).base, scenario, date(2026, 3, 2), 0.1)
    list(replications(model, scenario, 1, [0]))


@contextmanager
def made_meanwhile() -> Iterator[None]:
    """Compile the planner in a process of its own while the block runs."""
    if (Path(os.environ[FOLDER]) / READY).exists():
        yield
        return
    command = [sys.executable, "-m", "yimai.wiring.compiled_code"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    os.nice(POLITE)
    make()
