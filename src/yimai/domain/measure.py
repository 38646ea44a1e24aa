"""Measures: ``measure(definition, facts up to N)`` gives a value, the facts that made it, and why others did not count.

Pure, in integers. A definition is data and is known by its hash. Every fact that a measure reads stands in its answer
exactly once: it contributes an amount, it is excluded for a reason, or others count or not because of it (its *basis*).
Facts are taken in the order of the ledger, so that the order in which they are given does not matter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Generic, Literal, TypeVar, overload

from yimai.domain.fact import Fact, json_of
from yimai.domain.known_day import last_day
from yimai.domain.target import Scope
from yimai.ledger import canonical
from yimai.ledger.entry import Json

Reason = Literal[
    "corrected",
    "district_unknown",
    "earlier",
    "ended",
    "figure_missing",
    "later",
    "no_effect",
    "no_price",
    "other_district",
    "other_therapies",
    "other_type",
    "other_year",
    "outdone_by_audit",
    "out_of_use",
    "same_batch",
    "same_facility",
    "same_treatment",
    "therapies_unknown",
    "incomplete",
]
"""Why a fact that was read does not count."""
Total = Literal["sum", "share", "median"]
"""How amounts make the value: added; the ones among all, in millionths; or the lower middle one."""
Evidence = Literal["ledger", "audited", "register", "self_declared"]
"""From the strongest to the weakest."""
Sold = Literal["gross", "net", ""]
Said = TypeVar("Said", bound=Fact, covariant=True)
"""The kind of a known fact."""
One = TypeVar("One", bound=Fact)
Two = TypeVar("Two", bound=Fact)
Three = TypeVar("Three", bound=Fact)
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Definition:
    """What a measure is. rule: how facts count; kinds: which it reads; types, figure, sales: what the rule is told.

    scopes: by what the question may be narrowed. flow: counts what happened in a period, not what stands on a day.
    """

    name: str
    version: int
    title_zh: str
    title_en: str
    unit: str
    rule: Literal["standing", "facilities", "designations", "products", "returns", "doses", "patients", "on_time",
                  "vein_to_vein", "slots", "suites", "listed_value"]  # fmt: skip
    kinds: tuple[str, ...]
    total: Total = "sum"
    evidence: Evidence = "register"
    scopes: tuple[Literal["therapies", "district"], ...] = ()
    flow: bool = False
    types: tuple[str, ...] = ()
    figure: Literal["", "revenue", "gross_output", "value_added"] = ""
    sales: Sold = ""

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def hash(self) -> str:
        """SHA-256, in hex, of the definition's canonical form."""
        return sha256(canonical.encode(json_of(self))).hexdigest()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a measure. first: None where everything until then counts; until: the last day that counts."""

    measure: str
    until: date
    first: date | None = None
    therapies: Scope = ""
    district: str = ""

    def misses(self, day: date) -> Reason | None:
        """Why what happened on the day is not asked for, if it is not."""
        if day > self.until:
            return "later"
        return "earlier" if self.first is not None and day < self.first else None


@dataclass(frozen=True, slots=True)
class Known(Generic[Said]):
    """A fact as measures see it. position: in the ledger. at: when it happened; recorded: the day it was written down.

    site: where it happened.
    """

    position: int
    hash: bytes
    fact: Said
    at: datetime
    recorded: date
    site: str

    @property
    def occurred(self) -> date:
        """The day on which it happened, where it happened."""
        return self.at.date()

    def since(self, told: str) -> date:
        """From when the fact counts: the last day that its text can mean, else the day on which it was recorded."""
        return last_day(told) or self.recorded


@dataclass(frozen=True, slots=True)
class Contribution:
    """key: what was counted: an organisation, a site, a batch, a treatment."""

    fact: bytes
    key: str
    amount: int


@dataclass(frozen=True)
class Measured:
    """value: None where nothing counted: that is unknown, never zero. The lists are sorted by the facts' hashes."""

    value: int | None
    contributions: tuple[Contribution, ...]
    exclusions: tuple[tuple[bytes, Reason], ...]
    basis: tuple[bytes, ...]
    evidence: Evidence

    def contribution_lines(self) -> list[Json]:
        """The contributions as a receipt lists them."""
        return [{"fact": each.fact.hex(), "key": each.key, "amount": each.amount} for each in self.contributions]

    @cached_property
    def lists(self) -> Mapping[str, bytes]:
        """The canonical bytes of a receipt's lists; kept, for the same answer stands in the receipts of many sizes and days."""
        return {
            "contributions": canonical.encode(self.contribution_lines()),
            "exclusions": canonical.encode(
                [{"fact": fact.hex(), "reason": reason} for fact, reason in self.exclusions]
            ),
            "basis": canonical.encode([each.hex() for each in self.basis]),
        }


@dataclass
class Sheet:
    """What a rule writes down while it goes through the facts. weakest: what the value rests on at worst."""

    taken: dict[bytes, Contribution] = field(default_factory=dict)
    left: dict[bytes, Reason] = field(default_factory=dict)
    basis: set[bytes] = field(default_factory=set)
    self_declared: bool = False

    def take(self, known: Known[Fact], key: str, amount: int = 1) -> None:
        self.taken[known.hash] = Contribution(known.hash, key, amount)

    def leave(self, known: Known[Fact], reason: Reason) -> None:
        self.left[known.hash] = reason

    def rest(self, known: Known[Fact]) -> None:
        """Whatever else counts or not because of this fact."""
        self.basis.add(known.hash)

    def weigh(
        self, said: Iterable[Known[Fact]], deciding: Known[Fact] | None, by_then: Collection[Known[Fact]]
    ) -> None:
        """Of what was said about one thing rest on what decides it; the rest came later, or changes nothing."""
        for each in said:
            if each is deciding:
                self.rest(each)
            else:
                self.leave(each, "no_effect" if each in by_then else "later")

    def pass_over(self, groups: Iterable[Iterable[Known[Fact]]]) -> None:
        """Leave out what was said of things that are not there."""
        for each in (one for group in groups for one in group):
            self.leave(each, "no_effect")

    def measured(self, definition: Definition) -> Measured:
        amounts = sorted(each.amount for each in self.taken.values())
        return Measured(
            total(amounts, definition.total),
            tuple(self.taken[each] for each in sorted(self.taken)),
            tuple((each, self.left[each]) for each in sorted(self.left)),
            tuple(sorted(self.basis)),
            "self_declared" if self.self_declared else definition.evidence,
        )


def total(amounts: list[int], how: Total) -> int | None:
    """The value that sorted amounts make; None of none."""
    if not amounts:
        return None
    if how == "median":
        return amounts[(len(amounts) - 1) // 2]
    return sum(amounts) * MILLION // len(amounts) if how == "share" else sum(amounts)


class Facts:
    """The facts that measures read, by kind, in the ledger's order; all of them, or those of its first ``size`` entries."""

    def __init__(self, known: Iterable[Known[Fact]] = (), size: int | None = None) -> None:
        self._kinds: dict[str, list[Known[Any]]] = {}
        self._size = size
        for each in sorted(known, key=lambda each: each.position):
            self.add(each)

    def add(self, known: Known[Fact]) -> None:
        """Add the next fact of the ledger."""
        self._kinds.setdefault(type(known.fact).kind, []).append(known)

    def first(self, size: int) -> Facts:
        """Those of the ledger's first ``size`` entries; what is added later never enters."""
        view = Facts(size=size)
        view._kinds = self._kinds
        return view

    def kind(self, kind: str) -> list[Known[Any]]:
        """Those of the kind, in the ledger's order."""
        held = self._kinds.get(kind, [])
        return held if self._size is None else held[: self._end(held)]

    def _end(self, held: list[Known[Any]]) -> int:
        return len(held) if self._size is None else bisect_right(held, self._size, key=lambda each: each.position)

    def last(self, kinds: Iterable[str]) -> bytes:
        """The hash of the last fact of these kinds, which names all before it; empty if there is none."""
        ends = ((held, self._end(held)) for kind in kinds if (held := self._kinds.get(kind, [])))
        newest = [held[end - 1] for held, end in ends if end]
        return max(newest, key=lambda each: each.position).hash if newest else b""

    @overload
    def of(self, one: type[One], /) -> list[Known[One]]: ...
    @overload
    def of(self, one: type[One], two: type[Two], /) -> list[Known[One | Two]]: ...
    @overload
    def of(self, one: type[One], two: type[Two], three: type[Three], /) -> list[Known[One | Two | Three]]: ...
    def of(self, *facts: type[Fact]) -> list[Known[Any]]:
        """Those of these kinds, in the ledger's order."""
        if len(facts) == 1:
            return self.kind(facts[0].kind)
        found = [each for fact in facts for each in self.kind(fact.kind)]
        return sorted(found, key=lambda each: each.position)


def by(noun: str, known: Iterable[Known[One]]) -> dict[str, list[Known[One]]]:
    """The facts by the thing of this noun that each names, in their order."""
    found: dict[str, list[Known[One]]] = {}
    for each in known:
        found.setdefault(getattr(each.fact, noun), []).append(each)
    return found
