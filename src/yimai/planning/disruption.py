"""What breaks: three kinds of disruption, each a change of what the problem is built from.

| what happened                                          | is                                                            |
|--------------------------------------------------------|---------------------------------------------------------------|
| a suite or a piece of equipment fails, somebody is ill | ``Unavailable("suite-03", from, until)``                      |
| a collection failed or is moved, a batch is lost       | ``CollectedAgain("T1", ready)``                               |
| cells grow slowly                                      | ``Longer("T1", "step:final_culture", timedelta(days=2))``     |
| cells grow fast                                        | ``Longer("T1", "step:final_culture", timedelta(days=-2))``    |
| a test has to be repeated                              | ``Longer("T1", "test:rapid_sterility", timedelta(days=3))``   |
| a courier is late                                      | ``Longer("T1", "inbound", timedelta(hours=5))``, ``outbound`` |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from yimai.planning.build import WORDS, OrderBook
from yimai.planning.order import NOTHING, Order


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A suite, a person or a piece of equipment, by its identifier, that cannot be had from ``begins`` until ``ends``.

    Equipment that belongs to a suite takes its suite with it. A batch that was begun in the suite stays there: if it is lost, say so too.
    """

    name: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class CollectedAgain:
    """The treatment begins at its collection, at ``ready`` or later: a collection failed or was moved, or a batch is lost."""

    treatment: str
    ready: datetime


@dataclass(frozen=True, slots=True)
class Longer:
    """One of the treatment's tasks takes so much longer than usual, or with less than nothing so much less; if it had ended, it goes on for
    so long from now."""

    treatment: str
    task: str
    by: timedelta


Disruption = Unavailable | CollectedAgain | Longer


class NotThere(ValueError):
    """A disruption of what the base or its orders do not have: ``str`` names it."""


def disrupted(book: OrderBook, disruptions: Sequence[Disruption]) -> OrderBook:
    """What the problem is built from once all this has happened. Raises NotThere."""
    away = {name: list(spans) for name, spans in book.away.items()}
    orders = {order.id: (order, recipe) for order, recipe in book.orders}
    for each in disruptions:
        if isinstance(each, Unavailable):
            away.setdefault(_place(book, each.name), []).append((each.begins, each.ends))
            continue
        if each.treatment not in orders:
            raise NotThere(f"there is no treatment {each.treatment}")
        order, recipe = orders[each.treatment]
        if isinstance(each, Longer):
            _must_have(book, recipe, each.task)
            by = order.longer.get(each.task, timedelta(0)) + each.by
            orders[order.id] = replace(order, longer={**order.longer, each.task: by}), recipe
        else:
            orders[order.id] = _anew(order, each.ready), recipe
    return replace(book, orders=list(orders.values()), away=away)


def _anew(order: Order, ready: datetime) -> Order:
    return replace(order, ready=ready, happened=NOTHING, suite="", claimed=None)


def _place(book: OrderBook, name: str) -> str:
    """What becomes unavailable with it: a suite for its equipment, else itself."""
    base = book.base
    for item in base.equipment:
        if item.id == name:
            return item.suite or name
    if name not in {*(suite.id for suite in base.suites), *(person.id for person in base.people)}:
        raise NotThere(f"the base has no suite, person or equipment {name}")
    return name


def _must_have(book: OrderBook, recipe: str, task: str) -> None:
    known = [f"step:{step.id}" for step in book.recipes[recipe].steps]
    known += [f"test:{test.id}" for test in book.recipes[recipe].tests]
    if task not in known and task not in WORDS:
        raise NotThere(f"the recipe has no task {task}; it has {', '.join((*WORDS, *known))}")
