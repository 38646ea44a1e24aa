"""PostgreSQL's text form of arrays: several times quicker to write than adapting a list element by element."""

from __future__ import annotations

from collections.abc import Iterable


def of_bytes(values: Iterable[bytes]) -> str:
    """Return the text of a ``bytea[]``."""
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def of_texts(values: Iterable[str]) -> str:
    """Return the text of a ``text[]``."""
    return "{" + ",".join(['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]) + "}"


def of_integers(values: Iterable[int]) -> str:
    """Return the text of a ``bigint[]``."""
    return "{" + ",".join(map(str, values)) + "}"
