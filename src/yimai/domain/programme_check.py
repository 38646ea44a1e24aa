"""Whether a programme makes sense as a whole: every reference exists, every period runs forward."""

from __future__ import annotations

from collections.abc import Iterator

from yimai.domain.content import Path, Problem, problem, repeated
from yimai.domain.programme import Figure, Programme


def check_programme(programme: Programme) -> list[Problem]:
    """Every problem of a well-shaped programme, each with the path of the value to correct."""
    return [*_duplicates(programme), *_sources(programme), *_references(programme), *_goals(programme)]


def _duplicates(programme: Programme) -> Iterator[Problem]:
    for part, ids in (
        ("plans", [plan.id for plan in programme.plans]),
        ("goals", [goal.id for goal in programme.goals]),
        ("sites", [site.id for site in programme.sites]),
        ("clusters", [cluster.id for cluster in programme.clusters]),
        ("products", [product.id for product in programme.products]),
        ("context", [figure.id for figure in programme.context]),
    ):
        yield from repeated(ids, (part,))


def _sources(programme: Programme) -> Iterator[Problem]:
    """Every mention of a source must be one that the file declares; what is only remembered must ask to be verified."""
    for path, name in _mentions(programme):
        if programme.source(name) is None:
            en = f"source {name} is not declared: add it under sources"
            yield problem((*path, "source"), en, f"来源 {name} 未声明，请在 sources 下添加")
    for path, figure in _figures(programme):
        source = programme.source(figure.source)
        if source is not None and source.evidence == "memory" and not figure.verify:
            en = f"{figure.id} comes from memory: add `verify: true`, or name a source that was read"
            yield problem((*path, "source"), en, f"{figure.id} 仅凭记忆，请加 verify: true 或给出已核对的来源")


def _mentions(programme: Programme) -> Iterator[tuple[Path, str]]:
    yield ("announcement",), programme.announcement.source
    for position, plan in enumerate(programme.plans):
        yield ("plans", position), plan.source
    for position, goal in enumerate(programme.goals):
        for place, clause in enumerate(goal.clauses):
            yield ("goals", position, "clauses", place), clause.source
        for place, target in enumerate(goal.targets):
            if target.authority:
                yield ("goals", position, "targets", place), target.authority
    for position, site in enumerate(programme.sites):
        yield ("sites", position), site.source
    for position, cluster in enumerate(programme.clusters):
        yield ("clusters", position), cluster.source
    for path, figure in _figures(programme):
        yield path, figure.source


def _figures(programme: Programme) -> Iterator[tuple[Path, Figure]]:
    for position, product in enumerate(programme.products):
        yield ("products", position, "price"), product.price
        for place, figure in enumerate(product.figures):
            yield ("products", position, "figures", place), figure
    for position, figure in enumerate(programme.context):
        yield ("context", position), figure


def _references(programme: Programme) -> Iterator[Problem]:
    plans = {plan.id: plan for plan in programme.plans}
    for position, plan in enumerate(programme.plans):
        if plan.years[0] > plan.years[1]:
            en = "the last year lies before the first: correct one of them"
            yield problem(("plans", position, "years", "last"), en, "末年早于首年")
        above, seen = plan.parent, {plan.id}
        while above in plans and above not in seen:
            seen.add(above)
            above = plans[above].parent
        if above:
            what = "is its own ancestor" if above in seen else "does not exist"
            en = f"plan {above} {what}: correct the parent"
            yield problem(("plans", position, "parent"), en, f"上级计划 {above} 有误")
        if plan.predecessor and (plan.predecessor not in plans or plan.predecessor == plan.id):
            en = f"plan {plan.predecessor} does not exist: correct the predecessor"
            yield problem(("plans", position, "predecessor"), en, f"前一计划 {plan.predecessor} 有误")
    for position, goal in enumerate(programme.goals):
        if goal.plan not in plans:
            en = f"plan {goal.plan} does not exist: name a plan of this file"
            yield problem(("goals", position, "plan"), en, f"计划 {goal.plan} 不存在")
    for position, cluster in enumerate(programme.clusters):
        for place, member in enumerate(cluster.members):
            if programme.site(member.site) is None:
                en = f"site {member.site} is not in the register: add it under sites"
                yield problem(("clusters", position, "members", place, "site"), en, f"登记册中没有 {member.site}")


def _goals(programme: Programme) -> Iterator[Problem]:
    plans = {plan.id: plan for plan in programme.plans}
    for position, goal in enumerate(programme.goals):
        readings = [(target.comparator, target.value) for target in goal.targets]
        for place, reading in enumerate(readings):
            if reading in readings[:place]:
                en = "this reading says the same as one above: keep one"
                yield problem(("goals", position, "targets", place), en, "与上面的理解相同，请只保留一个")
        plan = plans.get(goal.plan)
        if plan is not None and not plan.years[0] <= goal.deadline.year <= plan.years[1]:
            en = f"the deadline lies outside the plan's years {plan.years[0]}–{plan.years[1]}: correct one of them"
            yield problem(("goals", position, "deadline"), en, "截止日期不在计划年限内")
