"""The specification is whole, and written down as it is tested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.spec.conftest import DOCUMENTS

from yimai.domain.refusals import REFUSALS

HERE = Path(__file__).parent


def test_every_refusal_is_specified() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("*.py")))
    assert [code for code in REFUSALS if f'"{code}"' not in said] == [], "no test of the specification mentions these"


def test_the_documents_are_what_the_tests_say_now(tmp_path: Path) -> None:
    """Collects the specification's tests without running them."""
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", str(HERE), "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         f"--write-spec={tmp_path}"],
        cwd=HERE.parent.parent,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert collected.returncode == 0, collected.stdout[-2000:]
    for name in ("spec.md", "requirements.md"):
        now, kept = (folder / name for folder in (tmp_path, DOCUMENTS))
        assert now.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), (
            f"bring docs/{name} up to date: pytest tests/spec --collect-only --write-spec"
        )
