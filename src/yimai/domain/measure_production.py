"""How facts of production count: doses, patients, promises kept, the time from vein to vein, slots, suites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from yimai.domain.authorisation import PriceListed, ProductNamed
from yimai.domain.collection import CollectionCompleted
from yimai.domain.disposition import ConditionallyReleased, DispositionRevoked, OosSupplied, Released
from yimai.domain.infusion import InfusionStarted
from yimai.domain.measure import Definition, Facts, Known, Question, Reason, Sheet, by
from yimai.domain.slot import SlotReserved
from yimai.domain.suite import SuiteRegistered, SuiteReturned, SuiteTakenOut
from yimai.domain.treatment import TreatmentOrdered

Release = ConditionallyReleased | Released | OosSupplied


def doses(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Batches released in the period and not revoked by its end; each once, by its first release."""
    for each in _released(question, facts, sheet):
        sheet.take(each, f"batch/{each.fact.batch}")


def listed_value(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """The same batches at the price that the product of their recipe was listed at on the day; the others have none."""
    products = {each.fact.authorisation: each for each in facts.of(ProductNamed)}
    by_recipe = {known.fact.recipe: name for name, known in products.items() if known.fact.recipe}
    orders = {each.fact.treatment: each for each in facts.of(TreatmentOrdered)}
    prices = by("authorisation", facts.of(PriceListed))
    used: set[bytes] = set()
    for each in _released(question, facts, sheet):
        ordered = orders.get(each.fact.treatment)
        product = by_recipe.get(ordered.fact.recipe, "") if ordered is not None else ""
        price = _price(prices.get(product, []), each.occurred)
        if ordered is None or price is None:
            sheet.leave(each, "no_price")
            continue
        sheet.take(each, f"batch/{each.fact.batch}", price.fact.price)
        used |= {price.hash, ordered.hash, products[product].hash}
    for other in facts.of(ProductNamed, PriceListed, TreatmentOrdered):
        if other.hash in used:
            sheet.rest(other)
        else:
            sheet.leave(other, "no_effect")


def _price(prices: Sequence[Known[PriceListed]], day: date) -> Known[PriceListed] | None:
    """The price that counted on the day: of those from then on or before, the latest; of equal ones the last said."""
    told = [each for each in prices if each.since(each.fact.since) <= day]
    return max(told, key=lambda each: (each.since(each.fact.since), each.position), default=None)


def _released(question: Question, facts: Facts, sheet: Sheet) -> list[Known[Release]]:
    revoked = by("batch", facts.of(DispositionRevoked))
    first: dict[str, Known[Release]] = {}
    for each in facts.of(ConditionallyReleased, Released, OosSupplied):
        if each.fact.batch in first:
            sheet.leave(each, "same_batch")
        else:
            first[each.fact.batch] = each
    found = []
    for batch, each in first.items():
        reason = question.misses(each.occurred)
        taken_back = revoked.pop(batch, [])
        by_then = [one for one in taken_back if one.occurred <= question.until]
        sheet.weigh(taken_back, by_then[0] if reason is None and by_then else None, by_then)
        if reason is None and by_then:
            reason = "ended"
        if reason is None:
            found.append(each)
        else:
            sheet.leave(each, reason)
    sheet.pass_over(revoked.values())
    return found


def patients(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Treatments of which the infusion began in the period; each once."""
    for name, each in _infused(question, facts, sheet).items():
        sheet.take(each, f"treatment/{name}")


def on_time(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Infusions in the period that began no later than the slot that was reserved first had promised."""
    promised: dict[str, Known[SlotReserved]] = {}
    for reserved in facts.of(SlotReserved):
        if reserved.fact.treatment in promised:
            sheet.leave(reserved, "no_effect")
        else:
            promised[reserved.fact.treatment] = reserved
    for name, each in _infused(question, facts, sheet).items():
        promise = promised.pop(name, None)
        if promise is None:
            sheet.leave(each, "incomplete")
            continue
        sheet.rest(promise)
        sheet.take(each, f"treatment/{name}", int(each.at <= promise.fact.itinerary.infusion))
    sheet.pass_over([promised.values()])


def vein_to_vein(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Whole hours from the last collection to the infusion, of infusions in the period."""
    collected: dict[str, Known[CollectionCompleted]] = {}
    for done in facts.of(CollectionCompleted):
        if done.fact.treatment in collected:
            sheet.leave(collected[done.fact.treatment], "no_effect")
        collected[done.fact.treatment] = done
    for name, each in _infused(question, facts, sheet).items():
        start = collected.pop(name, None)
        if start is None:
            sheet.leave(each, "incomplete")
            continue
        sheet.rest(start)
        sheet.take(each, f"treatment/{name}", (each.at - start.at) // timedelta(hours=1))
    sheet.pass_over([collected.values()])


def _infused(question: Question, facts: Facts, sheet: Sheet) -> dict[str, Known[InfusionStarted]]:
    found: dict[str, Known[InfusionStarted]] = {}
    seen: set[str] = set()
    for each in facts.of(InfusionStarted):
        reason = question.misses(each.occurred)
        if each.fact.treatment in seen:
            sheet.leave(each, "same_treatment")
        elif reason is not None:
            sheet.leave(each, reason)
        else:
            found[each.fact.treatment] = each
        seen.add(each.fact.treatment)
    return found


def slots(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Reservations in the period, each of them, whatever became of it."""
    for each in facts.of(SlotReserved):
        reason = question.misses(each.occurred)
        if reason is None:
            sheet.take(each, f"treatment/{each.fact.treatment}")
        else:
            sheet.leave(each, reason)


def suites(definition: Definition, question: Question, facts: Facts, sheet: Sheet) -> None:
    """Suites that are registered and not out of use on the day."""
    changed = by("suite", facts.of(SuiteTakenOut, SuiteReturned))
    counted: set[str] = set()
    for each in facts.of(SuiteRegistered):
        suite = each.fact.suite
        reason: Reason | None = "corrected" if suite in counted else question.misses(each.occurred)
        counted.add(suite)
        changes = changed.pop(suite, [])
        by_then = [one for one in changes if one.occurred <= question.until]
        out = bool(by_then) and isinstance(by_then[-1].fact, SuiteTakenOut)
        sheet.weigh(changes, by_then[-1] if reason is None and out else None, by_then)
        if reason is None and not out:
            sheet.take(each, f"suite/{suite}")
        else:
            sheet.leave(each, reason or "out_of_use")
    sheet.pass_over(changed.values())
