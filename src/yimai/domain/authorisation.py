"""Products on their way to market: named, filed, authorised; and their dated prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
from yimai.domain.organisation import Therapies
from yimai.domain.plan import BAD_NAME
from yimai.domain.refusal import Refusal, RefusalKind


@dataclass(frozen=True, slots=True)
class ProductNamed(Fact):
    """A product stands on the register. organisation: whose it is, "" where not told. recipe: what makes it, or ""."""

    kind: ClassVar[str] = "authorisation.product_named.v1"
    about: ClassVar[tuple[str, ...]] = ("authorisation",)
    authorisation: str
    organisation: str
    recipe: str
    therapies: Therapies
    title_zh: str
    title_en: str
    source: str


@dataclass(frozen=True, slots=True)
class ApplicationFiled(Fact):
    """An application to market the product was filed."""

    kind: ClassVar[str] = "authorisation.application_filed.v1"
    about: ClassVar[tuple[str, ...]] = ("authorisation",)
    authorisation: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class AuthorisationGranted(Fact):
    """The product may be marketed. since: "" where no source tells."""

    kind: ClassVar[str] = "authorisation.granted.v1"
    about: ClassVar[tuple[str, ...]] = ("authorisation",)
    authorisation: str
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class PriceListed(Fact):
    """What a dose is listed at. price: in fen. since: from when, or "" where no source tells."""

    kind: ClassVar[str] = "authorisation.price_listed.v1"
    about: ClassVar[tuple[str, ...]] = ("authorisation",)
    authorisation: str
    price: int
    since: str
    source: str


UNKNOWN = RefusalKind(
    "authorisation.unknown",
    "No product {authorisation} is on the register. Name it first, or choose one that is.",
    "登记册中没有产品 {authorisation}。请先登记，或选择已有的产品。",
)
NO_PRICE = RefusalKind(
    "authorisation.no_price",
    "A price of {price} fen is none. Give the list price of a dose in fen: 120000000 for 1.2 million yuan.",
    "价格 {price} 分无效。请以分填写每剂标价：120 万元为 120000000。",
)


def name_product(fact: ProductNamed) -> Refusal | None:
    return None if names(fact.authorisation) else BAD_NAME(name=fact.authorisation[:64])


def known(about: tuple[Fact, ...], authorisation: str) -> Refusal | None:
    """Whether the product stands on the register."""
    return None if any(isinstance(f, ProductNamed) for f in about) else UNKNOWN(authorisation=authorisation)


def list_price(fact: PriceListed, about: tuple[Fact, ...]) -> Refusal | None:
    return NO_PRICE(price=fact.price) if fact.price <= 0 else known(about, fact.authorisation)
