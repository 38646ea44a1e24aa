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
from yimai.domain.measure import Definition, Facts, Known, Question, Reason, Sheet
from yimai.domain.organisation import OrganisationClosed, OrganisationMerged, OrganisationRegistered, Therapies
from yimai.domain.target import Scope


def standing(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """What stands on the day: organisations that are neither merged nor closed, or clusters that are not dissolved."""
    firms = "organisation.registered.v1" in definition.kinds
    noun = "organisation" if firms else "cluster"
    begun = facts.of(OrganisationRegistered) if firms else facts.of(ClusterDeclared)
    over = facts.of(OrganisationMerged, OrganisationClosed) if firms else facts.of(ClusterDissolved)
    endings = _by(noun, over)
    for name, said in _by(noun, begun).items():
        current = _current(said, sheet)
        fact: Any = current.fact
        reason = _outside(fact.therapies, question.therapies)
        if definition.types and fact.type not in definition.types:
            reason = "other_type"
        reason = reason or ("later" if current.since(fact.since) > question.until else None)
        if _stands(current, endings.pop(name, []), reason, question.until, sheet):
            sheet.take(current, f"{noun}/{name}")
    for orphans in endings.values():
        for each in orphans:
            sheet.leave(each, "no_effect")


def designations(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Titles that are borne on the day, at establishments that are open and lie in the district."""
    _designated(definition, question, facts, sheet, once=False)


def facilities(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Sites that bear a title on the day; of several titles the one that was given first counts."""
    _designated(definition, question, facts, sheet, once=True)


def _designated(definition: Definition, question: Question, facts: Facts, sheet: Sheet, *, once: bool) -> None:
    withdrawn = _by("designation", facts.of(DesignationWithdrawn))
    standing_: dict[str, list[Known]] = {}
    for name, said in _by("designation", facts.of(DesignationGiven)).items():
        current = _current(said, sheet)
        fact: Any = current.fact
        reason = _outside(fact.therapies, question.therapies)
        if fact.type not in definition.types:
            reason = "other_type"
        reason = reason or ("later" if current.since(fact.since) > question.until else None)
        if _stands(current, withdrawn.pop(name, []), reason, question.until, sheet):
            standing_.setdefault(fact.site, []).append(current)
    for orphan in (each for orphans in withdrawn.values() for each in orphans):
        sheet.leave(orphan, "no_effect")
    here = _placed(question, facts, sheet, set(standing_), closing=True)
    for site, titles in standing_.items():
        place = here.get(site)
        if place is not None:
            for each in titles:
                sheet.leave(each, place)
            continue
        first, *others = sorted(titles, key=_given_order)
        for each in [first] if once else titles:
            fact = each.fact
            sheet.take(each, f"site/{site}" if once else f"designation/{fact.designation}")
        for each in others if once else []:
            sheet.leave(each, "same_facility")


def _given_order(known: Known) -> tuple[date, int]:
    fact: Any = known.fact
    return known.since(fact.since), known.position


def products(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Products that were filed, or authorised, until the day (in the period, where one is asked for)."""
    named = _by("authorisation", facts.of(ProductNamed))
    what = facts.of(ApplicationFiled) if "filed" in definition.types else facts.of(AuthorisationGranted)
    said = _by("authorisation", what)
    told: set[str] = set()
    for name, happened in said.items():
        current = _current(happened, sheet)
        fact: Any = current.fact
        reason = _when(current.since(fact.since), question)
        if question.therapies and reason is None:
            of_product: Any = named[name][-1].fact if name in named else None
            therapies: Therapies = of_product.therapies if of_product is not None else ""
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
    by_return = _by("annual_return", facts.of(AnnualReturnFiled))
    asked: dict[str, list[tuple[Known, int]]] = {}
    for filed in by_return.values():
        audited = [each for each in filed if _return(each).audit == "audited"]
        chosen = (audited or filed)[-1]
        for each in filed:
            if each is not chosen:
                sheet.leave(each, "corrected" if _return(each).audit == _return(chosen).audit else "outdone_by_audit")
        said = _return(chosen)
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
            sheet.self_declared |= _return(each).audit == "self_declared"


def _return(known: Known) -> AnnualReturnFiled:
    assert isinstance(known.fact, AnnualReturnFiled)
    return known.fact


def _amount(definition: Definition, said: AnnualReturnFiled) -> int | None:
    """Value added counts no input twice, so that nothing is taken from it."""
    figure: int | None = getattr(said, definition.figure)
    if figure is None or definition.sales != "net" or definition.figure == "value_added":
        return figure
    return figure - sum(each.amount for each in said.sales)


def _by(noun: str, known: Sequence[Known]) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for each in known:
        found.setdefault(getattr(each.fact, noun), []).append(each)
    return found


def _current(said: list[Known], sheet: Sheet) -> Known:
    """What was said last; what was said before is corrected by it."""
    for each in said[:-1]:
        sheet.leave(each, "corrected")
    return said[-1]


def _outside(therapies: Therapies, asked: Scope) -> Reason | None:
    if not asked or therapies in (asked, "both"):
        return None
    return "other_therapies" if therapies else "therapies_unknown"


def _when(day: date, question: Question) -> Reason | None:
    if day > question.until:
        return "later"
    return "earlier" if question.first is not None and day < question.first else None


def _stands(current: Known, endings: list[Known], reason: Reason | None, until: date, sheet: Sheet) -> bool:
    """Whether it stands on the day; if not, it is left out for the reason, or because it has ended by then."""
    ended = [each for each in endings if each.since(each.fact.since) <= until]  # type: ignore[attr-defined]
    for each in endings:
        if reason is None and ended and each is ended[0]:
            sheet.rest(each)
        else:
            sheet.leave(each, "later" if each not in ended else "no_effect")
    if reason is None and ended:
        reason = "ended"
    if reason is not None:
        sheet.leave(current, reason)
    return reason is None


def _placed(question: Question, facts: Facts, sheet: Sheet, sites: set[str], *, closing: bool) -> dict[str, Reason]:
    """Why each of these sites does not count, if it does not: closed by then, or in another district."""
    away: dict[str, Reason] = {}
    for site, closed in _by("site", facts.of(EstablishmentClosed)).items() if closing else ():
        ended = [each for each in closed if each.since(each.fact.since) <= question.until]  # type: ignore[attr-defined]
        for each in closed:
            if site in sites and ended and each is ended[0]:
                sheet.rest(each)
                away[site] = "ended"
            else:
                sheet.leave(each, "later" if each not in ended else "no_effect")
    entered = {each.fact.site for each in facts.of(EstablishmentOpened)}  # type: ignore[attr-defined]
    for site, told in _by("site", facts.of(EstablishmentOpened, EstablishmentMoved)).items():
        counted = question.district and site in sites & entered and site not in away
        by_then = [
            each for each in told if isinstance(each.fact, EstablishmentOpened) or _moved(each) <= question.until
        ]
        for each in told:
            if counted and each is by_then[-1]:
                sheet.rest(each)
            else:
                sheet.leave(each, "no_effect")
        fact: Any = by_then[-1].fact if by_then else None
        if counted and fact.district != question.district:
            away[site] = "other_district"
    if question.district:
        away.update((site, "district_unknown") for site in sites - entered - away.keys())
    return away


def _moved(known: Known) -> date:
    assert isinstance(known.fact, EstablishmentMoved)
    return known.since(known.fact.since)
