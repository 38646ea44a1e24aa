"""The one way a fact is written as bytes: RFC 8785 (JSON Canonicalization Scheme), restricted to be quick.

Keys are ASCII, integers lie within ±(2^53 - 1), there are no floats, and text holds neither NUL nor lone surrogates.
Under these limits sorted, compact UTF-8 JSON is exactly RFC 8785.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from yimai.ledger.entry import Json
from yimai.ledger.ledger import BadDraft

_LARGEST = 2**53 - 1
_ENCODER = msgspec.json.Encoder(order="sorted")


def encode(value: Json | Mapping[str, Json]) -> bytes:
    """Return the canonical bytes of a JSON value. Raises BadDraft naming the path of what cannot be written."""
    check(value)
    return _ENCODER.encode(value)


def decode(content: bytes) -> Json:
    """Return the JSON value of canonical bytes. Raises ValueError if they are not JSON or not in canonical form."""
    value = cast(Json, msgspec.json.decode(content))
    if encode(value) != content:
        raise ValueError("the bytes are JSON, but not in canonical form (RFC 8785)")
    return value


def check(value: object, path: str = "$") -> None:
    """Refuse, naming the path, whatever canonical form cannot hold. Raises BadDraft."""
    if isinstance(value, str):
        _check_text(value, path)
    elif type(value) is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or "\0" in key:
                raise BadDraft(f"{path}: the key {key!r} is not ASCII text")
            if type(item) is not str or not item.isascii() or "\0" in item:  # most items are plain text
                check(item, f"{path}.{key}")
    elif type(value) is list:
        for index, item in enumerate(value):
            check(item, f"{path}[{index}]")
    elif type(value) is int:
        if not -_LARGEST <= value <= _LARGEST:
            raise BadDraft(f"{path}: the integer {value} is not below 2^53; write it as text")
    elif isinstance(value, float):
        raise BadDraft(f"{path}: {value!r} is a float; write a quantity as a decimal string")
    elif value is not None and type(value) is not bool:
        raise BadDraft(f"{path}: {type(value).__name__} is not a JSON value")


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise BadDraft(f"{path}: text may not hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadDraft(f"{path}: text holds a lone surrogate at character {error.start}") from None
