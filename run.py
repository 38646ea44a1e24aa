"""Sets Yimai up in `.venv` beside this file with nothing but Python's standard library, then runs it.

python3 run.py              the demo, in the browser
python3 run.py test [...]   the style, type, import and behaviour tests ([...] goes to pytest)
python3 run.py ANYTHING     the command `yimai ANYTHING`
"""

from __future__ import annotations  # so that an old Python gets as far as being told that it is too old

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PROGRAMS = VENV / "bin"
PYTHON = PROGRAMS / "python"
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable
OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)  # has --python
LOCKS = ("requirements-test.txt", "requirements.txt")  # what the tests need includes all that the application needs
NETWORK_WORDS = ("onnection", "resolve", "Temporary failure", "timed out", "dns", "Network", "No matching")
COMMAND = """\
import sys
from yimai.wiring.command_line import main

if __name__ == "__main__":  # processes that the command spawns read this file again
    sys.argv[0] = "yimai"
    sys.exit(main())
"""


class SetupProblem(Exception):
    """What is missing and what to do, in plain words."""


def main(arguments: list[str]) -> int:
    testing = arguments[:1] == ["test"]
    try:
        check_machine()
        set_up("requirements-test.txt" if testing else "requirements.txt")
        if testing:
            return run_checks(arguments[1:])
    except SetupProblem as problem:
        print(f"Yimai cannot be set up: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Yimai cannot be set up: {error.filename or VENV}: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    sys.stdout.flush()
    return os.execv(PYTHON, [str(PYTHON), str(PROGRAMS / "yimai"), *(arguments or ["demo"])])


def check_machine() -> None:
    if sys.version_info < OLDEST_PYTHON:
        found, needed = (".".join(map(str, version)) for version in (sys.version_info[:3], OLDEST_PYTHON))
        raise SetupProblem(f"this is Python {found}, and Python {needed} or newer is needed, say `python3.12 run.py`.")
    if os.name != "posix":
        raise SetupProblem("it needs Linux or macOS. On Windows, run it inside the Windows Subsystem for Linux.")


def set_up(lock_name: str) -> None:
    """Install what the lock lists, unless this environment has it already; one process at a time."""
    import fcntl

    with (ROOT / ".venv.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if any(is_installed(name) for name in LOCKS[: LOCKS.index(lock_name) + 1]):
            return
        print(f"Setting up {VENV}: a minute at most, and again only when {lock_name} changes ...", flush=True)
        for name in LOCKS:
            receipt(name).unlink(missing_ok=True)
        make_environment()
        install(ROOT / lock_name)
        add_package()
        receipt(lock_name).write_text(stamp(lock_name), encoding="utf-8")


def receipt(lock_name: str) -> Path:
    return VENV / f"{lock_name}.installed"


def is_installed(lock_name: str) -> bool:
    return receipt(lock_name).exists() and receipt(lock_name).read_text(encoding="utf-8") == stamp(lock_name)


def stamp(lock_name: str) -> str:
    """All that an installation depends on: the lock, the environment's Python, the place, and this file."""
    contents = (ROOT / lock_name).read_bytes() + Path(__file__).read_bytes()
    return f"{hashlib.sha256(contents).hexdigest()}\n{PYTHON.resolve()}\n{ROOT}\n"


def make_environment() -> None:
    """Keep the environment if it was made here by a Python that is still there, else make it anew."""
    configuration = VENV / "pyvenv.cfg"
    made_here = configuration.exists() and f" {VENV}\n" in configuration.read_text(encoding="utf-8")
    if made_here and PYTHON.exists() and packages_folder().is_dir():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    # Without pip: Debian's Python may lack ensurepip, and an installer from outside serves any environment.
    made = subprocess.run([BASE_PYTHON, "-m", "venv", "--without-pip", str(VENV)], capture_output=True, text=True)
    if made.returncode != 0:
        said = (made.stdout + made.stderr).strip().splitlines() or ["it said nothing"]
        raise SetupProblem(
            f"this Python makes no virtual environment ({said[-1]}). On Debian: apt install python3-venv."
        )


def packages_folder() -> Path:
    version = "import sys; print('python%d.%d' % sys.version_info[:2])"
    python = subprocess.run([str(PYTHON), "-c", version], capture_output=True, text=True, check=False).stdout.strip()
    return VENV / "lib" / python / "site-packages" if python else VENV / "no-python"


def install(lock: Path) -> None:
    detail = ""
    for installer in installers():
        done = subprocess.run([*installer, "--require-hashes", "-r", str(lock)], stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return
        detail = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-8:])
    if not detail:
        raise SetupProblem("there is neither pip nor uv. On Debian: apt install python3-pip.")
    if "No space left" in detail:
        why = f"the disk that holds {VENV} is full."
    elif any(word in detail for word in NETWORK_WORDS):
        why = "the packages could not be fetched: is there a network, and may this machine reach a package index?"
    elif "hash" in detail.lower():
        why = "a package is not the one that was locked, so it was not installed."
    else:
        why = "the packages could not be installed."
    raise SetupProblem(f"{why} The installer said:\n{detail}")


def installers() -> Iterator[list[str]]:
    """The ways to install into the environment: uv, or a pip that can do it from outside, or else one put inside."""
    uv = shutil.which("uv")
    if uv:
        yield [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    install = ["install", "--quiet", "--disable-pip-version-check"]
    for pip in ([BASE_PYTHON, "-m", "pip"], ["pip3"]):
        if shutil.which(pip[0]):
            version = subprocess.run([*pip, "--version"], capture_output=True, text=True).stdout.split()[1:2]
            if version and tuple(int(part) for part in re.findall(r"\d+", version[0])[:2]) >= OLDEST_PIP:
                yield [*pip, "--python", str(PYTHON), *install]
                return
    if subprocess.run([str(PYTHON), "-m", "ensurepip"], capture_output=True).returncode == 0:
        yield [str(PYTHON), "-m", "pip", *install]


def add_package() -> None:
    """Yimai itself is used where it stands; its command goes beside the environment's others."""
    packages = packages_folder()
    (packages / "yimai.pth").write_text(f"{os.path.relpath(ROOT / 'src', packages)}\n", encoding="utf-8")
    command = PROGRAMS / "yimai"
    command.write_text(f"#!{PYTHON}\n{COMMAND}", encoding="utf-8")
    command.chmod(0o755)


def run_checks(pytest_arguments: list[str]) -> int:
    """Run every check even if one fails; pytest goes last, so that its closing line is the last one."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would each compile the same sources anew
    checks = {
        "style": ["ruff", "check", "."],
        "layout": ["ruff", "format", "--check", "."],
        "types": ["mypy"],
        "imports": ["lint-imports"],
    }
    preparing = subprocess.Popen([PYTHON, PROGRAMS / "yimai", "plan", "prepare"], cwd=ROOT)  # what the tests wait for
    results = {name: run(command) for name, command in checks.items()}
    preparing.wait()
    shown = ", ".join(f"{name} {'ok' if passed else 'FAILED'}" for name, passed in results.items())
    print(f"\n== before the tests: {shown}; the tests:", flush=True)
    passed = run(["pytest", "-n", "2", *pytest_arguments])
    if passed and not all(results.values()):
        failed = [name for name, result in results.items() if not result]
        print(f"\nThe tests passed, but not: {', '.join(failed)} (see above).")
        print(f"{len(results) + 1 - len(failed)} passed, {len(failed)} failed")
    return 0 if passed and all(results.values()) else 1


def run(command: list[str]) -> bool:
    print(f"\n== {' '.join(command)}", flush=True)
    return subprocess.run([PROGRAMS / command[0], *command[1:]], cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
