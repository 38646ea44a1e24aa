"""The specification and the requirement → test matrix, written from the tests themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
WRITTEN_BY = "Written from the tests by `pytest tests/spec --collect-only --write-spec`; do not edit."


@dataclass(frozen=True, order=True)
class Sentence:
    """What one test says. noun: whose specification it is in. requirement: its id, or "" if the test states none."""

    noun: str
    file: str
    line: int
    test: str
    requirement: str
    says: str


def sentences(items: Iterable[pytest.Item]) -> list[Sentence]:
    """What the collected tests of the specification say, once for each test whatever it is run with, in order."""
    found = set()
    for item in items:
        if FOLDER in item.path.parents and isinstance(item, pytest.Function) and item.path.parent != FOLDER:
            marks = [mark.args for mark in item.iter_markers("requirement")] or [("", "")]
            for requirement, says in marks:
                place = item.path.relative_to(FOLDER.parent.parent).as_posix()
                name = item.originalname
                found.add(Sentence(item.path.parent.name, place, item.location[1] or 0, name, requirement, says))
    return sorted(found)


def spec_document(items: Iterable[pytest.Item]) -> str:
    """docs/spec.md: for each noun its requirements, each with what its tests show, then the tests that state none."""
    lines = ["# Specification", "", WRITTEN_BY]
    by_noun: dict[str, dict[tuple[str, str], list[str]]] = {}
    for sentence in sentences(items):
        key = (sentence.requirement or "~", sentence.says)
        by_noun.setdefault(sentence.noun, {}).setdefault(key, []).append(_plain(sentence.test))
    for noun, stated in sorted(by_noun.items()):
        lines += ["", f"## {noun.replace('_', ' ')}", ""]
        for (requirement, says), tests in sorted(stated.items()):
            if requirement == "~":
                lines += [f"- {test}" for test in tests]
            else:
                lines += [f"- **{requirement}** {says}", *(f"  - {test}" for test in tests)]
    return "\n".join(lines) + "\n"


def _plain(test: str) -> str:
    """``test_a_bag_is_filled_once`` in words: A bag is filled once."""
    words = test.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]


def requirements_document(items: Iterable[pytest.Item]) -> str:
    """docs/requirements.md: every requirement with the tests that hold it. Raises ValueError for two of one id."""
    stated: dict[str, str] = {}
    tests: dict[str, list[str]] = {}
    for sentence in sentences(items):
        if sentence.requirement:
            if stated.setdefault(sentence.requirement, sentence.says) != sentence.says:
                raise ValueError(f"{sentence.requirement} is stated in two ways: {sentence.says!r} in {sentence.file}")
            tests.setdefault(sentence.requirement, []).append(f"`{sentence.file}::{sentence.test}`")
    lines = ["# Requirements and their tests", "", WRITTEN_BY, "", "| id | requirement | tests |", "|---|---|---|"]
    lines += [f"| {each} | {stated[each]} | {'<br>'.join(tests[each])} |" for each in sorted(stated)]
    return "\n".join(lines) + "\n"
