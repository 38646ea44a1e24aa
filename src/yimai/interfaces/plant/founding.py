"""Puts a programme's sites, people, recipe and base on the ledger, through the actions that real ones go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yimai.actions import approval, request, site
from yimai.actions.decision import Answer
from yimai.actions.verbs import name_of
from yimai.domain.base import Base, Member, base_from
from yimai.domain.measure_definitions import DEFINITIONS
from yimai.domain.programme import Programme, programme_from
from yimai.domain.refusal import Refusal
from yimai.domain.site import SiteRegistered
from yimai.interfaces.plant.names import printed_names
from yimai.interfaces.plant.plant import SIMULATED_SECRET, Refused, zone_minutes
from yimai.ledger.ledger import Ledger

Content = Mapping[str, Any]
AUTHORITY: Final = "city-authority"
PLANNER: Final = "planner-01"


@dataclass(frozen=True, slots=True)
class Founding:
    """What a demonstration starts from: the canonical contents of the three files, and the seed of the printed names."""

    programme: Content
    recipe: Content
    base: Content
    seed: int = 0


def found(ledger: Ledger, founding: Founding) -> None:
    """Register sites and people, approve programme, measures, recipe and base; doing it again changes nothing. Raises Refused.

    The first administrator registers everybody, himself included: nobody stands above him.
    """
    base, programme = base_from(founding.base), programme_from(founding.programme)
    zone = zone_minutes(base, ledger.about().now)
    administrator = _first(base, "administrator").id
    for act, actor, what, arguments in _acts(founding, base, programme, zone, administrator):
        verb = name_of(act)
        command = request.command(
            verb, arguments, id=f"founding/{verb}/{what}", actor=actor, site=base.id, zone=zone, secret=SIMULATED_SECRET
        )
        answer = act(ledger, command, **arguments)
        if isinstance(answer, Refusal):
            raise Refused(answer)


Act = tuple[Callable[..., Answer], str, str, dict[str, Any]]


def _acts(founding: Founding, base: Base, programme: Programme, zone: int, administrator: str) -> Iterator[Act]:
    people = [_first(base, "administrator"), *(each for each in base.people if each.id != administrator)]
    names = printed_names(founding.seed, len(people) + 1)
    for person, name in zip(people, names, strict=False):
        yield (
            site.register_person,
            administrator,
            person.id,
            {
                "person": person.id,
                "site": person.site,
                "roles": person.roles,
                "printed_name": name,
            },
        )
    yield (
        site.register_person,
        administrator,
        PLANNER,
        {
            "person": PLANNER,
            "site": AUTHORITY,
            "roles": ("planner",),
            "printed_name": names[-1],
        },
    )
    for registration in _sites(programme, zone):
        yield site.register_site, administrator, registration.site, {"registration": registration}
    qualified_person = _first(base, "qualified_person").id
    yield approval.approve_programme, PLANNER, programme.version, {"content": founding.programme}
    for measure in DEFINITIONS:
        yield approval.approve_measure, PLANNER, measure, {"measure": measure}
    yield approval.approve_recipe, qualified_person, str(founding.recipe["version"]), {"content": founding.recipe}
    yield approval.approve_base, qualified_person, base.version, {"content": founding.base}


def _sites(programme: Programme, zone: int) -> Iterator[SiteRegistered]:
    owner = programme.owner
    yield SiteRegistered(AUTHORITY, "authority", owner.zh, owner.en, "", zone)
    for each in programme.sites:
        district = each.district.zh if each.district is not None else ""
        yield SiteRegistered(each.id, each.kind, each.title.zh, each.title.en, district, zone)


def _first(base: Base, role: str) -> Member:
    """The first person of the role. Raises ValueError if the base has none."""
    found = next((person for person in base.people if role in person.roles), None)
    if found is None:
        raise ValueError(f"base {base.id} lists no {role}")
    return found
