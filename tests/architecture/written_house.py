"""What the documents say about the code, written from the code: tables for the glossary, the tree for the architecture."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Literal

from tests.architecture.fact_instances import fields_of, kind_of_type
from tests.architecture.sources import PACKAGE, committed_files, modules
from tests.architecture.test_refusals import defined

from yimai.actions.verbs import VERBS
from yimai.domain import access
from yimai.domain.access_words import WORDS
from yimai.domain.fact import Fact
from yimai.domain.facts import KINDS, NOUNS
from yimai.domain.reason import REASONS
from yimai.interfaces.web import permitted
from yimai.ledger.chain import OPENED
from yimai.projections.words import KINDS as TITLES
from yimai.projections.words import STAGES, STATES
from yimai.wiring import page_access

ROOMS = ("wiring", "interfaces", "actions", "projections", "store", "planning", "domain", "ledger", "catalogue")
"""From the top down."""
OF_NO_PACKAGE = {"catalogue": "No code: recipes, bases and programmes as YAML, with their JSON Schemas."}
WIDTH = 118


def block(name: str, content: str) -> str:
    """Return generated content between the comments that mark it."""
    return (
        f"<!-- {name}: written by `pytest tests/architecture --write-documents` -->\n{content}\n<!-- end of {name} -->"
    )


def with_blocks(document: str) -> str:
    """Return the document with every block that it marks written anew. Raises KeyError naming a block unknown here."""
    marked = re.compile(r"<!-- (\w+): written by .*? -->\n.*?<!-- end of \1 -->", re.DOTALL)
    return marked.sub(lambda found: block(found[1], BLOCKS[found[1]]()), document)


def meaning(thing: type) -> str:
    """Return what the docstring says before it turns to single fields; "" if it says nothing."""
    text = inspect.cleandoc(thing.__doc__ or "")
    if text.startswith(f"{thing.__name__}("):  # made by dataclass
        return ""
    first = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?:^|(?<=[.;]) )[a-z_]+(?:, [a-z_]+)*: ", first)[0].strip()


def facts() -> str:
    rows = ["| kind | 中文 | what happened | about |", "|---|---|---|---|"]
    rows.append(f"| `{OPENED}` | {TITLES[OPENED].zh} | A ledger began; says whether it is simulated. | ledger |")
    for kind, fact_class in sorted(KINDS.items()):
        about = ", ".join(fact_class.about) if "subjects" not in vars(fact_class) else "treatment, the labelled item"
        rows.append(f"| `{kind}` | {TITLES[kind].zh} | {meaning(fact_class)} | {about} |")
    return "\n".join(rows)


def states() -> str:
    rows = ["| state | of | what it tells |", "|---|---|---|"]
    for noun in NOUNS:
        if hasattr(noun, "evolve"):
            name = noun.evolve.__annotations__["return"]
            rows.append(f"| `{name}` | {noun.__name__.rpartition('.')[2]} | {_told_by(noun, name)} |")
    return "\n".join(rows)


def _told_by(noun: ModuleType, name: str) -> str:
    thing = getattr(noun, name)
    if isinstance(thing, type) and thing.__module__ == noun.__name__:
        return meaning(thing)
    body = ast.parse(inspect.getsource(noun)).body
    for statement, following in pairwise(body):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return ast.literal_eval(following.value) if isinstance(following, ast.Expr) else ""
    return ""


def values() -> str:
    """The words that a field may hold that is not a fact's."""
    rows = ["| field | values |", "|---|---|"]
    for module in modules():
        if module.room == "domain":
            for name, thing in vars(importlib.import_module(module.name)).items():
                if isinstance(thing, type) and thing.__module__ == module.name and dataclasses.is_dataclass(thing):
                    rows.extend(_literals(name, thing) if not issubclass(thing, Fact) else ())
    return "\n".join(rows)


def _literals(name: str, thing: type) -> Iterator[str]:
    for field, hint in fields_of(thing).items():
        origin, arguments = kind_of_type(hint)
        if origin is Literal:
            yield f"| `{name}.{field}` | {', '.join(f'`{value}`' for value in arguments if value)} |"


def stages() -> str:
    rows = ["| stage or state | 中文 | English |", "|---|---|---|"]
    rows += [f"| `{name}` | {words.zh} | {words.en} |" for name, words in {**STAGES, **STATES}.items()]
    return "\n".join(rows)


def refusals() -> str:
    rows = ["| code | English | 中文 | override |", "|---|---|---|---|"]
    for kind in sorted((kind for _, _, kind in defined().values()), key=lambda kind: kind.code):
        identity = "never; recorded as a fact" if kind.identity else "never"
        rows.append(f"| `{kind.code}` | {kind.en} | {kind.zh} | {' + '.join(kind.override) or identity} |")
    return "\n".join(rows)


def reasons() -> str:
    rows = ["| code | 中文 | English |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| `{code}` | {words.zh} | {words.en} |" for code, words in REASONS.items())])


def tree() -> str:
    lines = ["```", "src/yimai/"]
    for room in ROOMS:
        lines += _folder(PACKAGE / room, 1)
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)
    return "\n".join([*lines, "```"])


def _folder(path: Path, depth: int) -> Iterator[str]:
    """Yield a folder's own line, its files by name, then its folders, unless they hold neither packages nor the catalogue."""
    first = path / "__init__.py"
    says = OF_NO_PACKAGE.get(path.name)
    if first.exists():
        says = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8")))
    yield (f"{'  ' * depth}{path.name}/".ljust(15) + f" {says or ''}").rstrip()
    files = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith(("__init__.py", ".")))
    names = "  ".join(each.stem if each.suffix == ".py" else each.name for each in files)
    margin = " " * 16
    yield from textwrap.wrap(names, WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)
    for folder in sorted(each for each in path.iterdir() if each.is_dir()):
        if says and any(folder in file.parents for file in committed_files()):
            yield from _folder(folder, depth + 1)


def access_table() -> str:
    """One line a verb and capacity, one column a role; the letters are the table's own."""
    letters = {name: letter for letter, name in access.LETTERS.items()}
    states = {name: letter for letter, name in access.STATES.items()}
    rows = [
        "| verb | 中文 | state | " + " | ".join(access.COLUMNS) + " |",
        "|---|---|---" + "|---" * len(access.COLUMNS) + "|",
    ]
    for (verb, capacity), row in access.ROWS.items():
        beside = "" if capacity == access.PERFORMER else f" / {capacity}"
        now = "".join(states[each] for each in row.possible_states if each in states and each in row.states)
        cells = [
            "✕" if found is None else "".join(sorted(letters[each] for each in found)) or "·"
            for found in row.cells.values()
        ]
        title = "" if beside else WORDS[verb].zh
        rows.append(f"| `{verb}`{beside} | {title} | {now} | {' | '.join(cells)} |")
    return "\n".join(rows)


def addresses() -> str:
    rows = ["| address | row |", "|---|---|"]
    rows += [f"| `{name}` | {_row_named(row)} |" for name, row in page_access.PAGES.items() if row not in VERBS]
    nouns = ", ".join(f"{noun}: `{row}`" for noun, row in permitted.NOUNS.items())
    return "\n".join(
        [*rows, "| `rest:` and a verb, for each verb | the verb's own |", "", f"`about` by noun: {nouns}."]
    )


def _row_named(row: str) -> str:
    named = {
        page_access.PUBLIC: "anybody",
        page_access.SIGNED_IN: "everybody who has signed in, for himself",
        page_access.OF_VERB: "the verb's own",
        page_access.OF_NOUN: "by what it is about, see below",
    }
    return named.get(row, f"`{row}`")


BLOCKS = {
    "access": access_table,
    "addresses": addresses,
    "facts": facts,
    "states": states,
    "values": values,
    "stages": stages,
    "refusals": refusals,
    "reasons": reasons,
    "tree": tree,
}
