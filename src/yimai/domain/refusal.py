"""Why something may not be done, and what to do next, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """One way in which a rule refuses.

    code: stable, ``noun.reason``. en, zh: a plain sentence with the next thing to do; ``{name}`` places a detail.
    identity: the refusal is a mismatch of identity and is recorded as a fact.
    override: the two roles whose signed reasons together open this rule; empty means never.
    """

    code: str
    en: str
    zh: str
    identity: bool = False
    override: tuple[str, ...] = ()

    def __call__(self, **details: object) -> Refusal:
        return Refusal(self, {name: str(value) for name, value in details.items()})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule's no: nothing happened."""

    kind: RefusalKind
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def identity(self) -> bool:
        """Whether something was presented that belongs to another."""
        return self.kind.identity

    @property
    def en(self) -> str:
        return self.kind.en.format_map(self.details)

    @property
    def zh(self) -> str:
        return self.kind.zh.format_map(self.details)

    def __str__(self) -> str:
        return self.en


def first_refusal(*verdicts: Refusal | None) -> Refusal | None:
    """Return the first refusal among the verdicts of several rules, or None if all of them permit."""
    return next((verdict for verdict in verdicts if verdict is not None), None)
