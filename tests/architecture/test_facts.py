"""A fact once stored can be read for ever: its kind is known, its bytes are stable, and it holds no personal data."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.architecture.fact_instances import WHEN, example, fields_of, random_facts
from tests.architecture.sources import ROOT, modules

from yimai.domain.fact import Fact, draft
from yimai.domain.facts import KINDS, decode
from yimai.domain.identifier import LETTERS
from yimai.ledger import codec
from yimai.ledger.chain import OPENED, link, opening
from yimai.ledger.entry import NO_HASH, Command, Entry, Head, Link, Reading

GOLDEN = ROOT / "tests" / "golden"
LEDGER = str(UUID(int=0))
COMMAND = Command("golden-1", "P01", "lingang", bytes(range(32)))


def facts_in_the_domain() -> Iterator[type[Fact]]:
    """Every fact class that any module under domain/ defines, registered or not."""
    for module in modules():
        if module.room == "domain":
            for thing in vars(importlib.import_module(module.name)).values():
                if (
                    isinstance(thing, type)
                    and issubclass(thing, Fact)
                    and thing.__module__ == module.name != Fact.__module__
                ):
                    yield thing


ALL = sorted(facts_in_the_domain(), key=lambda fact_class: fact_class.kind)
each_fact = pytest.mark.parametrize("fact_class", ALL, ids=[fact_class.kind for fact_class in ALL])


def entry_of(fact: Fact) -> Entry:
    """Return the entry that the fact becomes as the first one about its subjects."""
    ready = draft(fact, WHEN)
    heads = {subject: Head() for subject in ready.subjects}
    return link([ready], ledger=LEDGER, command=COMMAND, after=Reading(WHEN, heads, {}))[0]


def test_every_fact_of_the_domain_is_known_to_the_codec() -> None:
    strangers = [fact_class.__qualname__ for fact_class in ALL if KINDS.get(fact_class.kind) is not fact_class]
    assert not strangers, f"add their modules to NOUNS in domain/facts.py: {strangers}"


def test_no_two_facts_share_a_kind() -> None:
    assert len({fact_class.kind for fact_class in ALL}) == len(ALL)


@each_fact
def test_a_kind_is_a_noun_something_that_happened_and_a_version(fact_class: type[Fact]) -> None:
    nouns = {module.path.stem for module in modules() if module.room == "domain"}
    match = re.fullmatch(r"([a-z_]+)\.[a-z_]+\.v[1-9]\d*", fact_class.kind)
    assert match, fact_class.kind
    assert match[1] in nouns


@each_fact
def test_a_fact_is_about_subjects_that_its_own_fields_name(fact_class: type[Fact]) -> None:
    assert fact_class.about
    assert {name: fields_of(fact_class).get(name) for name in fact_class.about} == dict.fromkeys(fact_class.about, str)


@each_fact
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_fact_comes_back_from_its_bytes_as_it_went_in(fact_class: type[Fact], data: st.DataObject) -> None:
    fact = data.draw(random_facts(fact_class))
    stored = entry_of(fact)
    read = codec.parse(stored.content)
    assert codec.fault(codec.read(stored.content), stored.content) is None
    assert decode(read) == fact
    assert draft(decode(read), read.occurred) == draft(fact, WHEN)


def golden_contents(kind: str) -> list[bytes]:
    """Return example entries of a kind: a full one, and one that is as bare as its types allow."""
    if kind == OPENED:
        return [opening(LEDGER, simulated=simulated, now=WHEN).content for simulated in (True, False)]
    return list(dict.fromkeys(entry_of(example(KINDS[kind], bare=bare)).content for bare in (False, True)))


@pytest.mark.parametrize("kind", sorted({*KINDS, OPENED}))
def test_every_kind_has_a_golden_file(kind: str, write_golden: bool) -> None:
    """Written once, never changed: the file stands for the bytes that ledgers out there hold."""
    path = GOLDEN / f"{kind}.json"
    if write_golden and not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(content + b"\n" for content in golden_contents(kind)))
    assert path.exists(), "a new kind: pytest tests/architecture --write-golden"


def written_again(stored: Entry) -> bytes:
    """Return the bytes that the stored fact would have if it were written today."""
    if stored.kind == OPENED:
        return opening(stored.ledger, simulated=bool(stored.data["simulated"]), now=stored.occurred).content
    again = draft(decode(stored), stored.occurred)
    links = [Link(subject, 1, NO_HASH) for subject in again.subjects]
    command = Command(stored.command, stored.actor, stored.site, stored.request)
    return codec.compose(
        again, links, ledger=stored.ledger, command=command, ordinal=stored.ordinal, recorded=stored.recorded
    ).content


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_fact_is_read_and_would_be_written_again_as_the_same_bytes(path: Path) -> None:
    for content in path.read_bytes().splitlines():
        stored = codec.parse(content)
        assert stored.kind == path.stem
        assert codec.fault(codec.read(content), content) is None
        assert written_again(stored) == content, "a stored fact is never edited: make a new version of the kind instead"


def test_no_golden_file_is_of_a_kind_that_was_forgotten() -> None:
    forgotten = {path.stem for path in GOLDEN.glob("*.json")} - {*KINDS, OPENED}
    assert not forgotten, "ledgers out there hold these: every version must be able to read them"


# What a text field of a fact may hold. Whoever adds a field decides here which it is; there is no class for a person's
# name, contact or history, and none for free text.
IDENTIFIERS = {
    *LETTERS, "base", "equipment", "hospital", "item", "logger", "material_lot", "order", "person", "position", "programme",
    "recipe", "signer", "site", "concerns", "suite", "timetable", "holder", "origin", "destination", "giver_scan", "taker_scan", "containers",
    "operators", "exceptions", "result", "lot", "reference", "recorded_by",
    "annual_return", "authorisation", "authority", "by", "cluster", "designation", "establishment", "event", "goal", "into",
    "organisation", "parent", "predecessor", "register", "source",
    "target",
}  # fmt: skip
CODES = {
    "carrier", "cause", "classification", "code", "entry", "equipment_class", "gate", "how", "indication", "layout", "material",
    "plan", "qualification", "reason", "reasons", "recipe_version", "room_class", "step", "test", "tests", "unit", "version",
    "fate", "urgency", "type", "roles", "markers", "meaning", "meanings", "method", "to", "track", "basis", "response", "conclusion",
    "joined", "measure", "partition", "since", "until",
}  # fmt: skip
MEASURED = {"limits", "value", "entries", "old", "new", "replaces"}
"""What an instrument or a person measured, and the recipe's limits, as text."""
COMMITMENTS = {"evaluation", "file", "form", "name", "note", "patient"}
"""Hex commitments to what lies in the vault."""
HASHES = {
    "content",
    "contributions",
    "definition",
    "document",
    "head",
    "passkey",
    "receipt",
    "recipe_hash",
    "record",
    "release",
    "root",
}
PUBLIC = {
    "title_zh", "title_en", "district", "content", "address_zh", "address_en", "day_zh", "day_en", "owner_zh", "owner_en", "page",
    "reading_zh", "reading_en", "scope_zh", "scope_en", "text",
}  # fmt: skip
"""Titles and addresses of institutions, what published plans say, and files that were approved for everyone to read."""
REFUSED = {"details"}
"""What was presented when an identity match was refused."""
CLASSES = (IDENTIFIERS, CODES, MEASURED, COMMITMENTS, HASHES, PUBLIC, REFUSED)


def text_fields(cls: type) -> Iterator[tuple[str, str]]:
    """Yield (dataclass, field) for every field, however deep, that holds text."""
    for name, hint in fields_of(cls).items():
        for inner in _types_in(hint):
            if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                yield from text_fields(inner)
            elif inner is str:
                yield cls.__name__, name


def _types_in(hint: object) -> Iterator[object]:
    arguments = getattr(hint, "__args__", ())
    yield hint
    for argument in arguments if not isinstance(hint, type) or arguments else ():
        yield from _types_in(argument)


def test_every_text_in_a_fact_is_of_a_class_that_holds_no_personal_data() -> None:
    unclassified = {
        field
        for fact_class in ALL
        for field in text_fields(fact_class)
        if not any(field[1] in names for names in CLASSES)
    }
    assert not unclassified, f"decide what these may hold, and add them to the right class: {sorted(unclassified)}"


@each_fact
def test_a_commitment_says_that_it_is_one(fact_class: type[Fact]) -> None:
    own = COMMITMENTS & {name for name, hint in fields_of(fact_class).items() if hint is str}
    for name in own:
        assert re.search(rf"\b{name}\b[^.]*\bcommitment", fact_class.__doc__ or ""), f"{fact_class.__name__}.{name}"
