"""Organisations: firms, hospitals and institutes, known by their unified social credit code (GB 32100-2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from stdnum.cn import uscc

from yimai.domain.fact import Fact
from yimai.domain.refusal import Refusal, RefusalKind

Therapies = Literal["", "cell", "gene", "both"]
"""Which therapies something is for; "" where no source tells."""


@dataclass(frozen=True, slots=True)
class OrganisationRegistered(Fact):
    """An organisation stands on the register under its credit code. since: from when, as the source tells it."""

    kind: ClassVar[str] = "organisation.registered.v1"
    about: ClassVar[tuple[str, ...]] = ("organisation",)
    organisation: str
    type: Literal["firm", "hospital", "institute", "public_body"]
    title_zh: str
    title_en: str
    therapies: Therapies
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class OrganisationMerged(Fact):
    """An organisation became part of another and is counted no more."""

    kind: ClassVar[str] = "organisation.merged.v1"
    about: ClassVar[tuple[str, ...]] = ("organisation",)
    organisation: str
    into: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class OrganisationClosed(Fact):
    """An organisation exists no more."""

    kind: ClassVar[str] = "organisation.closed.v1"
    about: ClassVar[tuple[str, ...]] = ("organisation",)
    organisation: str
    since: str
    source: str


UNKNOWN = RefusalKind(
    "organisation.unknown",
    "No organisation {organisation} is on the register. Register it first, or correct the credit code.",
    "登记册中没有组织 {organisation}。请先登记，或更正统一社会信用代码。",
)
BAD_CODE = RefusalKind(
    "organisation.bad_code",
    "'{organisation}' is no unified social credit code: its check character or its form is wrong. Copy it from the licence.",
    "“{organisation}”不是有效的统一社会信用代码（校验码或格式有误）。请按营业执照核对。",
)
GONE = RefusalKind(
    "organisation.gone",
    "Organisation {organisation} was merged or closed already. Choose one that still exists.",
    "组织 {organisation} 已合并或注销。请选择仍存在的组织。",
)
INTO_ITSELF = RefusalKind(
    "organisation.into_itself",
    "Organisation {organisation} cannot merge into itself. Name the other organisation.",
    "组织 {organisation} 不能并入自身。请填写并入的组织。",
)


def standing(about: tuple[Fact, ...], organisation: str) -> Refusal | None:
    """Whether the organisation is registered, and neither merged nor closed."""
    if not any(isinstance(fact, OrganisationRegistered) for fact in about):
        return UNKNOWN(organisation=organisation)
    if any(isinstance(fact, OrganisationMerged | OrganisationClosed) for fact in about):
        return GONE(organisation=organisation)
    return None


def register(fact: OrganisationRegistered) -> Refusal | None:
    """Whether the credit code is one: 18 characters of which the last checks the others."""
    sound = uscc.is_valid(fact.organisation) and uscc.compact(fact.organisation) == fact.organisation
    return None if sound else BAD_CODE(organisation=fact.organisation[:40])


def merge(fact: OrganisationMerged, about: tuple[Fact, ...], into: tuple[Fact, ...]) -> Refusal | None:
    if fact.into == fact.organisation:
        return INTO_ITSELF(organisation=fact.organisation)
    return standing(about, fact.organisation) or standing(into, fact.into)
