"""Sources: where the programme knows something from, and how well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from yimai.domain.fact import Fact
from yimai.domain.refusal import Refusal, RefusalKind

Knowledge = Literal["read", "mirror", "memory", "assumed"]
"""How we know: read at the source, on a mirror of a press story, from memory (to be verified), or our assumption."""


@dataclass(frozen=True, slots=True)
class SourceNamed(Fact):
    """A source that clauses and entries of the register refer to; named again, the newer description counts."""

    kind: ClassVar[str] = "source.named.v1"
    about: ClassVar[tuple[str, ...]] = ("source",)
    source: str
    title_zh: str
    title_en: str
    knowledge: Knowledge


UNKNOWN = RefusalKind(
    "source.unknown",
    "No source {source} is named in this ledger. Name the source first, or choose one that is named.",
    "账本中没有来源 {source}。请先登记该来源，或选择已登记的来源。",
)
UNTOLD = RefusalKind(
    "source.untold",
    "It does not say where it comes from. Name its source.",
    "没有说明来源。请填写来源。",
)


def named(about: tuple[Fact, ...], source: str) -> Refusal | None:
    """Whether the facts about the source say that it is named."""
    return None if any(isinstance(fact, SourceNamed) for fact in about) else UNKNOWN(source=source)
