"""`python3 run.py` on a small checkout: sets up once, runs what is asked, and says in plain words what is missing."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.conftest import missing_tool

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND_LINE = '''\
"""The small checkout's command line."""

import sys


def main() -> int:
    """Print the arguments."""
    print("yimai was called with", *sys.argv[1:])
    return 7 if "fail" in sys.argv else 0
'''
CONFIGURATION = """\
[tool.ruff]
line-length = 120
lint.select = ["F"]
[tool.mypy]
files = ["src"]
[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = ["-p", "no:cacheprovider", "-rs"]
[tool.importlinter]
root_packages = ["yimai"]
[[tool.importlinter.contracts]]
name = "none"
type = "independence"
modules = ["yimai.wiring"]
"""
ABSENT = 'raise ImportError("not on this machine")\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """run.py with a package of one command and a lock that asks for nothing."""
    root = tmp_path / "check out"
    package = root / "src" / "yimai" / "wiring"
    package.mkdir(parents=True)
    shutil.copy(REPOSITORY / "run.py", root)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text('"""Part of a small checkout."""\n')
    (package / "command_line.py").write_text(COMMAND_LINE)
    (root / "pyproject.toml").write_text(CONFIGURATION)
    for lock in ("requirements.txt", "requirements-test.txt"):
        (root / lock).write_text("# nothing\n")
    return root


def start_run(checkout: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    # The interpreter that the environment of these tests was made from, and none of its settings.
    python = getattr(sys, "_base_executable", sys.executable)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "YIMAI"))}
    return subprocess.Popen(
        [python, "run.py", *arguments],
        cwd=checkout,
        env=kept | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(checkout: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output, error output."""
    process = start_run(checkout, *arguments, **environment)
    output, errors = process.communicate(timeout=300)
    assert "Traceback" not in errors
    return process.returncode, output, errors


def wheel(folder: Path) -> Path:
    """A package `tiny` that says who it is."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "name = 'tiny'\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "tiny.py,,\ntiny-1.0.dist-info/RECORD,,\n")
    return path


def hides(folder: Path, *modules: str) -> dict[str, str]:
    """Surroundings in which these modules and every program but the system's own are missing."""
    folder.mkdir(exist_ok=True)
    for module in modules:
        (folder / f"{module}.py").write_text(ABSENT)
    return {"PYTHONPATH": str(folder), "PATH": str(folder)}


def test_the_first_run_sets_up_and_the_second_only_runs(checkout: Path) -> None:
    code, output, _ = run(checkout, "trace", "COI 1")
    assert code == 0
    assert output.splitlines()[0].startswith("Setting up")
    assert output.splitlines()[-1] == "yimai was called with trace COI 1"

    assert run(checkout, "trace", "COI 1") == (0, "yimai was called with trace COI 1\n", "")


def test_no_arguments_mean_the_demo_and_the_exit_code_is_yimais(checkout: Path) -> None:
    assert run(checkout)[1].endswith("yimai was called with demo\n")
    assert run(checkout, "fail")[0] == 7


def test_the_environment_has_the_command_itself(checkout: Path) -> None:
    run(checkout)
    programs = checkout / ".venv" / "bin"
    assert (
        subprocess.run([programs / "python", programs / "yimai", "bench"], capture_output=True, text=True).stdout
        == "yimai was called with bench\n"
    )


def test_another_lock_is_installed_and_its_hashes_are_checked(checkout: Path) -> None:
    run(checkout)
    package = wheel(checkout)
    lock, python = checkout / "requirements.txt", checkout / ".venv" / "bin" / "python"

    lock.write_text(f"tiny @ {package.as_uri()} --hash=sha256:{'0' * 64}\n")
    for _ in range(2):  # it is tried again, not taken for done
        code, _, errors = run(checkout)
        assert code == 1
        assert errors.startswith("Yimai cannot be set up: a package is not the one that was locked")
        assert subprocess.run([python, "-c", "import tiny"], capture_output=True).returncode != 0

    lock.write_text(f"tiny @ {package.as_uri()} --hash=sha256:{hashlib.sha256(package.read_bytes()).hexdigest()}\n")
    assert run(checkout)[0] == 0
    assert subprocess.run([python, "-c", "import tiny"]).returncode == 0
    assert "Setting up" not in run(checkout)[1]


def test_no_network_is_said(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text(f"absent-package==1.0 --hash=sha256:{'0' * 64}\n")
    nowhere = "http://127.0.0.1:9/simple"
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": nowhere, "PIP_RETRIES": "0", "UV_INDEX_URL": nowhere}
    code, _, errors = run(checkout, **settings, PIP_NO_CACHE_DIR="1")
    assert code == 1
    assert "is there a network" in errors


def test_starts_at_the_same_moment_share_one_set_up(checkout: Path) -> None:
    outputs = [process.communicate(timeout=300) for process in [start_run(checkout) for _ in range(4)]]
    assert all(output.endswith("yimai was called with demo\n") for output, _ in outputs)
    assert sum("Setting up" in output for output, _ in outputs) == 1


def test_a_checkout_that_was_moved_or_whose_python_went_is_set_up_anew(checkout: Path, tmp_path: Path) -> None:
    run(checkout)
    moved = checkout.rename(tmp_path / "elsewhere")
    assert "Setting up" in run(moved)[1]
    assert str(moved) in (moved / ".venv" / "pyvenv.cfg").read_text()

    for name in ("python", "python3"):
        (moved / ".venv" / "bin" / name).unlink()
        (moved / ".venv" / "bin" / name).symlink_to(tmp_path / "python-that-went")
    code, output, _ = run(moved)
    assert (code, output.splitlines()[-1]) == (0, "yimai was called with demo")


@pytest.mark.parametrize("absent", ["pip", "ensurepip"])
def test_either_pip_or_ensurepip_will_do(checkout: Path, tmp_path: Path, absent: str) -> None:
    package = wheel(checkout)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    (checkout / "requirements.txt").write_text(f"tiny @ {package.as_uri()} --hash=sha256:{digest}\n")
    surroundings = hides(tmp_path / "hidden", absent)
    if absent == "pip":  # hidden from outside only: in the environment it comes from ensurepip
        if importlib.util.find_spec("ensurepip") is None:
            missing_tool("ensurepip (Debian's python3-venv)")
        surroundings["PYTHONPATH"] = ""
        (checkout / "run.py").write_text(
            (checkout / "run.py").read_text().replace("OLDEST_PIP = (22, 3)", "OLDEST_PIP = (9999, 0)")
        )
    code, output, _ = run(checkout, **surroundings)
    assert (code, output.splitlines()[-1]) == (0, "yimai was called with demo")
    python = checkout / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import tiny"]).returncode == 0


def test_neither_pip_nor_ensurepip_nor_uv_is_said_with_what_to_do(checkout: Path, tmp_path: Path) -> None:
    code, _, errors = run(checkout, **hides(tmp_path / "hidden", "pip", "ensurepip"))
    assert code == 1
    assert "neither pip nor uv" in errors
    assert "apt install python3-pip" in errors


def test_an_old_python_is_told_which_one_is_needed(checkout: Path) -> None:
    ast.parse((checkout / "run.py").read_text(), feature_version=(3, 7))
    as_old = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); runpy.run_path('run.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", as_old], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Yimai cannot be set up: this is Python 3.9.2, and Python 3.11 or newer is needed")


def test_the_test_command_runs_every_check_and_fails_if_one_fails(checkout: Path) -> None:
    (checkout / "tests").mkdir()
    behaviour = checkout / "tests" / "test_behaviour.py"
    behaviour.write_text('import pytest\n\n\ndef test_it() -> None:\n    pytest.importorskip("no_such_tool")\n')
    behaviour.write_text(behaviour.read_text() + "\n\ndef test_truth() -> None:\n    assert True\n")
    run(checkout, "test")  # makes the environment; the tools are linked into it instead of installed
    for tool in ("ruff", "mypy", "lint-imports", "pytest"):
        (checkout / ".venv" / "bin" / tool).unlink(missing_ok=True)
        (checkout / ".venv" / "bin" / tool).symlink_to(Path(sys.executable).parent / tool)

    code, output, errors = run(checkout, "test")
    assert code == 0, output + errors
    assert "style ok, layout ok, types ok, imports ok" in output
    assert "no_such_tool" in output  # a skipped test is named with what it misses
    assert re.fullmatch(r"=* *1 passed, 1 skipped in .*", output.splitlines()[-1])

    command_line = checkout / "src" / "yimai" / "wiring" / "command_line.py"
    command_line.write_text(COMMAND_LINE + "\n\nwrong: int = 'text'\n")
    code, output, _ = run(checkout, "test", "-k", "truth")
    assert code == 1
    assert "types FAILED" in output
    assert "The tests passed, but not: layout, types (see above)." in output
    assert output.splitlines()[-1] == "3 passed, 2 failed"

    command_line.write_text(COMMAND_LINE)
    behaviour.write_text("def test_truth() -> None:\n    assert not True\n")
    code, output, _ = run(checkout, "test")
    assert code == 1
    assert re.fullmatch(r"=* *1 failed in .*", output.splitlines()[-1])


def test_a_process_that_the_command_spawns_does_not_run_the_command_again() -> None:
    """`yimai bench` starts clients that read the program's file; only the file that is run may act."""
    program = Path(sys.prefix) / "bin" / "yimai"
    ran = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(program)!r}, run_name='__mp_main__')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
