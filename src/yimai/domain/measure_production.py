"""How facts of production count: doses, patients, promises kept, the time from vein to vein, slots, suites."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from yimai.domain.authorisation import PriceListed, ProductNamed
from yimai.domain.collection import CollectionCompleted
from yimai.domain.disposition import ConditionallyReleased, DispositionRevoked, OosSupplied, Released
from yimai.domain.infusion import InfusionStarted
from yimai.domain.measure import Definition, Facts, Known, Question, Reason, Sheet
from yimai.domain.slot import SlotReserved
from yimai.domain.suite import SuiteRegistered, SuiteReturned, SuiteTakenOut
from yimai.domain.treatment import TreatmentOrdered

RELEASES: Final = (ConditionallyReleased, Released, OosSupplied)


def doses(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Batches released in the period and not revoked by its end; each once, by its first release."""
    for each in _released(question, facts, sheet):
        fact: Any = each.fact
        sheet.take(each, f"batch/{fact.batch}")


def listed_value(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """The same batches at the price that the product of their recipe was listed at on the day; the others have none."""
    products: dict[str, Known] = {}
    for each in facts.of(ProductNamed):
        named: Any = each.fact
        products[named.authorisation] = each
    by_recipe = {known.fact.recipe: name for name, known in products.items() if known.fact.recipe}  # type: ignore[attr-defined]
    orders = {each.fact.treatment: each for each in facts.of(TreatmentOrdered)}  # type: ignore[attr-defined]
    used: set[bytes] = set()
    for each in _released(question, facts, sheet):
        fact: Any = each.fact
        ordered = orders.get(fact.treatment)
        product = by_recipe.get(ordered.fact.recipe, "") if ordered is not None else ""  # type: ignore[attr-defined]
        price = _price(product, each.occurred, facts)
        if ordered is None or price is None:
            sheet.leave(each, "no_price")
            continue
        amount: Any = price.fact
        sheet.take(each, f"batch/{fact.batch}", amount.price)
        used |= {price.hash, ordered.hash, products[product].hash}
    for other in facts.of(ProductNamed, PriceListed, TreatmentOrdered):
        if other.hash in used:
            sheet.rest(other)
        else:
            sheet.leave(other, "no_effect")


def _price(product: str, day: date, facts: Facts) -> Known | None:
    """The price that counted on the day: of those from then on or before, the latest; of equal ones the last said."""
    found: Known | None = None
    for each in facts.of(PriceListed):
        fact: Any = each.fact
        if product and fact.authorisation == product and each.since(fact.since) <= day:
            earlier: Any = found.fact if found is not None else None
            if found is None or each.since(fact.since) >= found.since(earlier.since):
                found = each
    return found


def _released(question: Question, facts: Facts, sheet: Sheet) -> list[Known]:
    revoked: dict[str, list[Known]] = {}
    for each in facts.of(DispositionRevoked):
        fact: Any = each.fact
        revoked.setdefault(fact.batch, []).append(each)
    first: dict[str, Known] = {}
    for each in facts.of(*RELEASES):
        fact = each.fact
        if fact.batch in first:
            sheet.leave(each, "same_batch")
        else:
            first[fact.batch] = each
    found = []
    for batch, each in first.items():
        reason = _when(each, question)
        taken_back = revoked.pop(batch, [])
        by_then = [one for one in taken_back if one.occurred <= question.until]
        for one in taken_back:
            if reason is None and by_then and one is by_then[0]:
                sheet.rest(one)
            else:
                sheet.leave(one, "later" if one not in by_then else "no_effect")
        if reason is None and by_then:
            reason = "ended"
        if reason is None:
            found.append(each)
        else:
            sheet.leave(each, reason)
    for orphan in (one for orphans in revoked.values() for one in orphans):
        sheet.leave(orphan, "no_effect")
    return found


def patients(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Treatments of which the infusion began in the period; each once."""
    for name, each in _infused(question, facts, sheet).items():
        sheet.take(each, f"treatment/{name}")


def on_time(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Infusions in the period that began no later than the slot that was reserved first had promised."""
    promised: dict[str, Known] = {}
    for each in facts.of(SlotReserved):
        fact: Any = each.fact
        if fact.treatment in promised:
            sheet.leave(each, "no_effect")
        else:
            promised[fact.treatment] = each
    for name, each in _infused(question, facts, sheet).items():
        promise = promised.pop(name, None)
        if promise is None:
            sheet.leave(each, "incomplete")
            continue
        slot: Any = promise.fact
        sheet.rest(promise)
        sheet.take(each, f"treatment/{name}", int(each.at <= slot.itinerary.infusion))
    for waiting in promised.values():
        sheet.leave(waiting, "no_effect")


def vein_to_vein(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Whole hours from the last collection to the infusion, of infusions in the period."""
    collected: dict[str, Known] = {}
    for each in facts.of(CollectionCompleted):
        fact: Any = each.fact
        if fact.treatment in collected:
            sheet.leave(collected[fact.treatment], "no_effect")
        collected[fact.treatment] = each
    for name, each in _infused(question, facts, sheet).items():
        start = collected.pop(name, None)
        if start is None:
            sheet.leave(each, "incomplete")
            continue
        sheet.rest(start)
        sheet.take(each, f"treatment/{name}", (each.at - start.at) // timedelta(hours=1))
    for waiting in collected.values():
        sheet.leave(waiting, "no_effect")


def _infused(question: Question, facts: Facts, sheet: Sheet) -> dict[str, Known]:
    found: dict[str, Known] = {}
    seen: set[str] = set()
    for each in facts.of(InfusionStarted):
        fact: Any = each.fact
        reason = _when(each, question)
        if fact.treatment in seen:
            sheet.leave(each, "same_treatment")
        elif reason is not None:
            sheet.leave(each, reason)
        else:
            found[fact.treatment] = each
        seen.add(fact.treatment)
    return found


def slots(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Reservations in the period, each of them, whatever became of it."""
    for each in facts.of(SlotReserved):
        fact: Any = each.fact
        reason = _when(each, question)
        if reason is None:
            sheet.take(each, f"treatment/{fact.treatment}")
        else:
            sheet.leave(each, reason)


def suites(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Suites that are registered and not out of use on the day."""
    changed: dict[str, list[Known]] = {}
    for each in facts.of(SuiteTakenOut, SuiteReturned):
        fact: Any = each.fact
        changed.setdefault(fact.suite, []).append(each)
    counted: set[str] = set()
    for each in facts.of(SuiteRegistered):
        fact = each.fact
        reason: Reason | None = "corrected" if fact.suite in counted else _when(each, question)
        counted.add(fact.suite)
        changes = changed.pop(fact.suite, [])
        by_then = [one for one in changes if one.occurred <= question.until]
        out = bool(by_then) and isinstance(by_then[-1].fact, SuiteTakenOut)
        for one in changes:
            if reason is None and out and one is by_then[-1]:
                sheet.rest(one)
            else:
                sheet.leave(one, "later" if one not in by_then else "no_effect")
        if reason is None and not out:
            sheet.take(each, f"suite/{fact.suite}")
        else:
            sheet.leave(each, reason or "out_of_use")
    for orphan in (one for orphans in changed.values() for one in orphans):
        sheet.leave(orphan, "no_effect")


def _when(known: Known, question: Question) -> Reason | None:
    if known.occurred > question.until:
        return "later"
    return "earlier" if question.first is not None and known.occurred < question.first else None
