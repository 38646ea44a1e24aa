"""The documents say what is so: their tables and tree are the code's, their links lead somewhere, their commands exist."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture import written_house
from tests.architecture.sources import ROOT, committed_files

from yimai.domain.facts import KINDS, NOUNS
from yimai.domain.identifier import ALPHABET, LETTERS, grouped, mint, noun_of, typed
from yimai.wiring.command_line import _parser

DOCUMENTS = tuple(path for path in committed_files() if path.suffix == ".md" and "tests" not in path.parts)
DECISIONS = ROOT / "docs" / "decisions"
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["GLOSSARY.md", "ARCHITECTURE.md", "docs/access.md"])
def test_what_is_written_from_the_code_is_what_the_code_says_now(name: str, write_documents: bool) -> None:
    now = written_house.with_blocks(read(name))
    if write_documents:
        (ROOT / name).write_text(now, encoding="utf-8")
    assert read(name) == now, "bring it up to date: pytest tests/architecture --write-documents"


def test_the_glossary_and_the_architecture_hold_every_table() -> None:
    text = read("GLOSSARY.md") + read("ARCHITECTURE.md") + read("docs/access.md")
    assert [name for name in written_house.BLOCKS if f"<!-- {name}: written by" not in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_says_in_a_sentence_what_happened(kind: str) -> None:
    assert re.fullmatch(r"[A-Z].*\.", written_house.meaning(KINDS[kind])), f"{KINDS[kind].__name__}'s docstring"


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_state_says_what_it_tells(noun: object) -> None:
    name = getattr(noun, "__name__", "").rpartition(".")[2]
    rows = [row for row in written_house.states().splitlines() if f"| {name} |" in row]
    assert not any(row.endswith("|  |") for row in rows), f"the state of {name} has no docstring"


@each_document
def test_every_link_leads_somewhere(path: Path) -> None:
    text = _without_code(path.read_text(encoding="utf-8"))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        aim = (path.parent / name).resolve() if name else path
        if not aim.exists() or (anchor and anchor not in _anchors(aim)):
            broken.append(target)
    assert not broken


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_every_command_that_a_document_shows_exists(path: Path) -> None:
    for line in _commands(path.read_text(encoding="utf-8")):
        words = shlex.split(line, comments=True)
        try:
            _parser().parse_args(words)
        except SystemExit as stop:
            pytest.fail(f"yimai {line}: refused with exit code {stop.code}")


def _commands(text: str) -> Iterator[str]:
    """Yield the arguments of each ``yimai …`` or ``python3 run.py …`` that stands in code (``run.py test`` is run.py's own)."""
    for line in re.findall(
        r"(?:^|`)(?:[A-Z_]+=\S+ )*(?:yimai|python3 run\.py)((?: [^`\n]+)?)(?:`|$)", text, re.MULTILINE
    ):
        arguments = line.strip()
        if arguments and not arguments.startswith(("test", "ANYTHING", "…")):
            yield arguments


def test_the_first_screen_holds_the_two_commands() -> None:
    first_screen = read("README.md").splitlines()[:30]
    assert "python3 run.py" in first_screen
    assert "python3 run.py test" in first_screen


def test_the_readme_and_the_architecture_stay_short() -> None:
    assert len(read("README.md").splitlines()) <= 120
    assert len(re.sub(r"```.*?```", "", read("ARCHITECTURE.md"), flags=re.DOTALL).splitlines()) <= 90


def test_decisions_are_numbered_and_told_in_the_same_form() -> None:
    records = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    numbers = [path.name[:4] for path in records]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers), "two records have the same number"
    index = read("docs/decisions/README.md")
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Rejected"], (
            path.name
        )
        assert f"]({path.name})" in index, f"{path.name} is missing in the index"


def test_the_identifiers_page_is_right_about_letters_alphabet_and_check_character() -> None:
    text = read("docs/identifiers.md")
    assert dict(re.findall(r"^\| `([A-Z])` \| (\w+) \|", text, re.MULTILINE)) == {
        letter: noun for noun, letter in LETTERS.items()
    }
    assert f"`{ALPHABET}`" in text
    example = re.search(
        r"five bytes `([0-9a-f ]+)` of a (\w+) give `(\w+)`, read as `([\w-]+)`", " ".join(text.split())
    )
    assert example
    identifier = mint(example[2], bytes.fromhex(example[1]))
    assert (identifier, grouped(identifier)) == (example[3], example[4])
    assert noun_of(typed(example[4].lower())) == example[2]


def test_the_worked_check_character_follows_the_recipe_on_the_page() -> None:
    """ISO 7064 MOD 37-2, done by hand as the page tells it."""
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
    identifier = re.search(r"give `(\w+)`", read("docs/identifiers.md"))
    assert identifier
    rest = 0
    for character in identifier[1][:-1]:
        rest = (rest + letters.index(character)) * 2 % 37
    assert letters[(38 - rest) % 37] == identifier[1][-1]


def test_the_ledger_formats_worked_example_is_right() -> None:
    text = read("docs/ledger-format.md")
    contents = [line.encode() for line in re.findall(r"^(\{\"actor\".*\})$", text, re.MULTILINE)]
    leaves = [hashlib.sha256(b"\0" + content).digest() for content in contents]
    assert len(leaves) == 2
    assert all(leaf.hex() in text for leaf in leaves)
    assert json.loads(contents[1])["links"][0]["previous"] == leaves[0].hex()
    assert hashlib.sha256(b"\1" + leaves[0] + leaves[1]).hexdigest() in text
