"""The other person of a hand-over: a courier, or somebody at one of the two ends of the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from yimai.domain.person import Role
from yimai.domain.recipe import Words
from yimai.interfaces.web.consignment import Consignment
from yimai.interfaces.web.field import NOT_OFFERED, Field, Unreadable
from yimai.interfaces.web.situation import Situation
from yimai.projections import register
from yimai.projections.register import PersonRow

TAKERS: Final[tuple[Role, ...]] = ("nurse", "operator", "coordinator")


@dataclass(frozen=True, kw_only=True)
class Partner(Field):
    """One of the people who may take the shipper; couriers first, unless it has arrived."""

    consignment: Consignment
    widget: ClassVar[str] = "colleague"
    missing: ClassVar[Words] = Words("请选择对方。", "Choose the other person.")

    def value(self, text: str, situation: Situation) -> str:
        if text not in {each.person for each in self.people(situation)}:
            raise Unreadable(NOT_OFFERED)
        return text

    def drawn(self, situation: Situation) -> Mapping[str, Any]:
        return {"people": self.people(situation), "sites_of": register.sites(situation.cursor)}

    def people(self, situation: Situation) -> list[PersonRow]:
        there, cursor = self.consignment, situation.cursor
        ends = [
            each
            for site in dict.fromkeys((there.site, there.destination, there.origin))
            for each in register.at_site(cursor, site)
            if set(TAKERS).intersection(each.roles)
        ]
        found = [*register.of_role(cursor, "courier"), *ends]
        if "courier" in situation.who.roles:
            found.sort(key=lambda each: each.site != there.destination)
        return [each for each in dict.fromkeys(found) if each.person != situation.who.person]
