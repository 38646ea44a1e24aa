"""The demonstration's base and recipe as planning problems for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from yimai.domain.base import Base
from yimai.domain.recipe import Recipe
from yimai.interfaces.files.reading import read_base, read_recipe
from yimai.planning.build import Horizon, OrderBook
from yimai.planning.capacity import Away
from yimai.planning.order import Order
from yimai.planning.problem import Problem
from yimai.wiring import demo

BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
HOSPITALS = ("demo-hospital-a", "demo-hospital-b", "demo-hospital-c")


@cache
def recipe() -> Recipe:
    return read_recipe(demo.RECIPE).recipe


@cache
def base() -> Base:
    return read_base(demo.BASE).base


def order(number: int, *, hours: float, due: int | None = 35, urgency: str = "routine") -> Order:
    ready = BEGINS + timedelta(hours=hours)
    wanted = None if due is None else ready + timedelta(days=due)
    return Order(f"T{number}", HOSPITALS[number % 3], urgency, ready, wanted)


def orders(number: int, gap: float = 12) -> list[Order]:
    """Orders every so many hours, each fifth urgent."""
    return [order(each, hours=gap * each, urgency="routine" if each % 5 else "urgent") for each in range(number)]


def problem(
    of: Sequence[Order], *, days: int = 120, away: Away | None = None, now: datetime = BEGINS, at: Base | None = None
) -> Problem:
    return book(of, days=days, away=away, now=now, at=at).problem()


def book(
    of: Sequence[Order], *, days: int = 120, away: Away | None = None, now: datetime = BEGINS, at: Base | None = None
) -> OrderBook:
    horizon = Horizon(BEGINS, now, timedelta(days=days))
    return OrderBook({recipe().id: recipe()}, at or base(), [(each, recipe().id) for each in of], horizon, away or {})
