"""Sites: hospitals, bases, parks, laboratories, couriers' depots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from yimai.domain.fact import Fact
from yimai.domain.refusal import Refusal, RefusalKind

SiteKind = Literal["hospital", "base", "park", "laboratory", "courier", "authority"]


@dataclass(frozen=True, slots=True)
class SiteRegistered(Fact):
    """A site stands on the programme's register. zone: the site's UTC offset in minutes."""

    kind: ClassVar[str] = "site.registered.v1"
    about: ClassVar[tuple[str, ...]] = ("site",)
    site: str
    type: SiteKind
    title_zh: str
    title_en: str
    district: str
    zone: int


ALREADY_REGISTERED = RefusalKind(
    "site.already_registered",
    "Site {site} is already on the register. Choose another identifier.",
    "站点 {site} 已在名册中。请使用其他标识。",
)
UNKNOWN = RefusalKind(
    "site.unknown",
    "Site {site} is not on the register. Choose a registered site.",
    "站点 {site} 未登记。请选择已登记的站点。",
)


def registered(about: tuple[Fact, ...], site: str) -> Refusal | None:
    """Whether the facts about the site say that it is registered."""
    if any(isinstance(fact, SiteRegistered) for fact in about):
        return None
    return UNKNOWN(site=site)
