"""Sites: hospitals, bases, parks, laboratories, couriers' depots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from yimai.domain.fact import Fact
from yimai.domain.identifier import names
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
BAD_NAME = RefusalKind(
    "site.bad_name",
    "'{name}' cannot name a site: use up to 64 small letters, digits and hyphens, such as hospital-d. Correct it.",
    "“{name}”不能用作站点标识：请使用不超过 64 位的小写字母、数字和连字符，如 hospital-d。请更正。",
)
UNKNOWN = RefusalKind(
    "site.unknown",
    "Site {site} is not on the register. Choose a registered site.",
    "站点 {site} 未登记。请选择已登记的站点。",
)


def register(registration: SiteRegistered, known: bool) -> Refusal | tuple[Fact, ...]:
    """Put a site on the register. known: whether one of that name is there already."""
    if known:
        return ALREADY_REGISTERED(site=registration.site)
    return (registration,) if names(registration.site) else BAD_NAME(name=registration.site[:64])


def registered(about: tuple[Fact, ...], site: str) -> Refusal | None:
    """Whether the facts about the site say that it is registered."""
    if any(isinstance(fact, SiteRegistered) for fact in about):
        return None
    return UNKNOWN(site=site)
