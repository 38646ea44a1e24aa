"""A module and a function stay small enough to be read at once, explain themselves by name, and are used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import PACKAGE, Module, committed_files, modules, other_modules, place

LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
ENTRY_POINTS = {
    "yimai.wiring.command_line": "the console script in pyproject.toml",
    "yimai.ledger.memory": "the ledger that fast tests run on",
}
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "manager", "service", "handler", "handlers", "common", "misc"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_module_is_longer_than_500_lines() -> None:
    sql = [path for path in committed_files() if path.suffix == ".sql"]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sql}
    lengths.update({module.path: len(module.text.splitlines()) for module in (*modules(), *other_modules())})
    too_long = [f"{place(path, length)}" for path, length in lengths.items() if length > LONGEST_MODULE]
    assert not too_long, "split by meaning: " + ", ".join(too_long)


def test_no_function_is_longer_than_60_lines() -> None:
    too_long = [
        f"{place(module.path, node.lineno)} {node.name} ({length} lines)"
        for module in (*modules(), *other_modules())
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTION) and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not too_long, "\n".join(too_long)


def test_every_module_says_what_it_is() -> None:
    silent = [module.name for module in modules() if not (ast.get_docstring(module.tree) or "").strip()]
    assert not silent, f"no docstring: {silent}"


def test_no_module_is_dead() -> None:
    """Each is imported by another, named by its dotted path (as Django does), or an entry point."""
    names = {module.name for module in modules()}
    used = set(ENTRY_POINTS)
    for module in modules():
        used |= {name for name in _names_of_modules(module) if name != module.name}
    dead = [
        module.name
        for module in modules()
        if module.name not in used and module.path.name != "__init__.py" and not _is_found_by_django(module)
    ]
    assert not dead, f"nothing imports {dead}"
    assert set(ENTRY_POINTS) <= names, "an entry point is gone"


def _is_found_by_django(module: Module) -> bool:
    """Application settings and migrations go by their place, template tags by the name that a template loads."""
    if module.path.parent.name == "templatetags":
        return module.path.stem in set(_words_in_templates())
    return module.path.stem == "apps" or module.path.parent.name == "migrations"


def _names_of_modules(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(origin), names=names):
                yield origin
                yield from (f"{origin}.{alias.name}" for alias in names)
            case ast.Constant(value=str(text)) if text.startswith("yimai."):
                yield text
                yield text.rpartition(".")[0]


def test_every_function_class_and_method_is_used() -> None:
    """By any other line of the house, of its templates or of its tests; what is only named in a docstring is not used."""
    used = set(_words_in_templates())
    for module in (*modules(), *other_modules()):
        used |= set(_used_names(module.tree))
    unused = [
        f"{place(module.path, node.lineno)} {node.name}"
        for module in modules()
        if not _is_found_by_django(module)
        for node in _definitions(module.tree)
        if node.name not in used and not node.name.startswith("__")
    ]
    assert not unused, "\n".join(unused)


def _definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, FUNCTION | ast.ClassDef):
            yield node
        if isinstance(node, ast.ClassDef) and not node.bases:  # a base's framework may call what it overrides
            yield from (inner for inner in node.body if isinstance(inner, FUNCTION))


def _used_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=names):
                yield from (alias.name for alias in names)
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.:]+", text):
                yield from re.split(r"[.:]", text)


def _words_in_templates() -> Iterator[str]:
    for path in PACKAGE.rglob("*.html"):
        yield from re.findall(r"\w+", path.read_text(encoding="utf-8"))


def test_every_action_is_done_by_a_door_the_simulated_plant_or_a_test() -> None:
    doers = [*(module for module in modules() if module.room in ("interfaces", "wiring")), *other_modules()]
    done = {reference for module in doers for _, reference in module.references()}
    done |= {name for module in doers for name in module.imports().values()}
    idle = [
        f"{place(module.path, node.lineno)} {node.name}"
        for module in modules()
        if module.room == "actions"
        for node in module.tree.body
        if isinstance(node, FUNCTION) and _is_a_verb(node) and f"{module.name}.{node.name}" not in done
    ]
    assert not idle, "nobody does these:\n" + "\n".join(idle)


def _is_a_verb(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Something that a person may ask for: ``verb(ledger, command, *, …)``."""
    return not node.name.startswith("_") and [argument.arg for argument in node.args.args] == ["ledger", "command"]


def test_names_explain_themselves() -> None:
    vague = [
        f"{place(module.path, 1)} {name}"
        for module in modules()
        for name in (module.path.stem, module.path.parent.name)
        if SAYS_NOTHING & set(name.split("_"))
    ]
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, FUNCTION | ast.ClassDef):
                words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", node.name)
                if SAYS_NOTHING & {word.lower() for word in words}:
                    vague.append(f"{place(module.path, node.lineno)} {node.name}")
    assert not vague, "\n".join(vague)


def test_what_is_done_to_a_noun_has_the_nouns_file_name() -> None:
    nouns = {module.path.stem for module in modules() if module.room == "domain"}
    strays = [
        f"{module.name}.{node.name}"
        for module in modules()
        if module.room == "actions" and module.path.stem not in nouns
        for node in module.tree.body
        if isinstance(node, FUNCTION) and _is_a_verb(node)
    ]
    assert not strays, f"no module of that name in domain/: {strays}"


def test_the_rooms_are_those_of_the_design() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == {"ledger", "domain", "actions", "projections", "store", "planning", "interfaces", "wiring"}


def test_no_code_in_the_catalogue() -> None:
    assert not list((PACKAGE / "catalogue").rglob("*.py"))
