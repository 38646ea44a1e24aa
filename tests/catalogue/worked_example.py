"""The small recipe and base of docs/catalogue.md, and how a test breaks them in one place."""

from __future__ import annotations

import re
from pathlib import Path

from yimai.interfaces.files.mistake import FileRefused, Mark

DOCUMENT = Path(__file__).parents[2] / "docs" / "catalogue.md"


def _block(number: int) -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    return blocks[number]


RECIPE = _block(0)
BASE = _block(1)


def written(folder: Path, text: str | bytes, name: str = "file.yaml") -> Path:
    file = folder / name
    file.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return file


def broken(text: str, old: str, new: str) -> str:
    """The text with its only occurrence of ``old`` replaced."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def mark_of(text: str, needle: str) -> Mark:
    """Line and column at which the only occurrence of the needle begins; ``^`` in it moves the mark to there."""
    plain = needle.replace("^", "")
    assert text.count(plain) == 1, f"{plain!r} occurs {text.count(plain)} times"
    before = text[: text.index(plain) + max(needle.find("^"), 0)]
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def found(refused: FileRefused) -> list[tuple[Mark, str]]:
    return [(mistake.mark, mistake.what.en) for mistake in refused.mistakes]
