"""A new installation begins with one administrator, who does all else in the browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yimai.wiring import command_line

HOSPITAL = ("--title-zh", "市科委", "--title-en", "City authority", "--district", "pudong")


def run(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str]:
    code = command_line.main([*arguments, "--folder", str(folder)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def begin(person: str = "administrator-01", site: str = "city-authority", name: str = "李明") -> tuple[str, ...]:
    return ("begin", person, "--site", site, "--name", name, *HOSPITAL)


@pytest.fixture
def empty(fresh_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    return tmp_path


def test_the_first_administrator_gets_a_password_once_and_nobody_begins_again(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, empty, *begin())
    assert (code, bool(re.search(r"administrator-01  (\w{4}-){3}\w{4}\n", said))) == (0, True)
    assert "李明" not in said
    code, said = run(capsys, empty, *begin("administrator-02"))
    assert (code, "has been begun" in said) == (1, True)
    assert run(capsys, empty, "verify")[0] == 0
    code, said = run(capsys, empty, "trace", "city-authority")
    assert (code, "city-authority" in said) == (0, True)


@pytest.mark.parametrize("wrong", [{"person": "Admin 1"}, {"site": "Main Hospital"}, {"name": "  "}])
def test_a_name_that_is_none_leaves_the_ledger_empty(
    empty: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, str]
) -> None:
    code, said = run(capsys, empty, *begin(**wrong))
    assert (code, "Traceback" in said) == (1, False)
    code, said = run(capsys, empty, *begin())
    assert code == 0, said
