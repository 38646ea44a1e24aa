"""How facts of the register count: organisations, clusters, facilities, designations, products, annual returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from yimai.domain.annual_return import AnnualReturnFiled
from yimai.domain.authorisation import ApplicationFiled, AuthorisationGranted, ProductNamed
from yimai.domain.cluster import ClusterDeclared, ClusterDissolved
from yimai.domain.designation import DesignationGiven, DesignationWithdrawn
from yimai.domain.establishment import EstablishmentClosed, EstablishmentMoved, EstablishmentOpened
from yimai.domain.measure import Definition, Facts, Known, One, Question, Reason, Sheet, by
from yimai.domain.organisation import OrganisationClosed, OrganisationMerged, OrganisationRegistered, Therapies
from yimai.domain.target import Scope


def standing(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """What stands on the day: organisations that are neither merged nor closed, or clusters that are not dissolved."""
    firms = "organisation.registered.v1" in definition.kinds
    noun = "organisation" if firms else "cluster"
    begun: Sequence[Known[Any]] = facts.of(OrganisationRegistered) if firms else facts.of(ClusterDeclared)
    over: Sequence[Known[Any]] = (
        facts.of(OrganisationMerged, OrganisationClosed) if firms else facts.of(ClusterDissolved)
    )
    endings = by(noun, over)
    for name, said in by(noun, begun).items():
        current = _current(said, sheet)
        fact = current.fact
        reason = _outside(fact.therapies, question.therapies)
        if definition.types and fact.type not in definition.types:
            reason = "other_type"
        reason = reason or ("later" if current.since(fact.since) > question.until else None)
        if _stands(current, endings.pop(name, []), reason, question.until, sheet):
            sheet.take(current, f"{noun}/{name}")
    sheet.pass_over(endings.values())


def designations(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Titles that are borne on the day, at establishments that are open and lie in the district."""
    _designated(definition, question, facts, sheet, once=False)


def facilities(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Sites that bear a title on the day; of several titles the one that was given first counts."""
    _designated(definition, question, facts, sheet, once=True)


def _designated(definition: Definition, question: Question, facts: Facts, sheet: Sheet, *, once: bool) -> None:
    withdrawn = by("designation", facts.of(DesignationWithdrawn))
    standing_: dict[str, list[Known[DesignationGiven]]] = {}
    for name, said in by("designation", facts.of(DesignationGiven)).items():
        current = _current(said, sheet)
        fact = current.fact
        reason = _outside(fact.therapies, question.therapies)
        if fact.type not in definition.types:
            reason = "other_type"
        reason = reason or ("later" if current.since(fact.since) > question.until else None)
        if _stands(current, withdrawn.pop(name, []), reason, question.until, sheet):
            standing_.setdefault(fact.site, []).append(current)
    sheet.pass_over(withdrawn.values())
    here = _placed(question, facts, sheet, set(standing_), closing=True)
    for site, titles in standing_.items():
        place = here.get(site)
        if place is not None:
            for each in titles:
                sheet.leave(each, place)
            continue
        first, *others = sorted(titles, key=_given_order)
        for each in [first] if once else titles:
            sheet.take(each, f"site/{site}" if once else f"designation/{each.fact.designation}")
        for each in others if once else []:
            sheet.leave(each, "same_facility")


def _given_order(known: Known[DesignationGiven]) -> tuple[date, int]:
    return known.since(known.fact.since), known.position


def products(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Products that were filed, or authorised, until the day (in the period, where one is asked for)."""
    named = by("authorisation", facts.of(ProductNamed))
    filed = "filed" in definition.types
    what: Sequence[Known[Any]] = facts.of(ApplicationFiled) if filed else facts.of(AuthorisationGranted)
    said = by("authorisation", what)
    told: set[str] = set()
    for name, happened in said.items():
        current = _current(happened, sheet)
        reason = question.misses(current.since(current.fact.since))
        if question.therapies and reason is None:
            therapies: Therapies = named[name][-1].fact.therapies if name in named else ""
            reason = _outside(therapies, question.therapies)
            told |= {name} if therapies else set()
        if reason is None:
            sheet.take(current, f"authorisation/{name}")
        else:
            sheet.leave(current, reason)
    for name, products_ in named.items():
        product = _current(products_, sheet)
        if name in told:
            sheet.rest(product)
        else:
            sheet.leave(product, "no_effect")


def returns(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """The returns of the last year that is over on the day; the newest audited one of each, else the newest."""
    over = (question.until.month, question.until.day) == (12, 31)
    year = question.until.year if over else question.until.year - 1
    by_return = by("annual_return", facts.of(AnnualReturnFiled))
    asked: dict[str, list[tuple[Known[AnnualReturnFiled], int]]] = {}
    for filed in by_return.values():
        audited = [each for each in filed if each.fact.audit == "audited"]
        chosen = (audited or filed)[-1]
        for each in filed:
            if each is not chosen:
                sheet.leave(each, "corrected" if each.fact.audit == chosen.fact.audit else "outdone_by_audit")
        said = chosen.fact
        amount = _amount(definition, said)
        if said.year != year:
            sheet.leave(chosen, "other_year")
        elif reason := _outside(said.therapies, question.therapies):
            sheet.leave(chosen, reason)
        elif amount is None:
            sheet.leave(chosen, "figure_missing")
        else:
            asked.setdefault(said.establishment, []).append((chosen, amount))
    here = _placed(question, facts, sheet, set(asked), closing=False)
    for site, counted in asked.items():
        for each, amount in counted:
            reason = here.get(site)
            if reason is not None:
                sheet.leave(each, reason)
                continue
            sheet.take(each, f"site/{site}", amount)
            sheet.self_declared |= each.fact.audit == "self_declared"


def _amount(definition: Definition, said: AnnualReturnFiled) -> int | None:
    """Value added counts no input twice, so that nothing is taken from it."""
    figure: int | None = getattr(said, definition.figure)
    if figure is None or definition.sales != "net" or definition.figure == "value_added":
        return figure
    return figure - sum(each.amount for each in said.sales)


def _current(said: list[Known[One]], sheet: Sheet) -> Known[One]:
    """What was said last; what was said before is corrected by it."""
    for each in said[:-1]:
        sheet.leave(each, "corrected")
    return said[-1]


def _outside(therapies: Therapies, asked: Scope) -> Reason | None:
    if not asked or therapies in (asked, "both"):
        return None
    return "other_therapies" if therapies else "therapies_unknown"


def _stands(current: Known[Any], endings: list[Known[Any]], reason: Reason | None, until: date, sheet: Sheet) -> bool:
    """Whether it stands on the day; if not, it is left out for the reason, or because it has ended by then."""
    ended = [each for each in endings if each.since(each.fact.since) <= until]
    sheet.weigh(endings, ended[0] if reason is None and ended else None, ended)
    if reason is None and ended:
        reason = "ended"
    if reason is not None:
        sheet.leave(current, reason)
    return reason is None


def _placed(question: Question, facts: Facts, sheet: Sheet, sites: set[str], *, closing: bool) -> dict[str, Reason]:
    """Why each of these sites does not count, if it does not: closed by then, or in another district."""
    away: dict[str, Reason] = {}
    for site, closed in by("site", facts.of(EstablishmentClosed)).items() if closing else ():
        ended = [each for each in closed if each.since(each.fact.since) <= question.until]
        over = site in sites and bool(ended)
        sheet.weigh(closed, ended[0] if over else None, ended)
        if over:
            away[site] = "ended"
    entered = {each.fact.site for each in facts.of(EstablishmentOpened)}
    for site, told in by("site", facts.of(EstablishmentOpened, EstablishmentMoved)).items():
        counted = question.district and site in sites & entered and site not in away
        by_then = [
            each
            for each in told
            if isinstance(each.fact, EstablishmentOpened) or each.since(each.fact.since) <= question.until
        ]
        for each in told:
            if counted and each is by_then[-1]:
                sheet.rest(each)
            else:
                sheet.leave(each, "no_effect")
        if counted and by_then[-1].fact.district != question.district:
            away[site] = "other_district"
    if question.district:
        away.update((site, "district_unknown") for site in sites - entered - away.keys())
    return away
