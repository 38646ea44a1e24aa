"""What an entry mentions: identifiers in its subjects, its actor, its site and its data, as ``noun/identifier``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yimai.domain.identifier import noun_of
from yimai.ledger.entry import Entry, Json

FIELDS: Final = {
    "annual_return": "annual_return",
    "approver": "person",
    "authorisation": "authorisation",
    "base": "base",
    "cluster": "cluster",
    "designation": "designation",
    "destination": "site",
    "equipment": "equipment",
    "establishment": "site",
    "event": "event",
    "giver": "person",
    "goal": "goal",
    "holder": "person",
    "hospital": "site",
    "logger": "equipment",
    "lot": "material_lot",
    "lots": "material_lot",
    "material_lot": "material_lot",
    "material_lots": "material_lot",
    "operator": "person",
    "operators": "person",
    "organisation": "organisation",
    "origin": "site",
    "person": "person",
    "position": "storage_position",
    "programme": "programme",
    "receipt": "receipt",
    "recipe": "recipe",
    "register": "register",
    "recorded_by": "person",
    "signer": "person",
    "site": "site",
    "source": "source",
    "suite": "suite",
    "taker": "person",
    "target": "target",
}
"""Which noun the identifiers under a field name; our own identifiers say it themselves (``domain.identifier``)."""

NOT_WALKED: Final = frozenset({"content"})
"""An approved file's content describes things; it is no event in their lives."""

LONGEST: Final = 100

AT_ONCE: Final = 64
_lately: Final[dict[bytes, tuple[str, ...]]] = {}
"""Of the entries that projections follow at this moment: more than one of them asks."""


def mentions(entry: Entry) -> tuple[str, ...]:
    """Return what the entry mentions, sorted, none twice; things of unknown noun and free text are left out."""
    if (known := _lately.get(entry.hash)) is not None:
        return known
    about = (
        each for each in entry.subjects if not each.startswith("queue/")
    )  # of a queue one event has nothing to do with the next
    found = {*about, f"person/{entry.actor}", f"site/{entry.site}"}
    for name, value in entry.data.items():
        if name not in NOT_WALKED:
            found.update(_in_value(name, value))
    if len(_lately) >= AT_ONCE:
        _lately.clear()
    return _lately.setdefault(entry.hash, tuple(sorted(found)))


def _in_value(name: str, value: Json) -> Iterator[str]:
    if isinstance(value, str):
        noun = noun_of(value) or FIELDS.get(name)
        if noun is not None and value and len(value) <= LONGEST and " " not in value:
            yield f"{noun}/{value}"
    elif isinstance(value, list):
        for each in value:
            yield from _in_value(name, each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _in_value(name, key)
            yield from _in_value(key, each)
