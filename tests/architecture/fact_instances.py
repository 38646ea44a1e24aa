"""Instances of facts made from their field types: random ones for property tests, two fixed ones for golden files."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st

from yimai.domain.fact import Fact
from yimai.domain.identifier import LETTERS, RANDOM_BYTES, mint

SHANGHAI = timezone(timedelta(hours=8))
WHEN = datetime(2026, 8, 3, 9, 30, tzinfo=SHANGHAI)
SALTED = "5e" * 32
"""What stands for any hex hash or commitment in an example."""
EXAMPLES = {
    "base": "lingang",
    "concerns": "treatment/T1",
    "code": "label.not_this_patients",
    "content": SALTED,
    "evaluation": SALTED,
    "file": SALTED,
    "form": SALTED,
    "gate": "custody.receive",
    "hospital": "hospital-1",
    "item": mint("container", b"item1"),
    "name": SALTED,
    "note": SALTED,
    "order": mint("treatment", b"treat"),
    "patient": SALTED,
    "recipe": "cd19-cart",
    "record": SALTED,
    "recipe_hash": SALTED,
    "release": SALTED,
    "site": "lingang",
    "suite": "R01",
    "unit": "%",
    "value": "4.9",
    "version": "1",
    "reason": "investigation",
}


def kind_of_type(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type's origin (``Literal``, ``tuple``, ``Mapping``, a union …) and its arguments."""
    return typing.get_origin(hint) or hint, typing.get_args(hint)


def fields_of(cls: type) -> Mapping[str, Any]:
    """Return the dataclass's fields with their types."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def example(fact_class: type[Fact], *, bare: bool = False) -> Fact:
    """Return a fixed fact; bare: as little as the types allow (None, nothing in collections, the last choice)."""
    return fact_class(**{name: _example(hint, name, bare) for name, hint in fields_of(fact_class).items()})


def _example(hint: Any, name: str, bare: bool) -> Any:
    origin, arguments = kind_of_type(hint)
    if origin is Literal:
        return arguments[-1 if bare else 0]
    if origin in (typing.Union, types.UnionType):
        return None if bare and type(None) in arguments else _example(arguments[-1 if bare else 0], name, bare)
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            return tuple(_example(each, name, bare) for each in arguments)
        return () if bare else (_example(arguments[0], name.removesuffix("s"), bare),)
    if origin is Mapping:
        choices = kind_of_type(arguments[1])[1] or (arguments[1],)
        return {} if bare else {f"{name}-{n}": _example(each, name, bare) for n, each in enumerate(_types(choices), 1)}
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        inner: dict[str, Any] = {each: _example(kind, each, bare) for each, kind in fields_of(origin).items()}
        if "starts" in inner and "ends" in inner:
            inner["ends"] = inner["starts"] + timedelta(days=9)
        return origin(**inner)
    plain = {bool: not bare, int: 0 if bare else 1, Decimal: Decimal("-0.50" if bare else "36.5"), date: WHEN.date()}
    if origin is bytes:
        return b"" if bare else name.encode()
    if origin is datetime:
        return WHEN + timedelta(days=9) if name == "ends" else WHEN
    return _example_text(name) if origin in (str, Any) else plain[origin]


def _types(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """The members of a union, or a Literal for each of its words."""
    return tuple(each if isinstance(each, type) or kind_of_type(each)[1] else Literal[each] for each in choices)


def _example_text(name: str) -> str:
    if name in LETTERS:
        return mint(name, name.encode()[:RANDOM_BYTES].ljust(RANDOM_BYTES, b"0"))
    return EXAMPLES.get(name, f"{name}-1")


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2200, 1, 1), timezones=ZONES)  # noqa: DTZ001 (timezones gives the zone)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ASCII, inner, max_size=3),
    max_leaves=6,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    bytes: st.binary(max_size=20),
    int: WHOLE,
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime: MOMENTS,
    date: st.dates(),
    Any: JSON,
    type(None): st.none(),
}


def random_facts(fact_class: type[Fact]) -> st.SearchStrategy[Fact]:
    """Facts of this class with any values that their types allow; what names a subject or a claim is an identifier."""
    return st.builds(fact_class, **_random_fields(fact_class))


def _random_fields(cls: type) -> dict[str, st.SearchStrategy[Any]]:
    fields = {name: _random(hint) for name, hint in fields_of(cls).items()}
    identifiers = {*getattr(cls, "about", ()), "item", "suite", "position", "permit", "partition"}
    fields.update((name, ASCII) for name, hint in fields_of(cls).items() if name in identifiers and hint is str)
    if fields_of(cls).get("ends") is datetime:
        moments = st.datetimes(datetime(2200, 1, 3), datetime(2300, 1, 1), timezones=ZONES)  # noqa: DTZ001 (as above)
        fields["ends"] = moments
    return fields


def _random(hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = kind_of_type(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_random(each) for each in arguments])
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            return st.tuples(*(_random(each) for each in arguments))
        return st.lists(_random(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(ASCII, _random(arguments[1]), max_size=3)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        return st.builds(origin, **_random_fields(origin))
    return PLAIN[origin]
