"""A programme's first load: what its file says, as the dated facts by which plans and the register change from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from yimai.domain import authorisation, cluster, establishment, event, register, source
from yimai.domain.fact import Fact
from yimai.domain.goal import GoalClause, GoalSet
from yimai.domain.plan import PlanDrafted, PlanStatusGiven
from yimai.domain.programme import Goal, Plan, Programme
from yimai.domain.recipe import Words
from yimai.domain.refusal import Refusal
from yimai.domain.target import TargetSet

FEN: Final = 100
"""In a yuan. Files give money in yuan, facts in fen."""
NO_WORDS: Final = Words("", "")


def first_load(programme: Programme, known: register.Known) -> Refusal | tuple[Fact, ...]:
    """What of the file is not on record yet; what is on record already stays as dated facts have made it."""
    said = [fact for fact in (*_sources(programme), *_register(programme)) if _is_new(fact, known)]
    entered = register.record(register.fates(said, known)) if said else ()
    if isinstance(entered, Refusal):
        return entered
    return (*entered, *(fact for fact in _plans(programme) if _is_new(fact, known)))


def _is_new(fact: Fact, known: register.Known) -> bool:
    noun, _, identifier = fact.subjects()[0].partition("/")
    about = [each for each in known(noun, identifier) if type(each) is type(fact)]
    if isinstance(fact, cluster.SiteJoined):
        return all(isinstance(each, cluster.SiteJoined) and each.site != fact.site for each in about)
    return not about


def subjects_of(programme: Programme) -> tuple[str, ...]:
    """Everything that the first load is about, to be read at once."""
    facts = (*_sources(programme), *_register(programme), *_plans(programme))
    return tuple(dict.fromkeys(name for fact in facts for name in fact.subjects()))


def _sources(programme: Programme) -> Iterator[Fact]:
    for each in programme.sources:
        yield source.SourceNamed(each.id, each.title.zh, each.title.en, each.evidence)


def _register(programme: Programme) -> Iterator[Fact]:
    said = programme.announcement
    themes = tuple(event.Theme(each.zh, each.en) for each in said.themes)
    named = f"{programme.id}-announcement"
    yield event.EventAnnounced(named, said.event.zh, said.event.en, said.day.zh, said.day.en, themes, said.source)
    for site in programme.sites:
        if site.kind == "courier":  # carries, and is no establishment that the city's plans count
            continue
        yield establishment.EstablishmentOpened(
            site=site.id,
            organisation="",
            type=site.kind,
            title_zh=site.title.zh,
            title_en=site.title.en,
            address_zh="",
            address_en="",
            district=(site.district or NO_WORDS).zh,
            latitude=site.position.latitude if site.position is not None else None,
            longitude=site.position.longitude if site.position is not None else None,
            approximate=site.position is not None and site.position.approximate,
            floor_area=site.floor_area,
            since=site.opened,
            source=site.source,
        )
    for each in programme.clusters:
        yield cluster.ClusterDeclared(each.id, each.title.zh, each.title.en, "", "", "", each.source)
        for member in each.members:
            yield cluster.SiteJoined(each.id, member.site, "", member.since, each.source)
    for product in programme.products:
        price = product.price
        title = product.title
        yield authorisation.ProductNamed(product.id, "", "", "", title.zh, title.en, price.source)
        yield authorisation.AuthorisationGranted(product.id, "", price.source)
        yield authorisation.PriceListed(product.id, price.value * FEN, price.as_of, price.source)


def _plans(programme: Programme) -> Iterator[Fact]:
    for plan in programme.plans:
        yield PlanDrafted(
            plan=plan.id,
            title_zh=plan.title.zh,
            title_en=plan.title.en,
            owner_zh=programme.owner.zh,
            owner_en=programme.owner.en,
            first=date(plan.years[0], 1, 1),
            last=date(plan.years[1], 12, 31),
            parent=plan.parent,
            predecessor=plan.predecessor,
            source=plan.source,
            document=plan.document,
        )
        if plan.announced and plan.status != "announced":
            yield PlanStatusGiven(plan.id, "announced", plan.announced, programme.announcement.source)
        since = plan.announced if plan.status == "announced" else plan.issued
        yield PlanStatusGiven(plan.id, plan.status, since, plan.source)
        yield from _aims(plan)
    for goal in programme.goals:
        yield GoalSet(goal.id, goal.plan, goal.title.zh, goal.title.en, goal.clauses)
        yield from _targets(goal)


def _aims(plan: Plan) -> Iterator[Fact]:
    for number, aim in enumerate(plan.aims, start=1):
        clauses = (
            GoalClause("zh", aim.zh, "reported", plan.source),
            GoalClause("en", aim.en, "reported", plan.source),
        )
        yield GoalSet(f"{plan.id}-aim-{number}", plan.id, aim.zh, aim.en, clauses)


def _targets(goal: Goal) -> Iterator[Fact]:
    money = goal.unit == "yuan"
    for number, target in enumerate(goal.targets, start=1):
        yield TargetSet(
            target=f"{goal.id}-{number}",
            goal=goal.id,
            measure=goal.measure,
            comparator=target.comparator,
            values=(target.value * (FEN if money else 1),),
            unit="fen" if money else goal.unit,
            therapies=goal.therapies,
            district="",
            scope_zh=goal.scope.zh,
            scope_en=goal.scope.en,
            deadline=goal.deadline,
            basis="end_of_period",
            baseline=None,
            mode=goal.mode,
            reading_zh=target.reading.zh,
            reading_en=target.reading.en,
            authority=target.authority,
        )
