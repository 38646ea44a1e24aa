"""Designations: titles that a facility bears. One with two titles is one facility and two designations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.organisation import Therapies
from yimai.domain.plan import BAD_NAME
from yimai.domain.refusal import Refusal, RefusalKind

DesignationType = Literal[
    "innovation_base",
    "platform",
    "key_laboratory",
    "technology_innovation_centre",
    "clinical_centre",
    "clinical_ward",
]


@dataclass(frozen=True, slots=True)
class DesignationGiven(Fact):
    """A site was designated; said again, the entry is corrected."""

    kind: ClassVar[str] = "designation.given.v1"
    about: ClassVar[tuple[str, ...]] = ("designation", "site")
    designation: str
    site: str
    type: DesignationType
    therapies: Therapies
    title_zh: str
    title_en: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class DesignationWithdrawn(Fact):
    """A site bears the title no more."""

    kind: ClassVar[str] = "designation.withdrawn.v1"
    about: ClassVar[tuple[str, ...]] = ("designation",)
    designation: str
    since: str
    source: str


UNKNOWN = RefusalKind(
    "designation.unknown",
    "No designation {designation} is on the register. Correct its identifier.",
    "登记册中没有认定 {designation}。请更正其标识。",
)
WITHDRAWN = RefusalKind(
    "designation.withdrawn_already",
    "Designation {designation} was withdrawn already. Give a new one under an identifier of its own.",
    "认定 {designation} 已撤销。新的认定请使用新的标识。",
)
OTHER_SITE = RefusalKind(
    "designation.other_site",
    "Designation {designation} is one of site {site}. Withdraw it, and give another to the other site.",
    "认定 {designation} 属于站点 {site}。请先撤销，再为另一站点登记新的认定。",
)


def give(fact: DesignationGiven, about: tuple[Fact, ...]) -> Refusal | None:
    if not names(fact.designation):
        return BAD_NAME(name=fact.designation[:64])
    for earlier in about:
        if isinstance(earlier, DesignationGiven) and earlier.site != fact.site:
            return OTHER_SITE(designation=fact.designation, site=earlier.site)
        if isinstance(earlier, DesignationWithdrawn):
            return WITHDRAWN(designation=fact.designation)
    return None


def withdraw(fact: DesignationWithdrawn, about: tuple[Fact, ...]) -> Refusal | None:
    if not any(isinstance(each, DesignationGiven) for each in about):
        return UNKNOWN(designation=fact.designation)
    return WITHDRAWN(designation=fact.designation) if any(isinstance(e, DesignationWithdrawn) for e in about) else None
