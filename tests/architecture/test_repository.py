"""What is committed is written by us, for everyone: no secrets, no machine's paths, nothing left half done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, committed_files, place

# Each pattern is put together here so that this file does not match itself.
REGISTRIES = ("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", r"registry\." + "yarnpkg",
              r"proxy\." + r"golang\.org", r"deb\." + r"debian\.org", "conda" + r"\.anaconda", r"ghcr\." + "io",
              r"docker\." + "io", r"static\.crates\." + "io")  # fmt: skip
MACHINES = ("/ro" + "ot/", "/ho" + r"me/\w+", "/Us" + r"ers/\w+", "/wo" + r"rk/\w+", r"[A-Z]:\\\\" + "Users")
SECRETS = ("BEGIN [A-Z ]*" + "PRIVATE KEY", "AK" + "IA[0-9A-Z]{16}", "gh" + "[pousr]_[A-Za-z0-9]{36}", "xox" + "[abp]-",
           r"\b(?i:password|secret_key|api_key|token)\s*=\s*" + r"[\"'][A-Za-z0-9+/_\-]{16,}[\"']")  # fmt: skip
UNFINISHED = (r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", r"\bHA" + r"CK\b")
SILENCED = ("type: ig" + r"nore(?!\[[a-z-]+(, ?[a-z-]+)*\])", "no" + r"qa(?!: [A-Z]+\d+)")
MADE_ELSEWHERE = (
    ".lock",
    ".woff2",
    ".mo",
    ".png",
    ".webp",
    ".min.js",
    ".min.css",
    ".pdf",
    ".wasm",
    ".LICENSE.txt",
    "shanghai.json",
)


def lines(*suffixes: str) -> Iterator[tuple[Path, int, str]]:
    for path in committed_files():
        if path.name.endswith(MADE_ELSEWHERE) or (suffixes and path.suffix not in suffixes):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield path, number, line


def matches(patterns: tuple[str, ...], *suffixes: str) -> list[str]:
    wanted = re.compile("|".join(f"({pattern})" for pattern in patterns))
    return [
        f"{place(path, number)} {line.strip()[:80]}" for path, number, line in lines(*suffixes) if wanted.search(line)
    ]


def test_no_file_names_a_package_registrys_host() -> None:
    assert not matches(REGISTRIES)


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    assert not matches(MACHINES)


def test_no_file_holds_a_secret() -> None:
    assert not matches(SECRETS)


def test_nothing_is_left_to_be_done_in_a_comment() -> None:
    assert not matches(UNFINISHED, ".py", ".sql", ".html", ".js", ".css", ".yaml", ".toml")


def test_whatever_is_silenced_says_which_rule() -> None:
    assert not matches(SILENCED, ".py")


def test_what_is_made_on_the_machine_is_not_committed() -> None:
    made = (".venv", "data", "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache")
    strays = [path for path in committed_files() if set(path.relative_to(ROOT).parts) & set(made)]
    assert not strays


def test_every_text_is_utf_8_and_ends_with_a_newline() -> None:
    for path in committed_files():
        if not path.name.endswith(MADE_ELSEWHERE):
            content = path.read_bytes()
            assert content.decode("utf-8") == "" or content.endswith(b"\n"), place(path, 1)
            assert b"\r" not in content, place(path, 1)
