"""Every kind of refusal of the domain, by its stable code."""

from __future__ import annotations

from typing import Final

from yimai.domain.facts import NOUNS
from yimai.domain.refusal import RefusalKind

REFUSALS: Final[dict[str, RefusalKind]] = {
    thing.code: thing for noun in NOUNS for thing in vars(noun).values() if isinstance(thing, RefusalKind)
}
