"""What an approval would change: the differences of two contents, each at the place where a person finds it in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class ContentChange:
    """place: keys from the top, a list's items by their ``id``, such as ``suites[suite-02].title.en``. before, after: None where there is nothing."""

    place: str
    before: str | None
    after: str | None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ContentChange, ...]:
    """Every value that differs, in the order of the new content; what is new or gone is told value by value."""
    return tuple(_between("", before, after))


def _between(place: str, before: Any, after: Any) -> Iterator[ContentChange]:
    one, other = _parts(before), _parts(after)
    if one is None and other is None:
        if before != after:
            yield ContentChange(place, _written(before), _written(after))
        return
    one, other = one or {}, other or {}
    for key in dict.fromkeys((*other, *one)):
        yield from _between(_at(place, key), one.get(key, ABSENT), other.get(key, ABSENT))


def _parts(value: Any) -> Mapping[str, Any] | None:
    """A mapping's values by key, a list's by ``id`` or else by number; None for what has no parts."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(each, Mapping) for each in value):
        ids = [str(each["id"]) if isinstance(each, Mapping) and "id" in each else "" for each in value]
        named = all(ids) and len(set(ids)) == len(ids)
        return {f"[{ids[number] if named else number}]": each for number, each in enumerate(value)}
    return None


def _at(place: str, key: str) -> str:
    return place + key if key.startswith("[") or not place else f"{place}.{key}"


def _written(value: Any) -> str | None:
    if value is ABSENT:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return {True: "true", False: "false", None: "–"}[value] if value is None or isinstance(value, bool) else str(value)
