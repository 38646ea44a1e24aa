"""A refusal says why and what to do next, in Chinese and English, and is told with all its details."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator
from functools import lru_cache
from typing import get_args

import pytest
from tests.architecture.sources import Module, modules, place

from yimai.domain.person import Role
from yimai.domain.refusal import RefusalKind
from yimai.domain.refusals import REFUSALS

DECIDING = ("domain", "actions")


@lru_cache(maxsize=1)
def defined() -> dict[str, tuple[Module, str, RefusalKind]]:
    """Each refusal by where it is defined (module and name), whether registered or not."""
    found = {}
    for module in modules():
        if module.room in DECIDING:
            for node in module.tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    thing = getattr(importlib.import_module(module.name), node.targets[0].id, None)
                    if isinstance(thing, RefusalKind):
                        found[f"{module.name}.{node.targets[0].id}"] = (module, node.targets[0].id, thing)
    return found


each_refusal = pytest.mark.parametrize("kind", [kind for _, _, kind in defined().values()], ids=lambda kind: kind.code)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_no_two_refusals_share_a_code() -> None:
    codes = [kind.code for _, _, kind in defined().values()]
    assert sorted(set(codes)) == sorted(codes)


def test_every_refusal_of_the_domain_can_be_found_by_its_code() -> None:
    """A recorded identity mismatch is answered again from its code, and the glossary lists them all."""
    lost = [
        name for name, (module, _, kind) in defined().items() if module.room == "domain" and kind.code not in REFUSALS
    ]
    assert not lost, f"domain/refusals.py does not know {lost}"


def test_an_identity_mismatch_is_refused_by_the_domain() -> None:
    elsewhere = [name for name, (module, _, kind) in defined().items() if kind.identity and module.room != "domain"]
    assert not elsewhere


@each_refusal
def test_a_code_is_a_noun_and_a_reason(kind: RefusalKind) -> None:
    nouns = {module.path.stem for module in modules() if module.room in DECIDING}
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.code)
    assert kind.code.partition(".")[0] in nouns


@each_refusal
def test_both_languages_say_the_same_details_in_full_sentences(kind: RefusalKind) -> None:
    assert placeholders(kind.en) == placeholders(kind.zh)
    assert kind.en.endswith(".")
    assert kind.zh.endswith("。")
    assert kind.en.isascii(), "the English sentence is plain ASCII"
    assert re.search(r"[\u4e00-\u9fff]", kind.zh), "the Chinese sentence is Chinese"


def test_chinese_sentences_have_chinese_punctuation() -> None:
    narrow = [kind.code for _, _, kind in defined().values() if re.search(r"[\u4e00-\u9fff}][,;:?!]", kind.zh)]
    assert not narrow, f"{len(narrow)} sentences have half-width punctuation: {narrow}"


@each_refusal
def test_an_override_names_two_roles_and_never_opens_an_identity_rule(kind: RefusalKind) -> None:
    assert len(kind.override) in (0, 2)
    assert set(kind.override) <= set(get_args(Role))
    assert not (kind.identity and kind.override)


def test_every_refusal_is_told_with_exactly_its_details() -> None:
    """``NOT_ACCEPTED(treatment=…)`` gives each placeholder of both sentences and nothing else."""
    wrong = [
        f"{place(module.path, call.lineno)} {name}: gives {sorted(given)}, its sentences need {sorted(needed)}"
        for module, call, name, kind in told()
        if all(keyword.arg for keyword in call.keywords)  # what comes as **details is seen at run time only
        and (given := {str(keyword.arg) for keyword in call.keywords}) != (needed := placeholders(kind.en))
    ]
    assert not wrong, "\n".join(wrong)


def told() -> Iterator[tuple[Module, ast.Call, str, RefusalKind]]:
    """Yield every direct call of a refusal in the domain and the actions."""
    by_name = {name: kind for name, (_, _, kind) in defined().items()}
    for module in modules():
        if module.room not in DECIDING:
            continue
        imported = {id(node): name for node, name in module.references()}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                own = f"{module.name}.{node.func.id}" if isinstance(node.func, ast.Name) else ""
                name = imported.get(id(node.func), own)
                if name in by_name:
                    yield module, node, name.removeprefix("yimai."), by_name[name]


def test_every_refusal_is_used() -> None:
    used = set()
    for module in modules():
        used |= {name for _, name in module.references()}
        used |= {
            f"{module.name}.{node.id}" for node in ast.walk(module.tree) if isinstance(node, ast.Name) and _read(node)
        }
    unused = [f"{place(module.path, 1)} {name}" for full, (module, name, _) in defined().items() if full not in used]
    assert not unused, "\n".join(unused)


def _read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)
