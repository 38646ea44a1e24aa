"""The canonical form is RFC 8785, byte for byte, and what RFC 8785 would write otherwise is refused by name."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from yimai.ledger import canonical
from yimai.ledger.entry import Json
from yimai.ledger.ledger import BadDraft

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
keys = st.text(st.characters(max_codepoint=127, exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)


@given(values)
def test_the_bytes_are_those_of_rfc_8785(value: Json) -> None:
    content = canonical.encode(value)
    assert content == rfc8785.dumps(value)
    assert canonical.decode(content) == value


@given(values)
def test_any_other_form_of_the_same_value_is_not_canonical(value: Json) -> None:
    other = json.dumps(value, indent=1).encode()
    if other != canonical.encode(value):
        with pytest.raises(ValueError, match="canonical"):
            canonical.decode(other)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (1.0, "$"),
        (float("nan"), "$"),
        ({"a": [1, {"b": 0.5}]}, "$.a[1].b"),
        (2**53, "$"),
        ([-(2**53)], "$[0]"),
        ({"é": 1}, "é"),
        ({"a\0": 1}, "$"),
        ({"a": {1: "x"}}, "$.a"),
        (["\0"], "$[0]"),
        ({"a": "\udfff"}, "$.a"),
        ([(1, 2)], "$[0]"),
        ({"a": {1}}, "$.a"),
        ([b"x"], "$[0]"),
    ],
)
def test_what_it_cannot_hold_is_refused_naming_the_path(value: Json, path: str) -> None:
    with pytest.raises(BadDraft) as refused:
        canonical.encode(value)
    assert path in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b'{"b":1,"a":2}', b'{"a":1,"a":2}', b'{"a": 1}', b'"\\u0041"', b"1.0", b"1e3", b"9007199254740992", b"\xff"],
)
def test_bytes_in_another_form_are_refused(content: bytes) -> None:
    with pytest.raises((ValueError, BadDraft)):
        canonical.decode(content)
