"""The planner's compiled code: kept in a folder of its version's own, made by one process at a time, and nobody's page waits for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from importlib.resources import files
from pathlib import Path

import pytest

from yimai.wiring import compiled_code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(compiled_code.FOLDER, raising=False)
    monkeypatch.setenv("YIMAI_CACHE", str(tmp_path))
    compiled_code.choose_folder()
    return Path(os.environ[compiled_code.FOLDER])


def test_each_version_has_a_folder_of_its_own_that_children_inherit(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.parent.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("YIMAI_CACHE", str(tmp_path / "other"))
    compiled_code.choose_folder()
    assert Path(os.environ[compiled_code.FOLDER]) == folder


def test_a_copy_elsewhere_or_touched_again_has_another_folder(folder: Path, tmp_path: Path) -> None:
    """The compiler finds no code there that it made for the first, so that this one's must not count as made."""

    def folder_of(sources: Path) -> str:
        return subprocess.run(
            [sys.executable, "-c", "from yimai.wiring import compiled_code; print(compiled_code._version())"],
            env={**os.environ, "PYTHONPATH": str(sources)}, cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    copy = tmp_path / "copy"
    shutil.copytree(Path(str(files("yimai"))), copy / "yimai", ignore=shutil.ignore_patterns("__pycache__"))
    assert folder.name == compiled_code._version() != (copied := folder_of(copy))
    assert folder_of(copy) == copied
    os.utime(copy / "yimai" / "planning" / "timetable.py")
    assert folder_of(copy) != copied


def test_where_nothing_can_be_written_it_is_kept_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a-file"
    file.touch()
    monkeypatch.delenv(compiled_code.FOLDER, raising=False)
    monkeypatch.setenv("YIMAI_CACHE", str(file))
    compiled_code.choose_folder()
    assert Path(os.environ[compiled_code.FOLDER]).is_dir()
    assert tmp_path not in Path(os.environ[compiled_code.FOLDER]).parents


def test_it_is_made_once_however_many_ask_and_is_ready_then(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []

    def use() -> None:
        made.append(compiled_code.is_ready())
        time.sleep(0.2)

    monkeypatch.setattr(compiled_code, "_use_planner", use)
    monkeypatch.setattr(compiled_code, "_use_simulation", use)
    assert compiled_code.is_ready(), "nobody makes it: to wait would not help"
    asking = [threading.Thread(target=compiled_code.make) for _ in range(3)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert made == [False, False], "pages wait for both"
    assert compiled_code.is_ready()
    assert (folder / compiled_code.READY).exists()
