"""What is on disk: the house's own modules, parsed, and every file that belongs to the repository."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "yimai"
LEFT_OUT = {".git", ".venv", "data", "__pycache__", "build", "dist"}


@dataclass(frozen=True)
class Module:
    """One Python file. name: dotted for those under src, else its path."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def room(self) -> str:
        """The room under src/yimai, or "" for what lies outside every room."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and parts[0] == "yimai" else ""

    def imports(self) -> dict[str, str]:
        """What each imported name stands for, in dotted form, wherever in the module it is imported."""
        names = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        return names

    def references(self) -> Iterator[tuple[ast.expr, str]]:
        """Every use of an imported name, in full: ``datetime.now`` is ``datetime.datetime.now``."""
        names = self.imports()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and (dotted := _dotted(node)) is not None:
                first, _, rest = dotted.partition(".")
                if first in names:
                    yield node, f"{names[first]}.{rest}" if rest else names[first]


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """The house's modules, in order of name; a package goes by its own name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found.append(Module(path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)))
    return tuple(found)


@lru_cache(maxsize=1)
def other_modules() -> tuple[Module, ...]:
    """Everything in Python that is not in the house: the tests and run.py."""
    paths = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "__pycache__" not in path.parts]
    return tuple(Module(path, str(path.relative_to(ROOT))) for path in (*paths, ROOT / "run.py"))


@lru_cache(maxsize=1)
def committed_files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, committed; without git, every file but what is made on the machine."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())
    return tuple(
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and not any(part in LEFT_OUT or part.endswith(("_cache", ".egg-info")) for part in path.relative_to(ROOT).parts)
        and ".hypothesis" not in path.parts
    )


def place(path: Path, line: int) -> str:
    """Return ``file:line`` as an editor opens it."""
    return f"{path.relative_to(ROOT)}:{line}"
